"""The jobs as CSV: one line each, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from farm.model.money import MICRO
from farm.report.records import Picture, Report, Row
from farm.sources.formulas import guard

_NONE = Picture(path="")


def csv_of(report: Report) -> str:
    """A header and a line for each job."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows([guard(told(row)) for told in _COLUMNS.values()] for row in report.rows)
    return stream.getvalue()


def _picture(row: Row) -> Picture:
    return row.picture or _NONE


def _seconds(row: Row) -> str:
    """How long the last attempt took."""
    last = row.trials[-1] if row.trials else None
    return f"{last.ended - last.began:.1f}" if last and last.ended is not None else ""


def _cost(row: Row) -> str:
    cost = _picture(row).cost_microusd
    return "" if cost is None else f"{cost / MICRO:.6f}".rstrip("0").rstrip(".")


def _utc(at: float | None) -> str:
    return "" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _number(value: int) -> str:
    return str(value) if value else ""


_COLUMNS: Mapping[str, Callable[[Row], str]] = {
    "job": lambda row: str(row.job),
    "queue": lambda row: row.queue,
    "prompt_id": lambda row: row.id,
    "filename": lambda row: row.name,
    "status": lambda row: row.status,
    "cause": lambda row: row.cause.value if row.cause else "",
    "reason": lambda row: row.words,
    "message": lambda row: row.message,
    "session": lambda row: row.session,
    "attempts": lambda row: str(len(row.trials)),
    "seconds": _seconds,
    "image": lambda row: _picture(row).path,
    "width_px": lambda row: _number(_picture(row).width_px),
    "height_px": lambda row: _number(_picture(row).height_px),
    "size_bytes": lambda row: _number(_picture(row).size_bytes),
    "sha256": lambda row: _picture(row).sha256,
    "warnings": lambda row: "; ".join(_picture(row).warnings),
    "backend": lambda row: _picture(row).backend,
    "account": lambda row: _picture(row).account,
    "model": lambda row: _picture(row).model,
    "cost_usd": _cost,
    "made_at": lambda row: _utc(_picture(row).made_at),
    "copies": lambda row: "; ".join(copy.path for copy in row.copies),
    "links": lambda row: " ".join(copy.link for copy in row.delivered if copy.link),
    "description": lambda row: row.description,
}
