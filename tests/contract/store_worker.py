"""A worker process for the chaos tests: works through a store until it is killed or done.

    python store_worker.py chaos URL SESSION LEASE_SECONDS
    python store_worker.py zombie URL SESSION

`zombie` claims one job, says so, and waits for a line before it tries to complete it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import uuid

from farm.errors import LostLease
from farm.model.images import Image
from farm.model.jobs import Claim, Phase
from farm.model.lanes import session_lane
from farm.store.database import Terms
from farm.store.engine import open_store
from farm.store.facade import Store

PHASES = (Phase.TYPING, Phase.SENDING, Phase.SENT, Phase.SAVED)


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def image() -> Image:
    name = uuid.uuid4().hex
    return Image(
        path=f"{name}.png",
        sha256=name,
        size_bytes=1,
        width_px=1,
        height_px=1,
        media_type="image/png",
        source="s0",
    )


async def finish(store: Store, claim: Claim) -> None:
    """Go on from the phase a former life reached."""
    for phase in PHASES[[*Phase].index(claim.attempt.phase) :]:
        claim = await store.step(claim, phase, {"conversation": f"c{claim.attempt.id}"})
    await store.complete(claim, [image()])


async def chaos(url: str, session: str, lease_seconds: float) -> None:
    worker = f"host:{os.getpid()}:0:{session}"
    terms = Terms(lease_seconds=lease_seconds, max_attempts=1000)
    async with open_store(url, terms=terms) as store:
        say("open")
        for claim in await store.adopt(worker, session):
            await finish(store, claim)
        while True:
            await store.maintain()
            claim_or_none = await store.claim(worker, session, (session_lane(session), "any"))
            if claim_or_none is None:
                await asyncio.sleep(0.05)
                continue
            try:
                await finish(store, claim_or_none)
            except LostLease:
                say("lost")


async def zombie(url: str, session: str) -> None:
    worker = f"host:{os.getpid()}:0:{session}"
    async with open_store(url) as store:
        claim = await store.claim(worker, session, ("any",))
        assert claim is not None
        claim = await store.step(claim, Phase.TYPING, {})
        say("held")
        await asyncio.to_thread(sys.stdin.readline)
        try:
            await store.complete(claim, [image()])
        except LostLease:
            say("refused")
        else:
            say("completed")


if __name__ == "__main__":
    kind, url, session, *rest = sys.argv[1:]
    asyncio.run(zombie(url, session) if kind == "zombie" else chaos(url, session, float(rest[0])))
