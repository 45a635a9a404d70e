"""`farm generate`, `farm edit`, `farm upscale`: one picture, now."""

from __future__ import annotations

import secrets
from enum import StrEnum
from typing import Annotated

import typer

from farm.cli.once import (
    ApiKey,
    Auth,
    Backend,
    Credentials,
    Force,
    Model,
    Order,
    Out,
    ProjectId,
    Way,
    Yes,
    carry_out,
    size_of,
)
from farm.cli.options import AsJson
from farm.cli.pictures import Source, file_name, places, words
from farm.errors import UsageError
from farm.model.operations import NEEDS_MASK, Operation
from farm.model.prompts import Prompt


class Mode(StrEnum):
    """What is done to a picture."""

    INSERT = "insert"
    REMOVE = "remove"
    OUTPAINT = "outpaint"
    BACKGROUND = "background"


class Factor(StrEnum):
    """How much larger a picture gets."""

    TWO = "x2"
    THREE = "x3"
    FOUR = "x4"


def generate(
    text: Annotated[str, typer.Argument(metavar="PROMPT", help="What to draw.")],
    *,
    image: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="A picture to go by, or its URL; may be repeated."),
    ] = None,
    backend: Backend = "",
    model: Model = "",
    count: Annotated[
        int, typer.Option("--count", "-n", min=1, max=20, metavar="N", help="How many pictures.")
    ] = 1,
    size: Annotated[
        str, typer.Option(metavar="WxH", help="Such as 1920x1080; --out has exactly that.")
    ] = "",
    negative: Annotated[
        str, typer.Option(metavar="TEXT", help="What the picture must not show.")
    ] = "",
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Where the model takes one.")
    ] = None,
    out: Out = None,
    force: Force = False,
    profile: Annotated[
        str, typer.Option(metavar="NAME", help="For --backend web: with this profile.")
    ] = "",
    auth: Auth = "",
    api_key: ApiKey = "",
    credentials: Credentials = None,
    project_id: ProjectId = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Draw a picture now, through an API or the Gemini page, and wait for it.

    It is a job of the queue `generate` like any other: budgets hold, it is proven and kept in the
    downloads folder, copied and delivered as your settings say, and survives a crash. Without
    --backend or --model the first API that is set up and can do it is taken, else the page. What
    may cost more than FARM_CONFIRM_ABOVE is asked about first.

    Exit codes: 1 it failed or needs a look; 2 it cannot be made as asked, or the key is missing or
    not taken, and nothing was queued; 3 not now, for a limit or a budget: it waits in the queue.

    \b
    Examples:
      farm generate "A cat wearing a hat"
      farm generate "The same cat at night" --image cat.png --size 1920x1080 -o night.webp
      farm generate "A paper boat" -n 4 --model gemini-3-pro-image --yes
      farm generate "A paper boat" --backend web --profile alice
      farm generate "A lighthouse" --auth service-account --credentials sa.json --project-id my-own
    """
    if profile and backend not in {"", "web"}:
        raise UsageError("--profile is for --backend web.")
    backend = backend or ("web" if profile else "")
    way = Way(backend=backend, auth=auth, key=api_key, credentials=credentials, project=project_id)
    settings = way.settings()
    prompt = Prompt(
        id="",
        filename=file_name(out, text),
        description=words(text, "PROMPT"),
        size=size_of(size),
        references=places(image or ()),
        negative=negative,
        backend=way.owner,
        model=model,
        seed=seed,
    )
    order = Order(
        prompt=prompt, count=count, profile=profile, out=out, force=force, yes=yes, as_json=as_json
    )
    raise typer.Exit(carry_out(settings, order, suffix=secrets.token_hex(2)))


def edit(
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="A picture, or its URL.")],
    *,
    mode: Annotated[Mode, typer.Option(metavar="MODE", help=", ".join(Mode))],
    text: Annotated[
        str, typer.Option("--prompt", metavar="TEXT", help="What to put there, or to take away.")
    ] = "",
    mask: Annotated[
        str, typer.Option(metavar="FILE", help="White is what may change, black stays.")
    ] = "",
    size: Annotated[str, typer.Option(metavar="WxH", help="For outpaint: how large it gets.")] = "",
    backend: Backend = "",
    model: Model = "",
    out: Out = None,
    force: Force = False,
    auth: Auth = "",
    api_key: ApiKey = "",
    credentials: Credentials = None,
    project_id: ProjectId = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Change a picture: put something in, take it away, go on beyond its edges, move it elsewhere.

    `insert` and `remove` need a mask. Without --backend or --model the first API that is set up
    and can do it is taken. A file at --out says that a model changed it, and keeps the title and
    author of a picture that farm made. The picture itself is only read.

    Exit codes: 1 it failed or needs a look; 2 it cannot be made as asked, or the key is missing or
    not taken, and nothing was queued; 3 not now, for a limit or a budget: it waits in the queue.

    \b
    Examples:
      farm edit room.png --mode insert --mask chair.png --prompt "A red armchair" -o new.png
      farm edit street.jpg --mode remove --mask car.png
      farm edit hero.png --mode outpaint --size 2400x1000 --prompt "More of the same beach"
      farm edit shoe.png --mode background --prompt "On wet stones at dusk" --backend fal
    """
    operation = Operation(mode.value)
    asked = size_of(size)
    if operation is Operation.OUTPAINT and asked is None:
        raise UsageError("How far beyond its edges? Say it with --size, such as --size 2400x1000.")
    if operation in NEEDS_MASK and not mask:
        raise UsageError(f"To {operation} needs --mask: white is what may change.")
    if operation is not Operation.REMOVE:
        words(text, "--prompt")
    way = Way(backend=backend, auth=auth, key=api_key, credentials=credentials, project=project_id)
    settings = way.settings()
    source = Source.of(image)
    prompt = Prompt(
        id="",
        filename=file_name(out, f"{source.stem}-{mode.value}"),
        description=text or "Take away what the mask covers.",
        title=source.title,
        author=source.author,
        size=asked or source.size,
        references=places([image]),
        mask=places([mask])[0] if mask else "",
        operation=operation,
        backend=way.owner,
        model=model,
    )
    order = Order(prompt=prompt, out=out, force=force, labelled=True, yes=yes, as_json=as_json)
    raise typer.Exit(carry_out(settings, order, suffix=secrets.token_hex(2)))


def upscale(
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="A picture, or its URL.")],
    *,
    factor: Annotated[Factor, typer.Option(metavar="FACTOR", help=", ".join(Factor))] = Factor.TWO,
    text: Annotated[
        str, typer.Option("--prompt", metavar="TEXT", help="For models that add detail by it.")
    ] = "",
    backend: Backend = "",
    model: Model = "",
    out: Out = None,
    force: Force = False,
    auth: Auth = "",
    api_key: ApiKey = "",
    credentials: Credentials = None,
    project_id: ProjectId = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make a picture larger, with a model that draws the new pixels.

    Exit codes: 1 it failed or needs a look; 2 it cannot be made as asked, or the key is missing or
    not taken, and nothing was queued; 3 not now, for a limit or a budget: it waits in the queue.

    \b
    Examples:
      farm upscale hero.png --factor x2
      farm upscale hero.png --factor x4 --backend sdwebui -o hero-4x.png
      farm upscale photo.jpg --model clarity --prompt "A portrait in soft light"
    """
    way = Way(backend=backend, auth=auth, key=api_key, credentials=credentials, project=project_id)
    settings = way.settings()
    source = Source.of(image)
    prompt = Prompt(
        id="",
        filename=file_name(out, f"{source.stem}-{factor.value}"),
        description=text,
        title=source.title,
        author=source.author,
        references=places([image]),
        operation=Operation.UPSCALE,
        factor=float(factor.value.removeprefix("x")),
        backend=way.owner,
        model=model,
    )
    order = Order(
        prompt=prompt,
        original=source.size,
        out=out,
        force=force,
        labelled=True,
        yes=yes,
        as_json=as_json,
    )
    raise typer.Exit(carry_out(settings, order, suffix=secrets.token_hex(2)))
