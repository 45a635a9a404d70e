"""The image APIs that are set up: whether they take key and model, and which models end soon."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from farm.catalogue import load_catalogue
from farm.clock import Clock
from farm.config import Settings
from farm.doctor.findings import Finding, Section, broken, note, ok, warning
from farm.errors import UsageError
from farm.model.causes import LIMITS, NEEDS_PERSON, Cause
from farm.model.models import Model
from farm.model.outcomes import Outcome
from farm.wiring.apis import account_of, chosen
from farm.wiring.offers import WEB, lack, usable
from farm.wiring.standing import auth_of, ending_soon, proof, today_of, usual_of

_PASSES = LIMITS | {Cause.TRANSIENT, Cause.TIMEOUT}


async def apis_section(settings: Settings, clock: Clock, *, offline: bool = False) -> Section:
    """One line for each API that is set up or asked for; nothing is drawn, nothing is paid."""
    wanted = dict.fromkeys((*settings.backends, *settings.fallback, *usable(settings)))
    names = [name for name in wanted if name != WEB]
    try:
        findings = [*_models(settings, names, clock)]
    except UsageError as error:
        findings = [broken(str(error), "correct FARM_MODELS or models.toml")]
        return Section(name="APIs", findings=tuple(findings))
    told = await asyncio.gather(*(_api(settings, name, clock, offline=offline) for name in names))
    if not names:
        told = [note("none is set up", "farm backends says what is missing for each")]
    return Section(name="APIs", findings=(*told, *findings))


async def _api(settings: Settings, name: str, clock: Clock, *, offline: bool) -> Finding:
    if missing := lack(settings, name):
        return broken(missing, f"set it, or take {name} out of FARM_BACKENDS and FARM_FALLBACK")
    about = f"{name}: {auth_of(settings, name)}, {account_of(settings, name)}"
    model = usual_of(settings, name, clock)
    if offline:
        return note(f"{about}, draws with {model.id}; not asked")
    trouble = await proof(settings, name, clock)
    if trouble is None:
        return ok(f"{about}, draws with {model.id}: it answers, and takes key and model")
    return _trouble(about, name, trouble)


def _trouble(about: str, name: str, trouble: Outcome) -> Finding:
    what = f"{about}: {trouble.message} ({trouble.cause})"
    if trouble.cause in _PASSES:
        return warning(what, f"see later with farm backends {name} --check")
    if trouble.cause in NEEDS_PERSON:
        return broken(what, "see docs/operations.md")
    return broken(what, f"see docs/backends.md, and farm backends {name} --check")


def _models(settings: Settings, names: list[str], clock: Clock) -> Iterator[Finding]:
    """Models that rows get and whose last day is near."""
    catalogue, today = load_catalogue(settings.home), today_of(clock)
    own = chosen(settings, catalogue, clock)
    used: dict[str, Model] = {model.id: model for model in own.values()}
    for name in names:
        model = usual_of(settings, name, clock)
        used[model.id] = model
    for model in ending_soon(tuple(used.values()), today):
        days = (model.shutdown - today).days if model.shutdown else 0
        instead = f"take {model.replacement} instead" if model.replacement else "take another one"
        yield warning(
            f"{model.id} is shut down on {model.shutdown}, in {days} days",
            f"{instead}: FARM_MODELS",
        )
