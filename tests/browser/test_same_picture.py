"""A picture behind a `blob:` is known again among the pictures the page loaded."""

from __future__ import annotations

import base64
import io
import random
from pathlib import Path
from typing import TYPE_CHECKING

import PIL.Image
import pytest

from farm.sites.gemini.answers import Answer
from farm.sites.gemini.originals import COMPARE_JS, SAME_PICTURE, Originals
from farm.sites.gemini.page import Patience
from farm.steps.keeper import measure

if TYPE_CHECKING:
    from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


SHOW_JS = """async (data) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([bytes]));
  await image.decode();
  URL.revokeObjectURL(image.src);
  document.body.replaceChildren(image);
}"""


def grain() -> str:
    """A picture without any shape, as base64."""
    size = (1024, 576)
    pixels = random.Random(1).randbytes(size[0] * size[1] * 3)  # noqa: S311  # no secret
    file = io.BytesIO()
    PIL.Image.frombytes("RGB", size, pixels).save(file, "JPEG", quality=90)
    return base64.b64encode(file.getvalue()).decode()


async def test_grain_does_not_make_a_picture_differ_from_its_own_bytes(desk: Desk) -> None:
    await desk.page.open("app")
    await desk.session.evaluate(SHOW_JS, grain())

    difference = await desk.session.locator("img").evaluate(COMPARE_JS, grain())

    assert difference < SAME_PICTURE / 4


@pytest.mark.parametrize("ui", ["2025", "2026"])
@pytest.mark.parametrize("subject", ["a paper boat", "a mill"])
async def test_a_picture_behind_a_blob_is_fetched_by_its_own_address(
    desk: Desk, tmp_path: Path, subject: str, ui: str
) -> None:
    desk.play(ui=ui, image_src="blob")
    desk.page.patience = Patience()  # whether the click was in time is not the question here
    text = f"/imagine Size: 1600x900px ||| Colors: #2563eb, #ffffff ||| Description: {subject}"
    composer, _ = await desk.send(text)
    turn = await Answer(page=desk.page, find=lambda r: composer.own_turn(r, text)).images(20)
    assert turn is not None

    (raw,) = await Originals(page=desk.page, measure=measure).of(turn, [tmp_path / "1.part"])

    (shown,) = desk.log[0].images
    assert (raw.source, raw.sha256) == ("s0", shown.sha256_s0)
