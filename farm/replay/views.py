"""What the page is told about turns and conversations: plain JSON, with fresh image URLs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from farm.replay import hosts
from farm.replay.conversations import Conversation, Frame, Stage, Turn
from farm.replay.gallery import Gallery
from farm.replay.scenario import Defaults

_RUNNING, _COMPLETE = 1, 2


class Rendering:
    """One rendering of a page: every image in it keeps one URL, the next rendering has others."""

    def __init__(self, gallery: Gallery, defaults: Defaults) -> None:
        self._gallery = gallery
        self._family = "gg-dl" if defaults.image_src == "blob" else defaults.image_family
        self._urls: dict[str, str] = {}

    def url(self, picture_id: str) -> str:
        """The preview's address in this rendering."""
        if picture_id not in self._urls:
            token = self._gallery.token(picture_id)
            self._urls[picture_id] = f"https://{hosts.IMAGES}/{self._family}/{token}=s1024-rj"
        return self._urls[picture_id]

    def _upload(self, upload_id: str) -> str:
        """The address of a file that was sent along: of the same family as a result's."""
        return f"https://{hosts.IMAGES}/gg/{self._gallery.token(upload_id)}=s512-rj"

    def turn(self, turn: Turn) -> dict[str, Any]:
        """A turn as the page draws it."""
        return {
            "id": turn.id,
            "conversation": turn.conversation,
            "query": turn.query,
            "stage": turn.stage,
            "text": turn.text,
            "stopped": turn.stopped,
            "gone": turn.gone,
            "banner": turn.banner,
            "toast": turn.toast,
            "decoys": turn.decoys,
            "uploads": [self._upload(one) for one in turn.uploads],
            "stuck": turn.rule.plays.stuck_stop,
            "stale": self._stale(turn),
            "images": [self._frame(frame) for frame in turn.frames],
        }

    def conversation(self, conversation: Conversation) -> dict[str, Any]:
        """A whole chat, for whoever opens it again."""
        return {
            "id": conversation.id,
            "title": conversation.title,
            "turns": [self.turn(turn) for turn in conversation.turns],
            "watch": any(not turn.over for turn in conversation.turns),
        }

    def _frame(self, frame: Frame) -> dict[str, str]:
        url = self.url(frame.picture) if frame.state == "shown" else ""
        return {"state": frame.state, "url": url, "download": frame.download}

    def _stale(self, turn: Turn) -> dict[str, str] | None:
        if turn.stale is None or turn.stage is Stage.SENT:
            return None
        return {**asdict(turn.stale), "url": self.url(turn.stale.picture)}


async def frames(turn: Turn, rendering: Rendering, title: str) -> AsyncIterator[str]:
    """A turn as the answer stream tells it: the site's envelope, and beside it our own view."""
    yield ")]}'\n\n"
    while True:
        change = turn.next_change()
        view = {**rendering.turn(turn), "title": title}
        line = json.dumps([_envelope(turn, view["images"]), ["turn", view]], ensure_ascii=False)
        yield f"{len(line)}\n{line}\n"
        if turn.over:
            return
        await change.wait()


def _envelope(turn: Turn, images: list[dict[str, str]]) -> list[Any]:
    """The part of the real stream that watchers of the network know: ids, status, image URLs."""
    candidate: list[Any] = [f"rc_{turn.id}", [turn.text], *[None] * 11]
    candidate[8] = [_COMPLETE if turn.stage is Stage.SETTLED else _RUNNING]
    candidate[12] = [*[None] * 7, [[_image(image["url"]) for image in images if image["url"]]]]
    inner = [None, [f"c_{turn.conversation}", f"r_{turn.id}"], None, None, [candidate]]
    return ["wrb.fr", None, json.dumps(inner, ensure_ascii=False)]


def _image(url: str) -> list[Any]:
    return [[None, None, None, [None, None, None, url.partition("=")[0]]]]
