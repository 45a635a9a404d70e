"""What an API hand asks for a row: which model, in which size, at which price."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from farm.backends.api import Reference, Request, Resolve
from farm.backends.base import Work
from farm.errors import Ended, UsageError
from farm.model.causes import Cause
from farm.model.enlarging import Enlargement, enlargement
from farm.model.fitting import Fit, Order, estimate, fitted, misfit
from farm.model.lanes import ANY_LANE, Need, lanes_served
from farm.model.models import Catalogue, Model
from farm.model.operations import Operation
from farm.model.outcomes import Outcome
from farm.model.prompts import ImageType, Prompt, Size

Measure = Callable[[Path], tuple[int, int]]
"""Width and height of a picture from its header, (0, 0) when it is none; blocking."""

FitMask = Callable[[Path, Path], Path]
"""Mask and picture in, the mask as every hand takes it out; `Ended` for a bad one. Blocking."""


def _unmeasured(_path: Path) -> tuple[int, int]:
    return (0, 0)


def _as_it_is(mask: Path, _picture: Path) -> Path:
    return mask


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Which models of a backend a hand draws with, and how."""

    catalogue: Catalogue
    backend: str
    today: Callable[[], date]
    model: str = ""  # for rows that name none; "" is the backend's usual one
    by_type: Mapping[ImageType, str] = field(default_factory=dict)  # likewise, before `model`
    quality: str = ""
    measure: Measure = _unmeasured
    fit_mask: FitMask = _as_it_is
    paid_otherwise: bool = False  # through an account that pays no request
    upscaler: Model | None = None  # what is cheaper small is drawn small, and enlarged by it

    def usual_needs(self) -> frozenset[Need]:
        """What rows that name no model may need beside words, whatever their type."""
        names = {self.by_type.get(kind, self.model) for kind in ImageType}
        known = [self.catalogue.find(name, self.backend) if name else None for name in names]
        usual = self.catalogue.usual(self.backend, self.today())
        return frozenset(Need).intersection(*((model or usual).needs for model in known))

    def all_needs(self) -> frozenset[Need]:
        """What rows that name a model of this backend may need."""
        today = self.today()
        living = (m for m in self.catalogue.of(self.backend) if not m.retired(today))
        return frozenset().union(*(model.needs for model in living))

    def prove(self) -> None:
        """`Ended` (retired) when the model of rows that name none was shut down."""
        try:
            self.catalogue.take(self.model, self.backend, self.today())
        except UsageError as error:
            raise Ended(Outcome(cause=Cause.RETIRED, message=str(error))) from error

    def model_of(self, prompt: Prompt) -> Model:
        """The row's own model, else that for its type, else the run's, else one that can do it.

        `Ended` (unsupported) for one that was shut down, naming what to take instead.
        """
        today, needs = self.today(), prompt.needs
        try:
            model = self.catalogue.take(self._wish(prompt), self.backend, today)
            if not prompt.model and not model.can(prompt.operation, needs):
                return self.catalogue.able(self.backend, prompt.operation, today, needs)
        except UsageError as error:
            raise _unsupported(str(error)) from error
        return model

    def lanes(self, names: Sequence[str]) -> tuple[str, ...]:
        """What may be served under these names; `any` only with what its usual models can do."""
        served: list[str] = []
        for name in names:
            needs = self.usual_needs() if name == ANY_LANE else self.all_needs()
            served += lanes_served((name,), needs)
        return tuple(served)

    def price(self, prompt: Prompt, *, chars: int, original: Size | None) -> int | None:
        """What a row costs at most, its pictures not yet looked at; None when nobody knows.

        `Ended` (unsupported) for a row that no money is spent on.
        """
        model = self.model_of(prompt)
        if self.paid_otherwise or model.free:
            return 0
        if prompt.operation is Operation.UPSCALE and original is None:
            return None
        order = Order(
            size=prompt.size,
            quality=self.quality,
            operation=prompt.operation,
            reference_bytes=(0,) * len(prompt.references),
            mask=bool(prompt.mask),
            factor=prompt.factor,
            original=original,
            chars=chars,
        )
        if why := misfit(model, replace(order, chars=0), self.today()):
            raise _unsupported(why)
        return estimate(model, order, self.today())

    async def request(self, work: Work, resolve: Resolve) -> tuple[Request, int | None]:
        """What to ask for a row, and what that costs at most.

        `Ended` (unsupported) for what the model cannot do, before anything is sent or paid.
        """
        prompt, today = work.prompt, self.today()
        model = self.model_of(prompt)
        references = tuple(await resolve(prompt.references))
        masks = tuple(await resolve((prompt.mask,))) if prompt.mask else ()
        order = replace(
            self._order(work, references, masks), original=await self._original(prompt, references)
        )
        if why := misfit(model, order, today):
            raise _unsupported(why)
        enlarge = self._enlargement(model, order)
        order = replace(order, tier=enlarge.tier if enlarge else "")
        request = replace(_request(work, model, fitted(model, order)), enlarge=enlarge)
        mask = None
        if masks:
            mask = await asyncio.to_thread(self.fit_mask, masks[0].path, references[0].path)
        cost = 0 if self.paid_otherwise else estimate(model, order, today)
        return replace(request, references=references, mask=mask), cost

    def request_again(self, work: Work) -> Request:
        """The request of an earlier life, without its pictures; its model may be gone by now."""
        name = work.facts.model or self._wish(work.prompt)
        known = self.catalogue.find(name, self.backend) if name else None
        model = known or replace(self.catalogue.usual(self.backend, self.today()), id=name)
        order = replace(self._order(work, (), ()), tier=work.facts.enlarge.get("tier", ""))
        return _request(work, model, fitted(model, order))

    def understood(self, ended: Ended, prompt: Prompt) -> Ended:
        """A model that is gone is the row's own fault if the row named it."""
        if ended.outcome.cause is not Cause.RETIRED or not prompt.model:
            return ended
        return Ended(replace(ended.outcome, cause=Cause.UNSUPPORTED))

    def _enlargement(self, model: Model, order: Order) -> Enlargement | None:
        if self.upscaler is None or self.paid_otherwise:
            return None
        return enlargement(model, order, self.upscaler, self.today())

    def _wish(self, prompt: Prompt) -> str:
        return prompt.model or self.by_type.get(prompt.image_type, self.model)

    async def _original(self, prompt: Prompt, references: Sequence[Reference]) -> Size | None:
        """The pixels that are to be more: what an upscale costs depends on them."""
        if prompt.operation is not Operation.UPSCALE or not references:
            return None
        width, height = await asyncio.to_thread(self.measure, references[0].path)
        return Size(width, height) if width and height else None

    def _order(
        self, work: Work, references: Sequence[Reference], masks: Sequence[Reference]
    ) -> Order:
        prompt = work.prompt
        return Order(
            size=prompt.size,
            quality=self.quality,
            operation=prompt.operation,
            reference_bytes=tuple(reference.size_bytes for reference in references),
            mask=bool(masks),
            factor=prompt.factor,
            chars=len(work.text),
        )


def _request(work: Work, model: Model, fit: Fit) -> Request:
    prompt = work.prompt
    return Request(
        text=work.text,
        model=model,
        size=prompt.size,
        ratio=fit.ratio,
        tier=fit.tier,
        canvas=fit.canvas,
        quality=fit.quality,
        negative=prompt.negative,
        seed=prompt.seed,
        operation=prompt.operation,
        factor=prompt.factor,
    )


def _unsupported(why: str) -> Ended:
    return Ended(Outcome(cause=Cause.UNSUPPORTED, message=why))
