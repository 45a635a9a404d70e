"""A farm that is hurt at random, and the truth about every prompt it was given."""

from __future__ import annotations

import asyncio
import hashlib
import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.stage import FARM
from farm.browser.profiles import browsers_on
from farm.replay.log import Submission
from farm.replay.plays import Condition
from farm.replay.scenario import FAST, Rule, Scenario
from farm.replay.stand_in import StandIn

UNKNOWABLE = ("review", "ambiguous")  # it died while sending, and the site could not tell either
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    """What the site does with a prompt, and what must become of it."""

    play: str = "ok"
    kind: str = ""
    times: int | None = None  # the site does so only the first times
    delay_seconds: float | None = None
    state: str = "completed"
    cause: str = "made"
    files: int = 1


OK = Fate()
MIX: Sequence[Fate] = (
    OK, OK, Fate(play="stopped", times=1), OK, OK, Fate(play="two_images", files=2), OK,
    Fate(play="refusal", kind="policy", state="failed", cause="refused.policy", files=0), OK, OK,
    Fate(play="transient", times=1), OK, Fate(play="stale_image"), OK, Fate(play="s0_forbidden"),
    Fate(play="refusal", kind="person", state="failed", cause="refused.person", files=0), OK, OK,
    Fate(play="decoys"), OK, Fate(play="text_only", state="failed", cause="text_only", files=0),
    OK, Fate(play="slow"), OK, Fate(play="dropped", times=1, delay_seconds=2), OK,
    Fate(play="button_menu"), OK,
    Fate(play="wrong_orientation", state="review", cause="unproven.wrong_orientation"), OK,
)  # fmt: skip


def fate_of(number: int) -> Fate:
    """The fate of a prompt, by its number."""
    return MIX[number % len(MIX)]


def mark_of(number: int) -> str:
    """What stands in a prompt and in no other."""
    return f"Row-{number}:"


def mixed_scenario(prompts: int, accounts: Mapping[str, Mapping[str, object]]) -> Scenario:
    """Rules for so many prompts, each with its fate."""
    fates = ((n, fate_of(n)) for n in range(1, prompts + 1))
    rules = tuple(
        Rule(
            play=fate.play,
            kind=fate.kind,
            times=fate.times,
            delay_seconds=fate.delay_seconds,
            text=mark_of(n),
        )
        for n, fate in fates
        if fate is not OK
    )
    return Scenario(defaults=FAST, accounts=dict(accounts), rules=rules)


@dataclass(kw_only=True)
class Scene:
    """A user's folder, its stand-in, and the farm that runs there."""

    home: Path
    stand_in: StandIn
    environ: Mapping[str, str]
    accounts: Sequence[str]
    farm: asyncio.subprocess.Process | None = None
    surprises: list[str] = field(default_factory=list)  # endings of farm that nobody caused
    lives: int = 0
    ending: bool = False
    killed: bool = False
    keeper: asyncio.Task[None] | None = None  # what starts farm again

    async def keep_running(self) -> None:
        """Start farm, and start it again after each death."""
        words = ["--watch", "--sessions", str(len(self.accounts)), "--pace", "0", "--json"]
        while not self.ending:
            self.lives, self.killed = self.lives + 1, False
            with (self.home / "farm.out").open("ab") as out:
                self.farm = await asyncio.create_subprocess_exec(
                    FARM, "start", *words, cwd=self.home, env=dict(self.environ),
                    stdout=out, stderr=out,
                )  # fmt: skip
            code = await self.farm.wait()
            if not (self.killed or self.ending):
                self.surprises.append(f"farm ended by itself with exit code {code}")
                await asyncio.sleep(1)

    def end_at_once(self) -> None:
        """Leave no farm behind when the soak itself failed."""
        self.ending = True
        if self.farm is not None and self.farm.returncode is None:
            self.farm.kill()

    async def run(self, *words: str) -> None:
        """Another command of the same user."""
        process = await asyncio.create_subprocess_exec(
            FARM, *words, cwd=self.home, env=dict(self.environ),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"farm {' '.join(words)}: {said.decode()}")

    def browsers(self) -> list[psutil.Process]:
        """Main processes of all browsers on this user's profiles."""
        folder = self.home / "profiles"
        return [process for path in folder.iterdir() for process in browsers_on(path)]

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """What the job store's file answers; nothing before farm has made it."""
        path = self.home / "farm.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
            try:
                return connection.execute(query, values).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" not in str(error):
                    raise
                return []  # the file is there, and farm is just laying it out

    def count(self, *states: str) -> int:
        """Jobs in these states."""
        return sum(state in states for (state,) in self.rows("SELECT state FROM jobs"))


@dataclass(kw_only=True)
class Mayhem:
    """Hurts whatever it finds, again and again."""

    scene: Scene
    dice: random.Random
    pause: tuple[float, float]  # seconds between two blows, least and most
    may_kill_farm: bool = True
    done: Counter[str] = field(default_factory=Counter)

    async def rage(self) -> None:
        """Until it is cancelled."""
        try:
            while True:
                await asyncio.sleep(self.dice.uniform(*self.pause))
                await self._blow()
        finally:
            self.scene.stand_in.proxy.thaw()
            self.scene.stand_in.proxy.mend()

    async def _blow(self) -> None:
        blows = [self._browser, self._browser, self._pages, self._pages, self._frozen, self._cut]
        if self.may_kill_farm:
            blows += [self._farm, self._farm]
        blow = self.dice.choice(blows)
        with suppress(psutil.Error, ProcessLookupError):
            await blow()
            self.done[blow.__name__.strip("_")] += 1

    async def _farm(self) -> None:
        if self.scene.farm is not None:
            self.scene.killed = True
            self.scene.farm.kill()

    async def _browser(self) -> None:
        for browser in self.scene.browsers()[:1]:
            browser.kill()

    async def _pages(self) -> None:
        for browser in self.dice.sample(self.scene.browsers(), 1):
            for process in browser.children(recursive=True):
                if "--type=renderer" in process.cmdline():
                    process.kill()

    async def _frozen(self) -> None:
        self.scene.stand_in.proxy.freeze()
        await asyncio.sleep(self.dice.uniform(0.5, 4))
        self.scene.stand_in.proxy.thaw()

    async def _cut(self) -> None:
        self.scene.stand_in.proxy.cut()
        await asyncio.sleep(self.dice.uniform(0.5, 3))
        self.scene.stand_in.proxy.mend()


def lies(scene: Scene, prompts: int) -> Iterator[str]:
    """Everything about the finished work that is not as it must be."""
    originals, log = scene.stand_in.originals, scene.stand_in.log
    yield from _wrong_jobs(scene, prompts, log, originals)
    yield from _wrong_files(scene)


def _wrong_jobs(
    scene: Scene,
    prompts: int,
    log: Sequence[Submission],
    originals: Mapping[int, frozenset[str]],
) -> Iterator[str]:
    jobs = {
        int(str(key)): (ident, state, cause)
        for ident, key, state, cause in scene.rows("SELECT id, prompt_id, state, cause FROM jobs")
    }
    if missing := set(range(1, prompts + 1)) - set(jobs):
        yield f"{len(missing)} prompts have no job"
    for number, (ident, state, cause) in sorted(jobs.items()):
        fate, name = fate_of(number), f"row {number} ({fate_of(number).play})"
        unknowable = (state, cause) == UNKNOWABLE
        if not unknowable and (state, cause or "made") != (fate.state, fate.cause):
            yield f"{name} is {state} ({cause}), not {fate.state} ({fate.cause})"
        mine = [entry for entry in log if mark_of(number) in entry.text and entry.accepted]
        yield from (f"{name}: {lie}" for lie in _double(scene, ident, mine))
        right = {sha for entry in mine for sha in originals[entry.n]}
        kept = [str(s) for (s,) in scene.rows("SELECT sha256 FROM images WHERE job_id = ?", ident)]
        if len(kept) != fate.files and not unknowable:
            yield f"{name} has {len(kept)} images, not {fate.files}"
        if set(kept) - right:
            yield f"{name} has an image that is not its own"


def _double(scene: Scene, job: object, mine: Sequence[Submission]) -> Iterator[str]:
    """Every accepted prompt belongs to one attempt that had made up its mind to send it."""
    sure = "('sending', 'sent', 'ready', 'saved', 'settled')"
    query = f"SELECT conversation FROM attempts WHERE job_id = ? AND phase IN {sure}"  # noqa: S608
    attempts = [str(conversation) for (conversation,) in scene.rows(query, job)]
    if len(mine) > len(attempts):
        yield f"sent {len(mine)} times in {len(attempts)} attempts"
    known = [conversation for conversation in attempts if conversation]
    if len(known) != len(set(known)):
        yield "two attempts claim one conversation"
    if set(known) - {entry.conversation for entry in mine}:
        yield "an attempt claims a conversation of another prompt"


def _wrong_files(scene: Scene) -> Iterator[str]:
    folder = scene.home / "downloads"
    files = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.suffix in PICTURES and not path.is_relative_to(folder / ".parts")
    }
    records = {str(path): str(sha) for path, sha in scene.rows("SELECT path, sha256 FROM images")}
    yield from (f"{name} has no record" for name in sorted(files.keys() - records.keys()))
    yield from (f"{name} is recorded and not there" for name in sorted(records.keys() - files))
    for name in sorted(files.keys() & records.keys()):
        if hashlib.sha256(files[name].read_bytes()).hexdigest() != records[name]:
            yield f"{name} is not what was recorded"


async def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for something that nobody tells; False when the time is over."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.25)
    return True


def sign_out(scene: Scene, account: str) -> None:
    """End an account's sign-in at the site."""
    world = scene.stand_in.world
    world.account(account).suffer(Condition.SIGNED_OUT, world.clock(), None)


def sign_in_again(scene: Scene, account: str) -> None:
    """What a person does about it."""
    scene.stand_in.world.account(account).mend(Condition.SIGNED_OUT)
