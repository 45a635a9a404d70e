"""The guards of conftest themselves."""

from __future__ import annotations

import os
import socket

import pytest


def test_a_connection_to_the_internet_is_refused() -> None:
    with socket.socket() as outbound, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        outbound.connect(("192.0.2.1", 443))


def test_a_name_on_the_internet_is_not_looked_up() -> None:
    with pytest.raises(AssertionError, match=r"example\.com"):
        socket.create_connection(("example.com", 443))


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client:
            reached = client.getpeername()

        assert reached == server.getsockname()


def test_no_setting_of_the_developer_is_seen() -> None:
    assert [n for n in os.environ if n.startswith("FARM_") and n != "FARM_BROWSER"] == []
