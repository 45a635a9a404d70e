"""Profiles: user-data folders, each driven by one process at a time."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import psutil
from filelock import FileLock, Timeout

from farm.config import Settings, endpoint_key, profile_settings, read_profile_file
from farm.errors import ProfileInUse, UsageError

LOCK_NAME = "farm-lock"
HOLDER_NAME = "farm-holder.json"
PRACTICE_NAME = "farm-practice"  # in a profile that knows only the stand-in
LOCK_SECONDS = 0.5  # somebody who only looks who holds a profile has its lock for a moment
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
_AUTOMATED = "--remote-debugging-pipe"
SINGLETON_MARKS = ("SingletonLock", "SingletonSocket", "SingletonCookie")


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """A browser profile: `path` itself is the user-data-dir, also when somebody else made it."""

    name: str
    path: Path
    # Where a person's running browser listens; then `path` holds only what is farm's own.
    cdp: str = field(default="", repr=False)


def known_profiles(settings: Settings) -> tuple[Profile, ...]:
    """All profiles of these settings; see `find_profiles`."""
    return find_profiles(settings.profiles_dir, settings.profile_paths, settings.cdp_endpoints)


def with_endpoint(settings: Settings, profile: Profile) -> Profile:
    """The profile as its settings want it driven: launched, or attached to."""
    return replace(profile, cdp=profile_settings(settings, profile.name).cdp)


def find_profiles(
    folder: Path, named: Mapping[str, Path], endpoints: Mapping[str, str] = MappingProxyType({})
) -> tuple[Profile, ...]:
    """All profiles, sorted by name, each with the endpoint of the running browser it stands for.

    They are the folders in `folder`, the ones named elsewhere, and those of which only an endpoint
    is known. UsageError for a profile's own file that is wrong.
    """
    return tuple(
        replace(
            profile,
            cdp=endpoints.get(endpoint_key(profile.name), "")
            or read_profile_file(profile.path).cdp,
        )
        for profile in unread_profiles(folder, named, endpoints)
    )


def unread_profiles(
    folder: Path, named: Mapping[str, Path], endpoints: Mapping[str, str]
) -> tuple[Profile, ...]:
    """The same with no file read, so that a wrong one hides none of them."""
    found = {name: Profile(name=name, path=path) for name, path in named.items() if path.is_dir()}
    if folder.is_dir():
        for path in folder.iterdir():
            if path.is_dir() and _NAME.match(path.name):
                found.setdefault(path.name, Profile(name=path.name, path=path))
    keys = {endpoint_key(name) for name in found}
    for name in (key.lower() for key in endpoints if key not in keys):
        found[name] = Profile(name=name, path=folder / name)
    return tuple(found[name] for name in sorted(found))


def place_of(endpoint: str) -> str:
    """An endpoint without its path, which opens the browser to whoever reads it; "" for none."""
    parts = urlsplit(endpoint)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}" if endpoint else ""


def make_profile(folder: Path, name: str) -> Profile:
    """A profile of that name, its folder created for its owner only (0700)."""
    if not _NAME.match(name):
        raise UsageError(
            f"{name!r} cannot be a profile's name: use letters, digits, dot, dash, underscore."
        )
    path = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    return Profile(name=name, path=path)


def is_for_practice(profile: Profile) -> bool:
    """Whether it was made for the stand-in, and is signed in nowhere else."""
    return (profile.path / PRACTICE_NAME).exists()


@contextmanager
def hold(profile: Profile) -> Iterator[None]:
    """Hold the profile's lock; ProfileInUse names the process that has it.

    The lock dies with its process, so whoever gets it knows that the former holder is gone: a
    browser that holder left behind is ended here, and its stale singleton marks are removed. A
    browser that is attached to is nobody's leftover: it belongs to the person.
    """
    if profile.cdp:
        profile.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(profile.path / LOCK_NAME, timeout=LOCK_SECONDS)
    try:
        lock.acquire()
    except Timeout as error:
        raise ProfileInUse(
            f"Profile {profile.name} is in use by {_holder(profile)}. "
            "Stop that process, or take another profile."
        ) from error
    except OSError as error:
        raise UsageError(f"Profile {profile.name} cannot be locked: {error}") from error
    try:
        if not profile.cdp:
            _end_leftover(profile)
        _write_holder(profile)
        yield
    finally:
        (profile.path / HOLDER_NAME).unlink(missing_ok=True)
        lock.release()


def is_held(profile: Profile) -> str:
    """Who holds the profile now, in words; empty when nobody does."""
    if not profile.path.is_dir():
        return ""
    lock = FileLock(profile.path / LOCK_NAME, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return _holder(profile)
    lock.release()
    return ""


def browsers_on(path: Path) -> list[psutil.Process]:
    """Main processes of Chromium-based browsers that run on this user-data-dir."""
    wanted = f"--user-data-dir={path.resolve()}"
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if wanted in line and not any(part.startswith("--type=") for part in line):
            found.append(process)
    return found


def is_automated(process: psutil.Process) -> bool:
    """Whether farm started this browser; a person's has no such switch."""
    return _AUTOMATED in _command(process)


def _write_holder(profile: Profile) -> None:
    facts = {"pid": os.getpid(), "host": platform.node()}
    (profile.path / HOLDER_NAME).write_text(json.dumps(facts), encoding="utf-8")


def _holder(profile: Profile) -> str:
    try:
        facts = json.loads((profile.path / HOLDER_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "another process"
    return f"process {facts.get('pid')} on {facts.get('host')}"


def _end_leftover(profile: Profile) -> None:
    for process in browsers_on(profile.path):
        if not is_automated(process):
            raise ProfileInUse(
                f"Profile {profile.name} is open in a browser started by hand "
                f"(process {process.pid}). Close that window first."
            )
        _end(process)
    for mark in SINGLETON_MARKS:
        (profile.path / mark).unlink(missing_ok=True)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return [_AUTOMATED]  # it ended while we looked


def _end(process: psutil.Process) -> None:
    try:
        family = [process, *process.children(recursive=True)]
        process.terminate()
        _, alive = psutil.wait_procs([process], timeout=5)
        for left in [*alive, *family[1:]]:
            if left.is_running():
                left.kill()
        psutil.wait_procs(family, timeout=5)
    except psutil.NoSuchProcess:
        return
