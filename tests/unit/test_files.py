import errno
from pathlib import Path

import pytest

from farm.errors import SaveFailed
from farm.files import saving, write_whole


def test_a_file_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "new" / "results.csv"

    write_whole(target, b"one")
    write_whole(target, b"two")

    assert target.read_bytes() == b"two"
    assert list(target.parent.iterdir()) == [target]


def test_a_refused_write_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()

    with pytest.raises(SaveFailed, match="taken cannot be saved"):
        write_whole(tmp_path / "taken", b"x")

    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_full_disk_is_named_with_its_path_and_a_way_out() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("only Linux has a disk that is always full")

    with (
        pytest.raises(SaveFailed, match="/dev/full cannot be saved: the disk is full; free"),
        saving(full),
    ):
        full.write_bytes(b"x")


@pytest.mark.parametrize(
    ("code", "words"),
    [(errno.EACCES, "permissions"), (errno.EROFS, "read-only"), (errno.EBUSY, "busy")],
)
def test_every_refusal_says_why(code: int, words: str) -> None:
    with pytest.raises(SaveFailed, match=words), saving(Path("x")):
        raise OSError(code, "device is busy")
