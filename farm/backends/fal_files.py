"""Pictures on their way to fal and back."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote_to_bytes

from farm.backends.api import NOT_OFFERED, Charged, Request
from farm.backends.fal_failures import file_gone, outcome_of, silent, unreachable
from farm.backends.fal_models import Links
from farm.backends.wire import Astray, NoAnswer, Said, Wire, origin_of
from farm.clock import Clock
from farm.errors import Ended, Interrupted
from farm.model.media import sniff
from farm.model.prompts import Size
from farm.steps.keeper import measure

FILE_HOSTS = ("fal.media", "fal.ai", "fal.run")  # and everything below them
INLINE_BYTES = 200_000  # a smaller picture goes within the request
DOWNLOADS = 3  # of one picture, which is paid for by then
PAUSE_SECONDS = 3.0  # between two of them
_SURELY_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.FORBIDDEN})


@dataclass(kw_only=True)
class Files:
    """fal's storage, and the places from which its pictures are fetched."""

    wire: Wire
    storage: str
    clock: Clock
    _uploaded: dict[str, str] = field(default_factory=dict)  # addresses, by sha256

    async def links(self, request: Request) -> Links:
        """The pictures of a request where fal can open them; `Ended` when it takes none."""
        pictures = [await self._link(reference.path) for reference in request.references]
        mask = await self._link(request.mask) if request.mask else ""
        original = None
        if request.references:
            size_px = await asyncio.to_thread(measure, request.references[0].path)
            original = Size(*size_px) if all(size_px) else None
        return Links(references=tuple(pictures), mask=mask, original=original)

    async def picture(self, url: str, spent: int | None) -> bytes:
        """A finished picture.

        `Interrupted` when it may be had later, `Charged` when it never will.
        """
        if url.startswith("data:"):
            return _inline(url, spent)
        why = ""
        for tried in range(DOWNLOADS):
            if tried:
                await self.clock.sleep(PAUSE_SECONDS)
            try:
                said = await self.wire.picture(url, self._holds_pictures)
            except Astray as error:
                raise Charged(file_gone(str(error)), spent_microusd=spent) from error
            except NoAnswer as error:
                why = str(error)
                continue
            if said.ok and said.body:
                return said.body
            why = f"answers with HTTP {said.status}"
            if said.status in _SURELY_GONE:
                raise Charged(file_gone(why), spent_microusd=spent)
        raise Interrupted(silent(why))

    async def _link(self, path: Path) -> str:
        data = await asyncio.to_thread(path.read_bytes)
        media_type = sniff(data) or "image/png"
        if len(data) <= INLINE_BYTES:
            return _within(data, media_type)
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 not in self._uploaded:
            self._uploaded[sha256] = await self._upload(data, media_type)
        return self._uploaded[sha256]

    async def _upload(self, data: bytes, media_type: str) -> str:
        try:
            token = await self.wire.ask(
                "POST",
                f"{self.storage}/storage/auth/token",
                params={"storage_type": "fal-cdn-v3"},
                json={},
            )
            if token.status in NOT_OFFERED:
                return _within(data, media_type)
            said = self._taken(await self._put(self._taken(token), data, media_type))
        except NoAnswer as error:
            raise Ended(unreachable(error)) from error
        return str(said.fields["access_url"])

    async def _put(self, token: Said, data: bytes, media_type: str) -> Said:
        """Send the bytes to where the token says, if that is a place of fal's."""
        place = str(token.fields.get("base_url", ""))
        origin, host = origin_of(place)
        if not self._holds_pictures(origin, host):
            raise Astray(f"leads to {origin} for an upload")
        headers = {
            "Authorization": f"{token.fields.get('token_type')} {token.fields.get('token')}",
            "Content-Type": media_type,
            "X-Fal-File-Name": f"reference.{media_type.partition('/')[2]}",
        }
        async with Wire(origins=(origin,), headers=headers, proxied=self.wire.proxied) as wire:
            return await wire.ask("POST", f"{place}/files/upload", content=data)

    def _taken(self, said: Said) -> Said:
        if not said.ok:
            raise Ended(outcome_of(said, self.clock.now()))
        return said

    def _holds_pictures(self, origin: str, host: str) -> bool:
        """Fal's own hosts over https, and the host that the key goes to anyway, at any port."""
        named = any(host == known or host.endswith(f".{known}") for known in FILE_HOSTS)
        scheme = origin.partition(":")[0]
        own = {(one.partition(":")[0], origin_of(one)[1]) for one in self.wire.origins}
        return (scheme, host) in own or (named and origin == f"https://{host}")


def _within(data: bytes, media_type: str) -> str:
    """A picture as an address that holds it."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _inline(url: str, spent: int | None) -> bytes:
    """A picture that stands in its own address."""
    head, _, body = url.partition(",")
    try:
        data = unquote_to_bytes(body)
        return base64.b64decode(data, validate=True) if head.endswith(";base64") else data
    except binascii.Error as error:
        raise Charged(file_gone("is not whole"), spent_microusd=spent) from error
