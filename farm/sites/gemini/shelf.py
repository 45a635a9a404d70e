"""Where the selector pack is taken from: read again when one of its files has changed."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

from farm.clock import Clock
from farm.errors import UsageError
from farm.sites.gemini.pack import Pack, load_pack

log = logging.getLogger(__name__)

CHECK_SECONDS = 2.0


@dataclass(kw_only=True)
class PackShelf:
    """Gives the pack as it stands now; a repair is in use a moment after its file is written."""

    path: Path | None
    local: Path
    clock: Clock
    _pack: Pack | None = None
    _checked_at: float = field(default=0.0)
    _told: str = ""  # what was wrong with the files when they were last read

    def __call__(self) -> Pack:
        """The pack. A file that turned bad is told once and the last good pack stays in use.

        UsageError when there has never been a good one.
        """
        now = self.clock.monotonic()
        if self._pack is None:
            self._pack, self._checked_at = load_pack(self.path, self.local), now
        elif now - self._checked_at >= CHECK_SECONDS:
            self._checked_at = now
            self._pack = self._again(self._pack)
        return self._pack

    def _again(self, pack: Pack) -> Pack:
        if not pack.stale:
            self._told = ""
            return pack
        try:
            changed = load_pack(self.path, self.local)
        except UsageError as error:
            if str(error) != self._told:
                log.warning("the changed selector pack is not used: %s", error)
            self._told = str(error)
            return pack
        self._told = ""
        return changed
