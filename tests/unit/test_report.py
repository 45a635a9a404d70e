import re
from html.parser import HTMLParser
from pathlib import Path

import PIL.Image
import pytest

from farm.model.causes import Cause
from farm.model.jobs import Job, JobState
from farm.model.prompts import Prompt
from farm.report import CAUSE_WORDS, MAX_LISTED, SECTIONS, contact_sheet
from farm.steps.thumbnail import thumbnail

EVIL = "<script>alert(1)</script>\"'&"


def job(number: int = 1, **changes: object) -> Job:
    facts: dict[str, object] = {
        "id": number,
        "queue": "prompts",
        "prompt": Prompt(id=str(number), filename=f"wish-{number}.png", description="a pond"),
        "version": 1,
        "state": JobState.PENDING,
        "lane": "any",
        "priority": 0,
        "not_before": None,
        "attempts": 0,
        "max_attempts": 3,
        "crashes": 0,
        "cause": None,
        "message": "",
        "image_path": "",
        "session": "",
        "updated_at": 1_795_225_176.0,
        "completed_at": None,
        "source": "",
        "row": number,
    }
    return Job(**(facts | changes))  # type: ignore[arg-type]  # a table of changes


def made(downloads: Path, name: str, size: tuple[int, int] = (640, 480), number: int = 1) -> Job:
    path = downloads / "2026-11-21" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.new("RGB", size, "teal").save(path, "PNG")
    return job(number, state=JobState.COMPLETED, image_path=f"2026-11-21/{name}", session="alice")


def sheet(downloads: Path, *jobs: Job) -> str:
    out = downloads / "contact-sheet.html"
    contact_sheet(jobs, downloads, out)
    return out.read_text(encoding="utf-8")


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def all(self, wanted: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.seen if tag == wanted]


def test_a_picture_is_embedded_and_leads_to_its_original(tmp_path: Path) -> None:
    page = Tags(sheet(tmp_path, made(tmp_path, "a b#1%.png")))

    (image,), (link,) = page.all("img"), page.all("a")
    assert (image["src"] or "").startswith("data:image/webp;base64,")
    assert link["href"] == "2026-11-21/a%20b%231%25.png"


def test_the_page_needs_nothing_from_anywhere(tmp_path: Path) -> None:
    page = sheet(tmp_path, made(tmp_path, "a.png"), job(2))

    assert re.findall(r"(?:src|href)=\"(?!data:|2026)[^\"]*|https?:|url\(|@import", page) == []
    assert "default-src 'none'" in page


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    prompt = Prompt(id=EVIL, filename=EVIL, description="d")
    hostile = job(
        prompt=prompt,
        queue=EVIL,
        session=EVIL,
        message=EVIL,
        state=JobState.FAILED,
        cause=Cause.CRASHED,
    )

    page = Tags(sheet(tmp_path, hostile, made(tmp_path, "x'\"<b>&.png", number=2)))

    assert page.all("script") == []
    assert len(page.all("b")) == 2  # the summary and the word Failed
    assert page.all("a")[0]["href"] == "2026-11-21/x%27%22%3Cb%3E%26.png"


@pytest.mark.parametrize("content", [None, b"", b"\x89PNG\r\n\x1a\n broken"])
def test_a_missing_or_broken_file_is_shown_as_such(tmp_path: Path, content: bytes | None) -> None:
    lost = made(tmp_path, "a.png")
    (tmp_path / lost.image_path).unlink()
    if content is not None:
        (tmp_path / lost.image_path).write_bytes(content)

    page = sheet(tmp_path, lost)

    assert "The file is missing or broken" in page
    assert Tags(page).all("img") == []


def test_what_needs_a_person_comes_first(tmp_path: Path) -> None:
    page = sheet(
        tmp_path,
        job(1, state=JobState.CANCELLED),
        job(2),
        made(tmp_path, "a.png", number=3),
        job(4, state=JobState.FAILED),
        job(5, state=JobState.REVIEW),
    )

    assert re.findall(r"<h2>(.*?) <span>(\d)", page) == [
        ("Look at these", "1"),
        ("Failed", "1"),
        ("Made", "1"),
        ("Still to do", "1"),
        ("Cancelled", "1"),
    ]
    assert "<b>1 of 5</b> images made" in page


def test_every_state_has_its_section() -> None:
    assert frozenset().union(*(section.states for section in SECTIONS)) == frozenset(JobState)


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_told_in_words(tmp_path: Path, cause: Cause) -> None:
    page = sheet(tmp_path, job(state=JobState.FAILED, cause=cause, message="The page said so."))

    assert f"<b>Failed</b> {CAUSE_WORDS[cause].replace(chr(39), '&#x27;')}" in page
    assert "The page said so." in page


def test_a_long_list_is_cut_and_counted(tmp_path: Path) -> None:
    page = sheet(tmp_path, *(job(number) for number in range(MAX_LISTED + 7)))

    assert "and 7 more" in page


def test_no_jobs_make_a_page_too(tmp_path: Path) -> None:
    assert "<b>0 of 0</b>" in sheet(tmp_path)


def test_a_thumbnail_fits_its_square_upright_and_keeps_transparency(tmp_path: Path) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.new("RGB", (800, 400)).save(tmp_path / "turned.jpg", exif=exif)
    PIL.Image.new("RGBA", (800, 400)).save(tmp_path / "clear.png")

    for name, size, mode in (("turned.jpg", (100, 200), "RGB"), ("clear.png", (200, 100), "RGBA")):
        data = thumbnail(tmp_path / name, 200)
        assert data is not None
        (tmp_path / "small.webp").write_bytes(data)
        with PIL.Image.open(tmp_path / "small.webp") as small:
            assert (small.size, small.mode) == (size, mode)


def test_what_is_no_picture_has_no_thumbnail(tmp_path: Path) -> None:
    (tmp_path / "x.svg").write_text("<svg/>")

    assert thumbnail(tmp_path / "x.svg", 200) is None
