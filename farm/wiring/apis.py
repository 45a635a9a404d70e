"""Image APIs put together from the settings: what is missing for one, and its hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from importlib.util import find_spec

from farm.backends.api import READ_SECONDS, Api, Purse
from farm.backends.api_hand import ApiHand
from farm.backends.choice import Choice
from farm.backends.seats import Seat
from farm.catalogue import load_catalogue
from farm.clock import Clock
from farm.compose import compose_natural
from farm.config import Settings
from farm.errors import Ended, UsageError
from farm.google_apis import access_of
from farm.model.lanes import ANY_LANE
from farm.model.models import Catalogue, Model
from farm.model.prompts import ImageType, Prompt
from farm.references import fitted_mask, resolve
from farm.steps.keep import part_path
from farm.steps.keeper import measure

APIS = ("gemini", "openai", "fal", "sdwebui", "comfyui")
LOCAL = frozenset({"sdwebui", "comfyui"})  # on the user's own machine
KEY_NAMES = {"gemini": "GEMINI_API_KEY", "openai": "OPENAI_API_KEY", "fal": "FAL_KEY"}
PROXY = "proxy"
_VERTEX = frozenset({"service-account", "adc", "express"})
_NEEDS = {  # the module that an extra brings
    "gemini": ("google.genai", "genai_prices"),
    "openai": ("openai", "genai_prices"),
    "fal": ("httpx2",),
    "sdwebui": ("httpx2",),
    "comfyui": ("httpx2",),
}


def open_api_hand(
    settings: Settings,
    backend: str,
    number: int,
    *,
    clock: Clock,
    purse: Purse,
    names: Callable[[], Sequence[str]] | None = None,
    catalogue: Catalogue | None = None,
    upscaler: Model | None = None,
) -> ApiHand:
    """The n-th hand of a backend (`gemini-1`), its client still closed and its seat not taken.

    `names` are the lanes it may serve at the moment; its own backend's and everybody's by default.
    UsageError says what is missing, or which model was shut down.
    """
    if lack := missing(settings, backend):
        raise UsageError(lack)
    known = catalogue or load_catalogue(settings.home)
    choice = replace(choice_of(settings, backend, clock, known), upscaler=upscaler)
    return ApiHand(
        api=api_of(settings, backend, clock, known),
        seat=Seat(settings.home, backend, number),
        account=account_of(settings, backend),
        choice=choice,
        purse=purse,
        resolve=partial(
            resolve, downloads=settings.downloads_dir, private=settings.private_references
        ),
        part_path=partial(part_path, settings.downloads_dir),
        names=names or (lambda: (backend, ANY_LANE)),
    )


def choice_of(settings: Settings, backend: str, clock: Clock, catalogue: Catalogue) -> Choice:
    """Which models a backend draws with; UsageError for a word in FARM_MODELS that is none."""
    own = chosen(settings, catalogue, clock).get(backend)
    return Choice(
        catalogue=catalogue,
        backend=backend,
        today=partial(_today, clock),
        model=own.id if own else "",
        by_type=_by_type(settings, backend, catalogue, _today(clock)),
        quality=settings.api_quality,
        measure=measure,
        fit_mask=partial(fitted_mask, settings.downloads_dir),
        paid_otherwise=backend == "gemini" and gemini_auth(settings) == PROXY,
    )


def _by_type(
    settings: Settings, backend: str, catalogue: Catalogue, today: date
) -> Mapping[ImageType, str]:
    """The models of FARM_MODELS_BY_TYPE that are this backend's."""
    found: dict[ImageType, str] = {}
    for kind in ImageType:
        words = [word for of, word in settings.models_by_type if of is kind]
        if own := catalogue.chosen(words, today).get(backend):
            found[kind] = own.id
    return found


def chosen(settings: Settings, catalogue: Catalogue, clock: Clock) -> Mapping[str, Model]:
    """By backend, the models of FARM_MODELS."""
    return catalogue.chosen(settings.models, _today(clock))


def api_form(choice: Choice) -> Callable[[Prompt], str]:
    """How rows are worded for the models of a choice, for `farm.wording.Wording`."""

    def form(prompt: Prompt) -> str:
        model = _reader(choice, prompt)
        return compose_natural(
            prompt,
            ratio_in_words=not (model.ratios or model.sides or model.free),
            negative_in_words=not model.negative,
            mask_as_picture=choice.backend == "gemini",
        )

    return form


def _reader(choice: Choice, prompt: Prompt) -> Model:
    """The model that will read a row's words; of a retired one nobody will."""
    try:
        return choice.model_of(prompt)
    except Ended:
        return choice.catalogue.usual(choice.backend, choice.today())


def missing(settings: Settings, backend: str) -> str:
    """What keeps a backend from being used, in words; "" for nothing."""
    if backend not in APIS:
        return f"{backend} is no API that farm knows: {', '.join(APIS)}."
    if not all(map(_is_installed, _NEEDS[backend])):
        return f"{backend} needs more: pip install 'gemini-farm[{backend}]'."
    if backend == "gemini":
        return _missing_for_gemini(settings)
    keys = {"openai": settings.openai_api_key, "fal": settings.fal_key}
    if keys.get(backend, "none is needed"):
        return ""
    return f"{backend} needs a key: set {KEY_NAMES[backend]} or FARM_{KEY_NAMES[backend]}."


def _missing_for_gemini(settings: Settings) -> str:
    if gemini_auth(settings):
        return ""
    return (
        "gemini needs a key or a project: set GEMINI_API_KEY or FARM_GEMINI_API_KEY, or "
        "FARM_GOOGLE_CREDENTIALS and FARM_GOOGLE_PROJECT for Vertex."
    )


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package that it is a part of
        return False


def gemini_auth(settings: Settings) -> str:
    """The way to Gemini that is taken, "" when there is none; `auto` takes a key before Vertex."""
    asked = settings.gemini_auth
    has_key = bool(settings.gemini_api_key)
    if asked == "auto":
        if has_key:
            return "api-key"
        if settings.google_credentials is not None:
            return "service-account"
        return "adc" if settings.google_project else ""
    if asked in {"api-key", "express", PROXY}:
        return asked if has_key else ""
    if asked == "service-account":
        return asked if settings.google_credentials is not None else ""
    return asked


def on_vertex(settings: Settings) -> bool:
    """Whether the way to Gemini leads over Vertex, which has models of its own."""
    return gemini_auth(settings) in _VERTEX


def account_of(settings: Settings, backend: str) -> str:
    """The label of a key or account: it tells two apart and opens none."""
    if backend == "gemini" and gemini_auth(settings) in {"service-account", "adc"}:
        return f"vertex:{settings.google_project or 'default'}"
    keys = {
        "gemini": settings.gemini_api_key,
        "openai": settings.openai_api_key,
        "fal": settings.fal_key,
    }
    if backend not in keys:
        return "local"
    return f"key-{hashlib.sha256(keys[backend].encode()).hexdigest()[:6]}"


def api_of(settings: Settings, backend: str, clock: Clock, catalogue: Catalogue) -> Api:
    """The adapter of a backend, its client still closed."""
    return _MAKERS[backend](settings, clock, catalogue)


def _gemini(settings: Settings, clock: Clock, catalogue: Catalogue) -> Api:
    from farm.backends.gemini import GeminiApi, Way  # noqa: PLC0415  # only where it is used

    way = Way(
        kind=gemini_auth(settings),
        key=settings.gemini_api_key,
        base_url=settings.gemini_base_url,
        google=access_of(settings),
        location=settings.google_region,
    )
    model = _model(settings, "gemini", clock, catalogue)
    return GeminiApi(way=way, model=model, clock=clock, today=partial(_today, clock))


def _openai(settings: Settings, clock: Clock, catalogue: Catalogue) -> Api:
    from farm.backends.openai import Account, OpenAiApi  # noqa: PLC0415

    account = Account(
        key=settings.openai_api_key,
        base_url=settings.openai_base_url,
        organization=settings.openai_organization,
        project=settings.openai_project,
    )
    model = _model(settings, "openai", clock, catalogue)
    return OpenAiApi(account=account, model=model, clock=clock, today=partial(_today, clock))


def _fal(settings: Settings, clock: Clock, _catalogue: Catalogue) -> Api:
    from farm.backends.fal import Fal  # noqa: PLC0415

    key, patience = settings.fal_key, settings.generation_timeout_seconds
    if not (own := settings.fal_base_url.rstrip("/")):
        return Fal(key=key, clock=clock, wait_seconds=patience)
    return Fal(key=key, clock=clock, wait_seconds=patience, queue=own, storage=own, platform=own)


def _sdwebui(settings: Settings, clock: Clock, _catalogue: Catalogue) -> Api:
    from farm.backends.sdwebui import Drawing, SdWebui  # noqa: PLC0415

    drawing = Drawing(
        steps=settings.sdwebui_steps,
        cfg_scale=settings.sdwebui_cfg_scale,
        sampler=settings.sdwebui_sampler,
        upscaler=settings.sdwebui_upscaler,
        most_pixels=_most_pixels(settings),
    )
    return SdWebui(
        url=settings.sdwebui_url,
        clock=clock,
        auth=settings.sdwebui_auth,
        drawing=drawing,
        read_seconds=max(READ_SECONDS, settings.generation_timeout_seconds),
    )


def _comfyui(settings: Settings, clock: Clock, _catalogue: Catalogue) -> Api:
    from farm.backends.comfyui import ComfyUi  # noqa: PLC0415
    from farm.backends.comfyui_graphs import load_graphs  # noqa: PLC0415

    graphs = load_graphs(settings.comfyui_graph)
    return ComfyUi(
        url=settings.comfyui_url,
        clock=clock,
        graphs=graphs,
        most_pixels=_most_pixels(settings),
        wait_seconds=settings.generation_timeout_seconds,
    )


def _most_pixels(settings: Settings) -> int:
    return round(settings.local_megapixels * 1024**2)


_MAKERS: Mapping[str, Callable[[Settings, Clock, Catalogue], Api]] = {
    "gemini": _gemini,
    "openai": _openai,
    "fal": _fal,
    "sdwebui": _sdwebui,
    "comfyui": _comfyui,
}


def _model(settings: Settings, backend: str, clock: Clock, catalogue: Catalogue) -> Model:
    own = chosen(settings, catalogue, clock).get(backend)
    return own or catalogue.usual(backend, _today(clock))


def _today(clock: Clock) -> date:
    return datetime.fromtimestamp(clock.now()).astimezone().date()
