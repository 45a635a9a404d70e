"""From a snapshot to a reading: pure, the same live, in fixture tests and in `farm doctor`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from farm.model.causes import Cause
from farm.model.outcomes import Outcome
from farm.sites.base import Attachments, PageImage, Reading, SendButton, SignIn, Turn
from farm.sites.gemini.candidates import Need
from farm.sites.gemini.endings import (
    Around,
    answer_outcome,
    blocked_outcome,
    notice_outcome,
    unknown_part,
)
from farm.sites.gemini.pack import Pack
from farm.sites.gemini.words import fold, says, shorten

Snapshot = Mapping[str, Any]
# A preview is 1024 px wide; anything this small is a stand-in for a picture that is still coming.
SMALLEST_PICTURE_PX = 200


def read(snapshot: Snapshot, pack: Pack, now: float, zone: tzinfo | None = None) -> Reading:
    """What a snapshot made by `snapshot.js` says.

    `now` (epoch seconds) and `zone` (None: the machine's) serve only to place a limit's reset time.
    """
    sign_in = _sign_in(snapshot, pack)
    mode = _mode_label(snapshot["mode"], pack)
    around = Around(
        pack=pack,
        language=snapshot["language"],
        sign_in=sign_in,
        mode=mode,
        now=now,
        zone=zone,
    )
    blocked = blocked_outcome(snapshot, around)
    composer = snapshot["composer"] or {}
    return Reading(
        url=snapshot["url"],
        conversation=pack.conversation_of(snapshot["url"]),
        language=snapshot["language"],
        ui=_generation(snapshot["matched"], pack),
        sign_in=sign_in,
        composer=bool(composer),
        composer_text=composer.get("text", ""),
        send=SendButton(snapshot["send"]),
        generating=snapshot["stop"],
        image_mode=_image_mode(snapshot, pack),
        mode_label=mode,
        turns=_turns(snapshot, around),
        baseline=frozenset(s for s in snapshot["images"] if pack.is_baseline_source(s)),
        conversations=_conversations(snapshot, pack),
        conversations_listed=snapshot["conversations"]["listed"],
        blocked=blocked,
        notice=notice_outcome(snapshot, around),
        attachments=_attachments(snapshot, pack),
        matched=_matched(snapshot["matched"], pack),
        missing=() if blocked else _missing(snapshot, pack),
    )


def _sign_in(snapshot: Snapshot, pack: Pack) -> SignIn:
    if snapshot["sign_in_mark"] or pack.is_sign_in_page(snapshot["url"]):
        return SignIn.OUT
    return SignIn.IN if snapshot["account_mark"] else SignIn.UNKNOWN


def _mode_label(mode: Mapping[str, str], pack: Pack) -> str:
    return fold(mode["label"] or pack.mode_in_name(mode["picker"]) or mode["text"])


def _image_mode(snapshot: Snapshot, pack: Pack) -> bool:
    tools = snapshot["tools"]
    composer = snapshot["composer"] or {}
    return bool(
        pack.is_image_route(snapshot["url"])
        or tools["image_chip"]
        or tools["image_checked"]
        or any(pack.is_image_chip(name) for name in tools["chips"])
        or pack.is_image_placeholder(composer.get("placeholder", ""))
    )


def _generation(matched: Mapping[str, int], pack: Pack) -> str:
    found = Counter(
        ui for role, i in matched.items() if (ui := pack.candidates(role)[i].ui) != "any"
    )
    return found.most_common(1)[0][0] if found else ""


def _matched(matched: Mapping[str, int], pack: Pack) -> dict[str, int]:
    return {role: pack.roles[role].rank(index) for role, index in matched.items()}


def _missing(snapshot: Snapshot, pack: Pack) -> tuple[str, ...]:
    composer = snapshot["composer"]
    turns = snapshot["turns"]
    here = {
        "composer": bool(composer),
        "send": snapshot["send"] != SendButton.ABSENT,
        "query": any(t["has_query"] for t in turns),
    }
    asked = {
        Need.PAGE: True,
        Need.TYPED: bool(composer and composer["text"].strip()),
        Need.TURN: bool(turns),
        Need.NEVER: False,
    }
    return tuple(
        name
        for name, role in pack.roles.items()
        if asked[role.required] and not here.get(name, name in snapshot["matched"])
    )


def _attachments(snapshot: Snapshot, pack: Pack) -> Attachments:
    found: Sequence[Snapshot] = snapshot["attachments"]
    told = [fold(text) for text in [*snapshot["toasts"], *(one["said"] for one in found)]]
    refused = [text for text in told if says(text, pack.known.upload_texts)]
    return Attachments(
        total=len(found),
        pending=sum(one["pending"] and not one["failed"] for one in found),
        failed=sum(one["failed"] for one in found),
        refused=shorten(refused[0]) if refused else "",
    )


def _conversations(snapshot: Snapshot, pack: Pack) -> tuple[str, ...]:
    ids = (pack.conversation_of(link) for link in snapshot["conversations"]["links"])
    return tuple(dict.fromkeys(i for i in ids if i))


def _turns(snapshot: Snapshot, around: Around) -> tuple[Turn, ...]:
    raw: Sequence[Snapshot] = snapshot["turns"]
    last = len(raw) - 1
    return tuple(
        _turn(turn, index, stop=snapshot["stop"] and index == last, around=around)
        for index, turn in enumerate(raw)
    )


def _turn(turn: Snapshot, index: int, *, stop: bool, around: Around) -> Turn:
    answer = turn["answer"]
    frames: Sequence[Snapshot] = answer["frames"] if answer else []
    images = tuple(_image(image, f) for f in frames for image in f["images"] if image["src"])
    failed = sum(f["failed"] and not _has_picture(f) for f in frames)
    pending = sum(not f["failed"] and not _has_picture(f) for f in frames)
    finished = bool(answer) and not stop and is_settled(answer)
    text = fold(answer["text"]) if answer else ""
    stopped = bool(answer) and bool(answer["stopped"])
    return Turn(
        id=turn["id"],
        index=index,
        query=fold(turn["query"]),
        text=text,
        started=answer is not None,
        finished=finished,
        stopped=stopped,
        images=images,
        pending_images=pending,
        failed_images=failed + (answer["stray_failed"] if answer else 0),
        outcome=_ending(answer, images, pending, around) if finished else _astray(turn, around),
        uploads=turn["uploads"],
    )


def _ending(
    answer: Snapshot, images: Sequence[PageImage], pending: int, around: Around
) -> Outcome | None:
    if images or pending:
        return None
    failed = sum(f["failed"] for f in answer["frames"]) + answer["stray_failed"]
    outcome = answer_outcome(
        fold(answer["text"]), stopped=answer["stopped"], failed=failed, around=around
    )
    if outcome.cause is not Cause.TEXT_ONLY or not _holds_made(answer["strangers"], around.pack):
        return outcome
    return unknown_part("generated_image", outcome.said)


def _astray(turn: Snapshot, around: Around) -> Outcome | None:
    """What a turn is whose picture stands beside everything that could be an answer."""
    return unknown_part("answer") if _holds_made(turn["strangers"], around.pack) else None


def _holds_made(strangers: Sequence[Snapshot], pack: Pack) -> bool:
    return any(_is_picture(s) and pack.is_made_picture(s["src"]) for s in strangers)


def is_settled(answer: Snapshot) -> bool:
    """Whether an answer has ended, the stop button aside.

    A complete footer says so, or the row of rating buttons; a moving footer or text denies it.
    """
    if answer["footer_busy"] or answer["busy"]:
        return False
    if answer["footer_done"]:
        return True
    return bool(answer["actions"]) and not answer["thinking"] and not answer["progress"]


def _image(image: Snapshot, frame: Snapshot) -> PageImage:
    return PageImage(
        src=image["src"],
        loaded=_is_picture(image),
        width_px=image["width"],
        height_px=image["height"],
        download=frame["download"],
    )


def _has_picture(frame: Snapshot) -> bool:
    return any(_is_picture(image) for image in frame["images"])


def _is_picture(image: Snapshot) -> bool:
    return bool(image["src"] and image["complete"] and image["width"] > SMALLEST_PICTURE_PX)
