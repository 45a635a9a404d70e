"""fal: a queue of many people's models, spoken to in its own protocol.

A request is accepted with addresses of its own. They are remembered before anything is waited
for, so that a later life of farm asks them instead of buying again. Submitting is tried once:
whether a lost answer was an accepted request, nobody can tell.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self

from farm.backends.api import NOT_OFFERED, Answer, Charged, Remember, Request, ambiguous
from farm.backends.base import JOB_CANCELLED
from farm.backends.fal_failures import (
    BLACKENED,
    NO_PICTURE,
    failed_outcome,
    forgotten,
    lost,
    outcome_of,
    silent,
    slow,
    unreachable,
)
from farm.backends.fal_files import Files
from farm.backends.fal_models import arguments, endpoint
from farm.backends.fal_prices import Tariff
from farm.backends.wire import Astray, NoAnswer, Said, Wire, origin_of
from farm.clock import Clock
from farm.errors import Ended, Interrupted, LostLease
from farm.model.causes import Cause

log = logging.getLogger(__name__)

QUEUE, STORAGE, PLATFORM = "https://queue.fal.run", "https://rest.fal.ai", "https://api.fal.ai"
LOOK_FIRST, LOOK_GROWTH, LOOK_LONGEST = 0.5, 1.4, 5.0  # seconds between two looks
BROKEN_LOOKS = 5  # in a row, before the wait is put off
CANCEL_SECONDS = 5.0
_CHECKED_MODEL = "fal-ai/flux/schnell"
_ADDRESSES = ("status_url", "response_url", "cancel_url")
_FAILED = frozenset({"FAILED", "ERROR", "CANCELLED", "CANCELED"})  # seldom: most are COMPLETED
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_LATER = frozenset({Cause.KEY_REJECTED, Cause.NO_CREDIT})  # a person mends it: then it is there


@dataclass(kw_only=True)
class Fal:
    """fal with one key."""

    key: str = field(repr=False)
    clock: Clock
    queue: str = QUEUE
    storage: str = STORAGE
    platform: str = PLATFORM
    wait_seconds: float = 300.0  # for a picture, before the wait is put off
    name: str = "fal"
    stateless_and_free: bool = False
    _wire: Wire = field(init=False, repr=False)
    _tariff: Tariff = field(init=False, repr=False)
    _files: Files = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """One wire for the three hosts that get the key."""
        hosts = {origin_of(host)[0] for host in (self.queue, self.storage, self.platform)}
        headers = {"Authorization": f"Key {self.key}"}
        self._wire = Wire(origins=tuple(sorted(hosts)), headers=headers, proxied=True)
        self._tariff = Tariff(wire=self._wire, platform=self.platform)
        self._files = Files(wire=self._wire, storage=self.storage, clock=self.clock)

    async def __aenter__(self) -> Self:
        """Open the client."""
        await self._wire.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close it."""
        await self._wire.__aexit__(*exc)

    async def check(self) -> None:
        """Ask for a price, which takes a good key; a gateway without a list passes."""
        url, query = f"{self.platform}/v1/models/pricing", {"endpoint_id": _CHECKED_MODEL}
        try:
            said = await self._wire.ask("GET", url, params=query)
        except NoAnswer as error:
            raise Ended(unreachable(error)) from error
        if not said.ok and said.status not in NOT_OFFERED:
            raise Ended(outcome_of(said, self.clock.now()))

    async def ask(self, request: Request, remember: Remember) -> Answer:
        """Submit once, remember where the request lives, wait, and fetch its pictures."""
        body = arguments(request, await self._files.links(request))
        ticket = await self._submit(endpoint(request), body)
        try:
            await remember(ticket)
        except LostLease:  # nobody else will ever know of it
            await self._cancel(ticket)
            raise
        return await self._collected(ticket, request)

    async def resume(self, facts: Mapping[str, Any], request: Request) -> Answer | None:
        """Ask the remembered addresses again."""
        if not facts.get("id"):
            raise ambiguous("fal")
        ticket = {key: str(value) for key, value in facts.items()}
        return await self._collected(ticket, request)

    async def _collected(self, ticket: Mapping[str, str], request: Request) -> Answer:
        """The pictures; the request is taken back when the user takes back the job."""
        try:
            return await self._collect(ticket, request)
        except asyncio.CancelledError as stopped:
            if JOB_CANCELLED in stopped.args:
                await self._cancel(ticket)
            raise

    async def _submit(self, model: str, body: Mapping[str, Any]) -> dict[str, str]:
        """The addresses of an accepted request; `Ended` when it was not accepted."""
        try:
            said = await self._wire.ask("POST", f"{self.queue}/{model}", json=body)
        except NoAnswer as error:
            if error.taken:
                raise Charged(lost(str(error))) from error
            raise Ended(unreachable(error)) from error
        if not said.ok:
            raise Ended(outcome_of(said, self.clock.now()))
        known = {key: str(said.fields.get(key) or "") for key in ("request_id", *_ADDRESSES)}
        if not all(known.values()):
            raise Charged(lost("gave no addresses"))
        log.info("fal accepted a request", extra={"request": known["request_id"], "model": model})
        return {"id": known.pop("request_id"), "model": model, **known}

    async def _collect(self, ticket: Mapping[str, str], request: Request) -> Answer:
        await self._wait(ticket)
        said = self._whole(await self._look(ticket["response_url"]))
        made = [image for image in _images(said.fields) if image.get("url")]
        if not made:
            raise Ended(NO_PICTURE)
        spent = await self._tariff.spent(ticket["model"], said, made)
        if any(said.fields.get("has_nsfw_concepts") or ()):
            raise Charged(BLACKENED, spent_microusd=spent)
        return Answer(
            pictures=tuple([await self._files.picture(str(one["url"]), spent) for one in made]),
            model=request.model.id,
            id=ticket["id"],
            usage={"endpoint": ticket["model"], "images": len(made)},
            spent_microusd=spent,
        )

    async def _wait(self, ticket: Mapping[str, str]) -> None:
        """Until the request is completed; `Interrupted` when that takes too long."""
        pause, began = LOOK_FIRST, self.clock.monotonic()
        while self.clock.monotonic() - began < self.wait_seconds:
            told = self._whole(await self._look(ticket["status_url"])).fields
            ended = told.get("status")
            if ended in _FAILED or (ended == "COMPLETED" and told.get("error")):
                await self._raise_failure(ticket, told)
            if ended == "COMPLETED":
                return
            await self.clock.sleep(pause)
            pause = min(pause * LOOK_GROWTH, LOOK_LONGEST)
        raise Interrupted(slow(self.wait_seconds))

    async def _raise_failure(self, ticket: Mapping[str, str], told: Mapping[str, Any]) -> None:
        """The result knows more of a failure than its status does."""
        said = await self._look(ticket["response_url"])
        if said.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise Ended(outcome_of(said, self.clock.now()))
        raise Ended(failed_outcome(told))

    async def _look(self, url: str) -> Said:
        """A question that may be asked as often as needed; `Interrupted` when nobody answers."""
        why = ""
        for tried in range(BROKEN_LOOKS):
            if tried:
                await self.clock.sleep(LOOK_LONGEST)
            try:
                said = await self._wire.ask("GET", url)
            except Astray as error:  # nobody will be there later either
                raise Interrupted(silent(str(error))) from error
            except NoAnswer as error:
                why = str(error)
                continue
            if _is_about_the_request(said):
                return said
            why = f"answers with HTTP {said.status}"
        raise Interrupted(silent(why))

    def _whole(self, said: Said) -> Said:
        """The answer, if it is one of success."""
        if said.ok:
            return said
        if said.status == HTTPStatus.NOT_FOUND:
            raise Charged(forgotten())
        outcome = outcome_of(said, self.clock.now())
        raise (Interrupted if outcome.cause in _LATER else Ended)(outcome)

    async def _cancel(self, ticket: Mapping[str, str]) -> None:
        """Take a request back that the user took back; what is being made may be charged."""
        with suppress(NoAnswer, TimeoutError):
            async with asyncio.timeout(CANCEL_SECONDS):
                said = await self._wire.ask("PUT", ticket["cancel_url"])
                log.info("fal was asked to cancel", extra={"status": said.status})


def _is_about_the_request(said: Said) -> bool:
    """Whether an answer is fal's last word, not a gateway's trouble."""
    if said.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "x-fal-retryable" in said.headers or "error_type" in said.fields
    return said.status not in _PASSING


def _images(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The pictures of a result: some models answer with several, some with one."""
    found = result.get("images") or [result.get("image")]
    return [image for image in found if isinstance(image, Mapping)]
