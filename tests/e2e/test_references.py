"""References of rows: uploaded byte for byte and once, whatever dies between picture and text."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import ssl
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from deaths import Point, moments
from fake_pictures import fake_pictures, picture

from farm.replay.certificates import issue
from farm.replay.scenario import FAST, Rule, Scenario

if TYPE_CHECKING:
    from house import Build, House

RED, BLUE = picture("red"), picture("blue", "JPEG")


def with_references(house: House, references: list[str]) -> str:
    """A prompt file, one row for each cell of references."""
    path = house.prompts(len(references))
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*rows[0], "Reference Images"])
        writer.writeheader()
        for row, cell in zip(rows, references, strict=True):
            writer.writerow({**row, "Reference Images": cell})
    return str(path)


def secured(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's certificate for localhost, and the authority that vouches for it."""
    credentials = issue(["localhost"], datetime.now(UTC))
    chain, key, authority = (folder / name for name in ("chain.pem", "key.pem", "authority.pem"))
    chain.write_bytes(credentials.chain)
    key.write_bytes(credentials.key)
    authority.write_bytes(credentials.authority)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain, key)
    return context, authority


def red_in(house: House) -> str:
    path = house.home / "red.png"
    path.write_bytes(RED)
    return str(path)


def sha(*data: bytes) -> tuple[str, ...]:
    return tuple(hashlib.sha256(one).hexdigest() for one in data)


def results(house: House) -> set[str]:
    """The images that were made, without the copies of references."""
    return {Path(name).name for name in house.saved() if not name.startswith(".references/")}


async def test_every_row_goes_out_with_exactly_its_own_references(
    build: Build, tmp_path: Path
) -> None:
    context, authority = secured(tmp_path)
    async with fake_pictures(context) as pictures:
        house = await build(SSL_CERT_FILE=str(authority), FARM_PRIVATE_REFERENCES="1")
        pictures.files = {"/blue.jpg": BLUE}
        red, blue = red_in(house), f"{pictures.url}/blue.jpg"
        path = with_references(house, ["", red, f"{red}; {blue}", f"{pictures.url}/no.png"])

        done = await house.farm("start", path)

    assert done.code == 1, done.out + done.err
    assert [entry.files for n in (1, 2, 3) for entry in house.submissions(n)] == [
        (),
        sha(RED),
        sha(RED, BLUE),
    ]
    assert house.submissions(4) == []
    assert (await house.jobs())["4"]["cause"] == "unsupported"
    assert results(house) == {f"picture-{n}.jpg" for n in (1, 2, 3)}


@pytest.mark.long
async def test_a_death_between_picture_and_text_leaves_one_prompt_with_one_picture(
    build: Build,
) -> None:
    slow = Rule(play="upload_slow", at="upload", times=1, delay_seconds=60)
    house = await build(Scenario(defaults=FAST, rules=(slow,)))
    path = with_references(house, [red_in(house)])
    running = await house.start("start", path, "--json")
    async with aclosing(moments(house, running)) as told:
        async for moment in told:
            if moment.point is Point.TYPING:
                break
    async with asyncio.timeout(20):
        while not house.stand_in.world.account("account1").uploads:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # the site has no other way to tell
    await running.kill()

    done = await house.farm("start", path)

    assert done.code == 0, done.out + done.err
    assert [entry.files for entry in house.submissions(1)] == [sha(RED)]
    assert results(house) == {"picture-1.jpg"}
    assert house.browsers() == []
