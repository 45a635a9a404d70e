"""`farm queue …` and `farm compose`: the queue from the user's side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli.find import all_jobs, find_jobs
from farm.cli.options import AsJson, QueueName, open_settings
from farm.cli.render import JOB_HEAD, counts_text, job_rows, say, say_json, say_table
from farm.cli.shapes import job_label
from farm.errors import UsageError
from farm.model.counting import counted
from farm.model.jobs import AttemptFacts, Job, JobState

if TYPE_CHECKING:
    from farm.wiring.opened import Farm

queue = typer.Typer(
    name="queue",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Look at the queue and change it.

A job is named by its prompt id as in the file, by `queue/id`, or by `#n`.

\b
Examples:
  farm queue list --state failed
  farm queue show heroes/12
  farm queue retry 12 13
""",
)

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Prompt id, queue/id or #n.")]
States = Annotated[
    list[JobState] | None,
    typer.Option("--state", metavar="STATE", help="Only jobs in this state; may be repeated."),
]


def with_farm(work: Callable[[Farm], Awaitable[Any]]) -> Any:
    """Open farm as the settings say, do one thing with it, close it."""
    from farm.wiring.opened import open_farm

    settings = open_settings()

    async def inside() -> Any:
        async with open_farm(settings) as farm:
            return await work(farm)

    return asyncio.run(inside())


@queue.command(name="list")
def list_jobs(
    *,
    queue: QueueName = "",
    state: States = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="How many to show.")] = 50,
    after: Annotated[int, typer.Option(min=0, metavar="N", help="Begin behind job #N.")] = 0,
    as_json: AsJson = False,
) -> None:
    """List jobs with their state, cause, image or reason.

    \b
    Examples:
      farm queue list
      farm queue list --queue heroes --state failed --state review
      farm queue list --json --limit 1000
    """

    async def work(farm: Farm) -> Any:
        queues = [queue] if queue else []
        page = await farm.store.page(queues=queues, states=state or (), after=after, limit=limit)
        return page, await farm.store.counts(queues)

    page, counts = with_farm(work)
    if as_json:
        say_json(page)
        return
    if page.jobs:
        say_table(JOB_HEAD, job_rows(page.jobs))
    if page.after is not None:
        say(f"… more: farm queue list --after {page.after}")
    say(counts_text(counts))


@queue.command()
def show(ids: Ids = None, *, queue: QueueName = "", as_json: AsJson = False) -> None:
    """Show jobs with every attempt and its history.

    \b
    Examples:
      farm queue show 12
      farm queue show heroes/12 '#40' --json
    """

    async def work(farm: Farm) -> list[dict[str, Any]]:
        jobs = await find_jobs(farm.store, needed(ids), queue=queue)
        shown = []
        for job in jobs:
            attempts, events = await farm.store.history(job.id)
            shown.append({"job": job, "attempts": attempts, "events": events})
        return shown

    shown = with_farm(work)
    if as_json:
        say_json(shown)
        return
    for one in shown:
        _say_job(one["job"])
        _say_attempts(one["attempts"])


def _say_job(job: Job) -> None:
    say(f"{job_label(job)} (#{job.id}): {job.state.value}")
    facts = {
        "cause": job.cause.value if job.cause else "",
        "reason": job.message,
        "image": job.image_path,
        "session": job.session,
        "from": f"{job.source} row {job.row}" if job.source else "",
        "type": job.prompt.image_type.value,
        "size": str(job.prompt.size or ""),
        "asks": job.prompt.description,
    }
    for name, text in facts.items():
        if text:
            say(f"  {name + ':':9} {text}")


def _say_attempts(attempts: Sequence[Any]) -> None:
    for a in attempts:
        ended = a.cause.value if a.cause else "open"
        counted = "" if a.counted or a.cause is None else ", not counted"
        said = f" {a.message}" if a.message else ""
        say(f"  attempt {a.number} by {a.session}: {a.phase.value}, {ended}{counted}.{said}")
        if text := AttemptFacts.of(a).text:
            say(f"    text: {text}")


def needed(ids: Sequence[str] | None) -> Sequence[str]:
    """The ids; UsageError when there are none."""
    if not ids:
        raise UsageError("Which jobs? Name them by prompt id, queue/id or #n.")
    return ids


async def chosen(
    farm: Farm, ids: Sequence[str] | None, states: Sequence[JobState] | None, queue: str
) -> list[int]:
    """Store ids of the jobs named, or of all in these states; one way must be used."""
    if ids and states:
        raise UsageError("Name jobs, or states with --state: not both.")
    if states:
        jobs = await all_jobs(farm.store, queues=[queue] if queue else (), states=states)
    else:
        jobs = await find_jobs(farm.store, needed(ids), queue=queue)
    return [job.id for job in jobs]


@queue.command()
def retry(
    ids: Ids = None, *, state: States = None, queue: QueueName = "", as_json: AsJson = False
) -> None:
    """Queue ended jobs again, their attempts counted from zero.

    \b
    Examples:
      farm queue retry 12 13
      farm queue retry --state failed --queue heroes
    """
    count = with_farm(
        lambda farm: _apply(farm.store.retry, chosen(farm, ids, state, queue)),
    )
    _say_count(count, "queued again", as_json=as_json)


@queue.command()
def cancel(
    ids: Ids = None, *, state: States = None, queue: QueueName = "", as_json: AsJson = False
) -> None:
    """Cancel open jobs; one in progress is let go by its worker within seconds.

    \b
    Examples:
      farm queue cancel 12
      farm queue cancel --state pending --queue heroes
    """
    count = with_farm(
        lambda farm: _apply(farm.store.cancel, chosen(farm, ids, state, queue)),
    )
    _say_count(count, "cancelled", as_json=as_json)


async def _apply(
    verb: Callable[[Sequence[int]], Awaitable[int]], ids: Awaitable[Sequence[int]]
) -> int:
    return await verb(await ids)


def _say_count(count: int, done: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"jobs": count})
    else:
        say(f"{counted(count, 'job')} {done}.")


@queue.command()
def pause(*, queue: QueueName = "") -> None:
    """Stop handing out jobs, of one queue or of all; work in flight goes on.

    \b
    Examples:
      farm queue pause
      farm queue pause --queue heroes
    """
    with_farm(lambda farm: farm.store.pause(queue))
    say(f"Paused {queue or 'every queue'}. To go on: farm queue resume")


@queue.command()
def resume(*, queue: QueueName = "") -> None:
    """Hand out jobs again.

    \b
    Examples:
      farm queue resume
      farm queue resume --queue heroes
    """
    with_farm(lambda farm: farm.store.resume(queue))
    say(f"Resumed {queue or 'every queue'}.")


@queue.command()
def reset(
    name: Annotated[str, typer.Argument(metavar="QUEUE", help="The queue to reset.")],
    *,
    drop: Annotated[
        bool, typer.Option("--drop", help="Remove its jobs and their history instead.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put the failed, cancelled and abandoned jobs of a queue back to pending.

    Files on disk stay in every case.

    \b
    Examples:
      farm queue reset heroes
      farm queue reset heroes --drop --yes
    """
    if drop and not yes:
        typer.confirm(f"Remove every job of {name} and its history?", abort=True, err=True)
    count = with_farm(lambda farm: farm.store.reset(name, drop=drop))
    _say_count(count, "removed" if drop else "put back", as_json=as_json)


@queue.command()
def export(
    name: Annotated[str, typer.Argument(metavar="QUEUE", help="The queue to write out.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to; else beside the prompts it came from."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a queue and its results with the columns of the prompts.

    The file is a CSV, or what its name says: .tsv, .xlsx, .json, .jsonl, .yaml, .md or .txt.

    \b
    Examples:
      farm queue export heroes
      farm queue export heroes --out results.xlsx
    """
    from farm.wiring.beside import result_files

    async def work(farm: Farm) -> Path:
        jobs = await farm.jobs_of(name)
        if not jobs:
            raise UsageError(f"No queue is called {name!r}. See: farm queue list")
        files = result_files(farm)
        path = out or files.path_of(name, jobs[0].source)
        await files.write_to(path, jobs)
        return path

    path = with_farm(work)
    if as_json:
        say_json({"file": path, "queue": name})
    else:
        say(f"{path}")


def compose(ids: Ids = None, *, queue: QueueName = "", as_json: AsJson = False) -> None:
    """Print the exact text that is sent for a job.

    \b
    Examples:
      farm compose 12
      farm compose heroes/12 --json
    """
    from farm.compose import compose as text_of

    jobs = with_farm(lambda farm: find_jobs(farm.store, needed(ids), queue=queue))
    if as_json:
        say_json([{"job": job_label(job), "text": text_of(job.prompt)} for job in jobs])
        return
    for job in jobs:
        say(text_of(job.prompt))
