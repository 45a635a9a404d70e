"""`farm start`: work through the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from farm.cli.apart import apart, copies, folders
from farm.cli.deliver import DeliverTo, joined
from farm.cli.options import AsJson, Headed, KeepOpen, SlowMo, open_settings
from farm.cli.routes import (
    Backends,
    BudgetDay,
    BudgetRun,
    Deadline,
    Fallback,
    FallbackAfter,
    FallbackWhen,
    Models,
    Reuse,
    Route,
    UpscaleWith,
    Yes,
)
from farm.cli.running import run_and_show
from farm.cli.shaping import Convert, NameAs, Resize, shaped
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
from farm.model.events import RunOptions
from farm.model.moments import until as moment


def start(
    files: OptionalSources = None,
    *,
    sessions: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many profiles to drive at once.")
    ] = None,
    profile: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Drive this one; may be repeated.")
    ] = None,
    headed: Headed = False,
    pace: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="Wait between prompts instead of the setting."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Stop after so many jobs have ended.")
    ] = None,
    until: Annotated[
        str,
        typer.Option(metavar="WHEN", help="Stop then: 07:00, '2026-11-22 07:00', or in 8h."),
    ] = "",
    queue: Annotated[
        str, typer.Option(metavar="NAME", help="Queue for the files instead of their names.")
    ] = "",
    mapped: Mapped = None,
    kind: Format = "",
    templates: Templates = False,
    brand: Brand = "",
    variations: Variations = 1,
    with_og: WithOg = False,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch/--until-empty",
            help="Keep waiting for new jobs and resting sessions, or stop with the queue.",
        ),
    ] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Against the stand-in for Gemini; nothing is sent.")
    ] = False,
    notify: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="Tell this address what needs you; may be repeated."),
    ] = None,
    resize: Resize = None,
    convert: Convert = None,
    name: NameAs = None,
    deliver: DeliverTo = None,
    backends: Backends = None,
    models: Models = None,
    fallback: Fallback = None,
    fallback_when: FallbackWhen = None,
    fallback_after: FallbackAfter = "",
    deadline: Deadline = "",
    budget: BudgetRun = None,
    budget_day: BudgetDay = None,
    yes: Yes = False,
    reuse: Reuse = None,
    upscale_with: UpscaleWith = None,
    trace: Annotated[
        bool, typer.Option("--trace", help="Keep a Playwright trace with each incident.")
    ] = False,
    slow_mo: SlowMo = 0,
    keep_open: KeepOpen = False,
    as_json: AsJson = False,
) -> None:
    """Add FILES to the queue and make its images.

    Ctrl-C once finishes what is in flight; twice stops at once. Both keep every fact, and the
    next `farm start` goes on from there. With PWDEBUG=1 Playwright's inspector opens.

    With --replay everything happens in the folder `replay/`, with a queue and downloads of its own,
    so that no picture of the stand-in is taken for one of yours; to look at it:
    FARM_HOME=replay farm queue list

    \b
    Examples:
      farm start prompts.csv --sessions 2
      farm start --profile alice --limit 5
      farm start prompts.csv --headed --slow-mo 200 --keep-open
      farm start prompts.csv --replay
      farm start 'book.xlsx#May' --map description=Prompt --with-og
      farm start --watch --until 07:00 --notify ntfys://ntfy.sh/my-farm
      farm start prompts.csv --resize cover --convert webp:85 --deliver drive:1AbCdEf
      farm start prompts.csv --backends gemini --budget 5
      farm start --fallback gemini --fallback-when exhausted,deadline --deadline 07:00
      farm start --backends fal --model flux-pro --yes
      farm start --watch --json | tee run.jsonl
    """
    route = Route(
        backends=backends,
        fallback=fallback,
        when=fallback_when,
        after=fallback_after,
        models=models,
        reuse=reuse,
        upscale_with=upscale_with,
        deadline=deadline,
        a_run=budget,
        a_day=budget_day,
    )
    own = {"prompt_delay_seconds": pace, "headless": False if headed else None}
    told = {"notify": " ".join(notify) if notify else None, "deliver": joined(deliver)}
    asked = own | told | shaped(resize, convert, name) | route.overrides()
    settings = open_settings(asked, log_file=True)
    reading = reading_of(
        mapped, kind=kind, templates=templates, brand=brand, variations=variations, with_og=with_og
    )
    options = RunOptions(
        sources=tuple(files or ()),
        reading=reading,
        queue=queue,
        sessions=sessions,
        profiles=tuple(profile or ()),
        headed=headed,
        pace_seconds=pace,
        limit=limit,
        yes=yes,
        trace=trace,
        replay=replay,
        watch=watch,
        slow_mo_ms=slow_mo,
        keep_open=keep_open,
    )
    options = _timed(options, until, deadline)
    settings = route.proven(settings, options)
    if replay:
        settings, options = _in_play(settings, options, deliver)
    raise typer.Exit(run_and_show(settings, options, as_json=as_json))


def _timed(options: RunOptions, until: str, deadline: str) -> RunOptions:
    """The options with their moments; the end of the run is its deadline too."""
    now, zone = SystemClock().now(), LocalZone()
    end = moment(until, now, zone) if until else None
    return replace(options, until=end, deadline=moment(deadline, now, zone) if deadline else end)


def _in_play(
    settings: Settings, options: RunOptions, deliver: Sequence[str] | None
) -> tuple[Settings, RunOptions]:
    """The same apart, with copies of the files; delivered only by word of mouth."""
    asked = settings.deliver if deliver else ()
    settings = replace(apart(settings, "replay"), deliver=asked)
    copied = copies(options.sources, settings.home)
    reading = replace(options.reading, folders=folders(options.sources, copied))
    return settings, replace(options, sources=copied, reading=reading)
