"""The living page of a profile: who is signed in, and what the pack still finds."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from farm.browser.downloads import FetchRefused, fetch
from farm.browser.profiles import Profile, place_of
from farm.clock import Clock
from farm.doctor.findings import Finding, Section, broken, note, ok, warning
from farm.errors import BrowserError, FarmError, ProfileInUse
from farm.model.causes import Cause
from farm.sites.base import Reading
from farm.sites.gemini.checkup import (
    Account,
    Mark,
    RoleFinding,
    check_account,
    check_roles,
    is_open,
)
from farm.sites.gemini.page import GeminiPage
from farm.sites.gemini.rounds import Round, Seen
from farm.sites.gemini.urls import full_size_url

PROFILE_SECONDS = 30.0
ROUND_SECONDS = 20.0
NO_SENDING = "whether sending is recognised cannot be seen without sending"


async def examine_page(page: GeminiPage, profile: Profile, repair: Path, clock: Clock) -> Section:
    """Open the profile and look; sends nothing. `repair` is where an override would stand."""
    name = f"page of {profile.name}"
    try:
        async with asyncio.timeout(PROFILE_SECONDS), page.session:
            until = clock.monotonic() + ROUND_SECONDS
            seen = await Round(page=page, clock=clock, until=until).go()
            hosts = await _image_hosts(page, seen)
    except TimeoutError:
        trouble = broken(f"no answer within {PROFILE_SECONDS:g} s", "look at machine and network")
    except ProfileInUse as error:
        trouble = note(f"not looked at: {error}")
    except FarmError as error:
        trouble = broken(str(error), "see docs/operations.md")
    else:
        return _judged(name, seen, hosts, page, profile, repair)
    return Section(name=name, findings=(trouble,))


def _judged(
    name: str, seen: Seen, hosts: Finding, page: GeminiPage, *rest: *tuple[Profile, Path]
) -> Section:
    profile, repair = rest
    reading = seen.looks[0].reading
    account = check_account(seen.looks, seen.cookies)
    roles = check_roles(seen.looks, page.pack())
    findings = [
        _account(account, profile),
        *_standing(reading),
        *_roles(roles, account, repair),
        hosts,
        note(NO_SENDING),
    ]
    return Section(name=name, findings=tuple(findings), roles=roles)


def _account(account: Account, profile: Profile) -> Finding:
    sign_in = f"farm login {profile.name}"
    if profile.cdp:
        sign_in = f"sign in in the browser at {place_of(profile.cdp)}"
    match account:
        case Account.IN:
            return ok("signed in: page and cookies agree")
        case Account.ROT:
            return warning(
                "signed in by its cookies, but the pack no longer knows the page's marks",
                "repair account_mark and sign_in_mark, see docs/selectors.md",
            )
        case Account.OUT:
            return broken("signed out", sign_in)
    return warning("the page shows an account, but there are no cookies of a sign-in", sign_in)


def _standing(reading: Reading) -> Iterator[Finding]:
    blocked = reading.blocked
    if blocked is None:
        ui = f"generation {reading.ui}" if reading.ui else "no known generation"
        mode = f", mode {reading.mode_label}" if reading.mode_label else ""
        yield ok(f"page of {ui}, language {reading.language or 'unknown'}{mode}")
    elif is_open(reading):
        yield note(f"{blocked.cause.value}: {blocked.message}")
    elif blocked.cause is not Cause.SIGNED_OUT:
        yield broken(f"{blocked.cause.value}: {blocked.message}", "see docs/operations.md")


def _roles(roles: tuple[RoleFinding, ...], account: Account, repair: Path) -> Iterator[Finding]:
    todo = f"write a candidate into {repair}, see docs/selectors.md"
    good = [one for one in roles if one.mark is Mark.OK]
    if good:
        yield ok(f"{len(good)} roles found where they are looked for first")
    for one in roles:
        if one.mark is Mark.DRIFT:
            yield warning(f"drift: {one.role} {one.why} ({_of(one)})", todo)
        elif one.mark is Mark.MISSING:
            told = account is Account.ROT and one.role == "account_mark"
            text = f"missing: {one.role}: {one.why}"
            if not told:
                yield broken(text, todo) if one.needed else warning(text, todo)
    unseen = [one.role for one in roles if one.mark is Mark.INCONCLUSIVE]
    if unseen:
        yield note(f"{len(unseen)} roles cannot be judged on these pages: {', '.join(unseen)}")


def _of(one: RoleFinding) -> str:
    return "any generation" if one.generation == "any" else f"generation {one.generation}"


async def _image_hosts(page: GeminiPage, seen: Seen) -> Finding:
    """Fetch the original of a picture that stands in the newest conversation, if there is one."""
    pack, session = page.pack(), page.session
    turns = [turn for look in seen.looks if look.opened for turn in look.reading.turns]
    sources = [image.src for turn in turns for image in turn.images]
    address = next((src for src in sources if src.startswith("https:")), "")
    if not address:
        return _loaded(page)
    with tempfile.TemporaryDirectory(prefix="farm-doctor-") as folder:
        part = Path(folder) / "original.part"
        try:
            fetched = await fetch(
                session, full_size_url(address), part, hosts=pack.image_hosts, referer=pack.origin
            )
        except FetchRefused as error:
            return broken(f"a picture's original is refused: {error}", "see [network] of the pack")
        except BrowserError as error:
            return warning(f"a picture's original cannot be had: {error}", "look at the network")
    host = urlsplit(fetched.url).hostname
    return ok(f"a picture's original comes from {host} ({fetched.size_bytes // 1024} KB)")


def _loaded(page: GeminiPage) -> Finding:
    """What the page itself loaded from the image hosts."""
    responses = [r for r in page.session.responses if r.media_type.startswith("image/")]
    hosts = sorted({urlsplit(r.url).hostname or "" for r in responses if r.status < 400})  # noqa: PLR2004
    if hosts:
        return ok(f"the page loads pictures from {', '.join(hosts)}")
    return note("whether the image hosts answer cannot be seen: no picture stands on these pages")
