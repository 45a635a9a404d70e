"""What a page says, whatever the site: plain records, made by a pure `read(snapshot)`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from farm.model.outcomes import Outcome


class SignIn(StrEnum):
    """What the page shows about the account. A visible composer proves nothing."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"  # marks load late: ask again


class SendButton(StrEnum):
    """What a click would do now: send and stop are the same button."""

    ABSENT = "absent"
    DISABLED = "disabled"
    SEND = "send"
    STOP = "stop"


@dataclass(frozen=True, kw_only=True, slots=True)
class PageImage:
    """A generated image standing in a turn."""

    src: str
    loaded: bool  # decoded, with real pixels
    width_px: int  # natural size of what is shown, a preview
    height_px: int
    download: bool  # the turn offers the full-size button for it


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One prompt and its answer."""

    id: str  # the container's id, "" if it has none
    index: int  # 0-based, in document order
    query: str  # the prompt's text, white space folded
    text: str  # the answer's visible text, white space folded
    started: bool  # an answer element exists
    finished: bool  # the answer is settled; also true for stopped and refused ones
    stopped: bool  # the stopped mark is visible
    images: tuple[PageImage, ...]
    pending_images: int  # frames still without their picture
    failed_images: int  # frames that show an error
    outcome: Outcome | None  # what a finished answer without image means; None while unknown
    uploads: int = 0  # pictures that were sent along with the prompt; never results


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachments:
    """Files in the prompt box that would go along with the next prompt."""

    total: int = 0
    pending: int = 0  # still uploading
    failed: int = 0
    refused: str = ""  # the page's words about a file that it did not take


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What one snapshot of a page says."""

    url: str
    conversation: str  # id from the URL, "" on a new chat
    language: str
    ui: str  # name of the UI generation most roles matched, "" if none
    sign_in: SignIn
    composer: bool  # the prompt box is there
    composer_text: str
    send: SendButton
    generating: bool  # a stop control is visible
    image_mode: bool  # proven: route, chip or placeholder
    mode_label: str
    turns: tuple[Turn, ...]
    baseline: frozenset[str]  # every googleusercontent or blob image source on the page
    conversations: tuple[str, ...]  # ids in the side bar, newest first
    conversations_listed: bool  # the list itself is on the page, so its absence proves nothing
    blocked: Outcome | None  # page-wide: signed out, challenge, region, wrong mode, quota banner
    notice: Outcome | None  # a toast or dialog: transient, throttle, not accepted
    attachments: Attachments = field(default_factory=Attachments)
    matched: dict[str, int] = field(default_factory=dict)  # role -> index of the candidate
    missing: tuple[str, ...] = ()  # required roles that matched nothing

    @property
    def drifted(self) -> tuple[str, ...]:
        """Roles that matched with a later candidate than the first of their generation."""
        return tuple(role for role, index in self.matched.items() if index > 0)
