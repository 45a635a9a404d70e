"""The page and the table of a report, read as a browser and a spreadsheet would."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import PIL.Image
import pytest
from reporting import BEGAN, job, tried

from farm.cli.shapes import plain
from farm.model.causes import Cause
from farm.model.chronicle import Chronicle, Original
from farm.model.deliveries import Delivery, DeliveryState
from farm.model.images import Derivative, Image
from farm.model.incidents import Incident
from farm.model.jobs import Job, JobState
from farm.model.limits import Limit
from farm.model.prompts import Prompt
from farm.model.sessions import Session, SessionState
from farm.report.cards import MAX_LISTED
from farm.report.gather import gather
from farm.report.page import write_page
from farm.report.pictures import MAX_PICTURES, Haste, chosen
from farm.report.place import Place, length
from farm.report.table import csv_of
from farm.report.words import CAUSE_WORDS

EVIL = "<script>alert(1)</script>\"'&</style><img src=x onerror=y>"


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def all(self, wanted: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.seen if tag == wanted]

    def values(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.seen if name in attributes]


def made(home: Path, name: str, number: int = 1) -> Job:
    path = home / "downloads" / "2026-11-21" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.new("RGB", (640, 480), "teal").save(path, "PNG")
    return job(number, state=JobState.COMPLETED, image_path=f"2026-11-21/{name}", session="alice")


def told(*jobs: Job, **more: object) -> Chronicle:
    left = sum(one.state is JobState.PENDING for one in jobs)
    facts: dict[str, object] = {"now": BEGAN + 3600, "jobs": jobs, "left": left}
    return Chronicle(**(facts | more))  # type: ignore[arg-type]


def page(home: Path, chronicle: Chronicle, haste: Haste | None = None) -> str:
    place = Place(
        out=home / "downloads" / "contact-sheet.html",
        downloads=home / "downloads",
        logs=home / "logs",
        zone=UTC,
    )
    return write_page(gather(chronicle), place, haste).read_text(encoding="utf-8")


def original(path: str) -> Original:
    image = Image(
        path=path,
        sha256="ab",
        size_bytes=2_345_678,
        width_px=1408,
        height_px=768,
        media_type="image/png",
        source="s0",
        warnings=("It looks like another.",),
    )
    return Original(image=image, made_at=BEGAN)


def delivery(link: str) -> Delivery:
    return Delivery(
        id=1, job_id=1, target="drive:x", path="2026-11-21/a.png", sha256="", folder="",
        state=DeliveryState.DELIVERED, attempts=1, not_before=None, facts={}, remote_id="",
        link=link, message="", at=0.0, delivered_at=0.0,
    )  # fmt: skip


def a_night(home: Path) -> Chronicle:
    """One job of each kind, with attempts, a red session and evidence."""
    folder = "incidents/drift-1"
    (home / "logs" / folder).mkdir(parents=True)
    (home / "logs" / folder / "index.html").write_text("evidence")
    PIL.Image.new("RGB", (640, 400), "white").save(home / "logs" / folder / "screenshot.png")
    drift = Incident(
        id=7, key="drift", cause=Cause.DRIFT, role="send", session="bob", job_id=2, message="send",
        folder=folder, first_at=BEGAN, last_at=BEGAN, count=2,
    )  # fmt: skip
    jobs = (
        made(home, "a.png"),
        job(2, state=JobState.REVIEW, cause=Cause.AMBIGUOUS),
        job(3, state=JobState.FAILED, cause=Cause.REFUSED_POLICY),
        job(4),
        job(5, state=JobState.CANCELLED, cause=Cause.CANCELLED),
    )
    return told(
        *jobs,
        tries=(tried(1, 0, 30), tried(2, 60, 90, Cause.DRIFT, session="bob", counted=False)),
        incidents=(drift,),
        sessions=(Session(name="bob", state=SessionState.NEEDS_PERSON, cause=Cause.SIGNED_OUT),),
        originals={1: (original("2026-11-21/a.png"),)},
        links={1: (delivery("https://drive.google.com/file/d/f1/view"),)},
    )


def test_every_job_is_told_once_and_every_link_within_the_page_leads_somewhere(
    tmp_path: Path,
) -> None:
    tags = Tags(page(tmp_path, a_night(tmp_path)))

    ids = tags.values("id")
    assert sorted(i for i in ids if i.startswith("job-")) == [f"job-{n}" for n in range(1, 6)]
    assert len(ids) == len(set(ids))
    inner = {href[1:] for href in tags.values("href") if href.startswith("#")}
    assert inner <= set(ids)
    assert {"job-2", "failures", "timeline", "accounts", "made"} <= inner


def test_the_page_needs_nothing_from_anywhere(tmp_path: Path) -> None:
    text = page(tmp_path, a_night(tmp_path))
    tags = Tags(text)

    assert {src[:5] for src in tags.values("src")} == {"data:"}
    assert not {tag for tag, _ in tags.seen} & {"script", "link", "iframe", "object", "use"}
    assert re.findall(r"url\(|@import", text) == []
    assert [href for href in tags.values("href") if ":" in href] == [
        "https://drive.google.com/file/d/f1/view"
    ]
    assert "default-src 'none'" in text


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    prompt = Prompt(
        id=EVIL, filename=EVIL, description=EVIL, title=EVIL, negative=EVIL, extra={EVIL: EVIL}
    )
    hostile = job(
        1, prompt=prompt, queue=EVIL, session=EVIL, message=EVIL, state=JobState.FAILED,
        cause=Cause.CRASHED,
    )  # fmt: skip
    chronicle = told(
        hostile,
        tries=(tried(1, 0, 9, Cause.CRASHED, session=EVIL),),
        troubles={1: EVIL},
        links={1: (delivery("javascript:alert(1)"),)},
    )

    text = page(tmp_path, chronicle)

    tags = Tags(text)
    assert tags.all("script") == tags.all("img") == []
    assert "<script" not in text
    assert not [href for href in tags.values("href") if href.startswith("java")]
    assert {name for _, a in tags.seen for name in a if name.startswith("on")} == set()
    assert tags.text.count("alert(1)") >= 8


def test_headings_go_down_one_step_at_a_time_and_pictures_say_what_they_are(
    tmp_path: Path,
) -> None:
    tags = Tags(page(tmp_path, a_night(tmp_path)))

    levels = [int(tag[1]) for tag, _ in tags.seen if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert [image["alt"] for image in tags.all("img")] == ["What the page showed", "a.png: a pond"]
    for drawing in tags.all("svg"):
        assert drawing.get("aria-label") or drawing.get("width") == "10"  # of the hidden legend


def test_a_picture_leads_to_its_original_and_an_incident_to_its_evidence(tmp_path: Path) -> None:
    chronicle = a_night(tmp_path)
    odd = made(tmp_path, "a b#1%.png", 9)

    links = Tags(
        page(
            tmp_path,
            told(*chronicle.jobs, odd, tries=chronicle.tries, incidents=chronicle.incidents),
        )
    ).values("href")

    assert "2026-11-21/a%20b%231%25.png" in links
    assert "../logs/incidents/drift-1/index.html" in links


@pytest.mark.parametrize("content", [None, b"", b"\x89PNG\r\n\x1a\n broken"])
def test_a_missing_or_broken_file_is_shown_as_such(tmp_path: Path, content: bytes | None) -> None:
    lost = made(tmp_path, "a.png")
    file = tmp_path / "downloads" / lost.image_path
    file.unlink()
    if content is not None:
        file.write_bytes(content)

    tags = Tags(page(tmp_path, told(lost)))

    assert "The file is missing or broken" in tags.text
    assert tags.all("img") == []


def test_facts_copies_and_warnings_of_an_image_are_told(tmp_path: Path) -> None:
    copy = Derivative(
        kind="webp", path="2026-11-21/derived/a.webp", sha256="", size_bytes=1, width_px=1,
        height_px=1, media_type="image/webp",
    )  # fmt: skip
    chronicle = told(
        made(tmp_path, "a.png"),
        originals={1: (original("2026-11-21/a.png"),)},
        copies={1: (copy,)},
        tries=(tried(1, 0, 75),),
    )

    tags = Tags(page(tmp_path, chronicle))

    for words in (
        "1408 × 768",
        "2.3 MB PNG",
        "It looks like another.",
        "00:00:00 alice, 1 min 15 s",
    ):
        assert words in tags.text
    assert "2026-11-21/derived/a.webp" in tags.values("href")


def test_a_warning_that_is_the_jobs_message_too_is_told_once(tmp_path: Path) -> None:
    done = replace(made(tmp_path, "a.png"), message="It looks like another.")

    text = Tags(page(tmp_path, told(done, originals={1: (original(done.image_path),)}))).text

    assert text.count("It looks like another.") == 1


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_told_in_words(tmp_path: Path, cause: Cause) -> None:
    failed = job(state=JobState.FAILED, cause=cause, message="The page said so.")

    text = Tags(page(tmp_path, told(failed))).text

    assert f"Failed {CAUSE_WORDS[cause]}" in text
    assert "The page said so." in text


def test_a_rest_by_the_users_rule_is_told_in_legend_lane_and_tip(tmp_path: Path) -> None:
    rest = Limit(
        session="alice", mode="", cause=Cause.LIMITED_CAP, at=BEGAN + 60, until=BEGAN + 3660
    )
    tries = (tried(1, 0, 30), tried(2, 4000, 4030))

    text = page(tmp_path, replace(told(job(1)), tries=tries, limits=(rest,)))

    assert "rest: your own rule or word" in Tags(text).text
    assert "rested 1 h (your own daily cap for this account is reached)" in Tags(text).text
    assert re.search(r"class=asked .*\n?.*\(1 h\): your own daily cap", text)


def test_what_needs_a_person_comes_first(tmp_path: Path) -> None:
    text = page(tmp_path, a_night(tmp_path))

    assert "bob needs you." in Tags(text).text
    assert re.findall(r"<section id=(\w+)>", text) == [
        "failures", "timeline", "accounts", "review", "failed", "made", "open", "cancelled",
    ]  # fmt: skip


def test_a_long_list_is_cut_and_counted(tmp_path: Path) -> None:
    text = page(tmp_path, told(*(job(number) for number in range(MAX_LISTED + 7))))

    assert "and 7 more" in Tags(text).text


def test_pictures_that_come_too_late_are_linked(tmp_path: Path) -> None:
    moments = iter([0.0, 1.0])
    haste = Haste(seconds=5, monotonic=lambda: next(moments, 9.0))
    jobs = [made(tmp_path, f"{n}.png", n) for n in range(1, 4)]

    tags = Tags(page(tmp_path, told(*jobs), haste))

    assert len(tags.all("img")) == 1
    assert {f"2026-11-21/{n}.png" for n in range(1, 4)} <= set(tags.values("href"))


def test_the_pictures_shown_are_those_that_wait_for_a_person_and_the_newest() -> None:
    jobs = [
        job(n, state=JobState.COMPLETED, image_path="a.png", updated_at=BEGAN + n)
        for n in range(MAX_PICTURES + 50)
    ]
    old = job(9999, state=JobState.REVIEW, image_path="r.png", updated_at=BEGAN - 1)

    shown = chosen(gather(told(*jobs, old)).rows)

    assert shown[0].job == 9999
    assert len(shown) == MAX_PICTURES
    assert shown[1].job == MAX_PICTURES + 49


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "0 s"),
        (40, "40 s"),
        (60, "1 min"),
        (125, "2 min 5 s"),
        (4800, "1 h 20 min"),
        (183_600, "2 d 3 h"),
        (86_400 + 59, "1 d"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert length(seconds) == words


def test_the_table_has_a_line_for_each_job_and_runs_no_formula(tmp_path: Path) -> None:
    prompt = Prompt(id="=1+1", filename="x.png", description="@cmd, with\nlines")
    chronicle = told(
        made(tmp_path, "a.png"),
        job(2, prompt=prompt, state=JobState.FAILED, cause=Cause.TIMEOUT),
        originals={1: (original("2026-11-21/a.png"),)},
        tries=(tried(1, 0, 30),),
        links={1: (delivery("https://drive.google.com/file/d/f1/view"),)},
    )

    first, second = csv.DictReader(io.StringIO(csv_of(gather(chronicle)), newline=""))

    assert (first["status"], first["image"]) == ("COMPLETED", "2026-11-21/a.png")
    assert (first["seconds"], first["width_px"], first["cost_usd"]) == ("30.0", "1408", "")
    assert first["made_at"] == "2026-11-21T00:00:00Z"
    assert first["links"] == "https://drive.google.com/file/d/f1/view"
    assert (second["prompt_id"], second["description"]) == ("'=1+1", "'@cmd, with\nlines")
    assert (second["cause"], second["reason"]) == ("timeout", "no image in time")


def test_programs_are_told_plain_values(tmp_path: Path) -> None:
    shape = json.loads(json.dumps(plain(gather(a_night(tmp_path)))))

    assert set(shape) == {
        "made_at", "since", "queues", "totals", "failures", "accounts", "costs", "stretches",
        "rows",
    }  # fmt: skip
    assert shape["totals"]["by_state"]["completed"] == 1
    assert [row["id"] for row in shape["rows"]] == ["1", "2", "3", "4", "5"]
    assert shape["stretches"][0]["tracks"][0]["spans"][0]["doing"] == "made"
    assert {one["cause"] for one in shape["failures"]} == {"drift", "ambiguous", "refused.policy"}
