"""An image's address followed hop by hop: what is fetched, what is refused, what may come later."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from starlette.types import Receive, Scope, Send

from farm.browser import downloads
from farm.browser.downloads import MAX_HOPS, Fetched, FetchRefused, fetch, press
from farm.browser.launch import LaunchOptions, is_root
from farm.browser.profiles import make_profile
from farm.browser.session import BrowserSession
from farm.errors import BrowserError, BrowserTimeout, NetworkError
from farm.replay.certificates import issue
from farm.replay.hosts import HOSTS
from farm.replay.listening import listening, loopback
from farm.replay.proxy import proxying

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ALLOWED = ("*.googleusercontent.com", "*.google.com", "work.fife.usercontent.google.com")
REFERER = "https://gemini.google.com/"
FIRST = "https://lh3.googleusercontent.com/gg-dl/a=s0"
SECOND = "https://work.fife.usercontent.google.com/rd-gg-dl/b=s0"
THIRD = "https://lh3.google.com/rd-gg/c=s0"
Onward = Callable[[str], "Answer"]
PICTURE = b"\x89PNG " + bytes(range(256)) * 4


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a host says to one address."""

    status: int = 200
    media_type: str = "image/png"
    body: bytes = PICTURE
    location: str = ""
    promised: int | None = None  # another length than the body has; 0: none is told


@dataclass
class Hosts:
    """The image hosts, saying what a test wants them to say."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        url = f"https://{headers['host']}{scope['path']}{query}"
        self.asked.append(url)
        self.headers.append(headers)
        answer = self.answers.get(url, Answer(status=404))
        told = {"content-type": answer.media_type, "location": answer.location}
        if answer.promised != 0:
            told["content-length"] = str(answer.promised or len(answer.body))
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [(k.encode(), v.encode()) for k, v in told.items() if v],
            }
        )
        await send({"type": "http.response.body", "body": answer.body})


@dataclass
class Bench:
    """A session whose only network are those hosts."""

    hosts: Hosts
    session: BrowserSession
    part: Path

    async def fetch(self, **answers: Answer) -> Fetched:
        """Fetch the first address; the hosts answer as told, by the name of the hop."""
        addresses = {"first": FIRST, "second": SECOND, "third": THIRD}
        self.hosts.answers = {addresses[hop]: answer for hop, answer in answers.items()}
        return await fetch(self.session, FIRST, self.part, hosts=ALLOWED, referer=REFERER)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    hosts, front, tls = Hosts(), loopback(), loopback()
    folder = tmp_path_factory.mktemp("downloads")
    profile = make_profile(folder, "alice")
    async with (
        listening(hosts, tls, issue(HOSTS, datetime.now(UTC))),
        proxying(front, upstream_port=tls.getsockname()[1], hosts=HOSTS) as proxy,
    ):
        options = LaunchOptions(
            asked_browser=os.environ.get("FARM_BROWSER", ""),
            proxy_server=proxy.url,
            ignore_https_errors=True,
            root=is_root(),
        )
        async with BrowserSession(profile=profile, options=options) as session:
            await session.page.context.add_cookies(
                [{"name": "SID", "value": "s", "domain": ".google.com", "path": "/"}]
            )
            yield Bench(hosts, session, folder / "a.part")
    for sock in (front, tls):
        sock.close()


@pytest.fixture
def bench(studio: Bench, tmp_path: Path) -> Bench:
    studio.hosts.asked.clear()
    studio.hosts.headers.clear()
    studio.part = tmp_path / "new" / "a.part"
    return studio


def redirect(url: str) -> Answer:
    return Answer(status=302, location=url, body=b"", media_type="text/html")


def told(url: str) -> Answer:
    return Answer(media_type="text/plain; charset=utf-8", body=url.encode())


@pytest.mark.parametrize("onward", [redirect, told], ids=["redirects", "texts"])
async def test_a_chain_over_three_hosts_leads_to_the_bytes(bench: Bench, onward: Onward) -> None:
    fetched = await bench.fetch(first=onward(SECOND), second=onward(THIRD), third=Answer())

    assert bench.hosts.asked == [FIRST, SECOND, THIRD]
    assert bench.part.read_bytes() == PICTURE
    assert fetched == Fetched(
        part=bench.part,
        sha256=hashlib.sha256(PICTURE).hexdigest(),
        size_bytes=len(PICTURE),
        url=THIRD,
    )


async def test_each_hop_gets_the_cookies_of_its_own_host_and_where_we_come_from(
    bench: Bench,
) -> None:
    await bench.fetch(first=redirect(SECOND), second=redirect(THIRD), third=Answer())

    assert [head.get("cookie", "") for head in bench.hosts.headers] == ["", "SID=s", "SID=s"]
    assert {head["referer"] for head in bench.hosts.headers} == {REFERER}


async def test_a_redirect_may_name_only_a_path(bench: Bench) -> None:
    path = urlsplit(FIRST)._replace(path="/rd-gg-dl/d=s0").geturl()
    bench.hosts.answers = {FIRST: redirect("/rd-gg-dl/d=s0"), path: Answer()}

    fetched = await fetch(bench.session, FIRST, bench.part, hosts=ALLOWED, referer=REFERER)

    assert fetched.url == path


@pytest.mark.parametrize("onward", [redirect, told], ids=["redirect", "text"])
@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://example.org/picture.png",
        "https://googleusercontent.com.example.org/a",
        "http://lh3.googleusercontent.com/gg/a",
        "https://lh3.google.com@example.org/a",
        "file:///etc/passwd",
    ],
)
async def test_a_hop_to_another_host_or_without_tls_is_never_asked(
    bench: Bench, onward: Onward, elsewhere: str
) -> None:
    with pytest.raises(FetchRefused, match=r"not a host images may come from|not an image"):
        await bench.fetch(first=onward(elsewhere))

    assert bench.hosts.asked == [FIRST]
    assert not bench.part.exists()


@pytest.mark.parametrize("onward", [redirect, told], ids=["redirects", "texts"])
async def test_a_chain_without_end_is_left(bench: Bench, onward: Onward) -> None:
    with pytest.raises(FetchRefused, match=f"more than {MAX_HOPS} hops"):
        await bench.fetch(first=onward(FIRST))

    assert bench.hosts.asked == [FIRST] * MAX_HOPS


async def test_a_redirect_that_leads_nowhere_is_refused(bench: Bench) -> None:
    with pytest.raises(FetchRefused, match="without an address"):
        await bench.fetch(first=redirect(""))


@pytest.mark.parametrize("promised", [None, 0], ids=["length told", "length not told"])
async def test_more_bytes_than_an_image_may_have_are_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, promised: int | None
) -> None:
    monkeypatch.setattr(downloads, "MAX_IMAGE_BYTES", len(PICTURE) - 1)

    with pytest.raises(FetchRefused, match=f"{len(PICTURE)} bytes are more"):
        await bench.fetch(first=Answer(promised=promised))

    assert not bench.part.exists()


async def test_an_image_of_exactly_the_allowed_size_is_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "MAX_IMAGE_BYTES", len(PICTURE))

    assert (await bench.fetch(first=Answer())).size_bytes == len(PICTURE)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, FetchRefused),
        (403, FetchRefused),
        (404, FetchRefused),
        (410, FetchRefused),
        (204, FetchRefused),
        (206, FetchRefused),
        (408, NetworkError),
        (429, NetworkError),
        (500, NetworkError),
        (503, NetworkError),
    ],
)
async def test_a_status_says_whether_asking_again_may_help(
    bench: Bench, status: int, error: type[BrowserError]
) -> None:
    with pytest.raises(error, match=f"answered {status}") as raised:
        await bench.fetch(first=Answer(status=status, body=b""))

    assert type(raised.value) is error


@pytest.mark.parametrize(
    "answer",
    [
        Answer(media_type="text/html", body=b"<html>Sign in</html>"),
        Answer(media_type="text/html", body=b""),
        Answer(media_type="application/json", body=b"{}"),
        Answer(media_type="text/plain", body=b"https://lh3.google.com/" + b"a" * 9000),
        Answer(media_type="text/plain", body="https://lh3.google.com/\u00e9".encode()),
        Answer(media_type="", body=b"who knows"),
    ],
    ids=["page", "nothing", "json", "no end of an address", "no ascii", "no type"],
)
async def test_what_is_neither_image_nor_address_is_refused(bench: Bench, answer: Answer) -> None:
    with pytest.raises(FetchRefused):
        await bench.fetch(first=answer)

    assert not bench.part.exists()


async def test_an_image_that_breaks_off_is_asked_for_again_and_never_kept(bench: Bench) -> None:
    with pytest.raises(NetworkError):
        await bench.fetch(first=Answer(promised=len(PICTURE) + 100))

    assert not bench.part.exists()


BUTTON = """() => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["the file of the button"]));
  link.download = "Gemini_Generated_Image.png";
  document.body.append(link);
  link.click();
}"""


async def test_the_file_of_a_button_is_moved_to_its_part(bench: Bench) -> None:
    bench.hosts.answers = {THIRD: Answer(media_type="text/html", body=b"<html></html>")}
    await bench.session.goto(THIRD)

    fetched = await press(
        bench.session, lambda: bench.session.evaluate(BUTTON), bench.part, seconds=20
    )

    assert bench.part.read_bytes() == b"the file of the button"
    assert fetched.sha256 == hashlib.sha256(b"the file of the button").hexdigest()


async def test_a_button_that_gives_nothing_costs_its_time_and_no_more(bench: Bench) -> None:
    with pytest.raises(BrowserTimeout, match="wait for a download"):
        await press(bench.session, lambda: None, bench.part, seconds=0.2)

    assert not bench.part.exists()
