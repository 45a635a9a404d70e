"""Everything the site knows: accounts, conversations, images, and what is to happen next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from farm.replay.accounts import Account
from farm.replay.conversations import Conversation, Stage, Turn
from farm.replay.gallery import Gallery
from farm.replay.log import SubmissionLog
from farm.replay.performance import Performances, Sleep, Tempo
from farm.replay.plays import Condition
from farm.replay.scenario import Cues, Occasion, Rule, Scenario
from farm.replay.texts import reply_text
from farm.replay.uploads import Uploads

FLASH_LITE = "Flash-Lite"


@dataclass(kw_only=True)
class World:
    """The site's memory."""

    scenario: Scenario
    gallery: Gallery
    uploads: Uploads
    log: SubmissionLog
    clock: Callable[[], float]
    sleep: Sleep
    new_id: Callable[[], str]
    saved: Callable[[], None] = lambda: None  # called after every change worth keeping
    accounts: dict[str, Account] = field(default_factory=dict)
    conversations: dict[str, Conversation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cues = Cues(self.scenario.rules)
        self.performances = Performances(sleep=self.sleep, settled=self._settled)

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

    def load(self, account: Account) -> Rule | None:
        """Note that an account loads a page; a rule may say what it then finds."""
        account.pages += 1
        rule = self.cues.take(Occasion(at="load", n=account.pages, account=account.name))
        if rule is not None:
            self.strike(account, rule)
        return rule

    def strike(self, account: Account, rule: Rule) -> None:
        """Put a rule's condition on an account; a quota only when it is said how long."""
        condition = rule.plays.condition
        if condition is None or (condition is Condition.QUOTA and rule.for_seconds is None):
            return
        account.suffer(condition, self.clock(), rule.for_seconds)
        self.saved()

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
        self.saved()

    def out_of_quota(self, account: Account) -> bool:
        """Whether the account may make no more images now; its window starts when it notices."""
        now = self.clock()
        defaults = self.scenario.defaults_of(account.name)
        if defaults.quota_images and account.images >= defaults.quota_images:
            account.images = 0
            account.suffer(Condition.QUOTA, now, defaults.window_seconds)
        return account.has(Condition.QUOTA, now)

    def limit_end(self, account: Account, rule: Rule) -> float:
        """When a limit that begins with this rule ends, in epoch seconds."""
        window = self.scenario.defaults_of(account.name).window_seconds
        return self.clock() + (window if rule.for_seconds is None else rule.for_seconds)

    def conversation_of(self, account: Account, conversation_id: str) -> Conversation | None:
        """A conversation, for whoever it belongs to."""
        conversation = self.conversations.get(conversation_id)
        return conversation if conversation and conversation.account == account.name else None

    def turns_of(self, account: Account) -> Iterator[Turn]:
        """All turns of an account, the newest conversation's last one first."""
        for conversation_id in reversed(account.conversations):
            yield from reversed(self.conversations[conversation_id].turns)

    def stop(self, turn: Turn) -> None:
        """Stop an answer: the second click on the button that sent it."""
        if self.performances.cut(turn):
            self.log.cut(turn.n)

    def resume(self) -> None:
        """Begin again what an earlier life left unfinished."""
        for account in self.accounts.values():
            defaults = self.scenario.defaults_of(account.name)
            for turn in self.turns_of(account):
                if not turn.over:
                    self.performances.start(turn, Tempo.of(defaults, turn.rule))

    def _settled(self, turn: Turn) -> None:
        if turn.gone:
            self.conversations[turn.conversation].turns.remove(turn)
        self.saved()

    def _give_history(self, account: Account) -> None:
        """Every account comes with an old chat whose title reads like a refusal."""
        rule = Rule(play="refusal", kind="third_party")
        chat = Conversation(
            id=self.new_id(), account=account.name, title="Image Generation Request Denied"
        )
        turn = Turn(
            id=self.new_id(),
            conversation=chat.id,
            n=0,
            query="Draw the logo of a well-known company",
            rule=rule,
            language="en",
            stage=Stage.SETTLED,
            text=reply_text(rule.plays.reply, rule, "en"),
        )
        chat.turns.append(turn)
        self.conversations[chat.id] = chat
        account.conversations.append(chat.id)
