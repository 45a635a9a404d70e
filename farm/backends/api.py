"""What every image API is to farm: one request in, pictures or one named ending out.

An API is called by `ApiHand`, which owns phases, money and files. An adapter owns the wire: it
turns a `Request` into one call, the answer into bytes, and foreign errors into outcomes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from farm.errors import Ended
from farm.model.causes import Cause
from farm.model.enlarging import Enlargement
from farm.model.models import Model
from farm.model.money import Bill
from farm.model.operations import Operation
from farm.model.outcomes import Outcome
from farm.model.prompts import Size

CONNECT_SECONDS = 10.0
READ_SECONDS = 300.0
MOST_ANSWER_BYTES = 200_000_000
# What a gateway answers that has the road to pictures and no other: no list, no storage.
NOT_OFFERED = frozenset({404, 405, 501})


class Reference(Protocol):
    """A picture to go by, proven and on this machine; see `farm.references`."""

    @property
    def path(self) -> Path:
        """Absolute."""

    @property
    def media_type(self) -> str:
        """Sniffed, such as image/png."""

    @property
    def sha256(self) -> str:
        """Of its bytes, in hex."""

    @property
    def size_bytes(self) -> int:
        """Of the file."""


Resolve = Callable[[Sequence[str]], Awaitable[Sequence[Reference]]]
"""Paths and addresses in, proven local files out, in order; `Ended` names a bad one."""

Remember = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Commits what finds a request again at the provider: its `id`, and whatever else is needed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One picture, or one change of a picture, as a model can do it: already checked."""

    text: str
    model: Model
    size: Size | None = None  # what the row asks; copies are cut to it later
    ratio: str = ""  # the model's own ratio nearest to it, "" where it has none
    tier: str = ""  # the model's own size class, such as 2K, "" where it has none
    canvas: Size | None = None  # exact pixels to ask for, where the model takes any size
    quality: str = ""  # low, medium, high, …; "" is the model's own
    references: tuple[Reference, ...] = ()  # the first one is the picture that is changed
    negative: str = ""
    seed: int | None = None
    count: int = 1
    operation: Operation = Operation.GENERATE
    mask: Path | None = None  # a PNG of the first one's size: white is what may change
    factor: float | None = None  # for UPSCALE
    enlarge: Enlargement | None = None  # it is drawn small, and made large by another job


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Pictures as they came, in the order they came; never empty."""

    pictures: tuple[bytes, ...]
    model: str = ""  # as the provider names what it used
    id: str = ""  # the provider's own id of the request
    usage: Mapping[str, Any] = field(default_factory=dict)  # what it says that was used
    spent_microusd: int | None = None  # None: not told, the estimate is taken


class Charged(Ended):
    """An ending that cost money, or may have: a read timeout, a refusal after thinking.

    A plain `Ended` out of `ask` says that nothing was billed.
    """

    def __init__(
        self,
        outcome: Outcome,
        *,
        spent_microusd: int | None = None,
        usage: Mapping[str, Any] | None = None,
    ) -> None:
        """Carry what it cost; None when the provider did not say: then the estimate is taken."""
        super().__init__(outcome)
        self.spent_microusd = spent_microusd
        self.usage: Mapping[str, Any] = usage or {}


class Api(Protocol):
    """One provider with one key. An async context manager: inside it the client is open.

    `check`, `ask` and `resume` raise `Ended` for an ending that was not billed, `Charged` for one
    that was or may have been, and `Interrupted` when an accepted request can be asked for later.
    They try once: waits and retries are the worker's. A cancelled call stops at the next await.
    """

    name: str  # the backend's: gemini, openai, fal, sdwebui, comfyui
    stateless_and_free: bool  # asking twice costs nothing: a lost answer is simply asked again

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc: object) -> None: ...

    async def check(self) -> None:
        """See cheaply that host, key and model are good; makes no picture."""

    async def ask(self, request: Request, remember: Remember) -> Answer:
        """Send the request once and wait for its pictures.

        Where the provider can be asked about a request again, `remember` is awaited before the
        wait for the answer, and before the request itself where the id is farm's own.
        """

    async def resume(self, facts: Mapping[str, Any], request: Request) -> Answer | None:
        """Finish a request that was sent by an earlier life; never sends one.

        `facts` are what `remember` got, empty if it was never reached. None: it is proven that the
        provider never took the request. `Ended` with AMBIGUOUS when nothing can be proven.
        """


class Purse(Protocol):
    """The user's money. Every call is one short transaction; attempt ids make each idempotent.

    A reservation that is never settled counts as spent at its estimate.
    """

    async def reserve(self, bill: Bill) -> None:
        """Put the estimate aside before anything is sent; once only for one attempt.

        `Ended` with LIMITED_BUDGET and its reset when it does not fit, or when the price is not
        known and nobody agreed to that.
        """

    async def settle(
        self,
        attempt_id: int,
        spent_microusd: int,
        usage: Mapping[str, Any],
        *,
        estimated: bool,
    ) -> None:
        """Write down what it cost; an estimate never replaces what the provider said."""

    async def release(self, attempt_id: int) -> None:
        """Nothing was billed and nothing can have been; a settled attempt stays settled."""


def ambiguous(provider: str) -> Ended:
    """For an API that keeps no record of requests that one could look into."""
    return Ended(
        Outcome(
            cause=Cause.AMBIGUOUS,
            message=f"farm died while it waited for {provider}, which cannot be asked what became "
            "of a request: it may have been made and paid for. Retry the job to buy it again, or "
            "cancel it.",
        )
    )
