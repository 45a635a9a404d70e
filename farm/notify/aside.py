"""Calls that block, on threads that nobody ever has to wait for."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable

from farm.notify.base import NotDelivered


async def aside(send: Callable[[], None]) -> None:
    """Run `send` on a daemon thread; its NotDelivered is raised here.

    Not `asyncio.to_thread`: the end of the program waits for that one's threads, however long the
    other side keeps them.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: NotDelivered | None) -> None:
        if done.done():  # nobody waits any more
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def work() -> None:
        error: NotDelivered | None = NotDelivered("sending it failed", passing=False)
        try:
            send()
            error = None
        except NotDelivered as why:
            error = why
        finally:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=work, name="message", daemon=True).start()
    await done
