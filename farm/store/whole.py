"""Calls that a cancellation cannot cut in two."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
Verb = Callable[P, Coroutine[Any, Any, R]]


def whole(verb: Verb[P, R]) -> Verb[P, R]:
    """Let a call that has begun come to its end; the caller's cancellation waits for it.

    A connection whose statement is abandoned half-way keeps its transaction, and with it SQLite's
    only write lock, until the garbage collector finds its cursor.
    """

    @wraps(verb)
    async def call(*args: P.args, **kwargs: P.kwargs) -> R:
        task = asyncio.create_task(verb(*args, **kwargs), name=f"store {verb.__name__}")
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():
                await asyncio.wait([task])
            raise

    return call
