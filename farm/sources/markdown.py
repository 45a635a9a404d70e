"""Prompts from Markdown, in both of the seeds' forms; each block begins with a `###` header.

`fields`: `**File:** …`, `**Size:** …`, `**Prompt:** …` and any other field; one prompt a block.
`slug`: `**Slug:** …` and up to three prompts, `**Header Prompt:**`, `**Infographic Prompt:**` and
`**Context Prompt:**`, whose file names and sizes follow from the slug; `**Header Size:** …` says
otherwise for one of them. A value goes on until the next field, header or rule; one in a code
fence is taken as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from farm.errors import InputError
from farm.model.prompts import ImageType
from farm.sources.cells import Cells
from farm.sources.columns import Column, Pairs, column_named
from farm.sources.filenames import slug_of
from farm.sources.records import Record, cells_of

HEADING, SLUG, PART = "Heading", "Slug", "Part"
"""Columns that keep what a block is called, so that it can be written back."""

FENCE = re.compile(r"^(?P<indent>\s*)(?P<mark>`{3,}|~{3,})[^`]*$")
HEADER = re.compile(r"^(?P<level>#{1,6})\s+(?P<text>.*?)(?:\s+#+)?\s*$")
RULE = re.compile(r"^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$")
FIELD = re.compile(
    r"^\s*(?:[-*+]\s+)?\*\*\s*(?P<name>[^*:\n]{1,60}?)\s*(?::\s*\*\*|\*\*\s*:)[ \t]*(?P<rest>.*)$"
)
SPAN = re.compile(r"`([^`]+)`")
_BLOCK_LEVEL = 3
_LINES_NAMED = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One of the pictures that a slug stands for."""

    name: str
    prefix: str  # of its file name
    size: str
    image_type: ImageType = ImageType.REGULAR

    def defaults(self, slug: str) -> dict[str, str]:
        """What a prompt of this part is unless its block says otherwise."""
        return {
            Column.ID.value: f"{slug}-{self.name.casefold()}",
            Column.IMAGE_TYPE.value: self.image_type.value,
            Column.FILENAME.value: f"{self.prefix}-{slug_of(slug)}.png",
            Column.SIZE.value: self.size,
        }


PARTS = (
    Part(name="Header", prefix="hero", size="1920x1080px", image_type=ImageType.HERO),
    Part(name="Infographic", prefix="infographic", size="1200x1600px"),
    Part(name="Context", prefix="inline", size="800x450px"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Block:
    """What stands under one header."""

    heading: str
    line: int
    fields: dict[str, list[str]] = field(default_factory=dict)  # lines, by name


def cells_of_markdown(name: str, text: str, mapping: Pairs = ()) -> Cells:
    """The cells of a Markdown text; InputError where it holds no prompt or a fence stays open."""
    blocks = _blocks(name, text)
    read: list[tuple[Record, int]] = []
    for block in blocks:
        read += [(record, block.line) for record in _records(block, number=len(read) + 1)]
    if not read:
        said = "write '### ' before each one's name and its **Prompt:** below"
        raise InputError([f"{name} holds no prompts; {said}."])
    lines = [line for _, line in read]
    cells = cells_of(name, [record for record, _ in read], lambda i: lines[i], mapping)
    passed = [block.line for block in blocks if not block.fields]
    return replace(cells, warnings=(*cells.warnings, *_passed_over(name, passed)))


def heading_for(record: Mapping[str, str]) -> str:
    """What a block is called that has no name of its own."""
    kind = record.get(Column.IMAGE_TYPE.value, "")
    called = next(filter(None, map(record.get, (Column.TITLE, Column.FILENAME, Column.ID))), "")
    return f"{kind}: {called}" if kind not in {"", ImageType.REGULAR} else called or "Prompt"


def type_by(heading: str) -> ImageType:
    """The image type a header means, as the seeds read it: a Hero where it says so."""
    words = heading.casefold()
    if "hero" not in words:
        return ImageType.REGULAR
    return ImageType.HERO_OG if re.search(r"hero\W*(?:image\W*)?og\b", words) else ImageType.HERO


def _records(block: _Block, number: int) -> Iterator[Record]:
    fields = {name: _value(lines) for name, lines in block.fields.items()}
    asked = {name.casefold().removesuffix(" template") for name in fields}
    parts = [part for part in PARTS if f"{part.name} Prompt".casefold() in asked]
    if parts:
        yield from (_of_part(block, fields, part) for part in parts)
    elif fields:
        kind = {Column.IMAGE_TYPE.value: type_by(block.heading).value}
        typed = any(column_named(name) is Column.IMAGE_TYPE for name in fields)
        record = fields if typed else fields | kind
        numbered = {Column.ID.value: str(number), **record}
        known = {str(column_named(name) or name): text for name, text in numbered.items()}
        yield record if block.heading == heading_for(known) else {HEADING: block.heading, **record}


def _of_part(block: _Block, fields: Mapping[str, str], part: Part) -> Record:
    slug = fields.get(_named(fields, SLUG), "") or slug_of(block.heading)
    prefixes = tuple(f"{other.name.casefold()} " for other in PARTS)
    own = {
        name.partition(" ")[2].strip(): text
        for name, text in fields.items()
        if name.casefold().startswith(f"{part.name.casefold()} ")
    }
    shared = {
        name: text for name, text in fields.items() if not name.casefold().startswith(prefixes)
    }
    said = {str(column_named(name) or name): text for name, text in {**shared, **own}.items()}
    heading = {HEADING: block.heading, SLUG: slug, PART: part.name}
    return {**heading, **part.defaults(slug), **said, SLUG: slug}


def _named(fields: Mapping[str, str], wanted: str) -> str:
    return next((name for name in fields if name.casefold() == wanted.casefold()), "")


def _value(lines: list[str]) -> str:
    """The text of a field: a code span or fence that is all of it is taken off."""
    text = "\n".join(lines).strip()
    if (span := SPAN.fullmatch(text)) is not None:
        return span[1].strip()
    inner = text.split("\n")
    opened = FENCE.match(inner[0])
    if opened is None or len(inner) < 2 or not _closes(inner[-1], opened["mark"]):  # noqa: PLR2004
        return text
    if any(_closes(line, opened["mark"]) for line in inner[1:-1]):
        return text
    return "\n".join(inner[1:-1])


def _closes(line: str, mark: str) -> bool:
    text = line.strip()
    return text.startswith(mark) and not text.strip(mark[0])


def _passed_over(name: str, lines: list[int]) -> Iterator[str]:
    if lines:
        told = ", ".join(map(str, lines[:_LINES_NAMED]))
        more = ", …" if len(lines) > _LINES_NAMED else ""
        yield f"{name}: sections without a field are passed over (lines {told}{more})."


class _Parser:
    """Parts a text into blocks, a line at a time."""

    def __init__(self, name: str) -> None:
        self.blocks: list[_Block] = []
        self._name = name
        self._open: _Block | None = None  # the block that fields belong to
        self._value: list[str] | None = None  # the lines of the field that is being read
        self._fence = ""  # the mark that closes the code fence
        self._fenced_at = 0

    def feed(self, number: int, line: str) -> None:
        """Take the next line."""
        if self._is_text(number, line):
            if self._value is not None:
                self._value.append(line)
        elif (header := HEADER.match(line)) is not None:
            self._begin(number, header)
        elif RULE.match(line):
            self._value = None
        elif self._open is not None and (asked := FIELD.match(line)) is not None:
            self._ask(number, self._open, asked)

    def close(self) -> list[_Block]:
        """All blocks; InputError if a code fence stayed open."""
        if self._fence:
            said = "a code fence is opened there and never closed"
            raise InputError([f"{self._name}, line {self._fenced_at}: {said}."])
        return self.blocks

    def _is_text(self, number: int, line: str) -> bool:
        """Whether a line is part of a value and nothing else; keeps account of fences."""
        if self._fence:
            self._fence = "" if _closes(line, self._fence) else self._fence
            return True
        if (found := FENCE.match(line)) is not None:
            self._fence, self._fenced_at = found["mark"], number
            return True
        is_field = self._open is not None and FIELD.match(line)
        return not (is_field or HEADER.match(line) or RULE.match(line))

    def _begin(self, number: int, header: re.Match[str]) -> None:
        self._value = None
        level = len(header["level"])
        if level <= _BLOCK_LEVEL:
            self._open = None
        if level == _BLOCK_LEVEL:
            self._open = _Block(heading=header["text"], line=number)
            self.blocks.append(self._open)

    def _ask(self, number: int, block: _Block, asked: re.Match[str]) -> None:
        name = asked["name"].strip()
        if name in block.fields:
            said = f"**{name}:** stands there twice under {block.heading!r}"
            raise InputError([f"{self._name}, line {number}: {said}; keep one."])
        self._value = block.fields[name] = [asked["rest"]]
        if (found := FENCE.match(asked["rest"])) is not None:
            self._fence, self._fenced_at = found["mark"], number


def _blocks(name: str, text: str) -> list[_Block]:
    parser = _Parser(name)
    for number, line in enumerate(re.split(r"\r\n?|\n", text), 1):
        parser.feed(number, line)
    return parser.close()
