"""References of a row: proven files, whatever the row names, and never from inside a network."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from fake_pictures import FakePictures, fake_pictures, picture
from PIL import Image

from farm.errors import Ended
from farm.fetching import Bounds, is_public
from farm.model.causes import Cause
from farm.model.outcomes import Outcome
from farm.references import MAX_BYTES, References, resolve, sweep_references


@pytest_asyncio.fixture
async def pictures() -> AsyncIterator[FakePictures]:
    async with fake_pictures() as fake:
        yield fake


async def refused(reference: str, downloads: Path, *, seconds: float = 5) -> Outcome:
    with pytest.raises(Ended) as ended:
        await resolve([reference], downloads, private=True, seconds=seconds)
    return ended.value.outcome


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_a_file_is_kept_byte_for_byte_under_its_content(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "kite"
    file.write_bytes(picture(kind=kind))

    (reference,) = await resolve([str(file)], tmp_path / "downloads")

    assert reference.path.read_bytes() == file.read_bytes()
    assert reference.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (reference.path.stem, reference.media_type) == (
        reference.sha256,
        f"image/{kind.lower()}",
    )
    assert reference.size_bytes == len(file.read_bytes())
    assert reference.path.parent == tmp_path / "downloads" / ".references"


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "AVIF"])
async def test_a_picture_not_every_hand_takes_becomes_a_png_of_its_first_frame(
    tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "kite.png"
    first, second = (Image.new("RGB", (32, 16), colour) for colour in ("#f00", "#00f"))
    more = {"save_all": True, "append_images": [second]} if kind == "GIF" else {}
    first.save(file, kind, **more)

    (reference,) = await resolve([str(file)], tmp_path)

    with Image.open(io.BytesIO(reference.path.read_bytes())) as kept:
        red, _, blue = kept.convert("RGB").tobytes()[:3]
        assert (kept.format, kept.size) == ("PNG", (32, 16))
    assert (red > 200, blue < 50) == (True, True)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"<!doctype html><p>no</p>", "is no picture"),
        (picture()[:-20], "is cut off"),
        (picture(kind="JPEG")[:400], "does not decode"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "is HEIC"),
        (bytes(MAX_BYTES + 1), "is over 20 MB"),
    ],
    ids=["empty", "web page", "cut PNG", "cut JPEG", "HEIC", "large"],
)
async def test_what_is_no_whole_picture_ends_the_row_and_says_which_reference(
    tmp_path: Path, data: bytes, said: str
) -> None:
    file = tmp_path / "kite.png"
    file.write_bytes(data)

    outcome = await refused(str(file), tmp_path)

    assert outcome.cause is Cause.UNSUPPORTED
    assert outcome.message.startswith(f"Reference 1 of the row ({file}) {said}")


@pytest.mark.parametrize(
    ("name", "said"),
    [("nothing.png", "is not there"), (".", "is a folder"), ("a\0b.png", "is not there")],
)
async def test_a_path_that_is_no_file_ends_the_row(tmp_path: Path, name: str, said: str) -> None:
    outcome = await refused(f"{tmp_path}/{name}", tmp_path)

    assert (outcome.cause, said in outcome.message) == (Cause.UNSUPPORTED, True)


async def test_a_path_from_nowhere_is_not_guessed_at(tmp_path: Path) -> None:
    outcome = await refused("kite.png", tmp_path)

    assert "is neither a whole path nor an https address" in outcome.message


async def test_an_address_gives_its_bytes_in_the_rows_order(
    tmp_path: Path, pictures: FakePictures
) -> None:
    pictures.files = {"/one.png": picture("red"), "/two%20b.jpg?v=1": picture("blue", "JPEG")}
    names = [f"{pictures.url}/two b.jpg?v=1#here", f"{pictures.url}/one.png"]

    found = await resolve(names, tmp_path, private=True)

    assert [one.path.read_bytes() for one in found] == [
        pictures.files["/two%20b.jpg?v=1"],
        pictures.files["/one.png"],
    ]


async def test_the_same_address_is_sent_again_only_when_it_changed(
    tmp_path: Path, pictures: FakePictures
) -> None:
    pictures.files, pictures.etags = {"/a": picture("red")}, {"/a": '"1"'}
    (first,) = await resolve([f"{pictures.url}/a"], tmp_path, private=True)
    (again,) = await resolve([f"{pictures.url}/a"], tmp_path, private=True)
    pictures.files, pictures.etags = {"/a": picture("blue")}, {"/a": '"2"'}

    (changed,) = await resolve([f"{pictures.url}/a"], tmp_path, private=True)

    asked = [headers.get("if-none-match") for _, headers in pictures.asked]
    assert (again, asked) == (first, [None, '"1"', '"1"'])
    assert changed.path.read_bytes() == picture("blue")


async def test_a_copy_that_was_touched_is_fetched_anew(
    tmp_path: Path, pictures: FakePictures
) -> None:
    pictures.files, pictures.etags = {"/a": picture("red")}, {"/a": '"1"'}
    (first,) = await resolve([f"{pictures.url}/a"], tmp_path, private=True)
    first.path.write_bytes(picture("blue"))

    (again,) = await resolve([f"{pictures.url}/a"], tmp_path, private=True)

    assert again.path.read_bytes() == picture("red")


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (404, Cause.UNSUPPORTED),
        (403, Cause.UNSUPPORTED),
        (204, Cause.UNSUPPORTED),
        (429, Cause.TRANSIENT),
        (503, Cause.TRANSIENT),
    ],
)
async def test_an_answer_says_whether_another_try_may_help(
    tmp_path: Path, pictures: FakePictures, status: int, cause: Cause
) -> None:
    pictures.statuses = {"/a.png?token=secret": status}

    outcome = await refused(f"{pictures.url}/a.png?token=secret", tmp_path)

    assert outcome.cause is cause
    assert f"answers {status}" in outcome.message
    assert "secret" not in outcome.message


def kept(downloads: Path) -> list[str]:
    return [path.name for path in downloads.rglob("*.*")]


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    await writer.drain()
    await asyncio.Event().wait()


async def flood(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not writer.is_closing():
        writer.write(bytes(1 << 20))
        await writer.drain()


async def break_off(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + picture()[:50])


async def announce(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")


@pytest.mark.parametrize(
    ("answer", "cause", "said"),
    [
        (drip, Cause.TRANSIENT, "nothing whole within 0.3 seconds"),
        (flood, Cause.UNSUPPORTED, "is over 20 MB"),
        (announce, Cause.UNSUPPORTED, "is over 20 MB"),
        (break_off, Cause.TRANSIENT, "could not be reached"),
    ],
)
async def test_a_server_that_stalls_floods_or_breaks_off_costs_a_bounded_try(
    tmp_path: Path, pictures: FakePictures, answer: object, cause: Cause, said: str
) -> None:
    pictures.scripted = {"/a": answer}  # type: ignore[dict-item]

    outcome = await refused(f"{pictures.url}/a", tmp_path, seconds=0.3 if answer is drip else 20)

    assert outcome.cause is cause
    assert said in outcome.message
    assert kept(tmp_path) == []


async def test_a_server_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    outcome = await refused("http://127.0.0.1:1/a.png", tmp_path)

    assert outcome.cause is Cause.TRANSIENT


async def test_an_address_may_lead_on_a_few_times(tmp_path: Path, pictures: FakePictures) -> None:
    pictures.moved = {"/0": "/1", "/1": f"{pictures.url}/2", "/2": "3", "/3": "/4", "/4": "/5"}
    pictures.files = {"/5": picture()}

    (reference,) = await resolve([f"{pictures.url}/0"], tmp_path, private=True)

    assert reference.path.read_bytes() == picture()


async def test_an_address_that_leads_round_in_circles_is_left(
    tmp_path: Path, pictures: FakePictures
) -> None:
    pictures.moved = {"/a": "/b", "/b": "/a"}

    outcome = await refused(f"{pictures.url}/a", tmp_path)

    assert (outcome.cause, len(pictures.asked)) == (Cause.UNSUPPORTED, 6)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.org/a.png", "not https"),
        ("https://127.0.0.1/a.png", "private network"),
        ("https://localhost/a.png", "private network"),
        ("https://[::1]/a.png", "private network"),
        ("https://169.254.169.254/latest", "private network"),
        ("https://[::ffff:10.0.0.1]/a.png", "private network"),
        ("https://me:word@example.org/a.png", "signs in nowhere"),
        ("https:///a.png", "no host"),
        ("https://[::bad/a.png", "is no address"),
    ],
)
async def test_a_row_leads_nowhere_into_the_users_own_network(
    tmp_path: Path, url: str, said: str
) -> None:
    with pytest.raises(Ended) as ended:
        await resolve([url], tmp_path)

    assert ended.value.outcome.cause is Cause.UNSUPPORTED
    assert said in ended.value.outcome.message


async def test_a_redirect_leads_nowhere_either(tmp_path: Path, pictures: FakePictures) -> None:
    """The first host counts as public, as one out there would; what it leads to does not."""
    inside = pictures.url.replace("127.0.0.1", "127.0.0.2")
    pictures.moved = {"/a": f"{inside}/secret"}
    bounds = Bounds(admits=lambda one: one == "127.0.0.1", schemes=frozenset({"http"}))

    with pytest.raises(Ended) as ended:
        await References(folder=tmp_path, bounds=bounds).resolve([f"{pictures.url}/a"])

    assert "private network" in ended.value.outcome.message
    assert [path for path, _ in pictures.asked] == ["/a"]


async def test_a_connection_that_ends_elsewhere_is_closed_before_anything_is_asked(
    tmp_path: Path, pictures: FakePictures
) -> None:
    """The name stood for a public address when it was looked up; its peer is another."""
    answers = [False, True]  # from its end: of the look-up, of the peer
    bounds = Bounds(admits=lambda _one: answers.pop(), schemes=frozenset({"http"}))

    with pytest.raises(Ended) as ended:
        await References(folder=tmp_path, bounds=bounds).resolve([f"{pictures.url}/a"])

    assert "private network" in ended.value.outcome.message
    assert pictures.asked == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("127.1.2.3", False),
        ("0.0.0.0", False),  # noqa: S104
        ("169.254.1.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("2002:a00:1::", False),
    ],
)
def test_only_addresses_of_the_open_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_copies_nobody_needed_for_long_are_swept(tmp_path: Path) -> None:
    file = tmp_path / "kite.png"
    file.write_bytes(picture())
    (reference,) = await resolve([str(file)], tmp_path)

    young = sweep_references(tmp_path, before=reference.path.stat().st_mtime - 1)
    old = sweep_references(tmp_path, before=reference.path.stat().st_mtime + 1)

    assert (young, old, reference.path.exists()) == (0, 1, False)
