"""`farm queue resolve`, `farm queue refusals` and `farm fetch`: what only a person decides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli.find import find_jobs
from farm.cli.jobs import Ids, States, chosen, needed, queue, with_farm
from farm.cli.options import AsJson, QueueName
from farm.cli.render import say, say_json, say_table
from farm.cli.shapes import job_label
from farm.errors import UsageError
from farm.model.refusals import parse_refusals, write_refusals

if TYPE_CHECKING:
    from farm.wiring.opened import Farm

_CONVERSATION = re.compile(r"(?:^|/)(?P<id>[0-9a-f]{8,})(?:[/?#]|$)")


@queue.command()
def resolve(
    ids: Ids = None,
    *,
    sent: Annotated[
        bool | None,
        typer.Option("--sent/--not-sent", help="What you saw in the account's chats."),
    ] = None,
    conversation: Annotated[
        str, typer.Option(metavar="URL", help="Where it stands; else its session looks for it.")
    ] = "",
    queue: QueueName = "",
    as_json: AsJson = False,
) -> None:
    """Say whether a prompt in review was sent, after a look into the account's newest chats.

    --sent: its session opens the conversation and takes the image; nothing is ever sent again.
    --not-sent: the job is queued again.

    \b
    Examples:
      farm queue resolve 12 --not-sent
      farm queue resolve heroes/7 --sent --conversation https://gemini.google.com/app/0123456789abcdef
    """
    if sent is None:
        raise UsageError("Was it sent? Say --sent or --not-sent.")
    where = conversation_id(conversation)
    if where and not sent:
        raise UsageError("--conversation goes with --sent.")

    async def work(farm: Farm) -> list[dict[str, Any]]:
        told = []
        for job in await find_jobs(farm.store, needed(ids), queue=queue):
            session = ""
            if sent:
                session = await farm.store.sent(job.id, where)
            else:
                await farm.store.not_sent(job.id)
            told.append({"job": job_label(job), "sent": sent, "session": session})
        return told

    told = with_farm(work)
    if as_json:
        say_json({"resolved": told})
        return
    for one in told:
        waits = f"{one['session']} will fetch it: farm start --profile {one['session']}"
        say(f"{one['job']}: {waits if sent else 'queued again: farm start'}")


def conversation_id(text: str) -> str:
    """The id in a conversation's address; empty for an empty text, UsageError for any other."""
    if not text:
        return ""
    found = _CONVERSATION.search(text)
    if found is None:
        raise UsageError(
            f"{text!r} names no conversation; its address looks like "
            "https://gemini.google.com/app/0123456789abcdef"
        )
    return found["id"]


@queue.command()
def refusals(
    policy: Annotated[
        str | None, typer.Argument(metavar="[POLICY]", help="Such as person=substitute,fail.")
    ] = None,
    *,
    queue: Annotated[str, typer.Option("--queue", metavar="NAME", help="Of which queue.")],
    clear: Annotated[bool, typer.Option("--clear", help="Go by FARM_ON_REFUSAL again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show or set what is done when a prompt of one queue is refused.

    fail; retry once; substitute the words of substitutions.toml and retry once; or lane:NAME to
    hand it to another backend. FARM_ON_REFUSAL holds for queues without a policy of their own.

    \b
    Examples:
      farm queue refusals --queue heroes
      farm queue refusals person=substitute,third_party=retry --queue heroes
      farm queue refusals --clear --queue heroes
    """
    wanted = None
    if clear:
        wanted = {}
    elif policy is not None:
        try:
            wanted = write_refusals(parse_refusals(policy))
        except ValueError as error:
            raise UsageError(f"{error}.") from error

    async def work(farm: Farm) -> dict[str, str]:
        if wanted is not None:
            await farm.store.set_refusals(queue, wanted)
        return dict(await farm.store.refusals_of(queue))

    own = with_farm(work)
    if as_json:
        say_json({"queue": queue, "refusals": own})
    elif own:
        say_table(("refusal", "what is done"), sorted(own.items()))
    else:
        say(f"{queue} has no policy of its own; FARM_ON_REFUSAL holds.")


def fetch(
    ids: Ids = None,
    *,
    state: States = None,
    queue: QueueName = "",
    again: Annotated[
        bool, typer.Option("--again", help="Also where the file still stands as it was.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Download images once more from their conversations; nothing is generated or sent.

    For files that were lost or deleted, and for jobs in review whose image exists after all.

    \b
    Examples:
      farm fetch 12 13
      farm fetch --state completed --queue heroes
    """
    from farm.wiring.fetch import fetch as fetch_jobs

    async def work(farm: Farm) -> list[Any]:
        found = []
        for job_id in await chosen(farm, ids, state, queue):
            job = await farm.store.job(job_id)
            if job is not None:
                found.append(job)
        return await fetch_jobs(farm, found, again=again)

    found = with_farm(work)
    if as_json:
        say_json(
            {
                "fetched": [
                    {"job": job_label(f.job), "paths": f.paths, "stood": f.stood,
                     "problem": f.problem}
                    for f in found
                ]
            }
        )  # fmt: skip
    else:
        for one in found:
            stood = " (stood there all the time)" if one.stood else ""
            say(f"{job_label(one.job)}: {', '.join(one.paths) or one.problem}{stood}")
    if any(one.problem for one in found):
        raise typer.Exit(1)
