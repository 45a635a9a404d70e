"""What a person was told is remembered for a while, on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.store.engine import open_store

if TYPE_CHECKING:
    from tests.contract.conftest import Desk

TWELVE_HOURS = 12 * 3600.0


async def test_what_was_told_is_known_for_its_time_only(desk: Desk) -> None:
    await desk.store.note_told("alice/signed_out")

    assert await desk.store.was_told("alice/signed_out", TWELVE_HOURS)
    desk.wait(TWELVE_HOURS)
    assert not await desk.store.was_told("alice/signed_out", TWELVE_HOURS)


async def test_nothing_else_is_taken_for_told(desk: Desk) -> None:
    await desk.store.note_told("alice/signed_out")

    assert not await desk.store.was_told("alice/challenge", TWELVE_HOURS)
    assert not await desk.store.was_told("alice/", TWELVE_HOURS)
    assert not await desk.store.was_told("schema_version", TWELVE_HOURS)


async def test_telling_again_counts_from_then(desk: Desk) -> None:
    await desk.store.note_told("alice/drift")
    desk.wait(TWELVE_HOURS - 60)
    await desk.store.note_told("alice/drift")
    desk.wait(120)

    assert await desk.store.was_told("alice/drift", TWELVE_HOURS)


async def test_forgetting_takes_a_prefix_by_the_letter(desk: Desk) -> None:
    for key in ("al_ce/drift", "al_ce/challenge", "alice/drift", "/resting"):
        await desk.store.note_told(key)

    await desk.store.forget_told("al_ce/")

    assert not await desk.store.was_told("al_ce/drift", TWELVE_HOURS)
    assert not await desk.store.was_told("al_ce/challenge", TWELVE_HOURS)
    assert await desk.store.was_told("alice/drift", TWELVE_HOURS)
    assert await desk.store.was_told("/resting", TWELVE_HOURS)


async def test_another_farm_on_the_store_knows_it_and_the_store_still_opens(desk: Desk) -> None:
    await desk.store.note_told("alice/drift")

    async with open_store(desk.url) as other:
        assert await other.was_told("alice/drift", TWELVE_HOURS)
