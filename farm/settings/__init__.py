"""The settings: one record for those who use them, one table for all who speak of them.

Pure: nothing is read here. `farm.config` fills the record from its sources; messages and
docs/settings.md come from the table.
"""

from __future__ import annotations

from farm.settings.backends import BACKENDS
from farm.settings.browsing import BROWSING
from farm.settings.google import GOOGLE
from farm.settings.output import OUTPUT
from farm.settings.places import PLACES
from farm.settings.record import PREFIX, Setting, Settings
from farm.settings.running import RUNNING

__all__ = ["PREFIX", "SETTINGS", "Setting", "Settings"]

SETTINGS: tuple[Setting, ...] = (*PLACES, *RUNNING, *BROWSING, *OUTPUT, *GOOGLE, *BACKENDS)
