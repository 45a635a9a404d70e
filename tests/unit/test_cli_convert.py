"""`farm convert`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from farm.cli.convert import convert
from farm.errors import InputError, UsageError


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.csv").write_text("id,Prompt,Zone\n7,a pond,4\n")


def test_a_file_becomes_another_kind_with_all_its_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    convert("p.csv", "p.json")

    assert json.loads(Path("p.json").read_text()) == {
        "prompts": [{"id": "7", "prompt": "a pond", "Zone": "4"}]
    }
    assert capsys.readouterr().out == "p.json: 1 prompt\n"


def test_a_file_that_is_there_is_written_over_only_by_force() -> None:
    Path("p.json").write_text("mine")

    with pytest.raises(UsageError, match=r"p\.json exists; write over it with --force"):
        convert("p.csv", "p.json")
    convert("p.csv", "p.json", force=True)

    assert Path("p.json").read_text() != "mine"


@pytest.mark.parametrize(
    ("out", "options", "said"),
    [
        ("p.doc", {}, "p.doc says no kind of file; say --to with one of csv, tsv"),
        ("-", {}, "- says no kind of file"),
        ("p", {"to": "doc"}, "--to doc says no kind of file"),
        ("p.md", {"form": "table"}, "--form table: write one of fields, slug."),
    ],
)
def test_a_kind_or_form_that_is_none_is_told(out: str, options: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        convert("p.csv", out, **options)  # type: ignore[arg-type]  # a table of options


def test_rows_that_cannot_be_told_apart_are_refused() -> None:
    Path("q.csv").write_text("id,Prompt\n7,a pond\n8\n")

    with pytest.raises(InputError, match=r"q\.csv, row 2: 1 cells"):
        convert("q.csv", "q.json")


def test_what_a_text_has_no_place_for_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    convert("p.csv", "p.txt", as_json=True)

    told = capsys.readouterr()
    assert json.loads(told.out) == {"file": "p.txt", "kind": "txt", "rows": 1, "lost": ["Zone"]}
    assert told.err == "warning: txt has no place for Zone.\n"


def test_pictures_that_rows_name_stay_where_they_are(tmp_path: Path) -> None:
    Path("q.csv").write_text("Prompt,References\nx,a.png; https://x.org/b.png\n")
    Path("other").mkdir()

    convert("q.csv", "other/q.json")
    convert("q.csv", "q.json")

    (moved,) = json.loads(Path("other/q.json").read_text())["prompts"]
    (stayed,) = json.loads(Path("q.json").read_text())["prompts"]
    assert moved["reference images"] == f"{tmp_path}/a.png\nhttps://x.org/b.png"
    assert stayed["reference images"] == "a.png; https://x.org/b.png"


def test_a_pipe_goes_in_and_comes_out() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("farm"), "convert", "-", "-", "--to", "yaml"],
        input='["a pond"]',
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "prompts:\n- id: '1'\n  prompt: a pond\n"
