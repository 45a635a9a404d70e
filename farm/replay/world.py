"""Everything the site knows: accounts, conversations, images, and what is to happen next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from farm.replay.accounts import Account
from farm.replay.conversations import Conversation, Frame, Stage, Stale, Turn, title_for
from farm.replay.gallery import Gallery, Picture
from farm.replay.log import Submission, SubmissionLog
from farm.replay.performance import Sleep, Tempo, cut, perform
from farm.replay.pictures import Subject
from farm.replay.plays import Condition, Ending, Fault
from farm.replay.scenario import OK, Cues, Occasion, Rule, Scenario
from farm.replay.texts import reply_text

FLASH_LITE = "Flash-Lite"
_OUTCOME_OF_CUT = "cut"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """A prompt as it arrives from a page."""

    account: str  # "" when signed out
    text: str
    conversation: str  # "" on a new chat
    language: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """The site did not take a prompt: the text stays in the box."""

    rule: Rule
    toast: str = ""


@dataclass(kw_only=True)
class World:
    """The site's memory, and the one place where prompts become answers."""

    scenario: Scenario
    gallery: Gallery
    log: SubmissionLog
    clock: Callable[[], float]
    sleep: Sleep
    new_id: Callable[[], str]
    accounts: dict[str, Account] = field(default_factory=dict)
    conversations: dict[str, Conversation] = field(default_factory=dict)
    saved: Callable[[], None] = lambda: None  # called after every change worth keeping

    def __post_init__(self) -> None:
        self.cues = Cues(self.scenario.rules)
        self._running: dict[str, asyncio.Task[None]] = {}

    def change_scenario(self, scenario: Scenario) -> None:
        """Go on with other rules; counting starts anew."""
        self.scenario = scenario
        self.cues = Cues(scenario.rules)

    def account(self, name: str) -> Account:
        """The account of that name; anybody the cookies name exists."""
        if name not in self.accounts:
            self.accounts[name] = Account(name=name)
            if name:
                self._give_history(self.accounts[name])
        return self.accounts[name]

    def visitor(self, named: str) -> Account:
        """Who a request comes from: cookies of a signed-out account count for nothing."""
        if not named or self.account(named).has(Condition.SIGNED_OUT, self.clock()):
            return self.account("")
        return self.account(named)

    def mode_of(self, account: Account) -> str:
        """The label of the model the account would use now."""
        if account.has(Condition.FLASH_LITE, self.clock()):
            return FLASH_LITE
        return account.mode or self.scenario.defaults_of(account.name).mode

    def choose_mode(self, account: Account, mode: str) -> None:
        """Use another model; a limit that keeps the account on the small one stays."""
        account.mode = mode
        if account.conditions.get(Condition.FLASH_LITE, 0.0) is None:
            account.mend(Condition.FLASH_LITE)

    def load(self, account: Account) -> Rule | None:
        """Note that an account loads a page; a rule may say what it then finds."""
        account.pages += 1
        rule = self.cues.take(Occasion(at="load", n=account.pages, account=account.name))
        if rule is not None:
            self._strike(account, rule)
        return rule

    def conversation_of(self, account: Account, conversation_id: str) -> Conversation | None:
        """A conversation, for whoever it belongs to."""
        conversation = self.conversations.get(conversation_id)
        return conversation if conversation and conversation.account == account.name else None

    async def submit(self, ask: Ask) -> Turn | Refusal:
        """Take a prompt; when this returns it stands in the log, whatever comes of it."""
        n = self.log.next_number()
        account = self.account(ask.account)
        mode = self.mode_of(account)
        rule = self._rule_for(n, account, ask.text, mode)
        play = rule.plays
        if not play.accepted:
            self._note(n, ask, rule, mode)
            self._strike(account, rule)
            toast = reply_text("numbered", rule, ask.language) if play.toast != "never" else ""
            return Refusal(rule=rule, toast=toast)
        drawn = [await self._draw(n, ask, rule, index) for index in range(play.pictures)]
        turn = self._open_turn(n, ask, rule, drawn)
        account.images += len(drawn)
        self._note(n, ask, rule, mode, turn, drawn)
        self._strike(account, rule)
        self._start(turn, account)
        self.saved()
        return turn

    def stop(self, turn: Turn) -> None:
        """Stop an answer: the second click on the button that sent it."""
        task = self._running.pop(turn.id, None)
        if task is None or turn.stage is Stage.SETTLED:
            return
        task.cancel()
        cut(turn)
        self.log.amend(turn.n, _OUTCOME_OF_CUT)
        self.saved()

    def resume(self) -> None:
        """Begin again what an earlier life left unfinished."""
        for conversation in self.conversations.values():
            for turn in conversation.turns:
                if not turn.over:
                    self._start(turn, self.account(conversation.account))

    async def end(self) -> None:
        """Stop every answer where it is."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _rule_for(self, n: int, account: Account, text: str, mode: str) -> Rule:
        if not account.name or mode == FLASH_LITE:
            return Rule(play="flash_lite") if _wants_image(text) else Rule(play="text_only")
        quota = self.scenario.defaults_of(account.name).quota_images
        if quota and account.images >= quota:
            return Rule(play="quota")
        occasion = Occasion(at="send", n=n, account=account.name, text=text)
        return self.cues.take(occasion) or OK

    async def _draw(self, n: int, ask: Ask, rule: Rule, index: int) -> Picture:
        subject = Subject(
            text=ask.text,
            account=ask.account,
            n=n,
            index=index,
            fault=rule.plays.fault,
            type=self.scenario.defaults_of(ask.account).original,
        )
        earlier = self._earlier(n, rule.of) if subject.fault is Fault.DUPLICATE else None
        return await (
            self.gallery.copy(earlier, subject) if earlier else self.gallery.make(subject)
        )

    def _earlier(self, n: int, of: int | None) -> Picture | None:
        fitting = [p for p in self.gallery.pictures.values() if (p.n == of if of else p.n < n)]
        return max(fitting, key=lambda picture: picture.n, default=None)

    def _open_turn(self, n: int, ask: Ask, rule: Rule, drawn: list[Picture]) -> Turn:
        conversation = self.conversations.get(ask.conversation)
        account = self.account(ask.account)
        if conversation is None or conversation.account != ask.account:
            conversation = Conversation(
                id=self.new_id(), account=ask.account, title=title_for(ask.text)
            )
            self.conversations[conversation.id] = conversation
            account.conversations.append(conversation.id)
        turn = Turn(
            id=self.new_id(),
            conversation=conversation.id,
            n=n,
            query=ask.text,
            rule=rule,
            language=rule.language or ask.language,
            decoys=rule.plays.decoys,
            stale=self._stale(account, rule) if rule.plays.stale else None,
            frames=[Frame(picture=p.id, download=rule.plays.download) for p in drawn],
        )
        conversation.turns.append(turn)
        return turn

    def _stale(self, account: Account, rule: Rule) -> Stale | None:
        for conversation_id in reversed(account.conversations):
            for turn in reversed(self.conversations[conversation_id].turns):
                if turn.frames and turn.frames[0].state == "shown":
                    return Stale(
                        turn=turn.id,
                        query=turn.query,
                        picture=turn.frames[0].picture,
                        where=rule.chosen_kind,
                    )
        return None

    def _note(
        self,
        n: int,
        ask: Ask,
        rule: Rule,
        mode: str,
        turn: Turn | None = None,
        drawn: list[Picture] | None = None,
    ) -> None:
        self.log.append(
            Submission(
                n=n,
                at=self.clock(),
                account=ask.account,
                conversation=turn.conversation if turn else ask.conversation,
                turn=turn.id if turn else "",
                text=ask.text,
                accepted=turn is not None,
                outcome=rule.play,
                mode=mode,
                images=tuple(picture.logged for picture in drawn or ()),
            )
        )

    def _strike(self, account: Account, rule: Rule) -> None:
        condition = rule.plays.condition
        if condition is not None:
            account.suffer(condition, self.clock(), rule.for_seconds)

    def _start(self, turn: Turn, account: Account) -> None:
        tempo = Tempo.of(self.scenario.defaults_of(account.name), turn.rule)
        task = asyncio.get_running_loop().create_task(
            self._perform(turn, tempo), name=f"answer {turn.id}"
        )
        self._running[turn.id] = task

    async def _perform(self, turn: Turn, tempo: Tempo) -> None:
        await perform(turn, tempo, self.sleep)
        self._running.pop(turn.id, None)
        if turn.rule.plays.ending is Ending.VANISHED:
            self.conversations[turn.conversation].turns.remove(turn)
        self.saved()

    def _give_history(self, account: Account) -> None:
        """Every account comes with an old chat whose title reads like a refusal."""
        conversation = Conversation(
            id=self.new_id(), account=account.name, title="Image Generation Request Denied"
        )
        rule = Rule(play="refusal")
        conversation.turns.append(
            Turn(
                id=self.new_id(),
                conversation=conversation.id,
                n=0,
                query="Draw the logo of a well-known company",
                rule=rule,
                language="en",
                stage=Stage.SETTLED,
                text=reply_text("refusal.third_party", rule, "en"),
            )
        )
        self.conversations[conversation.id] = conversation
        account.conversations.append(conversation.id)


def _wants_image(text: str) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in ("/imagine", "size:", "image", "picture", "draw"))
