"""The web hand: one signed-in browser session that makes images by writing prompts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from farm.backends.base import Drawn, Record, Work
from farm.errors import Ended, Interrupted
from farm.model.causes import NEEDS_PERSON, Cause
from farm.model.images import Maker
from farm.model.jobs import PHASES, Phase
from farm.model.lanes import ANY_LANE, WEB_LANE, Need, lanes_served, session_lane
from farm.model.outcomes import Outcome
from farm.references import Reference
from farm.sites.base import Reading, SignIn, Turn
from farm.sites.gemini.answers import Answer
from farm.sites.gemini.attachments import Attachments
from farm.sites.gemini.composer import Composer, Sent, StuckPrompts
from farm.sites.gemini.history import History, turn_with
from farm.sites.gemini.originals import Originals
from farm.sites.gemini.pack import Pack
from farm.sites.gemini.page import GeminiPage

PartPath = Callable[[int, int], Path]
"""Where the n-th image of a job is written before it is proven."""

Resolve = Callable[[Sequence[str]], Awaitable[tuple[Reference, ...]]]
"""A row's references as proven files; `Ended` for one that cannot be had."""

ABILITIES = frozenset({Need.REFERENCES})
"""What a session can do beside taking words."""

_KEPT_BEFORE = 40
"""How many older conversations are remembered before sending."""


@dataclass(kw_only=True)
class WebHand:
    """Drives one profile. Inside `async with` its browser is open."""

    page: GeminiPage
    originals: Originals
    part_path: PartPath
    resolve: Resolve
    name: str
    is_worn: Callable[[], Awaitable[bool]]  # whether the browser takes too much memory
    lanes: tuple[str, ...] = field(init=False)
    _seen_pack: Pack | None = None  # the one in use when the page was last proven or failed to be
    _unagreed: bool = False  # the page asked the person before it took files
    _shown: bool = False  # the window was brought before the person
    _stuck: StuckPrompts = field(default_factory=StuckPrompts)
    _mode: str = ""  # the model the page named before the last prompt

    def __post_init__(self) -> None:
        """Its name says which lanes it serves."""
        self.lanes = lanes_of(self.name)

    async def __aenter__(self) -> Self:
        """Open the browser."""
        await self.page.session.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close the browser and give the profile back."""
        await self.page.session.__aexit__(*exc)

    @property
    def windowed(self) -> bool:
        """Whether a person can see the page."""
        return self.page.session.windowed

    async def prove(self) -> None:
        """Prove the sign-in on a fresh page; a visible composer proves nothing."""
        self._seen_pack = self.page.pack()
        await self.page.open_signed_in("app")
        if self._unagreed:
            await Attachments(page=self.page).prove()
            self._unagreed = False
        self._shown = False

    async def mended(self, seconds: float) -> bool:
        """Show the window, once, and watch what a person does in it; nothing is clicked."""
        session = self.page.session
        if not self._shown:
            self._shown = True
            await session.run("show the window", session.page.bring_to_front())
        return bool(await self.page.watch(_is_well, seconds))

    def repaired(self) -> bool:
        """Whether the selector pack or its override was written since the last look."""
        return self.page.pack() is not self._seen_pack

    async def worn(self) -> bool:
        """Whether the browser takes more memory than it should."""
        return await self.is_worn()

    async def make(self, work: Work, record: Record) -> Drawn:
        """Send the prompt once and bring its images back."""
        self._seen_pack = self.page.pack()
        references = await self.resolve(work.prompt.references)
        composer = Composer(page=self.page, references=len(references))
        reading = await self.page.new_chat()
        self._mode = reading.mode_label
        hashes = [reference.sha256 for reference in references]
        await record(Phase.TYPING, {"text": work.text, "references": hashes})
        await self._attach([reference.path for reference in references])
        with self._stuck.watching(work.job_id):
            await composer.write(work.text)
            await composer.remember()
            await record(Phase.SENDING, {"before": reading.conversations[:_KEPT_BEFORE]})
            sent = await composer.send(work.text)
        if sent is None:
            found = await self._look_for_unseen(work, reading.conversations)
            return await self._harvest(found, work, record)
        await self._note(sent, record)

        def find(reading: Reading) -> Turn | None:
            return composer.own_turn(reading, work.text)

        return await self._collect(find, sent, work, record)

    async def _attach(self, files: Sequence[Path]) -> None:
        try:
            await Attachments(page=self.page).put(files)
        except Ended as ended:
            # No other page shows this dialog: only opening it again tells that it is answered.
            self._unagreed = ended.outcome.cause is Cause.CHALLENGE
            raise

    async def resume(self, work: Work, record: Record) -> Drawn | None:
        """Reopen the conversation, or find it first; None when it is proven that none exists."""
        sent = Sent(conversation=work.facts.conversation, turn=work.facts.turn)
        if sent.conversation:
            return await self._harvest(sent, work, record)
        found = await self._look_for(work, work.facts.before)
        if found is not None:
            return await self._harvest(found, work, record)
        if work.facts.by_hand:
            raise Ended(_ambiguous())
        if PHASES.index(work.phase) >= PHASES.index(Phase.SENT):
            raise Ended(_dropped())
        return None

    async def _collect(
        self, find: Callable[[Reading], Turn | None], sent: Sent, work: Work, record: Record
    ) -> Drawn:
        """Wait for the answer on the page where it was asked."""
        watched = _Located(find=find, sent=sent)
        answer = Answer(page=self.page, find=watched)
        try:
            turn = await answer.images(self.page.patience.answer)
        except Interrupted:
            raise
        except Ended as ended:
            raise Ended(await self._after_doubt(ended.outcome)) from ended
        if watched.sent != sent:
            await self._note(watched.sent, record)
        if turn is not None:
            return await self._fetch(turn, work, record)
        if watched.sent.conversation:
            return await self._harvest(watched.sent, work, record, last_look=True)
        found = await self._look_for_unseen(work, ())
        return await self._harvest(found, work, record, last_look=True)

    async def _harvest(
        self, sent: Sent, work: Work, record: Record, *, last_look: bool = False
    ) -> Drawn:
        """Open the conversation again and take what its turn came to."""
        history = History(page=self.page)
        try:
            own = await history.reopen(sent, work.text)
        except Ended as ended:
            raise Interrupted(ended.outcome) from ended
        if own is None:
            raise Ended(_dropped())
        await self._note(Sent(conversation=sent.conversation, turn=own.id), record)
        seconds = self.page.patience.hydrate if last_look else self.page.patience.answer
        answer = Answer(
            page=self.page, find=lambda r: turn_with(r, work.text, own.id), reopened=True
        )
        turn = await answer.images(seconds)
        if turn is None:
            raise Ended(_timeout())
        return await self._fetch(turn, work, record)

    async def _fetch(self, turn: Turn, work: Work, record: Record) -> Drawn:
        first = turn.images[0]
        await record(
            Phase.READY,
            {
                "images": [image.src for image in turn.images],
                "preview_px": [first.width_px, first.height_px],
            },
        )
        parts = [self.part_path(work.job_id, n) for n in range(len(turn.images))]
        images = await self.originals.of(turn, parts)
        maker = Maker(backend="web", account=self.name, model=self._mode, cost_microusd=0)
        return Drawn(images=images, maker=maker)

    async def _look_for(self, work: Work, before: tuple[str, ...]) -> Sent | None:
        """Where our prompt stands; None when it is proven to stand nowhere."""
        try:
            search = await History(page=self.page).search(
                work.text, work.others | frozenset(before)
            )
        except Ended as ended:
            raise Interrupted(ended.outcome) from ended
        if search.sent is None and not search.proven:
            raise Ended(_ambiguous())
        return search.sent

    async def _look_for_unseen(self, work: Work, before: tuple[str, ...]) -> Sent:
        """Where a prompt stands that the page does not show; `Ended`, as the page said, nowhere."""
        heard = self.page.heard
        found = await self._look_for(work, before)
        if found is None:
            raise Ended(heard or _dropped())
        return found

    async def _after_doubt(self, outcome: Outcome) -> Outcome:
        """What an answer that asks "Are you signed in?" is really about, proven on a fresh page."""
        if outcome.cause is not Cause.SIGNED_OUT:
            return outcome
        try:
            await self.page.new_chat()
        except Ended as proof:
            return replace(proof.outcome, said=outcome.said)
        return replace(
            outcome,
            cause=Cause.REGION,
            message="The account is signed in, but Gemini says that it cannot make images here.",
        )

    async def _note(self, sent: Sent, record: Record) -> None:
        await record(Phase.SENT, {"conversation": sent.conversation, "turn": sent.turn})


def lanes_of(session: str) -> tuple[str, ...]:
    """The lanes of a session: its own first, where its unfinished conversations wait."""
    return (session_lane(session), *lanes_served((WEB_LANE, ANY_LANE), ABILITIES))


def _is_well(reading: Reading) -> bool | None:
    """True for a page that could take a prompt; None, to go on watching, for any other."""
    asked = reading.notice is not None and reading.notice.cause in NEEDS_PERSON
    well = reading.composer and reading.sign_in is SignIn.IN and reading.blocked is None
    return (well and not asked) or None


@dataclass(kw_only=True)
class _Located:
    """Finds our turn and remembers the conversation's id once the address tells it."""

    find: Callable[[Reading], Turn | None]
    sent: Sent

    def __call__(self, reading: Reading) -> Turn | None:
        turn = self.find(reading)
        if turn is not None and (reading.conversation or turn.id):
            self.sent = Sent(
                conversation=reading.conversation or self.sent.conversation,
                turn=turn.id or self.sent.turn,
            )
        return turn


def _dropped() -> Outcome:
    return Outcome(
        cause=Cause.DROPPED,
        message="The prompt left the box, and neither the page nor the account's newest "
        "conversations hold it.",
    )


def _ambiguous() -> Outcome:
    return Outcome(
        cause=Cause.AMBIGUOUS,
        message="The prompt may have been sent, and the account's conversations could not be "
        "searched completely. Look for it in Gemini, then retry or cancel the job.",
    )


def _timeout() -> Outcome:
    return Outcome(
        cause=Cause.TIMEOUT,
        message="No image within the time allowed, and none after opening the conversation again.",
    )
