"""The selector pack of the Gemini page: read, merged with a local override, and checked."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from farm.errors import InputError, UsageError
from farm.model.causes import Cause
from farm.sites.gemini.candidates import Candidate, Role
from farm.sites.gemini.packfile import Checked, check
from farm.sites.gemini.words import fold, says

PACK_NAME = "gemini.toml"
LOCAL_NAME = "gemini.local.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """What a pack file looked like when it was read; zero and "" for a file that was not there."""

    path: Path
    modified_ns: int
    sha256: str

    @property
    def current(self) -> bool:
        """Whether the file still says the same; a touch without a change says the same.

        A running farm asks before every look at the page: one `stat` while nothing was touched.
        """
        return modified_ns(self.path) == self.modified_ns or stamp(self.path).sha256 == self.sha256


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack:
    """Everything farm knows about the page, as data."""

    known: Checked
    stamps: tuple[Stamp, ...]
    page_argument: str  # see script_argument

    def for_page(self) -> str:
        """The argument of `snapshot.js`."""
        return self.page_argument

    @property
    def roles(self) -> Mapping[str, Role]:
        """The parts of the page by name."""
        return self.known.roles

    @property
    def origin(self) -> str:
        """The site's origin, without a slash at its end."""
        return self.known.origin

    @property
    def image_hosts(self) -> tuple[str, ...]:
        """Host patterns that full-size images may be fetched from, `*.` for any subdomain."""
        return self.known.image_hosts

    @property
    def stale(self) -> bool:
        """Whether a file of this pack changed, came or went since it was read."""
        return not all(s.current for s in self.stamps)

    def route(self, name: str, **values: str) -> str:
        """The address of a page: `app`, `images`, or `conversation` with its id."""
        return self.known.origin + self.known.routes[name].format(**values)

    def candidates(self, role: str) -> tuple[Candidate, ...]:
        """The ways to find a part of the page, best first."""
        return self.known.roles[role].candidates

    def css(self, role: str) -> str:
        """All candidates of a role as one Playwright selector; visibility is left to the caller."""
        return self.known.roles[role].css

    def names(self, key: str) -> tuple[str, ...]:
        """The localised accessible names of a control, in every known language."""
        return self.known.names[key]

    def cause_of_url(self, url: str) -> Cause | None:
        """What an address alone proves: a sign-in page, a captcha, a consent page."""
        return next((c for c, found in self.known.url_causes.items() if says(url, found)), None)

    def is_blocked_address(self, url: str) -> bool:
        """Whether a page stands there that Google shows to network addresses it distrusts."""
        return says(url, self.known.blocked_address)

    def conversation_of(self, url: str) -> str:
        """The conversation's id in an address, empty if there is none."""
        found = self.known.conversation_url.search(url)
        return found["id"] if found else ""

    def is_image_route(self, url: str) -> bool:
        """Whether the address presets the image mode."""
        return bool(self.known.image_mode_url.search(url))

    def is_submission(self, url: str) -> bool:
        """Whether a request to this address sends a prompt."""
        return self.known.submit_mark in url

    def is_image_bytes(self, url: str) -> bool:
        """Whether a response from this address may carry an image's bytes."""
        return any(mark in url for mark in self.known.image_paths)

    def is_baseline_source(self, src: str) -> bool:
        """Whether an image source is of the kind that generated images have."""
        return says(src, self.known.image_sources)

    def is_made_picture(self, src: str) -> bool:
        """Whether an image source in an answer is a generated image's, whatever stands around."""
        return src.startswith("blob:") or self.is_image_bytes(src)

    def is_sign_in_page(self, url: str) -> bool:
        """Whether the address is Google's sign-in."""
        return self.cause_of_url(url) is Cause.SIGNED_OUT

    def is_image_placeholder(self, placeholder: str) -> bool:
        """Whether the prompt box asks for an image, in a known language."""
        wanted = {fold(p).casefold() for p in self.known.image_placeholders}
        return fold(placeholder).casefold() in wanted

    def is_image_chip(self, name: str) -> bool:
        """Whether the chip of a chosen tool, by its name or text, is the image tool's."""
        said = fold(name).casefold()
        return any(word.casefold() in said for word in self.known.image_chip_words)

    def mode_in_name(self, name: str) -> str:
        """The mode that the mode picker's accessible name ends with, empty if it names none."""
        found = (p.search(fold(name)) for p in self.known.named_mode)
        return next((m["mode"] for m in found if m), "")

    def texts(self, cause: Cause) -> tuple[re.Pattern[str], ...]:
        """The phrases that mean a cause, in every language."""
        return self.known.texts.get(cause, ())

    def makes_no_images(self, mode: str) -> bool:
        """Whether a mode's name is one that cannot draw."""
        return says(fold(mode), self.known.imageless_modes)


def script_argument(known: Checked) -> str:
    """What `snapshot.js` needs, as JSON text: it crosses to the page at a tenth of the cost."""
    roles = {
        name: [{"css": c.css, "texts": list(c.texts)} for c in role.candidates]
        for name, role in known.roles.items()
    }
    return json.dumps({"roles": roles}, ensure_ascii=False)


def load_pack(path: Path | None = None, local: Path | None = None) -> Pack:
    """Read a pack, by default the shipped one, with a local override if that file exists.

    `path` may be the folder of a pack. Without `local` the override is `gemini.local.toml` beside
    the pack. Raises UsageError for a missing pack and InputError naming file and key for a wrong
    one.
    """
    base = path or shipped_pack()
    base = base / PACK_NAME if base.is_dir() else base
    override = local or base.with_name(LOCAL_NAME)
    if not base.is_file():
        raise UsageError(f"No selector pack at {base}. Set FARM_SELECTORS to an existing file.")
    data = read_toml(base)
    source = str(base)
    if override.is_file():
        data = merged(data, read_toml(override))
        source = f"{base} with {override}"
    known = check(data, source)
    stamps = (stamp(base), stamp(override))
    return Pack(known=known, stamps=stamps, page_argument=script_argument(known))


def shipped_pack() -> Path:
    """The pack that came with farm: package data when installed, the repository's in a checkout."""
    package = Path(str(resources.files("farm")))
    installed = package / "data" / "selectors" / PACK_NAME
    return installed if installed.is_file() else package.parent / "selectors" / PACK_NAME


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's content; raises InputError naming the file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise InputError([f"{path}: not a TOML file: {exc}"]) from exc


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """The base with the override's keys: tables merge, everything else replaces.

    `prepend` in a role's table goes before the candidates that stand there.
    """
    result = dict(base)
    for key, value in over.items():
        if key == "prepend":
            result["candidates"] = [*value, *result.get("candidates", [])]
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def stamp(path: Path) -> Stamp:
    """What the file looks like now."""
    try:
        content = path.read_bytes()
    except OSError:
        return Stamp(path=path, modified_ns=0, sha256="")
    digest = hashlib.sha256(content).hexdigest()
    return Stamp(path=path, modified_ns=modified_ns(path), sha256=digest)


def modified_ns(path: Path) -> int:
    """When the file was last written, 0 if it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
