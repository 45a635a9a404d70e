"""`farm profiles wake` and `farm profiles rest`: the user's word about a session's wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli.jobs import with_farm
from farm.cli.options import AsJson, open_settings
from farm.cli.render import say, say_json
from farm.clock import LocalZone, SystemClock
from farm.errors import UsageError
from farm.model.moments import clock_time, duration
from farm.model.moments import until as moment_of
from farm.model.sessions import SessionState, Wish, WishKind

if TYPE_CHECKING:
    from farm.browser.profiles import Profile
    from farm.wiring.opened import Farm

Names = Annotated[list[str], typer.Argument(metavar="NAME", help="Profiles.")]


def wake(names: Names, *, as_json: AsJson = False) -> None:
    """End the rest or wait of profiles now.

    A session at work goes on within seconds; one that needs a person is looked at again. If the
    limit still holds, the session meets it again and rests again.

    \b
    Examples:
      farm profiles wake alice
      farm profiles wake alice bob --json
    """
    _ask(names, Wish(kind=WishKind.WAKE), as_json=as_json)


def rest(
    names: Names,
    *,
    long: Annotated[
        str, typer.Option("--for", metavar="TIME", help="How long: 2h, 30m, 1d or 1h30m.")
    ] = "",
    until: Annotated[
        str, typer.Option(metavar="WHEN", help="Until when: 07:00 or '2026-11-22 07:00'.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Send profiles to rest; a session at work finishes its image first.

    \b
    Examples:
      farm profiles rest alice --for 2h
      farm profiles rest alice bob --until 07:00
    """
    if bool(long) == bool(until):
        raise UsageError("Say how long, in one way: --for 2h, or --until 07:00.")
    now = SystemClock().now()
    end = now + duration(long) if long else moment_of(until, now, LocalZone())
    _ask(names, Wish(kind=WishKind.REST, until=end), as_json=as_json)


def _ask(names: Sequence[str], wish: Wish, *, as_json: bool) -> None:
    from farm.wiring.profiles import named

    there = named(open_settings(), list(dict.fromkeys(names)))

    async def work(farm: Farm) -> list[dict[str, Any]]:
        return [await _grant(farm, profile, wish) for profile in there]

    done = with_farm(work)
    if as_json:
        say_json({"profiles": done})
        return
    for one in done:
        say(_in_words(one, wish))


async def _grant(farm: Farm, profile: Profile, wish: Wish) -> dict[str, Any]:
    """Ask whoever works or waits for the profile; if nobody holds it, change what is stored too.

    A run that waits long has closed the browser and holds nothing: so the wish is left for it, or
    for the next run.
    """
    from farm.browser.profiles import is_held
    from farm.model.rests import sent_to_rest, woken

    holder = is_held(profile)
    before = await farm.store.session(profile.name)
    await farm.store.wish(profile.name, wish)
    if not holder:
        now = farm.clock.now()
        rests = wish.kind is WishKind.REST and wish.until is not None
        after = sent_to_rest(before, wish.until or now, now) if rests else woken(before, now)
        await farm.store.save_session(after)
    return {
        "name": profile.name,
        "held_by": holder,
        "was": before.state,
        "cause": before.cause,
        "until": wish.until,
    }


def _in_words(done: dict[str, Any], wish: Wish) -> str:
    name, holder = done["name"], done["held_by"]
    if wish.until is not None:
        end = clock_time(wish.until, SystemClock().now(), LocalZone())
        if holder:
            return f"{name} is at work ({holder}): after the image in hand it rests until {end}."
        return f"{name} rests until {end}."
    if holder:
        return f"{name} is driven by {holder}: it goes on within 5 seconds."
    if done["was"] is SessionState.NEEDS_PERSON:
        return f"{name} needs a person ({done['cause'].value}): farm login {name}, then farm start."
    return (
        f"{name} waits for nothing any more: a run that waits for it goes on within 5 seconds, "
        "else the next farm start uses it at once."
    )
