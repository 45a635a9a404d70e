"""`farm notify`: whether messages would arrive."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.options import AsJson, open_settings
from farm.cli.render import say_json, say_table
from farm.clock import SystemClock
from farm.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from farm.clock import Clock
    from farm.notify.base import Message, Target

ALL_ARRIVED, SOME_DID_NOT = 0, 1

notify = typer.Typer(help="Messages to a person.", no_args_is_help=True, rich_markup_mode=None)


@notify.callback()
def messages() -> None:
    """Messages to a person: who needs you, what rests, what is done."""


@notify.command("test")
def try_out(
    *,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--notify", metavar="URL", help="Here instead of FARM_NOTIFY; may be repeated."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send a message to every address of FARM_NOTIFY and say which of them took it.

    \b
    Examples:
      farm notify test
      farm notify test --notify ntfy://my-topic
      farm notify test --json
    """
    from farm.notify.base import Message
    from farm.notify.targets import targets_of

    settings = open_settings({"notify": " ".join(to) if to else None})
    if not settings.notify:
        raise UsageError("Nobody is to be told: give an address by --notify or FARM_NOTIFY.")
    clock = SystemClock()
    targets = targets_of(settings.notify, secret=settings.notify_secret, clock=clock)
    message = Message(
        occasion="test",
        title="farm: a test",
        text="This is how farm tells you that it needs you.",
    )
    faults = asyncio.run(_send(targets, message, clock))
    rows = [(target.label, fault) for target, fault in zip(targets, faults, strict=True)]
    if as_json:
        say_json([{"target": name, "arrived": not fault, "why": fault} for name, fault in rows])
    else:
        head = ("target", "message")
        say_table(head, [(name, f"lost: {why}" if why else "taken") for name, why in rows])
    raise typer.Exit(SOME_DID_NOT if any(faults) else ALL_ARRIVED)


async def _send(targets: Sequence[Target], message: Message, clock: Clock) -> list[str]:
    """Why each target did not take the message; "" for those that did."""
    from farm.notify.base import NotDelivered
    from farm.notify.delivery import Tries, deliver

    async def fault(target: Target) -> str:
        try:
            await deliver(target, message, clock, Tries(most=2))
        except NotDelivered as error:
            return str(error)
        return ""

    return await asyncio.gather(*(fault(target) for target in targets))
