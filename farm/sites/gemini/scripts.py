"""The scripts that run in the page, as text."""

from __future__ import annotations

from importlib import resources
from typing import Final

_HERE = resources.files("farm.sites.gemini")

SNAPSHOT_JS: Final = (_HERE / "snapshot.js").read_text(encoding="utf-8")
"""`(pack) => snapshot`: what the page shows, as plain JSON."""

OBSERVE_JS: Final = (_HERE / "observe.js").read_text(encoding="utf-8")
"""`(bindingName) => …`: call that binding soon after the page changed."""
