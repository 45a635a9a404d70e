"""Messages, the generation log and `farm stats`, by the installed command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from post_office import PASSWORD, Post

FARM = str(Path(sys.executable).with_name("farm"))
SIGNED = {"FARM_NOTIFY_SECRET": "open-sesame"}

Done = subprocess.CompletedProcess[str]
Farm = Callable[..., Done]


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    """Run the program in an empty folder."""

    def run(*words: str, **settings: str) -> Done:
        return subprocess.run(
            [FARM, *words],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_a_test_message_goes_to_every_address(farm: Farm, post: Post) -> None:
    both = f"{post.webhook}, {post.service}"

    done = farm("notify", "test", "--json", FARM_NOTIFY=both, **SIGNED)

    assert json.loads(done.stdout) == [
        {"target": "webhook", "arrived": True, "why": ""},
        {"target": "json", "arrived": True, "why": ""},
    ]
    assert done.returncode == 0
    assert sorted(str(message["title"]) for message in post.got) == ["farm: a test"] * 2


def test_an_address_that_fails_is_named_without_its_secrets(farm: Farm, post: Post) -> None:
    dead = f"json://bob:{PASSWORD}@127.0.0.1:1/{PASSWORD}"

    done = farm("notify", "test", "--notify", dead, "--notify", post.service)

    assert done.returncode == 1
    assert re.search(r"^json +lost: it could not be reached", done.stdout, flags=re.MULTILINE)
    assert re.search(r"^json 2 +taken$", done.stdout, flags=re.MULTILINE)
    assert PASSWORD not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        (["notify", "test"], {}),
        (["notify", "test"], {"FARM_NOTIFY": PASSWORD}),
        (["notify", "test"], {"FARM_NOTIFY": f"webhook+https://example.com/{PASSWORD}"}),
        (["notify", "test", "--notify", f"slakc://{PASSWORD}"], {}),
        (["stats", "--since", "soon"], {}),
    ],
)
def test_wrong_use_is_told_without_secrets(
    farm: Farm, words: list[str], settings: dict[str, str]
) -> None:
    done = farm(*words, **settings)

    assert done.returncode == 2
    assert done.stderr.startswith("farm: ")
    assert PASSWORD not in done.stderr + done.stdout


def test_stats_of_nothing_are_nothing(farm: Farm) -> None:
    assert farm("stats").stdout == "0 made, 0 failed, 0 given back\n"
    assert json.loads(farm("stats", "--since", "24h", "--json").stdout)["total"]["made"] == 0


def test_warnings_are_json_where_it_is_asked(farm: Farm) -> None:
    done = farm("status", FARM_HEADLES="1", FARM_LOG_FORMAT="json")

    (line,) = map(json.loads, done.stderr.splitlines())
    assert line["level"] == "warning"
    assert "FARM_HEADLESS" in line["event"]
