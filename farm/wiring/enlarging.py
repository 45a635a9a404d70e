"""Who enlarges what a run draws small, and for whose pictures its sessions wait."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from farm.catalogue import load_catalogue
from farm.clock import Clock
from farm.config import Settings
from farm.errors import UsageError
from farm.model.lanes import ANY_LANE, session_lane
from farm.model.models import Catalogue, Model
from farm.model.operations import Operation
from farm.wiring.apis import choice_of, on_vertex


def upscaler_of(settings: Settings, clock: Clock) -> Model | None:
    """The model of FARM_UPSCALE_WITH, None where nothing is enlarged.

    UsageError for one that cannot do it, or whose backend takes no part in the run.
    """
    if not settings.upscale_with:
        return None
    catalogue = load_catalogue(settings.home)
    today = datetime.fromtimestamp(clock.now()).astimezone().date()
    (model,) = catalogue.chosen([settings.upscale_with], today).values()
    if Operation.UPSCALE not in model.operations:
        can = ", ".join(model.operations)
        known = _known(catalogue)
        raise UsageError(f"{model.id} cannot enlarge: it can {can}. Those that can: {known}.")
    if model.hosts == ("vertex",) and not on_vertex(settings):
        raise UsageError(f"{model.id} answers on Vertex alone: set FARM_GOOGLE_CREDENTIALS.")
    if model.backend not in (*settings.backends, *settings.fallback):
        fallback = ",".join((*settings.fallback, model.backend))
        raise UsageError(
            f"{model.id} is a model of {model.backend}, which takes no part in this run: add "
            f"--fallback {fallback}, and it enlarges, or draws as well when the others cannot."
        )
    if settings.reuse:
        raise UsageError(
            "A copy of a small picture is not enlarged: take --upscale-with or --reuse, not both."
        )
    return model


def _known(catalogue: Catalogue) -> str:
    able = (model for model in catalogue.models if Operation.UPSCALE in model.operations)
    return ", ".join(model.names[-1] for model in able)


@dataclass(frozen=True, kw_only=True, slots=True)
class Feeders:
    """The sessions that may draw pictures for an upscaler, and the lanes they work."""

    lanes: Mapping[str, frozenset[str]]  # by session

    def hopes(self, at_work: Collection[str]) -> tuple[str, ...]:
        """Lanes whose jobs may become the upscaler's: those of sessions that are still at work."""
        return tuple(
            sorted({lane for name in self.lanes if name in at_work for lane in self.lanes[name]})
        )


def feeders_of(
    settings: Settings, clock: Clock, seats: Mapping[str, tuple[int, ...]], upscaler: Model
) -> Feeders:
    """Everybody of the run's APIs but the upscaler's own, whose sessions see their jobs anyway."""
    catalogue = load_catalogue(settings.home)
    found: dict[str, frozenset[str]] = {}
    for backend, numbers in seats.items():
        if backend == upscaler.backend:
            continue
        lanes = choice_of(settings, backend, clock, catalogue).lanes((backend, ANY_LANE))
        names = [f"{backend}-{number}" for number in numbers]
        own = frozenset((*lanes, *map(session_lane, names)))
        found |= dict.fromkeys(names, own)
    return Feeders(lanes=found)
