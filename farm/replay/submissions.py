"""How a prompt is taken: which rule it meets, what is drawn for it, and what the log says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from farm.replay.accounts import Account
from farm.replay.conversations import Conversation, Frame, Stale, Turn, title_for
from farm.replay.gallery import Picture
from farm.replay.log import Submission
from farm.replay.performance import Tempo
from farm.replay.pictures import Subject
from farm.replay.plays import Fault, Toast
from farm.replay.scenario import OK, Occasion, Rule
from farm.replay.texts import reply_text
from farm.replay.uploads import Upload
from farm.replay.world import FLASH_LITE, World

_IMAGE_WORDS = ("/imagine", "size:", "image", "picture", "draw", "photo")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """A prompt as it arrives from a page."""

    account: Account
    text: str
    conversation: str  # "" on a new chat
    language: str
    image_mode: bool
    files: Sequence[str] = ()  # ids of uploads


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """The site did not take a prompt: the text stays in the box."""

    toast: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """A prompt that has been given its number and its rule."""

    n: int
    ask: Ask
    rule: Rule
    mode: str


class Submissions:
    """Takes prompts, one at a time or many at once."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def take(self, ask: Ask) -> Turn | Refusal:
        """Answer or refuse a prompt; when this returns it stands in the log, whatever comes."""
        case = self._case(ask)
        play = case.rule.plays
        if not play.accepted:
            self._log(case, None, [])
            self._world.strike(ask.account, case.rule)
            toast = play.toast is Toast.SEND
            return Refusal(toast=reply_text("numbered", case.rule, ask.language) if toast else "")
        drawn = [await self._draw(case, index) for index in range(play.pictures)]
        turn = self._open(case, drawn)
        self._log(case, turn, drawn if play.gives_images else [])
        ask.account.images += len(drawn)
        self._world.strike(ask.account, case.rule)
        defaults = self._world.scenario.defaults_of(ask.account.name)
        self._world.performances.start(turn, Tempo.of(defaults, case.rule))
        self._world.saved()
        return turn

    def _case(self, ask: Ask) -> _Case:
        n = self._world.log.next_number()
        mode = self._world.mode_of(ask.account)
        return _Case(n=n, ask=ask, rule=self._rule(n, ask, mode), mode=mode)

    def _rule(self, n: int, ask: Ask, mode: str) -> Rule:
        """What the account's state forces, else what the scenario has for this prompt."""
        account, world = ask.account, self._world
        if not account.name or mode == FLASH_LITE:
            wants_image = any(word in ask.text.lower() for word in _IMAGE_WORDS)
            return Rule(play="not_eligible" if wants_image else "text_only")
        if world.out_of_quota(account):
            return Rule(play="quota")
        occasion = Occasion(at="send", n=n, account=account.name, text=ask.text)
        return world.cues.take(occasion) or OK

    async def _draw(self, case: _Case, index: int) -> Picture:
        gallery = self._world.gallery
        name = case.ask.account.name
        subject = Subject(
            text=case.ask.text,
            account=name,
            n=case.n,
            index=index,
            fault=case.rule.plays.fault,
            type=self._world.scenario.defaults_of(name).original,
        )
        earlier = gallery.earlier(case.n, case.rule.of)
        if subject.fault is Fault.DUPLICATE and earlier is not None:
            return await gallery.copy(earlier, subject)
        return await gallery.make(subject)

    def _open(self, case: _Case, drawn: list[Picture]) -> Turn:
        conversation = self._conversation(case.ask)
        play = case.rule.plays
        turn = Turn(
            id=self._world.new_id(),
            conversation=conversation.id,
            n=case.n,
            query=case.ask.text,
            rule=case.rule,
            language=case.rule.language or case.ask.language,
            decoys=play.decoys,
            uploads=[upload.id for upload in self._files(case.ask)],
            stale=self._stale(case) if play.stale else None,
            frames=[Frame(picture=picture.id, download=play.download) for picture in drawn],
            limited_until=self._world.limit_end(case.ask.account, case.rule),
        )
        conversation.turns.append(turn)
        return turn

    def _files(self, ask: Ask) -> tuple[Upload, ...]:
        return self._world.uploads.of(ask.account.name, ask.files)

    def _conversation(self, ask: Ask) -> Conversation:
        world, account = self._world, ask.account
        known = world.conversation_of(account, ask.conversation)
        if known is not None:
            return known
        new = Conversation(id=world.new_id(), account=account.name, title=title_for(ask.text))
        world.conversations[new.id] = new
        account.conversations.append(new.id)
        return new

    def _stale(self, case: _Case) -> Stale | None:
        """The account's newest image that stands already, to be drawn again beside this turn."""
        for turn in self._world.turns_of(case.ask.account):
            if turn.frames and turn.frames[0].state == "shown":
                return Stale(
                    turn=turn.id,
                    query=turn.query,
                    picture=turn.frames[0].picture,
                    where=case.rule.chosen_kind,
                )
        return None

    def _log(self, case: _Case, turn: Turn | None, seen: list[Picture]) -> None:
        self._world.log.append(
            Submission(
                n=case.n,
                at=self._world.clock(),
                account=case.ask.account.name,
                conversation=turn.conversation if turn else "",
                turn=turn.id if turn else "",
                text=case.ask.text,
                accepted=turn is not None,
                outcome=case.rule.play,
                mode=case.mode,
                image_mode=case.ask.image_mode,
                images=tuple(picture.logged for picture in seen),
                files=tuple(upload.sha256 for upload in self._files(case.ask)),
            )
        )
