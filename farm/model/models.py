"""Image models: what each can do, what it costs, until when it answers.

Pure: the catalogue is data, `farm/data/models.toml`, read by `farm.catalogue`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from farm.errors import UsageError
from farm.model.lanes import Need
from farm.model.money import from_dollars
from farm.model.operations import Operation


class Status(StrEnum):
    """How far a model is in its life."""

    CURRENT = "current"
    PREVIEW = "preview"  # may change or go without notice
    LEGACY = "legacy"  # answers still, until its shutdown
    RETIRED = "retired"  # answers no more


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """The pictures of a model that takes any width and height, in pixels."""

    step: int = 8  # both sides are multiples of it
    longest: int = 2048
    least_pixels: int = 0
    most_pixels: int = 4_194_304
    widest: float = 4.0  # the longer side by the shorter


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """What one picture costs from a day on, in millionths of a US dollar."""

    valid_from: date
    tier: str = ""  # the size class it holds for; "" all
    quality: str = ""  # the quality it holds for; "" all
    image: int = 0  # a picture of up to one megapixel
    further: int = 0  # each further megapixel that was begun
    reference: int = 0  # each picture to go by
    sure: bool = True  # False: reckoned from another published number, and not confirmed


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """What a million tokens cost from a day on, in millionths of a US dollar."""

    valid_from: date
    text_in: int = 0
    image_in: int = 0
    text_out: int = 0  # thoughts are billed as text
    image_out: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """One model of one backend."""

    backend: str
    id: str
    aliases: tuple[str, ...] = ()
    status: Status = Status.CURRENT
    operations: tuple[Operation, ...] = (Operation.GENERATE,)
    ratios: tuple[str, ...] = ()  # such as 16:9; () where it takes any size, or none
    tiers: tuple[str, ...] = ()  # its size classes such as 2K, smallest first
    sides: Sides | None = None  # where it takes any size
    qualities: tuple[str, ...] = ()  # lowest first
    quality: str = ""  # the one that is asked for by itself
    references: int = 0  # how many pictures to go by it takes
    reference_bytes: int = 0  # of each; 0: no bound is known
    mask: bool = False
    count: int = 1  # pictures of one request
    seed: bool = False
    negative: bool = False  # it has a field for what must not be shown
    prompt_chars: int = 0  # 0: no bound is known
    formats: tuple[str, ...] = ()  # media types it makes, the usual one first
    hosts: tuple[str, ...] = ()  # where alone it answers: vertex, api; () everywhere
    locations: tuple[str, ...] = ()  # where Vertex has it; () everywhere
    factors: tuple[float, ...] = ()  # of an upscale; () any
    thought_tokens: int = 0  # that it may think, billed as text
    batch: bool = False  # its provider takes half the price for batches; farm makes none
    free: bool = False  # it runs on the user's own machine
    prices: tuple[Price, ...] = ()
    rates: tuple[Rates, ...] = ()
    shutdown: date | None = None
    replacement: str = ""
    note: str = ""

    @property
    def needs(self) -> frozenset[Need]:
        """What a job may need of it beside words, for the lanes of a hand."""
        able = {Need.REFERENCES: self.references > 0, Need.MASK: self.mask}
        return frozenset(need for need, can in able.items() if can)

    @property
    def names(self) -> tuple[str, ...]:
        """Its id and every other spelling."""
        return (self.id, *self.aliases)

    def can(self, operation: Operation, needs: frozenset[Need]) -> bool:
        """Whether it does such a thing, and loses nothing that comes with the job."""
        return operation in self.operations and needs <= self.needs

    def retired(self, today: date) -> bool:
        """Whether it answers no more."""
        return self.status is Status.RETIRED or (
            self.shutdown is not None and self.shutdown <= today
        )

    def obituary(self, today: date) -> str:
        """Why a retired model cannot be used, and what to take; "" for one that answers."""
        if not self.retired(today):
            return ""
        since = f" on {self.shutdown}" if self.shutdown else ""
        instead = f" Take {self.replacement} instead." if self.replacement else ""
        return f"{self.id} was shut down{since}.{instead}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every model that farm knows; the first one of a backend that answers is its usual one."""

    models: tuple[Model, ...]
    pages: Mapping[str, str] = field(default_factory=dict)  # by backend, where prices are told
    checked: date = date.min  # when the list was last held against them

    def of(self, backend: str) -> tuple[Model, ...]:
        """All models of a backend, retired ones included."""
        return tuple(model for model in self.models if model.backend == backend)

    def find(self, name: str, backend: str = "") -> Model | None:
        """A model by its id or another spelling, of one backend or of any."""
        wanted = name.strip().lower()
        for model in self.models:
            known = (spelling.lower() for spelling in model.names)
            if wanted in known and backend in {"", model.backend}:
                return model
        return None

    def usual(self, backend: str, today: date) -> Model:
        """What a backend draws with when nobody says; UsageError for a backend without models."""
        for model in self.of(backend):
            if not model.retired(today):
                return model
        raise UsageError(f"farm knows no model of {backend}: name one with FARM_MODELS.")

    def able(
        self,
        backend: str,
        operation: Operation,
        today: date,
        needs: frozenset[Need] = frozenset(),
    ) -> Model:
        """What a backend does a job with when nobody says; the usual one if none can."""
        living = [model for model in self.of(backend) if not model.retired(today)]
        can = (model for model in living if model.can(operation, needs))
        return next(can, self.usual(backend, today))

    def take(self, name: str, backend: str, today: date) -> Model:
        """The model a user named, or the usual one for "".

        An id that farm does not know is taken for a new model of that backend, whose price nobody
        knows. UsageError for a retired one, naming what to take instead.
        """
        if not name:
            return self.usual(backend, today)
        model = self.find(name, backend)
        if model is None:
            return _stranger(name, self.usual(backend, today))
        if gone := model.obituary(today):
            raise UsageError(gone)
        return model

    def chosen(self, words: Iterable[str], today: date) -> Mapping[str, Model]:
        """By backend, the models of FARM_MODELS: ids, or `backend:id` for what farm does not know.

        UsageError for a retired one, one of nobody's, and for two of one backend.
        """
        found: dict[str, Model] = {}
        for word in words:
            model = self._chosen(word, today)
            if model.backend in found:
                raise UsageError(
                    f"{found[model.backend].id} and {model.id} are both of {model.backend}: "
                    "name one of them."
                )
            found[model.backend] = model
        return found

    def _chosen(self, word: str, today: date) -> Model:
        known = self.find(word)
        if known is not None:
            return self.take(word, known.backend, today)
        backend, _, name = word.partition(":")
        if not name or not self.of(backend):
            names = [name for model in self.models for name in model.names]
            near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.8)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UsageError(
                f"{word} is no model that farm knows.{hint} Look at `farm backends`, or write it "
                "as backend:id, such as gemini:some-new-model."
            )
        return self.take(name, backend, today)


def _stranger(name: str, like: Model) -> Model:
    """A model nobody told farm of: able to do what its kin can, at a price nobody knows."""
    return replace(
        like,
        id=name,
        aliases=(),
        status=Status.PREVIEW,
        prices=(),
        rates=(),
        shutdown=None,
        replacement="",
        note="not in farm's list of models",
    )


def catalogue_of(*books: Mapping[str, Any]) -> Catalogue:
    """The models of books as `farm/data/models.toml` is one; a later book's replace the same id.

    KeyError, TypeError or ValueError for a book that is none.
    """
    found: dict[tuple[str, str], Model] = {}
    for book in reversed(books):  # what the user adds comes first
        for entry in book["model"]:
            model = _model(entry)
            found.setdefault((model.backend, model.id), model)
    pages = {name: page for book in books for name, page in book.get("pages", {}).items()}
    checked = max((book["checked"] for book in books if "checked" in book), default=date.min)
    return Catalogue(tuple(found.values()), pages, checked)


def _model(entry: Mapping[str, Any]) -> Model:
    values: dict[str, Any] = dict(entry)
    for key, value in values.items():
        if isinstance(value, list) and key not in {"price", "rates"}:
            values[key] = tuple(value)
    values["status"] = Status(values.get("status", Status.CURRENT))
    values["operations"] = tuple(map(Operation, values.get("operations", [Operation.GENERATE])))
    values["reference_bytes"] = round(values.pop("reference_mb", 0) * 1_000_000)
    values["prices"] = tuple(map(_price, values.pop("price", ())))
    values["rates"] = tuple(map(_rates, values.pop("rates", ())))
    if "sides" in values:
        values["sides"] = Sides(**values["sides"])
    return Model(**values)


def _price(entry: Mapping[str, Any]) -> Price:
    values = dict(entry)
    values["image"] = from_dollars(values.pop("usd", 0.0))
    for key in ("further", "reference"):
        values[key] = from_dollars(values.get(key, 0.0))
    return Price(**values)


def _rates(entry: Mapping[str, Any]) -> Rates:
    dollars = {key: from_dollars(usd) for key, usd in entry.items() if key != "valid_from"}
    return Rates(valid_from=entry["valid_from"], **dollars)
