"""The installed `farm`, from outside."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FARM = str(Path(sys.executable).with_name("farm"))
HEAVY = {"pandas", "numpy", "playwright", "sqlalchemy", "PIL", "google", "googleapiclient"}
HEAVY |= {"starlette", "uvicorn", "cryptography", "psutil", "rich", "apprise", "requests"}

Done = subprocess.CompletedProcess[str]
Farm = Callable[..., Done]


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    """Run the program in an empty folder."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("FARM_")}

    def run(*words: str, **settings: str) -> Done:
        return subprocess.run(
            [FARM, *words],
            cwd=tmp_path,
            env=environ | settings,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    path = tmp_path / "heroes.csv"
    path.write_text(
        "Prompt ID,Image Filename,Size,Description\n"
        "1,mill.png,1920x1080px,a mill\n"
        "2,boat.png,1920x1080px,a boat\n"
        "3,tree.png,1080x1080px,a tree\n"
    )
    return path


@pytest.mark.parametrize("words", [["--help"], ["start", "--help"], ["queue", "retry", "--help"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    program = (
        "import sys; from farm.cli import main; sys.argv = ['farm', *sys.argv[1:]]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('\\nloaded:', *{name.partition('.')[0] for name in sys.modules})"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.rpartition("loaded:")[2].split())
    assert "Usage: farm" in done.stdout
    assert loaded & HEAVY == set()


def test_a_look_at_the_queue_loads_no_browser_and_no_picture_library() -> None:
    program = "import sys, farm.cli.jobs, farm.wiring.opened; print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded & {"sqlalchemy", "playwright", "PIL", "pandas", "requests"} == {"sqlalchemy"}


def test_a_queue_lives_through_the_commands_of_its_user(farm: Farm, prompts: Path) -> None:
    assert "3 new" in farm("add", str(prompts)).stdout
    assert "0 new, 0 changed, 3 unchanged" in farm("add", str(prompts)).stdout

    assert farm("queue", "cancel", "2").stdout == "1 job cancelled.\n"
    listed = json.loads(farm("queue", "list", "--json").stdout)
    assert [(j["label"], j["state"]) for j in listed["jobs"]] == [
        ("heroes/1", "pending"),
        ("heroes/2", "cancelled"),
        ("heroes/3", "pending"),
    ]

    assert farm("queue", "retry", "--state", "cancelled").stdout == "1 job queued again.\n"
    assert json.loads(farm("status", "--json").stdout)["counts"]["pending"] == 3


def test_the_text_of_a_job_is_printed_as_it_is_sent(farm: Farm, prompts: Path) -> None:
    farm("add", str(prompts))

    done = farm("compose", "heroes/1")

    assert done.stdout == "/imagine Size: 1920x1080px ||| Description: a mill\n"


def test_a_job_is_shown_with_where_it_came_from(farm: Farm, prompts: Path) -> None:
    farm("add", str(prompts))

    shown = farm("queue", "show", "#2").stdout

    assert shown.startswith("heroes/2 (#2): pending\n")
    assert "heroes.csv row 2" in shown
    assert "asks:     a boat" in shown


def test_a_paused_queue_says_so(farm: Farm, prompts: Path) -> None:
    farm("add", str(prompts))

    farm("queue", "pause", "--queue", "heroes")

    assert "paused: heroes" in farm("status").stdout
    farm("queue", "resume", "--queue", "heroes")
    assert "paused" not in farm("status").stdout


def test_an_export_stands_beside_the_prompts(farm: Farm, prompts: Path) -> None:
    farm("add", str(prompts))

    done = farm("queue", "export", "heroes", "--json")

    path = Path(json.loads(done.stdout)["file"])
    assert path == prompts.with_name("heroes-completed.csv")
    assert path.read_text().splitlines()[1].startswith("1,")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "lost.csv"], "lost.csv"),
        (["start", "--pace", "-1"], "--pace"),
        (["start"], "farm login alice"),
        (["start", "--profile", "dora"], "No profile is called dora"),
        (["queue", "show", "99"], "No job is called '99'"),
        (["queue", "show"], "Which jobs?"),
        (["queue", "retry", "1", "--state", "failed"], "not both"),
        (["queue", "list", "--state", "lost"], "--state"),
        (["queue", "export", "lost"], "No queue is called 'lost'"),
    ],
)
def test_wrong_use_is_told_in_words_with_exit_code_two(
    farm: Farm, words: list[str], said: str
) -> None:
    done = farm(*words)

    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_bad_setting_is_told_before_anything_happens(farm: Farm, tmp_path: Path) -> None:
    done = farm("status", FARM_PROMPT_DELAY_SECONDS="soon")

    assert done.returncode == 2
    assert "FARM_PROMPT_DELAY_SECONDS='soon' (from the environment) is not" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_misspelt_setting_is_warned_about(farm: Farm) -> None:
    done = farm("version", "--json")
    warned = farm("status", FARM_HEADLES="1")

    assert json.loads(done.stdout)["farm"]
    assert "Did you mean FARM_HEADLESS?" in warned.stderr


def test_a_sign_in_is_not_begun_without_consent(farm: Farm, tmp_path: Path) -> None:
    done = farm("login", "alice")  # nobody is there to say yes

    assert done.returncode != 0
    assert "Google's terms of service" in done.stdout
    assert not (tmp_path / "profiles" / "alice").exists()


def test_the_wheel_holds_everything_a_farm_needs(tmp_path: Path) -> None:
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-q",
        "-w",
        str(tmp_path),
    ]
    subprocess.run([*pip, str(ROOT)], check=True, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"farm/data/selectors/gemini.toml", "farm/data/examples/prompts.csv"} <= names
    assert {"farm/py.typed", "farm/sites/gemini/snapshot.js"} <= names
    data = {str(p.relative_to(ROOT)) for p in (ROOT / "farm").rglob("*") if p.is_file()}
    assert {n for n in data if "__pycache__" not in n} <= names
    assert not [n for n in names if re.match(r"(tests|tools|bench|profiles|downloads)/", n)]
