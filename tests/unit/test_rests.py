"""Rests: how their end is known, and how the user ends or begins one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.model.causes import Cause
from farm.model.limits import Limit
from farm.model.rests import Ground, ground_of, sent_to_rest, woken
from farm.model.sessions import Session, SessionState

NOW = 1_000_000.0
HOUR = 3600.0
RESTING = Session(
    name="alice",
    state=SessionState.RESTING,
    cause=Cause.LIMITED_QUOTA,
    next_ready_at=NOW + HOUR,
    message="Limit resets at 3 PM.",
    since=NOW - 60,
    throttles=2,
)
THROTTLED = replace(RESTING, cause=Cause.LIMITED_THROTTLE)
MET = Limit(
    session="alice", mode="", cause=Cause.LIMITED_QUOTA, at=NOW - 60, until=NOW + HOUR, images=40
)
EARLIER = replace(MET, at=NOW - 40 * HOUR, until=NOW - 37 * HOUR, lifted_at=NOW - 37 * HOUR)


@pytest.mark.parametrize(
    ("session", "history", "ground"),
    [
        (RESTING, [replace(MET, told=True)], Ground.TOLD),
        (RESTING, [EARLIER, MET], Ground.LEARNED),
        (RESTING, [MET], Ground.DEFAULT),
        (RESTING, [], Ground.DEFAULT),
        (RESTING, [replace(MET, told=True, until=NOW - HOUR)], Ground.DEFAULT),
        (RESTING, [replace(MET, told=True, cause=Cause.LIMITED_THROTTLE)], Ground.DEFAULT),
        (THROTTLED, [EARLIER, replace(MET, cause=Cause.LIMITED_THROTTLE)], Ground.DEFAULT),
        (replace(RESTING, cause=Cause.LIMITED_BY_HAND), [MET], Ground.BY_HAND),
        (replace(RESTING, cause=Cause.LIMITED_CAP), [MET], Ground.OWN_RULE),
        (replace(RESTING, cause=Cause.LIMITED_HOURS), [], Ground.OWN_RULE),
        (replace(RESTING, state=SessionState.PACING), [MET], None),
        (replace(RESTING, state=SessionState.STOPPED), [MET], None),
    ],
)
def test_a_rest_says_how_its_end_is_known(
    session: Session, history: list[Limit], ground: Ground | None
) -> None:
    assert ground_of(session, history) is ground


def test_a_session_sent_to_rest_waits_by_hand_until_then() -> None:
    resting = sent_to_rest(Session(name="alice", made=7), NOW + HOUR, NOW)

    assert (resting.state, resting.cause) == (SessionState.RESTING, Cause.LIMITED_BY_HAND)
    assert (resting.next_ready_at, resting.since, resting.made) == (NOW + HOUR, NOW, 7)


def test_a_woken_session_waits_for_nothing_and_keeps_its_past() -> None:
    awake = woken(RESTING, NOW)

    assert (awake.state, awake.cause, awake.message) == (SessionState.STOPPED, None, "")
    assert (awake.next_ready_at, awake.throttles) == (0.0, 2)


def test_waking_ends_a_pace_that_a_run_left_behind() -> None:
    stopped = Session(name="alice", state=SessionState.STOPPED, next_ready_at=NOW + 90)

    assert woken(stopped, NOW).next_ready_at == 0.0


def test_waking_mends_nothing_that_needs_a_person() -> None:
    red = replace(RESTING, state=SessionState.NEEDS_PERSON, cause=Cause.SIGNED_OUT)

    assert woken(red, NOW) == red
