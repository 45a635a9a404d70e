"""Whose model a row names: its Backend and its Model, looked at together."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from farm.errors import InputError, UsageError
from farm.model.models import Catalogue, Model, Status
from farm.sources.cells import Cells, Flaw
from farm.sources.checks import BACKENDS, MAX_ID, backend_of
from farm.sources.columns import Column

_WEB = "web"
_CLOSED = frozenset({"gemini", "openai"})  # who draw with no models but their own few
_LIKE = 0.8


def named(backend: str, model: str) -> tuple[str, str]:
    """Backend and model of a row; `sdwebui:sdxl` in the column Model names both."""
    whose, _, name = model.partition(":")
    if name and (prefix := backend_of(whose.strip())) in BACKENDS and prefix != _WEB:
        return prefix, name.strip()
    return backend_of(backend), model


def model_cell(backend: str, model: str) -> str:
    """A model as a row may name it again: one that farm does not know with its backend."""
    if backend not in _CLOSED or not model or _catalogue(None).find(model, backend) is not None:
        return model
    return f"{backend}:{model}"


def misnamed(cells: Cells, sound: set[int], home: Path | None, order: int) -> Iterator[Flaw]:
    """The rows whose model nobody has, has any more, or somebody else has."""
    models = cells.column(Column.MODEL)
    if not any(models):
        return
    pairs = list(zip(cells.column(Column.BACKEND), models, strict=True))
    catalogue = _catalogue(home)
    wrong = {pair: said for pair in set(pairs) if (said := _wrong(*pair, catalogue))}
    for index, pair in enumerate(pairs):
        if pair in wrong and index in sound:
            yield Flaw(cells.row(index), order, Column.MODEL.value, wrong[pair])


def _catalogue(home: Path | None) -> Catalogue:
    from farm.catalogue import load_catalogue  # noqa: PLC0415  # few sources name a model

    try:
        return load_catalogue(home)
    except UsageError as error:  # the user's own list of models
        raise InputError([str(error)]) from error


def _wrong(asked: str, text: str, catalogue: Catalogue) -> str:
    backend, name = named(asked, text)
    if len(name) > MAX_ID:
        return f"has {len(name)} characters; the limit is {MAX_ID}"
    if not name or (asked and backend not in BACKENDS):  # the latter is told of its own column
        return ""
    if asked and backend != backend_of(asked):
        return f"{text!r} is a model of {backend}, and Backend says {asked}; name one of them"
    known = catalogue.find(name, "gemini" if backend == _WEB else backend)
    if known is not None:
        is_gone = known.status is Status.RETIRED
        return known.obituary(date.max).rstrip(".") if is_gone else ""
    return _unknown(backend, text, catalogue)


def _unknown(backend: str, text: str, catalogue: Catalogue) -> str:
    """A name that its backend has not: another's, a new one, or a misspelt one."""
    if any(model.free for model in catalogue.of(backend)):
        return ""  # checkpoints are called as one likes
    _, name = named(backend, text)
    other = catalogue.find(name)
    if other is not None:
        return _anothers(other, backend, text, catalogue)
    if text != name or backend not in {*_CLOSED, ""}:
        return ""
    owners = {spelling: m.backend for m in catalogue.models for spelling in m.names}
    near = difflib.get_close_matches(name.lower(), owners, n=1, cutoff=_LIKE)
    if not near and not backend:
        return ""  # whoever takes the row may know it
    guess = f"did you mean {near[0]}? " if near else ""
    example = f"{backend or owners[near[0]]}:{name}"
    return f"{name!r} is no model that farm knows; {guess}write {example} if it is a new one"


def _anothers(other: Model, backend: str, text: str, catalogue: Catalogue) -> str:
    said = f"{text!r} is a model of {other.backend}, not of {backend}"
    if other.status is Status.RETIRED:
        return f"{said}, and {other.obituary(date.max).rstrip('.')}"
    if backend == _WEB:
        return f"{said}; the page draws with the one that is chosen there"
    usual = next(m.id for m in catalogue.of(backend) if m.status is not Status.RETIRED)
    return f"{said}; write {other.backend} into Backend, or a model of {backend} such as {usual}"
