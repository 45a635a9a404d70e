"""Gemini's answers: the pictures in them, the reasons for having none, what they cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from farm.backends.api import Answer, Charged, Request
from farm.backends.gemini_failures import without_picture
from farm.backends.pricing import GOOGLE, Tokens, priced
from farm.errors import Ended
from farm.model.models import Model

if TYPE_CHECKING:
    from google.genai import types

Cost = Callable[["types.GenerateContentResponse", Model], int | None]


def pictures_of(request: Request) -> list[types.Part]:
    """The pictures to go by, then the mask; blocking."""
    from google.genai import types  # noqa: PLC0415

    parts = [
        types.Part.from_bytes(data=one.path.read_bytes(), mime_type=one.media_type)
        for one in request.references
    ]
    if request.mask is not None:
        data = request.mask.read_bytes()
        parts.append(types.Part.from_bytes(data=data, mime_type="image/png"))
    return parts


def answer_of(response: types.GenerateContentResponse, model: Model, cost: Cost) -> Answer:
    """The pictures of an answer; `Ended` or `Charged` for one without."""
    found = tuple(_pictures(response))
    used = _wire_usage(response)
    if not found:
        outcome = without_picture(*_reason(response), of_prompt=_of_prompt(response))
        if not used:
            raise Ended(outcome)
        raise Charged(outcome, spent_microusd=cost(response, model), usage=used)
    return Answer(
        pictures=found,
        model=response.model_version or model.id,
        id=response.response_id or "",
        usage=used,
        spent_microusd=cost(response, model) if used else None,
    )


def _parts(response: types.GenerateContentResponse) -> Iterator[types.Part]:
    for candidate in response.candidates or ():
        yield from (candidate.content.parts if candidate.content else None) or ()


def _pictures(response: types.GenerateContentResponse) -> Iterator[bytes]:
    """What the model made; what it drew while it thought is none of it."""
    for part in _parts(response):
        blob = part.inline_data
        if part.thought or blob is None or not blob.data:
            continue
        if (blob.mime_type or "").startswith("image/"):
            yield blob.data


def _of_prompt(response: types.GenerateContentResponse) -> bool:
    feedback = response.prompt_feedback
    return feedback is not None and feedback.block_reason is not None


def _reason(response: types.GenerateContentResponse) -> tuple[str, str]:
    """Google's word for why there is no picture, and what the model said."""
    if _of_prompt(response) and response.prompt_feedback is not None:
        feedback = response.prompt_feedback
        word = feedback.block_reason.value if feedback.block_reason else ""
        return word, feedback.block_reason_message or ""
    for candidate in response.candidates or ():
        word = candidate.finish_reason.value if candidate.finish_reason else ""
        spoken = " ".join(p.text for p in _parts(response) if p.text and not p.thought)
        return word, candidate.finish_message or spoken
    return "NO_IMAGE", ""


def _wire_usage(response: types.GenerateContentResponse) -> dict[str, object]:
    usage = response.usage_metadata
    if usage is None:
        return {}
    return usage.model_dump(mode="json", by_alias=True, exclude_none=True)


def cost_of(response: types.GenerateContentResponse, model: Model, today: date) -> int | None:
    """Millionths of a dollar by the tokens an answer says it used; None: nobody knows."""
    body = {"usageMetadata": _wire_usage(response), "modelVersion": model.id}
    return priced(body, GOOGLE, model, _tokens(response), today)


def _tokens(response: types.GenerateContentResponse) -> Tokens:
    usage = response.usage_metadata
    if usage is None:
        return Tokens()
    image_in = _of_images(usage.prompt_tokens_details)
    image_out = _of_images(usage.candidates_tokens_details)
    return Tokens(
        text_in=(usage.prompt_token_count or 0) - image_in,
        image_in=image_in,
        text_out=(usage.candidates_token_count or 0)
        - image_out
        + (usage.thoughts_token_count or 0),
        image_out=image_out,
    )


def _of_images(details: list[types.ModalityTokenCount] | None) -> int:
    return sum(
        count.token_count or 0
        for count in details or ()
        if count.modality is not None and count.modality.value == "IMAGE"
    )


def enlarged(response: types.UpscaleImageResponse, model: Model) -> Answer:
    """The pictures of an upscale; `Ended` for one that was filtered."""
    found, why = [], ""
    for made in response.generated_images or ():
        data = made.image.image_bytes if made.image is not None else None
        if data:
            found.append(data)
        why = made.rai_filtered_reason or why
    if not found:
        raise Ended(without_picture("IMAGE_SAFETY" if why else "NO_IMAGE", why))
    return Answer(pictures=tuple(found), model=model.id)
