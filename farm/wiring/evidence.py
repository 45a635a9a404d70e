"""Who looks when something fails."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata

from farm.incidents import Incidents
from farm.model.events import RunEvent
from farm.sites.gemini.evidence import PageEvidence
from farm.sites.gemini.page import GeminiPage
from farm.steps.cover import cover
from farm.wiring.opened import Farm

DISTRIBUTION = "gemini-farm"


def witness_of(
    farm: Farm, name: str, page: GeminiPage | None, tell: Callable[[RunEvent], None]
) -> Incidents:
    """The witness of a session; without a page it has only words to keep."""
    return Incidents(
        book=farm.store,
        evidence=None if page is None else PageEvidence(page=page, paint=cover),
        logs=farm.settings.log_dir,
        clock=farm.clock,
        session=name,
        tell=tell,
        version=metadata.version(DISTRIBUTION),
    )
