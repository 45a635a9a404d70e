"""JSON, JSON lines, YAML, plain text and pipes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from farm.errors import InputError
from farm.model.prompts import Prompt
from farm.model.sources import SourceOptions
from farm.sources.child import read_in_child
from farm.sources.columns import Column
from farm.sources.documents import cells_of_json, cells_of_jsonl, cells_of_yaml
from farm.sources.errand import Errand
from farm.sources.kinds import kind_of, read_cells, source_of
from farm.sources.names import Kind, identity_of, path_of, queue_of
from farm.sources.results import results_path
from farm.sources.rows import check
from farm.sources.writing import lost_in, written

EXAMPLES = Path(__file__).parents[2] / "examples"
PIPED = """
import json, sys
from farm.sources.child import read_in_child
from farm.sources.errand import Errand
with read_in_child(Errand(source="-")) as incoming:
    print(json.dumps([json.loads(row.payload)["description"] for row in incoming.rows]))
"""


def of_json(text: str) -> list[Prompt]:
    return [row.prompt for row in check(cells_of_json("p.json", text)).rows]


def of_yaml(text: str) -> list[Prompt]:
    return [row.prompt for row in check(cells_of_yaml("p.yaml", text)).rows]


def test_the_seeds_scene_and_mood_become_part_of_what_is_drawn() -> None:
    forest, _ = of_json((EXAMPLES / "scenes.json").read_text())

    assert forest == Prompt(
        id="scene_001",
        title="Forest Awakening",
        filename="image-forest-awakening.png",
        description="A shaft of golden morning light piercing through misty ancient trees. "
        "Scene: Deep in a mystical forest. Mood: Ethereal, peaceful.",
        extra={"scene": "Deep in a mystical forest", "mood": "Ethereal, peaceful"},
    )


@pytest.mark.parametrize("kind", [Kind.CSV, Kind.XLSX, Kind.YAML, Kind.JSONL, Kind.MD, Kind.JSON])
def test_scene_and_mood_survive_every_kind_and_are_told_once(tmp_path: Path, kind: Kind) -> None:
    original = (EXAMPLES / "scenes.json").read_text()
    between = tmp_path / f"p.{kind}"
    between.write_bytes(written(cells_of_json("p", original), kind))

    back = written(read_cells(Errand(source=str(between))), Kind.JSON)

    described = [p.description for p in of_json(back.decode())]
    assert described == [p.description for p in of_json(original)]
    prompts = json.loads(back)["prompts"]
    assert prompts[0]["prompt"] == json.loads(original)["prompts"][0]["prompt"]


@pytest.mark.parametrize(
    "text",
    [
        '["a pond", {"prompt": "a mill", "id": 7}]',
        '{"note": 1, "prompts": ["a pond", {"description": "a mill", "id": 7}]}',
    ],
)
def test_a_plain_list_of_texts_and_objects_is_enough(text: str) -> None:
    assert [(p.id, p.description) for p in of_json(text)] == [("1", "a pond"), ("7", "a mill")]


def test_numbers_lists_and_objects_are_kept_as_texts() -> None:
    (prompt,) = of_json(
        '[{"prompt": "x", "id": 007e0, "n": 2.0, "m": 2.50, "yes": true, "no": null,'
        ' "colors": ["#111", "#222"], "more": {"a": [1]}}]'.replace("007e0", "7")
    )

    assert prompt.colors == "#111, #222"
    assert prompt.extra == {"n": "2", "m": "2.50", "yes": "yes", "no": "", "more": '{"a": ["1"]}'}


def test_what_yaml_would_take_for_another_type_stays_text() -> None:
    first, second = of_yaml(
        "prompts:\n- &base\n  id: 007\n  prompt: no\n  day: 2026-11-21\n  n: ~\n"
        "- <<: *base\n  id: 1_0\n  prompt: |\n    two\n    lines\n"
    )

    assert (first.id, first.description, first.extra["day"]) == ("007", "no", "2026-11-21")
    assert (second.id, second.description, second.extra["day"]) == (
        "1_0",
        "two\nlines",
        "2026-11-21",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[\n{"prompt": "x",}\n]', "p.json, line 2: no JSON: "),
        ('[{"prompt": "x", "prompt": "y"}]', "an object has 'prompt' twice"),
        ('{"promts": []}', "p.json holds no list of prompts; write a list, or an object"),
        ("7", "p.json holds no list of prompts"),
        ("[]", "p.json holds no prompts."),
        ('[\n"x",\n\ntrue]', "p.json, row 2 (line 4): neither an object nor a text."),
        ("[" * 100_000, "nested too deep"),
        ('[{"title": "x"}]', "no prompt says what to draw; the fields are title"),
        ('{"a": {"prompts": [[]]},\n "prompts": [{"prompt": ""},\n {"prompt": "x"}]}', "(line 2)"),
    ],
)
def test_a_json_text_that_holds_no_prompts_says_why_and_where(text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        of_json(text)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- prompt: x\n  prompt: y\n", "p.yaml, line 2: no YAML: 'prompt' stands there twice."),
        ("- prompt: x\n\t- y\n", "p.yaml, line 2: no YAML: "),
        ("- !!python/object:os.system {}\n", "p.yaml, line 1: no YAML: could not determine"),
        ("prompts: x\n", "p.yaml holds no list of prompts"),
        ("- prompt: x\n- prompt:\n", "p.yaml, row 2 (line 2), Description: is empty"),
        ("- x\n\n\n- prompt:\n", "p.yaml, row 2 (line 4), Description: is empty"),
        ("- &a\n  prompt: x\n  me: *a\n", "an object holds itself, through an alias"),
        ("- prompt: \x07\n", "cannot be read as YAML"),
    ],
)
def test_a_yaml_text_that_holds_no_prompts_says_why_and_where(text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        of_yaml(text)

    assert said in str(refused.value)


def test_aliases_that_unfold_without_end_are_cut() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20)
    )

    (prompt,) = of_yaml(f"{bomb}prompts:\n- prompt: x\n  y: *a19\n")

    assert len(prompt.extra["y"]) < 20_000


def test_json_lines_name_the_line_that_is_wrong() -> None:
    with pytest.raises(InputError, match=r"p\.jsonl, line 3: no JSON"):
        cells_of_jsonl("p.jsonl", '{"prompt": "x"}\n\n{"prompt"}\n')


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"prompts": []}', Kind.JSON),
        ('[\n"x"]', Kind.JSON),
        ('{"prompt": "x"}\n{"prompt": "y"}\n', Kind.JSONL),
        ("Prompt ID,Description\n1,x\n", Kind.CSV),
        ("id\tprompt\n1\tx\n", Kind.CSV),
        ("Description\nx\n", Kind.CSV),
        ("### Hero\n**Prompt:** x\n", Kind.MD),
        ("- prompt: x\n", Kind.YAML),
        ("# mine\nprompts:\n  - x\n", Kind.YAML),
        ("A pond, seen from above; a title below\na mill\n", Kind.TXT),
    ],
)
def test_a_text_of_unknown_kind_is_known_by_its_looks(text: str, kind: Kind) -> None:
    assert kind_of(text) is kind


@pytest.mark.parametrize("name", ["p.txt", "p", "p.csv.bak"])
def test_a_table_is_a_table_whatever_its_file_is_called(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Prompt ID\tDescription\nx\ta pond\n")

    cells = read_cells(Errand(source=str(tmp_path / name)))

    assert cells.known[Column.ID] == ["x"]


def test_a_text_has_a_prompt_a_line(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("a pond, at dawn\r\n\r\n  #fff on #000, a mill \n")

    batch = source_of(Errand(source=str(tmp_path / "p.txt"))).read()

    assert [(row.prompt_id, row.prompt.description) for row in batch.rows] == [
        ("1", "a pond, at dawn"),
        ("2", "#fff on #000, a mill"),
    ]


def test_a_text_keeps_the_descriptions_alone_and_says_what_is_lost() -> None:
    cells = cells_of_json("p", '[{"id": "x", "prompt": "two\\nlines", "size": "1x1", "Zone": "4"}]')

    assert written(cells, Kind.TXT) == b"two lines\n"
    assert lost_in(cells, Kind.TXT) == ["Size", "Zone"]
    assert lost_in(cells, Kind.MD) == []


def test_a_format_can_be_said_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text('["a pond"]')
    as_json = Errand(source=str(path), options=SourceOptions(kind="JSON"))
    wrong = Errand(source=str(path), options=SourceOptions(kind="doc"))

    assert read_cells(as_json).known[Column.DESCRIPTION] == ["a pond"]
    with pytest.raises(InputError, match="--format doc: write one of csv, tsv"):
        read_cells(wrong)


def test_columns_are_mapped_in_every_kind(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("Text,Description,Nr\na pond,internal,7\n")
    (tmp_path / "p.json").write_text('[{"Text": "a pond", "Description": "internal", "Nr": 7}]')
    mapping = (("description", "text"), ("id", "NR"))

    for name in ("p.csv", "p.json"):
        options = SourceOptions(mapping=mapping)
        (row,) = source_of(Errand(source=str(tmp_path / name), options=options)).read().rows
        assert (row.prompt_id, row.prompt.description) == ("7", "a pond")
        assert row.prompt.extra == {"Description": "internal"}


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        (("descripton", "Text"), "farm knows no column 'descripton'. Did you mean 'Description'?"),
        (
            ("description", "Texts"),
            "no column is called 'Texts', as --map says. Did you mean 'Text'?",
        ),
    ],
)
def test_a_mapping_that_leads_nowhere_is_told_with_a_hint(
    tmp_path: Path, pair: tuple[str, str], said: str
) -> None:
    (tmp_path / "p.csv").write_text("Text\na pond\n")
    errand = Errand(source=str(tmp_path / "p.csv"), options=SourceOptions(mapping=(pair,)))

    with pytest.raises(InputError) as refused:
        read_cells(errand)

    assert said in str(refused.value)


def test_a_folder_or_pattern_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").touch()
    (tmp_path / "a.md").touch()

    with pytest.raises(
        InputError, match=r"is a folder; name a file in it\. It holds a\.md, b\.yaml"
    ):
        read_cells(Errand(source=str(tmp_path)))
    with pytest.raises(InputError, match=r"looks like a pattern, and farm takes none"):
        read_cells(Errand(source=str(tmp_path / "*.md")))


@pytest.mark.parametrize(
    ("source", "queue", "beside"),
    [
        ("/in/p.xlsx#May 1", "p-May 1", "/in/p-May 1-completed.csv"),
        ("-", "stdin", "/home/stdin-completed.csv"),
        ("/in/p.md", "p", "/in/p-completed.csv"),
    ],
)
def test_every_source_has_a_queue_and_a_place_for_its_results(
    monkeypatch: pytest.MonkeyPatch, source: str, queue: str, beside: str
) -> None:
    monkeypatch.setattr("farm.sources.results.os.access", lambda *_: True)
    monkeypatch.setattr(Path, "is_dir", lambda _: True)

    assert queue_of(source) == queue
    assert results_path(source, Path("/home")) == Path(beside)


def test_a_file_that_has_a_hash_in_its_name_is_that_file(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx#b"
    path.touch()

    assert path_of(str(path)) == (path, "")
    assert identity_of(f"{tmp_path}/x/../c.xlsx#May") == f"{tmp_path}/c.xlsx#May"


def test_a_pipe_is_read_by_the_child_itself(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PIPED],
        input='{"prompts": ["a pond", "a mill"]}',
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout) == ["a pond", "a mill"]


def test_what_the_child_is_told_survives_the_way(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("Text\nin {Text}\n")
    options = SourceOptions(kind="csv", mapping=(("description", "Text"),), variations=2)
    errand = Errand(source=str(tmp_path / "p.txt"), options=options, brands=tmp_path / "b.toml")

    with read_in_child(errand) as incoming:
        rows = list(incoming.rows)

    assert Errand.from_text(errand.to_text()) == errand
    assert [row.prompt_id for row in rows] == ["1", "1-v2"]
