"""What of an address or a text may be kept as evidence: pure, and on the side of keeping less."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from farm.log import REDACTED, redact

_IMAGE_HOSTS = ("googleusercontent.com", "lh3.google.com")  # their paths open the picture
_ID = re.compile(r"(?=.*\d)[^/]{8,}|[0-9a-f]{8,}|[^/]{48,}")
_ADDRESS = re.compile(r"\b(?:https?|wss?|blob:https?)://[^\s\"'<>)\]]+", re.IGNORECASE)
_TOKEN = re.compile(
    r"(?<![\w-])(?:(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}|[0-9a-f]{12,}|\d{9,})(?![\w-])"
)
_IDEOGRAPHS = r"\u3040-\u30ff\u3400-\u9fff"
_HANGUL = r"\uac00-\ud7af"
_WORD = re.compile(rf"[{_IDEOGRAPHS}]+|[^\W\d_]+")
_LETTER = re.compile(r"\w")
_SHORTEST_SECRET = 6
_SHORTEST_NAME = 3
_SHORTEST_WORD = 4
PROMPT = "[prompt]"


def _star(_id: str) -> str:
    return "*"


def address(url: str, alias: Callable[[str], str] = _star) -> str:
    """Scheme, host and path: without query, fragment, user, and what looks like an id.

    Of an image's address only the first part of the path stays. `alias` names ids in another way.
    """
    prefix, url = ("blob:", url[5:]) if url.startswith("blob:") else ("", url)
    parts = urlsplit(url)
    if not parts.netloc:
        opaque = prefix or (parts.scheme and f"{parts.scheme}:")
        return f"{opaque}…" if opaque else _path(url, alias, keep=99)
    host = parts.netloc.rpartition("@")[2]
    keep = 1 if host.endswith(_IMAGE_HOSTS) else 99
    return f"{prefix}{parts.scheme}://{host}{_path(parts.path, alias, keep=keep)}"


def _path(path: str, alias: Callable[[str], str], *, keep: int) -> str:
    steps = path.partition("?")[0].partition("#")[0].split("/")
    kept = (s if n <= keep and not _ID.fullmatch(s) else alias(s) for n, s in enumerate(steps))
    return "/".join(new if step else "" for step, new in zip(steps, kept, strict=True))


def shape(text: str) -> str:
    """The text with every letter and digit as an x: its length and its lines still tell."""
    return _LETTER.sub("x", text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Veil:
    """Covers what is known to be private, wherever it stands in a text."""

    secrets: tuple[str, ...] = ()  # taken out exactly, the longest first
    names: re.Pattern[str] | None = None  # of the account's owner
    words: frozenset[str] = frozenset()  # of prompts, folded; three signs of a run of ideographs

    @classmethod
    def over(
        cls,
        *,
        secrets: Iterable[str] = (),
        names: Iterable[str] = (),
        prompts: Iterable[str] = (),
        vocabulary: Iterable[str] = (),
    ) -> Veil:
        """A veil over secrets, the owner's names, and the words of prompts.

        Words of `vocabulary`, the site's own phrases, stay: what the page says must stay legible.
        """
        known = frozenset(word for text in vocabulary for word in _words(text))
        words = frozenset(word for text in prompts for word in _words(text)) - known
        told = {name for text in names for name in _WORD.findall(text)}
        told = {n for n in told if len(n) >= _SHORTEST_NAME and n.casefold() not in known}
        exact = {s for s in secrets if len(s) >= _SHORTEST_SECRET}
        return cls(
            secrets=tuple(sorted(exact, key=len, reverse=True)),
            names=_any_of(told),
            words=words,
        )

    def __call__(self, text: str) -> str:
        """The text without secrets, names, ids, addresses' queries, and words of prompts."""
        for secret in self.secrets:
            text = text.replace(secret, REDACTED)
        text = redact(_ADDRESS.sub(lambda found: address(found[0]), text))
        text = _TOKEN.sub(REDACTED, text)
        if self.names is not None:
            text = self.names.sub("[name]", text)
        return _WORD.sub(self._word, text) if self.words else text

    def _word(self, found: re.Match[str]) -> str:
        word = found[0].casefold()
        if word in self.words:
            return PROMPT
        hidden = {n for n in range(len(word) - 2) if word[n : n + 3] in self.words}
        if not hidden or not re.match(f"[{_IDEOGRAPHS}]", word):
            return found[0]
        covered = {n + step for n in hidden for step in range(3)}
        return "".join("○" if n in covered else sign for n, sign in enumerate(found[0]))


def _words(text: str) -> Iterator[str]:
    for word in _WORD.findall(text.casefold()):
        if re.match(f"[{_IDEOGRAPHS}]", word):
            yield from (word[n : n + 3] for n in range(len(word) - 2))
        elif len(word) >= _SHORTEST_WORD or re.match(f"[{_HANGUL}]{{2,}}", word):
            yield word


def _any_of(names: Iterable[str]) -> re.Pattern[str] | None:
    words = sorted(map(re.escape, names), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE) if words else None
