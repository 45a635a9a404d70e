"""How an image's address is asked for everything."""

from __future__ import annotations

import pytest

from farm.browser.downloads import host_allowed
from farm.sites.gemini.urls import full_size_url

HOSTS = ("*.googleusercontent.com", "*.google.com", "work.fife.usercontent.google.com")
LH3 = "https://lh3.googleusercontent.com"


@pytest.mark.parametrize(
    ("shown", "full"),
    [
        (f"{LH3}/gg/abc=s1024-rj", f"{LH3}/gg/abc=s0"),
        (f"{LH3}/gg-dl/a=b=c=s512-d-I", f"{LH3}/gg-dl/a=b=c=s0-d-I"),
        (f"{LH3}/rd-gg-dl/abc=s1024-rj?alr=yes", f"{LH3}/rd-gg-dl/abc=s0?alr=yes"),
        (f"{LH3}/gg/abc=w640-h480-rj", f"{LH3}/gg/abc=s0"),
        (f"{LH3}/gg/abc=d-I?alr=yes", f"{LH3}/gg/abc=s0-d-I?alr=yes"),
        (f"{LH3}/gg/abc", f"{LH3}/gg/abc=s0"),
        (f"{LH3}/gg/tokenWith=sign", f"{LH3}/gg/tokenWith=sign=s0"),
        (f"{LH3}/gg/abc=s0", f"{LH3}/gg/abc=s0"),
    ],
)
def test_the_size_behind_the_last_equals_sign_becomes_s0(shown: str, full: str) -> None:
    assert full_size_url(shown) == full


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://lh3.googleusercontent.com/gg/a", True),
        ("https://lh3.google.com/rd-gg/a", True),
        ("https://work.fife.usercontent.google.com/rd-gg-dl/a", True),
        ("http://lh3.googleusercontent.com/gg/a", False),
        ("https://googleusercontent.com.example.org/gg/a", False),
        ("https://evilgoogleusercontent.com/gg/a", False),
        ("https://example.org/?https://lh3.google.com/", False),
        ("https://lh3.google.com@example.org/", False),
        ("blob:https://gemini.google.com/1", False),
    ],
)
def test_images_come_from_the_allowed_hosts_over_https_only(url: str, allowed: bool) -> None:
    assert host_allowed(url, HOSTS) is allowed
