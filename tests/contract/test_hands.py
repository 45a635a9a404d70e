"""The contract of hands: what the worker may rely on, whoever makes the picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hand_contract
import pytest
from hand_contract import *  # noqa: F403  # every test of the contract
from rigs import RIGS, Rig, Story

# On one's own machine nobody refuses and nobody limits; a script never waits.
REFUSE = ("scripted", "gemini", "openai", "fal")
WAIT = ("gemini", "openai", "fal", "sdwebui", "comfyui")


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made = RIGS[request.param](tmp_path)
    with made.server():
        yield made


@pytest.mark.parametrize("rig", REFUSE, indirect=True)
async def test_a_refusal_is_an_ending_with_its_cause(rig: Rig, story: Story) -> None:
    await hand_contract.a_refusal_is_an_ending_with_its_cause(rig, story)


@pytest.mark.parametrize("rig", REFUSE, indirect=True)
async def test_a_limit_is_an_ending_with_its_cause(rig: Rig, story: Story) -> None:
    await hand_contract.a_limit_is_an_ending_with_its_cause(rig, story)


@pytest.mark.parametrize("rig", WAIT, indirect=True)
async def test_a_cancelled_wait_ends_at_once_and_is_never_sent_again(
    rig: Rig, story: Story
) -> None:
    await hand_contract.a_cancelled_wait_ends_at_once_and_is_never_sent_again(rig, story)
