"""The words by which a description is judged; each is a pattern, parted by commas."""

from __future__ import annotations

import re


def any_of(words: str) -> re.Pattern[str]:
    """A pattern that finds any of them as a whole word."""
    listed = "|".join(" ".join(word.split()) for word in words.split(","))
    return re.compile(rf"\b(?:{listed})\b", re.IGNORECASE)


PLACEHOLDER = re.compile(
    r"(?:todo|tbd|fixme|xxx+|lorem ipsum|n/?a|none|test|asdf+|placeholder|insert .* here)\b.{0,20}"
    r"|[.?…-]+",
    re.IGNORECASE | re.DOTALL,
)
VAGUE = any_of(
    """(?:a|so|very|super|really|something) cool, nice, beautiful, amazing, awesome, great, good,
    best, interesting, stunning, pretty, wonderful, perfect, things?, stuff, something, somehow,
    etc, various, some kind of, and so on, make an? image"""
)
COLOUR = any_of(
    r"""red, orange, yellow, green, blue, purple, violet, pink, brown, black, white, gr[ae]y, beige,
    cream, navy, teal, turquoise, cyan, magenta, gold(?:en)?, silver, bronze, amber, ochre, crimson,
    maroon, olive, lime, indigo, coral, salmon, ivory, slate, charcoal, sepia, pastels?,
    monochrom\w*, colou?rs?, palette, terracotta, rust, copper, lavender, emerald"""
)
STYLE = any_of(
    r"""clean, modern, professional, futuristic, minimal\w*, elegant, vintage, retro, cinematic,
    documentary, editorial, photo\w*, illustrat\w*, painting, watercolou?rs?, oil, gouache, ink,
    sketch, drawing, hand-drawn, vector, flat, isometric, 3d, render\w*, anime, cartoon, comic,
    realistic, realism, surreal\w*, abstract, impressionis\w*, art deco, bauhaus, corporate, rustic,
    playful, technical, scientific, poster, aesthetics?, style, diagram, infographic, map,
    pixel art, low[- ]poly, collage, woodcut, engraving"""
)
QUALITY = any_of(
    r"""high[- ]quality, high[- ]resolution, hi-?res, [48]k, uhd, hdr, ultra[- ]?hd,
    professional photography, professional \w+ (?:illustration|design|photography),
    museum[- ]quality, print quality, crisp, sharp, detailed, rich in detail, intricate,
    photorealistic"""
)
COMPOSITION = any_of(
    r"""depth of field, light\w*, lit, backlit, shadows?, angle, view\w*, seen from, perspective,
    close[- ]?up, macro, foreground, background, composition, composed, cent(?:re|er)d?, framed?,
    framing, wide, panoram\w*, crop\w*, portrait, landscape, symmetr\w*, rule of thirds,
    left, right, upper, lower, top, bottom, horizon, bokeh, blurred, exposure, aerial, overhead,
    eye[- ]level, golden hour, layout, margins?, columns?, panels?, sections?, white space"""
)
_PLACED = (
    "in|on|at|inside|outside|under|beside|beneath|against|behind|around|near|along|across|through"
    "|above|below|between|among|over|before|by|into|from|next to"
)
SETTING = any_of(
    rf"""(?:{_PLACED}) \w+, background, setting, scene, environment, surrounding\w*, ground,
    landscape, interior, room"""
)
