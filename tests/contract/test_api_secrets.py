"""No key, token, prompt or picture gets into a log, whatever an API answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import fake_fal
import fake_gemini
import fake_openai
import pytest
import rigs
from loopback import Fate
from rigs import OverApi, Story

from farm.errors import Ended
from farm.log import configure_logging

SECRETS = (fake_gemini.KEY, fake_openai.KEY, fake_fal.KEY, "mill", "b64", "inlineData")
PLAYS: dict[str, tuple[Callable[[Path], OverApi], list[object]]] = {
    "gemini": (
        rigs.gemini,
        [
            fake_gemini.Play(),
            fake_gemini.Play(finish="IMAGE_SAFETY"),
            fake_gemini.Play(refused=fake_gemini.bad_key()),
            fake_gemini.Play(refused=fake_gemini.html(502)),
            fake_gemini.Play(fate=Fate.TRUNCATED),
            fake_gemini.Play(body=b'{"candidates": 3}'),
        ],
    ),
    "openai": (
        rigs.openai,
        [
            fake_openai.Play(),
            fake_openai.Play(refused=fake_openai.blocked()),
            fake_openai.Play(fate=Fate.LOST),
            fake_openai.Play(body=b'{"data": 3}'),
        ],
    ),
    "fal": (rigs.fal, [fake_fal.Play(), fake_fal.Play(lost=True)]),
}


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """A run's own log at its most talkative."""
    root = logging.getLogger()
    handlers, level, own = root.handlers[:], root.level, logging.getLogger("farm").level
    root.handlers = []
    path = configure_logging(level="debug", log_dir=tmp_path / "logs", now=0)
    assert path is not None
    yield path
    for handler in root.handlers:
        handler.close()
    root.handlers = handlers
    root.setLevel(level)
    logging.getLogger("farm").setLevel(own)


@pytest.mark.parametrize("backend", PLAYS)
async def test_a_log_knows_that_something_happened_and_not_with_which_key(
    tmp_path: Path, log_file: Path, backend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make, plays = PLAYS[backend]
    rig = make(tmp_path)
    messages = []

    with rig.server():
        for play in plays:
            rig.fake.plays.append(play)
            story = Story(sent=rig.sent)
            async with rig.hand() as hand:
                try:
                    await hand.make(story.work, story.record)
                except Ended as ended:
                    messages.append(str(ended))
                    logging.getLogger("farm").warning("ended", extra={"why": str(ended)})

    written = await asyncio.to_thread(log_file.read_text) + capsys.readouterr().err
    assert "ended" in written
    assert [secret for secret in SECRETS if secret in written + " ".join(messages)] == []
