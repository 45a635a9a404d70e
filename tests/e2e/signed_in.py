"""Signed-in profiles: each account's is made once in a test run, and copied where it is asked for.

The site knows an account by its cookies alone, and a copied folder holds them as the browser wrote
them, so a stand-in that never saw the sign-in takes the copy for the account.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from filelock import AsyncFileLock

from farm.browser.launch import LaunchOptions, is_root
from farm.browser.profiles import HOLDER_NAME, LOCK_NAME, make_profile
from farm.browser.session import BrowserSession
from farm.replay.stand_in import StandIn

APP = "https://gemini.google.com/app"
OF_ONE_BROWSER = shutil.ignore_patterns("Singleton*", "*Cache*", LOCK_NAME, HOLDER_NAME)


async def sign_in(profiles: Path, name: str, proxy_url: str) -> None:
    """Sign a profile in as an account of the same name, in a browser of its own."""
    options = LaunchOptions(
        asked_browser=os.environ.get("FARM_BROWSER", ""),
        proxy_server=proxy_url,
        ignore_https_errors=True,
        root=is_root(),
    )
    query = urlencode({"auto": "1", "account": name, "continue": APP})
    async with BrowserSession(profile=make_profile(profiles, name), options=options) as session:
        await session.goto(f"https://accounts.google.com/ServiceLogin?{query}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadyProfiles:
    """The profiles a test run has made so far, for all its processes."""

    folder: Path

    async def copy(self, name: str, profiles: Path) -> None:
        """Put the signed-in profile of this name among others; it is made when there is none."""
        ready = self.folder / name
        async with AsyncFileLock(self.folder / f"{name}.lock"):
            if not ready.is_dir():
                await self._make(name)
        await asyncio.to_thread(shutil.copytree, ready, profiles / name, ignore=OF_ONE_BROWSER)

    async def _make(self, name: str) -> None:
        making = self.folder / f"{name}.making"
        async with StandIn.open() as stand_in:
            await sign_in(making, name, stand_in.proxy_url)
        (making / name).rename(self.folder / name)
