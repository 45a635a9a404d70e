"""The world on disk, so that a stand-in can be ended and go on later."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from farm.replay.accounts import Account
from farm.replay.conversations import Conversation, Frame, Stage, Stale, Turn
from farm.replay.gallery import Picture
from farm.replay.log import LoggedImage
from farm.replay.plays import Condition, Download, Fault
from farm.replay.scenario import Rule
from farm.replay.uploads import Upload
from farm.replay.world import World


def save(world: World, path: Path) -> None:
    """Write everything the world knows, in place of what stood there."""
    data = {
        "accounts": [asdict(account) for account in world.accounts.values()],
        "conversations": [_conversation(chat) for chat in world.conversations.values()],
        "uploads": [asdict(upload) for upload in world.uploads.known.values()],
        "pictures": [asdict(picture) for picture in world.gallery.pictures.values()],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    part.replace(path)


def restore(world: World, path: Path) -> None:
    """Put into a new world what an earlier one knew; nothing stands there on the first start."""
    if not path.exists():
        return
    data = json.loads(path.read_text(encoding="utf-8"))
    for account in data["accounts"]:
        world.accounts[account["name"]] = _account(account)
    for picture in data["pictures"]:
        world.gallery.admit(_picture(picture))
    for upload in data.get("uploads", []):
        world.uploads.admit(Upload(**upload))
    for chat in data["conversations"]:
        turns = [_turn(turn) for turn in chat.pop("turns")]
        world.conversations[chat["id"]] = Conversation(**chat, turns=turns)
        world.log.count_from(max((turn.n for turn in turns), default=0))


def _conversation(chat: Conversation) -> dict[str, Any]:
    kept = [field.name for field in fields(Turn) if field.init]
    turns = [{name: getattr(turn, name) for name in kept} for turn in chat.turns]
    for turn in turns:
        turn["rule"] = asdict(turn["rule"])
        turn["frames"] = [asdict(frame) for frame in turn["frames"]]
        turn["stale"] = asdict(turn["stale"]) if turn["stale"] else None
    return {"id": chat.id, "account": chat.account, "title": chat.title, "turns": turns}


def _turn(data: dict[str, Any]) -> Turn:
    rule = data["rule"]
    return Turn(
        **{
            **data,
            "rule": Rule(**{**rule, "n": tuple(rule["n"])}),
            "stage": Stage(data["stage"]),
            "frames": [_frame(frame) for frame in data["frames"]],
            "stale": Stale(**data["stale"]) if data["stale"] else None,
        }
    )


def _frame(data: dict[str, Any]) -> Frame:
    return Frame(**{**data, "download": Download(data["download"])})


def _account(data: dict[str, Any]) -> Account:
    conditions = {Condition(name): until for name, until in data["conditions"].items()}
    return Account(**{**data, "conditions": conditions})


def _picture(data: dict[str, Any]) -> Picture:
    fault = Fault(data["fault"]) if data["fault"] else None
    return Picture(**{**data, "fault": fault, "logged": LoggedImage(**data["logged"])})
