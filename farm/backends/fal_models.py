"""How fal's models want to be asked: pure, from a request to an endpoint and its arguments.

The fields are those of each endpoint's page at https://fal.ai/models/<endpoint>/api.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from farm.backends.api import Request
from farm.errors import Ended
from farm.model.causes import Cause
from farm.model.operations import Operation
from farm.model.outcomes import Outcome
from farm.model.prompts import Size

_T = TypeVar("_T")
_MOST_CANVAS_PIXELS = 5000 * 5000  # of bria/expand


@dataclass(frozen=True, kw_only=True, slots=True)
class Links:
    """The pictures of a request, as addresses that fal can open."""

    references: tuple[str, ...] = ()
    mask: str = ""
    original: Size | None = None  # of the picture that is changed; None when nobody measured it


def endpoint(request: Request) -> str:
    """Where the request goes: some models take pictures at an endpoint of their own."""
    model = request.model.id
    if request.operation is not Operation.GENERATE or not request.references:
        return model
    return f"{model}/{_by_family(_EDITS, model, _Edit('edit', 'image_urls')).suffix}"


def arguments(request: Request, links: Links) -> dict[str, Any]:
    """The body of the request; `Ended` (unsupported) when it lacks something."""
    return _ACTS[request.operation](request, links)


@dataclass(frozen=True, slots=True)
class _Edit:
    """How a model takes pictures to go by."""

    suffix: str
    field: str  # a plural takes several


_EDITS: Mapping[str, _Edit] = {
    "fal-ai/flux/": _Edit("image-to-image", "image_url"),
    "fal-ai/flux-pro/v1.1": _Edit("redux", "image_url"),
    "fal-ai/recraft/": _Edit("image-to-image", "image_url"),
    "fal-ai/ideogram/": _Edit("remix", "image_url"),
}
_SPELLINGS: Mapping[str, Callable[[float], Mapping[str, Any]]] = {
    "fal-ai/seedvr/": lambda factor: {"upscale_mode": "factor", "upscale_factor": factor},
}


def _generate(request: Request, links: Links) -> dict[str, Any]:
    asked = {"prompt": request.text, **_shape(request), **_common(request)}
    if not links.references:
        return asked
    edit = _by_family(_EDITS, request.model.id, _Edit("edit", "image_urls"))
    several = edit.field.endswith("s")
    if len(links.references) > 1 and not several:
        raise _unsupported(request, "takes one picture to go by")
    return {**asked, edit.field: list(links.references) if several else links.references[0]}


def _shape(request: Request) -> dict[str, Any]:
    if request.canvas is not None:
        size = request.canvas
        return {"image_size": {"width": size.width_px, "height": size.height_px}}
    ratio = {"aspect_ratio": request.ratio} if request.ratio else {}
    return {**ratio, **({"resolution": request.tier} if request.tier else {})}


def _common(request: Request) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    if request.count > 1:
        asked["num_images"] = request.count
    if request.seed is not None and request.model.seed:
        asked["seed"] = request.seed
    if request.negative and request.model.negative:
        asked["negative_prompt"] = request.negative
    if request.quality:
        asked["quality"] = request.quality
    return asked


def _insert(request: Request, links: Links) -> dict[str, Any]:
    return {**_masked(request, links), "prompt": request.text, **_common(request)}


def _remove(request: Request, links: Links) -> dict[str, Any]:
    return _masked(request, links)


def _outpaint(request: Request, links: Links) -> dict[str, Any]:
    asked = {"image_url": _original(request, links), **_common(request)}
    if request.text:
        asked["prompt"] = request.text
    canvas = request.size
    if canvas is None or links.original is None:
        if not request.ratio:
            raise _unsupported(request, "must be told the size of the larger picture")
        return {**asked, "aspect_ratio": request.ratio}
    if canvas.width_px * canvas.height_px > _MOST_CANVAS_PIXELS:
        raise _unsupported(request, "makes pictures of at most 5000x5000 pixels")
    within = inside(links.original, canvas)
    left, top = canvas.width_px - within.width_px, canvas.height_px - within.height_px
    return {
        **asked,
        "canvas_size": [canvas.width_px, canvas.height_px],
        "original_image_size": [within.width_px, within.height_px],
        "original_image_location": [left // 2, top // 2],
    }


def _background(request: Request, links: Links) -> dict[str, Any]:
    field = "scene_description" if request.model.id.endswith("product-shot") else "prompt"
    return {"image_url": _original(request, links), field: request.text, **_common(request)}


def _upscale(request: Request, links: Links) -> dict[str, Any]:
    factor = request.factor or 2.0
    spelling = _by_family(_SPELLINGS, request.model.id, _plain_factor)
    asked = {"image_url": _original(request, links), **spelling(factor), **_common(request)}
    guided = request.text and "clarity" in request.model.id
    return {**asked, "prompt": request.text} if guided else asked


def inside(picture: Size, canvas: Size) -> Size:
    """The picture whole within the canvas: as it is, or made smaller."""
    scale = min(1.0, canvas.width_px / picture.width_px, canvas.height_px / picture.height_px)
    return Size(max(1, round(picture.width_px * scale)), max(1, round(picture.height_px * scale)))


def _plain_factor(factor: float) -> Mapping[str, Any]:
    return {"upscale_factor": factor}


def _masked(request: Request, links: Links) -> dict[str, Any]:
    if not links.mask:
        raise _unsupported(request, "must be told by a mask what may change")
    return {"image_url": _original(request, links), "mask_url": links.mask}


def _original(request: Request, links: Links) -> str:
    if not links.references:
        raise _unsupported(request, "must be given the picture that is to be changed")
    return links.references[0]


def _unsupported(request: Request, why: str) -> Ended:
    message = f"fal's model {request.model.id} {why}."
    return Ended(Outcome(cause=Cause.UNSUPPORTED, message=message))


def _by_family(table: Mapping[str, _T], model: str, usual: _T) -> _T:
    return next((value for start, value in table.items() if model.startswith(start)), usual)


_ACTS: Mapping[Operation, Callable[[Request, Links], dict[str, Any]]] = {
    Operation.GENERATE: _generate,
    Operation.INSERT: _insert,
    Operation.REMOVE: _remove,
    Operation.OUTPAINT: _outpaint,
    Operation.BACKGROUND: _background,
    Operation.UPSCALE: _upscale,
}
