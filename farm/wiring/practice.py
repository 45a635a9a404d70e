"""The same run against the stand-in for Gemini."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlencode

from farm.browser.profiles import PRACTICE_NAME, Profile, make_profile
from farm.clock import SystemClock
from farm.config import Settings
from farm.model.events import RunOptions
from farm.wiring.profiles import GEMINI
from farm.wiring.staff import open_page


@asynccontextmanager
async def on_stand_in(
    settings: Settings, options: RunOptions
) -> AsyncIterator[tuple[Settings, RunOptions]]:
    """The same run against the stand-in: its proxy, and profiles of its own, signed in there."""
    # Only replays need the stand-in, and it brings a web server along.
    from farm.replay.stand_in import StandIn  # noqa: PLC0415

    log_path = settings.log_dir / "stand-in.jsonl"
    async with StandIn.open(log_path=log_path) as stand_in:
        settings = replace(
            settings,
            proxy_server=stand_in.proxy_url,
            ignore_https_errors=True,
            backends=("web",),  # nothing is asked of anybody outside
            fallback=(),
            upscale_with="",
        )
        names = tuple(f"demo-{n}" for n in range(1, (options.sessions or 2) + 1))
        profiles = [make_profile(settings.profiles_dir, name) for name in names]
        for profile in profiles:
            (profile.path / PRACTICE_NAME).touch()
        await asyncio.gather(*(_sign_in_there(settings, profile) for profile in profiles))
        yield settings, replace(options, profiles=names)


async def _sign_in_there(settings: Settings, profile: Profile) -> None:
    page = open_page(settings, profile, RunOptions(), SystemClock())
    query = {"auto": "1", "account": profile.name, "continue": GEMINI}
    async with page.session:
        await page.session.goto(f"https://accounts.google.com/ServiceLogin?{urlencode(query)}")
