import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from farm.errors import FarmError, InputError
from farm.model.prompts import Prompt
from farm.sources.child import read_in_child
from farm.sources.errand import Errand
from farm.sources.table import Table

SMALL = """
import resource, sys
from farm.sources.child import read_in_child
from farm.sources.errand import Errand
with read_in_child(Errand(source=sys.argv[1])) as incoming:
    rows = len(list(incoming.rows))
heavy = {"csv", "openpyxl", "PIL", "multiprocessing"} & sys.modules.keys()
print(rows, *sorted(heavy))
"""


def test_a_child_reads_what_the_table_reads(tmp_path: Path) -> None:
    path = tmp_path / "prömpts 1.csv"
    path.write_text(
        "id,type,file,size,description,notes,status\n"
        '1,Hero,a.png,1920x1080px,"two\nlines | 名前",x,\n'
        "2,,A.png,,🌿,,REGEN\n"
        "3,,,,,,COMPLETED\n",
        encoding="utf-8",
    )

    with read_in_child(Errand(source=str(path))) as incoming:
        rows = list(incoming.rows)

    batch = Table(path).read()
    assert [tuple(row) for row in rows] == [
        (row.prompt_id, row.fingerprint, row.payload, row.row, row.regenerate, row.lane)
        for row in batch.rows
    ]
    assert [row.regenerate for row in rows] == [False, True]
    assert [Prompt.from_payload(json.loads(row.payload)) for row in rows] == [
        row.prompt for row in batch.rows
    ]
    assert (incoming.completed, incoming.warnings) == (1, batch.warnings)
    assert len(batch.warnings) == 1


def test_a_child_hands_every_problem_back(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("description,size\n,1x\n", encoding="utf-8")

    with pytest.raises(InputError) as refused:
        read_in_child(Errand(source=str(path)))

    assert [problem.split(": ")[0] for problem in refused.value.problems] == [
        f"{path}, row 1, Size",
        f"{path}, row 1, Description",
    ]


def test_a_child_that_cannot_work_is_an_error_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    (tmp_path / "farm.py").write_text("raise SystemExit('no farm here')")

    with pytest.raises(FarmError, match="its reader ended with 1") as failed:
        read_in_child(Errand(source=str(tmp_path / "p.csv")))

    assert "p.csv could not be read" in str(failed.value)


HEAD = pickle.dumps({"completed": 0, "warnings": [], "at_work": []})
ROWS = pickle.dumps([("1", "f1", "{}", 1, False, "any")])


@pytest.mark.parametrize("last", [b"", ROWS[:-5]], ids=["between rows", "in a row"])
def test_a_child_that_dies_among_its_rows_is_an_error_and_no_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: bytes
) -> None:
    said = HEAD + ROWS + last
    (tmp_path / "farm" / "sources").mkdir(parents=True)
    (tmp_path / "farm" / "__init__.py").touch()
    (tmp_path / "farm" / "sources" / "__init__.py").touch()
    (tmp_path / "farm" / "sources" / "child.py").write_text(
        f"import os; os.write(1, {said!r}); os.kill(os.getpid(), 9)"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    with read_in_child(Errand(source=str(tmp_path / "p.csv"))) as incoming:
        assert next(incoming.rows).prompt_id == "1"
        with pytest.raises(FarmError, match="its reader ended with -9"):
            next(incoming.rows)


def test_rows_nobody_wants_any_more_end_their_child(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("description\n" + "a pond\n" * 50_000, encoding="utf-8")

    with read_in_child(Errand(source=str(path))) as incoming:
        assert next(incoming.rows).row == 1

    with pytest.raises(ValueError, match="closed file"):
        list(incoming.rows)


def test_a_child_that_cannot_start_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))

    with pytest.raises(FarmError, match="no reader could be started"):
        read_in_child(Errand(source=str(tmp_path / "p.csv")))


def test_the_caller_carries_no_reader_and_no_module_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "csv.py").write_text("raise SystemExit('the wrong csv')")
    (tmp_path / "p.csv").write_text("description\na pond\n", encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-P", "-c", SMALL, "p.csv"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["1"]
