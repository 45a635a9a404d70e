"""`farm report`: what was made, by whom, when and at what cost, on one page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli.jobs import with_farm
from farm.cli.options import AsJson, QueueName, open_settings
from farm.cli.render import say, say_json
from farm.clock import LocalZone, SystemClock
from farm.config import has_display
from farm.errors import UsageError
from farm.model.stats import since as moment_of

if TYPE_CHECKING:
    from farm.report.records import Report
    from farm.wiring.opened import Farm

_STDOUT = "-"


def report(
    *,
    queue: QueueName = "",
    since: Annotated[
        str, typer.Option(metavar="24h|DATE", help="Only what changed or was tried since then.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The page; else downloads/contact-sheet.html."),
    ] = None,
    csv: Annotated[
        str, typer.Option("--csv", metavar="FILE", help="The jobs as CSV instead; `-` prints them.")
    ] = "",
    show: Annotated[bool, typer.Option("--open", help="Open the page in your browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a page that shows every image, what failed and why, who did what when, and the cost.

    The page is one file that opens from disk and asks nobody for anything; each run ends with one.
    `--csv` and `--json` tell the same to programs and write no page unless `--out` names one.

    \b
    Examples:
      farm report --open
      farm report --queue heroes --since 24h --out heroes.html
      farm report --csv night.csv
      farm report --json > night.json
    """
    if as_json and csv == _STDOUT:
        raise UsageError("--json and --csv - cannot both go to standard output.")
    found = _gathered(queue, since)
    if csv:
        _say_csv(found, csv)
    if as_json:
        say_json(found)
    if out is not None or not (csv or as_json):
        page = _written(found, out)
        if not as_json and csv != _STDOUT:
            say(f"report: {page}")
        if show and has_display(sys.platform):
            typer.launch(str(page))


def _gathered(queue: str, since: str) -> Report:
    start = moment_of(since, SystemClock().now(), LocalZone()) if since else None

    async def work(farm: Farm) -> Any:
        from farm.wiring.reporting import report_of

        if queue and queue not in {entry.name for entry in await farm.store.queues()}:
            raise UsageError(f"There is no queue {queue!r}. To see all: farm status")
        return await report_of(farm, [queue] if queue else [], start)

    found: Report | None = with_farm(work)
    if found is None:
        when = "changed in that time" if since else "was added yet"
        raise UsageError(f"There is nothing to report: no job {when}.")
    return found


def _written(found: Report, out: Path | None) -> Path:
    from farm.report.page import write_page
    from farm.wiring.reporting import place_of

    return write_page(found, place_of(open_settings(), out))


def _say_csv(found: Report, out: str) -> None:
    from farm.files import write_whole
    from farm.report.table import csv_of

    text = csv_of(found)
    if out == _STDOUT:
        say(text.replace("\r\n", "\n").rstrip("\n"))
    else:
        write_whole(Path(out).absolute(), text.encode(errors="replace"))
        say(f"csv: {out}")
