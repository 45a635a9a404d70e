"""Checking a selector pack: every finding names its file and key, all findings at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from farm.errors import InputError
from farm.model.causes import Cause
from farm.sites.gemini.candidates import HOW, Candidate, Need, Role, named, not_named, unbalanced
from farm.sites.gemini.words import phrase

VERSION = 1
IGNORED = "ignored"
CANDIDATE_KEYS = {"css", "ui", "name", "how", "text", "unless"}
# What reading.py, snapshot.js and page.py ask for by name.
ROLES = frozenset(
    {
        "account_mark",
        "actions",
        "answer",
        "answer_body",
        "answer_extra",
        "answer_text",
        "app",
        "attachment",
        "attachment_busy",
        "attachment_failed",
        "attachment_remove",
        "banner",
        "busy_text",
        "composer",
        "composer_decoy",
        "conversation_link",
        "conversation_list",
        "cookie_dialog",
        "dialog",
        "download_button",
        "download_menu_item",
        "file_input",
        "footer_busy",
        "footer_done",
        "generated_image",
        "image",
        "image_block",
        "image_chip",
        "image_failed",
        "image_pending",
        "image_tool",
        "licensed_image",
        "lightbox",
        "mode_label",
        "mode_picker",
        "new_chat",
        "notice_dismiss",
        "progress",
        "query",
        "query_line",
        "quota_banner",
        "send",
        "sidebar",
        "sidebar_open",
        "sign_in_mark",
        "stop",
        "stopped_mark",
        "thinking",
        "toast",
        "tool_chip",
        "tools_menu",
        "turn",
        "upload_item",
        "upload_menu",
        "uploaded_image",
    }
)
Patterns = tuple[re.Pattern[str], ...]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """A pack's content, every value of the right kind."""

    origin: str
    generations: tuple[str, ...]
    routes: Mapping[str, str]
    conversation_url: re.Pattern[str]
    image_mode_url: re.Pattern[str]
    blocked_address: Patterns
    url_causes: Mapping[Cause, Patterns]
    submit_mark: str
    image_paths: tuple[str, ...]
    image_hosts: tuple[str, ...]
    image_sources: Patterns
    imageless_modes: Patterns
    named_mode: Patterns
    image_placeholders: tuple[str, ...]
    image_chip_words: tuple[str, ...]
    short_reply_characters: int
    codes: Mapping[int, Cause | None]  # None: ignore the number
    texts: Mapping[Cause, Patterns]
    account_texts: Patterns
    upload_texts: Patterns
    names: Mapping[str, tuple[str, ...]]
    roles: Mapping[str, Role]


class Findings:
    """Reads typed values out of nested tables and gathers what is wrong with them."""

    def __init__(self, data: Mapping[str, Any], source: str) -> None:
        self.data = data
        self.source = source
        self.problems: list[str] = []

    def wrong(self, key: str, what: str) -> None:
        """Note one finding."""
        self.problems.append(f"{self.source}: {key}: {what}")

    def get(self, key: str, kind: type[T], default: T) -> T:
        """The value at a dotted key, or the default after noting that it is missing or wrong."""
        value: Any = self.data
        for part in key.split("/"):
            value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            return value
        what = "is missing" if value is None else f"must be a {kind.__name__}"
        self.wrong(key.replace("/", "."), what)
        return default

    def table(self, key: str) -> Mapping[str, Any]:
        """A table."""
        return self.get(key, dict, {})

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of strings, not empty ones."""
        values = self.get(key, list, [])
        if all(isinstance(v, str) and v for v in values):
            return tuple(values)
        self.wrong(key.replace("/", "."), "must hold only strings that are not empty")
        return ()

    def pattern(
        self, key: str, source: str, make: Callable[[str], re.Pattern[str]]
    ) -> re.Pattern[str]:
        """A compiled pattern; one that matches nothing after noting a wrong source."""
        try:
            return make(source)
        except re.error as exc:
            self.wrong(key.replace("/", "."), f"{source!r} is not a regular expression: {exc}")
            return re.compile(r"(?!)")

    def patterns(self, key: str) -> Patterns:
        """A list of regular expressions."""
        return tuple(self.pattern(key, s, insensitive) for s in self.strings(key))

    def phrases(self, key: str) -> Patterns:
        """The phrases of every language in a table."""
        return tuple(
            self.pattern(f"{key}/{language}", text, phrase)
            for language in self.table(key)
            for text in self.strings(f"{key}/{language}")
        )

    def cause(self, key: str, value: str) -> Cause | None:
        """A cause by its value."""
        try:
            return Cause(value)
        except ValueError:
            self.wrong(key.replace("/", "."), f"{value!r} is not a cause that farm knows")
            return None


def insensitive(source: str) -> re.Pattern[str]:
    """A pattern that ignores case."""
    return re.compile(source, re.IGNORECASE)


def check(data: Mapping[str, Any], source: str) -> Checked:
    """The pack's content; raises InputError with every finding."""
    found = Findings(data, source)
    if data.get("version") != VERSION:
        found.wrong("version", f"must be {VERSION}, the form that this farm reads")
    names = {key: _names(found, key) for key in found.table("names")}
    checked = Checked(
        origin=found.get("origin", str, "").rstrip("/"),
        generations=found.strings("generations"),
        routes={key: found.get(f"routes/{key}", str, "") for key in ROUTES},
        conversation_url=_one(found, "urls/conversation", group="id"),
        image_mode_url=_one(found, "urls/image_mode"),
        blocked_address=found.patterns("urls/blocked_address"),
        url_causes=_by_cause(found, "urls/causes", found.patterns),
        submit_mark=found.get("network/submit", str, ""),
        image_paths=found.strings("network/image_paths"),
        image_hosts=found.strings("network/image_hosts"),
        image_sources=found.patterns("network/image_sources"),
        imageless_modes=found.patterns("modes/without_images"),
        named_mode=found.patterns("modes/named"),
        image_placeholders=found.strings("image_mode/placeholders"),
        image_chip_words=found.strings("image_mode/chip_words"),
        short_reply_characters=found.get("failures/short_reply_characters", int, 0),
        codes=_codes(found),
        texts=_by_cause(found, "texts", found.phrases),
        account_texts=found.phrases("account_texts"),
        upload_texts=found.phrases("upload_texts"),
        names=names,
        roles=_roles(found, names),
    )
    if found.problems:
        raise InputError(found.problems)
    return checked


ROUTES = ("app", "images", "conversation")


def _one(found: Findings, key: str, group: str = "") -> re.Pattern[str]:
    pattern = found.pattern(key, found.get(key, str, ""), insensitive)
    if group and group not in pattern.groupindex:
        found.wrong(key.replace("/", "."), f"needs a group (?P<{group}>…)")
    return pattern


def _names(found: Findings, key: str) -> tuple[str, ...]:
    languages = found.table(f"names/{key}")
    every = [name for lang in languages for name in found.strings(f"names/{key}/{lang}")]
    return tuple(dict.fromkeys(every))


def _by_cause(found: Findings, key: str, read: Callable[[str], Patterns]) -> dict[Cause, Patterns]:
    causes = {name: found.cause(f"{key}/{name}", name) for name in found.table(key)}
    return {cause: read(f"{key}/{name}") for name, cause in causes.items() if cause}


def _codes(found: Findings) -> dict[int, Cause | None]:
    codes: dict[int, Cause | None] = {}
    for number in found.table("failures/codes"):
        key = f"failures/codes/{number}"
        value = found.get(key, str, IGNORED)
        if not number.isdigit():
            found.wrong(key.replace("/", "."), "must be a number")
        elif value == IGNORED or (cause := found.cause(key, value)):
            codes[int(number)] = None if value == IGNORED else cause
    return codes


def _roles(found: Findings, names: Mapping[str, tuple[str, ...]]) -> dict[str, Role]:
    roles = {}
    for name in found.table("roles"):
        key = f"roles/{name}"
        if name not in ROLES:
            found.wrong(f"roles.{name}", "is not a role that farm knows")
        elif role := _role(found, key, name, names):
            roles[name] = role
    for name in sorted(ROLES - set(found.table("roles"))):
        found.wrong(f"roles.{name}", "is missing")
    return roles


def _role(
    found: Findings, key: str, name: str, names: Mapping[str, tuple[str, ...]]
) -> Role | None:
    entries = found.get(f"{key}/candidates", list, [])
    candidates = [
        _candidate(found, f"roles.{name}.candidates[{index}]", entry, names)
        for index, entry in enumerate(entries)
    ]
    if not entries:
        found.wrong(f"roles.{name}.candidates", "must hold at least one candidate")
    need = found.table(key).get("required", Need.NEVER)
    if need not in list(Need):
        found.wrong(f"roles.{name}.required", f"must be one of {', '.join(Need)}")
        return None
    good = tuple(c for c in candidates if c)
    return Role(name=name, candidates=good, required=Need(need))


def _candidate(
    found: Findings, key: str, entry: Any, names: Mapping[str, tuple[str, ...]]
) -> Candidate | None:
    if problem := _candidate_problem(found, entry, names):
        found.wrong(key, problem)
        return None
    css: str = entry["css"]
    if "unless" in entry:
        css = not_named(css, names[entry["unless"]])
    if "name" in entry:
        css = named(css, names[entry["name"]], HOW[entry.get("how", "is")])
    return Candidate(css=css, ui=entry["ui"], texts=names[entry["text"]] if "text" in entry else ())


def _candidate_problem(found: Findings, entry: Any, names: Mapping[str, tuple[str, ...]]) -> str:
    if not isinstance(entry, Mapping) or not all(isinstance(v, str) for v in entry.values()):
        return "must be a table of strings"
    problems = [
        f"{key!r} is not a key of a candidate" for key in entry if key not in CANDIDATE_KEYS
    ]
    if not entry.get("css", "").strip() or unbalanced(entry["css"]):
        problems.append("css must be a selector with closed brackets and quotes")
    if entry.get("ui") not in {"any", *_listed(found.data.get("generations"))}:
        problems.append(f"ui {entry.get('ui')!r} is not one of the generations or 'any'")
    if entry.get("how", "is") not in HOW:
        problems.append(f"how must be one of {', '.join(HOW)}")
    problems += [
        f"{key} {entry[key]!r} is not a key in [names]"
        for key in ("name", "text", "unless")
        if key in entry and not names.get(entry[key])
    ]
    return "; ".join(problems)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
