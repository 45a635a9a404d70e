"""Addresses of Gemini's images: which size an address asks for, and how to ask for all of it."""

from __future__ import annotations

import re

_FLAG = r"(?:s\d+|w\d+|h\d+|rj|rp|rw|d|I|no|k|c|p|nu|v\d+|e\d+|l\d+|fcrop[\w:=,]*)"
_SUFFIX = re.compile(rf"^{_FLAG}(?:-{_FLAG})*$")
_SIZE_FLAG = re.compile(r"^(?:s|w|h)\d+$")
_RECODED = frozenset({"rj", "rp", "rw"})  # the server re-encodes: never wanted for an original


def full_size_url(url: str) -> str:
    """The same image in its original size: `=s0` behind the last `=` of the path.

    Flags that do not concern size or encoding stay; a token may itself contain `=`; an address
    without a size gets one. The query stays as it is.
    """
    path, mark, query = url.partition("?")
    head, equals, suffix = path.rpartition("=")
    if equals and _SUFFIX.match(suffix) and "/" not in suffix:
        flags = suffix.split("-")
        kept = [flag for flag in flags if not _SIZE_FLAG.match(flag) and flag not in _RECODED]
        return "=".join((head, "-".join(("s0", *kept)))) + mark + query
    return f"{path}=s0{mark}{query}"


def preview_url(url: str) -> str:
    """The address as the page shows it, without a query."""
    return url.partition("?")[0]
