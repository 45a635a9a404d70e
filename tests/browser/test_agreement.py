"""The agreement that an account's first upload asks for: red until the person has given it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fake_pictures import picture

from farm.backends.base import Work
from farm.backends.web import WebHand
from farm.errors import Ended
from farm.model.causes import Cause
from farm.model.jobs import AttemptFacts, Phase
from farm.model.prompts import Prompt
from farm.references import Reference, resolve
from farm.replay.plays import Condition
from farm.sites.gemini.originals import Originals
from farm.steps.keeper import measure

if TYPE_CHECKING:
    from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def never() -> bool:
    return False


@pytest.fixture
def hand(desk: Desk, tmp_path: Path) -> Iterator[WebHand]:
    async def files(references: Sequence[str]) -> tuple[Reference, ...]:
        return await resolve(references, tmp_path)

    desk.page.patience = replace(desk.page.patience, upload=6, attached=0.1, menu=2)
    yield WebHand(
        name="first",
        page=desk.page,
        originals=Originals(page=desk.page, measure=measure),
        part_path=lambda job, number: tmp_path / f"{job}-{number}.part",
        resolve=files,
        is_worn=never,
    )
    desk.stand_in.world.account("first").mend(Condition.UPLOAD_CONSENT)


async def ended(hand: WebHand, tmp_path: Path) -> tuple[Cause, list[Phase]]:
    """How a row with a reference ends, and the phases that were recorded."""
    file = tmp_path / "kite.png"
    file.write_bytes(picture())
    prompt = Prompt(id="1", filename="kite", description="a kite", references=(str(file),))
    phases = []

    async def record(phase: Phase, _facts: Mapping[str, Any]) -> None:
        phases.append(phase)

    work = Work(
        job_id=1, attempt_id=1, prompt=prompt, text="/imagine a kite", phase=Phase.CLAIMED,
        facts=AttemptFacts(), others=frozenset(),
    )  # fmt: skip
    with pytest.raises(Ended) as outcome:
        await hand.make(work, record)
    return outcome.value.outcome.cause, phases


async def test_a_session_is_proven_again_only_when_the_person_has_agreed(
    desk: Desk, hand: WebHand, tmp_path: Path
) -> None:
    desk.play('[[rules]]\nplay = "upload_consent"\ntimes = 1')
    cause, phases = await ended(hand, tmp_path)
    seen_by_the_person = await hand.mended(0.2)
    with pytest.raises(Ended) as still:
        await hand.prove()

    desk.stand_in.world.account("first").mend(Condition.UPLOAD_CONSENT)
    await hand.prove()

    assert (cause, phases) == (Cause.CHALLENGE, [Phase.TYPING])
    assert (seen_by_the_person, still.value.outcome.cause) == (False, Cause.CHALLENGE)
    assert desk.log == []
