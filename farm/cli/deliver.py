"""`farm upload` and `farm deliveries`: putting files where they belong."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli.jobs import with_farm
from farm.cli.options import AsJson, open_settings
from farm.cli.render import complain, say, say_json, say_table
from farm.clock import SystemClock
from farm.errors import UsageError
from farm.model.deliveries import Delivery, DeliveryState, folder_of, place_of

if TYPE_CHECKING:
    from farm.model.events import RunEvent
    from farm.uploads import Uploaded
    from farm.wiring.opened import Farm

DONE, SOME_FAILED, PERSON_NEEDED = 0, 1, 3
PAGE = 1000

deliveries = typer.Typer(
    name="deliveries",
    rich_markup_mode=None,
    invoke_without_command=True,
    help="""What is to be put where, what is there, and what is in the way.

\b
Examples:
  farm deliveries
  farm deliveries check
  farm deliveries run
  farm deliveries forget /mnt/old
""",
)

To = Annotated[
    list[str] | None,
    typer.Option("--to", metavar="TARGET", help="Where to, instead of FARM_DELIVER; repeatable."),
]
DeliverTo = Annotated[
    list[str] | None,
    typer.Option(
        "--deliver",
        metavar="TARGET",
        help="Put images there: drive:FOLDER_ID, gs://…, s3://…, a folder; may be repeated.",
    ),
]


def joined(targets: list[str] | None) -> str | None:
    """Targets given one by one, as the setting has them."""
    return " ".join(f'"{target}"' for target in targets) if targets else None


def upload(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="Files, and folders.")],
    *,
    to: To = None,
    site: Annotated[
        str, typer.Option(metavar="NAME", help="The folder between Generated Images and the day.")
    ] = "",
    day: Annotated[
        str, typer.Option(metavar="DATE", help="The day's folder; without it, that of each file.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Put any files where images are delivered to; what is there already is passed over.

    Cut off in the middle, the same command goes on with the files that are missing. A network that
    is gone is waited for.

    \b
    Examples:
      farm upload downloads/2026-11-21 --to drive:1AbCdEf --site blog
      farm upload hero.png --to s3://bucket/images
      farm upload downloads --to /mnt/backup --json
    """
    from farm.deliver.targets import targets_of
    from farm.uploads import Uploads, files_below

    settings = open_settings({"deliver": joined(to)})
    clock = SystemClock()
    targets = targets_of(settings, clock)
    if not targets:
        raise UsageError("Where to? Give a target by --to or FARM_DELIVER, as drive:FOLDER_ID.")
    fixed = _day(day)
    found = files_below(files)
    uploads = Uploads(clock=clock, on_done=(lambda _: None) if as_json else _say_upload)
    site = site or settings.site or "uploads"

    def folder(file: Path) -> str:
        made = datetime.fromtimestamp(file.stat().st_mtime).astimezone().date()
        return folder_of(site, fixed or made)

    results = asyncio.run(uploads.all(found, list(targets.values()), folder))
    if as_json:
        say_json({"files": results})
    else:
        say(_in_sum(results))
    raise typer.Exit(_exit_code(results))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"--day {text} is no date; write it like 2026-11-21.") from None


def _say_upload(one: Uploaded) -> None:
    if one.trouble:
        complain(f"{one.file}: {one.trouble}")
    else:
        say(f"{one.file} {'is at' if one.was_there else '->'} {one.link or one.target}")


def _in_sum(results: list[Uploaded]) -> str:
    failed = sum(bool(result.trouble) for result in results)
    before = sum(result.was_there for result in results)
    if before == len(results):
        return (
            f"Nothing new: {'1 file was' if before == 1 else f'{before} files were'} there already."
        )
    there = f"{len(results) - failed} there"
    return f"{there}{f' ({before} of them before)' if before else ''}, {failed} not."


def _exit_code(results: list[Uploaded]) -> int:
    if any(result.person for result in results):
        return PERSON_NEEDED
    return SOME_FAILED if any(result.trouble for result in results) else DONE


@deliveries.callback()
def default(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List what is not there yet, unless another command follows."""
    if context.invoked_subcommand is None:
        list_deliveries(as_json=as_json)


@deliveries.command(name="list")
def list_deliveries(
    *,
    state: Annotated[
        list[DeliveryState] | None,
        typer.Option(help="Only these; without it, what is not delivered."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="How many to show.")] = 50,
    after: Annotated[int, typer.Option(min=0, metavar="N", help="Begin behind delivery N.")] = 0,
    as_json: AsJson = False,
) -> None:
    """List deliveries with where they go, how often they were tried, and why they are not there.

    \b
    Examples:
      farm deliveries list
      farm deliveries list --state delivered --json
    """
    states = state or [DeliveryState.PENDING, DeliveryState.REFUSED]

    async def work(farm: Farm) -> tuple[tuple[Delivery, ...], Any]:
        found = await farm.store.deliveries(states=states, after=after, limit=limit)
        return found, await farm.store.delivery_counts()

    found, counts = with_farm(work)
    totals = [
        {"target": target, "state": each.value, "count": count}
        for (target, each), count in sorted(counts.items())
    ]
    if as_json:
        say_json({"deliveries": [_shape(one) for one in found], "counts": totals})
        return
    for total in totals:
        say(f"{total['count']} {total['state']}: {total['target']}")
    if found:
        say_table(HEAD, [_row(one) for one in found])
    elif not totals:
        say("Nothing was to be delivered yet: farm start --deliver TARGET")


HEAD = ("id", "job", "state", "tries", "target", "file", "link or reason")


def _row(one: Delivery) -> tuple[str, ...]:
    return (
        str(one.id),
        f"#{one.job_id}",
        one.state.value,
        str(one.attempts),
        one.target,
        one.path,
        one.link or one.message,
    )


def _shape(one: Delivery) -> dict[str, Any]:
    """Without the facts: the address of an unfinished upload opens it to everybody."""
    names = ("id", "job_id", "target", "path", "sha256", "folder", "attempts", "not_before")
    more = ("remote_id", "link", "message", "at", "delivered_at")
    values = {name: getattr(one, name) for name in (*names, *more)}
    return {**values, "state": one.state.value}


@deliveries.command()
def retry(
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="IDS", help="Deliveries; without, all.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make what waits or was refused due now; a run or `farm deliveries run` takes it up.

    \b
    Examples:
      farm deliveries retry
      farm deliveries retry 12 13
    """
    count = with_farm(lambda farm: farm.store.retry_deliveries(ids or None))
    if as_json:
        say_json({"due": count})
    else:
        say(f"{count} due now: farm deliveries run")


@deliveries.command()
def forget(
    target: Annotated[str, typer.Argument(help="As `farm deliveries` names it, or as you did.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Deliver nothing more to a target that you gave up: what it has not got is dropped.

    Files stay where they are, here and there, and what was delivered stays known.

    \b
    Examples:
      farm deliveries forget /mnt/old-disk
      farm deliveries forget drive:1AbCdEf --yes
    """

    async def known(farm: Farm) -> tuple[str, int]:
        counts, noted = await farm.store.delivery_counts(), await farm.store.noted_targets()
        places = {place for place, _ in counts} | {one for some in noted.values() for one in some}
        place = target if target in places else place_of(target, farm.settings.home)
        if place not in places:
            names = ", ".join(sorted(places)) or "none"
            raise UsageError(f"Nothing was ever to be delivered to {place}. Targets: {names}")
        left = {state: n for (where, state), n in counts.items() if where == place}
        left.pop(DeliveryState.DELIVERED, None)
        return place, sum(left.values())

    place, left = with_farm(known)
    if not yes:
        files = "1 file" if left == 1 else f"{left} files"
        typer.confirm(f"Give up {files} not yet delivered to {place}?", abort=True, err=True)
    count = with_farm(lambda farm: _forgotten(farm, place))
    if as_json:
        say_json({"target": place, "forgotten": count})
    else:
        say(f"{count} forgotten: {place}")


async def _forgotten(farm: Farm, place: str) -> int:
    """Queues that delivered there do no more, and what waits is dropped."""
    for queue, targets in (await farm.store.noted_targets()).items():
        if place in targets:
            await farm.store.note_targets([queue], [one for one in targets if one != place])
    return await farm.store.forget_deliveries(place)


@deliveries.command()
def check(*, to: To = None, as_json: AsJson = False) -> None:
    """Ask every target whether it is there and may be written to; nothing is written.

    \b
    Examples:
      farm deliveries check
      farm deliveries check --to drive:1AbCdEf
    """
    from farm.deliver.base import Later, Never
    from farm.deliver.targets import targets_of

    settings = open_settings({"deliver": joined(to)})
    targets = targets_of(settings, SystemClock())
    if not targets:
        raise UsageError("There is no target: give one by --to or FARM_DELIVER.")
    rows: list[tuple[str, bool, str]] = []
    for place, target in targets.items():
        try:
            rows.append((place, True, target.check()))
        except (Later, Never) as error:
            rows.append((place, False, str(error)))
        finally:
            target.close()
    if as_json:
        say_json([{"target": place, "works": ok, "what": what} for place, ok, what in rows])
    else:
        say_table(("target", "works", "what"), [(p, "yes" if ok else "no", w) for p, ok, w in rows])
    raise typer.Exit(DONE if all(ok for _, ok, _ in rows) else PERSON_NEEDED)


@deliveries.command()
def run(
    *,
    to: To = None,
    seconds: Annotated[
        float, typer.Option("--for", min=1, metavar="SECONDS", help="Stop after so long.")
    ] = 3600.0,
    as_json: AsJson = False,
) -> None:
    """Deliver what is due now, without making images.

    \b
    Examples:
      farm deliveries run
      farm deliveries run --for 600
    """
    settings = open_settings({"deliver": joined(to)}, log_file=True)
    left = asyncio.run(_deliver(settings, seconds, quiet=as_json))
    if as_json:
        say_json({"left": left})
    elif not left:
        say("Everything is delivered.")
    raise typer.Exit(PERSON_NEEDED if left else DONE)


async def _deliver(settings: Any, seconds: float, *, quiet: bool) -> int:
    """How many deliveries are left."""
    from farm.model.events import FileDelivered
    from farm.wiring.beside import tell_arrivals
    from farm.wiring.opened import open_farm
    from farm.wiring.outgoing import outbox_of

    arrived: set[int] = set()

    def tell(event: RunEvent) -> None:
        if isinstance(event, FileDelivered):
            arrived.add(event.job_id)
        if not quiet:
            _say_event(event)

    async with open_farm(settings) as farm:
        try:
            async with await outbox_of(farm, tell, drain_seconds=seconds):
                pass
        finally:
            await tell_arrivals(farm, arrived)
        counts = await farm.store.delivery_counts()
    return sum(n for (_, state), n in counts.items() if state is not DeliveryState.DELIVERED)


def _say_event(event: RunEvent) -> None:
    from farm.model.events import FileDelivered, Notice

    if isinstance(event, FileDelivered):
        say(f"{event.path} -> {event.link or event.target}")
    elif isinstance(event, Notice):
        complain(event.text)
