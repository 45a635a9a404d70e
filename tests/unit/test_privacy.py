"""What of an address or a text may be kept."""

from __future__ import annotations

import pytest

from farm.privacy import Veil, address, shape


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://gemini.google.com/app?hl=en#top", "https://gemini.google.com/app"),
        ("https://gemini.google.com/u/1/app/0123456789abcdef", "https://gemini.google.com/u/1/app/*"),
        ("https://gemini.google.com/app/aaaaaaaabbbbbbbb", "https://gemini.google.com/app/*"),
        ("https://eve:pass@chat.example.com/images", "https://chat.example.com/images"),
        ("https://lh3.googleusercontent.com/ogw/alice=s32-c", "https://lh3.googleusercontent.com/ogw/*"),
        ("https://lh3.google.com/rd-gg/Abc/def", "https://lh3.google.com/rd-gg/*/*"),
        ("blob:https://gemini.google.com/0b1c2d3e-4f50", "blob:https://gemini.google.com/*"),
        ("data:image/png;base64,iVBORw0KGgo=", "data:…"),
        ("/app/0123456789abcdef?x=1", "/app/*"),
    ],
)  # fmt: skip
def test_an_address_is_kept_without_ids_queries_and_persons(url: str, kept: str) -> None:
    assert address(url) == kept


def test_ids_in_an_address_may_get_another_name() -> None:
    assert address("https://a.example/app/0123456789abcdef", lambda _: "id") == (
        "https://a.example/app/id"
    )


@pytest.mark.parametrize(
    "secret",
    [
        "eve@example.com",
        "AFWLbD0x7Kd2Qm90ZpT4vB8nYc1LrHs6",
        "0123456789abcdef",
        "107346287364523",
        "g.a000xyz",
    ],
)
def test_a_text_is_kept_without_addresses_ids_tokens_and_known_secrets(secret: str) -> None:
    veil = Veil.over(secrets=["g.a000xyz"])

    told = veil(f"Signed in with {secret}, limit resets at 2:18 PM")

    assert secret not in told
    assert told.endswith("limit resets at 2:18 PM")


def test_the_owners_names_are_taken_out_as_whole_words() -> None:
    veil = Veil.over(names=["Ann Lee"])

    assert veil("Ann, the plan of LEE was announced") == "[name], the plan of [name] was announced"


def test_words_of_the_prompt_go_and_the_sites_own_words_stay() -> None:
    veil = Veil.over(
        prompts=["Create an image of Merkel at dawn"], vocabulary=["can't create", "image"]
    )

    assert veil("I can't create an image of Merkel.") == "I can't create an image of [prompt]."


@pytest.mark.parametrize(
    ("prompt", "said", "kept"),
    [
        ("画一座红色灯塔", "好的，红色灯塔来了", "好的，○○○○来了"),
        ("빨간 등대", "여기 등대 그림", "여기 [prompt] 그림"),
    ],
)
def test_prompts_without_spaces_or_with_short_words_are_found_too(
    prompt: str, said: str, kept: str
) -> None:
    assert Veil.over(prompts=[prompt])(said) == kept


def test_a_shape_tells_lengths_and_nothing_else() -> None:
    assert shape("Hi Eve, 3 new!") == "xx xxx, x xxx!"
