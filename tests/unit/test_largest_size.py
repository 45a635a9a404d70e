"""Which entry of a menu of sizes is the whole picture."""

from __future__ import annotations

import pytest

from farm.sites.gemini.originals import largest_size


@pytest.mark.parametrize(
    ("labels", "chosen"),
    [
        (["Original\nFull size", "Small\n1024 px"], 0),
        (["Small\n1024 px", "Original\nFull size"], 1),
        (["1K", "2K", "4K"], 2),
        (["4K (Ultra)", "2K", "1024 x 572"], 0),
        (["1408x768", "2816 × 1536"], 1),
        (["2048 px", "1.5K"], 0),
        (["小 1024 px", "原始大小"], 1),
        (["Herunterladen", "Teilen"], 0),
    ],
)
def test_the_entry_that_promises_most_is_taken(labels: list[str], chosen: int) -> None:
    assert largest_size(labels) == chosen
