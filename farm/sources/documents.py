"""Prompts from JSON, JSON lines and YAML: a list of objects or texts, or `{"prompts": [...]}`.

An object's keys are columns. Numbers and dates stay as they are written. Where an object has a
scene and a mood beside its prompt, as in the seeds' form, both end up in what is drawn.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

import yaml

from farm.errors import InputError
from farm.sources.cells import Cells
from farm.sources.columns import Column, Pairs, column_named
from farm.sources.records import Record, cells_of
from farm.sources.scenes import KEY, with_moods

_MAX_NESTED = 2000  # characters of an object within an object
_BLANKS = " \t\r\n"


def cells_of_json(name: str, text: str, mapping: Pairs = ()) -> Cells:
    """The cells of a JSON text; InputError names the line of what is wrong."""
    try:
        document = _decoder().decode(text)
    except json.JSONDecodeError as error:
        said = f"{error.msg} at column {error.colno}"
        raise InputError([f"{name}, line {error.lineno}: no JSON: {said}."]) from error
    except (_TwiceError, RecursionError) as error:
        raise InputError([f"{name} cannot be read as JSON: {_why(error)}."]) from error
    return _cells(name, document, lambda: _json_lines(text), mapping)


def cells_of_jsonl(name: str, text: str, mapping: Pairs = ()) -> Cells:
    """The cells of a text with one JSON value a line."""
    decoder, items, lines = _decoder(), list[Any](), list[int]()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            items.append(decoder.decode(line))
        except (json.JSONDecodeError, _TwiceError, RecursionError) as error:
            said = f"no JSON: {_why(error)}"
            raise InputError([f"{name}, line {number}: {said}."]) from error
        lines.append(number)
    return _cells(name, items, lambda: lines, mapping)


def cells_of_yaml(name: str, text: str, mapping: Pairs = ()) -> Cells:
    """The cells of a YAML text; what is not quoted is text too."""
    try:
        document = yaml.load(text, _TextLoader)  # noqa: S506  # a safe loader, with fewer types
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}, line {mark.line + 1}" if mark else name
        raise InputError([f"{place}: no YAML: {error.problem or error.context}."]) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError([f"{name} cannot be read as YAML: {_why(error)}."]) from error
    return _cells(name, document, lambda: _yaml_lines(text), mapping)


def _cells(name: str, document: Any, lines: Callable[[], Sequence[int]], mapping: Pairs) -> Cells:
    items = document.get(KEY) if isinstance(document, Mapping) else document
    if not isinstance(items, list):
        said = f'write a list, or an object with one under "{KEY}"'
        raise InputError([f"{name} holds no list of prompts; {said}."])
    once = cache(lines)
    problems = [
        f"{name}, row {row} (line {once()[row - 1]}): neither an object nor a text."
        for row, item in enumerate(items, 1)
        if not isinstance(item, Mapping | str)
    ]
    if problems:
        raise InputError(problems[:50])
    try:
        records = [_record(item) for item in items]
    except ValueError as error:
        raise InputError([f"{name}: an object holds itself, through an alias."]) from error
    return cells_of(name, records, lambda index: once()[index], mapping)


def _record(item: Mapping[str, Any] | str) -> Record:
    if isinstance(item, str):
        return {Column.DESCRIPTION.value: item}
    record = {str(key): _text(str(key), value) for key, value in item.items()}
    key = next((k for k in record if column_named(k) is Column.DESCRIPTION), "prompt")
    told = record.get(key, "").strip()
    if (described := with_moods(told, record)) != told:
        record[key] = described
    return record


def _text(key: str, value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case list() if all(isinstance(item, str) for item in value):
            joint = "\n" if column_named(key) is Column.REFERENCES else ", "
            return joint.join(value)
    # An alias of YAML may make an object endless, or very large out of little.
    pieces = json.JSONEncoder(ensure_ascii=False).iterencode(value)
    return "".join(islice(pieces, _MAX_NESTED))


class _TwiceError(ValueError):
    """An object has a key twice."""


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_object, parse_float=_number, parse_int=str, parse_constant=str
    )


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _TwiceError(f"an object has {twice!r} twice")
    return found


def _number(text: str) -> str:
    return text.removesuffix(".0")


def _why(error: Exception) -> str:
    return "it is nested too deep" if isinstance(error, RecursionError) else str(error)


def _json_lines(text: str) -> list[int]:
    """The line on which each element of the list of prompts begins."""
    decoder, lines, line, seen = json.JSONDecoder(), [], 1, 0
    for begin in _elements(decoder, text, _list_in(decoder, text)):
        line += text.count("\n", seen, begin)
        seen = begin
        lines.append(line)
    return lines


def _list_in(decoder: json.JSONDecoder, text: str) -> int:
    """Where the list of prompts begins, in a text that is known to be whole."""
    place = _after_blanks(text, 0)
    while text[place] != "[":
        key, place = decoder.raw_decode(text, _after_blanks(text, place + 1))
        place = _after_blanks(text, _after_blanks(text, place) + 1)
        if key != KEY:
            place = _after_blanks(text, decoder.raw_decode(text, place)[1])
    return place


def _elements(decoder: json.JSONDecoder, text: str, place: int) -> Iterator[int]:
    place = _after_blanks(text, place + 1)
    while text[place] != "]":
        yield place
        place = _after_blanks(text, decoder.raw_decode(text, place)[1])
        if text[place] == ",":
            place = _after_blanks(text, place + 1)


def _after_blanks(text: str, place: int) -> int:
    while text[place] in _BLANKS:
        place += 1
    return place


class _TextLoader(yaml.CSafeLoader):
    """Knows only texts, lists, mappings and nothing: `007`, `no` and `2026-11-21` stay texts."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # as in the class it comes from
        first: [(tag, pattern) for tag, pattern in known if tag.endswith((":null", ":merge"))]
        for first, known in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # as the class has it
        """A mapping, none of whose own keys stands there twice."""
        own = [key for key, _ in node.value if not key.tag.endswith(":merge")]
        seen: set[str] = set()
        for key in own:
            if isinstance(key.value, str) and key.value in seen:
                said = f"{key.value!r} stands there twice"
                raise yaml.constructor.ConstructorError(None, None, said, key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _yaml_lines(text: str) -> list[int]:
    node = yaml.compose(text, _TextLoader)
    if isinstance(node, yaml.MappingNode):
        node = next(value for key, value in node.value if key.value == KEY)
    items: list[yaml.Node] = node.value if node else []
    return [item.start_mark.line + 1 for item in items]
