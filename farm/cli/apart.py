"""A place apart for runs on the stand-in: its pictures must never count as the user's own."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from farm.config import Settings
from farm.sources.names import path_of


def apart(settings: Settings, name: str) -> Settings:
    """The same settings with queue, profiles, downloads and evidence in a folder of FARM_HOME."""
    home = settings.home / name
    return replace(
        settings,
        home=home,
        database_url=f"sqlite+aiosqlite:///{(home / 'farm.db').as_posix()}",
        profiles_dir=home / "profiles",
        profile_paths={},
        cdp_endpoints={},
        downloads_dir=home / "downloads",
        log_dir=home / "logs",
        notify=(),  # nobody is to be woken for a play
        deliver=(),  # and nowhere is a picture of it to be put
    )


def copies(sources: Sequence[str], home: Path) -> tuple[str, ...]:
    """The sources, files copied into `home`, where their results may stand beside them.

    A file that is not there keeps its own path, for the reader to say so.
    """
    home.mkdir(parents=True, exist_ok=True)
    return tuple(_copy(source, home) for source in sources)


def folders(sources: Sequence[str], copied: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Of each copy the folder of its original, where the pictures it names still lie."""
    found = zip(copied, map(path_of, sources), strict=True)
    return tuple((copy, str(path[0].absolute().parent)) for copy, path in found if path)


def _copy(source: str, home: Path) -> str:
    found = path_of(source)
    if found is None or not found[0].is_file():
        return source
    path, sheet = found
    return f"{shutil.copy(path, home / path.name)}" + (f"#{sheet}" if sheet else "")
