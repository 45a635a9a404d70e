"""What looks at a living page say about each role of the pack: pure, for `farm doctor`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from farm.sites.base import Reading, SignIn
from farm.sites.gemini.endings import shut
from farm.sites.gemini.pack import Pack
from farm.sites.gemini.page import SIGN_IN_COOKIES


class Mark(StrEnum):
    """How a role stands."""

    OK = "ok"
    DRIFT = "drift"  # found, and not by the first candidate of its generation
    MISSING = "missing"  # the page must show it, and no candidate matches
    INCONCLUSIVE = "inconclusive"  # the pages that were looked at need not show it


class Shows(StrEnum):
    """When a page must show a role."""

    CHAT = "chat"  # on every page of a signed-in account
    FOLDED = "folded"  # while the side bar hides its list
    LISTED = "listed"  # once the side bar has been opened
    SEND = "send"  # while its box is empty: see `SEND_AT_REST`
    TURNS = "turns"  # in a conversation
    ENDED = "ended"  # in a conversation whose last answer has ended
    PICTURE = "picture"  # in a conversation with a picture of the site's own


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One page: what `snapshot.js` saw, and what it means."""

    snapshot: Mapping[str, Any]
    reading: Reading
    opened: str = ""  # the conversation that was asked for; "" for a new chat


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleFinding:
    """How one role stands."""

    role: str
    mark: Mark
    needed: bool  # whether farm cannot work without it
    why: str
    candidate: int | None = None  # 0-based, the one that matched
    candidates: int = 0  # how many there are
    generation: str = ""  # of the one that matched


class Account(StrEnum):
    """What page and cookies say together about the account."""

    IN = "signed_in"
    ROT = "rot"  # cookies prove the sign-in; the pack no longer knows the page's marks
    OUT = "signed_out"
    UNKNOWN = "unknown"


NEEDED: Mapping[str, Shows] = {
    "composer": Shows.CHAT,
    "send": Shows.SEND,
    "turn": Shows.TURNS,
    "query": Shows.TURNS,
    "query_line": Shows.TURNS,
    "answer": Shows.TURNS,
    "generated_image": Shows.PICTURE,
    "image": Shows.PICTURE,
    "download_button": Shows.PICTURE,
}
USEFUL: Mapping[str, Shows] = {
    "account_mark": Shows.CHAT,
    "mode_picker": Shows.CHAT,
    "tools_menu": Shows.CHAT,
    "sidebar": Shows.CHAT,
    "sidebar_open": Shows.FOLDED,
    "conversation_list": Shows.LISTED,
    "actions": Shows.ENDED,
    "footer_done": Shows.ENDED,
    "image_block": Shows.PICTURE,
}
# The page of 2026 has no send button while its box is empty, and farm types nothing here.
SEND_AT_REST = frozenset({"2025"})
_BY_ITSELF = {
    Shows.SEND: "the box is empty, and this page shows the button only with a text in it",
    Shows.TURNS: "no conversation could be opened",
    Shows.ENDED: "no conversation with an ended answer could be opened",
    Shows.PICTURE: "no conversation with a picture could be opened",
    Shows.FOLDED: "the side bar stands open",
    Shows.LISTED: "the side bar stays folded",
}
_PASSING = "shows only at its own moment"


def check_roles(looks: Sequence[Look], pack: Pack) -> tuple[RoleFinding, ...]:
    """Every role of the pack, in its order; the worst of what the looks say."""
    return tuple(_check(name, looks, pack) for name in pack.roles)


def check_account(looks: Sequence[Look], cookies: Collection[str]) -> Account:
    """Two independent proofs: names of the sign-in's cookies, and marks in the pages.

    A list of the account's conversations outweighs a mark of a sign-out: nobody else has one.
    """
    proven = set(cookies) >= SIGN_IN_COOKIES
    marks = {look.reading.sign_in for look in looks}
    listed = any(look.reading.conversations for look in looks)
    if SignIn.OUT in marks and not (proven and listed):
        return Account.OUT
    if SignIn.IN in marks and SignIn.OUT not in marks:
        return Account.IN if proven else Account.UNKNOWN
    return Account.ROT if proven else Account.OUT


def is_open(reading: Reading) -> bool:
    """Whether the page is the account's own; a limit or a mode only hinders new prompts."""
    return shut(reading) is None


def _check(name: str, looks: Sequence[Look], pack: Pack) -> RoleFinding:
    role = pack.roles[name]
    needed = name in NEEDED
    found = [look.snapshot["matched"][name] for look in looks if name in look.snapshot["matched"]]
    if not found or name == "sign_in_mark":
        mark, why = _unmatched(name, looks, pack)
        return RoleFinding(
            role=name, mark=mark, needed=needed, why=why, candidates=len(role.candidates)
        )
    index = max(found, key=role.rank)
    ui = role.candidates[index].ui
    drifted = role.rank(index) > 0
    return RoleFinding(
        role=name,
        mark=Mark.DRIFT if drifted else Mark.OK,
        needed=needed,
        why=f"found by candidate {index + 1} of {len(role.candidates)}" if drifted else "",
        candidate=index,
        candidates=len(role.candidates),
        generation=ui,
    )


def _unmatched(name: str, looks: Sequence[Look], pack: Pack) -> tuple[Mark, str]:
    shows = NEEDED.get(name) or USEFUL.get(name)
    if shows is None:
        return Mark.INCONCLUSIVE, _PASSING
    open_looks = [look for look in looks if is_open(look.reading)]
    if not open_looks:
        return Mark.INCONCLUSIVE, "the page is blocked" if looks else "no page could be looked at"
    if name == "account_mark" and all(look.reading.sign_in is SignIn.OUT for look in open_looks):
        return Mark.INCONCLUSIVE, "nobody is signed in"
    here = next((look for look in open_looks if _MUST[shows](look, pack)), None)
    if here is None:
        return Mark.INCONCLUSIVE, _BY_ITSELF.get(shows, _PASSING)
    return Mark.MISSING, f"nothing on {_place(here)} matches it"


def _send_at_rest(look: Look, _pack: Pack) -> bool:
    reading = look.reading
    return reading.composer and (reading.ui in SEND_AT_REST or bool(reading.composer_text))


def _in_conversation(look: Look, _pack: Pack) -> bool:
    return bool(look.opened) and look.reading.conversation == look.opened


def _has_ended(look: Look, pack: Pack) -> bool:
    turns = look.reading.turns
    return _in_conversation(look, pack) and bool(turns) and turns[-1].started and not _busy(look)


def _busy(look: Look) -> bool:
    return look.reading.generating or "footer_busy" in look.snapshot["matched"]


def _shows_picture(look: Look, pack: Pack) -> bool:
    """Whether the conversation holds a picture that the pack's image roles ought to know.

    An address of an image tells that one is there even when no role knows its frame; an uploaded
    picture has the same kind of address.
    """
    if not _in_conversation(look, pack):
        return False
    if any(turn.images for turn in look.reading.turns):
        return True
    if "uploaded_image" in look.snapshot["matched"]:
        return False
    return any(pack.is_image_bytes(src) for src in look.snapshot["images"])


_MUST: Mapping[Shows, Callable[[Look, Pack], bool]] = {
    Shows.CHAT: lambda _look, _pack: True,
    Shows.FOLDED: lambda look, _pack: not (look.opened or look.reading.conversations_listed),
    Shows.LISTED: lambda look, _pack: look.reading.conversations_listed,
    Shows.SEND: _send_at_rest,
    Shows.TURNS: _in_conversation,
    Shows.ENDED: _has_ended,
    Shows.PICTURE: _shows_picture,
}


def _place(look: Look) -> str:
    if look.opened:
        return "the newest conversation"
    return look.reading.url.partition("?")[0].removeprefix("https://")
