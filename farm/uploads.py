"""Putting any files somewhere at a user's word, each until it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from farm.clock import Clock
from farm.deliver.base import Later, Never, Parcel, Target, sha256_of
from farm.errors import UsageError
from farm.model.deliveries import wait_seconds

AT_ONCE: Final = 3
MOST_TRIES: Final = 12  # with the waits between them about an hour


@dataclass(frozen=True, kw_only=True, slots=True)
class Uploaded:
    """What became of one file at one target."""

    file: Path
    target: str
    link: str = ""
    was_there: bool = False  # before
    trouble: str = ""  # why it is not there
    person: bool = False  # and somebody has to change something first


@dataclass(kw_only=True)
class Uploads:
    """A few files at once; what a target of a person's wants is asked for once, not per file."""

    clock: Clock
    on_done: Callable[[Uploaded], None]
    _stuck: dict[str, str] = field(default_factory=dict)  # by place: what a person must do

    async def all(
        self, files: Sequence[Path], targets: Sequence[Target], folder: Callable[[Path], str]
    ) -> list[Uploaded]:
        """Put each file into each target, in the order given."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(file: Path, target: Target) -> Uploaded:
            async with slots:
                result = await self._one(file, target, folder(file))
            self.on_done(result)
            return result

        try:
            pairs = [(file, target) for target in targets for file in files]
            return await asyncio.gather(*(one(*pair) for pair in pairs))
        finally:
            for target in targets:
                target.close()

    async def _one(self, file: Path, target: Target, folder: str) -> Uploaded:
        parcel = await asyncio.to_thread(_parcel, file, folder)
        for tries in range(1, MOST_TRIES + 1):
            if why := self._stuck.get(target.place):
                return Uploaded(file=file, target=target.place, trouble=why, person=True)
            facts: dict[str, Any] = dict(parcel.facts)
            try:
                made = await asyncio.to_thread(target.put, parcel, _keeping(facts))
            except Never as error:
                return Uploaded(file=file, target=target.place, trouble=str(error))
            except Later as error:
                trouble = str(error)
                if error.person:
                    self._stuck[target.place] = trouble
                elif tries < MOST_TRIES:
                    await self.clock.sleep(wait_seconds(tries, asked=error.after_seconds))
                parcel = replace(parcel, facts=facts)
            else:
                return Uploaded(
                    file=file,
                    target=target.place,
                    link=made.link or made.remote_id,
                    was_there=made.was_there,
                )
        return Uploaded(file=file, target=target.place, trouble=trouble)


def _keeping(facts: dict[str, Any]) -> Callable[[Mapping[str, Any]], None]:
    def remember(new: Mapping[str, Any]) -> None:
        facts.clear()
        facts.update(new)

    return remember


def _parcel(file: Path, folder: str) -> Parcel:
    digest = sha256_of(file)
    return Parcel(
        file=file, name=file.name, folder=folder, sha256=digest, key=f"farm-{digest[:32]}"
    )


def files_below(paths: Iterable[Path]) -> list[Path]:
    """The files named, and those in the folders named; hidden ones are left where they are.

    Raises UsageError for what is not there.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise UsageError(f"There is no {path}.")
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inside:
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if file.is_file() and not hidden:
                found[file] = None
    if not found:
        raise UsageError("There are no files in it.")
    return list(found)
