"""`farm og`: the tags that show an image beside a link."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urljoin

import typer

from farm.cli.options import AsJson
from farm.cli.render import complain, say, say_json
from farm.errors import UsageError

_TWIN = "-og"
_SHOWN = (".jpg", ".jpeg", ".png", ".webp", ".avif")  # what more networks show comes first


def og(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="A hero image, or its OG twin.")],
    *,
    base_url: Annotated[
        str, typer.Option(metavar="URL", help="Where your site serves the file's folder.")
    ] = "",
    title: Annotated[str, typer.Option(metavar="TEXT", help="Instead of the row's title.")] = "",
    alt: Annotated[str, typer.Option(metavar="TEXT", help="What the picture shows.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print the meta tags that make networks show an image beside a link.

    Of a hero image the twin without text is taken (hero.png: hero-og.jpg in the same folder), which
    a run with --with-og makes. Networks expect 1200x630; another size is told.

    \b
    Examples:
      farm og downloads/2026-11-21/hero-garden.png --base-url https://example.org/images/
      farm og hero-garden-og.jpg --base-url https://example.org/images/ --alt "A glass garden"
    """
    from farm.cli.origins import with_origins
    from farm.model.og import OG_SIZE, meta_tags
    from farm.model.prompts import Size
    from farm.steps.look import look

    file = _twin_of(image)
    if not file.is_file():
        raise UsageError(f"{file} is not there.")
    seen = look(file)
    size = Size(seen.width_px, seen.height_px)
    told = with_origins([look(image), seen] if image.is_file() else [seen])
    titles = [str(one.facts.prompt.get("title", "")) for one in told if one.facts]
    url = urljoin(base_url.rstrip("/") + "/", quote(file.name)) if base_url else quote(file.name)
    tags = list(
        meta_tags(
            url,
            size,
            f"image/{seen.format}",
            title=title or next(filter(None, titles), ""),
            alt=alt,
        )
    )
    if not base_url:
        complain("Without --base-url the address is the file's name alone; networks need it whole.")
    if size != OG_SIZE:
        complain(f"{file.name} is {size}; networks show {OG_SIZE} uncut.")
    if as_json:
        say_json({"file": str(file), "url": url, "tags": tags})
        return
    for tag in tags:
        say(tag)


def _twin_of(image: Path) -> Path:
    """The OG twin beside a hero image, or the image itself without one."""
    if image.stem.endswith(_TWIN):
        return image
    twins = (image.with_name(f"{image.stem}{_TWIN}{suffix}") for suffix in _SHOWN)
    return next(filter(Path.is_file, twins), image)
