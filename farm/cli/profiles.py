"""`farm login` and `farm profiles …`: browser profiles and the accounts in them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli.jobs import with_farm
from farm.cli.options import AsJson, open_settings
from farm.cli.picking import pick_profiles
from farm.cli.render import complain, say, say_json, say_table
from farm.cli.resting import rest, wake
from farm.cli.status import grounds, waits_for
from farm.cli.view import STATE_WORDS
from farm.clock import LocalZone, SystemClock
from farm.config import Settings
from farm.errors import PersonNeeded
from farm.files import write_whole
from farm.model.moments import last_days
from farm.model.sessions import Session

if TYPE_CHECKING:
    from farm.wiring.opened import Farm

profiles = typer.Typer(
    name="profiles",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""The browser profiles farm may drive.

\b
Examples:
  farm profiles list
  farm profiles check alice
  farm profiles rest alice --for 2h
  farm profiles wake alice
""",
)
profiles.command()(wake)
profiles.command()(rest)

DAYS_TOLD = 14  # in --json
CONSENT = "farm-consent.json"
TERMS = """\
Before the first sign-in, once:
  - The accounts you use must be your own. Google's terms of service govern them, and Google may
    limit or close accounts that are used by programs: https://policies.google.com/terms
  - farm works at the pace of a person, stops at limits, solves no captchas, and keeps every
    profile on this machine only.
"""


def login(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call the profile.")],
    *,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="The terms have been read; do not ask.")
    ] = False,
) -> None:
    """Sign a browser profile in to Gemini, by hand.

    You do it, in an ordinary browser window; farm never sees the password. When you have signed
    in, close the window; farm then looks whether the profile works. A profile that stands for a
    browser you already run (see docs/operations.md) is only looked at.

    \b
    Examples:
      farm login alice
    """
    from farm.wiring.profiles import sign_in

    settings = open_settings(log_file=True)
    agree(settings, yes=yes)
    outcome = asyncio.run(sign_in(settings, name, say))
    if outcome is not None:
        raise PersonNeeded(
            f"{name} is not signed in: {outcome.message} Try again: farm login {name}"
        )
    say(f"{name} is signed in. To use it: farm start prompts.csv --profile {name}")


def agree(settings: Settings, *, yes: bool) -> None:
    """Show the terms once per profiles folder, and write down that they were accepted."""
    record = settings.profiles_dir / CONSENT
    if record.exists():
        return
    say(TERMS)
    if not yes:
        typer.confirm("Go on?", abort=True)
    settings.profiles_dir.mkdir(parents=True, exist_ok=True)
    consent = {"accepted_at": SystemClock().now(), "terms": TERMS}
    write_whole(record, json.dumps(consent, indent=2).encode())


@profiles.command(name="list")
def list_profiles(*, as_json: AsJson = False) -> None:
    """List the profiles, who holds them, what they wait for and what they made today.

    \b
    Examples:
      farm profiles list
      farm profiles list --json
    """
    from farm.browser.profiles import is_held, known_profiles, place_of

    settings = open_settings()
    there = known_profiles(settings)

    async def work(farm: Farm) -> list[dict[str, Any]]:
        return await _sessions_of(farm, [p.name for p in there])

    facts = with_farm(work)
    shown = [
        {
            "name": p.name,
            "path": p.path,
            "attaches_to": place_of(p.cdp),
            "held_by": is_held(p),
            **fact,
        }
        for p, fact in zip(there, facts, strict=True)
    ]
    if as_json:
        say_json({"profiles": shown})
    elif not there:
        say("No profile yet. To make one: farm login alice")
    else:
        head = ("profile", "state", "ready in", "today", "made", "held by", "folder or browser")
        say_table(head, map(_profile_row, shown))


async def _sessions_of(farm: Farm, names: Sequence[str]) -> list[dict[str, Any]]:
    """What is known about each session: its wait, and its images of the last days."""
    sessions = [await farm.store.session(name) for name in names]
    known = await grounds(farm, sessions)
    starts = last_days(farm.clock.now(), LocalZone(), DAYS_TOLD)
    days = await farm.store.made_by_day(list(starts.values()))
    none = (0,) * len(starts)
    return [
        {
            "session": session,
            "rest_known": known.get(session.name),
            "today": days.get(session.name, none)[-1],
            "made_by_day": dict(zip(starts, days.get(session.name, none), strict=True)),
        }
        for session in sessions
    ]


def _profile_row(shown: Mapping[str, Any]) -> tuple[str, ...]:
    session: Session = shown["session"]
    state = STATE_WORDS[session.state] if session.since else "never used"
    cause = f": {session.cause.value}" if session.cause else ""
    return (
        shown["name"],
        state + cause,
        waits_for(session, shown["rest_known"], SystemClock().now()),
        str(shown["today"]),
        str(session.made),
        shown["held_by"] or "nobody",
        shown["attaches_to"] or str(shown["path"]),
    )


@profiles.command()
def check(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="These; else all.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Open each profile and see whether it is signed in and can make images; sends nothing.

    \b
    Examples:
      farm profiles check
      farm profiles check alice --json
    """
    from farm.browser.profiles import known_profiles
    from farm.wiring.profiles import check_profiles

    settings = open_settings(log_file=True)
    there = [p.name for p in known_profiles(settings)]
    picked = pick_profiles(there, names or (), None)
    if picked.warning:
        complain(picked.warning)
    found = asyncio.run(check_profiles(settings, picked.names))
    if as_json:
        say_json({"profiles": [{"name": n, "problem": o} for n, o in found.items()]})
    else:
        rows = [
            (n, o.cause.value if o else "ready", o.message if o else "") for n, o in found.items()
        ]
        say_table(("profile", "state", "what to do"), rows)
    if any(found.values()):
        raise typer.Exit(PersonNeeded.exit_code)
