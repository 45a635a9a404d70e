"""Where pictures came from that say nothing of it themselves: originals, in the store's words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from farm.cli.options import open_settings
from farm.cli.render import complain
from farm.errors import StoreError

if TYPE_CHECKING:
    from farm.config import Settings
    from farm.steps.base import Facts
    from farm.steps.look import Look
    from farm.store.facade import Store


def with_origins(looks: Sequence[Look]) -> list[Look]:
    """The same, with what the store knows of those that carry no facts; it is not made for it."""
    if all(look.facts for look in looks):
        return list(looks)
    settings = open_settings()
    if not _has_store(settings):
        return list(looks)
    try:
        return asyncio.run(_asked(settings, looks))
    except StoreError as error:
        complain(f"How the originals came to be is not known: {error}")
        return list(looks)


def copy_of(original: Path) -> Path | None:
    """A copy beside an original, which carries its facts; None without one."""
    found = sorted((original.parent / "derived").glob("*"))
    pictures = (file for file in found if file.suffix not in {".json", ".sha256"})
    return next((copy for copy in pictures if copy.stem == original.stem), None)


def _has_store(settings: Settings) -> bool:
    from farm.store.engine import address_of

    address = address_of(settings.database_url)
    return address.get_backend_name() != "sqlite" or Path(str(address.database)).is_file()


async def _asked(settings: Settings, looks: Sequence[Look]) -> list[Look]:
    from farm.store.engine import open_store

    async with open_store(settings.database_url) as store:
        return [look if look.facts else await _known(store, look) for look in looks]


async def _known(store: Store, look: Look) -> Look:
    facts = await _facts(store, look.sha256)
    return look if facts is None else replace(look, facts=facts, stored=True)


async def _facts(store: Store, sha256: str) -> Facts | None:
    """By the file's bytes: it may have been moved and renamed since."""
    from farm.finishing import facts_of

    owner = await store.owner_of(sha256)
    job = None if owner is None else await store.job(owner)
    if job is None:
        return None
    originals = (await store.originals_of([job.id]))[job.id]
    original = next(one for one in originals if one.image.sha256 == sha256)
    text = await _text(store, job.id, sha256)
    return facts_of(job, original.image, text=text, made_at=original.made_at)


async def _text(store: Store, job_id: int, sha256: str) -> str:
    """What was sent for it, "" where nobody knows."""
    tries, _ = await store.history(job_id)
    found = (one.facts for one in tries if one.facts.get("sha256") == sha256)
    return str(next(found, {}).get("text", ""))
