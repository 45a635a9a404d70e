"""`farm status` and `farm version`."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

from farm.cli.jobs import with_farm
from farm.cli.options import AsJson
from farm.cli.render import counts_text, say, say_json, say_table
from farm.cli.view import RunView, clock_text
from farm.clock import SystemClock
from farm.model.events import SessionChanged
from farm.model.sessions import Session

if TYPE_CHECKING:
    from farm.wiring import Farm

DISTRIBUTION = "gemini-farm"


def status(*, as_json: AsJson = False) -> None:
    """Show the queue and what every session waits for.

    \b
    Examples:
      farm status
      farm status --json
    """

    async def work(farm: Farm) -> dict[str, Any]:
        return {
            "counts": await farm.store.counts(),
            "queues": await farm.store.queues(),
            "paused": await farm.store.paused(),
            "sessions": await farm.store.sessions(),
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
        say_table(head, [_session_row(session) for session in facts["sessions"]])


def _session_row(session: Session) -> tuple[str, ...]:
    now = SystemClock().now()
    row = RunView(started_at=now).after(SessionChanged(session=session)).rows(now)[0]
    since = f"{clock_text(now - session.since)} ago" if session.since else ""
    return (row.name, row.state_text, since, row.next_ready, str(session.made), session.message)


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
