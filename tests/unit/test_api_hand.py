"""The hand of an API: what it sends, what it pays, what it takes up again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from farm.backends.api import Answer, Charged, Reference, ambiguous
from farm.backends.api_hand import ApiHand
from farm.backends.base import Drawn, Work
from farm.backends.choice import Choice
from farm.backends.seats import Seat, take_seats
from farm.catalogue import load_catalogue
from farm.errors import Ended, LostLease, ProfileInUse, SaveFailed
from farm.model.causes import Cause
from farm.model.jobs import PHASES, Attempt, AttemptFacts, Phase
from farm.model.outcomes import Outcome
from farm.model.prompts import Prompt, Size
from farm.testing.apis import CountingPurse, Reply, ScriptedApi

TODAY = date(2026, 11, 20)
PRICE = 33_600  # of a picture of the usual model, in millionths
ATTEMPT = 11
PROMPT = Prompt(id="1", filename="a.png", description="a mill", size=Size(1024, 1024))
MADE = Answer(pictures=(b"one", b"two"), model="m-1", id="r-1", spent_microusd=40_000)


def outcome(cause: Cause) -> Outcome:
    return Outcome(cause=cause, message=cause.value)


@dataclass(frozen=True)
class Local:
    path: Path
    media_type: str = "image/png"
    sha256: str = ""
    size_bytes: int = 1000


async def resolve(names: Sequence[str]) -> tuple[Reference, ...]:
    return tuple(Local(Path(name)) for name in names)


@dataclass
class Bench:
    """A hand, what it records, and the purse it pays from."""

    home: Path
    api: ScriptedApi
    purse: CountingPurse = field(default_factory=CountingPurse)
    steps: list[tuple[Phase, Mapping[str, Any]]] = field(default_factory=list)
    loses_at: Phase | None = None
    full: int = 0  # how often the disk takes nothing
    model: str = ""
    names: tuple[str, ...] = ("gemini",)

    def hand(self) -> ApiHand:
        """A hand as a new life of the session has it."""
        return ApiHand(
            api=self.api,
            seat=Seat(self.home, "gemini", 1),
            account="key-1",
            choice=Choice(
                catalogue=load_catalogue(),
                backend="gemini",
                today=lambda: TODAY,
                model=self.model,
            ),
            purse=self.purse,
            resolve=resolve,
            part_path=self._part,
            names=lambda: self.names,
        )

    def _part(self, attempt: int, number: int) -> Path:
        if self.full:
            self.full -= 1
            raise SaveFailed("The disk is full.")
        return self.home / f"{attempt}-{number}.part"

    async def record(self, phase: Phase, facts: Mapping[str, Any]) -> None:
        if phase is self.loses_at:
            raise LostLease("somebody else has it")
        self.steps.append((phase, dict(facts)))

    def work(self, prompt: Prompt = PROMPT) -> Work:
        """The attempt as the store has it after what was recorded."""
        facts: dict[str, Any] = {}
        for _, more in self.steps:
            facts |= more
        phase = max((phase for phase, _ in self.steps), key=PHASES.index, default=Phase.CLAIMED)
        attempt = Attempt(
            id=ATTEMPT,
            job_id=5,
            number=1,
            session="gemini-1",
            phase=phase,
            facts=facts,
            started_at=0,
            phase_at=0,
        )
        return Work(
            job_id=5,
            attempt_id=ATTEMPT,
            prompt=prompt,
            text="a mill.",
            phase=phase,
            facts=AttemptFacts.of(attempt),
            others=frozenset(),
        )

    async def make(self, prompt: Prompt = PROMPT) -> Drawn:
        async with self.hand() as hand:
            return await hand.make(self.work(prompt), self.record)

    async def resume(self) -> Drawn | None:
        async with self.hand() as hand:
            return await hand.resume(self.work(), self.record)

    async def ending(self, prompt: Prompt = PROMPT) -> Cause:
        with pytest.raises(Ended) as caught:
            await self.make(prompt)
        return caught.value.outcome.cause

    @property
    def phases(self) -> list[Phase]:
        return [phase for phase, _ in self.steps]


def bench(home: Path, *replies: Reply, **api: Any) -> Bench:
    return Bench(home=home, api=ScriptedApi(replies=replies or (MADE,), **api))


async def test_money_is_set_aside_before_a_request_and_settled_with_what_it_cost(
    tmp_path: Path,
) -> None:
    desk = bench(tmp_path)
    seen: list[tuple[list[Phase], int | None]] = []
    desk.api.on_ask = lambda: seen.append(
        (desk.phases, desk.purse.bills[ATTEMPT].estimate_microusd)
    )

    drawn = await desk.make()

    ((phases, estimate),) = seen
    assert phases == [Phase.TYPING, Phase.SENDING]
    assert estimate is not None
    assert estimate > PRICE
    assert desk.purse.settled == {ATTEMPT: 40_000}
    assert not desk.purse.estimated
    assert drawn.maker.cost_microusd == 40_000


async def test_an_answer_without_a_price_costs_its_estimate(tmp_path: Path) -> None:
    desk = bench(tmp_path, replace(MADE, spent_microusd=None))

    drawn = await desk.make()

    estimate = desk.purse.bills[ATTEMPT].estimate_microusd
    assert desk.purse.settled == {ATTEMPT: estimate}
    assert desk.purse.estimated == {ATTEMPT}
    assert drawn.maker.cost_microusd == estimate


async def test_who_made_it_is_told(tmp_path: Path) -> None:
    drawn = await bench(tmp_path).make()

    assert (drawn.maker.backend, drawn.maker.account, drawn.maker.model) == (
        "gemini",
        "key-1",
        "m-1",
    )
    assert drawn.final


async def test_a_budget_that_is_used_up_sends_nothing(tmp_path: Path) -> None:
    desk = bench(tmp_path)
    desk.purse.refuses = outcome(Cause.LIMITED_BUDGET)

    assert await desk.ending() is Cause.LIMITED_BUDGET
    assert desk.phases == [Phase.TYPING]
    assert desk.api.asked == []


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (replace(PROMPT, references=("/a.png",) * 15), "14 reference pictures"),
        (replace(PROMPT, size=Size(4000, 100)), "far from every proportion"),
        (replace(PROMPT, model="gemini-3-pro-image-preview"), "Take gemini-3-pro-image instead"),
        (replace(PROMPT, model="imagen-3.0-generate-002"), "shut down on 2026-06-30"),
        (replace(PROMPT, mask="/m.png"), "needs the picture"),
    ],
)
async def test_what_the_model_cannot_do_is_told_before_money_is_touched(
    tmp_path: Path, prompt: Prompt, words: str
) -> None:
    desk = bench(tmp_path)

    with pytest.raises(Ended, match=words) as caught:
        await desk.make(prompt)

    assert caught.value.outcome.cause is Cause.UNSUPPORTED
    assert desk.steps == []
    assert not desk.purse.bills


async def test_a_row_may_name_a_model_and_gets_its_price(tmp_path: Path) -> None:
    desk = bench(tmp_path)

    await desk.make(replace(PROMPT, model="nano-banana-pro"))

    assert desk.api.asked[0].model.id == "gemini-3-pro-image"
    assert desk.purse.bills[ATTEMPT].model == "gemini-3-pro-image"


async def test_a_model_nobody_knows_has_no_price(tmp_path: Path) -> None:
    desk = bench(tmp_path)

    await desk.make(replace(PROMPT, model="gemini-9-image"))

    assert desk.purse.bills[ATTEMPT].estimate_microusd is None


async def test_an_ending_that_was_not_billed_gives_the_money_back(tmp_path: Path) -> None:
    desk = bench(tmp_path, Ended(outcome(Cause.LIMITED_THROTTLE)))

    assert await desk.ending() is Cause.LIMITED_THROTTLE
    assert desk.purse.released == {ATTEMPT}


async def test_a_refusal_that_was_billed_is_paid(tmp_path: Path) -> None:
    desk = bench(tmp_path, Charged(outcome(Cause.REFUSED_SAFETY), spent_microusd=390))

    assert await desk.ending() is Cause.REFUSED_SAFETY
    assert desk.purse.settled == {ATTEMPT: 390}


async def test_a_lost_answer_costs_its_estimate(tmp_path: Path) -> None:
    desk = bench(tmp_path, Charged(outcome(Cause.TRANSIENT)))

    assert await desk.ending() is Cause.TRANSIENT
    assert desk.purse.settled == {ATTEMPT: desk.purse.bills[ATTEMPT].estimate_microusd}
    assert desk.purse.estimated == {ATTEMPT}


async def test_a_model_that_is_gone_is_the_rows_fault_if_the_row_named_it(tmp_path: Path) -> None:
    named = bench(tmp_path, Ended(outcome(Cause.RETIRED)))
    usual = bench(tmp_path, Ended(outcome(Cause.RETIRED)))

    assert await named.ending(replace(PROMPT, model="nano-banana-pro")) is Cause.UNSUPPORTED
    assert await usual.ending() is Cause.RETIRED


async def test_a_lease_lost_before_sending_sends_nothing_and_costs_nothing(tmp_path: Path) -> None:
    desk = bench(tmp_path)
    desk.loses_at = Phase.SENDING

    with pytest.raises(LostLease):
        await desk.make()

    assert desk.api.asked == []
    assert desk.purse.released == {ATTEMPT}


async def test_a_death_after_the_answer_was_written_takes_its_files_up(tmp_path: Path) -> None:
    desk = bench(tmp_path)
    before = await desk.make()

    after = await desk.resume()

    assert after == before
    assert [image.part.read_bytes() for image in before.images] == [b"one", b"two"]
    assert len(desk.api.asked) == 1
    assert desk.api.resumed == []


async def test_a_file_that_lost_its_bytes_is_not_taken_for_the_picture(tmp_path: Path) -> None:
    desk = bench(tmp_path, later=ambiguous("Gemini"))
    drawn = await desk.make()
    drawn.images[0].part.write_bytes(b"half")

    with pytest.raises(Ended, match="may have been made and paid for"):
        await desk.resume()


async def test_a_death_while_waiting_is_never_bought_again_blindly(tmp_path: Path) -> None:
    desk = bench(tmp_path, None, later=ambiguous("Gemini"))
    await cancelled(desk)

    with pytest.raises(Ended) as caught:
        await desk.resume()

    assert caught.value.outcome.cause is Cause.AMBIGUOUS
    assert len(desk.api.asked) == 1
    assert desk.purse.settled == {ATTEMPT: desk.purse.bills[ATTEMPT].estimate_microusd}
    assert desk.purse.estimated == {ATTEMPT}


async def cancelled(desk: Bench) -> None:
    """A request that is cancelled while it waits for its answer."""
    asked = asyncio.Event()
    desk.api.on_ask = asked.set
    task = asyncio.create_task(desk.make())
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancelled_request_leaves_its_money_set_aside(tmp_path: Path) -> None:
    desk = bench(tmp_path, None)

    await cancelled(desk)

    assert desk.purse.open == {ATTEMPT}
    assert not desk.api.is_open
    Seat(tmp_path, "gemini", 1).take()  # it is free again


async def test_a_request_the_provider_remembers_is_asked_for_again(tmp_path: Path) -> None:
    facts = {"id": "req-7", "status_url": "https://there"}
    desk = bench(tmp_path, None, remembers=facts, later=MADE)
    await cancelled(desk)

    drawn = await desk.resume()

    assert drawn is not None
    assert desk.api.resumed == [facts]
    assert len(desk.api.asked) == 1
    assert desk.purse.settled == {ATTEMPT: 40_000}
    assert (Phase.SENT, "req-7") in [(p, f.get("conversation")) for p, f in desk.steps]


async def test_a_request_that_was_provably_never_taken_is_given_back_unpaid(tmp_path: Path) -> None:
    desk = bench(tmp_path, None)
    await cancelled(desk)

    assert await desk.resume() is None
    assert desk.purse.released == {ATTEMPT}


async def test_what_costs_nothing_is_simply_asked_again(tmp_path: Path) -> None:
    desk = bench(tmp_path, None, stateless_and_free=True)
    await cancelled(desk)

    assert await desk.resume() is None
    assert desk.api.resumed == []


async def test_a_full_disk_keeps_what_was_paid_for_until_there_is_room(tmp_path: Path) -> None:
    desk = bench(tmp_path)
    desk.full = 1
    async with desk.hand() as hand:
        with pytest.raises(SaveFailed):
            await hand.make(desk.work(), desk.record)

        drawn = await hand.resume(desk.work(), desk.record)

    assert drawn is not None
    assert len(desk.api.asked) == 1
    assert desk.purse.settled == {ATTEMPT: 40_000}


async def test_any_lane_is_served_only_with_what_the_usual_model_can(tmp_path: Path) -> None:
    desk = bench(tmp_path)
    desk.names, desk.model = ("gemini", "any"), "imagen-4.0-upscale-preview"

    lanes = desk.hand().lanes

    assert lanes[0] == "session:gemini-1"
    assert {"gemini+mask+references", "any+references"} <= set(lanes)
    assert "any+mask" not in lanes


async def test_which_lanes_are_served_may_change_in_mid_run(tmp_path: Path) -> None:
    desk = bench(tmp_path)
    hand = desk.hand()

    assert "any" not in hand.lanes
    desk.names = ("gemini", "any")
    assert "any" in hand.lanes


async def test_the_runs_own_retired_model_stands_in_the_way_of_the_session(tmp_path: Path) -> None:
    desk = bench(tmp_path)
    desk.model = "gemini-3-pro-image-preview"

    async with desk.hand() as hand:
        with pytest.raises(Ended, match="Take gemini-3-pro-image instead") as caught:
            await hand.prove()

    assert caught.value.outcome.cause is Cause.RETIRED


async def test_a_session_name_is_held_by_one_farm_and_the_next_takes_the_next(
    tmp_path: Path,
) -> None:
    (first,) = take_seats(tmp_path, "gemini", 1)

    second, third = take_seats(tmp_path, "gemini", 2)

    assert [seat.name for seat in (first, second, third)] == ["gemini-1", "gemini-2", "gemini-3"]
    with pytest.raises(ProfileInUse, match="gemini-1 is in use"):
        Seat(tmp_path, "gemini", 1).take()
    first.leave()
    Seat(tmp_path, "gemini", 1).take()
