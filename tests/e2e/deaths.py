"""Points in an attempt's life at which a run is hurt, and what must be true when all is over."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from contextlib import aclosing, closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import psutil
from house import RUN_SECONDS, House, Running

from farm.browser.profiles import browsers_on

LOOK_SECONDS = 0.005


class Point(StrEnum):
    """A moment of an attempt: the phases, and the one that farm itself cannot see."""

    CLAIMED = "claimed"
    TYPING = "typing"
    SENDING = "sending"  # the intent is committed, the click comes next
    ACCEPTED = "accepted"  # the site has the prompt, and farm does not know it yet
    SENT = "sent"
    READY = "ready"
    SAVED = "saved"


ROWS = len(Point) + 1  # one to be hurt at each point, and one in peace
# Where a prompt could go twice, or its image be lost.
TURNS = (Point.SENDING, Point.ACCEPTED, Point.READY, Point.SAVED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A session's attempt at a row has reached a point."""

    session: str
    row: str
    point: Point | None  # None: the session said something else


async def moments(
    house: House, running: Running, seconds: float = RUN_SECONDS
) -> AsyncGenerator[Moment, None]:
    """What a run and its site tell, as it happens, until the run has ended."""
    told: asyncio.Queue[Moment | None] = asyncio.Queue()
    rows: dict[str, str] = {}  # what each session works on

    async def listen() -> None:
        assert running.process.stdout is not None
        while line := await running.process.stdout.readline():
            running.lines.append(line.decode())
            said = json.loads(line) if line.startswith(b"{") else {}
            if moment := _said(said):
                rows[moment.session] = moment.row
                told.put_nowait(moment)
        told.put_nowait(None)

    async def look() -> None:
        seen = len(house.stand_in.log)
        while True:
            for entry in house.stand_in.log[seen:]:
                row = rows.get(entry.account, "")
                told.put_nowait(Moment(session=entry.account, row=row, point=Point.ACCEPTED))
            seen = len(house.stand_in.log)
            await asyncio.sleep(LOOK_SECONDS)  # the site has no other way to tell

    tasks = [asyncio.create_task(listen()), asyncio.create_task(look())]
    try:
        async with asyncio.timeout(seconds):
            while moment := await told.get():
                yield moment
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _said(said: dict[str, Any]) -> Moment | None:
    if said.get("event") != "session_changed":
        return None
    point = Point(said["phase"]) if said["phase"] else None
    row = said["job_label"].rpartition("/")[2]
    return Moment(session=said["session"]["name"], row=row, point=point)


@dataclass(kw_only=True)
class Plan:
    """Every point once, each on a row of its own, no session twice without a finished row."""

    left: list[Point] = field(default_factory=lambda: list(Point))
    struck_rows: set[str] = field(default_factory=set)
    hurt: dict[str, str] = field(default_factory=dict)  # sessions that have not made a row since

    def strikes(self, moment: Moment) -> bool:
        """Whether this is a moment to strike; if so it is ticked off."""
        if moment.point is Point.SAVED:
            self.hurt.pop(moment.session, None)
        fresh = moment.row not in self.struck_rows and moment.session not in self.hurt
        if moment.point not in self.left or not moment.row or not fresh:
            return False
        self.left.remove(moment.point)
        self.struck_rows.add(moment.row)
        self.hurt[moment.session] = moment.row
        return True


async def torment(
    house: House,
    running: Running,
    strike: Callable[[str], Coroutine[Any, Any, None]],
    points: Sequence[Point] = tuple(Point),
) -> None:
    """Let a run go on to its end, and hurt a session, by its name, once at each of these points."""
    plan = Plan(left=list(points))
    async with asyncio.TaskGroup() as strikes, aclosing(moments(house, running)) as told:
        async for moment in told:
            if plan.strikes(moment):
                strikes.create_task(strike(moment.session))
    assert plan.left == [], "the run was over before it could be hurt at these points"


def browser_of(house: House, session: str) -> psutil.Process:
    """The main process of a session's browser."""
    (browser,) = browsers_on(house.home / "profiles" / session)
    return browser


def renderers_of(house: House, session: str) -> list[psutil.Process]:
    """The processes that run the pages of a session's browser."""
    family = browser_of(house, session).children(recursive=True)
    return [process for process in family if "--type=renderer" in process.cmdline()]


@contextmanager
def opened(house: House, seconds: float = 30) -> Iterator[sqlite3.Connection]:
    """The job store's file, waiting so long for others who write."""
    with closing(sqlite3.connect(house.home / "farm.db", timeout=seconds)) as connection:
        yield connection


@contextmanager
def slow_settling(house: House) -> Iterator[None]:
    """Let the store take seconds over writing down that a job is done, as on a busy disk.

    So a death between `saved` and the end of the job can be timed.
    """
    with opened(house) as connection:
        connection.execute("CREATE TABLE e2e_numbers AS SELECT value FROM json_each(?)", (_MANY,))
        connection.execute(
            "CREATE TRIGGER e2e_slow BEFORE UPDATE OF state ON jobs WHEN NEW.state = 'completed' "
            "BEGIN SELECT count(*) FROM e2e_numbers a, e2e_numbers b, e2e_numbers c; END"
        )
        connection.commit()
        yield
        connection.execute("DROP TRIGGER e2e_slow")
        connection.execute("DROP TABLE e2e_numbers")
        connection.commit()


_MANY = json.dumps(list(range(500)))


def assert_each_row_was_made_once(house: House, rows: int) -> None:
    """Every row has its own original under its name, and the site got every prompt once."""
    saved = {name.rpartition("/")[2]: sha for name, sha in house.saved().items()}
    assert set(saved) == {f"picture-{n}.jpg" for n in range(1, rows + 1)}
    for n in range(1, rows + 1):
        sent = [entry for entry in house.submissions(n) if entry.accepted]
        assert len(sent) == 1, f"row {n} was sent {len(sent)} times"
        assert saved[f"picture-{n}.jpg"] in house.originals(n), f"row {n} has another's image"


def open_phases(house: House) -> dict[str, str]:
    """By row: the phase of its open attempt, as the store has it after a death."""
    with opened(house) as connection:
        rows = connection.execute(
            "SELECT prompt_id, phase FROM attempts JOIN jobs ON jobs.id = job_id "
            "WHERE attempts.cause IS NULL"
        )
        return dict(rows.fetchall())
