"""The machine under the farm: programs, disk, clock, settings, browser."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from farm.browser.examine import Chosen
from farm.config import Settings
from farm.doctor.findings import Finding, Section, broken, listed, note, ok, warning

DISTRIBUTION = "gemini-farm"
GIGABYTE = 1024**3
TIGHT_BYTES = GIGABYTE  # an image is about a megabyte: a night fits in
FULL_BYTES = GIGABYTE // 10
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
CLOCK_SLACK_SECONDS = 120.0
ROOT = "running as root: browsers start without their sandbox"


def environment(settings: Settings, *, root: bool, now: float, newest_change: float) -> Section:
    """Versions, disk, rights and the clock; `newest_change` is the youngest fact of the store."""
    findings = [
        ok(
            f"farm {metadata.version(DISTRIBUTION)}, Python {platform.python_version()}, "
            f"Playwright {metadata.version('playwright')}, {platform.system()} "
            f"{platform.machine()}"
        ),
        disk(settings.downloads_dir),
        clock(now, newest_change),
    ]
    if root:
        findings.append(note(ROOT, "better run farm as an ordinary user"))
    return Section(name="environment", findings=tuple(findings))


def disk(folder: Path) -> Finding:
    """Whether the images of a night still fit."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    what = f"{free / GIGABYTE:.1f} GB free for {folder}"
    if free < FULL_BYTES:
        return broken(what, "free some space, or set FARM_DOWNLOADS_DIR to another disk")
    if free < TIGHT_BYTES:
        return warning(what, "free some space before a long run")
    return ok(what)


def clock(now: float, newest_change: float) -> Finding:
    """Whether the clock can be right: rests and limits end by it."""
    told = datetime.fromtimestamp(now).astimezone().strftime("%Y-%m-%d %H:%M %Z")
    if now < BEGINNING:
        return broken(f"the clock says {told}", "set the clock: limits and rests end by it")
    if newest_change > now + CLOCK_SLACK_SECONDS:
        return warning(
            f"the clock says {told}, which is before the queue's last change",
            "set the clock: limits and rests end by it",
        )
    return ok(f"the clock says {told}")


def settings_section(settings: Settings) -> Section:
    """Where the settings come from, and names that nobody reads."""
    findings = [*_by_source(settings)] or [ok(f"all at their defaults; home is {settings.home}")]
    findings += [warning(text, "correct or remove the name") for text in settings.warnings]
    return Section(name="settings", findings=tuple(findings))


def _by_source(settings: Settings) -> Iterator[Finding]:
    for source in dict.fromkeys(settings.sources.values()):
        names = [name for name, by in settings.sources.items() if by == source]
        yield ok(f"{source} sets {listed(names)}")


def browser_section(chosen: Chosen) -> Section:
    """Which browser would be driven, and why."""
    if chosen.browser is None:
        first, _, rest = chosen.why.partition("\n")
        ways = " ".join(rest.split()) or "correct FARM_BROWSER, or leave it empty"
        return Section(name="browser", findings=(broken(first, ways),))
    browser = chosen.browser
    version = chosen.version or f"{browser.name} (it tells no version)"
    findings = [ok(f"{version} at {browser.path}: {chosen.why}")]
    if not chosen.version and not sys.platform.startswith("win"):
        findings.append(
            warning(f"{browser.path} answers nothing to --version", "try to start it by hand")
        )
    return Section(name="browser", findings=tuple(findings))
