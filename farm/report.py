"""The contact sheet: every job of a run on one self-contained page that opens from disk."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

from farm.files import write_whole
from farm.model.causes import Cause
from farm.model.jobs import OPEN_STATES, Job, JobState, status_word
from farm.steps.thumbnail import thumbnail

THUMBNAIL_PX = 480  # twice the width of a card, for dense screens
MAX_PICTURES = 400  # each costs some 20 ms and 15 KB; the rest is listed by name
MAX_LISTED = 400

CAUSE_WORDS: Mapping[Cause, str] = {
    Cause.MADE: "made",
    Cause.STOPPED: "the answer was stopped",
    Cause.NOT_ACCEPTED: "the page did not take the prompt",
    Cause.DROPPED: "the prompt vanished from the page",
    Cause.TEXT_ONLY: "an answer without an image",
    Cause.REFUSED_POLICY: "refused: against the guidelines",
    Cause.REFUSED_PERSON: "refused: shows a person it may not",
    Cause.REFUSED_THIRD_PARTY: "refused: content of a third party",
    Cause.REFUSED_SAFETY: "refused: safety filter",
    Cause.LIMITED_QUOTA: "the account's image limit is reached",
    Cause.LIMITED_THROTTLE: "too many requests",
    Cause.LIMITED_IP: "this network address is blocked",
    Cause.LIMITED_CAP: "your own daily cap for this account is reached",
    Cause.LIMITED_HOURS: "outside your working hours",
    Cause.LIMITED_BY_HAND: "you sent the session to rest",
    Cause.LIMITED_BUDGET: "your budget for this API is used up",
    Cause.TRANSIENT: "a passing error of the page",
    Cause.SIGNED_OUT: "signed out",
    Cause.CHALLENGE: "the page asks for a person",
    Cause.REGION: "not available in this region",
    Cause.WRONG_MODE: "the chosen model makes no images",
    Cause.KEY_REJECTED: "the API does not take the key",
    Cause.NO_CREDIT: "the API's account has no credit",
    Cause.RETIRED: "the model was shut down",
    Cause.UNSUPPORTED: "this model cannot do what the row asks",
    Cause.DRIFT: "the page has changed",
    Cause.PREVIEW_ONLY: "only the preview could be had",
    Cause.PLACEHOLDER: "the frame never got its picture",
    Cause.WRONG_ORIENTATION: "wrong proportion",
    Cause.TOO_SMALL: "the picture is too small",
    Cause.UNREADABLE: "the file is no whole picture",
    Cause.MISMATCH: "not the picture the page showed",
    Cause.DUPLICATE: "the same picture as another job's",
    Cause.TIMEOUT: "no image in time",
    Cause.BROWSER_GONE: "the browser was gone",
    Cause.AMBIGUOUS: "may have been sent: look before a retry",
    Cause.NOT_SAVED: "the file could not be written",
    Cause.CRASHED: "a fault of farm",
    Cause.LEASE_EXPIRED: "its worker went silent",
    Cause.CANCELLED: "cancelled",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """Jobs that are shown together."""

    title: str
    states: frozenset[JobState]


# What a person must do something about comes first.
SECTIONS = (
    Section(title="Look at these", states=frozenset({JobState.REVIEW})),
    Section(title="Failed", states=frozenset({JobState.FAILED})),
    Section(title="Made", states=frozenset({JobState.COMPLETED})),
    Section(title="Still to do", states=OPEN_STATES),
    Section(title="Cancelled", states=frozenset({JobState.CANCELLED})),
)


def contact_sheet(jobs: Sequence[Job], downloads: Path, out: Path) -> None:
    """Write the page; blocking. It links the originals by relative path and embeds small copies.

    Missing and broken files are shown as such. Raises SaveFailed.
    """
    pictured = [job for job in jobs if job.image_path][:MAX_PICTURES]
    paths = [downloads / job.image_path for job in pictured]
    with ThreadPoolExecutor(max_workers=2) as pool:
        copies = pool.map(lambda path: thumbnail(path, THUMBNAIL_PX), paths)
        pictures = {job.id: copy for job, copy in zip(pictured, copies, strict=True)}
    page = "".join(_page(jobs, pictures, lambda job: _link(downloads / job.image_path, out)))
    write_whole(out, page.encode(errors="replace"))


def _link(image: Path, out: Path) -> str:
    """From the page to an original, so that the folder can be moved as a whole."""
    try:
        relative = os.path.relpath(image, out.parent)
    except ValueError:  # on another drive
        return image.absolute().as_uri()
    return quote(Path(relative).as_posix())


def _page(
    jobs: Sequence[Job], pictures: Mapping[int, bytes | None], link: Callable[[Job], str]
) -> Iterator[str]:
    queues = ", ".join(dict.fromkeys(job.queue for job in jobs))
    yield "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
    yield f"<title>Contact sheet: {escape(queues)}</title>\n"
    yield '<meta name=viewport content="width=device-width, initial-scale=1">\n'
    yield f'<meta http-equiv=Content-Security-Policy content="{_POLICY}">\n'
    yield f"<style>{_STYLE}</style>\n</head>\n<body>\n"
    yield from _header(jobs, queues)
    yield "<main>\n"
    for section in SECTIONS:
        members = [job for job in jobs if job.state in section.states]
        if members:
            yield f"<section>\n<h2>{section.title} <span>{len(members)}</span></h2>\n"
            yield from _cards([job for job in members if job.id in pictures], pictures, link)
            yield from _list([job for job in members if job.id not in pictures])
            yield "</section>\n"
    yield "</main>\n</body>\n</html>\n"


def _header(jobs: Sequence[Job], queues: str) -> Iterator[str]:
    made = sum(1 for job in jobs if job.state is JobState.COMPLETED)
    latest = max((job.updated_at for job in jobs), default=0.0)
    as_of = datetime.fromtimestamp(latest, UTC)
    share = made / len(jobs) if jobs else 0
    yield f"<header>\n<h1>{escape(queues) or 'No jobs'}</h1>\n"
    yield f"<p><b>{made} of {len(jobs)}</b> images made"
    yield f" · <time datetime={as_of:%Y-%m-%dT%H:%M:%SZ}>{as_of:%d %B %Y, %H:%M} UTC</time></p>\n"
    yield f'<div class=bar role=img aria-label="{share:.0%} made">'
    yield f'<div style="width:{share:.1%}"></div></div>\n</header>\n'


def _cards(
    jobs: Sequence[Job], pictures: Mapping[int, bytes | None], link: Callable[[Job], str]
) -> Iterator[str]:
    if not jobs:
        return
    yield "<ul class=cards>\n"
    for job in jobs:
        yield f"<li class={job.state.value}>\n"
        yield _picture(job, pictures[job.id], link)
        yield f"{_facts(job)}\n</li>\n"
    yield "</ul>\n"


def _picture(job: Job, copy: bytes | None, link: Callable[[Job], str]) -> str:
    if copy is None:
        return "<div class=gone>The file is missing or broken</div>\n"
    data = base64.b64encode(copy).decode()
    image = f'<img alt="" decoding=async src="data:image/webp;base64,{data}">'
    label = escape(f"Open {_name(job)} in full size")
    return f'<a href="{escape(link(job))}" aria-label="{label}">{image}</a>\n'


def _list(jobs: Sequence[Job]) -> Iterator[str]:
    if not jobs:
        return
    yield "<ul class=rows>\n"
    for job in jobs[:MAX_LISTED]:
        yield f"<li class={job.state.value}>{_facts(job)}</li>\n"
    yield "</ul>\n"
    if len(jobs) > MAX_LISTED:
        yield f"<p>and {len(jobs) - MAX_LISTED:,} more</p>\n"


def _facts(job: Job) -> str:
    where = " · ".join(filter(None, (f"{job.queue}/{job.prompt.id}", job.session)))
    facts = f"<h3>{escape(_name(job))}</h3><p class=where>{escape(where)}</p>"
    if job.state is JobState.COMPLETED:
        return facts + (f"<p class=said>{escape(job.message)}</p>" if job.message else "")
    word = status_word(job.state, job.cause).replace("_", " ").capitalize()
    why = f" {escape(CAUSE_WORDS[job.cause])}" if job.cause else ""
    said = f"<p class=said>{escape(job.message)}</p>" if job.message else ""
    return f"{facts}<p class=why><b>{word}</b>{why}</p>{said}"


def _name(job: Job) -> str:
    return Path(job.image_path).name or job.prompt.filename


_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
:root {
  color-scheme: light dark;
  --paper: #f6f5f2; --card: #fff; --ink: #1d1c1a; --soft: #66625b; --line: #dedad2;
  --good: #2f7d4f; --bad: #b3362b; --look: #9a6200;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #161615; --card: #201f1e; --ink: #eceae5; --soft: #a39e95; --line: #383633;
    --good: #62c088; --bad: #f2867b; --look: #e5b04c;
  }
}
* { box-sizing: border-box; margin: 0; }
body {
  font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 90rem; margin: 0 auto; padding: clamp(1rem, 3vw, 2.5rem);
}
h1 { font-size: clamp(1.4rem, 3vw, 2rem); line-height: 1.2; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .8rem; }
h2 span, time, .where { color: var(--soft); font-weight: normal; }
h3 { font-size: .95rem; font-weight: 600; overflow-wrap: anywhere; }
header p { margin: .4rem 0 .7rem; }
.bar { height: 6px; border-radius: 3px; background: var(--line); overflow: hidden; }
.bar div { height: 100%; background: var(--good); }
ul { list-style: none; padding: 0; }
.cards {
  display: grid; gap: clamp(.6rem, 1.5vw, 1rem);
  grid-template-columns: repeat(auto-fill, minmax(clamp(9.5rem, 22vw, 16rem), 1fr));
}
.cards li, .rows li {
  background: var(--card); border: 1px solid var(--line); border-radius: 8px; overflow: hidden;
  padding: .7rem .8rem;
}
.cards a, .gone {
  display: grid; place-items: center; aspect-ratio: 4 / 3; background: var(--line);
  margin: -.7rem -.8rem .7rem;
}
.cards a:focus-visible { outline: 3px solid var(--good); outline-offset: -3px; }
.cards img { width: 100%; height: 100%; object-fit: contain; position: absolute; inset: 0; }
.cards a { position: relative; }
.gone { color: var(--soft); padding: 1rem; text-align: center; }
.rows { display: grid; gap: .5rem; }
.cards + .rows { margin-top: 1rem; }
.rows li { border-left: 4px solid var(--line); }
.where, .said, .why { font-size: .85rem; overflow-wrap: anywhere; }
.said { color: var(--soft); margin-top: .2rem; }
.why { margin-top: .2rem; }
.why b { margin-right: .2rem; }
.failed .why b { color: var(--bad); }
.review .why b { color: var(--look); }
.rows .failed { border-left-color: var(--bad); }
.rows .review { border-left-color: var(--look); }
@media (min-width: 60rem) {
  .rows li {
    display: grid; gap: 0 1rem; align-items: baseline;
    grid-template-columns: minmax(0, 3fr) minmax(0, 3fr) minmax(0, 4fr) minmax(0, 6fr);
  }
  .rows p { margin: 0; }
}
@media print { body { padding: 0; } .cards li { break-inside: avoid; } }
"""
