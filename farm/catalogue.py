"""The models farm knows: the shipped list, and what the user adds in `models.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from farm.errors import UsageError
from farm.model.models import Catalogue, catalogue_of

FILE_NAME = "models.toml"


def load_catalogue(home: Path | None = None) -> Catalogue:
    """All models; a `models.toml` in the user's folder adds some, or replaces those of the same id.

    UsageError naming the file when it is no such list.
    """
    own = home / FILE_NAME if home is not None else None
    if own is None or not own.is_file():
        return _shipped()
    try:
        book = tomllib.loads(own.read_text(encoding="utf-8-sig"))
        return catalogue_of(_book(), book)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{own} cannot be read: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"{own} is no list of models ({error}): write it like farm/data/models.toml, each "
            "model a [[model]] with backend and id."
        ) from error


@cache
def _shipped() -> Catalogue:
    return catalogue_of(_book())


def _book() -> dict[str, Any]:
    text = resources.files("farm").joinpath("data", FILE_NAME).read_text(encoding="utf-8")
    return tomllib.loads(text)
