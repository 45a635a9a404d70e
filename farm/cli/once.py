"""What the one-shot commands share: price, question, work, and what became of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli.aside import Aside
from farm.cli.options import open_settings
from farm.cli.render import complain, say, say_json
from farm.cli.running import watch
from farm.cli.shapes import job_label
from farm.cli.view import clock_text
from farm.clock import SystemClock
from farm.errors import UsageError
from farm.model.events import RunEvent, RunOptions, RunReport
from farm.model.jobs import JobState
from farm.model.money import from_dollars, in_dollars
from farm.model.prompts import Prompt, Size
from farm.settings.backends import BACKEND_NAMES, GEMINI_AUTHS

if TYPE_CHECKING:
    from farm.config import Settings
    from farm.wiring.offers import Offer
    from farm.wiring.once import Made, Once

SOME_FAILED, WORK_LEFT = 1, 3
_ROUNDING = 0.02  # models work in steps of 8 or 16 pixels

Backend = Annotated[
    str, typer.Option(metavar="NAME", help=f"Who makes it: {', '.join(BACKEND_NAMES)}.")
]
Model = Annotated[str, typer.Option(metavar="ID", help="With which model; see `farm backends`.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="Put it there too, as what it is called."),
]
Force = Annotated[bool, typer.Option("--force", help="Write over what stands at --out.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing, whatever it costs.")]
Auth = Annotated[
    str, typer.Option(metavar="WAY", help=f"The way to Gemini: {', '.join(GEMINI_AUTHS)}.")
]
ApiKey = Annotated[
    str, typer.Option(metavar="KEY", help="Better in the environment: shells keep a history.")
]
Credentials = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A service account's key file, for Vertex.")
]
ProjectId = Annotated[str, typer.Option(metavar="ID", help="The project that pays for Vertex.")]
_KEYS = {"gemini": "gemini_api_key", "openai": "openai_api_key", "fal": "fal_key"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How the API is reached, as the command line says; "" and None: as the settings say."""

    backend: str = ""
    auth: str = ""
    key: str = ""
    credentials: Path | None = None
    project: str = ""

    def settings(self) -> Settings:
        """The settings with these in; UsageError for what does not go together."""
        if self.backend and self.backend not in BACKEND_NAMES:
            known = ", ".join(BACKEND_NAMES)
            raise UsageError(f"--backend {self.backend} is none. Known: {known}.")
        if self.credentials and not self.credentials.is_file():
            raise UsageError(f"--credentials {self.credentials} is not there.")
        return open_settings(self._overrides(), log_file=True)

    @property
    def owner(self) -> str:
        """Whose the auth and the key are: Gemini's, unless another backend is named."""
        asked = self.auth or self.key or self.credentials or self.project
        return self.backend or ("gemini" if asked else "")

    def _overrides(self) -> dict[str, object]:
        if (self.auth or self.credentials or self.project) and self.owner != "gemini":
            raise UsageError(f"--auth, --credentials and --project-id are ways to Gemini, "
                             f"not to {self.owner}.")  # fmt: skip
        if self.key and self.owner not in _KEYS:
            raise UsageError(f"{self.owner} takes no --api-key.")
        if self.key:
            from farm.wiring.apis import KEY_NAMES

            complain(
                "The key stands in your shell's history now, and other users may see it in the "
                f"list of processes. Better: export {KEY_NAMES[self.owner]}=…"
            )
        implied = "service-account" if self.credentials else "api-key" if self.key else ""
        auth = self.auth or (implied if self.owner == "gemini" else "")
        return {
            _KEYS.get(self.owner, "gemini_api_key"): self.key or None,
            "gemini_auth": auth or None,
            "google_credentials": self.credentials.absolute() if self.credentials else None,
            "google_project": self.project or None,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What one command is to make."""

    prompt: Prompt  # without an id
    count: int = 1
    profile: str = ""
    out: Path | None = None
    force: bool = False
    labelled: bool = False  # the file at `out` says what was done
    original: Size | None = None  # of the picture that is enlarged, where that is known
    yes: bool = False
    as_json: bool = False

    def places(self) -> list[Path | None]:
        """Where each picture shall stand too: the name itself, or numbered ones."""
        if self.out is None:
            return [None] * self.count
        out = self.out.absolute()
        if self.count == 1:
            return [out]
        return [out.with_name(f"{out.stem}-{n}{out.suffix}") for n in range(1, self.count + 1)]


def carry_out(settings: Settings, order: Order, *, suffix: str) -> int:
    """Tell the price, ask if it is high, make the pictures, tell what became of them."""
    from farm.steps.hand_out import format_of, refuse_to_overwrite
    from farm.wiring.offers import best_offer

    for place in filter(None, order.places()):
        format_of(place)
        if not order.force:
            refuse_to_overwrite(place)
    clock = SystemClock()
    offered = asyncio.run(best_offer(settings, order.prompt, clock, account=order.profile))
    if not order.as_json:
        _say_lines(_before(offered, order))
    agreed = _agreed(settings, offered, order)
    prompts = _numbered(replace(order.prompt, backend=offered.backend, model=offered.model), order,
                        clock.now(), suffix)  # fmt: skip
    once, code = _make(settings, order, prompts, agreed=agreed)
    if once is None:
        complain("Stopped at once. Everything recorded is kept; it stays in the queue `generate`.")
        return code
    for warning in _strange_sizes(order, once.made):
        complain(warning)
    outputs = [_hand_out(settings, order, one, place)
               for one, place in zip(once.made, order.places(), strict=True)]  # fmt: skip
    if order.as_json:
        say_json(_shape(settings, once, offered, order, outputs) | {"exit_code": code})
    else:
        _say_lines(_after(settings, once, outputs), last=True)
    return code


def _numbered(prompt: Prompt, order: Order, now: float, suffix: str) -> tuple[Prompt, ...]:
    """The rows, with ids that no other command has."""
    from datetime import datetime

    stem = f"{datetime.fromtimestamp(now).astimezone():%Y%m%d-%H%M%S}-{suffix}"
    ids = [stem] if order.count == 1 else [f"{stem}-{n}" for n in range(1, order.count + 1)]
    return tuple(replace(prompt, id=one) for one in ids)


def _agreed(settings: Settings, offered: Offer, order: Order) -> bool:
    """Whether the user takes every price; UsageError when nobody is there to say yes."""
    cost = None if offered.cost_microusd is None else offered.cost_microusd * order.count
    if order.yes or (cost is not None and cost <= from_dollars(settings.confirm_above)):
        return order.yes
    price = "what it costs is not known" if cost is None else f"it may cost {in_dollars(cost)}"
    if order.as_json or not sys.stdin.isatty():
        raise UsageError(f"{offered.model}: {price}. To make it anyway: --yes")
    typer.confirm(f"{price[0].upper()}{price[1:]}. Go on?", abort=True)
    return True


def _make(
    settings: Settings, order: Order, prompts: tuple[Prompt, ...], *, agreed: bool
) -> tuple[Once | None, int]:
    """Run until all have ended; nothing when it was stopped at once, and the exit code."""
    from farm.wiring.once import Errand, make_now

    errand = Errand(prompts=prompts, profile=order.profile, yes=agreed)
    done: list[Once] = []

    async def run(
        settings: Settings,
        _options: RunOptions,
        /,
        *,
        on_event: Callable[[RunEvent], None],
        stop: asyncio.Event,
    ) -> RunReport:
        done.append(await make_now(settings, errand, on_event=on_event, stop=stop))
        return _report(done[0])

    clock = SystemClock()
    ending = asyncio.run(watch(run, settings, RunOptions(), Aside(clock), clock=clock))
    return (done[0] if ending.report else None), ending.exit_code


def _report(once: Once) -> RunReport:
    states = [one.job.state for one in once.made]
    made = states.count(JobState.COMPLETED)
    code = WORK_LEFT if once.left else SOME_FAILED if made < len(states) else 0
    return RunReport(
        counts={state: states.count(state) for state in JobState},
        made=made,
        failed=states.count(JobState.FAILED),
        review=states.count(JobState.REVIEW),
        left=once.left,
        stopped_because=once.message,
        exit_code=code,
        seconds=0.0,
    )


def _strange_sizes(order: Order, made: Iterable[Made]) -> Iterator[str]:
    """What was enlarged by another factor than was asked; the proportion is proven elsewhere."""
    before, asked = order.original, order.prompt.factor
    if before is None or asked is None:
        return
    for image in (image for one in made for image in one.images):
        factor = image.width_px / before.width_px
        if abs(factor / asked - 1) > _ROUNDING:
            size = f"{image.width_px}x{image.height_px}px"
            yield f"Enlarged by x{factor:.2g} and not by x{asked:g}: from {before} to {size}."


def _hand_out(settings: Settings, order: Order, made: Made, place: Path | None) -> Path | None:
    """The file at the name that was asked for; None without one."""
    if place is None or made.job.state is not JobState.COMPLETED:
        return None
    from farm.finishing import facts_of
    from farm.steps.hand_out import Handing, hand_out

    image, at = made.images[0], made.job.completed_at or 0.0
    facts = facts_of(made.job, image, text=made.text, made_at=at) if settings.metadata else None
    wish = Handing(
        path=place,
        size=made.job.prompt.size,
        facts=facts,
        labelled=order.labelled and facts is not None,
        force=order.force,
    )
    for warning in hand_out(settings.downloads_dir / image.path, wish):
        complain(warning)
    return place


def _before(offered: Offer, order: Order) -> Iterator[tuple[str, str]]:
    yield "Model", _maker(offered.backend, offered.model, offered.account)
    yield "Price", _price(offered, order.count)


def _price(offered: Offer, count: int) -> str:
    if offered.backend == "web":
        return "none: it counts against your account's own limit"
    if offered.cost_microusd is None:
        return "nobody knows"
    each = f"at most {in_dollars(offered.cost_microusd)}"
    if not offered.cost_microusd:
        return "free"
    return (
        each if count == 1 else f"{each} each, {in_dollars(offered.cost_microusd * count)} in all"
    )


def _after(
    settings: Settings, once: Once, outputs: Sequence[Path | None]
) -> Iterator[tuple[str, str]]:
    for one, output in zip(once.made, outputs, strict=True):
        if one.job.state is not JobState.COMPLETED:
            cause = f" ({one.job.cause})" if one.job.cause else ""
            yield (
                one.job.state.value.capitalize(),
                f"{job_label(one.job)}{cause}: {one.job.message}",
            )
            continue
        for image in one.images:
            yield "Output", str(output or settings.downloads_dir / image.path)
            if output:
                yield "Original", str(settings.downloads_dir / image.path)
            yield "Size", f"{image.width_px}x{image.height_px}, {_bytes(image.size_bytes)}"
        yield "Time", clock_text(one.seconds)
    yield "Cost", in_dollars(once.spent_microusd) if once.spent_microusd else "nothing"
    if once.left:
        yield "Left", f"{once.left} in the queue `generate`. {once.message}".strip()


def _maker(backend: str, model: str, account: str) -> str:
    about = ", ".join(filter(None, (backend, account)))
    return f"{model} ({about})" if model else about


def _bytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size / 1000:.0f} KB"  # noqa: PLR2004


def _say_lines(facts: Iterable[tuple[str, str]], *, last: bool = False) -> None:
    """Names and values; branches of a tree where a person looks at a terminal."""
    lines = [f"{name:<8} {text}" for name, text in facts]
    if sys.stdout.isatty():
        marks = ["├─ "] * (len(lines) - 1) + ["└─ " if last else "├─ "]
        lines = [mark + line for mark, line in zip(marks, lines, strict=True)]
    for line in lines:
        say(line)


def _shape(
    settings: Settings, once: Once, offered: Offer, order: Order, outputs: Sequence[Path | None]
) -> dict[str, Any]:
    """Everything, for programs."""
    estimate = offered.cost_microusd
    return {
        "backend": offered.backend,
        "account": offered.account,
        "model": offered.model,
        "estimated_microusd": None if estimate is None else estimate * order.count,
        "spent_microusd": once.spent_microusd,
        "left": once.left,
        "message": once.message,
        "jobs": [
            {
                "job": one.job,
                "images": [
                    {"file": settings.downloads_dir / image.path, "image": image}
                    for image in one.images
                ],
                "output": output,
                "seconds": round(one.seconds, 3),
            }
            for one, output in zip(once.made, outputs, strict=True)
        ],
    }


def size_of(text: str) -> Size | None:
    """A size, None for ""; UsageError for what is none."""
    try:
        return Size.parse(text) if text else None
    except ValueError as error:
        raise UsageError(f"--size: {error}.") from None
