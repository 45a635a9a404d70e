"""Whether the rows of a run have what its name template asks for."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import date

from farm.errors import UsageError
from farm.model.name_template import NameTemplate
from farm.naming import name_values
from farm.wiring.opened import Farm

LOOKED_AT = 200  # jobs of a run; a column stands in all rows of a file


async def prove_names(farm: Farm, queues: Sequence[str]) -> None:
    """UsageError for a column that no row has: an image would lack a part of its name."""
    template = NameTemplate(farm.settings.name_template)
    page = await farm.store.page(queues=queues, limit=LOOKED_AT)
    known = {key for job in page.jobs for key in name_values(job, date.min)}
    unknown = sorted(template.fields - known)
    if not page.jobs or not unknown:
        return
    wrong = " or ".join(map(repr, unknown))
    near = difflib.get_close_matches(unknown[0], sorted(known), n=1)
    hint = f" Did you mean {{{near[0]}}}?" if near else ""
    there = ", ".join(f"{{{key}}}" for key in sorted(known))
    raise UsageError(f"{template.text}: no row has a column {wrong}.{hint} There are: {there}.")
