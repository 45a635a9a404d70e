"""OpenAI's image models over OpenAI's own library.

A call is answered at once or never: nothing can be asked about it later.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Self

from farm.backends.api import READ_SECONDS, Answer, Remember, Request, ambiguous
from farm.backends.openai_failures import Refused, outcome_of
from farm.backends.pricing import OPENAI, Tokens, priced
from farm.backends.sdk import bounded_client, gone, line_failure, lost, named
from farm.clock import Clock
from farm.errors import Ended
from farm.model.causes import Cause
from farm.model.models import Model
from farm.model.outcomes import Outcome
from farm.steps.mask import hole_mask

if TYPE_CHECKING:
    import openai
    from openai.types import ImagesResponse

_RATIO_SIZES = {"1:1": "1024x1024", "3:2": "1536x1024", "2:3": "1024x1536"}


_GAVE_UP = 504  # the gateway waited in vain


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Whose key it is and where it is taken."""

    key: str = field(repr=False)
    base_url: str = ""  # in place of OpenAI's
    organization: str = ""
    project: str = ""


@dataclass(kw_only=True)
class OpenAiApi:
    """One key of OpenAI's. Inside `async with` its client is open."""

    account: Account
    model: Model  # what rows draw with that name none
    clock: Clock
    today: Callable[[], date]
    read_seconds: float = READ_SECONDS
    name: str = field(default="openai", init=False)
    stateless_and_free: bool = field(default=False, init=False)
    _client: openai.AsyncOpenAI | None = field(default=None, init=False)
    _open: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)

    async def __aenter__(self) -> Self:
        """Open the client, which tries everything once."""
        self._open = AsyncExitStack()
        http = await self._open.enter_async_context(bounded_client(self.read_seconds))
        self._client = await asyncio.to_thread(_opened, self.account, http)
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close the client."""
        self._client = None
        await self._open.aclose()

    async def check(self) -> None:
        """See that the key is taken and that OpenAI lists the model.

        A gateway without a list, and a key that may only draw, prove nothing and pass.
        """
        import openai  # noqa: PLC0415

        try:
            async with self._named(None, billed=False):
                known = {model.id async for model in self._opened.models.list()}
        except Ended as ended:
            silent = (openai.NotFoundError, openai.PermissionDeniedError)
            if isinstance(ended.__cause__, silent) and ended.outcome.cause is Cause.KEY_REJECTED:
                return
            raise
        if known and self.model.id not in known:
            raise Ended(Outcome(cause=Cause.RETIRED, message=gone(self.model, "OpenAI")))

    async def ask(self, request: Request, remember: Remember) -> Answer:  # noqa: ARG002  # see above
        """Send the request once; the answer comes with the same call."""
        wish = _wish(request)
        if request.references:
            wish |= await asyncio.to_thread(_files, request)
        images = self._opened.images.with_raw_response
        call = images.edit if request.references else images.generate
        async with self._named(request.model, billed=True):
            raw = await call(**wish)
            return self._answer(raw.parse(), raw.request_id or "", request.model)

    async def resume(self, facts: Mapping[str, Any], request: Request) -> Answer | None:  # noqa: ARG002  # as the port has it
        """OpenAI keeps no record that one could ask."""
        raise ambiguous("OpenAI")

    def _answer(self, response: ImagesResponse, request_id: str, model: Model) -> Answer:
        """The pictures of an answer; it was billed even where they cannot be read."""
        try:
            found = tuple(
                base64.b64decode(made.b64_json, validate=True)
                for made in response.data or ()
                if made.b64_json
            )
        except (binascii.Error, TypeError, AttributeError) as error:  # the library checks no shape
            raise lost("OpenAI's pictures cannot be read.") from error
        if not found:
            raise lost("OpenAI answered without a picture.")
        usage = response.usage.model_dump(mode="json") if response.usage else {}
        return Answer(
            pictures=found,
            model=model.id,
            id=request_id,
            usage=usage,
            spent_microusd=self._cost(usage, model) if usage else None,
        )

    def _cost(self, usage: Mapping[str, Any], model: Model) -> int | None:
        body = {"model": model.id, "usage": usage}
        return priced(body, OPENAI, model, _tokens(usage), self.today())

    @property
    def _opened(self) -> openai.AsyncOpenAI:
        if self._client is None:
            raise RuntimeError("OpenAI is used outside its `async with`")
        return self._client

    @asynccontextmanager
    async def _named(self, model: Model | None, *, billed: bool) -> AsyncIterator[None]:
        """Every foreign error of a call as an outcome."""
        import openai  # noqa: PLC0415

        try:
            async with named("OpenAI", billed=billed, seconds=self.read_seconds):
                yield
        except openai.APIStatusError as error:
            outcome = outcome_of(_refused(error), model, self.clock.now())
            # A gateway that gave up waiting says nothing of what stood behind it.
            if billed and error.status_code == _GAVE_UP:
                raise lost(outcome.message) from error
            raise Ended(outcome) from error
        except openai.APIConnectionError as error:
            raise line_failure("OpenAI", error.__cause__ or error, billed=billed) from error
        except (openai.APIError, ValueError) as error:  # whole, and no answer
            raise lost("OpenAI's answer cannot be read.") from error


def _opened(account: Account, http: Any) -> openai.AsyncOpenAI:
    """A client; blocking, for the library takes its time to load."""
    import openai  # noqa: PLC0415

    return openai.AsyncOpenAI(
        api_key=account.key,
        base_url=account.base_url or None,
        organization=account.organization or None,
        project=account.project or None,
        max_retries=0,
        http_client=http,
    )


def _wish(request: Request) -> dict[str, Any]:
    canvas = request.canvas
    size = f"{canvas.width_px}x{canvas.height_px}" if canvas else _RATIO_SIZES.get(request.ratio)
    wish = {
        "model": request.model.id,
        "prompt": request.text,
        "n": request.count,
        "size": size,
        "quality": request.quality or None,
    }
    return {key: value for key, value in wish.items() if value is not None}


def _files(request: Request) -> dict[str, Any]:
    """The pictures that go along, the one that is changed first; blocking."""
    images = [
        (f"{number}-{one.path.name}", one.path.read_bytes(), one.media_type)
        for number, one in enumerate(request.references, start=1)
    ]
    if request.mask is None:
        return {"image": images}
    return {"image": images, "mask": ("mask.png", hole_mask(request.mask), "image/png")}


def _refused(error: openai.APIStatusError) -> Refused:
    """An APIStatusError as plain values; the text of one that came as HTML is left out."""
    headers = dict(error.response.headers)
    is_json = "json" in headers.get("content-type", "")
    body = error.body if isinstance(error.body, Mapping) else {}
    return Refused(
        status=error.status_code,
        code=str(error.code or ""),
        kind=str(error.type or ""),
        message=str(body.get("message") or error.message) if is_json else "",
        headers=headers,
    )


def _tokens(usage: Mapping[str, Any]) -> Tokens:
    read = usage.get("input_tokens_details") or {}
    written = usage.get("output_tokens_details") or {}
    text_out = written.get("text_tokens") or 0
    return Tokens(
        text_in=read.get("text_tokens") or 0,
        image_in=read.get("image_tokens") or 0,
        text_out=text_out,
        image_out=(usage.get("output_tokens") or 0) - text_out,
    )
