"""A night of three sessions and an API, lived through in the store: what a report is made from."""

from __future__ import annotations

import heapq
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import PIL.Image
import PIL.ImageDraw

from farm.model.causes import LIMITS, NEEDS_PERSON, Cause
from farm.model.images import Derivative, Image, Maker
from farm.model.incidents import Sighting
from farm.model.jobs import Claim, Phase
from farm.model.lanes import session_lane
from farm.model.limits import Limit
from farm.model.money import Bill, Budget, Receipt
from farm.model.prompts import ImageType, Prompt, Size, SourceRow
from farm.model.sessions import Session, SessionState
from farm.store.base import Outgoing
from farm.store.engine import open_store
from farm.store.facade import Store
from farm.store.schema import DatabaseClock

SESSIONS = ("alice", "bob", "carol", "openai-1")
PLACES = ("harbour", "orchard", "railway station", "glass house", "mountain hut", "lighthouse")
LIGHTS = ("at dawn", "in the rain", "under northern lights", "on a winter evening", "at noon")
LOST = {7: Cause.REFUSED_POLICY, 19: Cause.REFUSED_PERSON, 33: Cause.TIMEOUT, 41: Cause.TEXT_ONLY}
ODD = {12: Cause.WRONG_ORIENTATION, 27: Cause.AMBIGUOUS}
SAID = {
    Cause.REFUSED_POLICY: "I can't make that image: it goes against my guidelines.",
    Cause.LIMITED_QUOTA: "You've reached your image limit until 03:10.",
    Cause.TRANSIENT: "Something went wrong (1095). Try again.",
    Cause.SIGNED_OUT: "The page shows the sign-in.",
    Cause.WRONG_ORIENTATION: "Asked 1920x1080, got 832x1216; kept in review/.",
}


@dataclass(kw_only=True)
class Night:
    """Sessions take turns at a queue; every moment is the database's own."""

    store: Store
    clock: DatabaseClock
    downloads: Path
    logs: Path
    jobs: int
    seconds: float
    began: float
    dice: random.Random = field(default_factory=lambda: random.Random(4))  # noqa: S311  # the same night each time
    turns: list[tuple[float, int, str]] = field(default_factory=list)
    claims: dict[str, Claim] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)

    @property
    def cycle(self) -> float:
        """Seconds from one job of a session to its next, so that the night is about filled."""
        return self.seconds * len(SESSIONS) / self.jobs

    async def live(self) -> None:
        """Add the rows, then let every session work until the night or the queue is over."""
        self._set(self.began)
        await self.store.add(
            "spring campaign", [row(n) for n in range(1, self.jobs + 1)], "/spring.csv"
        )
        for n, name in enumerate(SESSIONS):
            heapq.heappush(self.turns, (self.began + 3 + 4 * n, n, name))
        while self.turns and self.turns[0][0] < self.began + self.seconds:
            at, n, name = heapq.heappop(self.turns)
            self._set(at)
            wait = await (self._end(name, at) if name in self.claims else self._begin(name))
            if wait is not None:
                heapq.heappush(self.turns, (at + wait, n, name))
        self._set(self.began + self.seconds)
        self.clock.ahead_seconds = 0.0

    def _set(self, at: float) -> None:
        self.clock.ahead_seconds = at - time.time()

    async def _begin(self, name: str) -> float | None:
        claim = await self.store.claim(f"night:{name}", name, (session_lane(name), "web", "any"))
        if claim is None:
            return None
        self.claims[name] = await self.store.step(claim, Phase.TYPING, {"text": "…"})
        self.tries[name] = self.tries.get(name, 0) + 1
        return self.dice.uniform(0.5, 1.5) * min(35.0, 0.4 * self.cycle)

    async def _end(self, name: str, at: float) -> float | None:
        claim = self.claims.pop(name)
        cause = self._fate(name, claim)
        pace = self.dice.uniform(0.3, 0.9) * self.cycle
        if cause in NEEDS_PERSON | LIMITS or cause in SAID:
            await self._witness(claim, cause, at)
        if cause is Cause.MADE:
            await self._complete(name, claim)
            return pace
        if cause in LIMITS:
            return await self._limit(name, claim, cause, at)
        if cause in NEEDS_PERSON:
            await self.store.give_back(claim, cause, SAID[cause])
            red = Session(
                name=name,
                state=SessionState.NEEDS_PERSON,
                cause=cause,
                message=SAID[cause],
                since=at,
            )
            await self.store.save_session(red)
            return None
        if cause in ODD.values():
            image = self._image(name, claim, (832, 1216), folder="review")
            images = [image] if cause is Cause.WRONG_ORIENTATION else []
            await self.store.review(claim, cause, SAID.get(cause, "Died while sending."), images)
        else:
            again = 5.0 if cause is Cause.TRANSIENT else None
            await self.store.fail(claim, cause, SAID.get(cause, ""), again)
        return pace

    def _fate(self, name: str, claim: Claim) -> Cause:
        number, tried = int(claim.job.prompt.id), self.tries[name]
        if name == "alice" and tried in {8, 19}:
            return Cause.LIMITED_QUOTA
        if name == "carol" and tried == 11:
            return Cause.SIGNED_OUT
        if name == "bob" and tried == 5:
            return Cause.LIMITED_THROTTLE
        if number % 9 == 4 and claim.attempt.number == 1:
            return Cause.TRANSIENT
        return LOST.get(number) or ODD.get(number) or Cause.MADE

    async def _limit(self, name: str, claim: Claim, cause: Cause, at: float) -> float:
        await self.store.give_back(claim, cause, SAID.get(cause, ""))
        rest = self.seconds / (4 if cause is Cause.LIMITED_QUOTA else 30)
        limit = Limit(session=name, mode="Fast", cause=cause, at=at, until=at + rest, told=True)
        await self.store.note_limit(limit)
        resting = Session(
            name=name,
            state=SessionState.RESTING,
            cause=cause,
            next_ready_at=at + rest,
            since=at,
        )
        await self.store.save_session(resting)
        return rest

    async def _complete(self, name: str, claim: Claim) -> None:
        api = name.startswith("openai")
        if api:
            bill = Bill(
                attempt_id=claim.attempt.id,
                job_id=claim.job.id,
                backend="openai",
                account="studio",
                model="gpt-image-1.5",
                estimate_microusd=40_000,
            )
            await self.store.reserve(bill, day="2026-11-21", run="night", budget=Budget())
            if claim.job.id % 11:
                await self.store.settle(claim.attempt.id, Receipt(spent_microusd=33_600))
        await self.store.complete(claim, [self._image(name, claim, (1408, 768))])
        await self.store.save_session(Session(name=name, state=SessionState.PACING))
        await self._finish()

    async def _finish(self) -> None:
        for one in await self.store.take_unfinished(5):
            copies = [
                Derivative(
                    kind=kind,
                    path=one.image.path.replace("/", "/derived/").replace("png", kind),
                    sha256=f"{one.image.sha256}{kind}",
                    size_bytes=40_000,
                    width_px=1920,
                    height_px=1080,
                    media_type=f"image/{kind}",
                )
                for kind in ("webp", "avif")
            ]
            await self.store.finish(one.image_id, copies, Outgoing(targets=["drive:folder"]))
            claim = await self.store.claim_delivery("night", ["drive:folder"])
            if claim is not None:
                link = f"https://drive.google.com/file/d/f{claim.delivery.id}/view"
                await self.store.delivered(claim, link=link)

    async def _witness(self, claim: Claim, cause: Cause, at: float) -> None:
        sighting = Sighting(
            key=cause.value,
            cause=cause,
            role="",
            session=claim.attempt.session,
            job_id=claim.job.id,
            message=SAID.get(cause, "A lot of requests right now."),
            at=at,
        )
        incident = await self.store.note_incident(sighting)
        if incident.count == 1:
            folder = f"incidents/20261121-{cause.value}-{incident.id}"
            await self.store.file_incident(incident.id, folder)
            self._screenshot(self.logs / folder, cause)

    def _screenshot(self, folder: Path, cause: Cause) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        shot = PIL.Image.new("RGB", (1280, 800), "#f0f4f9")
        draw = PIL.ImageDraw.Draw(shot)
        draw.rectangle((340, 120, 1180, 200), fill="#ffffff")
        draw.text((360, 150), SAID.get(cause, cause.value), fill="#1f1f1f", font_size=26)
        shot.save(folder / "screenshot.png")
        (folder / "index.html").write_text("<h1>Evidence</h1>", encoding="utf-8")

    def _image(
        self, name: str, claim: Claim, size: tuple[int, int], folder: str = "2026-11-21"
    ) -> Image:
        number, api = int(claim.job.prompt.id), name.startswith("openai")
        path = f"{folder}/{Path(claim.job.prompt.filename).stem}.png"
        file = self.downloads / path
        file.parent.mkdir(parents=True, exist_ok=True)
        draw_landscape(number, size).save(file)
        return Image(
            path=path,
            sha256=f"{number:064x}",
            size_bytes=file.stat().st_size,
            width_px=size[0],
            height_px=size[1],
            media_type="image/png",
            source="api" if api else "s0",
            warnings=("It looks like spring campaign/3.",) if number == 23 else (),
            maker=Maker(
                backend="openai" if api else "web",
                account="studio" if api else name,
                model="gpt-image-1.5" if api else "Fast",
                cost_microusd=33_600 if api else None,
            ),
        )


def row(number: int) -> SourceRow:
    """One wish of the campaign."""
    place, light = PLACES[number % len(PLACES)], LIGHTS[number % len(LIGHTS)]
    hero = number % 5 == 0
    prompt = Prompt(
        id=str(number),
        image_type=ImageType.HERO if hero else ImageType.REGULAR,
        filename=f"{place.replace(' ', '-')}-{number:02}.png",
        size=Size(1920, 1080),
        colors="teal, sand and warm white",
        description=(
            f"A quiet {place} {light}, wide angle, soft reflections, a single red scarf as the "
            "only bright thing; painterly, with room for a title at the top left."
        ),
        title="The Slow Season" if hero else "",
        author="Redaktion" if hero else "",
        negative="text, watermarks" if number % 7 == 0 else "",
        extra={"Campaign": "spring", "Focus": "left"} if number % 3 == 0 else {},
    )
    return SourceRow(prompt=prompt, row=number)


def draw_landscape(number: int, size: tuple[int, int]) -> PIL.Image.Image:
    """Hills, each picture with its own colours."""
    dice = random.Random(number)  # noqa: S311  # the same picture each time
    wide, tall = size
    picture = PIL.Image.new("RGB", size, f"hsl({dice.randrange(360)}, 45%, 75%)")
    draw = PIL.ImageDraw.Draw(picture)
    for layer in range(5):
        top = tall * (0.35 + 0.13 * layer)
        points = [(x, top + dice.uniform(-0.08, 0.08) * tall) for x in range(0, wide + 200, 180)]
        shade = f"hsl({dice.randrange(360)}, 35%, {60 - 10 * layer}%)"
        draw.polygon([(0, tall), *points, (wide, tall)], fill=shade)
    return picture


async def live_through(home: Path, *, jobs: int = 60, seconds: float = 36_000.0) -> None:
    """A farm's home with a night in it that ended a minute ago."""
    clock = DatabaseClock()
    async with open_store(f"sqlite:///{home / 'farm.db'}", clock=clock) as store:
        night = Night(
            store=store,
            clock=clock,
            downloads=home / "downloads",
            logs=home / "logs",
            jobs=jobs,
            seconds=seconds,
            began=time.time() - seconds - 60,
        )
        await night.live()
