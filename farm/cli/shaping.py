"""Options that say under which names images stand, and in which copies."""

from __future__ import annotations

from typing import Annotated

import typer

Resize = Annotated[
    str | None,
    typer.Option(metavar="HOW", help="Copies in exactly the row's size: cover, contain or off."),
]
Convert = Annotated[
    str | None,
    typer.Option(metavar="FORMATS", help="Copies in these formats: 'webp:85 avif', jpeg, png."),
]
NameAs = Annotated[
    str | None,
    typer.Option("--name", metavar="PATTERN", help="Such as {date}/{id}-{filename}, any column."),
]


def shaped(resize: str | None, convert: str | None, name: str | None) -> dict[str, object]:
    """The settings these options override, by key."""
    return {"resize": resize, "convert": convert, "name_template": name}
