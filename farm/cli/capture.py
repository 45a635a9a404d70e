"""`farm capture`: a live page as a fixture."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from farm.cli.options import AsJson, Headed, open_settings
from farm.cli.render import complain, say, say_json
from farm.errors import UsageError

UNLIKE = 1
"""Exit code when the saved page does not read as the live one did."""


def capture(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The profile to look with.")],
    *,
    url: Annotated[
        str, typer.Option(metavar="URL", help="A page of Gemini instead of a new chat.")
    ] = "",
    conversation: Annotated[
        str, typer.Option(metavar="ID", help="A conversation instead of a new chat.")
    ] = "",
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to put the two files.")] = Path(
        "captures"
    ),
    state: Annotated[
        str, typer.Option("--as", metavar="STATE", help="What to call it; else by what it says.")
    ] = "",
    with_prompts: Annotated[
        bool, typer.Option("--with-prompts", help="Leave the prompts in.")
    ] = False,
    headed: Headed = False,
    as_json: AsJson = False,
) -> None:
    """Save a page of Gemini as a fixture: STATE.html, and STATE.toml with what farm reads there.

    Account, chats, other answers, tokens, addresses and (unless asked) prompts are taken out. The
    saved page is read once more in an empty browser, and it is told if it reads otherwise than the
    live one. Nothing is sent. With --headed you bring the page to the state you want by hand.

    \b
    Examples:
      farm capture alice
      farm capture alice --conversation 0123456789abcdef --as refused-policy-2026-en
      farm capture alice --headed --out fixtures/html/gemini
    """
    from farm.wiring.capture import Wanted, capture

    if url and conversation:
        raise UsageError("Say --url or --conversation, not both.")
    settings = open_settings({"headless": False if headed else None})
    wanted = Wanted(
        url=url,
        conversation=conversation,
        state=state,
        with_prompts=with_prompts,
        headed=headed,
    )
    by_hand = headed and sys.stdin.isatty()
    done = asyncio.run(capture(settings, name, wanted, out, _by_hand if by_hand else _at_once))
    if as_json:
        say_json(done)
    else:
        say(f"page:        {done.page}")
        say(f"expectation: {done.expectation}")
        say("Look through the page before you give it away: a program has made it clean.")
    if done.unlike:
        complain(f"The saved page reads otherwise than the live one: {', '.join(done.unlike)}.")
        raise typer.Exit(UNLIKE)


async def _at_once() -> None:
    """Nobody is there to wait for."""


async def _by_hand() -> None:
    text = "Bring the page to the state you want to save, then press Enter here."
    await asyncio.to_thread(typer.prompt, text, default="", show_default=False)
