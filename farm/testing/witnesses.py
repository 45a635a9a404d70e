"""A witness for tests that are not about evidence."""

from __future__ import annotations

from farm.model.jobs import Claim
from farm.model.outcomes import Outcome


class Blind:
    """A witness that keeps nothing."""

    async def witness(self, outcome: Outcome, claim: Claim | None) -> object:
        """Nothing is kept."""
