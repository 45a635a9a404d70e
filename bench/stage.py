"""What the measurements that need a browser stand on: a stand-in, profiles, prompts.

The stand-in runs as a process of its own, so that its drawing costs farm nothing.
"""

from __future__ import annotations

import asyncio
import csv
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from farm.browser.launch import LaunchOptions, is_root
from farm.browser.profiles import make_profile
from farm.browser.session import BrowserSession

FARM = str(Path(sys.executable).with_name("farm"))
APP = "https://gemini.google.com/app"
HEADER = ("Prompt ID", "Image Type", "Image Filename", "Size", "Colors", "Description", "Status")
START_SECONDS = 30.0


class NotMeasured(Exception):
    """What was to be measured went another way, so that its figures would say nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A user's folder and the stand-in it is wired to."""

    home: Path
    proxy_url: str
    log_path: Path  # what the stand-in writes about each submission

    @property
    def settings(self) -> dict[str, str]:
        """The settings by field name."""
        return {
            "home": str(self.home),
            "proxy_server": self.proxy_url,
            "ignore_https_errors": "1",
            "browser": os.environ.get("FARM_BROWSER", ""),
        }

    @property
    def environ(self) -> dict[str, str]:
        """The same for a process; no other setting of the person who measures goes along."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FARM_")}
        return kept | {f"FARM_{key.upper()}": value for key, value in self.settings.items()}

    @property
    def launch(self) -> LaunchOptions:
        """How the stage opens browsers of its own."""
        return LaunchOptions(
            asked_browser=self.settings["browser"],
            proxy_server=self.proxy_url,
            ignore_https_errors=True,
            root=is_root(),
        )

    async def sign_in(self, names: Sequence[str]) -> None:
        """Make profiles that the stand-in knows."""
        await asyncio.gather(*map(self._sign_in, names))

    async def _sign_in(self, name: str) -> None:
        profile = make_profile(self.home / "profiles", name)
        query = urlencode({"auto": "1", "account": name, "continue": APP})
        async with BrowserSession(profile=profile, options=self.launch) as session:
            await session.goto(f"https://accounts.google.com/ServiceLogin?{query}")


@asynccontextmanager
async def stage(folder: Path, scenario: str) -> AsyncIterator[Stage]:
    """A stand-in that plays a scenario, for as long as the block lasts."""
    (folder / "scenario.toml").write_text(scenario, encoding="utf-8")
    home, log_path = folder / "home", folder / "submissions.jsonl"
    home.mkdir(mode=0o700)
    words = ["--scenario", str(folder / "scenario.toml"), "--log", str(log_path), "--json"]
    process = await asyncio.create_subprocess_exec(
        FARM, "replay", "serve", *words, cwd=folder, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            said = json.loads(await process.stdout.readuntil(b"}\n"))
        yield Stage(home=home, proxy_url=said["proxy"], log_path=log_path)
    finally:
        process.terminate()
        await process.wait()


def write_prompts(path: Path, marks: Sequence[str]) -> Path:
    """A prompt file with one row per mark; the mark is a word of the prompt."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for mark in marks:
            text = f"{mark} a paper boat on a still pond at sunrise, long shadows"
            row = [
                mark,
                "Regular",
                f"{mark}.png",
                "1600x900px",
                "#2563eb, #ffffff",
                text,
                "PENDING",
            ]
            writer.writerow(row)
    return path


def scenario(accounts: Mapping[str, Mapping[str, str]], delays: Mapping[str, float]) -> str:
    """A scenario file: how each account's page is, and after how many seconds each mark's image
    comes."""
    lines = []
    for name, defaults in accounts.items():
        lines.append(f"[accounts.{name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in defaults.items()]
    for mark, seconds in delays.items():
        lines += ["[[rules]]", f'marker = "{mark}"', f"delay_seconds = {seconds:.3f}"]
    return "\n".join(lines) + "\n"


def spread(marks: Sequence[str], least: float, most: float) -> dict[str, float]:
    """Delays that lie evenly between two bounds, so that no poll is always lucky."""
    step = (most - least) / len(marks)
    return {mark: least + step * (index + 0.5) for index, mark in enumerate(marks)}
