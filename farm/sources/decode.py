"""From a path to text: every way in which a prompt file is no text has its own sentence."""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from farm.errors import InputError

MAX_BYTES = 512 * 1024 * 1024  # a million rich prompts; more is a mistake

_HOW_TO_SAVE = (
    "Save the file as UTF-8: in Excel as 'CSV UTF-8', in LibreOffice with the character set "
    "'Unicode (UTF-8)'."
)
_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_KINDS: Mapping[bytes, str] = {
    b"PK\x03\x04": "an Excel workbook (say --format xlsx) or another ZIP archive",
    b"\xd0\xcf\x11\xe0": "an old or locked Excel workbook; save it as .xlsx, without a password",
    b"%PDF": "a PDF",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"\x1f\x8b": "a gzip archive; unpack it",
    b"SQLite format 3": "a database",
}
_PATTERN = re.compile(r"[*?]|\[.+\]")
_NOT_IN_TEXT = bytes(set(range(0x20)) - set(b"\t\n\r\v\f"))


def read_text(path: Path) -> str:
    """The whole file as text; InputError tells what is wrong."""
    return decode(str(path), read_bytes(path))


def decode(path: str, data: bytes) -> str:
    """The text of a file without its byte order mark; InputError tells what is wrong."""
    if not data.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        raise InputError([f"{path} is empty; there is no prompt in it."])
    mark, encoding = next(((m, e) for m, e in _MARKS if data.startswith(m)), (b"", "utf-8"))
    body = data[len(mark) :]
    if not mark:
        _refuse_binary(path, body)
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError([_undecodable(path, body, len(mark), error)]) from error


def read_bytes(path: Path, suffixes: Collection[str] = (".csv", ".tsv")) -> bytes:
    """What a file holds; InputError tells why it cannot be had, and of files with these suffixes.

    Several files at once, as a folder or a pattern, are refused: each fills a queue of its own.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise InputError([f"{path} does not exist.{_advice(path)}"]) from error
    except IsADirectoryError as error:
        raise InputError(
            [f"{path} is a folder; name a file in it.{_sources_in(path, suffixes)}"]
        ) from error
    except OSError as error:
        raise InputError([f"{path} cannot be read: {error.strerror or error}."]) from error
    if len(data) > MAX_BYTES:
        raise InputError(
            [f"{path} is over {MAX_BYTES // 1024**2} MB; split it into smaller files."]
        )
    return data


def _advice(path: Path) -> str:
    if _PATTERN.search(path.name):
        return " It looks like a pattern, and farm takes none: name each file."
    try:
        names = [other.name for other in path.parent.iterdir()]
    except OSError:
        return f" There is no folder {path.parent}."
    near = difflib.get_close_matches(path.name, names, n=1)
    return f" Did you mean {path.with_name(near[0])}?" if near else ""


def _sources_in(folder: Path, suffixes: Collection[str]) -> str:
    found = sorted(p.name for p in folder.iterdir() if p.suffix.casefold() in suffixes)[:3]
    return f" It holds {', '.join(found)}." if found else ""


def _refuse_binary(path: str, body: bytes) -> None:
    kind = next((kind for magic, kind in _KINDS.items() if body.startswith(magic)), None)
    if kind is not None:
        raise InputError([f"{path} is {kind}, not a text file."])
    head = body[:8192]
    nuls = (head[::2].count(0), head[1::2].count(0))
    if sum(nuls) > len(head) // 4 and 0 in nuls:
        raise InputError([f"{path} looks like UTF-16 without its mark. {_HOW_TO_SAVE}"])
    if len(head) - len(head.translate(None, _NOT_IN_TEXT)) > len(head) // 20:
        raise InputError([f"{path} is a binary file, not a table of prompts."])


def _undecodable(path: str, body: bytes, mark: int, error: UnicodeDecodeError) -> str:
    before = body[: error.start].decode(error.encoding, errors="replace")
    records = list(csv.reader(io.StringIO(before, newline=""))) or [[]]
    row = sum(1 for record in records if any(record)) - 1
    if before.endswith(("\n", "\r")):
        row += 1
    line = len(io.StringIO(before + "x", newline=None).readlines())
    place = "header" if row < 1 else f"row {row}"
    said = f"{path}, {place} (line {line}), byte {mark + error.start + 1}"
    if error.encoding != "utf-8":
        return f"{said}: this is not {error.encoding.upper()}; the file may be cut off."
    byte = body[error.start]
    guess = bytes([byte]).decode("cp1252", errors="replace")
    return f"{said}: 0x{byte:02X} is not UTF-8 (in Windows-1252 it is {guess!r}). {_HOW_TO_SAVE}"
