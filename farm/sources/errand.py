"""What the reader of a source is sent with: it is another process and knows no settings."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from farm.model.sources import SourceOptions
from farm.sources.names import sheet_of

if TYPE_CHECKING:
    from farm.config import Settings
    from farm.google_apis import Access


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """One source to read, and everything that decides what its rows become."""

    source: str  # a path, `book.xlsx#Sheet`, `-`, or `sheets:ID`
    options: SourceOptions = SourceOptions()  # noqa: RUF009  # frozen
    brands: Path | None = None  # where `brands.toml` would be
    home: Path | None = None  # where `models.toml` would be
    spreadsheet: str = ""  # what `sheets:` alone means
    access: Access | None = None  # to Google's sheets, for one of them

    @classmethod
    def of(cls, settings: Settings, source: str, options: SourceOptions | None = None) -> Self:
        """The errand under these settings."""
        from farm.google_apis import access_of  # noqa: PLC0415  # no file shall wait for it

        return cls(
            source=source,
            options=options or SourceOptions(),
            brands=settings.home / "brands.toml",
            home=settings.home,
            spreadsheet=settings.spreadsheet_id,
            access=access_of(settings) if sheet_of(source) is not None else None,
        )

    def to_text(self) -> str:
        """As one argument of a command line."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The inverse of `to_text`."""
        values: dict[str, Any] = json.loads(text)
        options, access = values["options"], values["access"]
        if access is not None:
            from farm.google_apis import Access  # noqa: PLC0415  # as above

            values["access"] = Access(**access | {"credentials": _path(access["credentials"])})
        for pairs in ("mapping", "folders"):
            options[pairs] = tuple((first, second) for first, second in options[pairs])
        paths = {name: _path(values[name]) for name in ("brands", "home")}
        return cls(**values | paths | {"options": SourceOptions(**options)})


def _path(text: str | None) -> Path | None:
    return Path(text) if text is not None else None
