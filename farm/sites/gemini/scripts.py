"""The scripts that run in the page, as text."""

from __future__ import annotations

from importlib import resources
from typing import Final

_HERE = resources.files("farm.sites.gemini")

SNAPSHOT_JS: Final = (_HERE / "snapshot.js").read_text(encoding="utf-8")
"""`(pack) => snapshot`: what the page shows, as plain JSON."""

OBSERVE_JS: Final = (_HERE / "observe.js").read_text(encoding="utf-8")
"""`(bindingName) => …`: call that binding soon after the page changed."""

STILL_JS: Final = (_HERE / "still.js").read_text(encoding="utf-8")
"""`(pack) => {tree, identity, cut}`: the page itself, standing still, every zone named."""

MOMENT_JS: Final = f"""(pack) => JSON.stringify({{
  snapshot: ({SNAPSHOT_JS})(pack), still: ({STILL_JS})(pack) }})"""
"""Both at one moment, as JSON text, which crosses from the page at a tenth of the cost."""

COVERS_JS: Final = (_HERE / "covers.js").read_text(encoding="utf-8")
"""`({pack, open, prompts}) => boxes`: what a picture of the window must not show."""
