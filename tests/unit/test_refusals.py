"""What the user wants done about refusals, and in which other words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from farm.compose import compose_natural
from farm.errors import UsageError
from farm.model.causes import REFUSALS, Cause
from farm.model.jobs import Job, JobState
from farm.model.lanes import ANY_LANE
from farm.model.prompts import Prompt
from farm.model.refusals import (
    RefusalMove,
    RefusalRule,
    parse_refusals,
    read_refusals,
    write_refusals,
)
from farm.substitutions import Substitutions, load_substitutions
from farm.wording import Wording

EXAMPLE = Path(__file__).parents[2] / "examples" / "substitutions.toml"
PROMPT = Prompt(
    id="1", filename="a.png", description="A Fight with a weapon, no fighting.", title=""
)
JOB = Job(
    id=1, queue="q", prompt=PROMPT, version=1, state=JobState.IN_PROGRESS, lane=ANY_LANE,
    priority=0, not_before=None, attempts=1, max_attempts=3, crashes=0, cause=None, message="",
    image_path="", session="alice", updated_at=0, completed_at=None, source="", row=1,
)  # fmt: skip


@dataclass
class Book:
    """The policies of queues."""

    own: Mapping[str, str] = field(default_factory=dict)

    async def refusals_of(self, queue: str) -> Mapping[str, str]:
        assert queue == "q"
        return self.own


def test_a_word_alone_stands_for_every_refusal_and_a_named_one_beats_it() -> None:
    policy = parse_refusals("retry, person=lane:gemini refused.safety=fail")

    assert policy.keys() == REFUSALS
    assert policy[Cause.REFUSED_POLICY] == RefusalRule(move=RefusalMove.RETRY)
    assert policy[Cause.REFUSED_PERSON] == RefusalRule(move=RefusalMove.HAND_OVER, lane="gemini")
    assert policy[Cause.REFUSED_SAFETY] == RefusalRule()


def test_a_policy_comes_back_from_the_store_as_it_went_in() -> None:
    policy = parse_refusals("substitute,third_party=lane:sd")

    assert read_refusals(write_refusals(policy)) == policy


@pytest.mark.parametrize("text", ["again", "person=lane:", "quota=fail", "person=", "lane:a b"])
def test_a_policy_that_is_none_names_the_part_that_is_wrong(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not fail|is no refusal"):
        parse_refusals(text)


def test_whole_words_are_put_in_other_words_and_capitals_stay() -> None:
    table = load_substitutions(EXAMPLE)

    assert table.applied(PROMPT).description == "A Compete with a tool, no fighting."
    assert table.change(PROMPT)
    assert not table.change(replace(PROMPT, description="A quiet pond."))


def test_the_longest_words_come_first_and_none_is_put_in_twice() -> None:
    table = Substitutions({"gun": "toy", "gun fight": "gun show"})

    assert (
        table.applied(replace(PROMPT, description="gun fight, gun")).description == "gun show, toy"
    )


def test_a_table_that_is_none_names_its_file_and_key(tmp_path: Path) -> None:
    path = tmp_path / "substitutions.toml"
    path.write_text("[words]\nweapon = 3\n")

    with pytest.raises(UsageError, match=r"substitutions\.toml: 'weapon' must stand for a text"):
        load_substitutions(path)


async def test_other_words_are_used_only_after_a_refusal_that_asks_for_them() -> None:
    words = Substitutions({"weapon": "tool"})
    wording = Wording(
        book=Book(), policy=parse_refusals("policy=substitute"), substitutions=lambda: words
    )

    fresh = await wording.text(JOB, ())
    other = await wording.text(JOB, (Cause.REFUSED_PERSON, Cause.TRANSIENT))
    refused = await wording.text(JOB, (Cause.REFUSED_POLICY,))

    assert "weapon" in fresh
    assert fresh == other
    assert "tool" in refused
    assert "weapon" not in refused


async def test_other_words_take_the_form_of_the_hand_at_work() -> None:
    wording = Wording(
        book=Book(),
        policy=parse_refusals("policy=substitute"),
        substitutions=lambda: Substitutions({"weapon": "tool"}),
        form=compose_natural,
    )

    text = await wording.text(JOB, (Cause.REFUSED_POLICY,))

    assert "tool" in text
    assert "/imagine" not in text


async def test_a_queues_own_policy_beats_the_setting() -> None:
    wording = Wording(book=Book({"refused.person": "retry"}), policy=parse_refusals("fail"))

    assert (await wording.rule(Cause.REFUSED_PERSON, "q")).move is RefusalMove.RETRY
    assert (await wording.rule(Cause.REFUSED_SAFETY, "q")).move is RefusalMove.FAIL
