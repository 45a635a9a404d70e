"""`farm images …`: the steps that farm takes, for any files and folders."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from farm.cli.options import AsJson
from farm.cli.render import complain, say, say_json, say_table
from farm.cli.running import INTERRUPTED
from farm.errors import NoPicture, UsageError
from farm.model.presets import PRESETS, preset_size
from farm.model.prompts import Size
from farm.model.recipes import KIB, Focus, Recipe, Resize, parse_formats

if TYPE_CHECKING:
    from farm.model.images import Derivative
    from farm.steps.examine import Examined
    from farm.steps.look import Look
    from farm.steps.orders import Fate

PROBLEMS = 1
Task = TypeVar("Task")
Result = TypeVar("Result")

images = typer.Typer(
    name="images",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Resize, convert, check and read picture files: your images, or any others.

The originals are only read; copies go to a folder `derived` beside them.

\b
Examples:
  farm images resize downloads --preset og --preset thumbnail
  farm images convert downloads --to webp:85 --max-kb 200
  farm images verify downloads
  farm images show hero.webp
""",
)

Paths = Annotated[
    list[Path], typer.Argument(metavar="PATHS", help="Files, and folders with all in them.")
]
Formats = Annotated[
    str, typer.Option("--to", metavar="FORMATS", help="webp, avif, jpeg, png; `webp:85 avif`.")
]
MaxKb = Annotated[
    int,
    typer.Option("--max-kb", min=0, metavar="KB", help="Lower the quality until a copy fits."),
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Put the copies there instead.")
]
Jobs = Annotated[
    int, typer.Option("--jobs", min=0, metavar="N", help="Processes; 0: one for each core.")
]
Force = Annotated[bool, typer.Option("--force", help="Write over copies that are there.")]
Background = Annotated[
    str, typer.Option(metavar="COLOUR", help="Behind what is padded or was transparent.")
]
KeepProfile = Annotated[
    bool, typer.Option("--keep-profile", help="Leave colours as they are, not made sRGB.")
]
Metadata = Annotated[
    bool, typer.Option("--metadata/--no-metadata", help="Whether copies say what the file says.")
]


@images.command()
def resize(
    paths: Paths,
    *,
    preset: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help=f"{', '.join(PRESETS)}; repeatable.")
    ] = None,
    size: Annotated[
        list[str] | None, typer.Option(metavar="WxH", help="Such as 800x450; repeatable.")
    ] = None,
    fit: Annotated[
        Resize, typer.Option(metavar="HOW", help="cover: cut what stands over; contain: pad.")
    ] = Resize.COVER,
    focus: Annotated[
        str, typer.Option(metavar="WHERE", help="What a cut keeps: `top left`, `50% 30%`.")
    ] = "center",
    background: Background = "white",
    to: Formats = "",
    max_kb: MaxKb = 0,
    out: Out = None,
    jobs: Jobs = 0,
    force: Force = False,
    keep_profile: KeepProfile = False,
    metadata: Metadata = True,
    as_json: AsJson = False,
) -> None:
    """Make copies in exactly these sizes.

    \b
    Examples:
      farm images resize downloads --preset og
      farm images resize hero.png --size 800x450 --size 400x225 --to webp
      farm images resize chart.png --preset square --fit contain --background '#0b1021'
      farm images resize people.jpg --preset og --focus '50% 20%'
    """
    with wrong_words():
        sizes: dict[str, Size | None] = {name.lower(): preset_size(name) for name in preset or ()}
        sizes |= {f"{s.width_px}x{s.height_px}": s for s in map(Size.parse, size or ())}
        recipe = Recipe(
            resize=fit,
            focus=Focus.parse(focus),
            background=background,
            formats=parse_formats(to),
            max_bytes=max_kb * KIB or None,
            keep_profile=keep_profile,
            metadata=metadata,
        )
    if not sizes or fit is Resize.OFF:
        raise UsageError("Which size? Name one by --preset or --size, and --fit cover or contain.")
    make_copies(paths, recipe, sizes, out=out, jobs=jobs, force=force, as_json=as_json)


@images.command()
def convert(
    paths: Paths,
    *,
    to: Formats,
    max_kb: MaxKb = 0,
    background: Background = "white",
    out: Out = None,
    jobs: Jobs = 0,
    force: Force = False,
    keep_profile: KeepProfile = False,
    metadata: Metadata = True,
    as_json: AsJson = False,
) -> None:
    """Make copies in other formats, as large as the originals.

    \b
    Examples:
      farm images convert downloads --to webp:85
      farm images convert downloads --to 'webp avif' --max-kb 300 --out web
      farm images convert logo.png --to jpeg --background '#ffffff'
    """
    with wrong_words():
        recipe = Recipe(
            background=background,
            formats=parse_formats(to),
            max_bytes=max_kb * KIB or None,
            keep_profile=keep_profile,
            metadata=metadata,
        )
    if not recipe.formats:
        raise UsageError("Into what? Name formats by --to, such as --to webp:85.")
    make_copies(paths, recipe, {"": None}, out=out, jobs=jobs, force=force, as_json=as_json)


@images.command()
def verify(
    paths: Paths,
    *,
    size: Annotated[str, typer.Option(metavar="WxH", help="What was asked for.")] = "",
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Decode files whole, and look for icons, broken ones and pictures that are there twice.

    Exit code 1 when there are problems. Pictures that only look alike are no problem.

    \b
    Examples:
      farm images verify downloads
      farm images verify downloads/2026-11-20 --size 1920x1080 --json
    """
    from functools import partial

    from farm.steps.examine import duplicates, examine, look_alikes
    from farm.steps.orders import find_pictures

    with wrong_words():
        asked = Size.parse(size) if size else None
    files = [each.path for each in find_pictures(paths)]
    examined = all_done(partial(examine, asked=asked), files, jobs=jobs, quiet=as_json)
    same, alike = duplicates(examined), look_alikes(examined)
    if as_json:
        say_json({"files": examined, "duplicates": same, "look_alikes": alike})
    else:
        say_examined(examined, same, alike)
    raise typer.Exit(PROBLEMS if same or any(each.problems for each in examined) else 0)


@images.command()
def show(paths: Paths, *, as_json: AsJson = False) -> None:
    """Say what is in picture files: sizes, colours, and how they came to be.

    Copies carry that themselves; for originals, which stay as they were made, the queue is asked.

    \b
    Examples:
      farm images show derived/hero.webp
      farm images show downloads --json
    """
    from farm.cli.origins import with_origins
    from farm.steps.look import look
    from farm.steps.orders import find_pictures

    looks, faults = [], []
    for each in find_pictures(paths):
        try:
            looks.append(look(each.path))
        except NoPicture as error:
            faults.append(str(error))
    looks = with_origins(looks)
    if as_json:
        say_json({"files": looks, "problems": faults})
    else:
        for one in looks:
            say_look(one)
    for fault in faults:
        complain(fault)
    raise typer.Exit(PROBLEMS if faults else 0)


def make_copies(
    paths: Sequence[Path],
    recipe: Recipe,
    sizes: Mapping[str, Size | None],
    *,
    out: Path | None,
    jobs: int,
    force: bool,
    as_json: bool,
) -> None:
    """Order copies of everything, carry the orders out and tell how it went."""
    from farm.steps.orders import carry_out, find_pictures, orders_of
    from farm.steps.sizes import colour

    with wrong_words():
        colour(recipe.background)
    orders = orders_of(find_pictures(paths), recipe, sizes=sizes, out=out, force=force)
    fates = all_done(carry_out, orders, jobs=jobs, quiet=as_json)
    if as_json:
        say_json({"pictures": fates})
    else:
        say_fates(fates)
    raise typer.Exit(PROBLEMS if any(fate.problem for fate in fates) else 0)


def all_done(
    work: Callable[[Task], Result], tasks: Sequence[Task], *, jobs: int, quiet: bool
) -> list[Result]:
    """The results in the tasks' order, from all cores, with a bar on a terminal."""
    from farm.steps.pool import cores, spread

    processes = max(1, min(jobs or cores(), len(tasks)))
    places = {id(task): place for place, task in enumerate(tasks)}
    results: dict[int, Result] = {}
    try:
        with progress(len(tasks), quiet=quiet) as step, ctrl_c() as heed:
            for task, result in spread(work, tasks, processes=processes):
                results[places[id(task)]] = result
                step()
                heed()
    except KeyboardInterrupt:
        complain(f"Interrupted: {len(results)} of {len(tasks)} done, no file is left half.")
        raise typer.Exit(INTERRUPTED) from None
    return [results[place] for place in sorted(results)]


@contextmanager
def ctrl_c() -> Iterator[Callable[[], None]]:
    """Ctrl-C interrupts at once; call the value now and then, for the one that got lost.

    Python raises it between any two steps of the main thread: in a callback whose errors nobody
    sees, it would change nothing.
    """
    pressed = False

    def note(_number: int, _frame: object) -> None:
        nonlocal pressed
        pressed = True
        raise KeyboardInterrupt

    def heed() -> None:
        if pressed:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield heed
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """A bar on standard error while the block runs; call the value after each step."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(file=sys.stderr)
    hidden = quiet or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)


@contextmanager
def wrong_words() -> Iterator[None]:
    """A text of the command line that means nothing is a wrong use."""
    try:
        yield
    except ValueError as error:
        raise UsageError(f"{error}.") from None


def say_fates(fates: Sequence[Fate]) -> None:
    """What was made, what was there, what could not be done."""
    for fate in fates:
        for warning in fate.warnings:
            complain(f"{fate.original}: {warning}")
        if fate.problem:
            complain(fate.problem)
    files = [file for fate in fates for file in fate.files]
    size = sum(file.size_bytes for file in files) / KIB
    say(f"{len(files)} copies made of {len({f.original for f in fates})} pictures{_where(files)}.")
    if files:
        say(f"{size:,.0f} KiB in all.")
    if kept := sum(len(fate.kept) for fate in fates):
        say(f"{kept} were there already and stay as they are (--force makes them anew).")
    if troubled := sum(bool(fate.problem) for fate in fates):
        say(f"{troubled} could not be made.")


def _where(files: Sequence[Derivative]) -> str:
    """` in a/derived and 3 folders more`."""
    first, *more = sorted({str(Path(file.path).parent) for file in files}) or [""]
    return (f" in {first}" if first else "") + (f" and {len(more)} folders more" if more else "")


def say_examined(
    examined: Sequence[Examined], same: Sequence[Sequence[str]], alike: Sequence[Sequence[str]]
) -> None:
    """A table of what is wrong, and what is there twice."""
    rows = [
        (each.path, f"{each.width_px}x{each.height_px}", kind, text)
        for each in examined
        for kind, texts in (("problem", each.problems), ("warning", each.warnings))
        for text in texts
    ]
    rows += [(group[0], "", "problem", f"The same file: {', '.join(group[1:])}") for group in same]
    rows += [(group[0], "", "warning", f"Looks alike: {', '.join(group[1:])}") for group in alike]
    if rows:
        say_table(("file", "pixels", "", "what"), rows)
    bad = sum(bool(each.problems) for each in examined)
    say(f"{len(examined)} pictures: {len(examined) - bad} whole, {bad} with problems.")


def say_look(look: Look) -> None:
    """One file, a fact a line."""
    from farm.cli.origins import copy_of

    said: dict[str, Any] = {
        "format": f"{look.format}, {look.width_px}x{look.height_px}px, {look.mode}",
        "bytes": f"{look.size_bytes:,}",
        "sha256": look.sha256,
        "looks like": look.perceptual,
        "colour profile": look.profile,
        "content credentials": "a C2PA manifest" if look.credentials else "",
    }
    if look.facts:
        said |= {
            "prompt": f"{look.facts.queue}/{look.facts.prompt.get('id', '')}",
            "backend": " ".join(filter(None, (look.facts.backend, look.facts.model))),
            "account": look.facts.account,
            "text sent": look.facts.text,
            "known from": "the queue; the file itself does not say" if look.stored else "",
        }
    elif copy := copy_of(Path(look.path)):
        said["how it came to be"] = f"a copy says: farm images show {copy}"
    said |= look.xmp
    say(look.path)
    for key, text in said.items():
        if text:
            say(f"  {key}: {' '.join(str(text).split())}")
