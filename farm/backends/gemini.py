"""Gemini's image models over Google's own library: with a key, over Vertex, or through a proxy.

A call is answered at once or never: nothing can be asked about it later. Pictures that were blocked
arrive as a success without a picture.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any, Self

from farm.backends import gemini_answers as answers
from farm.backends.api import NOT_OFFERED, READ_SECONDS, Answer, Remember, Request, ambiguous
from farm.backends.gemini_failures import Refused, outcome_of
from farm.backends.sdk import bounded_client, gone, lost, named
from farm.clock import Clock
from farm.errors import Ended, GoogleError
from farm.google_apis import Access, credentials
from farm.model.causes import Cause
from farm.model.models import Model
from farm.model.operations import Operation
from farm.model.outcomes import Outcome

if TYPE_CHECKING:
    from google import genai
    from google.genai import types

PROXY_URL = "http://localhost:8317"
PROXY_VERSION = "v1beta"  # CLIProxyAPI serves no other
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
KEY, EXPRESS, PROXY, ACCOUNT, ADC = "api-key", "express", "proxy", "service-account", "adc"
VERTEX = frozenset({EXPRESS, ACCOUNT, ADC})
_INLINE_BYTES = 20_000_000  # of one request, base64 included
_BASE64 = 4 / 3


_GAVE_UP = 504  # the gateway waited in vain


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How Gemini is reached."""

    kind: str
    key: str = field(default="", repr=False)
    base_url: str = ""  # in place of Google's
    google: Access = field(default_factory=Access)  # for Vertex without a key
    location: str = "global"

    @property
    def host(self) -> str:
        """Which of Google's two homes it leads to, as `Model.hosts` has it."""
        return "vertex" if self.kind in VERTEX else "api"


@dataclass(kw_only=True)
class GeminiApi:
    """One way to Gemini. Inside `async with` its clients are open."""

    way: Way
    model: Model  # what rows draw with that name none
    clock: Clock
    today: Callable[[], date]
    read_seconds: float = READ_SECONDS
    name: str = field(default="gemini", init=False)
    stateless_and_free: bool = field(default=False, init=False)
    # By location; kept, because a client that nobody refers to closes itself.
    _clients: dict[str, genai.Client] = field(default_factory=dict, init=False)
    _open: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)

    async def __aenter__(self) -> Self:
        """Open the library, which takes a second of a core."""
        self._clients, self._open = {}, AsyncExitStack()
        await asyncio.to_thread(_library)
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close every client."""
        self._clients = {}
        await self._open.aclose()

    async def check(self) -> None:
        """See that the key is taken and that Google lists the model; an express key may not ask.

        A gateway without a list proves nothing and passes.
        """
        if self.way.kind == EXPRESS:
            return
        self._hosted(self.model)
        client = await self._client(self.model)
        try:
            async with self._named(None, billed=False):
                pages = await client.aio.models.list(config={"query_base": True, "page_size": 1000})
                known = {(model.name or "").rpartition("/")[2] async for model in pages}
        except Ended as ended:
            if getattr(ended.__cause__, "code", 0) in NOT_OFFERED:
                return
            raise
        if self.way.host == "api" and known and self.model.id not in known:
            raise Ended(Outcome(cause=Cause.RETIRED, message=gone(self.model, "Gemini")))

    async def ask(self, request: Request, remember: Remember) -> Answer:  # noqa: ARG002  # see above
        """Send the request once; the answer comes with the same call."""
        self._hosted(request.model)
        self._sendable(request)
        client = await self._client(request.model)
        if request.operation is Operation.UPSCALE:
            return await self._upscaled(client, request)
        contents: list[Any] = [*await asyncio.to_thread(answers.pictures_of, request), request.text]
        async with self._named(request.model, billed=True):
            response = await client.aio.models.generate_content(
                model=request.model.id,
                contents=contents,
                config=_config(request),
            )
        return answers.answer_of(response, request.model, self._cost)

    async def resume(self, facts: Mapping[str, Any], request: Request) -> Answer | None:  # noqa: ARG002  # as the port has it
        """Google keeps no record that one could ask."""
        raise ambiguous("Gemini")

    async def _upscaled(self, client: genai.Client, request: Request) -> Answer:
        from google.genai import types  # noqa: PLC0415

        path = request.references[0].path
        data = await asyncio.to_thread(path.read_bytes)
        image = types.Image(image_bytes=data, mime_type=request.references[0].media_type)
        async with self._named(request.model, billed=True):
            response = await client.aio.models.upscale_image(
                model=request.model.id,
                image=image,
                upscale_factor=f"x{request.factor or 2:g}",
                config=types.UpscaleImageConfig(include_rai_reason=True),
            )
        return answers.enlarged(response, request.model)

    def _cost(self, response: types.GenerateContentResponse, model: Model) -> int | None:
        """What an answer cost; a proxy drives an account that pays in another way."""
        return 0 if self.way.kind == PROXY else answers.cost_of(response, model, self.today())

    def _hosted(self, model: Model) -> None:
        if model.hosts and self.way.host not in model.hosts:
            where = "Vertex" if "vertex" in model.hosts else "Gemini's own API"
            instead = f" Take {model.replacement} instead." if model.replacement else ""
            message = f"{model.id} answers only on {where}.{instead}"
            raise Ended(Outcome(cause=Cause.RETIRED, message=message))

    def _sendable(self, request: Request) -> None:
        sizes = [reference.size_bytes for reference in request.references]
        if sum(sizes) * _BASE64 > _INLINE_BYTES:
            message = (
                f"The job's {len(sizes)} pictures have {sum(sizes) / 1e6:.0f} MB together, and one "
                "request to Gemini may have 15 MB of them. Take smaller ones."
            )
            raise Ended(Outcome(cause=Cause.UNSUPPORTED, message=message))

    async def _client(self, model: Model) -> genai.Client:
        """The client of the location where Vertex has the model."""
        location = self.way.location
        if model.locations and location not in model.locations:
            location = model.locations[0]
        if location not in self._clients:
            http = await self._open.enter_async_context(bounded_client(self.read_seconds))
            try:
                self._clients[location] = await asyncio.to_thread(
                    _opened, self.way, location, http, self.read_seconds
                )
            except GoogleError as error:
                outcome = Outcome(cause=Cause.KEY_REJECTED, message=str(error))
                raise Ended(outcome) from error
        return self._clients[location]

    @asynccontextmanager
    async def _named(self, model: Model | None, *, billed: bool) -> AsyncIterator[None]:
        """Every foreign error of a call as an outcome."""
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
        from google.genai import errors  # noqa: PLC0415
        from pydantic import ValidationError  # noqa: PLC0415

        # The last three: the library takes an answer apart without a look at its shape.
        unread = (
            *(errors.UnknownApiResponseError, ValidationError, JSONDecodeError),
            *(TypeError, AttributeError, KeyError),
        )
        try:
            async with named("Gemini", billed=billed, seconds=self.read_seconds):
                yield
        except errors.APIError as error:
            outcome = outcome_of(_refused(error), model, self.clock.now())
            # Errors are not billed (https://ai.google.dev/gemini-api/docs/billing); a gateway that
            # gave up waiting says nothing of what stood behind it.
            if billed and error.code == _GAVE_UP:
                raise lost(outcome.message) from error
            raise Ended(outcome) from error
        except unread as error:
            why = "Gemini's answer cannot be read."
            if billed:
                raise lost(why) from error
            raise Ended(Outcome(cause=Cause.TRANSIENT, message=why)) from error
        except GoogleAuthError as error:
            raise Ended(_without_token(error)) from error
        except ValueError as error:  # the library refuses an option before it sends anything
            message = f"Google's library does not take this request: {error}"
            raise Ended(Outcome(cause=Cause.UNSUPPORTED, message=message)) from error


def _library() -> None:
    import google.genai  # noqa: F401, PLC0415

    # A word of Google's that the library does not know yet is handed on all the same.
    warnings.filterwarnings("ignore", ".* is not a valid ", UserWarning, r"google\.genai")


def _opened(way: Way, location: str, http: Any, read_seconds: float) -> genai.Client:
    """A client that tries once; blocking. GoogleError without credentials or project."""
    from google import genai  # noqa: PLC0415
    from google.genai import types  # noqa: PLC0415

    is_proxy = way.kind == PROXY
    options = types.HttpOptions(
        base_url=way.base_url or (PROXY_URL if is_proxy else None),
        api_version=PROXY_VERSION if is_proxy else None,
        timeout=round(read_seconds * 1000),
        httpx_async_client=http,
    )
    if way.kind in {KEY, PROXY}:
        return genai.Client(enterprise=False, api_key=way.key, http_options=options)
    if way.kind == EXPRESS:
        return genai.Client(enterprise=True, api_key=way.key, http_options=options)
    who = credentials(way.google, [SCOPE])
    project = way.google.project or getattr(who, "project_id", "") or ""
    if not project:
        raise GoogleError("Vertex needs a project: set FARM_GOOGLE_PROJECT.")
    return genai.Client(
        enterprise=True, project=project, location=location, credentials=who, http_options=options
    )


def _config(request: Request) -> types.GenerateContentConfig:
    from google.genai import types  # noqa: PLC0415

    shape = types.ImageConfig(
        aspect_ratio=request.ratio or None,
        image_size=request.tier or None,
    )
    return types.GenerateContentConfig(
        response_modalities=["TEXT", "IMAGE"],
        image_config=shape,
        seed=request.seed,
        automatic_continuation=False,  # it would send again, and bill again
    )


def _refused(error: Any) -> Refused:
    """An APIError as plain values; the text of one that came as HTML is left out."""
    headers = dict(getattr(error.response, "headers", None) or {})
    is_json = "json" in headers.get("content-type", "json")
    return Refused(
        status=error.code or 0,
        word=str(error.status or ""),
        message=str(error.message or "") if is_json else "",
        details=error.details,
        headers=headers,
    )


def _without_token(error: Any) -> Outcome:
    said = str(error.args[0]) if error.args else type(error).__name__
    if error.retryable:
        return Outcome(cause=Cause.TRANSIENT, message=f"Google gave no token: {said}")
    return Outcome(
        cause=Cause.KEY_REJECTED,
        message=f"Google signs this account in no more ({said}). Make a new key for the service "
        "account, or sign in again with `gcloud auth application-default login`.",
    )
