"""Make this clone ready to work: .venv with farm and its tools, and a browser.

Runs on the bare standard library of any python >= 3.11. The second run costs as little as asking
for the browser: a stamp in .venv remembers what was installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "farm-installed"


class CannotPrepareError(Exception):
    """What is missing on this machine, and what the user may do about it."""


def main() -> int:
    """Prepare everything; 0 when ready, 2 with a message when a person must act."""
    try:
        wanted = fingerprint()
        if installed() != wanted:
            create_environment()
            install_project()
            STAMP.write_text(wanted, encoding="utf-8")
        find_browser()
    except CannotPrepareError as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 2
    return 0


def fingerprint() -> str:
    """What an installation depends on, as one hash: both files, this place, this python."""
    digest = hashlib.sha256(f"{ROOT} {sys.version_info[:3]}".encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def installed() -> str:
    """The fingerprint of the last complete installation; "" if there is none."""
    return STAMP.read_text(encoding="utf-8") if STAMP.exists() and PYTHON.exists() else ""


def create_environment() -> None:
    """Create .venv with pip in it, unless a working one of this python is there."""
    if works():
        return
    say("creating .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    if has_venv() or (install_venv_by_apt() and has_venv()):
        run("create .venv", sys.executable, "-m", "venv", str(VENV))
    elif importlib.util.find_spec("virtualenv"):
        run("create .venv", sys.executable, "-m", "virtualenv", "--quiet", str(VENV))
    else:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise CannotPrepareError(
            "this python cannot create environments: its modules venv and ensurepip are missing.\n"
            "  Do one of these, then run the command again:\n"
            f"    Debian, Ubuntu:  sudo apt-get install python{version}-venv\n"
            "    anywhere:        python3 -m pip install --user virtualenv\n"
            "    another python:  make PYTHON=/path/to/python3"
        )


def works() -> bool:
    """Whether .venv runs, is of this python's version and has pip."""
    if not PYTHON.exists():
        return False
    major, minor = sys.version_info[:2]
    probe = f"import pip, sys; sys.exit(sys.version_info[:2] != ({major}, {minor}))"
    return subprocess.run([PYTHON, "-c", probe], capture_output=True, check=False).returncode == 0


def has_venv() -> bool:
    """Whether `python -m venv` will work; Debian ships venv without ensurepip."""
    probe = [sys.executable, "-c", "import venv, ensurepip"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def install_venv_by_apt() -> bool:
    """Install Debian's missing half of venv, where we may: as root, for Debian's own python."""
    apt = shutil.which("apt-get")
    if apt is None or not is_root() or not sys.executable.startswith("/usr/bin/"):
        return False
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    say(f"installing {package}")
    steps = ([apt, "update"], [apt, "install", "-y", "--no-install-recommends", package])
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return all(
        subprocess.run(step, env=quiet, capture_output=True, check=False).returncode == 0
        for step in steps
    )


def is_root() -> bool:
    """Whether this process may install system packages; never on Windows."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def install_project() -> None:
    """Install farm for editing, with the pinned versions and the tools of the `dev` group.

    The tools are read from pyproject because the pip of a fresh environment may be too old for
    `--group`. No index is named: pip asks where this machine's configuration tells it to.
    """
    say("installing farm and its tools into .venv (once; a minute or two)")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tools = project["dependency-groups"]["dev"]
    options = ("--quiet", "--disable-pip-version-check", "-c", str(ROOT / "constraints.txt"))
    run("install farm", str(PYTHON), "-m", "pip", "install", *options, "-e", str(ROOT), *tools)


def find_browser() -> None:
    """Ask farm for the browser it would use; it installs one if there is none."""
    finder = [str(PYTHON), "-m", "farm.browser.install"]
    if subprocess.run(finder, cwd=ROOT, check=False, stdout=sys.stderr).returncode != 0:
        raise CannotPrepareError("no browser: see above")


def run(what: str, *command: str) -> None:
    """Run a command whose own output says what went wrong."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        raise CannotPrepareError(f"could not {what}: {' '.join(command)}")


def say(text: str) -> None:
    """Tell the user what takes time; standard output belongs to the command that follows."""
    print(f"bootstrap: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
