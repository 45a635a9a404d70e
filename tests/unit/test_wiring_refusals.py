"""What becomes of a refused prompt where a fallback takes such."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.config import load_settings
from farm.model.causes import REFUSALS, Cause
from farm.wiring.staff import refusal_policy

FALLBACK = {"FARM_FALLBACK": "openai", "FARM_FALLBACK_WHEN": "refused"}


@pytest.mark.parametrize("own", [{}, {"FARM_ON_REFUSAL": "fail"}])
def test_what_would_fail_is_handed_to_the_fallback(tmp_path: Path, own: dict[str, str]) -> None:
    settings = load_settings(environ={**FALLBACK, **own}, cwd=tmp_path)

    policy = refusal_policy(settings)

    assert {str(policy[cause]) for cause in REFUSALS} == {"lane:openai"}


def test_what_the_user_wants_otherwise_stays_so(tmp_path: Path) -> None:
    settings = load_settings(environ={**FALLBACK, "FARM_ON_REFUSAL": "person=retry"}, cwd=tmp_path)

    assert str(refusal_policy(settings)[Cause.REFUSED_PERSON]) == "retry"
