"""From what the store tells to what a report tells. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from farm.log import redact
from farm.model.causes import Cause
from farm.model.chronicle import Chronicle, Tried
from farm.model.images import Maker
from farm.model.incidents import Incident
from farm.model.jobs import ENDED_STATES, Job, JobState
from farm.model.money import Spending
from farm.report.records import Cost, Failure, FirstSeen, Report, Totals
from farm.report.rows import SAID, row_of
from farm.report.timeline import Work, stretches, worked_seconds, works
from farm.report.uses import uses
from farm.report.words import ADVICE, CAUSE_WORDS

_NO_FAILURE = frozenset({Cause.MADE, Cause.CANCELLED})
_ENOUGH_SECONDS = 60.0  # of work, before a pace is reckoned from it
_LOST = frozenset({JobState.FAILED, JobState.REVIEW})


def gather(chronicle: Chronicle) -> Report:
    """Everything that is told, with nothing private in it."""
    tries: defaultdict[int, list[Tried]] = defaultdict(list)
    for tried in chronicle.tries:
        tries[tried.job_id].append(tried)
    work = works(chronicle)
    return Report(
        made_at=chronicle.now,
        since=chronicle.since,
        queues=tuple(map(redact, chronicle.queues or _queues_of(chronicle.jobs))),
        totals=totals(chronicle, work),
        failures=failures(chronicle),
        accounts=uses(chronicle),
        costs=costs(chronicle),
        stretches=stretches(work, chronicle),
        rows=tuple(row_of(job, chronicle, tries[job.id]) for job in chronicle.jobs),
    )


def _queues_of(jobs: Sequence[Job]) -> Sequence[str]:
    return list(dict.fromkeys(job.queue for job in jobs))


def totals(chronicle: Chronicle, work: Sequence[Work]) -> Totals:
    """The whole in numbers, and how much work is left at the pace so far."""
    states = Counter(job.state for job in chronicle.jobs)
    images = sum(tried.cause is Cause.MADE for tried in chronicle.tries)
    worked = worked_seconds(work)
    is_enough = worked >= _ENOUGH_SECONDS
    return Totals(
        jobs=len(chronicle.jobs),
        by_state={state: states[state] for state in JobState},
        left=chronicle.left,
        images=images,
        worked_seconds=worked,
        images_per_hour=images / worked * 3600 if images and is_enough else None,
        left_seconds=_left_seconds(chronicle, worked) if is_enough else None,
        spent_microusd=sum(one.spent_microusd for one in chronicle.spendings),
        open_microusd=sum(one.open_microusd for one in chronicle.spendings),
    )


def _left_seconds(chronicle: Chronicle, worked: float) -> float | None:
    """None when nothing is left, or nothing was ended yet from which it could be reckoned."""
    tried = {one.job_id for one in chronicle.tries}
    ended = sum(job.state in ENDED_STATES and job.id in tried for job in chronicle.jobs)
    return chronicle.left * worked / ended if chronicle.left and ended else None


def failures(chronicle: Chronicle) -> tuple[Failure, ...]:
    """What ended otherwise than with an image, the costliest cause first."""
    attempts: Counter[Cause] = Counter()
    met: defaultdict[Cause, dict[int, None]] = defaultdict(dict)
    for tried in chronicle.tries:
        if tried.cause is not None and tried.cause not in _NO_FAILURE:
            attempts[tried.cause] += 1
            met[tried.cause][tried.job_id] = None
    lost: defaultdict[Cause, list[int]] = defaultdict(list)
    for job in chronicle.jobs:
        if job.state in _LOST and job.cause is not None:
            lost[job.cause].append(job.id)
            met[job.cause][job.id] = None
    first = _first_seen(chronicle.incidents)
    found = [
        Failure(
            cause=cause,
            words=CAUSE_WORDS[cause],
            advice=ADVICE[cause],
            attempts=attempts[cause],
            jobs=tuple(jobs),
            lost=tuple(lost[cause]),
            first=first.get(cause),
        )
        for cause, jobs in met.items()
    ]
    return tuple(sorted(found, key=lambda one: (-len(one.lost), -one.attempts, one.cause)))


def _first_seen(incidents: Sequence[Incident]) -> Mapping[Cause, FirstSeen]:
    """The first incident of each cause; one with evidence goes before one without."""
    counts: Counter[Cause] = Counter()
    first: dict[Cause, Incident] = {}
    for incident in sorted(incidents, key=lambda one: (not one.folder, one.first_at)):
        counts[incident.cause] += incident.count
        first.setdefault(incident.cause, incident)
    return {
        cause: FirstSeen(
            id=incident.id,
            at=incident.first_at,
            count=counts[cause],
            session=redact(incident.session),
            message=SAID(incident.message),
            folder=incident.folder,
        )
        for cause, incident in first.items()
    }


def costs(chronicle: Chronicle) -> tuple[Cost, ...]:
    """What each model of each API came to, the dearest first."""
    spent: defaultdict[tuple[str, str, str], list[Spending]] = defaultdict(list)
    for one in chronicle.spendings:
        spent[one.backend, one.account, one.model].append(one)
    images = Counter(
        _booked_under(one.image.maker, spent)
        for originals in chronicle.originals.values()
        for one in originals
        if chronicle.since is None or one.made_at >= chronicle.since
    )
    found = [_cost(key, group, images[key]) for key, group in spent.items()]
    return tuple(sorted(found, key=lambda one: (-one.spent_microusd, one.backend, one.model)))


def _booked_under(maker: Maker, spent: Collection[tuple[str, str, str]]) -> tuple[str, str, str]:
    """A WebUI says only with its picture which checkpoint is loaded: its account has one key."""
    key = (maker.backend, maker.account, maker.model)
    of_account = [each for each in spent if each[:2] == key[:2]]
    return of_account[0] if key not in spent and len(of_account) == 1 else key


def _cost(key: tuple[str, str, str], group: Sequence[Spending], images: int) -> Cost:
    backend, account, model = map(redact, key)
    return Cost(
        backend=backend,
        account=account,
        model=model,
        requests=sum(one.requests for one in group),
        images=images,
        spent_microusd=sum(one.spent_microusd for one in group),
        open_microusd=sum(one.open_microusd for one in group),
        estimated=sum(one.estimated for one in group),
    )
