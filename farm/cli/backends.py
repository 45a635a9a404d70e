"""`farm backends`: who can draw, with what, at which price, and what is missing for the others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli.jobs import with_farm
from farm.cli.options import AsJson, open_settings
from farm.cli.render import say, say_json, say_table
from farm.cli.status import current, waits_for
from farm.clock import SystemClock
from farm.errors import UsageError
from farm.model.causes import Cause
from farm.model.money import in_dollars
from farm.settings.backends import BACKEND_NAMES

if TYPE_CHECKING:
    from farm.model.models import Model
    from farm.model.outcomes import Outcome
    from farm.model.sessions import Session
    from farm.wiring.opened import Farm
    from farm.wiring.standing import Standing

BROKEN = 1
LOCAL = frozenset({"sdwebui", "comfyui"})
_NO_ANSWER = frozenset({Cause.TRANSIENT, Cause.TIMEOUT})
HEAD = ("backend", "model", "one picture", "sizes", "pictures in", "does", "remarks")


def backends(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Only these; else all.")
    ] = None,
    *,
    check: Annotated[
        bool,
        typer.Option("--check", help="Ask each whether it takes key and model."),
    ] = False,
    every: Annotated[
        bool,
        typer.Option("--all", help="Models that were shut down too."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the page and the APIs: ready or what is missing, models, prices, last days, rests now.

    Keys are never shown: the label of a key only tells two of them apart. Prices are those of one
    picture of a megapixel. Nobody is asked anything but with --check, which makes no picture and
    costs nothing; exit code 1 when one that is set up cannot be used.

    \b
    Examples:
      farm backends
      farm backends gemini openai --check
      farm backends --all
      farm backends --json
    """
    from farm.wiring.standing import standings, today_of

    for name in names or ():
        if name not in BACKEND_NAMES:
            raise UsageError(f"{name} is no backend. There are {', '.join(BACKEND_NAMES)}.")
    settings, clock = open_settings(), SystemClock()

    async def work(farm: Farm) -> tuple[Session, ...]:
        return current(farm.settings, await farm.store.sessions())

    found = [
        one for one in standings(settings, clock, with_farm(work)) if not names or one.name in names
    ]
    proofs = asyncio.run(_proofs(found, named=bool(names))) if check else {}
    today = today_of(clock)
    if as_json:
        say_json({"backends": [_shape(one, proofs, today, every=every) for one in found]})
    else:
        _say(found, proofs, today, every=every)
    if any(proofs.values()):
        raise typer.Exit(BROKEN)


async def _proofs(found: Sequence[Standing], *, named: bool) -> dict[str, Outcome | None]:
    """What each that is set up, or was named, says of itself; they are asked at the same time."""
    from farm.wiring.standing import proof

    settings, clock = open_settings(), SystemClock()
    asked = [one.name for one in found if one.name != "web" and not one.lack]
    asked = [name for name in asked if named or _is_set_up(found, name)]
    told = await asyncio.gather(*(proof(settings, name, clock) for name in asked))
    return dict(zip(asked, told, strict=True))


def _is_set_up(found: Sequence[Standing], name: str) -> bool:
    return any(one.name == name and (one.set_up or one.works) for one in found)


def _say(
    found: Sequence[Standing],
    proofs: dict[str, Outcome | None],
    today: date,
    *,
    every: bool,
) -> None:
    for one in found:
        trouble = proofs.get(one.name)
        say(f"{one.name:8} {_ready(one, checked=one.name in proofs, trouble=trouble)}")
        if one.name in proofs:
            told = f"cannot be used ({trouble.cause}): {trouble.message}" if trouble else "works"
            say(f"{'':8} checked: {told}")
        for session in one.sessions:
            if session.cause is not None:
                wait = waits_for(session, None, SystemClock().now())
                told = ", ".join(filter(None, (session.state.value.replace("_", " "), wait)))
                say(f"{'':8} {session.name} {told}: {session.message}")
    rows = [
        _row(model, today)
        for one in found
        for model in one.models
        if every or not model.retired(today)
    ]
    if rows:
        say()
        say_table(HEAD, rows)


def _ready(one: Standing, *, checked: bool, trouble: Outcome | None) -> str:
    if one.lack:
        return one.lack
    about = ", ".join(filter(None, (one.auth, one.account)))
    usual = f"; draws with {one.usual}" if one.usual else ""
    part = "works the queue" if one.works else "steps in" if one.steps_in else "ready"
    if trouble is not None:
        part = "no answer" if trouble.cause in _NO_ANSWER else "not usable"
    elif one.name in LOCAL and not checked:  # no key tells whether anybody is there
        part = "not asked" if part == "ready" else f"{part}, not asked"
    return f"{part}: {about}{usual}"


def _is_ready(one: Standing, proofs: dict[str, Outcome | None]) -> bool | None:
    """None where only asking would tell."""
    if one.lack or proofs.get(one.name) is not None:
        return False
    return None if one.name in LOCAL and one.name not in proofs else True


def _row(model: Model, today: date) -> tuple[str, ...]:
    return (
        model.backend,
        model.id,
        "–" if model.retired(today) else price_text(model, today),
        sizes_text(model),
        f"{model.references or '–'}{' and a mask' if model.mask else ''}",
        " ".join(model.operations),
        ", ".join(_remarks(model, today)),
    )


def price_text(model: Model, today: date) -> str:
    """`0.0336 USD`, or from the least to the most of its sizes and qualities."""
    if model.free:
        return "free"
    held = {price.image for price in model.prices if price.valid_from <= today}
    if not held:
        return "unknown"
    least, most = in_dollars(min(held)), in_dollars(max(held))
    return least if least == most else f"{least.removesuffix(' USD')} to {most}"


def sizes_text(model: Model) -> str:
    """Its size classes, or the largest side it draws."""
    if model.tiers:
        return "/".join(model.tiers)
    if model.sides is not None:
        return f"up to {model.sides.longest} px"
    return f"{len(model.ratios)} proportions" if model.ratios else "its own"


def _remarks(model: Model, today: date) -> Iterator[str]:
    if gone := model.obituary(today):
        yield gone
        return
    if model.status != "current":
        yield model.status
    if model.shutdown is not None:
        instead = f" (take {model.replacement})" if model.replacement else ""
        yield f"until {model.shutdown}{instead}"
    if model.note:
        yield model.note


def _shape(
    one: Standing, proofs: dict[str, Outcome | None], today: date, *, every: bool
) -> dict[str, Any]:
    trouble = proofs.get(one.name)
    return {
        "name": one.name,
        "ready": _is_ready(one, proofs),
        "missing": one.lack,
        "set_up": one.set_up,
        "works": one.works,
        "steps_in": one.steps_in,
        "auth": one.auth if not one.lack else "",
        "account": one.account,
        "usual_model": one.usual,
        "checked": one.name in proofs,
        "trouble": {"cause": trouble.cause, "message": trouble.message} if trouble else None,
        "sessions": one.sessions,
        "models": [model for model in one.models if every or not model.retired(today)],
    }
