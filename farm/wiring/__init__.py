"""The composition root: the only unit that puts concrete things together."""

from __future__ import annotations

from farm.wiring.opened import Farm, open_farm
from farm.wiring.profiles import check_profiles, sign_in
from farm.wiring.run import run

__all__ = ["Farm", "check_profiles", "open_farm", "run", "sign_in"]
