"""The hosts images come from: previews, redirects, tokens, and who may have what.

Facts: reference section 1.5. `/gg/` leads through a host that sees the cookies; `/gg-dl/` does so
too and ends at an address that needs none; with `alr=yes` each step answers with the next address
as text.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from farm.replay import hosts, pictures
from farm.replay.accounts import named_in
from farm.replay.gallery import Picture, Wanted, file_name, split
from farm.replay.plays import Fault
from farm.replay.world import World

_ORIGIN = {
    "Access-Control-Allow-Origin": f"https://{hosts.GEMINI}",
    "Access-Control-Allow-Credentials": "true",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    picture: Picture
    wanted: Wanted
    as_text: bool  # alr=yes: the next address as text, open to the page's scripts

    @property
    def ending(self) -> str:
        """What stays of the URL from step to step."""
        suffix = f"={self.wanted.suffix}" if self.wanted.suffix else ""
        return suffix + ("?alr=yes" if self.as_text else "")


class ImageHosts:
    """lh3.googleusercontent.com, lh3.google.com and the download host between them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def open_host(self) -> Starlette:
        """lh3.googleusercontent.com, which sees no cookies."""
        return Starlette(
            routes=[
                Route("/gg/{name:path}", self.preview),
                Route("/gg-dl/{name:path}", self.download),
                Route("/rd-gg-dl/{name:path}", self.downloaded),
                Route("/ogw/{name:path}", _portrait),
                Route("/a/{name:path}", _portrait),
            ]
        )

    def signed_in_host(self) -> Starlette:
        """lh3.google.com, where previews end."""
        return Starlette(routes=[Route("/rd-gg/{name:path}", self.previewed)])

    def download_host(self) -> Starlette:
        """work.fife.usercontent.google.com, the middle of the download chain."""
        return Starlette(routes=[Route("/rd-gg-dl/{name:path}", self.checked)])

    async def preview(self, request: Request) -> Response:
        """The first step of an image in the page; a file sent along stands there itself."""
        token, _ = split(request.path_params["name"])
        upload = self._world.uploads.known.get(self._world.gallery.meant(token))
        if upload is not None:
            data = await self._world.uploads.read(upload)
            return Response(data, media_type=upload.media_type)
        return self._onward(self._asked(request), f"https://{hosts.IMAGES_SIGNED_IN}/rd-gg/")

    async def previewed(self, request: Request) -> Response:
        """The bytes of an image in the page, for its owner."""
        asked = self._asked(request)
        self._check(request, asked)
        return await self._bytes(asked)

    async def download(self, request: Request) -> Response:
        """The first step of the download family."""
        return self._onward(self._asked(request), f"https://{hosts.DOWNLOADS}/rd-gg-dl/")

    async def checked(self, request: Request) -> Response:
        """The second step, which sees the cookies."""
        asked = self._asked(request)
        self._check(request, asked)
        return self._onward(asked, f"https://{hosts.IMAGES}/rd-gg-dl/", last=True)

    async def downloaded(self, request: Request) -> Response:
        """The last step: whoever has the address gets the bytes."""
        return await self._bytes(self._asked(request))

    def _asked(self, request: Request) -> _Asked:
        token, wanted = split(request.path_params["name"])
        picture = self._world.gallery.find(token)
        if picture is None:
            raise HTTPException(404)
        as_text = request.query_params.get("alr") == "yes"
        return _Asked(picture=picture, wanted=wanted, as_text=as_text)

    def _check(self, request: Request, asked: _Asked) -> None:
        if self._world.visitor(named_in(request)).name != asked.picture.account:
            raise HTTPException(403)

    def _onward(self, asked: _Asked, prefix: str, *, last: bool = False) -> Response:
        token = self._world.gallery.token(asked.picture.id)
        ending = asked.ending
        if last and asked.wanted.download and asked.wanted.size_px is None:
            ending = ending.replace("=d", "=s0-d", 1)
        url = f"{prefix}{token}{ending}"
        if asked.as_text:
            return PlainTextResponse(url, headers=_ORIGIN)
        return RedirectResponse(url, 302)

    async def _bytes(self, asked: _Asked) -> Response:
        if asked.wanted.is_s0 and asked.picture.fault is Fault.S0_FORBIDDEN:
            raise HTTPException(403)
        data, media_type = await self._world.gallery.read(asked.picture, asked.wanted)
        headers = dict(_ORIGIN) if asked.as_text else {}
        headers["Cache-Control"] = "private, max-age=86400, no-transform"
        if asked.wanted.download:
            name = file_name(asked.picture, self._world.new_id)
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return Response(data, media_type=media_type, headers=headers)


async def _portrait(request: Request) -> Response:
    letter = request.path_params["name"][:1].upper() or "?"
    return Response(pictures.portrait(letter), media_type="image/png")
