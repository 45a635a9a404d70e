"""Deliveries into folders: whole, once, and never over something else."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pytest

from farm.deliver.base import Later, Never, Parcel, Target
from farm.deliver.filesystem import FileSystem
from farm.deliver.local import Local

FOLDER = "Generated Images/blog/2026-11-21"
Look = Callable[[], dict[str, bytes]]


def nothing(_: Any) -> None:
    """Remember nothing."""


def parcel(path: Path, content: bytes = b"a hill", name: str = "hero.png", **more: Any) -> Parcel:
    file = path / f"{uuid4().hex}.png"
    file.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Parcel(file=file, name=name, sha256=digest, key="1", **{"folder": FOLDER, **more})


@pytest.fixture(params=["local", "memory"])
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Target, Look]]:
    """A target, and a look at all files below its folder."""
    if request.param == "local":
        root = tmp_path / "out"

        def look() -> dict[str, bytes]:
            files = (root / FOLDER).iterdir()
            return {file.name: file.read_bytes() for file in files}

        yield Local(place=str(root), root=root), look
        return
    name = uuid4().hex
    system = fsspec.filesystem("memory")

    def look_up() -> dict[str, bytes]:
        return {Path(path).name: system.cat_file(path) for path in system.find(f"/{name}")}

    yield FileSystem(place=f"memory://{name}", url=f"memory://{name}"), look_up
    if system.exists(f"/{name}"):
        system.rm(f"/{name}", recursive=True)


def test_a_file_is_there_whole_under_its_name(there: tuple[Target, Look], tmp_path: Path) -> None:
    target, look = there

    made = target.put(parcel(tmp_path), nothing)

    assert look() == {"hero.png": b"a hill"}
    assert made.link.endswith(("hero.png",))


def test_the_same_content_is_there_once(there: tuple[Target, Look], tmp_path: Path) -> None:
    target, look = there
    first = target.put(parcel(tmp_path), nothing)

    again = target.put(parcel(tmp_path), nothing)

    assert again == replace(first, was_there=True)
    assert look() == {"hero.png": b"a hill"}


def test_other_content_stays_and_the_new_one_gets_a_number(
    there: tuple[Target, Look], tmp_path: Path
) -> None:
    target, look = there
    target.put(parcel(tmp_path, b"theirs"), nothing)

    for _ in range(2):
        target.put(parcel(tmp_path, b"ours"), nothing)

    assert look() == {"hero.png": b"theirs", "hero-2.png": b"ours"}


def test_what_a_dead_try_left_half_is_cleared_away(
    there: tuple[Target, Look], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, look = there
    remembered: list[Any] = []
    how = (
        "os.link"
        if isinstance(target, Local)
        else "fsspec.implementations.memory.MemoryFileSystem.mv"
    )

    class Killed(BaseException):
        """As a kill would end it: nothing is cleaned up."""

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(how, die)
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(Killed):
            target.put(parcel(tmp_path), remembered.append)
    left = look()
    target.put(parcel(tmp_path, facts=remembered[-1]), nothing)

    assert list(left) == [Path(remembered[-1]["part"]).name]
    assert look() == {"hero.png": b"a hill"}


def test_a_folder_never_leads_out_of_the_target(there: tuple[Target, Look], tmp_path: Path) -> None:
    target, _ = there

    with pytest.raises(Never, match="leads out"):
        target.put(parcel(tmp_path, folder="../../elsewhere"), nothing)


def test_a_check_writes_nothing(there: tuple[Target, Look], tmp_path: Path) -> None:
    target, _ = there

    assert target.check() == "a folder that will be made"
    assert not (tmp_path / "out").exists()


def test_a_disk_that_is_not_mounted_is_a_persons_business(tmp_path: Path) -> None:
    root = tmp_path / "mnt" / "nas" / "images"
    target = Local(place=str(root), root=root)

    with pytest.raises(Later, match="mount the disk") as told:
        target.put(parcel(tmp_path), nothing)

    assert told.value.person
    assert not (tmp_path / "mnt").exists()


def test_a_full_disk_is_a_persons_business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("shutil.copyfileobj", full)
    root = tmp_path / "out"

    with pytest.raises(Later, match="disk is full") as told:
        Local(place=str(root), root=root).put(parcel(tmp_path), nothing)

    assert told.value.person
    assert list((root / FOLDER).iterdir()) == []


def test_a_name_taken_while_the_copy_is_made_is_never_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, copy = tmp_path / "out", shutil.copyfileobj

    def overtaken(*streams: Any) -> None:
        (root / FOLDER / "hero.png").write_bytes(b"theirs")
        copy(*streams)

    monkeypatch.setattr("shutil.copyfileobj", overtaken)
    Local(place=str(root), root=root).put(parcel(tmp_path, b"ours"), nothing)

    files = {file.name: file.read_bytes() for file in (root / FOLDER).iterdir()}
    assert files == {"hero.png": b"theirs", "hero-2.png": b"ours"}


def test_a_disk_without_hard_links_works_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    root = tmp_path / "out"
    target = Local(place=str(root), root=root)

    for content in (b"one", b"two", b"two"):
        target.put(parcel(tmp_path, content), nothing)

    files = {file.name: file.read_bytes() for file in (root / FOLDER).iterdir()}
    assert files == {"hero.png": b"one", "hero-2.png": b"two"}


def test_a_server_that_does_not_answer_is_asked_later(tmp_path: Path) -> None:
    target = FileSystem(place="ftp://127.0.0.1:9/in", url="ftp://127.0.0.1:9/in")

    with pytest.raises(Later) as told:
        target.put(parcel(tmp_path), nothing)

    assert not told.value.person
