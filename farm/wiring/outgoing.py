"""The outbox of a farm: the targets the user named, and those where something is still to go."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from farm.clock import Clock
from farm.config import Settings
from farm.deliver.base import Later, Target, parcel_of
from farm.deliver.local import Local
from farm.deliver.targets import target_of, targets_of
from farm.errors import FarmError, UsageError
from farm.model.deliveries import DeliveryState, place_of
from farm.model.events import Tell
from farm.outbox import DRAIN_SECONDS, Outbox
from farm.wiring.opened import Farm

log = logging.getLogger(__name__)


def places(settings: Settings) -> tuple[str, ...]:
    """How the store calls the targets of the settings."""
    return tuple(dict.fromkeys(place_of(text, settings.home) for text in settings.deliver))


def prove_places(settings: Settings, clock: Clock) -> None:
    """UsageError for a target of the settings that is none, or a folder that cannot be made."""
    for target in targets_of(settings, clock).values():
        try:
            if isinstance(target, Local):
                target.check()
        except Later as error:
            raise UsageError(f"Nothing could be delivered to {target.place}: {error}") from None
        finally:
            target.close()


async def outbox_of(farm: Farm, tell: Tell, *, drain_seconds: float = DRAIN_SECONDS) -> Outbox:
    """An outbox that serves the settings' targets and what earlier runs left to be delivered.

    UsageError for a target of the settings that is none.
    """
    downloads: Path = farm.settings.downloads_dir
    return Outbox(
        targets=await _targets(farm),
        book=farm.store,
        parcel=lambda claim: parcel_of(claim, downloads),
        clock=farm.clock,
        tell=tell,
        worker=f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}",
        drain_seconds=drain_seconds,
    )


async def _targets(farm: Farm) -> Mapping[str, Target]:
    """A place is a target's text without its password: some can be had from it alone."""
    found = dict(targets_of(farm.settings, farm.clock))
    counts = await farm.store.delivery_counts()
    waiting = [place for place, state in counts if state is DeliveryState.PENDING]
    noted = (await farm.store.noted_targets()).values()
    for place in dict.fromkeys((*waiting, *(place for some in noted for place in some))):
        if place not in found:
            try:
                found[place] = target_of(place, farm.settings, farm.clock)
            except FarmError as error:
                log.warning("%s", error, extra={"to": place})
    return found
