"""From the rows of a source to the pictures they ask for: brands, templates, variations, twins.

The same source always becomes the same ids: a row `7` that asks for three pictures is `7`, `7-v2`
and `7-v3`, and the social-media twin of a Hero is `7-og`. A row that already has such an id stands
for itself, so that results which are read again, rows and all, become the same jobs again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from farm.errors import InputError
from farm.model.prompts import ImageType
from farm.model.sources import SourceOptions
from farm.sources.brands import Brand, no_such_brand, read_brands
from farm.sources.cells import Cells, Flaw
from farm.sources.checks import image_type_of, is_yes
from farm.sources.columns import Column, plain_name
from farm.sources.errand import Errand
from farm.sources.filenames import derived_name, numbered, twin_of
from farm.sources.templates import UnknownField, fields_in, fill

OG_SIZE = "1200x630px"
_FILLED = (Column.TITLE, Column.FILENAME, Column.DESCRIPTION)  # in this order
_TWIN_ID = re.compile(r"(?P<of>.+)-(?:v\d+|og)", re.DOTALL)
_NAMED = 5  # rows in a warning

_WISHES = (Column.VARIATIONS, Column.WITH_OG)  # gone from the pictures: no result asks again
_CHANGED = (
    Column.ID,
    Column.IMAGE_TYPE,
    Column.FILENAME,
    Column.SIZE,
    Column.TITLE,
    Column.AUTHOR,
)

_Known = Mapping[Column, Sequence[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Picture:
    """One picture of a row."""

    index: int  # of the row in the cells
    variation: int = 1
    is_twin: bool = False


def expand(cells: Cells, errand: Errand) -> tuple[Cells, list[Flaw]]:
    """The cells of all pictures, and what is wrong with the wishes for them."""
    options, problems = errand.options, list[Flaw]()
    if options.templates or cells.is_template:
        cells, problems = _filled(cells)
    else:
        cells = replace(cells, warnings=(*cells.warnings, *_left_alone(cells)))
    if options.brand or Column.BRAND in cells.known:
        cells, wrong = _branded(cells, errand)
        problems += wrong
    if options.variations > 1 or options.with_og or _asks(cells):
        cells = _multiplied(cells, options)
    return cells, problems


def _asks(cells: Cells) -> bool:
    return any(any(cells.known.get(column, ())) for column in _WISHES)


def _filled(cells: Cells) -> tuple[Cells, list[Flaw]]:
    own = {plain_name(name): column for name, column in cells.extra.items()}
    known = {plain_name(c): cells.column(c) for c in (Column.ID, *cells.known)}
    columns = {**own, **known}
    for short, column in (("title", Column.TITLE), ("author", Column.AUTHOR), ("id", Column.ID)):
        columns.setdefault(short, cells.column(column))
    texts = {column: list(cells.column(column)) for column in _FILLED}
    problems = []
    for index, record in enumerate(zip(*columns.values(), strict=True)):
        values = dict(zip(columns, record, strict=True))
        for column in _FILLED:
            try:
                texts[column][index] = fill(texts[column][index], values)
            except UnknownField as error:
                problems.append(Flaw(cells.row(index), 0, column.value, str(error)))
            if column is Column.TITLE:
                values["title"] = values[plain_name(Column.TITLE)] = texts[column][index]
    return replace(cells, known={**cells.known, **texts}), problems


def _left_alone(cells: Cells) -> Iterator[str]:
    """Fields in a source that is no template: somebody may have meant them."""
    names = {plain_name(name) for name in (*cells.known, *cells.extra)}
    rows = []
    for index, text in enumerate(cells.known[Column.DESCRIPTION]):
        if "{" in text and any(plain_name(name) in names for name in fields_in(text)):
            rows.append(cells.row(index))
    if rows:
        told = ", ".join(map(str, rows[:_NAMED])) + (", …" if len(rows) > _NAMED else "")
        yield (
            f"{cells.name}, rows {told}: columns named in braces stay as they are; "
            "to have them filled, say --templates or call the column Prompt Template."
        )


def _branded(cells: Cells, errand: Errand) -> tuple[Cells, list[Flaw]]:
    brands = read_brands(errand.brands) if errand.brands else None
    if brands is None and errand.options.brand:
        raise InputError(
            [f"--brand {errand.options.brand}: there is no {errand.brands or 'brands.toml'}."]
        )
    if brands is None:
        said = f"{cells.name}: there is no {errand.brands or 'brands.toml'}; Brand changes nothing."
        told = (said,) if any(cells.column(Column.BRAND)) else ()
        return replace(cells, warnings=(*cells.warnings, *told)), []
    names = [name or errand.options.brand for name in cells.column(Column.BRAND)]
    wrong = {n: no_such_brand(n, brands) for n in set(names) if n and n.casefold() not in brands}
    problems = [
        Flaw(cells.row(index), 0, Column.BRAND.value, wrong[name])
        for index, name in enumerate(names)
        if name in wrong
    ]
    of_rows = [brands.get(name.casefold(), Brand()) for name in names]
    return replace(cells, known={**cells.known, **_with_brands(cells, of_rows, names)}), problems


def _with_brands(
    cells: Cells, brands: Sequence[Brand], names: Sequence[str]
) -> dict[Column, list[str]]:
    def merged(column: Column, key: str, merge: Any) -> list[str]:
        rows = zip(cells.column(column), brands, strict=True)
        return [merge(text, getattr(brand, key)) for text, brand in rows]

    return {
        Column.BRAND: list(names),
        Column.DESCRIPTION: merged(Column.DESCRIPTION, "suffix", _with_suffix),
        Column.NEGATIVE: merged(Column.NEGATIVE, "negative", _with_words),
        Column.COLORS: merged(Column.COLORS, "colors", _or_else),
        Column.TYPOGRAPHY: merged(Column.TYPOGRAPHY, "typography", _or_else),
    }


def _with_suffix(text: str, suffix: str) -> str:
    if not suffix or not text or text.endswith(suffix):  # also when results are read again
        return text
    return f"{text} {suffix}" if text[-1] in ".!?…" else f"{text}. {suffix}"


def _with_words(text: str, more: str) -> str:
    return text if more in text else ", ".join(filter(None, (text, more)))


def _or_else(text: str, other: str) -> str:
    return text or other


def _multiplied(cells: Cells, options: SourceOptions) -> Cells:
    whole = {column: cells.column(column) for column in {*cells.known, *_CHANGED, *_WISHES}}
    pictures = list(_pictures(whole, cells.broken, options))
    indexes = [picture.index for picture in pictures]
    known = {c: [t[i] for i in indexes] for c, t in whole.items() if c not in _WISHES}
    for place, picture in enumerate(pictures):
        for column, text in _changes(whole, picture).items():
            known[column][place] = text
    rows = [cells.row(index) - 1 for index in indexes]
    return replace(
        cells,
        known=known,
        extra={name: [texts[i] for i in indexes] for name, texts in cells.extra.items()},
        broken={place: cells.broken[i] for place, i in enumerate(indexes) if i in cells.broken},
        rows=rows,
    )


def _pictures(
    known: _Known, broken: Mapping[int, str], options: SourceOptions
) -> Iterator[_Picture]:
    """Each row's own picture, then its variations, each with its twin behind it."""
    taken, twins_there = set(known[Column.ID]), _names_of_twins(known)
    for index, number in enumerate(known[Column.ID]):
        yield _Picture(index=index)
        if index in broken or _made_of(number, taken):
            continue
        asked = known[Column.VARIATIONS][index]
        count = int(asked[:2]) if asked.isdecimal() else options.variations
        has_twin = _wants_twin(known, index, options)
        for variation in range(1, count + 1):
            own = _Picture(index=index, variation=variation)
            twin = replace(own, is_twin=True)
            if variation > 1 and _changes(known, own)[Column.ID] not in taken:
                yield own
            if has_twin and _is_new(_changes(known, twin), taken, twins_there):
                yield twin


def _is_new(twin: Mapping[Column, str], taken: set[str], names: set[str]) -> bool:
    return twin[Column.ID] not in taken and twin[Column.FILENAME].casefold() not in names


def _made_of(number: str, taken: set[str]) -> bool:
    """Whether a row is a picture of another one, from results that are read again."""
    while (found := _TWIN_ID.fullmatch(number)) is not None:
        number = found["of"]
        if number in taken:
            return True
    return False


def _wants_twin(known: _Known, index: int, options: SourceOptions) -> bool:
    if image_type_of(known[Column.IMAGE_TYPE][index]) is not ImageType.HERO:
        return False
    asked = known[Column.WITH_OG][index]
    return is_yes(asked) if asked else options.with_og


def _names_of_twins(known: _Known) -> set[str]:
    """The file names of the twins that have a row of their own."""
    kinds = zip(known[Column.IMAGE_TYPE], known[Column.FILENAME], strict=True)
    return {name.casefold() for kind, name in kinds if image_type_of(kind) is ImageType.HERO_OG}


def _name(known: _Known, index: int) -> str:
    kind = image_type_of(known[Column.IMAGE_TYPE][index]) or ImageType.REGULAR
    title, number = known[Column.TITLE][index], known[Column.ID][index]
    return known[Column.FILENAME][index] or derived_name(kind, title, number)


def _changes(known: _Known, picture: _Picture) -> Mapping[Column, str]:
    """What a picture differs in from its row."""
    number, name = known[Column.ID][picture.index], _name(known, picture.index)
    changes = {Column.ID: number}  # a row without one is its number, whatever comes before it
    if picture.variation > 1:
        changes[Column.ID] = f"{number}-v{picture.variation}"
        changes[Column.FILENAME] = name = numbered(name, picture.variation)
    if picture.is_twin:
        changes[Column.ID] += "-og"
        changes[Column.FILENAME] = twin_of(name)
        changes[Column.IMAGE_TYPE] = ImageType.HERO_OG.value
        changes[Column.SIZE] = OG_SIZE
        changes[Column.TITLE] = changes[Column.AUTHOR] = ""  # its picture has no text
    return changes
