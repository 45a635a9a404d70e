"""Boxes of a picture are painted over."""

from __future__ import annotations

import io

from PIL import Image

from farm.steps.cover import cover


def test_what_is_in_a_box_is_gone_and_the_rest_stays() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (40, 30), "red").save(file, "PNG")

    painted = cover(file.getvalue(), [(10.4, -20, 19.6, 12), (35, 25, 900, 900)])

    with Image.open(io.BytesIO(painted)) as picture:
        points = [picture.getpixel(point) for point in ((10, 0), (19, 12), (39, 29), (25, 20))]
        assert (picture.format, picture.size) == ("PNG", (40, 30))
    assert points == [(95, 99, 104)] * 3 + [(255, 0, 0)]
