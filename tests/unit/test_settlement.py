"""How an attempt's result reaches the store: the session's wait first, then the job's end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from farm.attempt import Result
from farm.errors import LostLease
from farm.model.causes import Cause
from farm.model.images import Image
from farm.model.jobs import Claim, Job, JobState, Phase
from farm.model.lanes import ANY_LANE, session_lane
from farm.model.limits import learned_window
from farm.model.outcomes import Outcome
from farm.model.prompts import Prompt, SourceRow
from farm.model.sessions import Session, SessionState
from farm.presence import Presence
from farm.settlement import Pace, Settlement
from farm.store.engine import open_store
from farm.store.facade import Store
from farm.store.schema import DatabaseClock
from farm.testing.clock import FakeClock
from farm.wording import Wording

LANES = (session_lane("alice"), ANY_LANE)
IMAGE = Image(
    path="a.png", sha256="ab", size_bytes=1, width_px=1408, height_px=768,
    media_type="image/png", source="s0",
)  # fmt: skip


@dataclass
class Limit:
    """What a settlement said to the whole run."""

    returned: int = 0
    rest_until: float = 0.0
    elsewhere: bool = False

    def put_back(self) -> None:
        self.returned += 1

    def suspects_address(self, _session: str, _now: float) -> bool:
        return self.elsewhere

    def rest_all(self, until: float) -> None:
        self.rest_until = until


@dataclass
class Bench:
    """One job in hand and whatever settles it."""

    store: Store
    database: DatabaseClock
    clock: FakeClock
    limit: Limit
    settlement: Settlement

    async def claim(self, phase: Phase = Phase.CLAIMED) -> Claim:
        await self.store.maintain()
        claim = await self.store.claim("worker", "alice", LANES)
        assert claim is not None
        return claim if phase is Phase.CLAIMED else await self.store.step(claim, phase, {})

    async def end(self, cause: Cause, claim: Claim | None = None, **more: Any) -> Job:
        """Settle the job by a cause, and the job afterwards."""
        about = {key: more.pop(key) for key in ("said", "address") if key in more}
        outcome = Outcome(cause=cause, message="why", **about)
        claim = claim or await self.claim()
        await self.settlement.settle(claim, Result(outcome=outcome, **more))
        job = await self.store.job(claim.job.id)
        assert job is not None
        return job

    async def session(self) -> Session:
        return await self.store.session("alice")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    database, clock, limit = DatabaseClock(), FakeClock(), Limit()
    async with open_store(tmp_path / "farm.db", clock=database) as store:
        prompt = Prompt(id="1", filename="a.png", description="d")
        await store.add("prompts", [SourceRow(prompt=prompt, row=1)], "prompts.csv")
        settlement = Settlement(
            store=store,
            presence=Presence(name="alice", book=store, clock=clock, tell=lambda _event: None),
            limit=limit,
            refusals=Wording(book=store),
            clock=clock,
            pace=Pace(seconds=90, jitter=0.2),
            roll=lambda low, _high: low,
        )
        yield Bench(store, database, clock, limit, settlement)


async def test_an_image_ends_the_job_and_starts_the_pace(bench: Bench) -> None:
    job = await bench.end(Cause.MADE, images=(IMAGE,))

    session = await bench.session()
    assert (job.state, job.image_path) == (JobState.COMPLETED, "a.png")
    assert (session.state, session.made) == (SessionState.PACING, 1)
    assert session.next_ready_at == pytest.approx(bench.clock.time + 72)


@pytest.mark.parametrize(
    ("cause", "state", "attempts", "session_state"),
    [
        (Cause.STOPPED, JobState.DELAYED, 1, SessionState.PACING),
        (Cause.NOT_ACCEPTED, JobState.DELAYED, 0, SessionState.PACING),
        (Cause.REFUSED_PERSON, JobState.FAILED, 1, SessionState.PACING),
        (Cause.AMBIGUOUS, JobState.REVIEW, 1, SessionState.PACING),
        (Cause.LIMITED_QUOTA, JobState.PENDING, 0, SessionState.PACING),  # the day's first: a probe
        (Cause.LIMITED_THROTTLE, JobState.PENDING, 0, SessionState.RESTING),
        (Cause.LIMITED_IP, JobState.PENDING, 0, SessionState.RESTING),
        (Cause.SIGNED_OUT, JobState.PENDING, 0, SessionState.NEEDS_PERSON),
        (Cause.DRIFT, JobState.PENDING, 0, SessionState.STOPPED),
    ],
)
async def test_a_cause_moves_job_and_session(
    bench: Bench, cause: Cause, state: JobState, attempts: int, session_state: SessionState
) -> None:
    job = await bench.end(cause)

    assert (job.state, job.attempts, job.cause) == (state, attempts, cause)
    assert (await bench.session()).state is session_state


async def test_only_an_ended_try_uses_up_the_runs_limit(bench: Bench) -> None:
    await bench.end(Cause.LIMITED_QUOTA)
    await bench.end(Cause.STOPPED)

    assert bench.limit.returned == 1


async def test_the_first_limit_of_a_day_is_verified_by_one_more_prompt(bench: Bench) -> None:
    await bench.end(Cause.LIMITED_QUOTA)
    probing = await bench.session()

    await bench.end(Cause.LIMITED_QUOTA)

    resting = await bench.session()
    assert (probing.state, probing.doubts) == (SessionState.PACING, 1)
    assert (resting.state, resting.doubts) == (SessionState.RESTING, 0)
    (noted,) = await bench.store.limits("alice")
    assert (noted.cause, noted.until) == (Cause.LIMITED_QUOTA, resting.next_ready_at)


async def test_an_image_after_a_limit_teaches_how_long_it_lasted(bench: Bench) -> None:
    began = bench.clock.time
    for _ in range(2):
        await bench.end(Cause.LIMITED_QUOTA)
    bench.clock.time += 3 * 3600

    await bench.end(Cause.MADE, images=(IMAGE,))

    history = await bench.store.limits("alice")
    assert learned_window(history, "") == pytest.approx(bench.clock.time - began)


async def test_one_session_at_a_blocked_address_rests_alone(bench: Bench) -> None:
    await bench.end(Cause.LIMITED_IP, address=True)

    assert bench.limit.rest_until == 0
    assert (await bench.session()).state is SessionState.RESTING


@pytest.mark.parametrize("cause", [Cause.LIMITED_IP, Cause.CHALLENGE])
async def test_two_sessions_at_a_blocked_address_send_all_to_rest(
    bench: Bench, cause: Cause
) -> None:
    bench.limit.elsewhere = True

    await bench.end(cause, address=True)

    session = await bench.session()
    assert (session.state, session.cause) == (SessionState.RESTING, Cause.LIMITED_IP)

    assert bench.limit.rest_until == (await bench.session()).next_ready_at > bench.clock.time


async def test_an_open_attempt_is_parked_for_its_own_session(bench: Bench) -> None:
    claim = await bench.claim(Phase.SENT)

    job = await bench.end(Cause.CHALLENGE, claim, open=True)

    assert (job.state, job.lane) == (JobState.PENDING, session_lane("alice"))
    again = await bench.claim()
    assert (again.attempt.id, again.attempt.phase) == (claim.attempt.id, Phase.SENT)


async def test_the_words_of_page_or_api_stand_behind_the_message(bench: Bench) -> None:
    job = await bench.end(Cause.REFUSED_POLICY, said="I can't help with that.")

    assert job.message == "why The answer said: I can't help with that."
    assert bench.settlement.presence.last_result == "refused.policy: why"


async def test_words_that_the_message_repeats_already_stand_there_once(bench: Bench) -> None:
    job = await bench.end(Cause.REFUSED_POLICY, said="why")

    assert job.message == "why"


async def test_a_text_without_image_is_tried_once_more_and_then_ended(bench: Bench) -> None:
    first = await bench.end(Cause.TEXT_ONLY)
    bench.database.ahead_seconds += 3600

    second = await bench.end(Cause.TEXT_ONLY)

    assert (first.state, second.state) == (JobState.DELAYED, JobState.FAILED)


async def test_a_lost_job_is_not_settled_but_its_session_still_waits(bench: Bench) -> None:
    claim = await bench.claim()
    bench.database.ahead_seconds += 3600
    await bench.store.maintain()

    with pytest.raises(LostLease):
        await bench.end(Cause.LIMITED_THROTTLE, claim)

    assert (await bench.session()).state is SessionState.RESTING


async def test_what_stands_in_the_way_of_opening_moves_the_session_alone(bench: Bench) -> None:
    await bench.settlement.obey(Outcome(cause=Cause.REGION, message="Not here."))

    session = await bench.session()
    assert (session.state, session.message) == (SessionState.NEEDS_PERSON, "Not here.")
    assert (await bench.claim()).job.attempts == 0


async def test_the_third_error_in_a_row_rests_the_session(bench: Bench) -> None:
    waits = []
    for _ in range(3):
        await bench.end(Cause.TRANSIENT, await bench.claim(Phase.SENT))
        waits.append((await bench.session()).state)
        bench.database.ahead_seconds += 3600

    assert waits == [SessionState.PACING, SessionState.PACING, SessionState.RESTING]


async def test_an_error_before_anything_was_sent_says_nothing_about_the_site(bench: Bench) -> None:
    for _ in range(3):
        job = await bench.end(Cause.TRANSIENT)
        bench.database.ahead_seconds += 3600

    session = await bench.session()
    assert (session.state, session.transients) == (SessionState.PACING, 0)
    assert (job.state, job.attempts) == (JobState.FAILED, 3)


async def test_a_small_model_after_a_doubted_limit_confirms_the_limit(bench: Bench) -> None:
    await bench.end(Cause.LIMITED_QUOTA)

    await bench.end(Cause.WRONG_MODE)

    session = await bench.session()
    assert (session.state, session.cause) == (SessionState.RESTING, Cause.LIMITED_QUOTA)


async def test_a_small_model_without_a_limit_before_it_needs_a_person(bench: Bench) -> None:
    await bench.end(Cause.WRONG_MODE)

    assert (await bench.session()).state is SessionState.NEEDS_PERSON


async def test_a_small_model_after_a_rest_means_that_the_limit_still_holds(bench: Bench) -> None:
    for _ in range(2):
        await bench.end(Cause.LIMITED_QUOTA)
    bench.clock.time += 3 * 3600

    await bench.end(Cause.WRONG_MODE)

    session = await bench.session()
    assert (session.state, session.cause) == (SessionState.RESTING, Cause.LIMITED_QUOTA)
