"""The scripts that run in the page, as text."""

from __future__ import annotations

from importlib import resources
from typing import Final

_HERE = resources.files("farm.sites.gemini")

SNAPSHOT_JS: Final = (_HERE / "snapshot.js").read_text(encoding="utf-8")
"""`(pack) => snapshot`: what the page shows, as plain JSON."""

OBSERVE_JS: Final = (_HERE / "observe.js").read_text(encoding="utf-8")
"""`(bindingName) => …`: call that binding soon after the page changed."""

_ZONES, _STILL, _COVERS = (
    (_HERE / name).read_text(encoding="utf-8") for name in ("zones.js", "still.js", "covers.js")
)

MOMENT_JS: Final = f"""(pack) => JSON.stringify({{
  snapshot: ({SNAPSHOT_JS})(pack), still: ({_STILL})(({_ZONES})(pack)) }})"""
"""`(pack) => {snapshot, still: {tree, identity, cut}}`, both of one moment.

As JSON text it crosses from the page at a tenth of the cost.
"""

COVERS_JS: Final = f"({{ pack, ...asked }}) => ({_COVERS})(({_ZONES})(pack), asked)"
"""`({pack, open, prompts}) => boxes`: what a picture of the window must not show."""
