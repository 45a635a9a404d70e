"""A folder whose farm draws with Gemini's API on loopback, and the installed command run in it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fake_gemini
from fake_gemini import FakeGemini

FARM = str(Path(sys.executable).with_name("farm"))
SECONDS = 90


@dataclass(frozen=True, kw_only=True)
class ApiDesk:
    """No browser, one key, and no waits."""

    home: Path
    gemini: FakeGemini

    def environment(self, **settings: str) -> dict[str, str]:
        """What the command sees."""
        kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
        return {
            **kept,
            "FARM_BACKENDS": "gemini",
            "FARM_GEMINI_BASE_URL": self.gemini.url,
            "GEMINI_API_KEY": fake_gemini.KEY,
            "FARM_API_PACE_SECONDS": "0",
            "FARM_RETRY_WAIT_SECONDS": "0.2",
            **settings,
        }

    def farm(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end, without a terminal."""
        return subprocess.run(
            [FARM, *words],
            cwd=self.home,
            env=self.environment(**settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def rows(self, statement: str) -> list[Any]:
        """What the store says."""
        with closing(sqlite3.connect(self.home / "farm.db")) as database:
            return database.execute(statement).fetchall()
