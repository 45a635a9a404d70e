"""A process that dies while it uploads: the next one goes on, and there is one file."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from fake_drive import FakeDrive
from fake_google import FakeGoogle
from loopback import Asked, Reply

from farm.model.deliveries import DeliveryState
from farm.model.images import Image
from farm.model.prompts import Prompt, SourceRow
from farm.store.engine import open_store

MIB = 1024 * 1024
PROGRAM = Path(__file__).parent / "delivering.py"
CONTENT = os.urandom(3 * MIB)


class Watched(FakeDrive):
    """Lets a test see requests as they arrive, and hold their answers back."""

    def __init__(self) -> None:
        super().__init__()
        self.hold_at = 0  # which request that writes is held, 1-based
        self.held, self.released = threading.Event(), threading.Event()
        self._writes = 0

    def answer(self, asked: Asked, who: str) -> Reply | None:
        answer = super().answer(asked, who)
        if asked.method in {"POST", "PUT"}:
            self._writes += 1
            if self._writes == self.hold_at:
                self.held.set()
                self.released.wait(60)  # carried out, and its answer never arrives
        return answer


@dataclass(kw_only=True)
class Desk:
    drive: Watched
    google: FakeGoogle
    home: Path
    root_id: str

    async def post(self) -> None:
        downloads = self.home / "downloads"
        downloads.mkdir()
        (downloads / "hero.png").write_bytes(CONTENT)
        digest = hashlib.sha256(CONTENT).hexdigest()
        async with open_store(self.home / "farm.db") as store:
            row = SourceRow(prompt=Prompt(id="1", filename="hero", description="A hill"), row=1)
            await store.add("q", [row], "/q.csv")
            claim = await store.claim("w", "alice", ("any", "web"))
            assert claim is not None
            image = Image(
                path="hero.png", sha256=digest, size_bytes=len(CONTENT), width_px=1, height_px=1,
                media_type="image/png", source="s0",
            )  # fmt: skip
            await store.complete(claim, [image])
            await store.post_delivery(
                job_id=claim.job.id,
                folder="Generated Images/q/2026-11-21",
                files=[("hero.png", digest)],
                targets=[f"drive:{self.root_id}"],
            )

    def start(self) -> subprocess.Popen[bytes]:
        settings = {
            "FARM_HOME": str(self.home),
            "FARM_GOOGLE_CREDENTIALS": str(self.google.key_file(self.home)),
            "FARM_GOOGLE_ENDPOINT": self.google.url,
            "FARM_DELIVER": f"drive:{self.root_id}",
        }
        return subprocess.Popen(
            [sys.executable, str(PROGRAM), str(self.home)], env=os.environ | settings
        )

    def let_the_lease_run_out(self) -> None:
        """A minute later."""
        with closing(sqlite3.connect(self.home / "farm.db")) as connection, connection:
            connection.execute("UPDATE deliveries SET not_before = 0, lease_until = 0")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    drive = Watched()
    root = drive.folder("Team", shared_drive="0AShared")
    with FakeGoogle(drive) as google:
        yield Desk(drive=drive, google=google, home=tmp_path, root_id=root.id)


# Three folders are made, then the session, then three pieces, the last of which makes the file.
@pytest.mark.parametrize("write", [2, 4, 5, 6, 7])
async def test_a_kill_at_any_request_leaves_one_file_in_one_folder(desk: Desk, write: int) -> None:
    await desk.post()
    desk.drive.hold_at = write
    first = desk.start()
    assert desk.drive.held.wait(60)
    first.send_signal(signal.SIGKILL)
    first.wait(30)
    desk.drive.released.set()

    desk.let_the_lease_run_out()
    second = desk.start()

    assert second.wait(90) == 0
    assert desk.drive.paths() == ["Team/Generated Images/q/2026-11-21/hero.png"]
    assert [entry.content for entry in desk.drive.files()] == [CONTENT]
    names = sorted(e.name for e in desk.drive.entries.values() if not e.trashed)
    assert names == ["2026-11-21", "Generated Images", "Team", "hero.png", "q"]
    async with open_store(desk.home / "farm.db") as store:
        (delivery,) = await store.deliveries()
    assert delivery.state is DeliveryState.DELIVERED
    assert delivery.remote_id in delivery.link


async def test_a_kill_between_two_pieces_costs_only_the_pieces_that_are_missing(
    desk: Desk,
) -> None:
    await desk.post()
    desk.drive.hold_at = 6  # the second piece is there, and its answer is not
    first = desk.start()
    assert desk.drive.held.wait(60)
    first.send_signal(signal.SIGKILL)
    first.wait(30)
    desk.drive.released.set()

    desk.let_the_lease_run_out()
    desk.start().wait(90)

    assert desk.drive.sent == [(0, MIB), (MIB, MIB), (2 * MIB, MIB)]
