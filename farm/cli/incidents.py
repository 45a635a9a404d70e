"""`farm incidents …`: what failed, how often, and the evidence of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli.jobs import with_farm
from farm.cli.options import AsJson, open_settings
from farm.cli.render import say, say_json, say_table
from farm.config import has_display
from farm.errors import UsageError
from farm.incidents import SUMMARY, moment_text
from farm.model.incidents import Incident

if TYPE_CHECKING:
    from farm.wiring.opened import Farm

incidents = typer.Typer(
    name="incidents",
    rich_markup_mode=None,
    invoke_without_command=True,
    help="""What failed, how often, and the evidence of each failure's first time.

\b
Examples:
  farm incidents
  farm incidents show 3
  farm incidents open 3
""",
)

Id = Annotated[int, typer.Argument(metavar="ID", help="The incident's number.")]


@incidents.callback()
def default(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List them, unless another command follows."""
    if context.invoked_subcommand is None:
        list_incidents(as_json=as_json)


@incidents.command(name="list")
def list_incidents(*, as_json: AsJson = False) -> None:
    """List the incidents, the one met last first.

    \b
    Examples:
      farm incidents list
      farm incidents list --json
    """

    async def work(farm: Farm) -> tuple[Incident, ...]:
        return await farm.store.incidents()

    found = with_farm(work)
    if as_json:
        say_json({"incidents": found})
    elif not found:
        say("Nothing has failed yet.")
    else:
        say_table(HEAD, [_row(incident) for incident in found])


HEAD = ("id", "count", "cause", "session", "first", "last", "what", "folder")


def _row(incident: Incident) -> tuple[str, ...]:
    role = f" ({incident.role})" if incident.role else ""
    return (
        str(incident.id),
        str(incident.count),
        f"{incident.cause.value}{role}",
        incident.session,
        moment_text(incident.first_at)[:16],
        moment_text(incident.last_at)[:16],
        incident.message,
        incident.folder or "-",
    )


@incidents.command()
def show(number: Id, *, as_json: AsJson = False) -> None:
    """Show everything known about an incident, and its files.

    \b
    Examples:
      farm incidents show 3
      farm incidents show 3 --json
    """
    incident, folder = _found(number)
    facts = _facts(incident, folder)
    if as_json:
        say_json(facts)
        return
    for name, value in facts.items():
        if name == "files":
            for path in value:
                say(f"{'file':9} {path}")
        elif value not in {"", None}:
            say(f"{name:9} {value}")


@incidents.command(name="open")
def open_incident(number: Id) -> None:
    """Open an incident's summary; where there is no display, say where it is.

    \b
    Examples:
      farm incidents open 3
    """
    incident, folder = _found(number)
    summary = folder / SUMMARY
    if not incident.folder or not summary.is_file():
        raise UsageError(f"Incident {number} has no evidence: {folder} is not there.")
    if not has_display(sys.platform) or typer.launch(str(summary)) != 0:
        say(str(summary))


def _found(number: int) -> tuple[Incident, Path]:
    async def work(farm: Farm) -> Incident | None:
        return await farm.store.incident(number)

    incident: Incident | None = with_farm(work)
    if incident is None:
        raise UsageError(f"There is no incident {number}. To see all: farm incidents")
    return incident, open_settings().log_dir / incident.folder


def _facts(incident: Incident, folder: Path) -> dict[str, Any]:
    there = bool(incident.folder) and folder.is_dir()
    return {
        "id": incident.id,
        "cause": incident.cause.value,
        "role": incident.role,
        "message": incident.message,
        "count": incident.count,
        "session": incident.session,
        "job": f"#{incident.job_id}" if incident.job_id else "",
        "first": moment_text(incident.first_at),
        "last": moment_text(incident.last_at),
        "folder": str(folder) if there else "",
        "files": sorted(str(path) for path in folder.iterdir()) if there else [],
    }
