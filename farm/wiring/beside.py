"""What goes on beside the sessions of a run: results, deliveries, copies of images, sources."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from farm.config import Settings
from farm.errors import UsageError
from farm.finishing import Finishing
from farm.model.events import RunOptions, Tell
from farm.model.recipes import Recipe, recipe_of
from farm.outbox import Outbox
from farm.results import Results
from farm.steps.pool import step_pool
from farm.wiring.opened import Farm
from farm.wiring.outgoing import outbox_of, places


@dataclass(frozen=True, kw_only=True, slots=True)
class Beside:
    """What runs beside the sessions, and the teller through which it hears of them."""

    results: Results
    tell: Tell


@asynccontextmanager
async def beside(
    farm: Farm,
    options: RunOptions,  # noqa: ARG001  # what is to be watched stands there
    queues: Sequence[str],
    tell: Tell,
) -> AsyncIterator[Beside]:
    """Everything that ends after the last session, each after those that give it work.

    No new rows, then the last copies, then their deliveries, then the results with their links.
    """
    async with AsyncExitStack() as stack:
        results = await stack.enter_async_context(results_of(farm, queues))
        heard = results.watching(tell)
        outbox = await stack.enter_async_context(await outbox_of(farm, heard))
        finishing = await stack.enter_async_context(finishing_of(farm, outbox))
        yield Beside(results=results, tell=finishing.watching(heard))


def results_of(farm: Farm, queues: Sequence[str]) -> Results:
    """Keeps the results of these queues current."""
    settings = farm.settings
    return Results(
        queues=queues,
        jobs_of=farm.jobs_of,
        home=settings.home,
        downloads=settings.downloads_dir,
        shown=_from_home(settings),
        sheet=settings.downloads_dir / "contact-sheet.html",
        clock=farm.clock,
    )


def finishing_of(farm: Farm, outbox: Outbox) -> Finishing:
    """Makes the copies that the settings ask for; UsageError for a text that is no recipe."""
    settings = farm.settings
    return Finishing(
        store=farm.store,
        recipe=recipe(settings),
        downloads=settings.downloads_dir,
        pool=step_pool,
        site=settings.site,
        targets=places(settings),
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
