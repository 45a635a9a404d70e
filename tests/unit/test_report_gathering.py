"""What a report tells, as records: totals, failures, accounts, costs, and nothing private."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reporting import BEGAN, job, tried

from farm.model.causes import Cause
from farm.model.chronicle import Chronicle, Original, Tried
from farm.model.deliveries import Delivery, DeliveryState
from farm.model.images import Image, Maker
from farm.model.incidents import Incident
from farm.model.jobs import JobState
from farm.model.limits import Limit
from farm.model.money import Spending
from farm.model.prompts import Prompt
from farm.model.sessions import Session, SessionState
from farm.report.gather import gather
from farm.report.records import Row
from farm.report.uses import nearest_rank
from farm.report.words import ADVICE, CAUSE_WORDS, SECTIONS


def image(name: str = "a.png", **facts: object) -> Original:
    values: dict[str, object] = {
        "path": f"2026-11-21/{name}",
        "sha256": "ab",
        "size_bytes": 90_000,
        "width_px": 1408,
        "height_px": 768,
        "media_type": "image/png",
        "source": "s0",
    }
    return Original(image=Image(**(values | facts)), made_at=BEGAN)  # type: ignore[arg-type]


def incident(number: int, at: float, folder: str = "", count: int = 1) -> Incident:
    return Incident(
        id=number,
        key=f"timeout:{number}",
        cause=Cause.TIMEOUT,
        role="",
        session="alice",
        job_id=1,
        message="nothing came",
        folder=folder,
        first_at=at,
        last_at=at,
        count=count,
    )


def row(told: Chronicle) -> Row:
    (only,) = gather(told).rows
    return only


def test_totals_count_states_and_reckon_what_is_left_at_the_pace_so_far() -> None:
    told = Chronicle(
        now=BEGAN + 7200,
        jobs=(
            job(1, state=JobState.COMPLETED),
            job(2, state=JobState.FAILED, cause=Cause.TIMEOUT),
            job(3),
            job(4),
            job(5),
        ),
        left=3,
        tries=(tried(1, 0, 100), tried(2, 100, 200, Cause.TIMEOUT)),
    )

    totals = gather(told).totals

    assert totals.by_state[JobState.COMPLETED] == totals.by_state[JobState.FAILED] == 1
    assert (totals.jobs, totals.left, totals.images) == (5, 3, 1)
    assert totals.worked_seconds == 200
    assert totals.images_per_hour == pytest.approx(18)
    assert totals.left_seconds == pytest.approx(300)


@pytest.mark.parametrize("tries", [(), (tried(1, 0, 4),)])
def test_nothing_is_reckoned_from_next_to_nothing(tries: tuple[Tried, ...]) -> None:
    jobs = (job(1, state=JobState.COMPLETED), job(2))

    totals = gather(Chronicle(now=BEGAN, jobs=jobs, left=1, tries=tries)).totals

    assert (totals.left_seconds, totals.images_per_hour) == (None, None)


def test_failures_are_grouped_by_cause_those_that_lost_jobs_first() -> None:
    told = Chronicle(
        now=BEGAN,
        jobs=(
            job(1, state=JobState.COMPLETED),
            job(2, state=JobState.REVIEW, cause=Cause.AMBIGUOUS),
            job(3, state=JobState.CANCELLED, cause=Cause.CANCELLED),
        ),
        tries=(
            tried(1, 0, 9, Cause.TRANSIENT),
            tried(1, 10, 19, Cause.TRANSIENT),
            tried(1, 20, 29),
            tried(2, 30, 39, Cause.AMBIGUOUS),
            tried(3, 40, 49, Cause.CANCELLED),
        ),
    )

    lost, passed = gather(told).failures

    assert (lost.cause, lost.attempts, lost.lost) == (Cause.AMBIGUOUS, 1, (2,))
    assert (passed.cause, passed.attempts, passed.jobs) == (Cause.TRANSIENT, 2, (1,))
    assert (passed.lost, passed.advice) == ((), ADVICE[Cause.TRANSIENT])


def test_the_first_incident_of_a_cause_is_the_oldest_with_evidence() -> None:
    told = Chronicle(
        now=BEGAN,
        jobs=(job(1),),
        tries=(tried(1, 0, 9, Cause.TIMEOUT),),
        incidents=(
            incident(3, 300.0, "incidents/c", count=4),
            incident(2, 200.0, "incidents/b"),
            incident(1, 100.0),
        ),
    )

    (failure,) = gather(told).failures

    assert failure.first is not None
    assert (failure.first.id, failure.first.folder, failure.first.count) == (2, "incidents/b", 6)


def test_an_account_is_told_with_its_seconds_causes_and_limits() -> None:
    met = Limit(
        session="alice",
        mode="Fast",
        cause=Cause.LIMITED_QUOTA,
        at=BEGAN + 100,
        until=BEGAN + 3700,
        told=True,
        images=2,
    )
    resting = Session(
        name="alice",
        state=SessionState.RESTING,
        cause=Cause.LIMITED_QUOTA,
        next_ready_at=BEGAN + 3700,
    )
    told = Chronicle(
        now=BEGAN + 200,
        jobs=(job(1),),
        tries=(
            tried(1, 0, 20),
            tried(2, 30, 70),
            tried(3, 80, 100, Cause.LIMITED_QUOTA, counted=False),
            tried(4, 0, 90, session="bob"),
        ),
        limits=(met,),
        sessions=(resting,),
    )

    alice, bob = gather(told).accounts

    assert (alice.images, alice.attempts, bob.images) == (2, 3, 1)
    assert (alice.average_seconds, alice.p95_seconds) == (30, 40)
    assert alice.by_cause == {Cause.MADE: 2, Cause.LIMITED_QUOTA: 1}
    assert [(one.model, one.images, one.told) for one in alice.limits] == [("Fast", 2, True)]
    assert alice.until == BEGAN + 3700
    assert (bob.state, bob.until, bob.limits) == (None, None, ())


def test_a_rest_that_is_over_is_none() -> None:
    over = Session(name="alice", state=SessionState.RESTING, next_ready_at=BEGAN - 1)
    told = Chronicle(now=BEGAN, jobs=(job(1),), tries=(tried(1, 0, 9),), sessions=(over,))

    (alice,) = gather(told).accounts

    assert alice.until is None


@pytest.mark.parametrize(("count", "p95"), [(1, 1), (19, 19), (20, 19), (100, 95)])
def test_a_quantile_is_a_value_that_occurred(count: int, p95: int) -> None:
    assert nearest_rank([float(n) for n in range(1, count + 1)], 95) == p95
    assert nearest_rank([], 95) is None


def test_costs_are_summed_by_model_with_the_images_they_bought() -> None:
    day = Spending(
        day="2026-11-20",
        backend="openai",
        account="studio",
        model="m",
        requests=2,
        spent_microusd=60_000,
        open_microusd=5,
        estimated=1,
    )
    maker = Maker(backend="openai", account="studio", model="m", cost_microusd=30_000)
    told = Chronicle(
        now=BEGAN,
        jobs=(job(1, image_path="2026-11-21/a.png"),),
        originals={1: (image(maker=maker),)},
        spendings=(day, replace(day, day="2026-11-21", spent_microusd=1, open_microusd=0)),
    )

    report = gather(told)

    (cost,) = report.costs
    assert (cost.requests, cost.images, cost.estimated) == (4, 1, 2)
    assert (cost.spent_microusd, cost.open_microusd) == (60_001, 5)
    assert report.totals.spent_microusd == 60_001
    assert report.rows[0].picture is not None
    assert report.rows[0].picture.cost_microusd == 30_000


def test_pictures_of_a_checkpoint_known_only_afterwards_count_for_what_was_booked() -> None:
    booked = Spending(
        day="2026-11-21",
        backend="sdwebui",
        account="local",
        model="loaded",
        requests=1,
        spent_microusd=0,
        open_microusd=0,
        estimated=0,
    )
    maker = Maker(backend="sdwebui", account="local", model="v1-5")
    told = Chronicle(now=BEGAN, jobs=(), originals={1: (image(maker=maker),)}, spendings=(booked,))

    (cost,) = gather(told).costs

    assert cost.images == 1


def test_the_picture_of_a_row_is_the_newest_under_its_path_the_rest_is_earlier() -> None:
    told = Chronicle(
        now=BEGAN,
        jobs=(job(1, state=JobState.COMPLETED, image_path="2026-11-21/b.png"),),
        originals={1: (image("a.png"), image("b.png", width_px=1), image("b.png", width_px=2))},
    )

    shown = row(told)

    assert shown.picture is not None
    assert (shown.picture.width_px, shown.earlier) == (2, 1)


def test_no_text_holds_an_address_a_key_or_a_cookie() -> None:
    private = "write to ann@example.com, sk-abcdefghijklmnop1234, SAPISID=abc/def"
    prompt = Prompt(
        id="ann@example.com", filename="a.png", description=private, extra={"Note": private}
    )
    hostile = job(
        1, queue=private, prompt=prompt, session="ann@example.com", state=JobState.FAILED,
        cause=Cause.CRASHED, message=private,
    )  # fmt: skip
    delivery = Delivery(
        id=1, job_id=1, target="s3://bucket", path="a.png", sha256="", folder="",
        state=DeliveryState.DELIVERED, attempts=1, not_before=None, facts={}, remote_id="",
        link="https://example.com/a?sig=abcdefgh&key=1", message="", at=0.0, delivered_at=0.0,
    )  # fmt: skip
    told = Chronicle(
        now=BEGAN,
        queues=(private,),
        jobs=(hostile,),
        tries=(replace(tried(1, 0, 9, Cause.CRASHED), message=private, session="ann@example.com"),),
        links={1: (delivery,)},
        troubles={1: private},
        incidents=(replace(incident(1, 1.0), cause=Cause.CRASHED, message=private),),
    )

    text = repr(gather(told))

    for word in ("ann@example", "sk-abcdef", "abc/def", "abcdefgh"):
        assert word not in text


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_told_in_words_and_with_what_to_do(cause: Cause) -> None:
    assert CAUSE_WORDS[cause]
    assert ADVICE[cause] or cause is Cause.MADE


def test_every_state_has_its_section() -> None:
    assert frozenset().union(*(section.states for section in SECTIONS)) == frozenset(JobState)
