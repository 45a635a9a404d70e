"""A user's folder wired to a stand-in, and the installed command run in it."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import hashlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from farm.browser.profiles import browsers_on
from farm.cli.shapes import plain
from farm.config import load_settings
from farm.replay.scenario import Scenario
from farm.replay.stand_in import StandIn
from farm.store.engine import open_store

COLUMNS = (
    "Prompt ID", "Image Type", "Image Filename", "Size", "Colors", "Typography/Brand",
    "Description", "Title (Hero)", "Author (Hero)", "Status", "Generated Image Path",
    "Session ID", "Generated At",
)  # fmt: skip
RUN_SECONDS = 150


@dataclass(kw_only=True)
class Finished:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON lines it wrote."""
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]


@dataclass(kw_only=True)
class Running:
    """A command that may be killed."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)

    async def until(self, said: Callable[[str], bool], seconds: float = RUN_SECONDS) -> None:
        """Read its output up to the first line that fits."""
        assert self.process.stdout is not None
        async with asyncio.timeout(seconds):
            while line := await self.process.stdout.readline():
                self.lines.append(line.decode())
                if said(self.lines[-1]):
                    return
        raise AssertionError("the command ended before it said so:\n" + "".join(self.lines[-20:]))

    async def kill(self) -> None:
        """kill -9, as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        await self.process.communicate()

    async def end(self, seconds: float = RUN_SECONDS) -> Finished:
        """Wait for it."""
        async with asyncio.timeout(seconds):
            out, err = await self.process.communicate()
        text = "".join(self.lines) + (out or b"").decode()
        return Finished(code=self.process.returncode or 0, out=text, err=err.decode())


@dataclass(kw_only=True)
class House:
    """A folder of a user, wired to a stand-in through the environment alone."""

    home: Path
    stand_in: StandIn
    environment: dict[str, str]
    started: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def end_all(self) -> None:
        """End every command that a failed test left behind."""
        for process in self.started:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    def prompts(self, count: int = 4, **columns: str) -> Path:
        """A prompt file; `{n}` in a value becomes the row's number."""
        row = {
            "Image Type": "Regular",
            "Image Filename": "picture-{n}.png",
            "Size": "1600x900px",
            "Colors": "#2563eb, #ffffff",
            "Typography/Brand": "Clean sans-serif",
            "Description": "Row-{n}: a paper boat number {n} on a still pond at sunrise.",
            "Status": "PENDING",
            **columns,
        }
        path = self.home / "prompts.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="")
            writer.writeheader()
            for n in range(1, count + 1):
                values = {key: value.format(n=n) for key, value in row.items()}
                writer.writerow({"Prompt ID": str(n), **values})
        return path

    async def start(self, *arguments: str, stdout: Any = asyncio.subprocess.PIPE) -> Running:
        """Begin a command."""
        process = await asyncio.create_subprocess_exec(
            _farm(), *arguments, cwd=self.home, env=self.environment,
            stdin=asyncio.subprocess.DEVNULL, stdout=stdout,
            stderr=asyncio.subprocess.PIPE, limit=2**22,
        )  # fmt: skip
        self.started.append(process)
        return Running(process=process)

    async def farm(self, *arguments: str, seconds: float = RUN_SECONDS) -> Finished:
        """Run a command to its end."""
        return await (await self.start(*arguments)).end(seconds)

    async def jobs(self) -> dict[str, dict[str, Any]]:
        """What `farm queue list --json` would say, by prompt id."""
        settings = load_settings(environ=self.environment, cwd=self.home)
        async with open_store(settings.database_url) as store:
            page = await store.page(limit=200)
        return {job.prompt.id: plain(job) for job in page.jobs}

    def saved(self) -> dict[str, str]:
        """sha256 of every image under downloads, by its path there."""
        folder = self.home / "downloads"
        files = [p for p in folder.rglob("*") if p.suffix in {".png", ".jpg", ".jpeg", ".webp"}]
        return {
            p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in files
        }

    def submissions(self, n: int | str) -> list[Any]:
        """What the site received for a row."""
        return [entry for entry in self.stand_in.log if f"Row-{n}:" in entry.text]

    def originals(self, n: int | str) -> set[str]:
        """sha256 of every file that is a full-size image of a row."""
        originals = self.stand_in.originals
        return {sha for entry in self.submissions(n) for sha in originals[entry.n]}

    def browsers(self) -> list[int]:
        """Process ids of browsers that run on our profiles."""
        profiles = self.home / "profiles"
        return [process.pid for path in profiles.iterdir() for process in browsers_on(path)]


def environment(stand_in: StandIn, settings: dict[str, str]) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "FARM_BROWSER"}}
    return {
        **kept,
        "FARM_PROXY_SERVER": stand_in.proxy_url,
        "FARM_IGNORE_HTTPS_ERRORS": "1",
        "FARM_PROMPT_DELAY_SECONDS": "0.3",
        "FARM_RETRY_WAIT_SECONDS": "0.5",
        "FARM_PERSON_WAIT_SECONDS": "0",
        "FARM_RECHECK_SECONDS": "2",
        **settings,
    }


def _farm() -> str:
    beside = Path(sys.executable).with_name("farm")
    found = str(beside) if beside.exists() else shutil.which("farm")
    assert found, "the farm command is not installed in this environment"
    return found


class Build(Protocol):
    """Builds a house with signed-in profiles `account1`, `account2`, … against a stand-in."""

    async def __call__(
        self, scenario: Scenario | None = None, *, accounts: int = 1, **settings: str
    ) -> House:
        """`settings` go to the command's environment."""
