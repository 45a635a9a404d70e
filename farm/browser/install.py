"""Find a browser or get one: `python -m farm.browser.install`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from playwright.sync_api import sync_playwright

from farm.browser.choose import THREE_WAYS, Browser, Eyes, choose
from farm.browser.launch import is_root
from farm.config import load_settings
from farm.errors import BrowserMissing, FarmError

Run = Callable[[Sequence[str]], bool]
"""Runs a command and says whether it ended well."""


def bundled_chromium() -> Path:
    """Where Playwright would keep its own Chromium, whether it is there or not."""
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def run(command: Sequence[str]) -> bool:
    """Run a command with its output shown; False when it fails or does not exist."""
    try:
        return subprocess.run(command, check=False, timeout=900).returncode == 0  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False


def find_or_install(asked: str, bundled: Path, eyes: Eyes, *, root: bool, do: Run) -> Browser:
    """The chosen browser, installed first if there is none; BrowserMissing names the ways."""
    for attempt in _attempts(root=root, has_apt=eyes.which("apt-get") is not None):
        found = choose(asked, bundled, eyes)
        if found is not None:
            return found
        for command in attempt:
            if not do(command):
                break
    found = choose(asked, bundled, eyes)
    if found is None:
        raise BrowserMissing(THREE_WAYS)
    return found


def _attempts(*, root: bool, has_apt: bool) -> list[list[list[str]]]:
    playwright = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    apt = [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]]
    return [playwright, apt] if root and has_apt else [playwright]


def main() -> int:
    """Print the browser farm will drive; 2 when there is none and none can be installed."""
    eyes = Eyes(which=shutil.which)
    try:
        asked = load_settings().browser
        browser = find_or_install(asked, bundled_chromium(), eyes, root=is_root(), do=run)
    except FarmError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{browser.path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
