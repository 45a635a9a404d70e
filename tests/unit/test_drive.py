"""Deliveries to a Google Drive that counts what it is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from fake_drive import LOST, FakeDrive
from fake_google import EMAIL, FakeGoogle, error

from farm.deliver.base import Later, Parcel
from farm.deliver.drive import Drive
from farm.deliver.drive_tree import Tree
from farm.google_apis import Access

MIB = 1024 * 1024
FOLDER = "Generated Images/blog/2026-11-21"


@dataclass(kw_only=True)
class Desk:
    """A target, the Drive behind it, and what it remembers."""

    google: FakeGoogle
    drive: FakeDrive
    key: Path
    root_id: str
    path: Path
    facts: dict[str, Any] = field(default_factory=dict)

    def target(self) -> Drive:
        """A process of its own: nothing is known to it."""
        return Drive(
            place=f"drive:{self.root_id}",
            tree=Tree(root_id=self.root_id),
            access=Access(credentials=self.key, endpoint=self.google.url),
        )

    def parcel(self, size: int = 3 * MIB + 5, name: str = "hero.png") -> Parcel:
        content = (name.encode() + bytes(range(251))) * (size // 200)
        path = self.path / name
        path.write_bytes(content[:size])
        return Parcel(
            file=path,
            name=name,
            folder=FOLDER,
            sha256=hashlib.sha256(content[:size]).hexdigest(),
            key=f"7-{name}",
        )

    def remember(self, facts: Mapping[str, Any]) -> None:
        self.facts = dict(facts)

    def put(self, parcel: Parcel, target: Drive | None = None) -> str:
        """Try until it works, each time as a new process."""
        for _ in range(10):
            mine = target or self.target()
            try:
                return mine.put(replace(parcel, facts=self.facts), self.remember).link
            except Later as later:
                if later.person:
                    raise
            finally:
                mine.close()
        raise AssertionError("it never worked")

    def there(self) -> bytes:
        """The content of the only file."""
        (entry,) = self.drive.files()
        return entry.content


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    drive = FakeDrive()
    root = drive.folder("Team", shared_drive="0AShared")
    with FakeGoogle(drive) as google:
        key = google.key_file(tmp_path)
        yield Desk(google=google, drive=drive, key=key, root_id=root.id, path=tmp_path)


def test_a_file_lands_in_the_folder_of_its_site_and_day(desk: Desk) -> None:
    parcel = desk.parcel()

    link = desk.put(parcel)

    (entry,) = desk.drive.files()
    assert desk.drive.paths() == [f"Team/{FOLDER}/hero.png"]
    assert entry.content == parcel.file.read_bytes()
    assert (entry.type, entry.properties["farm"]) == ("image/png", parcel.sha256)
    assert link == f"https://drive.google.com/file/d/{entry.id}/view?usp=drivesdk"


def test_a_file_goes_up_in_pieces_that_drive_takes(desk: Desk) -> None:
    desk.put(desk.parcel(3 * MIB + 5))

    assert desk.drive.sent == [(0, MIB), (MIB, MIB), (2 * MIB, MIB), (3 * MIB, 5)]


def test_pieces_kept_in_part_are_gone_on_with_from_there(desk: Desk) -> None:
    desk.drive.keeps = [(256 * 1024, 308)]

    desk.put(parcel := desk.parcel())

    assert desk.drive.sent[1][0] == 256 * 1024
    assert desk.there() == parcel.file.read_bytes()


def test_an_error_at_the_first_piece_is_no_end(desk: Desk) -> None:
    desk.google.fail("/upload/drive", error(502, "", "Bad Gateway"), method="PUT")

    desk.put(parcel := desk.parcel())

    assert desk.there() == parcel.file.read_bytes()
    assert desk.drive.sent[0] == (0, MIB)


def test_a_break_after_some_bytes_is_resumed_in_the_same_session(desk: Desk) -> None:
    parcel = desk.parcel()
    target = desk.target()
    desk.drive.keeps = [(MIB, 308), (512 * 1024, 503)]

    desk.put(parcel, target)

    assert len(desk.google.called("POST", "/upload/drive")) == 1
    assert [first for first, _ in desk.drive.sent] == [
        0,
        MIB,
        MIB + 512 * 1024,
        2 * MIB + 512 * 1024,
    ]
    assert desk.there() == parcel.file.read_bytes()


def test_an_answer_that_was_lost_makes_no_second_file(desk: Desk) -> None:
    small = desk.parcel(MIB // 2)
    desk.google.fail("/upload/drive", LOST, method="PUT", after=True)

    link = desk.put(small)

    (entry,) = desk.drive.files()
    assert entry.id in link
    assert len(desk.google.called("POST", "/upload/drive")) == 1


def test_a_session_that_ended_begins_anew_for_the_same_file(desk: Desk) -> None:
    parcel = desk.parcel()
    desk.drive.keeps = [(MIB, 308), (0, 503)]
    with pytest.raises(Later):
        desk.target().put(parcel, desk.remember)
    drawn = desk.facts["id"]

    desk.drive.end_sessions()
    link = desk.put(parcel)

    assert drawn in link
    assert desk.there() == parcel.file.read_bytes()


def test_two_processes_with_one_delivery_make_one_file(desk: Desk) -> None:
    parcel = desk.parcel()
    desk.drive.keeps = [(MIB, 308), (0, 503)]
    with pytest.raises(Later):
        desk.target().put(parcel, desk.remember)
    paused = dict(desk.facts)
    link = desk.put(replace(parcel, facts=paused))

    desk.facts = {"id": paused["id"]}

    assert desk.put(parcel) == link
    assert len(desk.drive.files()) == 1


def test_an_id_that_is_taken_in_the_meantime_is_the_file_itself(desk: Desk) -> None:
    parcel = desk.parcel(MIB // 2)
    first = desk.target()

    def overtaken(facts: Mapping[str, Any]) -> None:
        desk.facts = dict(facts)
        if facts.keys() == {"id"}:  # another process has the same delivery, and is faster
            desk.target().put(replace(parcel, facts=facts), lambda _: None)

    link = first.put(parcel, overtaken).link

    (entry,) = desk.drive.files()
    assert entry.id in link
    assert desk.facts["id"] == entry.id


def test_the_same_content_is_not_sent_again_without_any_memory(desk: Desk) -> None:
    parcel = desk.parcel()
    link = desk.put(parcel)
    desk.facts = {}
    desk.drive.sent.clear()

    again = desk.put(parcel)

    assert again == link
    assert desk.drive.sent == []


def test_other_content_of_the_same_name_is_another_file(desk: Desk) -> None:
    desk.put(desk.parcel(100_000))
    desk.facts = {}

    desk.put(desk.parcel(200_000))

    assert [len(entry.content) for entry in desk.drive.files()] == [100_000, 200_000]


def test_folders_are_made_once_and_found_again(desk: Desk) -> None:
    desk.put(desk.parcel(1000, "one.png"))
    desk.facts = {}

    desk.put(desk.parcel(1000, "two.png"))

    assert desk.drive.paths() == [f"Team/{FOLDER}/one.png", f"Team/{FOLDER}/two.png"]
    assert len(desk.google.called("POST", "/drive/v3/files")) == 3 + 2  # folders, sessions


def test_a_folder_that_another_process_made_at_once_gives_way_to_the_older(desk: Desk) -> None:
    target = desk.target()
    lookups = iter([True])
    real = target.tree.find

    def late(*args: Any) -> Any:
        found = real(*args)
        if next(lookups, False):  # between our look and our making: theirs is the older
            desk.drive.folder("Generated Images", parent=desk.root_id, shared_drive="0AShared")
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target.tree, "find", late, raising=False)
        desk.put(desk.parcel(1000), target)

    tops = [e for e in desk.drive.entries.values() if e.name == "Generated Images"]
    assert [(e.trashed, e.parent) for e in tops] == [(False, desk.root_id), (True, desk.root_id)]
    assert desk.drive.paths() == [f"Team/{FOLDER}/hero.png"]


def test_a_folder_taken_away_while_farm_runs_is_made_again(desk: Desk) -> None:
    target = desk.target()
    target.put(desk.parcel(1000, "one.png"), desk.remember)
    for entry in list(desk.drive.entries.values()):
        if entry.name == "Generated Images":
            entry.trashed = True
        elif entry.name in {"blog", "2026-11-21", "one.png"}:
            del desk.drive.entries[entry.id]
    desk.facts = {}

    desk.put(desk.parcel(1000, "two.png"), target)

    assert desk.drive.paths() == [f"Team/{FOLDER}/two.png"]


def test_a_name_with_quotes_is_no_query(desk: Desk) -> None:
    desk.put(replace(desk.parcel(1000), name="it's \\ 'here'.png"))
    desk.facts = {}

    desk.put(replace(desk.parcel(1000), name="it's \\ 'here'.png"))

    assert len(desk.drive.files()) == 1


def test_a_service_account_without_storage_is_told_of_shared_drives(desk: Desk) -> None:
    own = desk.drive.folder("My folder")
    desk.root_id = own.id

    with pytest.raises(Later, match="shared drive") as told:
        desk.put(desk.parcel())

    assert told.value.person
    assert "storageQuotaExceeded" in str(told.value)


def test_a_person_uploads_to_their_own_drive(desk: Desk) -> None:
    desk.root_id = desk.drive.folder("My folder").id
    desk.drive.storage = True

    desk.put(desk.parcel())

    assert desk.drive.paths() == [f"My folder/{FOLDER}/hero.png"]


def test_a_folder_that_is_not_shared_says_with_whom_to_share_it(desk: Desk) -> None:
    desk.root_id = "1nowhere"

    with pytest.raises(Later, match=rf"Share it with {EMAIL}, as an editor") as told:
        desk.put(desk.parcel())

    assert told.value.person


def test_a_folder_that_may_only_be_read_is_a_persons_business(desk: Desk) -> None:
    desk.drive.entries[desk.root_id].read_only = True

    with pytest.raises(Later, match="may only be read") as told:
        desk.put(desk.parcel())

    assert told.value.person


@pytest.mark.parametrize("reason", ["userRateLimitExceeded", "rateLimitExceeded"])
def test_a_rate_limit_is_waited_out(desk: Desk, reason: str) -> None:
    desk.google.fail("/drive/v3/files", error(403, "", "User Rate Limit Exceeded", v1=reason))

    with pytest.raises(Later) as told:
        desk.target().put(desk.parcel(), desk.remember)

    assert not told.value.person


def test_a_limit_of_the_day_waits_for_an_hour(desk: Desk) -> None:
    limit = error(403, "", "Daily Limit Exceeded", v1="dailyLimitExceeded")
    desk.google.fail("/drive/v3/files", limit)

    with pytest.raises(Later) as told:
        desk.target().put(desk.parcel(), desk.remember)

    assert (told.value.after_seconds, told.value.person) == (3600.0, False)


def test_a_token_that_ends_between_two_pieces_is_renewed(desk: Desk) -> None:
    parcel = desk.parcel()
    target = desk.target()

    def forget(facts: Mapping[str, Any]) -> None:
        desk.facts = dict(facts)
        desk.google.forget_tokens()

    target.put(parcel, forget)

    assert desk.there() == parcel.file.read_bytes()


def test_a_check_names_the_folder_and_writes_nothing(desk: Desk) -> None:
    assert desk.target().check() == "Team on a shared drive"
    assert len(desk.drive.entries) == 1


def test_an_upload_that_drive_no_longer_understands_begins_anew(desk: Desk) -> None:
    parcel = desk.parcel()
    desk.drive.keeps = [(MIB, 308), (0, 503)]
    with pytest.raises(Later):
        desk.target().put(parcel, desk.remember)
    desk.google.fail("/upload/drive", error(400, "", "Bad range", v1="badRequest"), method="PUT")

    link = desk.put(parcel)

    assert desk.facts["id"] in link
    assert desk.there() == parcel.file.read_bytes()
