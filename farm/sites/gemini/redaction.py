"""What of a page may be kept: pure, and by construction what is not known to be public goes.

A tree made by `still.js` and a snapshot of the same moment become a page and a snapshot without
the account, its chats, other turns' texts and (unless asked) the prompts; both speak of the same
things by the same stand-in names. Elements, classes, test ids and attributes' names stay: a
selector pack can be repaired with them. So does what the site itself says: banners, toasts,
dialogs, the composer's buttons, the newest answer, and its known phrases anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from farm.privacy import Veil, address, shape
from farm.sites.gemini.pack import Pack
from farm.sites.gemini.reading import SMALLEST_PICTURE_PX
from farm.sites.gemini.words import fold

Snapshot = Mapping[str, Any]
APP_TITLE = "Google Gemini"
PRIVATE = "xxxxx"
SIGN_IN_HOST = "accounts.google.com"

_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{8,}(?![0-9A-Za-z])|\d{6,}")
_IMAGE_PATH = re.compile(r"^/(?P<kind>gg|gg-dl|rd-gg|rd-gg-dl|ogw|a)/(?P<mark>ACg|default-user)?")
_QUOTED = re.compile(r"\w+")
_PICTURES = "https://lh3.googleusercontent.com"


def owners_names(identity: Iterable[str], pack: Pack) -> tuple[str, ...]:
    """The owner's names in what the account's mark says: `Google Account: Alice A. (…)`."""
    names = pack.names("account")
    told = []
    for text in map(fold, identity):
        known = next((n for n in names if text.casefold().startswith(n.casefold())), "")
        said = text[len(known) :] if known else re.split("[:：]", text)[-1]
        told.append(said.partition("(")[0])
    return tuple(name for name in told if name.strip())


def vocabulary(pack: Pack) -> tuple[str, ...]:
    """Words the site itself uses, of all phrases and names farm knows: they are nobody's."""
    phrases = (p.pattern for found in pack.known.texts.values() for p in found)
    account = (p.pattern for p in pack.known.account_texts)
    spoken = (re.sub(r"\\[a-zA-Z]", " ", text) for text in (*phrases, *account))
    names = (name for known in pack.known.names.values() for name in known)
    return (*spoken, *names, *pack.known.image_chip_words, *pack.known.image_placeholders)


def is_open(url: str, pack: Pack) -> bool:
    """Whether the page is of another kind than the app, and knows no chats: a captcha, a consent.

    The sign-in page does not count: it lists the person's accounts.
    """
    host = urlsplit(url).netloc
    if host == SIGN_IN_HOST:
        return False
    return host != urlsplit(pack.origin).netloc or pack.cause_of_url(url) is not None


@dataclass(kw_only=True)
class Redaction:
    """Keeps the stand-in names of one moment, so that page and snapshot agree."""

    pack: Pack
    veil: Veil
    open_page: bool = False
    with_prompts: bool = False
    _ids: dict[str, str] = field(default_factory=dict)
    _prompts: dict[str, str] = field(default_factory=dict)
    _pictures: dict[str, str] = field(default_factory=dict)
    _names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Accessible names and placeholders that farm knows, folded."""
        known = [n for names in self.pack.known.names.values() for n in names]
        known += [APP_TITLE, *self.pack.known.image_placeholders]
        self._names = frozenset(fold(name).casefold() for name in known)

    def id(self, value: str) -> str:
        """The stand-in for an id, of the form that ids have."""
        return self._ids.setdefault(value, f"{0xA000000000000000 + len(self._ids) + 1:016x}")

    def ids_in(self, text: str) -> str:
        """The text with every id replaced."""
        return _HEX.sub(lambda found: self.id(found[0]), text)

    def prompt(self, text: str) -> str:
        """The stand-in for a prompt's text, line by line; the text itself when prompts stay."""
        if self.with_prompts:
            return self.veil(text)
        return "\n".join(map(self._line, text.split("\n")))

    def _line(self, line: str) -> str:
        folded = fold(line)
        if not folded or folded.casefold() in self._names:
            return line
        return self._prompts.setdefault(folded, f"Prompt {len(self._prompts) + 1}")

    def url(self, url: str) -> str:
        """An address without query, and without ids of this account."""
        return address(url, self.id)

    def picture(self, src: str, *, loaded: bool) -> str:
        """The stand-in for a picture's address; `never` in it says that it had not come."""
        if not src or not self.pack.is_baseline_source(src):
            return self.url(src) if src.startswith("http") else ""
        if src not in self._pictures:
            found = _IMAGE_PATH.match(urlsplit(src).path) if src.startswith("http") else None
            kind, mark = (found["kind"], found["mark"] or "") if found else ("gg", "")
            word = "picture" if loaded else "never"
            number = len(self._pictures) + 1
            self._pictures[src] = f"{_PICTURES}/{kind}/{mark}{word}-{number}=s1024-rj"
        return self._pictures[src]

    def private(self, text: str) -> str:
        """Nothing of the text but a name that farm knows, alone or as its beginning."""
        folded = fold(text)
        if not folded or folded.casefold() in self._names:
            return text
        starts = [n for n in self._names if folded.casefold().startswith(n)]
        longest = max(map(len, starts), default=0)
        return f"{folded[:longest]} {PRIVATE}".strip()

    def unknown(self, text: str) -> str:
        """The shape of the text, with what the site itself is known to say left standing."""
        folded = fold(text)
        if folded.casefold() in self._names:
            return text
        phrases = (p for found in self.pack.known.texts.values() for p in found)
        spans = [m.span() for p in phrases for m in p.finditer(folded)]
        if not spans:
            return shape(text)
        kept = set().union(*(range(*span) for span in spans))
        covered = shape(folded)
        told = self.veil("".join(s if n in kept else covered[n] for n, s in enumerate(folded)))
        return f" {told} "  # what stood around it may have been blank

    def text(self, text: str, zone: str) -> str:
        """A text as its zone allows."""
        rules: Mapping[str, Callable[[str], str]] = {
            "private": self.private,
            "query": self.prompt,
            "box": self.prompt,
            "own": self.veil,
            "spoken": self.veil,
        }
        return rules.get(zone, self.veil if self.open_page else self.unknown)(text)

    def snapshot(self, raw: Snapshot) -> dict[str, Any]:
        """The snapshot with every text as its place allows; of a key not known here, the shape."""
        rules: Mapping[str, Callable[[Any], Any]] = {
            "url": self.url,
            "title": lambda _title: APP_TITLE,
            "composer": self._composer,
            "conversations": self._conversations,
            "images": lambda found: [self.picture(src, loaded=True) for src in found],
            "turns": self._turns,
            "bare": self.veil if self.open_page else self.unknown,
            **dict.fromkeys(_AS_IT_IS, _same),
            **dict.fromkeys(_SPOKEN, self._spoken),
        }
        self._remember_pictures(raw)
        return {key: rules.get(key, self._shape)(value) for key, value in raw.items()}

    def _remember_pictures(self, raw: Snapshot) -> None:
        answers = [turn["answer"] for turn in raw["turns"] if turn["answer"]]
        for image in (i for a in answers for f in a["frames"] for i in f["images"]):
            self.picture(image["src"], loaded=_is_loaded(image))

    def _composer(self, box: Snapshot | None) -> dict[str, Any] | None:
        return None if box is None else {**self._spoken(box), "text": self.prompt(box["text"])}

    def _conversations(self, found: Snapshot) -> dict[str, Any]:
        return {**found, "links": [self.url(link) for link in found["links"]]}

    def _turns(self, turns: list[Snapshot]) -> list[dict[str, Any]]:
        last = len(turns) - 1
        return [self._turn(turn, own=index == last) for index, turn in enumerate(turns)]

    def _turn(self, turn: Snapshot, *, own: bool) -> dict[str, Any]:
        answer = turn["answer"]
        return {
            **turn,
            "id": self.ids_in(turn["id"]),
            "query": self.prompt(turn["query"]),
            "answer": answer and self._answer(answer, own=own),
            "strangers": self._images(turn["strangers"]),
        }

    def _answer(self, answer: Snapshot, *, own: bool) -> dict[str, Any]:
        return {
            **answer,
            "text": self.text(answer["text"], "own" if own else "answer"),
            "stopped": [self.text(text, "own" if own else "answer") for text in answer["stopped"]],
            "frames": [{**f, "images": self._images(f["images"])} for f in answer["frames"]],
            "strangers": self._images(answer["strangers"]),
        }

    def _images(self, images: list[Snapshot]) -> list[dict[str, Any]]:
        return [
            {**image, "src": self.picture(image["src"], loaded=_is_loaded(image))}
            for image in images
        ]

    def _spoken(self, value: Any) -> Any:
        return _each_text(value, self.veil)

    def _shape(self, value: Any) -> Any:
        return _each_text(value, shape)


_AS_IT_IS = (
    "language", "matched", "broken", "sign_in_mark", "account_mark", "send", "stop",
)  # fmt: skip
_SPOKEN = ("mode", "tools", "quota_banners", "banners", "toasts", "cookie_dialogs", "dialogs")


def _same(value: Any) -> Any:
    return value


def _is_loaded(image: Snapshot) -> bool:
    return bool(image["complete"]) and int(image["width"]) > SMALLEST_PICTURE_PX


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _each_text(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_each_text(item, change) for item in value]
    return value
