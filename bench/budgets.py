"""Every budget of DESIGN section 11, and where its figure stands in what a measurement printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HEADLINE = f"{'':4}  {'budget':55} {'bound':>9} {'measured':>10} {'measured/bound':>15}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """A bound that a figure must keep: at most, or at least."""

    name: str
    figure: str  # dotted path in the measurement's JSON
    most: float | None = None
    least: float | None = None

    def check(self, figures: Mapping[str, Any]) -> dict[str, Any]:
        """The figure, the bound, their ratio and whether it is kept; without a figure it is not."""
        measured = self._find(figures)
        sign, bound = ("<=", self.most) if self.least is None else (">=", self.least)
        if bound is None:
            raise ValueError(f"{self.name} has no bound")
        checked = {"budget": self.name, "bound": f"{sign} {bound:g}", "measured": measured}
        if measured is None:
            return {**checked, "ratio": None, "kept": False}
        kept = measured <= bound if self.least is None else measured >= bound
        return {**checked, "ratio": round(measured / bound, 2), "kept": kept}

    def _find(self, figures: Mapping[str, Any]) -> float | None:
        found: Any = figures
        for key in self.figure.split("."):
            found = found.get(key, {})
        return None if found == {} else float(found)


def line(checked: Mapping[str, Any]) -> str:
    """A checked budget as a line of the table."""
    verdict = "ok" if checked["kept"] else "MISS"
    measured, ratio = (
        "-" if checked[key] is None else f"{checked[key]:g}" for key in ("measured", "ratio")
    )
    figures = f"{checked['bound']:>9} {measured:>10} {ratio:>15}"
    return f"{verdict:4}  {checked['budget']:55} {figures}"


BUDGETS: Mapping[str, tuple[Budget, ...]] = {
    "startup": (Budget(name="farm --help, median of ten, s", figure="median_seconds", most=0.3),),
    "intake": (
        Budget(name="10,000 rows of CSV in the store, s", figure="10000.seconds", most=1),
        Budget(name="100,000 rows of CSV in the store, s", figure="100000.seconds", most=5),
    ),
    "steps": (
        Budget(name="copies by all cores over one, per core", figure="cores_busy", least=0.7),
        Budget(name="copies are the same bytes either way", figure="same_bytes", least=1),
    ),
    "latency": (
        Budget(
            name="image in the page to recorded file, p95, s", figure="farm.p95_seconds", most=1
        ),
        Budget(name="images measured", figure="farm.images", least=20),
        Budget(
            name="the seeds' recipe over farm, ratio of medians",
            figure="recipe_over_farm",
            least=10,
        ),
    ),
    "footprint": (
        Budget(name="farm's own process at work, peak, MB", figure="working.peak_mb", most=150),
        Budget(
            name="farm's own process, two sessions, steady, MB",
            figure="working.steady_mb",
            most=150,
        ),
        Budget(
            name="a waiting session, % of a core",
            figure="waiting.percent_of_a_core_per_session",
            most=2,
        ),
    ),
    "store": (
        Budget(
            name="claim + complete at 1,000,000 jobs, per s",
            figure="claim_complete_per_second",
            least=150,
        ),
    ),
}
