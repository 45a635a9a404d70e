"""`farm sheets`: what farm sees of a Google Sheet, and what it writes there."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli.jobs import with_farm
from farm.cli.options import AsJson, open_settings
from farm.cli.render import complain, say, say_json, say_table
from farm.cli.sources import Mapped, reading_of

if TYPE_CHECKING:
    from farm.model.sources import SourceOptions
    from farm.sources.sheets import Sheet
    from farm.wiring.opened import Farm

ALL_WRITTEN, SOME_ARE_NOT = 0, 1

sheets = typer.Typer(
    name="sheets",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Google Sheets that prompts come from.

\b
Examples:
  farm sheets check sheets:SPREADSHEET_ID
  farm sheets push
""",
)


@sheets.command()
def check(
    sheet: Annotated[
        str, typer.Argument(metavar="SHEET", help="`sheets:ID`, `sheets:ID/Tab`, or its address.")
    ] = "sheets:",
    *,
    mapped: Mapped = None,
    as_json: AsJson = False,
) -> None:
    """Say whether farm can read a sheet, as whom, and what its rows are.

    Nothing is stored or written.

    \b
    Examples:
      farm sheets check sheets:1AbC
      farm sheets check https://docs.google.com/spreadsheets/d/1AbC/edit
      farm sheets check --json
    """
    from farm.google_apis import access_of
    from farm.sources.sheets import Sheet, place_of

    settings = open_settings()
    place = place_of(sheet, settings.spreadsheet_id)
    mapping = reading_of(mapped).mapping
    seen = _seen(Sheet(place=place, access=access_of(settings), mapping=mapping))
    if as_json:
        say_json(seen)
        return
    say(f"{seen['spreadsheet']} / {seen['tab']}, read as {seen['account'] or 'you'}")
    say_table(["Status", "Rows"], [[word, str(count)] for word, count in seen["rows"].items()])
    for warning in seen["warnings"]:
        complain(warning)
    if seen["account"]:
        say(f"For results to be written there, {seen['account']} must be an editor.")


def _seen(sheet: Sheet) -> dict[str, Any]:
    from farm.google_apis import SHEETS_SCOPE, account_of, credentials
    from farm.sources.checks import DONE
    from farm.sources.rows import check as checked
    from farm.sources.sheets import cells_of

    tab, grid = sheet.look()
    batch = checked(cells_of(tab.name, grid, sheet.mapping))
    rows = Counter("REGEN" if row.regenerate else "to draw" for row in batch.rows)
    rows[DONE] = batch.completed
    return {
        "spreadsheet": tab.book,
        "tab": tab.title,
        "account": account_of(credentials(sheet.access, (SHEETS_SCOPE,))),
        "rows": {word: count for word, count in rows.items() if count},
        "warnings": list(batch.warnings),
    }


@sheets.command()
def push(
    queues: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUEUE", help="Queues of sheets; all of them if none is named."),
    ] = None,
    *,
    anew: Annotated[
        bool, typer.Option("--all", help="Write every row again, also those that stand there.")
    ] = False,
    mapped: Mapped = None,
    as_json: AsJson = False,
) -> None:
    """Write results into the sheets now: what a run could not, or what was delivered after it.

    Exit code 1 says that something is still missing there.

    \b
    Examples:
      farm sheets push
      farm sheets push spring-prompts
      farm sheets push spring-prompts --all
    """
    reading = reading_of(mapped)

    async def work(farm: Farm) -> list[dict[str, Any]]:
        return [
            await _pushed(farm, name, reading, anew=anew)
            for name in await _names(farm, queues or [])
        ]

    done = with_farm(work)
    if as_json:
        say_json({"queues": done})
    else:
        for one in done:
            say(f"{one['queue']}: rows written: {one['rows']}")
            if one["trouble"]:
                complain(one["trouble"])
    raise typer.Exit(SOME_ARE_NOT if any(one["trouble"] for one in done) else ALL_WRITTEN)


async def _names(farm: Farm, asked: list[str]) -> list[str]:
    from farm.errors import UsageError
    from farm.sources.names import sheet_of

    there = [each.name for each in await farm.store.queues() if sheet_of(each.source)]
    if strange := [name for name in asked if name not in there]:
        known = ", ".join(there) or "none"
        raise UsageError(f"No queue {strange[0]!r} came from a sheet; those that did: {known}.")
    return asked or there


async def _pushed(farm: Farm, queue: str, reading: SourceOptions, *, anew: bool) -> dict[str, Any]:
    from farm.wiring.beside import sheet_results

    if anew:
        await farm.store.note_written(queue, {}, [])
    writer = sheet_results(farm, reading)
    trouble = await writer.push({queue: await farm.jobs_of(queue)})
    writer.pen.close()
    return {"queue": queue, "rows": writer.rows, "trouble": trouble}
