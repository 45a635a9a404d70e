"""Which profiles a run drives."""

from __future__ import annotations

import pytest

from farm.cli.picking import pick_profiles
from farm.errors import UsageError


def test_all_profiles_are_driven_unless_told_otherwise() -> None:
    picked = pick_profiles(["alice", "bob"], [], None)

    assert (picked.names, picked.warning) == (("alice", "bob"), "")


def test_no_more_profiles_are_driven_than_asked() -> None:
    assert pick_profiles(["alice", "bob", "carol"], [], 2).names == ("alice", "bob")


def test_without_any_profile_the_user_learns_how_to_make_one() -> None:
    with pytest.raises(UsageError, match="farm login alice") as caught:
        pick_profiles([], [], 2)

    assert "farm demo" in str(caught.value)


def test_without_any_profile_a_fallback_is_offered_as_the_way_without_a_browser() -> None:
    with pytest.raises(UsageError, match=r"farm start --backends gemini,fal\n"):
        pick_profiles([], [], None, apis=("gemini", "fal"))


def test_too_few_profiles_are_driven_loudly() -> None:
    picked = pick_profiles(["account1", "work"], [], 4)

    assert picked.names == ("account1", "work")
    assert "4 sessions were asked for and 2 of them have a profile" in picked.warning
    assert "farm login account2 and farm login account3" in picked.warning


def test_named_profiles_are_driven_in_the_order_named_and_once() -> None:
    assert pick_profiles(["a", "b", "c"], ["c", "a", "c"], None).names == ("c", "a")


def test_a_named_profile_that_is_missing_is_told_and_the_rest_goes_on() -> None:
    picked = pick_profiles(["alice"], ["alice", "dora"], 2)

    assert picked.names == ("alice",)
    assert "Profile dora does not exist: farm login dora. Going on with alice." in picked.warning


def test_named_profiles_that_are_all_missing_end_the_command() -> None:
    with pytest.raises(UsageError, match="No profile is called dora or eve"):
        pick_profiles(["alice"], ["dora", "eve"], None)


def test_fewer_named_than_asked_for_is_told() -> None:
    picked = pick_profiles(["alice", "bob"], ["alice"], 2)

    assert picked.names == ("alice",)
    assert "1 profiles named" in picked.warning
