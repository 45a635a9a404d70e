"""What holds for every test: an empty environment, no internet, an order that costs least."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.config import ALIASES

STAGES = ("unit", "contract", "tests", "browser", "e2e")
_ACCOUNT = re.compile(r"^ACCOUNT_\d+_PROFILE_PATH$")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs a browser or the installed program, and run cheap tests first.

    Several processes begin with the dearest instead: what is cheap then fills their ends.
    """
    sizes = Counter(item.path for item in items)
    for item in items:
        if _stage(item) in {"browser", "e2e"}:
            item.add_marker(_stage(item))
    shared = hasattr(config, "workerinput")
    sign = -1 if shared else 1
    items.sort(
        key=lambda item: (
            sign * STAGES.index(_stage(item)),
            -_patience(item),
            -sizes[item.path] if shared else 0,
        )
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out modules, whose tests share a browser or a store, and end-to-end tests one by one."""
    from xdist.scheduler import (  # type: ignore[import-untyped]  # noqa: PLC0415
        LoadScopeScheduling,
    )

    class Sharing(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if "tests/e2e/" in nodeid else nodeid.partition("::")[0]

    config.option.loadscopereorder = False  # the order is ours
    return Sharing(config, log)


def _patience(item: pytest.Item) -> float:
    """The seconds a test asks for itself: the longest of a stage begin first."""
    asked = item.get_closest_marker("timeout")
    return float(asked.args[0]) if asked and asked.args else 0.0


def _stage(item: pytest.Item) -> str:
    """The folder of tests/ an item stands in; `tests` for those at the top."""
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    return folder if folder in STAGES else "tests"


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer reaches a test; only the browser may be chosen from outside."""
    for name in os.environ:
        ours = name.startswith("FARM_") or name in ALIASES or _ACCOUNT.match(name)
        if ours and name != "FARM_BROWSER":
            monkeypatch.delenv(name)


class InternetRefused(AssertionError):
    """A test tried to reach something else than this machine."""


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Refuse every connection and name look-up that would leave the machine."""
    with pytest.MonkeyPatch.context() as patch:
        connect, connect_ex, look_up = (
            socket.socket.connect,
            socket.socket.connect_ex,
            socket.getaddrinfo,
        )

        def guarded_connect(self: socket.socket, address: Any) -> None:
            _refuse_internet(address)
            connect(self, address)

        def guarded_connect_ex(self: socket.socket, address: Any) -> int:
            _refuse_internet(address)
            return connect_ex(self, address)

        def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
            _refuse_internet((host,))
            return look_up(host, *args, **kwargs)

        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


def _refuse_internet(address: Any) -> None:
    if not isinstance(address, tuple) or address[0] in {None, "", "localhost"}:
        return  # a socket file, or this machine by name
    host = address[0].decode() if isinstance(address[0], bytes) else str(address[0])
    try:
        local = ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        local = False
    if not (local or host == "0.0.0.0"):  # noqa: S104  # asked for when listening
        raise InternetRefused(f"a test tried to reach {host}")
