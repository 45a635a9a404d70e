"""What a source is called: by the user, as a queue, and in the store. Nothing is read here."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

STDIN = "-"
SHEETS = "sheets:"

_WORKBOOK = re.compile(r"(?P<path>.+\.xls[xm])#(?P<sheet>.+)", re.IGNORECASE | re.DOTALL)
_OF_SHEETS = re.compile(r"sheets:(?P<id>[^/#]*)(?:[/#](?P<tab>.+))?", re.DOTALL)
_ADDRESS = re.compile(
    r"https?://docs\.google\.com/spreadsheets/(?:u/\d+/)?d/(?!e/)(?P<id>[\w-]+)\S*"
)
_TAB_OF_ADDRESS = re.compile(r"[#?&](?P<gid>gid=\d+)")


class Kind(StrEnum):
    """How prompts are written down."""

    CSV = "csv"
    TSV = "tsv"
    XLSX = "xlsx"
    JSON = "json"
    JSONL = "jsonl"
    YAML = "yaml"
    MD = "md"
    TXT = "txt"


SUFFIXES: Mapping[str, Kind] = {
    **{f".{kind}": kind for kind in Kind},
    ".tab": Kind.TSV,
    ".xlsm": Kind.XLSX,
    ".ndjson": Kind.JSONL,
    ".yml": Kind.YAML,
    ".markdown": Kind.MD,
}


def path_of(source: str) -> tuple[Path, str] | None:
    """The file of a source and, of a workbook, the sheet (`a.xlsx#May`); None if it is no file."""
    if source == STDIN or sheet_of(source) is not None:
        return None
    named = _WORKBOOK.fullmatch(source)
    if named is None or Path(source).exists():
        return Path(source), ""
    return Path(named["path"]), named["sheet"]


def sheet_of(source: str) -> tuple[str, str] | None:
    """The spreadsheet and tab of a source, each "" where it is not said; None if it is no sheet.

    A tab is its title, or `gid=N` as in the address bar, where a whole address may come from.
    """
    if (named := _OF_SHEETS.fullmatch(source)) is not None:
        return named["id"], named["tab"] or ""
    if (address := _ADDRESS.fullmatch(source.strip())) is None:
        return None
    gids = _TAB_OF_ADDRESS.findall(source)
    return address["id"], gids[-1] if gids else ""


def queue_of(source: str) -> str:
    """The queue a source fills unless the user names one."""
    if (found := path_of(source)) is not None:
        path, sheet = found
        return f"{path.stem}-{sheet}" if sheet else path.stem
    if (place := sheet_of(source)) is not None:
        return "-".join(filter(None, ("sheet", *place)))
    return "stdin"


def identity_of(source: str) -> str:
    """How the store remembers a source: files by their real path; blocking."""
    if (found := path_of(source)) is None:
        return source
    path, sheet = found
    return os.path.realpath(path) + (f"#{sheet}" if sheet else "")
