"""What is sent for a job, and what the user wants done when the site refuses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from farm.compose import compose
from farm.model.causes import REFUSALS, Cause
from farm.model.jobs import Job
from farm.model.prompts import Prompt
from farm.model.refusals import FAIL_IT, RefusalMove, RefusalPolicy, RefusalRule, read_refusals
from farm.substitutions import Substitutions


class PolicyBook(Protocol):
    """Where the policies of queues are kept."""

    async def refusals_of(self, queue: str) -> Mapping[str, str]:
        """What a queue's own policy says; empty without one."""


@dataclass(kw_only=True)
class Wording:
    """Composes prompts; in the user's other words after a refusal that asks for them."""

    book: PolicyBook
    policy: RefusalPolicy = field(default_factory=dict)  # for queues without a rule of their own
    substitutions: Callable[[], Substitutions] = Substitutions
    form: Callable[[Prompt], str] = compose  # what the hand at work reads

    async def text(self, job: Job, earlier: Sequence[Cause]) -> str:
        """The exact text to send, given how the job's earlier attempts ended."""
        for cause in set(earlier) & REFUSALS:
            if (await self.rule(cause, job.queue)).move is RefusalMove.SUBSTITUTE:
                return self.form(self.substitutions().applied(job.prompt))
        return self.form(job.prompt)

    async def rule(self, cause: Cause, queue: str) -> RefusalRule:
        """What the user wants of a refusal in a queue."""
        own = read_refusals(await self.book.refusals_of(queue))
        return own.get(cause) or self.policy.get(cause) or FAIL_IT

    def substitutes(self, prompt: Prompt) -> bool:
        """Whether the user's table has other words for this prompt."""
        return self.substitutions().change(prompt)
