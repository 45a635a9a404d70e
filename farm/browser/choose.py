"""Which browser to drive, in the order DESIGN names; pure but for the eyes it is given."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from farm.errors import BrowserMissing

CHANNELS: dict[str, tuple[str, ...]] = {
    "chrome": (
        "/opt/google/chrome/chrome",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "C:/Program Files/Google/Chrome/Application/chrome.exe",
        "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
        "~/AppData/Local/Google/Chrome/Application/chrome.exe",
    ),
    "chrome-beta": ("/opt/google/chrome-beta/chrome",),
    "msedge": (
        "/opt/microsoft/msedge/msedge",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    ),
}
DEBIAN_NAMES = ("chromium", "chromium-browser")

THREE_WAYS = (
    "No browser was found. Three ways to get one:\n"
    "  1. install Google Chrome, or set FARM_BROWSER to the path of a Chromium-based browser\n"
    "  2. run: playwright install chromium\n"
    "  3. on Debian or Ubuntu, run as root: apt-get install chromium"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Browser:
    """A browser program that is there."""

    name: str  # for people
    path: Path
    channel: str | None = None  # set when Playwright shall launch it as a branded channel


@dataclass(frozen=True, kw_only=True, slots=True)
class Eyes:
    """How the choice looks at the machine."""

    exists: Callable[[Path], bool] = Path.exists
    which: Callable[[str], str | None] = shutil.which
    platform: str = sys.platform


def choose(asked: str, bundled: Path | None, eyes: Eyes) -> Browser | None:
    """FARM_BROWSER, then Chrome, then Playwright's Chromium, then the system's; None if none.

    BrowserMissing when FARM_BROWSER asks for something that is not there: a wish that cannot be
    met must not turn into another browser in silence.
    """
    if asked:
        return _asked(asked, eyes)
    chrome = _channel("chrome", eyes)
    if chrome is not None:
        return chrome
    if bundled is not None and eyes.exists(bundled):
        return Browser(name="Playwright's Chromium", path=bundled)
    return _system(eyes)


def _asked(asked: str, eyes: Eyes) -> Browser:
    if asked in CHANNELS:
        found = _channel(asked, eyes)
        if found is None:
            raise BrowserMissing(f"FARM_BROWSER asks for {asked!r}, which is not installed here.")
        return found
    path = Path(asked).expanduser()
    if eyes.exists(path):
        return Browser(name=path.name, path=path)
    on_path = eyes.which(asked)
    if on_path is not None:
        return Browser(name=asked, path=Path(on_path))
    known = ", ".join(CHANNELS)
    raise BrowserMissing(
        f"FARM_BROWSER is {asked!r}: no such file or command, and no channel ({known})."
    )


def _channel(channel: str, eyes: Eyes) -> Browser | None:
    for place in CHANNELS[channel]:
        path = Path(place).expanduser()
        if eyes.exists(path):
            return Browser(name=channel, path=path, channel=channel)
    return None


def _system(eyes: Eyes) -> Browser | None:
    if not eyes.platform.startswith("linux"):
        return None
    for name in DEBIAN_NAMES:
        found = eyes.which(name)
        if found is not None:
            return Browser(name=name, path=Path(found))
    return None
