"""Profiles: who may hold one, and what a holder that died leaves behind."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from farm.browser.profiles import Profile, find_profiles, hold, is_held, make_profile
from farm.errors import ProfileInUse, UsageError

HOLDER = """
import sys, pathlib
from farm.browser.profiles import Profile, hold
with hold(Profile(name="alice", path=pathlib.Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""
WAITS = "import sys; print('there', flush=True); sys.stdin.read()"

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def alice(tmp_path: Path) -> Profile:
    return make_profile(tmp_path / "profiles", "alice")


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a Python process that has said something and waits; ended with the test."""
    begun: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        begun.append(process)
        assert process.stdout is not None
        assert process.stdout.readline()
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def test_a_profile_is_made_for_its_owner_only(alice: Profile) -> None:
    assert stat.S_IMODE(alice.path.stat().st_mode) == 0o700


def test_making_a_profile_again_changes_nothing(alice: Profile) -> None:
    (alice.path / "Cookies").write_bytes(b"kept")

    again = make_profile(alice.path.parent, "alice")

    assert again == alice
    assert (alice.path / "Cookies").read_bytes() == b"kept"


@pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "a b", "x" * 65, "-x", "ä"])
def test_a_name_that_could_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a profile's name"):
        make_profile(tmp_path, name)

    assert list(tmp_path.iterdir()) == []


def test_profiles_are_folders_and_the_ones_named_elsewhere(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "profiles", tmp_path / "elsewhere"
    for path in (folder / "bob", folder / "alice", folder / ".cache", elsewhere):
        path.mkdir(parents=True)
    (folder / "notes.txt").touch()

    found = find_profiles(folder, {"carol": elsewhere, "gone": tmp_path / "gone"})

    assert [profile.name for profile in found] == ["alice", "bob", "carol"]


def test_no_folder_means_no_profiles(tmp_path: Path) -> None:
    assert find_profiles(tmp_path / "none", {}) == ()


def test_a_second_holder_is_told_who_the_first_is(alice: Profile, start: Start) -> None:
    first = start("-c", HOLDER, str(alice.path))

    with pytest.raises(ProfileInUse, match=f"alice is in use by process {first.pid} "), hold(alice):
        pytest.fail("held twice")

    assert f"process {first.pid}" in is_held(alice)


def test_the_refused_one_leaves_the_holders_marks_alone(alice: Profile, start: Start) -> None:
    start("-c", HOLDER, str(alice.path))
    (alice.path / "SingletonLock").symlink_to(f"host-{os.getpid()}")

    for _ in range(2):
        with pytest.raises(ProfileInUse, match="process"), hold(alice):
            pytest.fail("held twice")

    assert (alice.path / "SingletonLock").is_symlink()


def test_a_holder_that_was_killed_holds_nothing(alice: Profile, start: Start) -> None:
    first = start("-c", HOLDER, str(alice.path))
    first.kill()
    first.wait()

    with hold(alice):
        assert f"process {os.getpid()} " in is_held(alice)


def test_a_profile_is_free_after_its_holder_failed(alice: Profile) -> None:
    with pytest.raises(RuntimeError), hold(alice):
        raise RuntimeError

    assert is_held(alice) == ""


def test_stale_marks_of_a_dead_browser_are_removed(alice: Profile) -> None:
    for mark in ("SingletonLock", "SingletonSocket", "SingletonCookie"):
        (alice.path / mark).symlink_to("host-999999")

    with hold(alice):
        left = [path.name for path in alice.path.iterdir() if path.name.startswith("Singleton")]

    assert left == []


def test_an_automated_browser_that_was_left_behind_is_ended(alice: Profile, start: Start) -> None:
    place = f"--user-data-dir={alice.path.resolve()}"
    leftover = start("-c", WAITS, place, "--remote-debugging-pipe")

    with hold(alice):
        assert leftover.poll() is not None or not psutil.pid_exists(leftover.pid)


def test_a_browser_started_by_hand_is_named_and_left_alone(alice: Profile, start: Start) -> None:
    by_hand = start("-c", WAITS, f"--user-data-dir={alice.path.resolve()}")
    (alice.path / "SingletonLock").symlink_to(f"host-{by_hand.pid}")

    with (
        pytest.raises(ProfileInUse, match=rf"started by hand \(process {by_hand.pid}\)"),
        hold(alice),
    ):
        pytest.fail("held beside a person")

    assert by_hand.poll() is None
    assert (alice.path / "SingletonLock").is_symlink()
    assert is_held(alice) == ""


def test_a_browser_on_another_profile_is_left_alone(alice: Profile, start: Start) -> None:
    other = start("-c", WAITS, f"--user-data-dir={alice.path}-2", "--remote-debugging-pipe")

    with hold(alice):
        assert other.poll() is None


def test_a_profile_that_cannot_be_locked_says_why(tmp_path: Path) -> None:
    missing = Profile(name="alice", path=tmp_path / "file" / "alice")
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match="alice cannot be locked"), hold(missing):
        pytest.fail("held a file")
