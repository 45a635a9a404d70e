"""Which browser is driven, and how it is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.browser.choose import Browser, Eyes, choose
from farm.browser.install import find_or_install
from farm.browser.launch import LaunchOptions, launch_arguments, plain_user_agent
from farm.browser.login import login_command
from farm.browser.profiles import Profile
from farm.errors import BrowserMissing

CHROME = Path("/opt/google/chrome/chrome")
BUNDLED = Path("/cache/chromium/chrome")
DEBIAN = Path("/usr/bin/chromium")


def machine(*there: Path) -> Eyes:
    by_name = {path.name: str(path) for path in there}
    return Eyes(exists=lambda path: path in there, which=by_name.get, platform="linux")


@pytest.mark.parametrize(
    ("there", "path", "channel"),
    [
        ((CHROME, BUNDLED, DEBIAN), CHROME, "chrome"),
        ((BUNDLED, DEBIAN), BUNDLED, None),
        ((DEBIAN,), DEBIAN, None),
    ],
)
def test_chrome_comes_before_playwrights_chromium_and_that_before_the_systems(
    there: tuple[Path, ...], path: Path, channel: str | None
) -> None:
    browser = choose("", BUNDLED, machine(*there))

    assert browser is not None
    assert (browser.path, browser.channel) == (path, channel)


def test_the_setting_wins_over_everything() -> None:
    browser = choose(str(DEBIAN), BUNDLED, machine(CHROME, BUNDLED, DEBIAN))

    assert browser == Browser(name="chromium", path=DEBIAN)


def test_a_channel_may_be_asked_for_by_name() -> None:
    browser = choose("chrome", BUNDLED, machine(CHROME, BUNDLED))

    assert browser == Browser(name="chrome", path=CHROME, channel="chrome")


@pytest.mark.parametrize("asked", ["chrome", "/nowhere/chrome", "no-such-browser"])
def test_a_wish_that_cannot_be_met_is_an_error_and_no_other_browser(asked: str) -> None:
    with pytest.raises(BrowserMissing, match="FARM_BROWSER"):
        choose(asked, BUNDLED, machine(BUNDLED, DEBIAN))


def test_without_any_browser_nothing_is_chosen() -> None:
    assert choose("", BUNDLED, machine()) is None


def test_playwrights_chromium_is_installed_before_apt_is_asked() -> None:
    there: list[Path] = [Path("/usr/bin/apt-get")]
    tried: list[str] = []

    def do(command: object) -> bool:
        tried.append(str(command))
        there.append(BUNDLED)
        return True

    eyes = Eyes(exists=lambda p: p in there, which=lambda n: n, platform="darwin")
    browser = find_or_install("", BUNDLED, eyes, root=True, do=do)

    assert browser.path == BUNDLED
    assert len(tried) == 1
    assert "playwright" in tried[0]


def test_apt_is_asked_as_root_when_playwrights_download_fails() -> None:
    there: list[Path] = [Path("/usr/bin/apt-get")]

    def do(command: object) -> bool:
        if "chromium" in str(command) and "apt-get" in str(command):
            there.append(DEBIAN)
        return "apt-get" in str(command)

    names = {"apt-get": "/usr/bin/apt-get"}
    eyes = Eyes(
        exists=lambda p: p in there,
        which=lambda n: names.get(n) or (str(DEBIAN) if DEBIAN in there else None),
        platform="linux",
    )
    browser = find_or_install("", BUNDLED, eyes, root=True, do=do)

    assert browser.path == DEBIAN


def test_without_root_apt_is_never_asked_and_the_error_names_three_ways() -> None:
    tried: list[str] = []

    def do(command: object) -> bool:
        tried.append(str(command))
        return False

    with pytest.raises(BrowserMissing) as caught:
        find_or_install("", BUNDLED, machine(Path("/usr/bin/apt-get")), root=False, do=do)

    assert not any("apt-get" in command for command in tried)
    for way in ("Google Chrome", "playwright install chromium", "apt-get install chromium"):
        assert way in str(caught.value)


@pytest.mark.parametrize("root", [True, False])
def test_only_root_runs_without_the_sandbox(root: bool) -> None:
    browser = Browser(name="chromium", path=DEBIAN)

    arguments = launch_arguments(browser, LaunchOptions(root=root), None)

    assert arguments["chromium_sandbox"] is not root


def test_a_branded_browser_is_launched_as_a_channel() -> None:
    browser = Browser(name="chrome", path=CHROME, channel="chrome")

    arguments = launch_arguments(browser, LaunchOptions(), None)

    assert arguments["channel"] == "chrome"
    assert "executable_path" not in arguments


def test_no_launch_announces_automation() -> None:
    arguments = launch_arguments(Browser(name="c", path=DEBIAN), LaunchOptions(), None)

    assert arguments["ignore_default_args"] == ["--enable-automation"]
    assert "--disable-blink-features=AutomationControlled" in arguments["args"]


def test_a_headless_browser_names_itself_like_one_with_a_window() -> None:
    agent = plain_user_agent("Chromium 156.0.8078.79 built on Debian", "linux")

    assert agent is not None
    assert "Chrome/156.0.0.0" in agent
    assert "Headless" not in agent


def test_the_sign_in_browser_carries_no_automation_and_the_same_password_store() -> None:
    command = login_command(
        Browser(name="chromium", path=DEBIAN),
        Profile(name="alice", path=Path("/profiles/alice")),
        LaunchOptions(),
        then="https://gemini.google.com/app",
        platform="linux",
    )

    assert not [part for part in command if "remote-debugging" in part or "automation" in part]
    assert "--password-store=basic" in command
    assert "--no-sandbox" not in command
    assert command[-1].startswith("https://accounts.google.com/ServiceLogin?continue=")
