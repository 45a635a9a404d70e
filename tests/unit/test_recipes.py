from pathlib import Path

import pytest

from farm.model.presets import PRESETS, preset_size
from farm.model.prompts import Size
from farm.model.recipes import CopyFormat, Focus, Format, Recipe, Resize, parse_formats, recipe_of


@pytest.mark.parametrize(
    ("text", "focus"),
    [
        ("center", Focus(0.5, 0.5)),
        ("Top", Focus(0.5, 0.0)),
        ("bottom left", Focus(0.0, 1.0)),
        ("right-top", Focus(1.0, 0.0)),
        ("center right", Focus(1.0, 0.5)),
        ("50% 30%", Focus(0.5, 0.3)),
        ("12.5%,100%", Focus(0.125, 1.0)),
        ("20%", Focus(0.2, 0.5)),
    ],
)
def test_a_focus_is_named_by_words_or_percentages(text: str, focus: Focus) -> None:
    assert Focus.parse(text) == focus
    assert Focus.parse(str(focus)) == focus


@pytest.mark.parametrize(
    "text", ["", "middle-earth", "top bottom", "left left", "50", "101% 0%", "50% top", "1% 2% 3%"]
)
def test_what_is_no_focus_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no focus such as"):
        Focus.parse(text)


def test_formats_stand_between_blanks_or_commas_with_a_quality_of_their_own() -> None:
    formats = parse_formats("webp:85, AVIF jpg")

    assert formats == (
        CopyFormat(Format.WEBP, 85),
        CopyFormat(Format.AVIF),
        CopyFormat(Format.JPEG),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gif", "webp, avif, jpeg, png"),
        ("webp:0", "from 1 to 100"),
        ("webp:101", "from 1 to 100"),
        ("webp:", "from 1 to 100"),
        ("png:90", "has no quality"),
        ("jpg jpeg", "twice"),
    ],
)
def test_what_is_no_format_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_formats(text)


def test_the_settings_make_a_recipe() -> None:
    recipe = recipe_of(resize="cover", focus="top", convert="webp:80", max_kb=200, sidecar=True)

    assert recipe == Recipe(
        resize=Resize.COVER,
        focus=Focus(0.5, 0.0),
        formats=(CopyFormat(Format.WEBP, 80),),
        max_bytes=204_800,
        sidecar=True,
    )
    assert not recipe.idle
    assert recipe_of().idle


def test_the_sizes_of_the_table_have_names() -> None:
    assert preset_size("OG") == Size(1200, 630)
    assert {str(preset.size) for preset in PRESETS.values()} == {
        "1920x1080px",
        "1800x768px",
        "1200x630px",
        "1600x900px",
        "1200x1600px",
        "800x450px",
        "1080x1080px",
        "400x225px",
        "1000x1500px",
    }
    page = (Path(__file__).parents[2] / "docs" / "images.md").read_text(encoding="utf-8")
    for name, preset in PRESETS.items():
        assert f"| `{name}` | {str(preset.size)[:-2]} | {preset.use} |" in page
    with pytest.raises(ValueError, match="there are hero"):
        preset_size("poster")
