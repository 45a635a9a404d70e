"""`farm plan`: how long the queue will take, and what the images would cost elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli.jobs import with_farm
from farm.cli.options import AsJson, open_settings
from farm.cli.render import complain, say, say_json, say_table
from farm.cli.routes import Backends, Route
from farm.cli.sources import (
    Brand,
    Format,
    Mapped,
    OptionalSources,
    Templates,
    Variations,
    WithOg,
    reading_of,
)
from farm.clock import LocalZone, SystemClock
from farm.config import Settings
from farm.model.counting import counted
from farm.model.forecast import Course, Spent
from farm.model.lanes import ANY_LANE, WEB_LANE
from farm.model.moments import clock_time, local
from farm.model.moments import until as moment_of
from farm.model.money import MICRO

if TYPE_CHECKING:
    from farm.model.costs import Cost
    from farm.model.plan import Basis, Plan
    from farm.plan import Asked
    from farm.wiring.opened import Farm

SPENT_WORDS = {
    Spent.GENERATING: "making images",
    Spent.PACING: "the pace between prompts",
    Spent.OPENING: "opening browsers",
    Spent.RESTING: "rests that hold now",
    Spent.QUOTA: "limits of the accounts",
    Spent.CAP: "your daily cap",
    Spent.CLOSED: "your working hours",
}
_WAITS = (Spent.RESTING, Spent.QUOTA, Spent.CAP, Spent.CLOSED)


def plan(
    files: OptionalSources = None,
    *,
    sessions: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Accounts at once, also more than exist.")
    ] = None,
    profile: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="With this one; may be repeated.")
    ] = None,
    backends: Backends = None,
    queue: Annotated[
        str, typer.Option(metavar="NAME", help="Queue for the files instead of their names.")
    ] = "",
    mapped: Mapped = None,
    kind: Format = "",
    templates: Templates = False,
    brand: Brand = "",
    variations: Variations = 1,
    with_og: WithOg = False,
    until: Annotated[
        str, typer.Option(metavar="WHEN", help="How far it gets by 07:00, or within 8h.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say how long the queue will take, and what its images would cost at the APIs.

    FILES are counted in and not added. Reckoned from what your accounts and APIs did so far; what
    is assumed instead is said. Nothing is sent, opened or stored.

    \b
    Examples:
      farm plan
      farm plan prompts.csv --sessions 3
      farm plan --backends web,gemini
      farm plan --until 07:00
      farm plan --json
    """
    from farm.catalogue import load_catalogue
    from farm.model.costs import costs
    from farm.model.plan import lay_out
    from farm.plan import gather

    reading = reading_of(
        mapped,
        kind=kind,
        templates=templates,
        brand=brand,
        variations=variations,
        with_og=with_og,
    )
    settings = open_settings(Route(backends=backends).overrides())
    now, zone = SystemClock().now(), LocalZone()
    end = moment_of(until, now, zone) if until else None
    asked = replace(
        _asked(settings, profile or (), sessions),
        sources=tuple(files or ()),
        queue=queue,
        reading=reading,
    )

    async def work(farm: Farm) -> Any:
        return await gather(settings, farm.store, asked, clock=farm.clock, zone=zone)

    facts = with_farm(work)
    found = lay_out(facts, now=now, zone=zone, until=end)
    prices = costs(facts.demands, load_catalogue(settings.home), local(now, zone).date())
    if as_json:
        say_json({"plan": found, "jobs": found.jobs, "apis": prices})
        return
    for line in told(found, settings):
        say(line)
    _say_tables(found, prices)


def _asked(
    settings: Settings,
    named: Sequence[str],
    sessions: int | None,
) -> Asked:
    """The accounts a run would take, and as many imagined ones as are missing.

    None for a run without the page, nor for one of APIs too where there are no profiles.
    """
    from farm.browser.profiles import known_profiles
    from farm.cli.picking import pick_profiles
    from farm.plan import Asked

    there = [p.name for p in known_profiles(settings)]
    names: tuple[str, ...] = ()
    apis_alone = len(settings.backends) > 1 and not (there or named or sessions)
    if WEB_LANE not in settings.backends or apis_alone:
        return Asked(profiles=())
    if there or named:
        picked = pick_profiles(there, named, sessions)
        names = picked.names
        if picked.warning and named:
            complain(picked.warning)
    more = max(0, (sessions or 1) - len(names))
    return Asked(profiles=names, more=more)


def told(plan: Plan, settings: Settings) -> Iterator[str]:
    """The plan in sentences."""
    files = f", {plan.in_files} of them not added yet" if plan.in_files else ""
    yield f"{counted(plan.jobs, 'job')}{files}, {_workers(plan)}."
    if plan.jobs:
        yield from _end(plan)
        yield from _waits(plan, settings)
    yield from _left_out(plan, settings)
    if plan.paused:
        names = ", ".join(name or "every queue" for name in plan.paused)
        yield f"Paused, and reckoned as if it were not: {names}. To go on: farm queue resume"
    for basis in plan.bases:
        if basis.needs_person:
            on_page = basis.backend == WEB_LANE
            way = f"login {basis.name}" if on_page else f"backends {basis.backend} --check"
            yield f"{basis.name} needs a person and is left out: farm {way}"
        elif not basis.exists:
            yield f"{basis.name} does not exist yet. To make it: farm login NAME"


def _workers(plan: Plan) -> str:
    """Accounts, and how many requests each API gets at once."""
    at_work = Counter(basis.backend for basis in plan.bases if not basis.needs_person)
    accounts = at_work.pop(WEB_LANE, 0)
    told = [counted(accounts, "account")] if accounts or not at_work else []
    told += [f"up to {counted(n, 'request')} at once at {api}" for api, n in at_work.items()]
    return " and ".join(told)


def _left_out(plan: Plan, settings: Settings) -> Iterator[str]:
    """What the forecast does not hold: jobs, keys and help."""
    for lane, number in plan.left_out.items():
        name, _, needs = lane.partition("+")
        jobs = counted(number, "job")
        if name in settings.backends or name in (ANY_LANE, *plan.stand_by):
            what = needs.replace("+", " and ") or "somebody"
            yield f"{jobs} left out: nobody here takes what comes with it ({what})."
        else:
            names = ",".join((*settings.backends, name))
            yield f"{jobs} left out, for {name}, which takes no part: farm plan --backends {names}"
    for lack in plan.lacking.values():
        yield f"Reckoned as if it could work: {lack}"
    if plan.stand_by:
        names = ", ".join(plan.stand_by)
        yield f"{names} may step in; reckoned only with the rows that name it."


def _end(plan: Plan) -> Iterator[str]:
    zone = LocalZone()
    if plan.until is not None and plan.likely.done_at is None:
        by = clock_time(plan.until, plan.now, zone)
        least, most = sorted((plan.worst.jobs, plan.best.jobs))
        span = f", at least {least} and at most {most}" if least < most else ""
        yield f"By {by}: about {plan.likely.jobs} of {plan.jobs} done{span}."
    elif plan.likely.done_at is None:
        yield "Done: not within five years."
    else:
        yield (
            f"Done: about {clock_time(plan.likely.done_at, plan.now, zone)}, in "
            f"{rough(plan.likely.done_at - plan.now)}; {_between(plan)}."
        )
    crews = Counter[str]()
    for share in plan.likely.shares:
        crews[share.crew] += share.jobs
    if len(crews) > 1:
        yield "Of these " + ", ".join(f"{number} at {crew}" for crew, number in crews.items()) + "."
    if plan.held_back_by is not None:
        part = _part(plan.likely, plan.held_back_by)
        yield f"Most of the time goes to {SPENT_WORDS[plan.held_back_by]} ({part:.0%})."
    for change in plan.faster:
        sooner = change.sooner_seconds
        gain = f"{rough(sooner)} sooner" if sooner is not None else "else never"
        yield f"With {change.what}: {clock_time(change.done_at, plan.now, zone)}, {gain}."


def _waits(plan: Plan, settings: Settings) -> Iterator[str]:
    on_page = [share for share in plan.likely.shares if share.crew == WEB_LANE]
    waiting = sum(share.seconds[kind] for share in on_page for kind in _WAITS)
    if waiting > settings.max_wait_seconds:
        minutes = settings.max_wait_seconds / 60
        yield (
            f"A run waits {minutes:.0f} minutes at most, then stops with work left. To let it wait "
            "as long as it takes: farm start --watch"
        )


def _between(plan: Plan) -> str:
    ends = [_when(course, plan) for course in (plan.best, plan.worst)]
    return f"between {ends[0]} and {ends[1]}"


def _when(course: Course, plan: Plan) -> str:
    if course.done_at is None:
        end = clock_time(plan.until, plan.now, LocalZone()) if plan.until else "five years"
        return f"later than {end}"
    return clock_time(course.done_at, plan.now, LocalZone())


def _part(course: Course, kind: Spent) -> float:
    total = sum(sum(share.seconds.values()) for share in course.shares)
    return sum(share.seconds[kind] for share in course.shares) / total if total else 0.0


def _say_tables(plan: Plan, prices: Sequence[Cost]) -> None:
    if plan.likely.shares and plan.jobs:
        kinds = [k for k in Spent if any(s.seconds[k] >= 1 for s in plan.likely.shares)]
        say()
        rows = [
            (s.name, f"{s.images}", *(rough(s.seconds[k]) for k in kinds))
            for s in plan.likely.shares
        ]
        say_table(("account", "images", *(k.value for k in kinds)), rows)
    say()
    say("This rests on:")
    for sentence, names in _grounds(plan.bases).items():
        say(f"  {', '.join(names)}: {sentence}")
    say(f"  jobs: {plan.images_basis}")
    if any(basis.quota for basis in plan.bases):
        say("  a limit by the week, which some accounts have, is not reckoned with")
    if plan.jobs:
        say()
        images = counted(plan.jobs, "image")
        say(f"The same {images} at the APIs, in their own sizes, in US dollars, at most:")
        say_table(("provider", "model", "cost", "in a batch", "remarks"), map(_cost_row, prices))
        say("Prices: " + ", ".join(sorted({cost.page for cost in prices})))


def _grounds(bases: Sequence[Basis]) -> dict[str, list[str]]:
    """Each sentence about what the forecast rests on, with the accounts it holds for."""
    grounds: dict[str, list[str]] = {}
    for basis in bases:
        for sentence in _rests_on(basis):
            grounds.setdefault(sentence, []).append(basis.name)
    return grounds


def _rests_on(basis: Basis) -> Iterator[str]:
    yield basis.seconds.basis
    yield basis.tries.basis
    if basis.quota is None:
        yield "limits of the API and budgets are not reckoned with"
    else:
        yield basis.quota.basis
    allowance = basis.allowance
    if allowance.cap:
        kept = f", {allowance.reserve} of it kept back" if allowance.reserve else ""
        yield f"a daily cap of {allowance.cap}{kept}; {basis.made_today} made today"
    if allowance.hours.windows:
        whose = "working hours" if basis.backend == WEB_LANE else "FARM_API_SCHEDULE"
        yield f"{whose} {allowance.hours}"


def _cost_row(cost: Cost) -> tuple[str, ...]:
    known = f"prices since {cost.since}" if cost.since else ""
    unsure = "" if cost.sure else "not confirmed"
    unable = f"{counted(cost.unable, 'job')} of them it cannot make" if cost.unable else ""
    ends = f"shut down on {cost.shutdown}" if cost.shutdown else ""
    return (
        cost.backend,
        cost.model,
        _dollars(cost.microusd, "unknown"),
        _dollars(cost.batch_microusd, "–"),
        ", ".join(filter(None, [unable, ends, known, unsure, cost.note])),
    )


def rough(seconds: float) -> str:
    """A duration without false precision: `27 min`, `6 h 10 min`, `2 d 8 h`."""
    if seconds < 60:  # noqa: PLR2004  # a minute
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours < 48:  # noqa: PLR2004  # two days
        return f"{hours} h {minutes} min" if hours else f"{minutes} min"
    return f"{hours // 24} d {hours % 24} h"


def _dollars(microusd: int | None, unknown: str) -> str:
    return unknown if microusd is None else f"{microusd / MICRO:.2f}"
