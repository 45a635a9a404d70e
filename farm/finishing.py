"""What becomes of an image once it is made: copies by the recipe, then the outbox.

It never holds up a session. An image without its copies is a fact in the store, so what a killed
farm left undone is done by the next one.
"""

from __future__ import annotations

import asyncio
import glob
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, Self

from farm.errors import NoPicture, SaveFailed, StoreError
from farm.model.causes import Cause
from farm.model.deliveries import folder_of, site_of
from farm.model.events import AttemptEnded, JobChanged, RunEvent, Tell
from farm.model.images import Derivative, Image
from farm.model.jobs import Job, JobState
from farm.model.recipes import Focus, Recipe, Resize
from farm.steps.base import Derived, Facts, Wish
from farm.steps.derive import derive
from farm.store.base import Outgoing, Unfinished

log = logging.getLogger(__name__)

COPIES_FOLDER = "derived"
AT_ONCE = 8  # images that are leased together; the pool takes as many as it has processes
LOOK_SECONDS = 15.0  # between two looks for images that another process left
HOLD_SECONDS = 8.0  # between two signs of life, far within a lease


class FinishingStore(Protocol):
    """What finishing needs of the job store."""

    async def take_unfinished(self, limit: int) -> Sequence[Unfinished]:
        """Lease images of completed jobs that nobody else works on, oldest first."""

    async def hold_unfinished(self, image_ids: Sequence[int]) -> None:
        """Begin the leases of these images anew, where their steps are still to be taken."""

    async def unfinished(self) -> int:
        """How many images of completed jobs have steps still to be taken, by whomever."""

    async def finish(
        self, image_id: int, copies: Sequence[Derivative], out: Outgoing, trouble: str = ""
    ) -> None:
        """Record the copies and what is to be delivered, all at once; again changes nothing."""


@dataclass(kw_only=True)
class Finishing:
    """Takes the steps of every image made while the run goes on; leaving takes the last ones."""

    store: FinishingStore
    recipe: Recipe
    downloads: Path
    pool: Callable[[], Executor]  # asked for once, when there is a first copy to make
    targets: Sequence[str] = ()  # as the store names them
    # By queue, what an earlier run was to deliver to, and when this one began: a run that names no
    # target still does so for images that the earlier one could not finish.
    earlier: Mapping[str, Sequence[str]] = field(default_factory=dict)
    began: float = 0.0
    site: str = ""
    on_posted: Callable[[], None] = lambda: None  # the outbox has something new
    hold_seconds: float = HOLD_SECONDS
    _executor: Executor | None = None
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _ending: bool = False
    _loop: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> Self:
        """Begin with what is there already."""
        self._loop = asyncio.create_task(self._run(), name="finishing")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_exc: object) -> None:
        """Finish what was made, unless the run was broken off: then the next one does."""
        try:
            if self._loop is not None:
                self._ending = True
                self._wake.set()
                if kind is not None:
                    self._loop.cancel()  # else what it has leased would wait for its lease
                await asyncio.wait([self._loop])
            if kind is None:
                await self._finish_all()
                await self._tell_what_others_hold()
        finally:
            if self._executor is not None:
                self._executor.shutdown(wait=False, cancel_futures=True)

    def watching(self, tell: Tell) -> Tell:
        """The same teller, with an ear for images that were made."""

        def listen(event: RunEvent) -> None:
            made = isinstance(event, AttemptEnded) and event.outcome.cause is Cause.MADE
            done = isinstance(event, JobChanged) and event.job.state is JobState.COMPLETED
            if made or done:
                self._wake.set()
            tell(event)

        return listen

    async def _run(self) -> None:
        while not self._ending:
            self._wake.clear()
            try:
                await self._finish_all()
            except StoreError as error:  # tried again at the next look, at the latest at the end
                log.warning("copies have to wait: %s", error)
            if self._ending:
                return
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _finish_all(self) -> None:
        while batch := await self.store.take_unfinished(AT_ONCE):
            work = asyncio.gather(*(self._finish(one) for one in batch))
            holding = asyncio.create_task(self._hold([one.image_id for one in batch], work))
            try:
                await work
            finally:
                holding.cancel()

    async def _hold(self, image_ids: Sequence[int], work: asyncio.Future[Any]) -> None:
        """Keep the leases for as long as the steps take; a lost one costs only the work twice."""
        while not (await asyncio.wait([work], timeout=self.hold_seconds))[0]:
            try:
                await self.store.hold_unfinished(image_ids)
            except StoreError as error:
                log.warning("leases of copies could not be kept: %s", error)

    async def _tell_what_others_hold(self) -> None:
        """Images whose process works on, or died less than a lease ago."""
        if left := await self.store.unfinished():
            what = "image still waits for its" if left == 1 else "images still wait for their"
            log.warning("%d %s copies; another run has them, or the next one will", left, what)

    async def _finish(self, one: Unfinished) -> None:
        copies: tuple[Derivative, ...] = ()
        trouble = ""
        recipe = self._recipe_for(one)
        if not recipe.idle:
            try:
                derived = await self._derive(one, recipe)
            except (NoPicture, SaveFailed, BrokenProcessPool) as error:
                trouble = f"No copies could be made: {error}"
            else:
                copies = tuple(self._below_downloads(file) for file in derived.files)
                trouble = " ".join(derived.warnings)
        if trouble:
            # Of copies that were made the report tells; a line for each would bury what matters.
            level = logging.INFO if copies else logging.WARNING
            log.log(level, "%s", trouble, extra={"job": one.job.id, "image": one.image.path})
        await self.store.finish(one.image_id, copies, self._outgoing(one), trouble)
        if self._targets_of(one):
            self.on_posted()

    async def _derive(self, one: Unfinished, recipe: Recipe) -> Derived:
        original = self.downloads / one.image.path
        wish = Wish(
            recipe=recipe,
            size=one.job.prompt.size if recipe.resize is not Resize.OFF else None,
            facts=facts_of(one.job, one.image, text=one.text, made_at=one.made_at),
        )
        place = (original, original.parent / COPIES_FOLDER, _own_stem(original), wish)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._processes(), derive, *place)
        except BrokenProcessPool:  # a process was killed, perhaps for its memory
            self._executor = None
            return await loop.run_in_executor(self._processes(), derive, *place)

    def _processes(self) -> Executor:
        if self._executor is None:
            self._executor = self.pool()
        return self._executor

    def _recipe_for(self, one: Unfinished) -> Recipe:
        """The run's recipe, with the focus of the row if it names one."""
        own = next((v for k, v in one.job.prompt.extra.items() if k.strip().lower() == "focus"), "")
        if not own.strip():
            return self.recipe
        try:
            return replace(self.recipe, focus=Focus.parse(own))
        except ValueError as error:
            log.warning("%s; the usual one is taken", error, extra={"job": one.job.id})
            return self.recipe

    def _below_downloads(self, file: Derivative) -> Derivative:
        relative = Path(file.path).relative_to(self.downloads)
        return replace(file, path=PurePosixPath(relative).as_posix())

    def _outgoing(self, one: Unfinished) -> Outgoing:
        targets = self._targets_of(one)
        if not targets:
            return Outgoing()
        job = one.job
        folder = folder_of(site_of(job.prompt, job.queue, self.site), _day(one.made_at))
        return Outgoing(folder=folder, targets=targets)

    def _targets_of(self, one: Unfinished) -> Sequence[str]:
        if self.targets or one.made_at >= self.began:
            return self.targets
        return self.earlier.get(one.job.queue, ())


def facts_of(job: Job, image: Image, *, text: str, made_at: float) -> Facts:
    """What copies of an image say of how it came to be."""
    return Facts(
        queue=job.queue,
        prompt=job.prompt.to_payload(),
        text=text,
        backend=image.maker.backend,
        account=image.maker.account,
        model=image.maker.model,
        made_at=made_at,
        original_sha256=image.sha256,
    )


def _own_stem(original: Path) -> str:
    """A name for copies that no other original of the folder lays claim to."""
    alike = original.parent.glob(f"{glob.escape(original.stem)}.*")
    alone = all(file == original for file in alike if file.is_file())
    return original.stem if alone else f"{original.stem}-{original.suffix[1:]}"


def _day(seconds: float) -> date:
    return datetime.fromtimestamp(seconds).astimezone().date()
