"""Which source a name means."""

from __future__ import annotations

from pathlib import Path

from farm.sources.base import Source
from farm.sources.errand import Errand
from farm.sources.table import Table


def source_of(errand: Errand) -> Source:
    """The source an errand is about."""
    return Table(Path(errand.source))
