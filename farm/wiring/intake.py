"""How a run's sources are called, and how they are looked at again with `--watch`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from functools import partial

from farm.google_apis import access_of, sheets
from farm.intake import Intake, Look, Watched, file_look
from farm.model.events import RunOptions, Tell
from farm.model.sources import SourceOptions
from farm.results.sheets import Locks
from farm.sources.names import path_of, queue_of, sheet_of
from farm.sources.sheet_entries import WRITTEN
from farm.sources.sheets import Place, Sheet, Tab, digest_of, find_tab, patiently, place_of
from farm.store.base import Added
from farm.wiring.opened import Farm


async def named(farm: Farm, source: str, queue: str = "") -> tuple[str, str]:
    """A source as the store calls it, and its queue: the user's name for it, or its own.

    A sheet is asked which tab is meant, so that it is the same source whatever it was called; it
    keeps the queue that it filled before. GoogleError if there is no such sheet.
    """
    if sheet_of(source) is None:
        return source, queue or queue_of(source)
    tab = await asyncio.to_thread(_tab, farm, place_of(source, farm.settings.spreadsheet_id))
    filled = [entry.name for entry in await farm.store.queues() if entry.source == tab.identity]
    return tab.identity, queue or next(iter(filled), _queue_name(tab))


def _tab(farm: Farm, place: Place) -> Tab:
    with sheets(access_of(farm.settings)) as line:
        return find_tab(line, place, partial(patiently, line))


def _queue_name(tab: Tab) -> str:
    """Both titles as one word: `spring-campaign-sheet1`."""
    return re.sub(r"[^\w.]+", "-", tab.name.casefold()).strip("-") or f"sheet-{tab.spreadsheet}"


def in_words(added: Added) -> str:
    """What an import brought; "" if it brought nothing."""
    parts = [
        (added.new, "new"),
        (added.changed, "changed"),
        (added.unchanged, "known"),
        (added.outdated, "changed after completion (retry them to redo)"),
    ]
    return ", ".join(f"{count} {word}" for count, word in parts if count)


def intake_of(
    farm: Farm,
    options: RunOptions,
    queues: Sequence[str],
    tell: Tell,
    *,
    locks: Locks,
    on_import: Callable[[], None],
) -> Intake:
    """Looks at the sources of a run again, if it watches; `queues` are theirs, in their order."""
    pairs = zip(options.sources, queues, strict=False) if options.watch else ()
    return Intake(
        sources=[
            watched
            for source, queue in pairs
            if (watched := _watched(farm, source, queue, options.reading, locks)) is not None
        ],
        clock=farm.clock,
        tell=tell,
        on_import=on_import,
    )


def _watched(
    farm: Farm, source: str, queue: str, options: SourceOptions, locks: Locks
) -> Watched | None:
    """How a source is looked at again; None for a pipe, which is read once."""

    async def take() -> str:
        async with locks.of(source):
            added = await farm.import_source(source, queue, options)
        return in_words(added) if added.new or added.changed else ""

    if (found := path_of(source)) is not None:
        return Watched(name=source, look=file_look(found[0]), take=take)
    if sheet_of(source) is None:
        return None
    return Watched(
        name=f"The sheet of {queue}",
        look=_sheet_look(farm, source, options),
        take=take,
        every_seconds=farm.settings.sheets_poll_seconds,
        settles=False,  # a sheet is saved cell by cell, and a minute is long
    )


def _sheet_look(farm: Farm, source: str, options: SourceOptions) -> Look:
    sheet = Sheet(place=place_of(source), access=access_of(farm.settings), mapping=options.mapping)

    def digest() -> str:
        _, grid = sheet.look()
        return digest_of(grid, WRITTEN, options.mapping)

    async def look() -> str | None:
        return await asyncio.to_thread(digest)

    return look
