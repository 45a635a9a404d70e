"""Who looks at what went wrong while it can still be seen."""

from __future__ import annotations

from typing import Protocol

from farm.model.jobs import Claim
from farm.model.outcomes import Outcome


class Witness(Protocol):
    """Keeps evidence of what went wrong."""

    async def witness(self, outcome: Outcome, claim: Claim | None) -> object:
        """Look at the page as it is now; never raises into the attempt."""
