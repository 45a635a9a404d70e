"""A session's standing is stored before it is told, and survives restarts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from farm.model.causes import Cause
from farm.model.events import RunEvent, SessionChanged
from farm.model.outcomes import Outcome
from farm.model.sessions import Session, SessionState
from farm.presence import Presence
from farm.testing.clock import FakeClock


@dataclass
class Book:
    """Sessions in memory; every write and every word to the display in one list."""

    kept: dict[str, Session] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    async def session(self, name: str) -> Session:
        return self.kept.get(name, Session(name=name))

    async def save_session(self, session: Session) -> None:
        self.kept[session.name] = session
        self.order.append(f"stored {session.state}")

    def tell(self, event: RunEvent) -> None:
        assert isinstance(event, SessionChanged)
        self.order.append(f"told {event.session.state}")


@pytest.fixture
def book() -> Book:
    return Book()


def presence(book: Book, clock: FakeClock) -> Presence:
    return Presence(name="alice", book=book, clock=clock, tell=book.tell)


async def test_a_change_is_stored_before_it_is_told(book: Book) -> None:
    await presence(book, FakeClock()).become(SessionState.READY)

    assert book.order == ["stored ready", "told ready"]


async def test_a_wait_of_an_earlier_run_is_taken_up(book: Book) -> None:
    clock = FakeClock()
    await presence(book, clock).pace(90)
    clock.time += 30

    later = presence(book, clock)
    await later.start()

    assert later.seconds_to_wait() == 60
    assert later.session.state is SessionState.STARTING


async def test_a_rest_is_still_a_rest_after_a_restart(book: Book) -> None:
    clock = FakeClock()
    why = Outcome(cause=Cause.LIMITED_QUOTA, message="The limit is reached.")
    await presence(book, clock).rest(clock.time + 7200, why)

    later = presence(book, clock)
    await later.start()

    assert (later.session.state, later.session.cause) == (SessionState.RESTING, why.cause)
    assert later.seconds_to_wait() == 7200


async def test_what_made_a_session_red_must_be_proven_again(book: Book) -> None:
    why = Outcome(cause=Cause.SIGNED_OUT, message="Nobody is signed in.")
    await presence(book, FakeClock()).turn_red(SessionState.NEEDS_PERSON, why)

    later = presence(book, FakeClock())
    await later.start()

    assert later.session == replace(Session(name="alice"), state=SessionState.STARTING, since=1e6)


async def test_since_tells_when_the_state_began_and_not_when_it_was_stored_last(
    book: Book,
) -> None:
    clock = FakeClock()
    session = presence(book, clock)
    await session.become(SessionState.BUSY, job_id=1)
    clock.time += 10

    await session.become(SessionState.BUSY, job_id=2)

    assert (session.session.since, session.session.job_id) == (1_000_000, 2)


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (SessionState.READY, SessionState.STOPPED),
        (SessionState.BUSY, SessionState.STOPPED),
        (SessionState.STARTING, SessionState.STOPPED),
        (SessionState.PACING, SessionState.STOPPED),
        (SessionState.RESTING, SessionState.RESTING),
        (SessionState.NEEDS_PERSON, SessionState.NEEDS_PERSON),
        (SessionState.STOPPED, SessionState.STOPPED),
    ],
)
async def test_leaving_keeps_waits_and_reasons(
    book: Book, state: SessionState, after: SessionState
) -> None:
    session = presence(book, FakeClock())
    await session.become(state, cause=Cause.LIMITED_QUOTA, next_ready_at=5.0)

    await session.leave()

    left = book.kept["alice"]
    assert (left.state, left.cause, left.next_ready_at) == (after, Cause.LIMITED_QUOTA, 5.0)


@pytest.mark.parametrize(
    ("causes", "throttles", "transients", "made"),
    [
        ([Cause.LIMITED_THROTTLE, Cause.LIMITED_THROTTLE], 2, 0, 0),
        ([Cause.LIMITED_THROTTLE, Cause.TRANSIENT], 1, 1, 0),
        ([Cause.TRANSIENT, Cause.TRANSIENT, Cause.LIMITED_THROTTLE], 1, 0, 0),
        ([Cause.LIMITED_THROTTLE, Cause.TRANSIENT, Cause.MADE], 0, 0, 1),
        ([Cause.TRANSIENT, Cause.STOPPED], 0, 0, 0),
        ([Cause.MADE, Cause.MADE], 0, 0, 2),
    ],
)
def test_runs_of_throttles_and_transients_end_with_anything_else(
    book: Book, causes: list[Cause], throttles: int, transients: int, made: int
) -> None:
    session = presence(book, FakeClock())

    for cause in causes:
        session.count(cause)

    kept = session.session
    assert (kept.throttles, kept.transients, kept.made) == (throttles, transients, made)
