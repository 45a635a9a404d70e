"""The composition root: the only module that puts concrete things together."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import platform
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlencode

from farm.backends.web import WebHand
from farm.browser.launch import LaunchOptions, is_root
from farm.browser.login import sign_in_by_hand
from farm.browser.profiles import Profile, find_profiles, make_profile
from farm.browser.session import BrowserSession
from farm.clock import Clock, SystemClock
from farm.compose import compose
from farm.config import Settings
from farm.errors import BrowserError, Ended, UsageError
from farm.model.causes import Cause
from farm.model.events import Notice, RunEnded, RunEvent, RunOptions, RunReport, RunStarted
from farm.model.jobs import OPEN_STATES, Job, JobState
from farm.model.outcomes import Outcome
from farm.model.policy import Policy
from farm.model.verdict import judge
from farm.presence import Presence
from farm.results import Results
from farm.settlement import Pace, Settlement
from farm.sites.gemini.originals import Originals
from farm.sites.gemini.page import GeminiPage, Patience
from farm.sites.gemini.scripts import OBSERVE_JS
from farm.sites.gemini.shelf import PackShelf
from farm.sources.child import read_in_child
from farm.steps.keep import part_path, sweep_parts
from farm.steps.keeper import DiskKeeper, measure
from farm.store.base import Added
from farm.store.engine import open_store
from farm.store.facade import Store
from farm.supervisor import Post, RunGate, Supervisor
from farm.worker import Terms, Worker

log = logging.getLogger(__name__)

Tell = Callable[[RunEvent], None]

PAGE_OF_JOBS = 1000
WITHOUT_SANDBOX = "Running as root: the browsers start without their sandbox."
STALE_PART_SECONDS = 24 * 3600
GEMINI = "https://gemini.google.com/app"


@dataclass(frozen=True, kw_only=True)
class Farm:
    """Everything a command works with."""

    settings: Settings
    store: Store
    clock: Clock

    async def import_file(self, path: Path, queue: str) -> Added:
        """Read a prompt file and add its rows to a queue; InputError adds none of them."""
        with _garbage_left_lying(), await asyncio.to_thread(read_in_child, path) as batch:
            for warning in batch.warnings:
                log.warning("%s", warning)
            if batch.completed:
                log.info("%d rows of %s are COMPLETED already", batch.completed, path.name)
            return await self.store.add(
                queue, batch.rows, source=await asyncio.to_thread(os.path.realpath, path)
            )

    async def jobs_of(self, queue: str) -> list[Job]:
        """All jobs of a queue, in id order."""
        jobs: list[Job] = []
        after: int | None = 0
        while after is not None:
            page = await self.store.page(queues=[queue], after=after, limit=PAGE_OF_JOBS)
            jobs.extend(page.jobs)
            after = page.after
        return jobs


@asynccontextmanager
async def open_farm(settings: Settings) -> AsyncIterator[Farm]:
    """The farm of these settings, its store open."""
    async with open_store(settings.database_url) as store:
        yield Farm(settings=settings, store=store, clock=SystemClock())


async def run(
    settings: Settings, options: RunOptions, *, on_event: Tell, stop: asyncio.Event
) -> RunReport:
    """`farm start`: import the files, work every session, write results and contact sheet."""
    async with AsyncExitStack() as stack:
        if options.replay:
            settings, options = await stack.enter_async_context(_on_stand_in(settings, options))
        farm = await stack.enter_async_context(open_farm(settings))
        queues = await _import_files(farm, options, on_event)
        return await _work_through(farm, options, queues, on_event, stop)


async def sign_in(settings: Settings, name: str, say: Callable[[str], None]) -> Outcome | None:
    """`farm login`: a sign-in by hand, then the proof; what is still wrong, or None."""
    clock = SystemClock()
    profile = make_profile(settings.profiles_dir, name)
    options = launch_options(settings, RunOptions())
    await sign_in_by_hand(profile, options, then=GEMINI, clock=clock, say=say)
    return (await check_profiles(settings, [name]))[name]


async def check_profiles(settings: Settings, names: Sequence[str]) -> Mapping[str, Outcome | None]:
    """What keeps each profile from making images, proven on the page; None where nothing does."""
    clock, found = SystemClock(), dict[str, Outcome | None]()
    for profile in _named(settings, names):
        page = _page(settings, profile, RunOptions(), clock)
        try:
            async with page.session:
                await page.new_chat()
            found[profile.name] = None
        except Ended as ended:
            found[profile.name] = ended.outcome
        except BrowserError as error:
            found[profile.name] = Outcome(cause=Cause.BROWSER_GONE, message=str(error))
    return found


def launch_options(settings: Settings, options: RunOptions) -> LaunchOptions:
    """What of settings and options concerns the start of a browser."""
    return LaunchOptions(
        asked_browser=settings.browser,
        headless=settings.headless and not options.headed,
        proxy_server=settings.proxy_server,
        ignore_https_errors=settings.ignore_https_errors,
        stealth=settings.stealth,
        slow_mo_ms=options.slow_mo_ms,
        root=is_root(),
    )


def terms(settings: Settings, options: RunOptions) -> Terms:
    """How the workers of a run behave."""
    return Terms(
        max_wait_seconds=settings.max_wait_seconds,
        watch=options.watch,
        keep_open=options.keep_open,
    )


def policy(settings: Settings) -> Policy:
    """The waits of DESIGN section 7, the retry's as the user wants it."""
    usual = Policy()
    factor = settings.retry_wait_seconds / usual.retry_first
    return replace(
        usual,
        retry_first=settings.retry_wait_seconds,
        retry_cap=usual.retry_cap * factor,
        transient_wait=usual.transient_wait * factor,
    )


def pace(settings: Settings, options: RunOptions) -> Pace:
    """The wait between two prompts of a session."""
    asked = options.pace_seconds
    seconds = settings.prompt_delay_seconds if asked is None else asked
    return Pace(seconds=seconds, jitter=settings.pace_jitter)


async def _import_files(farm: Farm, options: RunOptions, tell: Tell) -> list[str]:
    queues = []
    for path in options.files:
        queue = options.queue or path.stem
        added = await farm.import_file(path, queue)
        queues.append(queue)
        tell(Notice(level="info", text=f"{path.name}: {_in_words(added)}"))
    return queues


@contextmanager
def _garbage_left_lying() -> Iterator[None]:
    """Make records that all stay without looking through them for garbage again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _in_words(added: Added) -> str:
    parts = [
        (added.new, "new"),
        (added.changed, "changed"),
        (added.unchanged, "known"),
        (added.outdated, "changed after completion (retry them to redo)"),
    ]
    return ", ".join(f"{count} {word}" for count, word in parts if count) or "no rows"


async def _work_through(
    farm: Farm, options: RunOptions, queues: list[str], tell: Tell, stop: asyncio.Event
) -> RunReport:

    began, before = farm.clock.monotonic(), await farm.store.counts(queues)
    gate = RunGate(stop=stop, left=options.limit)
    results = Results(
        queues=queues or [entry.name for entry in await farm.store.queues()],
        jobs_of=farm.jobs_of,
        home=farm.settings.home,
        downloads=farm.settings.downloads_dir,
        shown=_from_home(farm.settings),
        sheet=farm.settings.downloads_dir / "contact-sheet.html",
        clock=farm.clock,
    )
    posts = [
        _post(farm, profile, options, gate, results.watching(tell))
        for profile in _chosen(farm.settings, options)
    ]
    if is_root():
        tell(Notice(level="warning", text=WITHOUT_SANDBOX))
    tell(RunStarted(sessions=tuple(post.name for post in posts), counts=before))
    supervisor = Supervisor(
        posts=posts, store=farm.store, queues=queues, clock=farm.clock, tell=tell
    )
    sweep_parts(farm.settings.downloads_dir, before=farm.clock.now() - STALE_PART_SECONDS)
    async with results:
        await supervisor.run()
    if len(supervisor.refused) == len(posts):
        raise supervisor.refused[0]
    report = await _report(farm, queues, posts, gate, before)
    report = replace(
        report,
        seconds=farm.clock.monotonic() - began,
        results=results.paths,
        contact_sheet=results.contact_sheet,
    )
    tell(RunEnded(report=report))
    return report


def _from_home(settings: Settings) -> Path:
    """The downloads folder as a person at home calls it."""
    folder, home = settings.downloads_dir, settings.home
    return folder.relative_to(home) if folder.is_relative_to(home) else folder


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
        stopped=gate.stop.is_set(),
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


def _post(farm: Farm, profile: Profile, options: RunOptions, gate: RunGate, tell: Tell) -> Post:
    """A session to be worked on this profile, each life with a fresh browser."""
    settings, clock = farm.settings, farm.clock
    downloads = settings.downloads_dir
    worker_id = f"{platform.node()}:{os.getpid()}:{clock.now():.0f}:{profile.name}"

    def today() -> date:
        return datetime.fromtimestamp(clock.now()).astimezone().date()

    def hire() -> Worker:
        page = _page(settings, profile, options, clock)
        presence = Presence(name=profile.name, book=farm.store, clock=clock, tell=tell)
        return Worker(
            id=worker_id,
            hand=WebHand(
                name=profile.name,
                page=page,
                originals=Originals(page=page, measure=measure),
                part_path=lambda job, number: part_path(downloads, job, number),
            ),
            store=farm.store,
            keeper=DiskKeeper(downloads=downloads, today=today),
            compose=compose,
            gate=gate,
            clock=clock,
            terms=terms(settings, options),
            presence=presence,
            settlement=Settlement(
                store=farm.store,
                presence=presence,
                limit=gate,
                clock=clock,
                pace=pace(settings, options),
                policy=policy(settings),
            ),
        )

    return Post(name=profile.name, hire=hire)


def _page(settings: Settings, profile: Profile, options: RunOptions, clock: Clock) -> GeminiPage:

    local = settings.home / "selectors" / "gemini.local.toml"
    shelf = PackShelf(path=settings.selectors, local=local, clock=clock)
    session = BrowserSession(
        profile=profile,
        options=launch_options(settings, options),
        observe_js=OBSERVE_JS,
        wants=shelf().is_image_bytes,
        marks=shelf().is_submission,
    )
    return GeminiPage(
        session=session,
        pack=shelf,
        clock=clock,
        language=settings.ui_language,
        patience=Patience(answer=settings.generation_timeout_seconds),
    )


def _chosen(settings: Settings, options: RunOptions) -> list[Profile]:

    if options.profiles:
        return _named(settings, options.profiles)
    found = list(find_profiles(settings.profiles_dir, settings.profile_paths))
    if not found:
        raise UsageError("There is no profile yet. Make one and sign it in: farm login NAME")
    return found[: options.sessions]


def _named(settings: Settings, names: Sequence[str]) -> list[Profile]:

    there = {p.name: p for p in find_profiles(settings.profiles_dir, settings.profile_paths)}
    for name in names:
        if name not in there:
            raise UsageError(
                f"There is no profile {name}. Make it and sign it in: farm login {name}"
            )
    return [there[name] for name in names]


@asynccontextmanager
async def _on_stand_in(
    settings: Settings, options: RunOptions
) -> AsyncIterator[tuple[Settings, RunOptions]]:
    """The same run against the stand-in: its proxy, and profiles of its own, signed in there."""
    # Only replays need the stand-in, and it brings a web server along.
    from farm.replay.stand_in import StandIn  # noqa: PLC0415

    log_path = settings.log_dir / "stand-in.jsonl"
    async with StandIn.open(log_path=log_path) as stand_in:
        settings = replace(settings, proxy_server=stand_in.proxy_url, ignore_https_errors=True)
        names = tuple(f"demo-{n}" for n in range(1, (options.sessions or 2) + 1))
        profiles = [make_profile(settings.profiles_dir, name) for name in names]
        await asyncio.gather(*(_sign_in_there(settings, profile) for profile in profiles))
        yield settings, replace(options, profiles=names)


async def _sign_in_there(settings: Settings, profile: Profile) -> None:
    page = _page(settings, profile, RunOptions(), SystemClock())
    query = {"auto": "1", "account": profile.name, "continue": GEMINI}
    async with page.session:
        await page.session.goto(f"https://accounts.google.com/ServiceLogin?{urlencode(query)}")
