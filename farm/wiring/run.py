"""A run of `farm start`: files in, every session worked, results written."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from farm.browser.launch import is_root
from farm.clock import Clock
from farm.config import Settings
from farm.gate import RunGate
from farm.model.events import Notice, RunEnded, RunOptions, RunReport, RunStarted, Tell
from farm.model.jobs import OPEN_STATES, JobState
from farm.model.quote import Agree
from farm.model.verdict import judge
from farm.references import sweep_references
from farm.steps.keep import sweep_parts
from farm.supervisor import Post, Supervisor
from farm.wiring.beside import beside
from farm.wiring.crew import WEB, crew_of
from farm.wiring.enlarging import upscaler_of
from farm.wiring.intake import in_words, named
from farm.wiring.names import prove_names
from farm.wiring.once import release_left
from farm.wiring.opened import Farm, open_farm
from farm.wiring.outgoing import prove_places
from farm.wiring.practice import on_stand_in
from farm.wiring.quoting import agreed
from farm.wiring.telling import telling

_SLICE_SECONDS = 30.0
WITHOUT_SANDBOX = "Running as root: the browsers start without their sandbox."
STALE_PART_SECONDS = 24 * 3600
STALE_REFERENCE_SECONDS = 30 * 24 * 3600


async def run(
    settings: Settings,
    options: RunOptions,
    *,
    on_event: Tell,
    stop: asyncio.Event,
    agree: Agree,
) -> RunReport:
    """`farm start`: import the files, work every session, write results and report.

    `agree` is asked after the import and before anybody is hired, if it may cost much.
    """
    async with AsyncExitStack() as stack:
        if options.replay:
            settings, options = await stack.enter_async_context(on_stand_in(settings, options))
        farm = await stack.enter_async_context(open_farm(settings))
        tell = await stack.enter_async_context(telling(farm, options, on_event))
        upscaler_of(farm.settings, farm.clock)  # said before anything is imported
        prove_places(farm.settings, farm.clock)
        options, queues = await _import_sources(farm, options, tell)
        await prove_names(farm, queues)
        options = await agreed(farm, options, agree, stop)
        return await _work_through(farm, options, queues, tell, stop)


async def _import_sources(
    farm: Farm, options: RunOptions, tell: Tell
) -> tuple[RunOptions, list[str]]:
    """Import all sources; the options with the sources as the store calls them, and the queues."""
    pairs = [await named(farm, source, options.queue) for source in options.sources]
    for given, (source, queue) in zip(options.sources, pairs, strict=True):
        added = await farm.import_source(source, queue, options.reading)
        tell(Notice(level="info", text=f"{given}: {in_words(added) or 'no rows'}"))
    sources = tuple(source for source, _ in pairs)
    return replace(options, sources=sources), [queue for _, queue in pairs]


async def _work_through(
    farm: Farm, options: RunOptions, queues: list[str], tell: Tell, stop: asyncio.Event
) -> RunReport:

    began, before = farm.clock.monotonic(), await farm.store.counts(queues)
    gate = RunGate(stop=stop, left=options.limit)
    watched = queues or [entry.name for entry in await farm.store.queues()]
    await release_left(farm)
    sweep_parts(farm.settings.downloads_dir, before=farm.clock.now() - STALE_PART_SECONDS)
    sweep_references(farm.settings.downloads_dir, before=farm.clock.now() - STALE_REFERENCE_SECONDS)
    await farm.store.release_unsent()
    async with beside(farm, options, watched, tell) as others:
        crew = crew_of(farm, options, gate, others.tell)
        posts = crew.posts
        if is_root() and WEB in farm.settings.backends:
            tell(Notice(level="warning", text=WITHOUT_SANDBOX))
        tell(RunStarted(sessions=tuple(post.name for post in posts), counts=before))
        supervisor = Supervisor(
            posts=posts,
            store=farm.store,
            queues=queues,
            clock=farm.clock,
            tell=crew.tell,
            offline_seconds=math.inf if options.watch else farm.settings.max_wait_seconds,
        )
        async with _ending_in_time(gate, options, farm.clock):
            await supervisor.run()
    if len(supervisor.refused) == len(posts):
        raise supervisor.refused[0]
    report = await _report(farm, queues, posts, gate, before)
    report = replace(
        report,
        seconds=farm.clock.monotonic() - began,
        results=others.results.paths,
        contact_sheet=others.results.contact_sheet,
    )
    tell(RunEnded(report=report))
    return report


@asynccontextmanager
async def _ending_in_time(gate: RunGate, options: RunOptions, clock: Clock) -> AsyncIterator[None]:
    """Stop the run, as one Ctrl-C would, at the moment the user named."""
    if options.until is None:
        yield
        return

    async def strike(moment: float) -> None:
        while (left := moment - clock.now()) > 0:  # in slices: the clock may be set meanwhile
            await clock.sleep(min(left, _SLICE_SECONDS))
        if not gate.stop.is_set():
            gate.why_stopped = "The time set with --until has come"
            gate.stop.set()

    bell = asyncio.create_task(strike(options.until), name="until")
    try:
        yield
    finally:
        bell.cancel()
        await asyncio.wait([bell])


async def _report(
    farm: Farm,
    queues: Sequence[str],
    posts: Sequence[Post],
    gate: RunGate,
    before: Mapping[JobState, int],
) -> RunReport:
    counts = await farm.store.counts(queues)
    names = {post.name for post in posts}
    verdict = judge(
        counts,
        [session for session in await farm.store.sessions() if session.name in names],
        limit_reached=gate.left == 0,
        stopped=gate.why_stopped if gate.stop.is_set() else "",
        now=farm.clock.now(),
    )

    def gained(state: JobState) -> int:
        return max(0, counts.get(state, 0) - before.get(state, 0))

    return RunReport(
        counts=counts,
        made=gained(JobState.COMPLETED),
        failed=gained(JobState.FAILED),
        review=gained(JobState.REVIEW),
        left=sum(counts.get(state, 0) for state in OPEN_STATES),
        stopped_because=verdict.sentence,
        exit_code=verdict.exit_code,
        seconds=0.0,
    )
