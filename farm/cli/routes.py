"""Options that say who draws, when somebody else steps in, and what it may cost."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from farm.errors import UsageError
from farm.model.moments import duration
from farm.settings.backends import BACKEND_NAMES, FALLBACK_OCCASIONS

if TYPE_CHECKING:
    from farm.config import Settings
    from farm.model.events import RunOptions

Backends = Annotated[
    list[str] | None,
    typer.Option(
        "--backends", metavar="NAMES", help="Who draws: web, gemini, or both with commas."
    ),
]
Fallback = Annotated[
    list[str] | None,
    typer.Option("--fallback", metavar="NAMES", help="APIs that take over when the others cannot."),
]
FallbackWhen = Annotated[
    list[str] | None,
    typer.Option("--fallback-when", metavar="WHEN", help=f"{', '.join(FALLBACK_OCCASIONS)}."),
]
FallbackAfter = Annotated[
    str,
    typer.Option(metavar="TIME", help="After so long without the others: 10m, or seconds."),
]
Deadline = Annotated[
    str,
    typer.Option(metavar="WHEN", help="Done by then, with the fallback's help: 07:00, or in 8h."),
]
BudgetRun = Annotated[
    float | None,
    typer.Option("--budget", min=0, metavar="USD", help="What this run may cost; 0: no bound."),
]
BudgetDay = Annotated[
    float | None,
    typer.Option("--budget-day", min=0, metavar="USD", help="What all runs of a day may cost."),
]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask about costs, also those nobody knows.")
]
Models = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="MODEL", help="Draw with it, one a backend; may be repeated."),
]

Reuse = Annotated[
    bool | None,
    typer.Option("--reuse/--no-reuse", help="Take the picture of an equal row, drawn before."),
]

UpscaleWith = Annotated[
    str | None,
    typer.Option(metavar="MODEL", help="Draw small and enlarge with it where that costs less."),
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """What the command line says about it; None and "": as the settings say."""

    backends: Sequence[str] | None = None
    fallback: Sequence[str] | None = None
    when: Sequence[str] | None = None
    after: str = ""
    models: Sequence[str] | None = None
    a_run: float | None = None  # US dollars
    a_day: float | None = None
    reuse: bool | None = None
    upscale_with: str | None = None
    deadline: str = ""

    def overrides(self) -> dict[str, object]:
        """For `open_settings`; UsageError for a word that names nothing."""
        return {
            "backends": _some("--backends", self.backends, BACKEND_NAMES),
            "fallback": _some("--fallback", self.fallback, BACKEND_NAMES),
            "fallback_when": _some("--fallback-when", self.when, FALLBACK_OCCASIONS),
            "fallback_after": seconds_of(self.after) if self.after else None,
            "models": ",".join(self.models) if self.models else None,
            "budget_run": self.a_run,
            "budget_day": self.a_day,
            "reuse": self.reuse,
            "upscale_with": self.upscale_with,
        }

    def proven(self, settings: Settings, options: RunOptions) -> Settings:
        """The settings, which have these options in; UsageError for those that clash.

        Who names a deadline and no occasion means that occasion too.
        """
        self._prove_fallback(settings)
        if "deadline" in (self.when or ()) and options.deadline is None:
            raise UsageError("--fallback-when deadline needs to know it: --deadline 07:00.")
        if self.models:
            _prove_models(settings)
        if not self.deadline or self.when:
            return settings
        return replace(settings, fallback_when=(*settings.fallback_when, "deadline"))

    def _prove_fallback(self, settings: Settings) -> None:
        if not settings.fallback and (self.when or self.after or self.deadline):
            raise UsageError("There is no fallback: name one, such as --fallback gemini.")
        if "web" in (self.fallback or ()):
            raise UsageError("web cannot be a fallback: name it among the --backends.")
        both = sorted(set(settings.fallback) & set(settings.backends))
        if self.fallback and both and "refused" not in settings.fallback_when:
            raise UsageError(
                f"{both[0]} works from the beginning: as a fallback it would have nothing to do. "
                "Name it once, or let it take what the others refuse: --fallback-when refused."
            )


def seconds_of(text: str) -> float:
    """`600`, `10m` or `1h30m` in seconds; UsageError for anything else."""
    try:
        return float(text) if float(text) >= 0 else duration(text)
    except ValueError:
        return duration(text)


def _some(option: str, given: Sequence[str] | None, known: Sequence[str]) -> str | None:
    """Words of repeated options and commas, each one known; None for none."""
    words = [word for text in given or () for word in text.lower().replace(",", " ").split()]
    for word in words:
        if word not in known:
            near = difflib.get_close_matches(word, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
            raise UsageError(f"{option}: {word!r} is none. {hint}")
    return ",".join(words) or None


def _prove_models(settings: Settings) -> None:
    """Each model is one that lives, and of somebody who draws."""
    from farm.catalogue import load_catalogue

    today = datetime.now().astimezone().date()
    hired = (*settings.backends, *settings.fallback)
    for backend, model in load_catalogue(settings.home).chosen(settings.models, today).items():
        if backend not in hired:
            raise UsageError(
                f"{model.id} is a model of {backend}, which takes no part in this run: add "
                f"--backends {','.join((*settings.backends, backend))}."
            )
