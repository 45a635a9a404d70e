"""The images the site holds, and the short-lived tokens by which they are reached."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from farm.replay import pictures
from farm.replay.log import LoggedImage
from farm.replay.pictures import PREVIEW_PX, Forms, Subject
from farm.replay.plays import Fault

_KEPT_TOKENS = 20_000
_FILE_NAME_CHARS = 16
_NO_SIZE_PX = 512  # what the image hosts serve when a URL names no size
_SUFFIX = re.compile(r"=((?:s\d+|w\d+|h\d+|d|I|rj)(?:-(?:s\d+|w\d+|h\d+|d|I|rj))*)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """An image the site holds; its bytes are files in the gallery's folder."""

    id: str
    n: int  # the submission that made it
    account: str
    type: str  # jpeg or png
    fault: Fault | None
    logged: LoggedImage


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What the end of an image URL asks for: `=s1024-rj`, `=s0`, `=d-I`."""

    suffix: str  # as it stood, without the `=`
    size_px: int | None  # long side; 0: every pixel
    download: bool  # the native file

    @property
    def is_s0(self) -> bool:
        """Every pixel, encoded again."""
        return self.size_px == 0 and not self.download


def split(name: str) -> tuple[str, Wanted]:
    """Cut `token=s1024-rj` into token and wish; a token may itself contain `=`."""
    match = _SUFFIX.search(name)
    if match is None:
        return name, Wanted(suffix="", size_px=None, download=False)
    flags = match[1].split("-")
    sizes = [int(flag[1:]) for flag in flags if flag[1:].isdigit()]
    wanted = Wanted(suffix=match[1], size_px=max(sizes) if sizes else None, download="d" in flags)
    return name[: match.start()], wanted


class Gallery:
    """Holds pictures in a folder and knows which token means which."""

    def __init__(self, folder: Path, new_token: Callable[[], str]) -> None:
        self._folder = folder
        self._new_token = new_token
        self._tokens: OrderedDict[str, str] = OrderedDict()
        self.pictures: dict[str, Picture] = {}
        folder.mkdir(parents=True, exist_ok=True)

    async def make(self, subject: Subject) -> Picture:
        """Draw a new picture and keep it."""
        forms = await asyncio.to_thread(pictures.make, subject)
        return await self._keep(subject, forms)

    async def copy(self, earlier: Picture, subject: Subject) -> Picture:
        """Keep the bytes of an earlier picture as if they were this subject's."""
        picture = replace(
            earlier, id=_id(subject), n=subject.n, account=subject.account, fault=subject.fault
        )
        for form in ("original", "s0", "preview"):
            data = await asyncio.to_thread(self._path(earlier, form).read_bytes)
            await asyncio.to_thread(self._path(picture, form).write_bytes, data)
        self.pictures[picture.id] = picture
        return picture

    def earlier(self, n: int, of: int | None) -> Picture | None:
        """A picture of submission `of`, else of the newest one before n."""
        fitting = [p for p in self.pictures.values() if (p.n == of if of else p.n < n)]
        return max(fitting, key=lambda picture: picture.n, default=None)

    def admit(self, picture: Picture) -> None:
        """Know a picture again whose files an earlier life left."""
        self.pictures[picture.id] = picture

    def token(self, picture_id: str) -> str:
        """A new name for a picture, as every rendering of a page gives it one."""
        token = self._new_token()
        self._tokens[token] = picture_id
        while len(self._tokens) > _KEPT_TOKENS:
            self._tokens.popitem(last=False)
        return token

    def find(self, token: str) -> Picture | None:
        """The picture a token means, unless it was never given or long ago."""
        return self.pictures.get(self.meant(token))

    def meant(self, token: str) -> str:
        """The id a token stands for, "" if none."""
        return self._tokens.get(token, "")

    async def read(self, picture: Picture, wanted: Wanted) -> tuple[bytes, str]:
        """The bytes asked for, and their media type."""
        long_side = max(picture.logged.width, picture.logged.height)
        size = _NO_SIZE_PX if wanted.size_px is None else wanted.size_px
        if wanted.download and not wanted.size_px:
            data = await asyncio.to_thread(self._path(picture, "original").read_bytes)
            return data, f"image/{picture.type}"
        whole = size == 0 or size >= long_side or (size > PREVIEW_PX and picture.fault is not None)
        form = "s0" if whole or size > PREVIEW_PX else "preview"
        data = await asyncio.to_thread(self._path(picture, form).read_bytes)
        if not whole and size != PREVIEW_PX:
            data = await asyncio.to_thread(pictures.resized, data, size)
        return data, "image/jpeg"

    async def _keep(self, subject: Subject, forms: Forms) -> Picture:
        picture = Picture(
            id=_id(subject),
            n=subject.n,
            account=subject.account,
            type=forms.type,
            fault=subject.fault,
            logged=LoggedImage(**forms.hashes, width=forms.width, height=forms.height),
        )
        for form in ("original", "s0", "preview"):
            data: bytes = getattr(forms, form)
            await asyncio.to_thread(self._path(picture, form).write_bytes, data)
        self.pictures[picture.id] = picture
        return picture

    def _path(self, picture: Picture, form: str) -> Path:
        return self._folder / f"{picture.id}.{form}"


def file_name(picture: Picture, new_id: Callable[[], str]) -> str:
    """A name that says nothing about the prompt, as the real one."""
    ending = "png" if picture.type == "png" else "jpg"
    return f"Gemini_Generated_Image_{new_id()[:_FILE_NAME_CHARS]}.{ending}"


def _id(subject: Subject) -> str:
    return f"{subject.n}-{subject.index}"
