"""A process that delivers what a store holds; tests kill it in the middle."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from farm.config import load_settings
from farm.wiring.opened import open_farm
from farm.wiring.outgoing import outbox_of


async def main(home: str) -> None:
    settings = load_settings({"home": home})
    async with open_farm(settings) as farm, await outbox_of(farm, lambda _: None):
        pass


if __name__ == "__main__":
    asyncio.run(main(str(Path(sys.argv[1]))))
