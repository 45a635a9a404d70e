"""What goes on beside the sessions of a run: results, deliveries, copies of images, sources."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from farm.config import Settings
from farm.errors import UsageError
from farm.finishing import Finishing
from farm.google_apis import access_of
from farm.model.events import RunOptions, Tell
from farm.model.recipes import Recipe, recipe_of
from farm.model.sources import SourceOptions
from farm.outbox import Outbox
from farm.results import Results
from farm.results.files import ResultFiles
from farm.results.sheets import Locks, Pen, SheetResults
from farm.sources.names import sheet_of
from farm.steps.pool import step_pool
from farm.wiring.intake import intake_of
from farm.wiring.opened import Farm
from farm.wiring.outgoing import outbox_of, places
from farm.wiring.reporting import write_report

_SHEET_SECONDS = 20.0  # one request; a person who ends a run waits for it at most


@dataclass(frozen=True, kw_only=True, slots=True)
class Beside:
    """What runs beside the sessions, and the teller through which it hears of them."""

    results: Results
    tell: Tell


@asynccontextmanager
async def beside(
    farm: Farm,
    options: RunOptions,
    queues: Sequence[str],
    tell: Tell,
) -> AsyncIterator[Beside]:
    """Everything that ends after the last session, each after those that give it work.

    No new rows, then the last copies, then their deliveries, then the results with their links.
    """
    locks = Locks()
    async with AsyncExitStack() as stack:
        results = await stack.enter_async_context(await results_of(farm, options, queues, locks))
        heard = results.watching(tell)
        outbox = await stack.enter_async_context(await outbox_of(farm, heard))
        finishing = await stack.enter_async_context(await finishing_of(farm, outbox, queues))
        watching = intake_of(farm, options, queues, tell, locks=locks, on_import=results.wake)
        await stack.enter_async_context(watching)
        yield Beside(results=results, tell=finishing.watching(heard))


async def results_of(
    farm: Farm, options: RunOptions, queues: Sequence[str], locks: Locks
) -> Results:
    """Keeps the results of these queues current; those of a stand-in go into nobody's sheet."""
    sources = [entry.source for entry in await farm.store.queues() if entry.name in queues]
    with_sheets = any(map(sheet_of, sources)) and not options.replay
    return Results(
        queues=queues,
        jobs_of=farm.jobs_of,
        files=result_files(farm),
        others=(sheet_results(farm, options.reading, locks),) if with_sheets else (),
        report=partial(write_report, farm, queues),
        clock=farm.clock,
    )


def result_files(farm: Farm) -> ResultFiles:
    """Writes what became of queues beside their sources."""
    settings = farm.settings
    return ResultFiles(home=settings.home, shown=_from_home(settings), links_of=farm.store.links_of)


async def tell_arrivals(farm: Farm, job_ids: Collection[int]) -> None:
    """Put the links of what was delivered without a run into the files and sheets of its rows."""
    found = [await farm.store.job(job_id) for job_id in job_ids]
    names = sorted({job.queue for job in found if job is not None})
    queues = {name: await farm.jobs_of(name) for name in names}
    await result_files(farm).write(queues)
    if sheets := {name: jobs for name, jobs in queues.items() if sheet_of(jobs[0].source)}:
        await sheet_results(farm).finish(sheets)


def sheet_results(
    farm: Farm, options: SourceOptions | None = None, locks: Locks | None = None
) -> SheetResults:
    """Writes into the sheets that queues came from."""
    settings = farm.settings
    return SheetResults(
        pen=Pen(access=replace(access_of(settings), timeout_seconds=_SHEET_SECONDS)),
        memory=farm.store,
        links_of=farm.store.links_of,
        shown=_from_home(settings),
        clock=farm.clock,
        locks=locks or Locks(),
        mapping=options.mapping if options else (),
        with_preview=settings.sheets_preview,
    )


async def finishing_of(farm: Farm, outbox: Outbox, queues: Sequence[str]) -> Finishing:
    """Makes the copies that the settings ask for; UsageError for a text that is no recipe."""
    settings = farm.settings
    if targets := places(settings):
        await farm.store.note_targets(queues, targets)
    return Finishing(
        store=farm.store,
        recipe=recipe(settings),
        downloads=settings.downloads_dir,
        pool=step_pool,
        site=settings.site,
        targets=targets,
        earlier=await farm.store.noted_targets(),
        began=farm.clock.now(),
        on_posted=outbox.posted,
    )


def recipe(settings: Settings) -> Recipe:
    """The recipe of the settings; UsageError for a text that is none."""
    try:
        return recipe_of(
            resize=settings.resize,
            focus=settings.focus,
            convert=settings.convert,
            max_kb=settings.max_kb,
            metadata=settings.metadata,
            sidecar=settings.sidecar,
        )
    except ValueError as error:
        raise UsageError(f"FARM_RESIZE, FARM_FOCUS or FARM_CONVERT: {error}.") from None


def _from_home(settings: Settings) -> Path:
    """The downloads folder as a person at home calls it."""
    folder, home = settings.downloads_dir, settings.home
    return folder.relative_to(home) if folder.is_relative_to(home) else folder
