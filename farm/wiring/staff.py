"""Sessions as the supervisor works them: pages, hands and workers put together."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from importlib import metadata

from farm.backends.base import Hand
from farm.backends.web import Resolve, WebHand
from farm.browser.footprint import footprint_on
from farm.browser.launch import LaunchOptions, is_root
from farm.browser.profiles import Profile
from farm.browser.session import BrowserSession
from farm.clock import Clock, LocalZone
from farm.compose import compose
from farm.config import Settings, allowance_of
from farm.enlarging import Enlarging
from farm.incidents import Evidence, Incidents
from farm.model.allowance import next_allowed
from farm.model.causes import REFUSALS
from farm.model.events import RunOptions, Tell
from farm.model.moments import start_of_day
from farm.model.name_template import NameTemplate
from farm.model.outcomes import Outcome
from farm.model.policy import Policy
from farm.model.prompts import Prompt
from farm.model.refusals import (
    FAIL_IT,
    RefusalMove,
    RefusalPolicy,
    RefusalRule,
    parse_refusals,
)
from farm.presence import Presence
from farm.references import resolve
from farm.reuse import Afresh, Reuse
from farm.settlement import Pace, Settlement
from farm.sites.gemini.evidence import PageEvidence
from farm.sites.gemini.originals import Originals
from farm.sites.gemini.page import GeminiPage, Patience
from farm.sites.gemini.scripts import OBSERVE_JS
from farm.sites.gemini.shelf import PackShelf
from farm.steps.cover import cover
from farm.steps.keep import part_path
from farm.steps.keeper import DiskKeeper, measure
from farm.substitutions import FILE_NAME, load_substitutions
from farm.supervisor import Post
from farm.waiting import Allowance, Gate, Hopes, Terms, Waiting, alone
from farm.wiring.opened import Farm
from farm.wording import Wording
from farm.worker import Worker


def launch_options(settings: Settings, options: RunOptions) -> LaunchOptions:
    """What of settings and options concerns the start of a browser."""
    return LaunchOptions(
        asked_browser=settings.browser,
        headless=settings.headless and not options.headed,
        proxy_server=settings.proxy_server,
        ignore_https_errors=settings.ignore_https_errors,
        stealth=settings.stealth,
        slow_mo_ms=options.slow_mo_ms,
        trace=options.trace,
        root=is_root(),
    )


def terms(settings: Settings, options: RunOptions) -> Terms:
    """How the workers of a run behave."""
    return Terms(
        max_wait_seconds=settings.max_wait_seconds,
        person_wait_seconds=settings.person_wait_seconds,
        recheck_seconds=settings.recheck_seconds,
        recycle_prompts=settings.recycle_prompts,
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """What is the same for all workers of a run that reach the world by one exit."""

    farm: Farm
    options: RunOptions
    gate: Gate
    tell: Tell
    began: float  # epoch seconds; tells its workers from those of other runs
    reuse: Reuse = field(default_factory=Afresh)


@dataclass(frozen=True, kw_only=True, slots=True)
class Duty:
    """What is a hand's own."""

    pace: Pace
    wording: Wording
    evidence: Evidence | None  # what it can show of a failure
    allowance: Allowance
    hopes: Hopes | None = None
    beside: Callable[[], bool] = alone


def post(shift: Shift, profile: Profile) -> Post:
    """A session to be worked on this profile, each life with a fresh browser."""
    farm, options = shift.farm, shift.options

    def hire() -> Worker:
        hand = open_hand(farm.settings, profile, options, farm.clock)
        duty = Duty(
            pace=pace(farm.settings, options),
            wording=wording_of(farm),
            evidence=PageEvidence(page=hand.page, paint=cover),
            allowance=allowance(farm, profile.name),
        )
        return worker_of(shift, hand, duty)

    return Post(name=profile.name, hire=hire)


def worker_of(shift: Shift, hand: Hand, duty: Duty) -> Worker:
    """A worker for any hand."""
    farm, gate = shift.farm, shift.gate
    settings, clock = farm.settings, farm.clock
    presence = Presence(name=hand.name, book=farm.store, clock=clock, tell=shift.tell)
    how = terms(settings, shift.options)
    return Worker(
        id=f"{platform.node()}:{os.getpid()}:{shift.began:.0f}:{hand.name}",
        hand=hand,
        store=farm.store,
        keeper=disk_keeper(farm),
        texts=duty.wording,
        waiting=Waiting(
            hand=hand,
            presence=presence,
            gate=gate,
            store=farm.store,
            clock=clock,
            terms=how,
            allowance=duty.allowance,
            hopes=duty.hopes,
            beside=duty.beside,
        ),
        gate=gate,
        clock=clock,
        terms=how,
        presence=presence,
        reuse=shift.reuse,
        witness=_witness(shift, hand.name, duty.evidence),
        settlement=Settlement(
            store=farm.store,
            presence=presence,
            limit=gate,
            refusals=duty.wording,
            clock=clock,
            pace=duty.pace,
            policy=policy(settings),
            sequel=Enlarging(store=farm.store, downloads=settings.downloads_dir),
        ),
    )


def _witness(shift: Shift, session: str, evidence: Evidence | None) -> Incidents:
    """Who keeps evidence of what a hand meets."""
    farm = shift.farm
    return Incidents(
        book=farm.store,
        evidence=evidence,
        logs=farm.settings.log_dir,
        clock=farm.clock,
        session=session,
        tell=shift.tell,
        version=metadata.version("gemini-farm"),
    )


def open_hand(settings: Settings, profile: Profile, options: RunOptions, clock: Clock) -> WebHand:
    """A web hand on this profile, its browser still closed."""
    page = open_page(settings, profile, options, clock)

    async def is_worn() -> bool:
        found = await asyncio.to_thread(footprint_on, profile.path)
        return found.memory_mb > settings.recycle_mb

    return WebHand(
        name=profile.name,
        is_worn=is_worn,
        page=page,
        originals=Originals(page=page, measure=measure),
        part_path=lambda job, number: part_path(settings.downloads_dir, job, number),
        resolve=references_of(settings),
    )


def references_of(settings: Settings) -> Resolve:
    """How the references of a row become files."""
    return partial(resolve, downloads=settings.downloads_dir, private=settings.private_references)


def disk_keeper(farm: Farm) -> DiskKeeper:
    """Keeps images under the downloads folder, by local day."""

    def today() -> date:
        return datetime.fromtimestamp(farm.clock.now()).astimezone().date()

    settings = farm.settings
    template = NameTemplate(settings.name_template)
    return DiskKeeper(downloads=settings.downloads_dir, today=today, template=template)


def allowance(farm: Farm, name: str) -> Allowance:
    """What the user's own hours and caps say about a profile's next image."""

    async def denied() -> tuple[float, Outcome] | None:
        allowed = allowance_of(farm.settings, name)  # each time: the profile's file may be edited
        now, zone = farm.clock.now(), LocalZone()
        made = 0
        if allowed.a_day is not None:
            made = await farm.store.made_since(name, start_of_day(now, zone))
        found = next_allowed(now, zone, allowed, made)
        return None if found is None else (found[0], Outcome(cause=found[1], message=found[2]))

    return denied


def wording_of(farm: Farm, form: Callable[[Prompt], str] = compose) -> Wording:
    """How prompts are worded for a hand, and what the user wants of refusals."""
    table = farm.settings.home / FILE_NAME
    return Wording(
        book=farm.store,
        policy=refusal_policy(farm.settings),
        substitutions=lambda: load_substitutions(table),
        form=form,
    )


def refusal_policy(settings: Settings) -> RefusalPolicy:
    """The user's policy; what it lets fail goes to the fallback that takes refused prompts."""
    policy = parse_refusals(settings.on_refusal)
    if "refused" not in settings.fallback_when or not settings.fallback:
        return policy
    over = RefusalRule(move=RefusalMove.HAND_OVER, lane=settings.fallback[0])
    asked = {cause: policy.get(cause, FAIL_IT) for cause in REFUSALS}
    return {cause: over if rule == FAIL_IT else rule for cause, rule in asked.items()}


def open_page(
    settings: Settings, profile: Profile, options: RunOptions, clock: Clock
) -> GeminiPage:
    """A page on this profile, its browser still closed."""
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
