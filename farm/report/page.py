"""The whole page: one file that opens from disk and asks nobody for anything."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

from farm.files import write_whole
from farm.report.cards import jobs, sections
from farm.report.chart import timeline
from farm.report.failures import failures
from farm.report.header import header, navigation
from farm.report.people import accounts, costs
from farm.report.pictures import Haste, Pictures, pictures
from farm.report.place import Place
from farm.report.records import Report
from farm.report.style import STYLE

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def write_page(report: Report, place: Place, haste: Haste | None = None) -> Path:
    """Make the pictures and put the page in place; blocking. Raises SaveFailed.

    Originals and evidence are linked by relative path; missing and broken files are shown as such.
    """
    shown = pictures(report, place.downloads, place.logs, haste or Haste())
    write_whole(place.out, "".join(page(report, shown, place)).encode(errors="replace"))
    return place.out


def page(report: Report, shown: Pictures, place: Place) -> Iterator[str]:
    """The page, part by part."""
    yield "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
    yield f"<title>Report: {escape(', '.join(report.queues))}</title>\n"
    yield '<meta name=viewport content="width=device-width, initial-scale=1">\n'
    yield f'<meta http-equiv=Content-Security-Policy content="{POLICY}">\n'
    yield f"<style>{STYLE}</style>\n</head>\n<body>\n"
    yield from header(report, place)
    yield from navigation(report, sections(report))
    yield "<main>\n"
    yield from failures(report, shown, place)
    yield from timeline(report, place)
    yield from accounts(report, place)
    yield from costs(report)
    yield from jobs(report, shown, place)
    yield "</main>\n</body>\n</html>\n"
