"""What must never be in the repository, in a log or on a screen."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from farm.config import load_settings
from farm.log import redact

ROOT = Path(__file__).parent.parent
OPENS_AN_ACCOUNT = {
    "a Google session cookie": re.compile(r"\bg\.a000[\w-]{20,}"),
    "a Google OAuth token": re.compile(r"\bya29\.[\w-]{40,}"),
    "a Google API key": re.compile(r"\bAIza[\w-]{35}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an address of a picture": re.compile(r"googleusercontent\.com/[\w-]{1,12}/[\w-]{60,}"),
}
EMAIL = re.compile(r"[\w.+%-]+@([\w-]+(?:\.[\w-]+)+)")
PROFILE_FILES = ("Cookies", "Login Data", "Local State", "Web Data", "storage_state.json")


def tracked() -> list[str]:
    """Files under version control; the tests below need a clone."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a clone")
    return [name for name in done.stdout.decode().split("\0") if name]


def texts() -> dict[str, str]:
    found = {}
    for name in tracked():
        data = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" not in data[:1024]:
            found[name] = data.decode("utf-8", errors="replace")
    return found


def test_no_profile_no_download_and_no_queue_is_tracked() -> None:
    private = [
        name
        for name in tracked()
        if name.startswith(("profiles/", "downloads/", "logs/", "demo/", "replay/"))
        or name.endswith((".db", ".db-wal", ".db-shm", "-completed.csv"))
        or Path(name).name in {*PROFILE_FILES, ".env", "farm.toml"}
    ]

    assert sorted(private) == ["downloads/.gitkeep", "profiles/.gitkeep"]


@pytest.mark.parametrize(
    "name",
    [
        "profiles/alice/Default/Cookies",
        "downloads/2026-11-21/mill.png",
        "farm.db",
        "farm.db-wal",
        "logs/farm-20261121-010203-1.jsonl",
        ".env",
        "farm.toml",
        "selectors/gemini.local.toml",
        "examples/prompts-completed.csv",
        "demo/farm.db",
        "replay/profiles/demo-1/Local State",
    ],
)
def test_what_a_user_makes_is_ignored(name: str) -> None:
    tracked()

    ignored = subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=False)

    assert ignored.returncode == 0


def test_nothing_in_the_repository_opens_an_account() -> None:
    found = [
        f"{name}: {what}"
        for name, text in texts().items()
        for what, pattern in OPENS_AN_ACCOUNT.items()
        if pattern.search(text)
    ]

    assert found == []


def test_every_address_in_the_repository_is_made_up() -> None:
    reserved = re.compile(r"(^|\.)(example(\.(com|org|net))?|invalid|test|localhost)$")
    found = {
        f"{name}: {match[0]}"
        for name, text in texts().items()
        for match in EMAIL.finditer(text)
        if not reserved.search(match[1]) and not match[1][0].isdigit()
    }

    assert found == set()


def test_settings_keep_their_passwords_to_themselves(tmp_path: Path) -> None:
    environ = {
        "FARM_PROXY_SERVER": "http://alice:open-sesame@127.0.0.1:3128",
        "FARM_DATABASE_URL": "postgresql+asyncpg://farm:open-sesame@127.0.0.1/farm",
        "FARM_NOTIFY": "slack://open-sesame/x, webhook+https://example.com/open-sesame",
        "FARM_NOTIFY_SECRET": "open-sesame",
    }

    settings = load_settings(environ=environ, cwd=tmp_path)

    assert "open-sesame" not in f"{settings!r} {settings}"
    assert "open-sesame" not in redact(f"{settings.proxy_server} {settings.database_url}")
