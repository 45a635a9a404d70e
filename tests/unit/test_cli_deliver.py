"""`farm upload` and `farm deliveries` on folders and on a local Drive."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_drive import FakeDrive
from fake_google import EMAIL, FakeGoogle, error
from typer.testing import CliRunner

from farm.cli.app import app
from farm.deliver.base import sha256_of
from farm.errors import UsageError
from farm.model.images import Image
from farm.model.jobs import Phase
from farm.model.prompts import Prompt, SourceRow
from farm.store.engine import open_store

FOLDER = "Generated Images/blog/2026-11-21"
SECRET_FACT = "https://upload/secret-session"  # noqa: S105  # of this test alone


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three files below `made`, one of them hidden."""
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("one.png", "deep/two.png", ".hidden.png"):
        path = tmp_path / "made" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 100)
    return tmp_path


def farm(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def upload(*arguments: str, code: int = 0) -> str:
    return farm("upload", "made", "--site", "blog", "--day", "2026-11-21", *arguments, code=code)


async def post(home: Path, target: str, facts: dict[str, Any] | None = None) -> None:
    """One delivery of one.png, as a run would leave it."""
    downloads = home / "downloads"
    downloads.mkdir()
    (downloads / "one.png").write_bytes(b"one")
    async with open_store(home / "farm.db") as store:
        row = SourceRow(prompt=Prompt(id="1", filename="one", description="A hill"), row=1)
        await store.add("q", [row], str(home / "q.csv"))
        (job,) = await store.find(None, "1")
        files = [("one.png", sha256_of(downloads / "one.png"))]
        await store.post_delivery(job_id=job.id, folder=FOLDER, files=files, targets=[target])
        if facts:
            claim = await store.claim_delivery("w", [target])
            assert claim is not None
            await store.remember_delivery(claim, facts)
            await store.postpone_delivery(claim, "no network", 600)


async def complete(home: Path) -> None:
    """The job of one.png, as a run would leave it."""
    async with open_store(home / "farm.db") as store:
        claim = await store.claim("w", "alice", ["any"])
        assert claim is not None
        for phase in (Phase.TYPING, Phase.SENDING, Phase.SENT, Phase.READY, Phase.SAVED):
            claim = await store.step(claim, phase, {})
        image = Image(
            path="one.png",
            sha256=sha256_of(home / "downloads" / "one.png"),
            size_bytes=3,
            width_px=80,
            height_px=60,
            media_type="image/png",
            source="s0",
        )
        await store.complete(claim, [image])


def test_files_and_folders_go_to_a_folder_and_are_told(home: Path) -> None:
    said = upload("--to", "out")

    there = sorted(path.name for path in (home / "out" / FOLDER).iterdir())
    assert there == ["one.png", "two.png"]
    assert "made/one.png -> file://" in said
    assert said.endswith("2 there, 0 not.\n")


def test_a_second_upload_changes_nothing(home: Path) -> None:
    first = json.loads(upload("--to", "out", "--json"))

    again = json.loads(upload("--to", "out", "--json"))

    assert [one.pop("was_there") for one in again["files"]] == [True, True]
    assert [one.pop("was_there") for one in first["files"]] == [False, False]
    assert again == first
    assert len(list((home / "out" / FOLDER).iterdir())) == 2


def test_an_upload_with_nothing_to_do_says_so(home: Path) -> None:
    upload("--to", "out")

    again = upload("--to", "out")
    (home / "made" / "three.png").write_bytes(b"three")
    more = upload("--to", "out")

    assert again.endswith("Nothing new: 2 files were there already.\n")
    assert more.endswith("3 there (2 of them before), 0 not.\n")


def test_a_folder_with_a_blank_in_its_name_is_one_target(home: Path) -> None:
    upload("--to", "my disk")

    assert (home / "my disk" / FOLDER / "one.png").exists()


def test_without_a_target_it_is_asked_for() -> None:
    with pytest.raises(UsageError, match="Where to"):
        upload()


def test_what_is_not_there_is_said_before_anything_is_sent(home: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no nothing\.png"):
        farm("upload", "made", "nothing.png", "--to", "out")
    assert not (home / "out").exists()


@pytest.fixture
def drive(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FakeGoogle, FakeDrive]]:
    fake = FakeDrive()
    fake.folder("Team", shared_drive="0AShared")
    with FakeGoogle(fake) as google:
        monkeypatch.setenv("FARM_GOOGLE_CREDENTIALS", str(google.key_file(home)))
        monkeypatch.setenv("FARM_GOOGLE_ENDPOINT", google.url)
        yield google, fake


def test_drive_tells_what_it_has_already(drive: tuple[FakeGoogle, FakeDrive]) -> None:
    (root,) = drive[1].entries
    upload("--to", f"drive:{root}")

    again = upload("--to", f"drive:{root}")

    assert again.endswith("Nothing new: 2 files were there already.\n")


def test_an_upload_to_drive_outlives_errors_on_the_way(
    drive: tuple[FakeGoogle, FakeDrive],
) -> None:
    google, fake = drive
    (root,) = fake.entries
    google.fail("/upload/drive", error(503, "", "Backend Error", v1="backendError"))

    upload("--to", f"drive:{root}")

    assert fake.paths() == [f"Team/{FOLDER}/one.png", f"Team/{FOLDER}/two.png"]


def test_a_folder_nobody_shared_is_asked_for_once_and_is_a_persons_business(
    drive: tuple[FakeGoogle, FakeDrive],
) -> None:
    google, _ = drive

    said = json.loads(upload("--to", "drive:1nowhere", "--json", code=3))

    assert {each["person"] for each in said["files"]} == {True}
    assert EMAIL in said["files"][0]["trouble"]
    assert len(google.called("GET", "1nowhere")) <= 2


def test_a_check_tells_which_targets_work(drive: tuple[FakeGoogle, FakeDrive]) -> None:
    (root,) = drive[1].entries

    said = json.loads(
        farm(
            "deliveries", "check", "--to", f"drive:{root}", "--to", "drive:1nowhere", "--json",
            code=3,
        )
    )  # fmt: skip

    assert [each["works"] for each in said] == [True, False]
    assert said[0]["what"] == "Team on a shared drive"


def test_what_waits_is_listed_without_what_would_open_it(home: Path) -> None:
    asyncio.run(post(home, "drive:abcd", {"session": SECRET_FACT}))

    listed, shown = farm("deliveries"), farm("deliveries", "list", "--json")

    assert "1 pending: drive:abcd" in listed
    assert "no network" in listed
    assert SECRET_FACT not in listed + shown


def test_what_waits_is_delivered_when_it_was_made_due(home: Path) -> None:
    asyncio.run(post(home, str(home / "out"), {"part": ".x.part"}))

    due = farm("deliveries", "retry")
    said = farm("deliveries", "run")

    assert due.startswith("1 due now")
    assert "one.png -> file://" in said
    assert (home / "out" / FOLDER / "one.png").read_bytes() == b"one"
    listed = json.loads(farm("deliveries", "list", "--state", "delivered", "--json"))
    assert listed["deliveries"][0]["link"].startswith("file://")


def test_what_is_delivered_without_a_run_is_linked_in_the_results(home: Path) -> None:
    asyncio.run(post(home, str(home / "out")))
    asyncio.run(complete(home))
    farm("deliveries", "retry")

    farm("deliveries", "run")
    farm("queue", "export", "q", "--out", "export.csv")

    kept = (home / "q-completed.csv").read_text()
    assert f"file://{home}/out/" in kept
    assert (home / "export.csv").read_text() == kept


def test_what_cannot_be_delivered_now_is_counted(home: Path) -> None:
    asyncio.run(post(home, str(home / "gone" / "disk")))

    said = json.loads(farm("deliveries", "run", "--for", "2", "--json", code=3))

    assert said == {"left": 1}


async def note(home: Path, *targets: str) -> None:
    async with open_store(home / "farm.db") as store:
        await store.note_targets(["q"], targets)


async def noted(home: Path) -> Any:
    async with open_store(home / "farm.db") as store:
        return await store.noted_targets()


def test_a_target_is_forgotten_by_the_name_the_user_gave_it(home: Path) -> None:
    asyncio.run(post(home, str(home / "old")))
    asyncio.run(note(home, str(home / "old"), "drive:abcd"))

    said = farm("deliveries", "forget", "old", "--yes")

    assert said == f"1 forgotten: {home / 'old'}\n"
    assert "Nothing was to be delivered" in farm("deliveries")
    assert asyncio.run(noted(home)) == {"q": ("drive:abcd",)}


def test_nothing_is_forgotten_without_a_yes(home: Path) -> None:
    asyncio.run(post(home, "drive:abcd"))

    asked = farm("deliveries", "forget", "drive:abcd", code=1)

    assert "Give up 1 file not yet delivered to drive:abcd?" in asked
    assert "1 pending: drive:abcd" in farm("deliveries")


def test_a_target_nobody_knows_is_told_with_those_there_are(home: Path) -> None:
    asyncio.run(post(home, "drive:abcd"))

    with pytest.raises(UsageError, match=r"drive:abce\. Targets: drive:abcd"):
        farm("deliveries", "forget", "drive:abce", "--yes")


def test_an_empty_outbox_says_how_to_fill_it() -> None:
    assert "farm start --deliver TARGET" in farm("deliveries")
