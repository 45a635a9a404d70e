"""Which profiles a run drives, and which jobs a command means. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from farm.errors import UsageError


@dataclass(frozen=True, kw_only=True, slots=True)
class Picked:
    """Profiles to drive, and what is missing from what was asked."""

    names: tuple[str, ...]
    warning: str = ""  # one loud sentence; "" when nothing is missing


def pick_profiles(
    there: Sequence[str],
    named: Sequence[str],
    count: int | None,
    *,
    apis: Sequence[str] = (),
) -> Picked:
    """The named profiles, else the first `count`, else all; UsageError when there is none.

    Fewer than asked is no reason to stop: the run goes on with those there are. `apis` are the
    fallbacks, which could draw without any.
    """
    if named:
        return _pick_named(there, tuple(dict.fromkeys(named)), count)
    if not there:
        raise UsageError(
            "There is no profile to work with. Sign one in first, by hand, in its own window:\n"
            "  farm login alice\n"
            f"{_without(apis)}Or look at farm without an account: farm demo"
        )
    names = tuple(there[:count])
    missing = (count or 0) - len(names)
    if missing <= 0:
        return Picked(names=names)
    free = [f"account{n}" for n in range(1, len(there) + missing + 1)]
    logins = " and ".join(f"farm login {n}" for n in [f for f in free if f not in there][:missing])
    return Picked(
        names=names,
        warning=f"{count} sessions were asked for and {len(names)} of them have a profile "
        f"({', '.join(names)}); going on with those. For the missing ones: {logins}",
    )


def _without(apis: Sequence[str]) -> str:
    if not apis:
        return ""
    names = ",".join(apis)
    return f"A fallback only steps in for one. Without any: farm start --backends {names}\n"


def _pick_named(there: Sequence[str], named: tuple[str, ...], count: int | None) -> Picked:
    names = tuple(n for n in named if n in there)
    lost = [n for n in named if n not in there]
    logins = " and ".join(f"farm login {n}" for n in lost)
    if not names:
        raise UsageError(f"No profile is called {' or '.join(lost)}. To make it: {logins}")
    if count is not None and count > len(names) and not lost:
        return Picked(
            names=names,
            warning=f"{count} sessions were asked for and {len(names)} profiles named; "
            f"going on with {', '.join(names)}.",
        )
    warning = f"Profile {', '.join(lost)} does not exist: {logins}" if lost else ""
    if lost:
        warning += f". Going on with {', '.join(names)}."
    return Picked(names=names[:count], warning=warning)
