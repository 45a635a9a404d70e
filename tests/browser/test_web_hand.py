"""The web hand on the stand-in keeps the contract that every kind of hand keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import hand_contract
import pytest
from hand_contract import *  # noqa: F403  # every test of the contract
from playwright.async_api import Route
from rigs import Rig, Story

from farm.backends.base import Hand
from farm.backends.web import WebHand
from farm.errors import Ended, Interrupted
from farm.model.causes import Cause
from farm.model.jobs import Phase
from farm.references import Reference
from farm.sites.gemini.originals import Originals
from farm.steps.keeper import measure

if TYPE_CHECKING:
    from tests.browser.conftest import Desk

SENT_AWAY = "location.assign('/sorry/index?continue=https://gemini.google.com/app');"
SWALLOWED = """
  document.querySelector(".ql-editor").replaceChildren();
  const toast = document.createElement("mat-snack-bar-container");
  toast.textContent = "Something went wrong (1060)";
  document.body.append(toast);
  setTimeout(() => toast.remove(), 900);
"""
INSTEAD = """() => document.addEventListener("click", (event) => {
  if (!event.target.closest(".send-button")) return;
  event.stopPropagation();
  %s
}, true)"""

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


class OpenHand(WebHand):
    """A hand on a browser that is open already, and stays so."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """The module closes it."""


@dataclass
class OverPage:
    """A web hand and the stand-in it draws on."""

    desk: Desk
    folder: Path
    backend: str = ""

    def hand(self, *, slow: bool = False) -> Hand:  # noqa: ARG002  # its clock is the machine's
        return OpenHand(
            name="first",
            page=self.desk.page,
            originals=Originals(page=self.desk.page, measure=measure),
            part_path=lambda job, number: self.folder / f"{job}-{number}.part",
            resolve=_no_references,
            is_worn=_never,
        )

    def sent(self) -> int:
        return len(self.desk.log)

    def refuses(self) -> None:
        self.desk.play('[[rules]]\nplay = "refusal"\nkind = "policy"\n')

    def limits(self) -> None:
        self.desk.play('[[rules]]\nplay = "quota"\nkind = "tomorrow"\n')

    def holds(self) -> None:
        self.desk.beat.hold()

    def server(self) -> AbstractContextManager[Any]:
        return nullcontext()


async def _no_references(_references: Sequence[str]) -> tuple[Reference, ...]:
    return ()


async def _never() -> bool:
    return False


@pytest.fixture
def rig(desk: Desk, tmp_path: Path) -> Rig:
    return OverPage(desk, tmp_path)


async def test_a_refusal_is_an_ending_with_its_cause(rig: Rig, story: Story) -> None:
    await hand_contract.a_refusal_is_an_ending_with_its_cause(rig, story)


async def test_a_limit_is_an_ending_with_its_cause(rig: Rig, story: Story) -> None:
    await hand_contract.a_limit_is_an_ending_with_its_cause(rig, story)


@pytest.mark.parametrize(
    ("deed", "cause"),
    [(SENT_AWAY, Cause.CHALLENGE), (SWALLOWED, Cause.LIMITED_IP)],
    ids=["a captcha", "a toast"],
)
async def test_a_prompt_that_came_nowhere_ends_with_what_the_page_said_at_the_click(
    desk: Desk, rig: Rig, story: Story, deed: str, cause: Cause
) -> None:
    desk.page.patience = replace(desk.page.patience, accepted=3, listed=1)

    async def record(phase: Phase, facts: Mapping[str, Any]) -> None:
        await story.record(phase, facts)
        if phase is Phase.SENDING:
            await desk.session.evaluate(INSTEAD % deed)

    with pytest.raises(Ended) as ended:
        await rig.hand().make(story.work, record)

    assert ended.value.outcome.cause is cause
    assert desk.log == []


async def test_pictures_that_do_not_load_are_had_by_opening_the_conversation_again(
    desk: Desk, rig: Rig, story: Story
) -> None:
    desk.page.patience = replace(desk.page.patience, unloaded=0.5)
    page = desk.session.page

    async def only_in_an_opened_conversation(route: Route) -> None:
        opened = "/app/" in page.url and "hl=" in page.url
        await (route.continue_() if opened else route.abort())

    await page.route("https://lh3.googleusercontent.com/gg/**", only_in_an_opened_conversation)
    try:
        drawn = await rig.hand().make(story.work, story.record)
    finally:
        await page.unroute_all()

    assert [image.full_size for image in drawn.images] == [True]
    assert len(desk.log) == 1


@pytest.mark.parametrize(
    ("role", "drift"),
    [
        ("generated_image", {"generated-image": "made", "single-image": "one"}),
        ("answer", {"model-response": "words", "response-container": "box"}),
        ("query", {"user-query": "q", "user-query-content": "qc", "user-query-container": "qd"}),
    ],
)
async def test_a_turn_in_unknown_parts_is_drift_that_leaves_the_attempt_open(
    desk: Desk, rig: Rig, story: Story, role: str, drift: dict[str, str]
) -> None:
    desk.play(drift=drift)
    desk.page.patience = replace(desk.page.patience, accepted=2, hydrate=4)

    with pytest.raises(Interrupted) as ended:
        await rig.hand().make(story.work, story.record)

    assert (ended.value.outcome.cause, ended.value.outcome.role) == (Cause.DRIFT, role)
    assert len(desk.log) == 1


async def test_a_button_that_sends_no_prompt_of_three_is_drift(
    desk: Desk, rig: Rig, story: Story
) -> None:
    desk.page.patience = replace(desk.page.patience, refused=0.3)
    hand, causes = rig.hand(), list[Cause]()

    async def record(phase: Phase, facts: Mapping[str, Any]) -> None:
        await story.record(phase, facts)
        if phase is Phase.SENDING:
            await desk.session.evaluate(INSTEAD % "")

    for job in (1, 2, 2, 3):
        with pytest.raises(Ended) as ended:
            await hand.make(replace(story.work, job_id=job), record)
        causes.append(ended.value.outcome.cause)

    assert causes == [Cause.NOT_ACCEPTED] * 3 + [Cause.DRIFT]
    assert ended.value.outcome.role == "send"
    assert desk.log == []


async def test_a_prompt_that_is_sent_forgives_the_button_those_before(
    desk: Desk, rig: Rig, story: Story
) -> None:
    desk.page.patience = replace(desk.page.patience, refused=0.3)
    hand = rig.hand()
    deaf = {1, 2, 4}

    async def send(job: int) -> Cause:
        async def record(phase: Phase, _facts: Mapping[str, Any]) -> None:
            if phase is Phase.SENDING and job in deaf:
                await desk.session.evaluate(INSTEAD % "")

        try:
            await hand.make(replace(story.work, job_id=job), record)
        except Ended as ended:
            return ended.outcome.cause
        return Cause.MADE

    causes = [await send(job) for job in (1, 2, 3, 4)]

    assert causes == [Cause.NOT_ACCEPTED, Cause.NOT_ACCEPTED, Cause.MADE, Cause.NOT_ACCEPTED]
