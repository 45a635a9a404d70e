"""What `farm doctor` says about machine, profiles and store, and how it looks on a terminal."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest

from farm.browser.choose import Browser
from farm.browser.examine import Chosen, ProfileFacts, examine_profile
from farm.browser.profiles import Profile, make_profile
from farm.cli.doctor import finding_lines
from farm.doctor.findings import Finding, Level, Report, Section, broken, listed, note, ok, warning
from farm.doctor.keeping import profiles_section, store_section
from farm.doctor.machine import BEGINNING, browser_section, clock, disk
from farm.errors import StoreError
from farm.model.causes import Cause
from farm.model.sessions import Session, SessionState
from farm.store.engine import open_store
from farm.store.inspect import StoreFacts, inspect_store

ALICE = Profile(name="alice", path=Path("/farm/profiles/alice"))
SOUND = ProfileFacts(exists=True)


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ((), 0),
        ((ok("a"), note("b")), 0),
        ((ok("a"), warning("b", "c")), 1),
        ((warning("b", "c"), broken("d", "e")), 2),
    ],
)
def test_the_worst_finding_decides_the_exit_code(findings: tuple[Finding, ...], code: int) -> None:
    assert Report(sections=(Section(name="x", findings=findings),)).exit_code == code


@pytest.mark.parametrize(
    ("free_bytes", "level"),
    [(50 * 10**6, Level.BROKEN), (500 * 10**6, Level.WARNING), (50 * 10**9, Level.OK)],
)
def test_a_disk_is_judged_by_what_a_night_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free_bytes: int, level: Level
) -> None:
    usage = shutil._ntuple_diskusage(10**12, 0, free_bytes)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)

    assert disk(tmp_path / "not" / "yet").level is level


@pytest.mark.parametrize(
    ("now", "newest", "level"),
    [
        (BEGINNING - 1, 0.0, Level.BROKEN),
        (BEGINNING + 1000, BEGINNING + 1000 + 3600, Level.WARNING),
        (BEGINNING + 1000, BEGINNING + 1060, Level.OK),
    ],
)
def test_a_clock_that_runs_behind_the_queue_is_told(
    now: float, newest: float, level: Level
) -> None:
    assert clock(now, newest).level is level


def test_a_browser_that_is_there_is_told_with_the_reason_for_it() -> None:
    browser = Browser(name="chrome", path=Path("/opt/chrome"))

    section = browser_section(Chosen(browser=browser, why="because", version="Chrome 156"))

    assert section.findings == (ok("Chrome 156 at /opt/chrome: because"),)


def test_without_a_browser_the_three_ways_are_told() -> None:
    (finding,) = browser_section(Chosen(browser=None, why="None.\n  1. one\n  2. two")).findings

    assert finding == broken("None.", "1. one 2. two")


@pytest.mark.parametrize(
    ("seen", "session", "level", "said"),
    [
        (ProfileFacts(exists=True, mode=0o755), None, Level.WARNING, "can read its folder (0755)"),
        (ProfileFacts(exists=True, held_by="process 7"), None, Level.NOTE, "in use by process 7"),
        (ProfileFacts(exists=True, open_by_hand=9), None, Level.WARNING, "by hand (process 9)"),
        (ProfileFacts(exists=True, left_behind=True), None, Level.NOTE, "still runs"),
        (ProfileFacts(exists=True, stale_marks=True), None, Level.NOTE, "left its lock"),
        (
            SOUND,
            Session(
                name="alice",
                state=SessionState.NEEDS_PERSON,
                cause=Cause.CHALLENGE,
                message="A captcha.",
                since=1.0,
            ),
            Level.WARNING,
            "challenge: A captcha.",
        ),
    ],
)
def test_what_is_odd_about_a_profile_has_a_line_of_its_own(
    seen: ProfileFacts, session: Session | None, level: Level, said: str
) -> None:
    section = profiles_section({ALICE: seen}, [session] if session else [], [])

    (odd,) = [f for f in section.findings if f.level is not Level.OK]
    assert odd.level is level
    assert said in odd.what


def test_a_wrong_profile_file_and_a_shared_browser_are_told() -> None:
    visits = [
        Profile(name=n, path=Path(n), cdp="http://127.0.0.1:9222/json?x") for n in ("bob", "carol")
    ]
    section = profiles_section({ALICE: "x.toml: cdp = 5", **dict.fromkeys(visits, SOUND)}, [], [])

    told = [f.what for f in section.findings]
    assert told[0] == "x.toml: cdp = 5"
    assert told[1] == "bob: attaches to http://127.0.0.1:9222"
    assert told[-1] == "bob and carol attach to the same browser at http://127.0.0.1:9222"


@pytest.mark.parametrize(("wanted", "level"), [(True, Level.BROKEN), (False, Level.NOTE)])
def test_no_profile_at_all_is_wrong_only_where_the_page_works(wanted: bool, level: Level) -> None:
    (finding,) = profiles_section({}, [], [], wanted=wanted).findings

    assert finding.level is level


def test_a_profile_is_examined_from_outside(tmp_path: Path) -> None:
    profile = make_profile(tmp_path, "alice")
    (profile.path / "SingletonLock").symlink_to("host-1")
    profile.path.chmod(0o750)

    seen = examine_profile(profile)

    assert (seen.exists, seen.private, seen.stale_marks, seen.held_by) == (True, False, True, "")
    assert (profile.path / "SingletonLock").is_symlink()


def test_a_profile_that_is_only_an_endpoint_needs_no_folder(tmp_path: Path) -> None:
    visit = Profile(name="bob", path=tmp_path / "bob", cdp="http://127.0.0.1:9222")

    assert examine_profile(visit) == ProfileFacts(exists=False)
    assert not visit.path.exists()


async def test_a_store_is_looked_at_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "farm.db"
    async with open_store(file):
        pass
    before = file.read_bytes()

    facts = await inspect_store(file)

    assert (facts.current, facts.damage, facts.open_attempts, facts.stale_leases) == (
        True,
        (),
        0,
        0,
    )
    assert file.read_bytes() == before


def test_looking_for_a_store_makes_none(tmp_path: Path) -> None:
    facts = asyncio.run(inspect_store(tmp_path / "farm.db"))

    assert facts.exists is False
    assert list(tmp_path.iterdir()) == []
    assert store_section(facts).findings[0].level is Level.NOTE


@pytest.mark.parametrize(("version", "level"), [(1, Level.NOTE), (999, Level.BROKEN)])
async def test_a_store_of_another_version_is_told_and_not_brought_over(
    tmp_path: Path, version: int, level: Level
) -> None:
    file = tmp_path / "farm.db"
    async with open_store(file):
        pass
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE meta SET value = ?", (str(version),))

    facts = await inspect_store(file)

    assert facts.version == version
    assert store_section(facts).findings[0].level is level


async def test_a_damaged_store_is_broken(tmp_path: Path) -> None:
    file = tmp_path / "farm.db"
    async with open_store(file):
        pass
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    file.write_bytes(content)

    try:
        section = store_section(await inspect_store(file))
    except StoreError as error:
        section = store_section(str(error))

    assert Level.BROKEN in {finding.level for finding in section.findings}


def test_what_stands_open_in_a_store_is_worth_a_note() -> None:
    facts = StoreFacts(place="farm.db", version=2, newest=2, open_attempts=1, stale_leases=2)

    told = [f.what for f in store_section(facts).findings if f.level is Level.NOTE]

    assert [text.partition(";")[0] for text in told] == [
        "attempts that stand open: 1",
        "jobs of workers that went silent: 2",
    ]


def test_a_finding_fits_a_terminal_and_says_what_to_do_below() -> None:
    finding = warning("word " * 30, "do " * 40)

    lines = finding_lines(finding, 80)

    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("  warn  word")
    assert next(line for line in lines if "->" in line).startswith("        -> do")


def test_for_a_program_a_finding_is_one_line() -> None:
    assert finding_lines(broken("a", "b"), 0) == ["  FAIL  a -> b"]


def test_names_are_listed_as_a_person_would() -> None:
    assert [listed(n) for n in (["a"], ["a", "b"], ["a", "b", "c"])] == [
        "a",
        "a and b",
        "a, b and c",
    ]
