"""Profiles by name: signed in by hand, and proven."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from farm.browser.login import sign_in_by_hand
from farm.browser.profiles import (
    Profile,
    is_for_practice,
    known_profiles,
    make_profile,
    with_endpoint,
)
from farm.clock import SystemClock
from farm.config import Settings
from farm.errors import BrowserError, Ended, UsageError
from farm.model.causes import Cause
from farm.model.events import RunOptions
from farm.model.outcomes import Outcome
from farm.model.sessions import Wish, WishKind
from farm.presence import RED
from farm.wiring.opened import open_farm
from farm.wiring.staff import launch_options, open_page

GEMINI = "https://gemini.google.com/app"


def chosen(settings: Settings, options: RunOptions) -> list[Profile]:
    """The profiles a run is to drive; UsageError without any."""
    if options.profiles:
        return refuse_practice(settings, named(settings, options.profiles))
    found = list(known_profiles(settings))
    if not found:
        raise UsageError("There is no profile yet. Make one and sign it in: farm login NAME")
    return refuse_practice(settings, found[: options.sessions])


def refuse_practice(settings: Settings, profiles: list[Profile]) -> list[Profile]:
    """The profiles; UsageError for one of the stand-in's that would meet the real page.

    Who set a proxy may have a stand-in behind it.
    """
    for profile in profiles:
        if is_for_practice(profile) and not settings.proxy_server:
            raise UsageError(
                f"Profile {profile.name} was made for the stand-in and is signed in nowhere else. "
                f"To play on: farm start --replay. For Gemini, one of your own: farm login NAME "
                f"(FARM_HOME is {settings.home})"
            )
    return profiles


def named(settings: Settings, names: Sequence[str]) -> list[Profile]:
    """The profiles of these names; UsageError for one that does not exist."""
    there = {p.name: p for p in known_profiles(settings)}
    for name in names:
        if name not in there:
            raise UsageError(
                f"There is no profile {name}. Make it and sign it in: farm login {name}"
            )
    return [there[name] for name in names]


async def sign_in(settings: Settings, name: str, say: Callable[[str], None]) -> Outcome | None:
    """`farm login`: a sign-in by hand, then the proof; what is still wrong, or None."""
    clock = SystemClock()
    profile = with_endpoint(settings, make_profile(settings.profiles_dir, name))
    refuse_practice(settings, [profile])
    options = launch_options(settings, RunOptions())
    await sign_in_by_hand(profile, options, then=GEMINI, clock=clock, say=say)
    return (await check_profiles(settings, [name]))[name]


async def _wake(settings: Settings, modes: Mapping[str, str]) -> None:
    """Tell a farm that runs to go on with sessions that are proven well, in these models.

    Red ones are looked at again; a rest ends if it was for the limit of another model.
    """
    async with open_farm(settings) as farm:
        for name, mode in modes.items():
            session = await farm.store.session(name)
            if session.state in RED or session.is_freed_by(mode):
                await farm.store.wish(name, Wish(kind=WishKind.WAKE))


async def check_profiles(settings: Settings, names: Sequence[str]) -> Mapping[str, Outcome | None]:
    """What keeps each profile from making images, proven on the page; None where nothing does."""
    clock, found = SystemClock(), dict[str, Outcome | None]()
    modes: dict[str, str] = {}
    for profile in refuse_practice(settings, named(settings, names)):
        page = open_page(settings, profile, RunOptions(), clock)
        try:
            async with page.session:
                modes[profile.name] = (await page.new_chat()).mode_label
            found[profile.name] = None
        except Ended as ended:
            found[profile.name] = ended.outcome
        except BrowserError as error:
            found[profile.name] = Outcome(cause=Cause.BROWSER_GONE, message=str(error))
    await _wake(settings, modes)
    return found
