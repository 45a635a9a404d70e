"""What a source is called: by the user, as a queue, and in the store. Nothing is read here."""

from __future__ import annotations

import os
import re
from pathlib import Path

STDIN = "-"
SHEETS = "sheets:"

_WORKBOOK = re.compile(r"(?P<path>.+\.xls[xm])#(?P<sheet>.+)", re.IGNORECASE | re.DOTALL)
_OF_SHEETS = re.compile(r"sheets:(?P<id>[^/#]*)(?:[/#](?P<tab>.+))?", re.DOTALL)


def path_of(source: str) -> tuple[Path, str] | None:
    """The file of a source and, of a workbook, the sheet (`a.xlsx#May`); None if it is no file."""
    if source == STDIN or source.startswith(SHEETS):
        return None
    named = _WORKBOOK.fullmatch(source)
    if named is None or Path(source).exists():
        return Path(source), ""
    return Path(named["path"]), named["sheet"]


def queue_of(source: str) -> str:
    """The queue a source fills unless the user names one."""
    if (found := path_of(source)) is not None:
        path, sheet = found
        return f"{path.stem}-{sheet}" if sheet else path.stem
    if (sheet_of := _OF_SHEETS.fullmatch(source)) is not None:
        return "-".join(filter(None, ("sheet", sheet_of["id"], sheet_of["tab"])))
    return "stdin"


def identity_of(source: str) -> str:
    """How the store remembers a source: files by their real path; blocking."""
    if (found := path_of(source)) is None:
        return source
    path, sheet = found
    return os.path.realpath(path) + (f"#{sheet}" if sheet else "")
