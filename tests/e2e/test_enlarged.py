"""Drawn small and enlarged, through the installed command: two APIs, two bills, one picture."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import fake_fal
import pytest
from api_desk import FARM, ApiDesk
from fake_fal import FakeFal
from fake_gemini import FakeGemini

COLUMNS = ("Prompt ID", "Image Filename", "Size", "Description", "Backend")
LARGE = (4096, 3072)


@dataclass(frozen=True, kw_only=True)
class Desk(ApiDesk):
    """Whose farm enlarges with fal."""

    fal: FakeFal

    def prompts(self, rows: int = 3, *, backend: str = "", size: str = "4096x3072px") -> str:
        """A prompt file."""
        path = self.home / "rows.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for n in range(1, rows + 1):
                writer.writerow((str(n), f"mill-{n}.png", size, f"a mill, {n}", backend))
        return str(path)

    def enlarges(self, *sizes: tuple[int, int]) -> None:
        """What the next pictures of fal measure."""
        self.fal.plays.extend(fake_fal.Play(size=size) for size in sizes)

    def environment(self, **settings: str) -> dict[str, str]:
        """What the command sees, fal and its key included."""
        fal = {"FARM_FALLBACK": "fal", "FARM_FAL_BASE_URL": self.fal.url, "FAL_KEY": fake_fal.KEY}
        return super().environment(**(fal | settings))

    def states(self) -> dict[str, str]:
        """Where each job stands."""
        return dict(self.rows("SELECT prompt_id, state FROM jobs"))

    def spent(self, backend: str) -> int:
        """Millionths of a dollar in the store's own book."""
        by_backend = "SELECT backend, sum(spent_microusd) FROM spend GROUP BY backend"
        return int(dict(self.rows(by_backend))[backend])

    def results(self) -> list[str]:
        """The names of the pictures that the results file tells of."""
        with (self.home / "rows-completed.csv").open(newline="", encoding="utf-8") as file:
            return [Path(cell).name for row in csv.reader(file) for cell in row]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty folder, and both providers on loopback."""
    with FakeGemini() as gemini, FakeFal() as fal:
        yield Desk(home=tmp_path, gemini=gemini, fal=fal)


def tiers(desk: Desk) -> list[str]:
    return [sale.asked["imageConfig"]["imageSize"] for sale in desk.gemini.ledger]


@pytest.mark.parametrize("backend", ["", "gemini"])
def test_large_rows_are_drawn_small_and_enlarged_in_one_run(desk: Desk, backend: str) -> None:
    desk.enlarges(LARGE, LARGE, LARGE)

    done = desk.farm("start", desk.prompts(backend=backend), "--yes", "--upscale-with", "seedvr")

    assert done.returncode == 0, done.stdout + done.stderr
    assert tiers(desk) == ["1K"] * 3
    names = [f"{n}{tail}" for n in (1, 2, 3) for tail in ("", "-large")]
    assert desk.states() == dict.fromkeys(names, "completed")
    assert [made.arguments["upscale_factor"] for made in desk.fal.accepted.values()] == [3.5] * 3
    sizes = desk.rows("SELECT width_px, height_px FROM images WHERE backend = 'fal'")
    assert sizes == [LARGE] * 3
    assert {f"mill-{n}-large.png" for n in (1, 2, 3)} <= set(desk.results())
    assert desk.spent("gemini") == desk.gemini.microusd
    assert desk.spent("fal") == round(desk.fal.dollars * 1_000_000)


def test_what_would_be_dearer_is_drawn_in_its_own_size_class(desk: Desk) -> None:
    done = desk.farm("start", desk.prompts(), "--yes", "--upscale-with", "clarity")

    assert done.returncode == 0, done.stderr
    assert tiers(desk) == ["4K"] * 3
    assert not desk.fal.accepted
    assert len(desk.states()) == 3


def test_a_second_run_and_another_import_enlarge_nothing_again(desk: Desk) -> None:
    desk.enlarges(LARGE)
    rows = desk.prompts(1)

    desk.farm("start", rows, "--yes", "--upscale-with", "seedvr")
    again = desk.farm("start", rows, "--yes", "--upscale-with", "seedvr")

    assert again.returncode == 0, again.stderr
    assert (len(desk.gemini.ledger), len(desk.fal.accepted)) == (1, 1)


def test_a_farm_killed_between_drawing_and_enlarging_buys_neither_twice(desk: Desk) -> None:
    desk.fal.plays.append(fake_fal.Play(size=LARGE, working=100_000))
    rows = desk.prompts(1)
    words = [FARM, "start", rows, "--yes", "--upscale-with", "seedvr", "--json"]
    with subprocess.Popen(
        words, cwd=desk.home, env=desk.environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if '"attempt_ended"' in line)
        process.kill()
    for made in desk.fal.accepted.values():
        made.play = fake_fal.Play(size=LARGE)
    desk.fal.plays.clear()
    desk.enlarges(LARGE)

    done = desk.farm("start", rows, "--yes", FARM_UPSCALE_WITH="")

    assert done.returncode == 0, done.stdout + done.stderr
    assert (len(desk.gemini.ledger), len(desk.fal.accepted)) == (1, 1)
    assert desk.states() == {"1": "completed", "1-large": "completed"}


@pytest.mark.parametrize(
    ("model", "settings", "why"),
    [
        ("flux-pro", {}, "cannot enlarge: it can generate"),
        ("seedvr", {"FARM_FALLBACK": ""}, "add --fallback fal"),
        ("seedvr", {"FARM_REUSE": "yes"}, "not both"),
        ("imagen-4.0-upscale-preview", {}, "answers on Vertex alone"),
    ],
)
def test_who_cannot_enlarge_is_told_before_anything_is_imported(
    desk: Desk, model: str, settings: dict[str, str], why: str
) -> None:
    done = desk.farm("start", desk.prompts(), "--yes", "--upscale-with", model, **settings)

    assert done.returncode == 2
    assert why in " ".join(done.stderr.split())
    assert desk.rows("SELECT count(*) FROM jobs") == [(0,)]
