"""Every service apprise speaks to: chats, mail, phones."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from farm.notify.aside import aside
from farm.notify.base import Message, NotDelivered

if TYPE_CHECKING:
    from apprise import Apprise, AppriseResult

_STATUS = re.compile(r"\berror=(\d{3})\b")  # all that is taken from apprise's own words


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One address of one service."""

    label: str
    apprise: Apprise = field(repr=False)  # holds this address alone

    async def send(self, message: Message) -> None:
        """Try once. apprise does not say what kind of failure it met: each may pass."""
        await aside(lambda: self._notify(message))

    def _notify(self, message: Message) -> None:
        from apprise import NotifyType  # noqa: PLC0415  # only runs that send messages need it

        there = message.screenshot is not None and message.screenshot.is_file()
        result = self.apprise.notify(
            title=message.title,
            body=message.text,
            notify_type=NotifyType.WARNING if message.urgent else NotifyType.INFO,
            attach=str(message.screenshot) if there else None,
        )
        if not result:
            raise NotDelivered(_why(result), passing=True)


def channel(url: str, label: str) -> Channel | None:
    """The channel of an apprise URL; None when apprise does not understand it."""
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415  # a third of a second, if wanted

    # Its records name addresses, and addresses here are passwords: none leaves the library.
    logging.getLogger("apprise").propagate = False
    # Without a limit of its own it needs no threads of its own, which the end would wait for.
    asset = AppriseAsset(app_id="farm", app_desc="farm", service_timeout=0)
    service = Apprise.instantiate(url, asset=asset)
    if service is None:
        return None
    apprise = Apprise(asset=asset)
    apprise.add(service)
    return Channel(label=label, apprise=apprise)


def _why(result: AppriseResult) -> str:
    for entry in result.logs():
        if found := _STATUS.search(entry.message):
            return f"it answered {found[1]}"
    return "it could not be reached, or refused"
