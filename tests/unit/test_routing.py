"""When a fallback steps in: by how the regular sessions stand, told once, taken back."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from farm.model.causes import Cause
from farm.model.events import AttemptEnded, CountsChanged, Notice, RunEvent, SessionChanged
from farm.model.jobs import JobState
from farm.model.outcomes import Outcome
from farm.model.sessions import Session, SessionState
from farm.routing import Occasion, Routing
from farm.testing.clock import FakeClock

NOON = 1_000_000.0
BUSY = (SessionState.BUSY, None)
QUOTA = (SessionState.RESTING, Cause.LIMITED_QUOTA)
HOURS = (SessionState.RESTING, Cause.LIMITED_HOURS)
SIGNED_OUT = (SessionState.NEEDS_PERSON, Cause.SIGNED_OUT)
GONE = (SessionState.STOPPED, None)


@dataclass
class Scene:
    """A routing of two sessions that hears what is said of them."""

    occasions: frozenset[Occasion] = frozenset({Occasion.EXHAUSTED, Occasion.BLOCKED})
    deadline: float | None = None
    clock: FakeClock = field(default_factory=lambda: FakeClock(time=NOON))
    told: list[RunEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.routing = Routing(
            regulars=("alice", "bob"),
            occasions=self.occasions,
            after_seconds=300,
            clock=self.clock,
            tell=self.told.append,
            deadline=self.deadline,
        )
        self.hear = self.routing.watching(lambda _: None)

    def say(
        self, name: str, how: tuple[SessionState, Cause | None], since: float = 0, until: float = 0
    ) -> None:
        state, cause = how
        session = Session(
            name=name,
            state=state,
            cause=cause,
            since=self.clock.now() - since,
            next_ready_at=self.clock.now() + until,
        )
        self.hear(SessionChanged(session=session))


def test_it_waits_while_a_session_works() -> None:
    scene = Scene()
    scene.say("alice", QUOTA, until=3600)
    scene.say("bob", BUSY)

    assert scene.routing.names("gemini") == ("gemini",)


def test_it_waits_for_sessions_of_which_nothing_is_known_yet() -> None:
    scene = Scene()
    scene.say("alice", QUOTA, until=3600)

    assert not scene.routing.is_open()


def test_it_steps_in_when_all_rest_for_long_and_leaves_when_one_is_back() -> None:
    scene = Scene()
    for name in ("alice", "bob"):
        scene.say(name, QUOTA, until=3600)

    opened = [scene.routing.names("gemini") for _ in range(2)]
    scene.say("bob", BUSY)
    closed = scene.routing.names("gemini")

    assert opened == [("gemini", "any")] * 2
    assert closed == ("gemini",)
    assert [event.text for event in scene.told if isinstance(event, Notice)] == [
        "The fallback takes jobs: every session rests for a limit.",
        "The fallback takes no more jobs.",
    ]


def test_a_short_rest_is_waited_for_until_it_has_lasted_too_long() -> None:
    scene = Scene()
    for name in ("alice", "bob"):
        scene.say(name, QUOTA, until=60)
    at_once = scene.routing.is_open()
    for name in ("alice", "bob"):
        scene.say(name, QUOTA, since=301, until=60)

    assert not at_once
    assert scene.routing.is_open()


@pytest.mark.parametrize(
    ("occasions", "how", "opens"),
    [
        ({Occasion.EXHAUSTED}, QUOTA, True),
        ({Occasion.EXHAUSTED}, HOURS, False),
        ({Occasion.EXHAUSTED}, SIGNED_OUT, False),
        ({Occasion.EXHAUSTED}, GONE, False),
        ({Occasion.BLOCKED}, HOURS, True),
        ({Occasion.BLOCKED}, SIGNED_OUT, True),
        ({Occasion.BLOCKED}, GONE, True),
        ({Occasion.REFUSED}, SIGNED_OUT, False),
    ],
)
def test_each_occasion_has_its_own_reasons(
    occasions: set[Occasion], how: tuple[SessionState, Cause | None], opens: bool
) -> None:
    scene = Scene(occasions=frozenset(occasions))

    for name in ("alice", "bob"):
        scene.say(name, how, since=400, until=3600)

    assert scene.routing.is_open() is opens


def test_a_person_has_time_to_mend_a_session() -> None:
    scene = Scene()

    for name in ("alice", "bob"):
        scene.say(name, SIGNED_OUT, since=100)

    assert not scene.routing.is_open()
    assert scene.routing.may_open(at_work=())


def test_nobody_stays_for_what_cannot_come() -> None:
    scene = Scene(occasions=frozenset({Occasion.REFUSED}))
    for name in ("alice", "bob"):
        scene.say(name, QUOTA, until=9000)

    assert scene.routing.may_open(at_work=("alice",))
    assert not scene.routing.may_open(at_work=())


def test_it_helps_when_the_queue_would_not_be_done_in_time() -> None:
    scene = Scene(occasions=frozenset({Occasion.DEADLINE}), deadline=NOON + 1000)
    made = object.__new__(AttemptEnded)
    object.__setattr__(made, "session", "alice")
    object.__setattr__(made, "outcome", Outcome(cause=Cause.MADE, message=""))
    scene.clock.time += 200
    for _ in range(4):
        scene.hear(made)

    scene.hear(CountsChanged(counts={JobState.PENDING: 16}))
    in_time = scene.routing.is_open()
    scene.hear(CountsChanged(counts={JobState.PENDING: 17}))

    assert not in_time
    assert scene.routing.is_open()


@pytest.mark.parametrize(("seconds", "opens"), [(10, False), (301, True)])
def test_a_session_that_begins_again_and_again_is_unable_to(seconds: float, opens: bool) -> None:
    scene = Scene()

    for name in ("alice", "bob"):
        scene.say(name, (SessionState.STARTING, None), since=seconds)

    assert scene.routing.is_open() is opens
