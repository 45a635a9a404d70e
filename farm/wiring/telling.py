"""Who else listens to a run: a person far away, and the audit trail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from farm.generation_log import FILE_NAME, GenerationLog
from farm.model.events import RunOptions, Tell
from farm.notify.messenger import Messenger
from farm.notify.occasions import Occasions
from farm.notify.targets import targets_of
from farm.wiring.opened import Farm


@asynccontextmanager
async def telling(farm: Farm, options: RunOptions, tell: Tell) -> AsyncIterator[Tell]:
    """The same teller, with messages to a person and a line for every ended attempt.

    At the end it waits a bounded time for messages. UsageError for an address that cannot be.
    """
    settings, clock = farm.settings, farm.clock
    downloads, home = settings.downloads_dir, settings.home
    trail = GenerationLog(
        path=settings.log_dir / FILE_NAME,
        shown=downloads.relative_to(home) if downloads.is_relative_to(home) else downloads,
        clock=clock,
    )
    messenger = Messenger(
        targets=targets_of(settings.notify, secret=settings.notify_secret, clock=clock),
        book=farm.store,
        clock=clock,
        occasions=Occasions(watch=options.watch),
    )
    async with messenger:
        yield messenger.watching(trail.watching(tell))
