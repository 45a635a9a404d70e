"""Which events of a run are worth a message to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from farm.model.causes import NEEDS_PERSON, Cause
from farm.model.events import (
    AttemptEnded,
    BudgetReached,
    CountsChanged,
    IncidentSeen,
    JobChanged,
    Notice,
    RunEnded,
    RunEvent,
    RunReport,
    RunStarted,
    SessionChanged,
)
from farm.model.incidents import Incident
from farm.model.jobs import Job, JobState
from farm.model.outcomes import Outcome
from farm.model.prompts import Prompt
from farm.model.sessions import Session, SessionState
from farm.notify.base import Message
from farm.notify.occasions import Occasions, Well, failed

NOW = 1_000_000.0
JOB = Job(
    id=1, queue="q", prompt=Prompt(id="1", filename="a.png", description="a"), version=1,
    state=JobState.PENDING, lane="any", priority=0, not_before=None, attempts=0, max_attempts=3,
    crashes=0, cause=None, message="", image_path="", session="", updated_at=0, completed_at=None,
    source="", row=1,
)  # fmt: skip
REPORT = RunReport(
    counts={JobState.COMPLETED: 3, JobState.FAILED: 1, JobState.PENDING: 0},
    made=3,
    failed=1,
    review=0,
    left=0,
    stopped_because="The queue is done; 1 job failed or needs a look.",
    exit_code=1,
    seconds=60,
)


def session(name: str, state: SessionState, cause: Cause | None = None, **more: object) -> RunEvent:
    facts = Session(name=name, state=state, cause=cause, message="What the page said.")
    return SessionChanged(session=replace(facts, **more))  # type: ignore[arg-type]  # a table


def started(*names: str, pending: int = 1) -> RunEvent:
    return RunStarted(sessions=names, counts={JobState.PENDING: pending})


def ended(name: str, cause: Cause) -> RunEvent:
    return AttemptEnded(
        job=JOB, session=name, number=1, outcome=Outcome(cause=cause, message=""), images=(),
        text="", seconds=1,
    )  # fmt: skip


def counts(pending: int) -> RunEvent:
    return CountsChanged(counts={JobState.PENDING: pending, JobState.COMPLETED: 5})


def told(*events: RunEvent, watch: bool = False) -> list[Message]:
    return [o for o in heard(events, watch=watch) if isinstance(o, Message)]


def heard(events: Sequence[RunEvent], *, watch: bool = False) -> list[Message | Well]:
    occasions = Occasions(watch=watch)
    return [occasion for event in events for occasion in occasions.of(event, NOW)]


@pytest.mark.parametrize("cause", sorted(NEEDS_PERSON))
def test_a_session_that_needs_a_person_says_who_why_and_what_to_do(cause: Cause) -> None:
    (message,) = told(started("alice", "bob"), session("alice", SessionState.NEEDS_PERSON, cause))

    assert (message.occasion, message.session, message.cause) == ("person", "alice", cause)
    assert message.title == f"farm: alice needs you ({cause})"
    page, advice = message.text.split("\n")
    assert page == "What the page said."
    assert advice.endswith((".", "farm login alice"))
    assert message.urgent


def test_a_session_that_gave_up_on_its_browser_needs_a_person_too() -> None:
    (message,) = told(started("alice"), session("alice", SessionState.STOPPED, Cause.BROWSER_GONE))

    assert message.occasion == "person"


def test_drift_names_the_part_of_the_page() -> None:
    words = "The page has no image tool that farm knows."

    (message,) = told(
        started("alice"), session("alice", SessionState.STOPPED, Cause.DRIFT, message=words)
    )

    assert message.occasion == "drift"
    assert message.text.startswith(words)
    assert "docs/selectors.md" in message.text


def test_a_session_that_stays_as_it_is_says_nothing_new() -> None:
    red = session("alice", SessionState.NEEDS_PERSON, Cause.CHALLENGE)

    assert len(told(started("alice"), red, red)) == 1


def test_a_session_that_ends_with_its_run_says_nothing() -> None:
    assert told(started("alice"), session("alice", SessionState.STOPPED)) == []


def test_all_sessions_resting_are_told_with_the_soonest_end() -> None:
    events = [
        started("alice", "bob", "carol"),
        resting("alice", 7200),
        session("carol", SessionState.NEEDS_PERSON, Cause.SIGNED_OUT),
        resting("bob", 3600),
    ]

    (message,) = [m for m in told(*events) if m.occasion == "resting"]

    alice, bob, carol, _ = message.text.split("\n")
    assert alice.startswith("alice: limited.quota, until ")
    assert message.title.endswith(bob.removeprefix("bob: limited.quota, until "))
    assert carol == "carol: signed_out"


def resting(name: str, seconds: float) -> RunEvent:
    cause = Cause.LIMITED_QUOTA
    return session(name, SessionState.RESTING, cause, next_ready_at=NOW + seconds)


@pytest.mark.parametrize(
    "others",
    [
        [session("bob", SessionState.BUSY)],
        [session("bob", SessionState.PACING)],
        [],  # bob is only starting
    ],
)
def test_no_rest_is_told_while_somebody_works(others: list[RunEvent]) -> None:
    assert told(started("alice", "bob"), *others, resting("alice", 7200)) == []


def test_a_rest_that_is_over_before_anybody_has_read_of_it_is_not_told() -> None:
    assert told(started("alice"), resting("alice", 300)) == []


def test_a_rest_by_the_users_own_rules_is_no_news() -> None:
    asleep = session("alice", SessionState.RESTING, Cause.LIMITED_HOURS, next_ready_at=NOW + 30_000)

    assert told(started("alice"), asleep) == []


def seen(name: str, cause: Cause, *, first: bool = True) -> RunEvent:
    incident = Incident(
        id=1, key=cause, cause=cause, role="", session=name, job_id=None, message="",
        folder="", first_at=NOW, last_at=NOW, count=1,
    )  # fmt: skip
    return IncidentSeen(incident=incident, first=first, screenshot=Path(f"{name}.png"))


def test_the_screenshot_of_an_incident_goes_along() -> None:
    red = session("alice", SessionState.NEEDS_PERSON, Cause.CHALLENGE)

    (message,) = told(started("alice"), seen("alice", Cause.CHALLENGE), red)

    assert message.screenshot == Path("alice.png")
    assert "first time" not in message.text


def test_a_screenshot_of_an_earlier_time_says_so() -> None:
    red = session("alice", SessionState.NEEDS_PERSON, Cause.CHALLENGE)

    (message,) = told(started("alice"), seen("alice", Cause.CHALLENGE, first=False), red)

    assert message.screenshot == Path("alice.png")
    assert message.text.endswith(", the first time.")


def test_nobody_gets_the_screenshot_of_another_session_or_cause() -> None:
    red = session("alice", SessionState.NEEDS_PERSON, Cause.CHALLENGE)
    evidence = [seen("bob", Cause.CHALLENGE), seen("alice", Cause.SIGNED_OUT)]

    (message,) = told(started("alice"), *evidence, red)

    assert message.screenshot is None


def test_an_empty_queue_is_told_once_and_only_to_a_watch() -> None:
    events = [started("alice"), counts(2), counts(0), counts(0)]

    assert [m.occasion for m in told(*events, watch=True)] == ["empty"]
    assert told(*events) == []
    assert told(started("alice", pending=0), counts(0), watch=True) == []


def test_a_budget_says_how_much_of_it_is_spent() -> None:
    (message,) = told(BudgetReached(name="openai", spent="4.96 USD", allowed="5 USD"))

    assert message.title == "farm: the budget of openai is used up"
    assert message.text == "4.96 USD of 5 USD are spent."


def test_a_finished_run_gives_its_counts() -> None:
    (message,) = told(RunEnded(report=REPORT))

    assert message.title == "farm: 3 made, 1 failed, 0 to review, 0 left"
    assert "3 completed, 1 failed." in message.text
    assert (message.key, message.urgent) == ("", False)


def test_runs_that_change_nothing_share_a_key() -> None:
    nothing = replace(REPORT, made=0, failed=0, left=4, exit_code=3)

    first, second = told(RunEnded(report=nothing), RunEnded(report=nothing))

    assert first.key == second.key != ""
    assert first.urgent


@pytest.mark.parametrize(
    ("cause", "well"),
    [
        (Cause.MADE, True),
        (Cause.REFUSED_POLICY, True),
        (Cause.TEXT_ONLY, True),
        (Cause.SIGNED_OUT, False),
        (Cause.LIMITED_QUOTA, False),
        (Cause.BROWSER_GONE, False),
        (Cause.CRASHED, False),
    ],
)
def test_an_attempt_shows_whether_its_session_is_well(cause: Cause, well: bool) -> None:
    marks = [Well(prefix="alice/"), Well(prefix="/resting")] if well else []

    assert heard([ended("alice", cause)]) == marks


@pytest.mark.parametrize(
    ("state", "cause"),
    [(SessionState.NEEDS_PERSON, Cause.CHALLENGE), (SessionState.STOPPED, Cause.DRIFT)],
)
def test_a_session_that_turns_green_is_well_again(state: SessionState, cause: Cause) -> None:
    red = session("alice", state, cause)

    occasions = heard([started("alice"), red, session("alice", SessionState.READY)])

    assert occasions[-1] == Well(prefix="alice/")


def test_a_session_that_is_only_started_again_is_not_yet_well() -> None:
    red = session("alice", SessionState.NEEDS_PERSON, Cause.CHALLENGE)
    again = [session("alice", SessionState.STARTING), session("alice", SessionState.READY)]

    assert Well(prefix="alice/") not in heard([started("alice"), red, *again])


def test_work_that_comes_back_ends_the_emptiness() -> None:
    occasions = heard([started("alice"), counts(0), counts(1), counts(0)], watch=True)

    assert [type(o) for o in occasions] == [Well, Message, Well, Message]


def test_jobs_and_notices_are_no_occasion() -> None:
    assert heard([JobChanged(job=JOB), Notice(level="error", text="x")]) == []


def test_no_message_repeats_an_address_of_the_page() -> None:
    words = "Signed in as alice@example.com. Cookie: SID=g.a000abcdefghijklm"
    red = session("alice", SessionState.NEEDS_PERSON, Cause.CHALLENGE, message=words)

    (message,) = told(started("alice"), red)

    assert "alice@" not in message.text
    assert "g.a000" not in failed(RuntimeError(words)).text + message.text
