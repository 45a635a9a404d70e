"""One job as a report tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from farm.log import redact
from farm.model.chronicle import Chronicle, Original, Tried
from farm.model.deliveries import Delivery
from farm.model.jobs import Job, JobState, status_word
from farm.model.operations import Operation
from farm.model.prompts import Prompt
from farm.privacy import Veil, address
from farm.report.records import Copy, Picture, Row, Trial
from farm.report.words import CAUSE_WORDS

SAID = Veil()
"""Covers what a page or an API said."""


def row_of(job: Job, chronicle: Chronicle, tries: Sequence[Tried]) -> Row:
    """Everything about one job; `tries` are its own."""
    originals = chronicle.originals.get(job.id, ())
    done = job.state is JobState.COMPLETED
    return Row(
        job=job.id,
        queue=redact(job.queue),
        id=redact(job.prompt.id),
        name=redact(PurePosixPath(job.image_path).name or job.prompt.filename),
        state=job.state,
        status=status_word(job.state, job.cause),
        cause=job.cause,
        words="" if done or job.cause is None else CAUSE_WORDS[job.cause],
        message=SAID(job.message),
        session=redact(job.session),
        asked=dict(_asked(job.prompt)),
        description=redact(job.prompt.description),
        picture=_picture(job, originals),
        earlier=sum(one.image.path != job.image_path for one in originals),
        copies=tuple(
            Copy(name=copy.kind, path=copy.path) for copy in chronicle.copies.get(job.id, ())
        ),
        delivered=tuple(map(_delivered, chronicle.links.get(job.id, ()))),
        trouble=SAID(chronicle.troubles.get(job.id, "")),
        trials=tuple(map(_trial, tries)),
        updated_at=job.updated_at,
    )


def _asked(prompt: Prompt) -> Iterator[tuple[str, str]]:
    operation = prompt.operation
    fields = {
        "Type": prompt.image_type.value,
        "Size": str(prompt.size or ""),
        "Colors": prompt.colors,
        "Typography": prompt.typography,
        "Title": prompt.title,
        "Author": prompt.author,
        "Must not show": prompt.negative,
        "References": ", ".join(map(_reference, prompt.references)),
        "Operation": "" if operation is Operation.GENERATE else operation.value,
        "Backend": prompt.backend,
        "Model": prompt.model,
        **prompt.extra,
    }
    yield from ((redact(name), redact(text)) for name, text in fields.items() if text.strip())


def _reference(where: str) -> str:
    return address(where) if "://" in where else PurePosixPath(where.replace("\\", "/")).name


def _picture(job: Job, originals: Sequence[Original]) -> Picture | None:
    if not job.image_path:
        return None
    found = next((one for one in reversed(originals) if one.image.path == job.image_path), None)
    if found is None:
        return Picture(path=job.image_path)
    image, maker = found.image, found.image.maker
    return Picture(
        path=image.path,
        width_px=image.width_px,
        height_px=image.height_px,
        size_bytes=image.size_bytes,
        media_type=image.media_type,
        sha256=image.sha256,
        warnings=tuple(map(SAID, image.warnings)),
        backend=maker.backend,
        account=redact(maker.account),
        model=redact(maker.model),
        cost_microusd=maker.cost_microusd,
        made_at=found.made_at,
    )


def _delivered(delivery: Delivery) -> Copy:
    link, target = delivery.link, redact(delivery.target)
    name = f"{PurePosixPath(delivery.path).name} in {target}"
    return Copy(name=redact(name), path="", link=link if redact(link) == link else address(link))


def _trial(tried: Tried) -> Trial:
    return Trial(
        number=tried.number,
        session=redact(tried.session),
        began=tried.began,
        ended=tried.ended,
        cause=tried.cause,
        words="under way" if tried.cause is None else CAUSE_WORDS[tried.cause],
        message=SAID(tried.message),
    )
