"""`farm status` and `farm version`."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from datetime import datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

import typer

from farm.cli.jobs import with_farm
from farm.cli.options import AsJson
from farm.cli.render import counts_text, say, say_json, say_table
from farm.cli.view import RunView, clock_text, countdown
from farm.clock import SystemClock
from farm.model.events import SessionChanged
from farm.model.money import from_dollars, in_dollars
from farm.model.sessions import ONCE, Session, once_command

if TYPE_CHECKING:
    from farm.config import Settings
    from farm.model.rests import Ground
    from farm.wiring.opened import Farm

DISTRIBUTION = "gemini-farm"


def status(*, as_json: AsJson = False) -> None:
    """Show the queue and what every session waits for, until when, and how that is known.

    \b
    Examples:
      farm status
      farm status --json
    """

    async def work(farm: Farm) -> dict[str, Any]:
        sessions = current(farm.settings, await farm.store.sessions())
        return {
            "counts": await farm.store.counts(),
            "queues": await farm.store.queues(),
            "paused": await farm.store.paused(),
            "sessions": sessions,
            "rests_known": await grounds(farm, sessions),
            "money": await _money(farm),
        }

    facts = with_farm(work)
    if as_json:
        say_json(facts)
        return
    for one in facts["queues"]:
        say(f"{one.name}: {counts_text(one.counts)}")
    if len(facts["queues"]) != 1:
        say(f"all: {counts_text(facts['counts'])}")
    if facts["paused"]:
        say(f"paused: {', '.join(name or 'every queue' for name in sorted(facts['paused']))}")
    if facts["sessions"]:
        head = ("session", "state", "since", "ready in", "made", "why")
        known = facts["rests_known"]
        say_table(head, [_session_row(s, known.get(s.name)) for s in facts["sessions"]])
    if facts["money"] is not None:
        say(_money_line(**facts["money"]))


def current(settings: Settings, sessions: Iterable[Session]) -> tuple[Session, ...]:
    """Without those of one-shot commands that have ended or died: they do not come back."""
    from farm.backends.seats import is_free

    numbers = {session.name: once_command(session.name) for session in sessions}
    asked = {number for number in numbers.values() if number is not None}
    ended = {number for number in asked if is_free(settings.home, ONCE, number)}
    return tuple(session for session in sessions if numbers[session.name] not in ended)


async def _money(farm: Farm) -> dict[str, int | None] | None:
    """What the APIs took today and may take; None where no API was ever asked, or is to be."""
    settings, today = farm.settings, datetime.fromtimestamp(farm.clock.now()).astimezone()
    spent = await farm.store.spent(day=f"{today:%Y-%m-%d}")
    if not spent and not {*settings.backends, *settings.fallback} - {"web"}:
        return None
    allowed = from_dollars(settings.budget_day) if settings.budget_day else None
    return {"spent_today_microusd": spent, "budget_day_microusd": allowed}


def _money_line(spent_today_microusd: int, budget_day_microusd: int | None) -> str:
    spent = f"today: {in_dollars(spent_today_microusd)} spent or set aside"
    if budget_day_microusd is None:
        return f"{spent}, without a budget a day"
    return f"{spent} of your budget of {in_dollars(budget_day_microusd)} a day"


async def grounds(farm: Farm, sessions: Iterable[Session]) -> dict[str, Ground]:
    """What the end of each rest is known from, by session."""
    from farm.model.rests import ground_of

    found = {s.name: ground_of(s, await farm.store.limits(s.name)) for s in sessions}
    return {name: ground for name, ground in found.items() if ground is not None}


def waits_for(session: Session, ground: Ground | None, now: float) -> str:
    """`1:12:05 (16:40), told by the page`; "" for a session that does not wait."""
    row = RunView(started_at=now).after(SessionChanged(session=session)).rows(now)[0]
    wait = countdown(row)
    return f"{wait}, {ground.value}" if wait and ground else wait


def _session_row(session: Session, ground: Ground | None) -> tuple[str, ...]:
    now = SystemClock().now()
    row = RunView(started_at=now).after(SessionChanged(session=session)).rows(now)[0]
    since = f"{clock_text(now - session.since)} ago" if session.since else ""
    wait = waits_for(session, ground, now)
    return (row.name, row.state_text, since, wait, str(session.made), session.message)


def say_version(asked: bool) -> None:  # noqa: FBT001  # as typer calls it
    """Answer `farm --version`, and nothing else."""
    if asked:
        say(f"farm {metadata.version(DISTRIBUTION)}")
        raise typer.Exit


def version(*, as_json: AsJson = False) -> None:
    """Show the versions of farm and of what it stands on.

    \b
    Examples:
      farm version
      farm version --json
    """
    facts = {
        "farm": metadata.version(DISTRIBUTION),
        "python": platform.python_version(),
        "playwright": metadata.version("playwright"),
        "system": platform.platform(terse=True),
    }
    if as_json:
        say_json(facts)
        return
    for name, text in facts.items():
        say(f"{name:11} {text}")
