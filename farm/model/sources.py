"""How a source of prompts is to be taken: what the user asked for beside its name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceOptions:
    """What holds for every row of a source, unless the row says otherwise."""

    kind: str = ""  # csv, md, …; "" goes by the name, or looks at the text
    mapping: tuple[tuple[str, str], ...] = ()  # a column farm knows, and what the source calls it
    templates: bool = False  # `{City}` in a text is the row's cell of that column
    brand: str = ""  # of `brands.toml`, for rows that name none
    variations: int = 1  # pictures of each row
    with_og: bool = False  # each Hero brings its social-media twin
    # Where relative paths in a source's cells begin, for sources that are copies of others.
    folders: tuple[tuple[str, str], ...] = ()
