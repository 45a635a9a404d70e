"""What one picture takes before it is made: who can make it, with which model, at what price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from farm.backends.base import Work
from farm.backends.choice import Choice
from farm.backends.comfyui_graphs import load_graphs, proven
from farm.browser.profiles import known_profiles
from farm.catalogue import load_catalogue
from farm.clock import Clock
from farm.config import Settings
from farm.errors import Ended, UsageError
from farm.model.jobs import AttemptFacts, Phase
from farm.model.models import Catalogue, Model
from farm.model.operations import Operation
from farm.model.prompts import Prompt
from farm.references import resolve
from farm.wiring.apis import (
    APIS,
    LOCAL,
    account_of,
    api_form,
    choice_of,
    missing,
    on_vertex,
)

WEB = "web"
_CHOSEN = {"FARM_BACKENDS", "IMAGE_GENERATION_MODEL_PROVIDER"}  # spellings of one setting
_WEB_CANNOT = "the Gemini page takes words and pictures, no masks and no other work on a picture"


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """Who would make a picture, and what it costs at most."""

    backend: str
    account: str  # the label of a key, or a profile; "" is any profile
    model: str  # "" is whatever the page uses
    cost_microusd: int | None  # None: nobody knows


def usable(settings: Settings) -> tuple[str, ...]:
    """What is set up, in the order in which it is asked: the user's own first, then what has a key.

    What runs on the user's own machine needs no key, so it counts only where it is named.
    """
    named = settings.backends if _CHOSEN & settings.sources.keys() else ()
    named = (*named, *settings.fallback)
    keyed = [name for name in APIS if name not in LOCAL or _is_named(settings, name)]
    every = dict.fromkeys((*named, *keyed, WEB))
    return tuple(name for name in every if not lack(settings, name))


def lack(settings: Settings, backend: str) -> str:
    """What is missing to use a backend, the page included; "" for nothing."""
    if backend != WEB:
        return missing(settings, backend)
    return "" if known_profiles(settings) else "web needs a profile: farm login NAME."


async def best_offer(
    settings: Settings, prompt: Prompt, clock: Clock, *, account: str = ""
) -> Offer:
    """The first that can do what a row asks, its own backend and model if it names them.

    UsageError says of each why not, and what is missing of those that could.
    """
    catalogue = load_catalogue(settings.home)
    named = _backend_of(catalogue, prompt)
    refusals: list[str] = []
    for backend in (named,) if named else usable(settings):
        try:
            return await offer(settings, replace(prompt, backend=backend), clock, account=account)
        except Ended as ended:
            refusals.append(f"{backend}: {ended.outcome.message}")
        except UsageError as error:
            refusals.append(str(error))
    if not named:
        refusals += _could(settings, catalogue, prompt.operation)
    raise UsageError("\n".join(("Nobody can make this as it stands.", *dict.fromkeys(refusals))))


async def offer(settings: Settings, prompt: Prompt, clock: Clock, *, account: str = "") -> Offer:
    """What the backend that a row names takes for it; nothing is sent.

    `Ended` (unsupported) for what it cannot do, UsageError for what is missing to use it.
    """
    backend = prompt.backend
    if why := lack(settings, backend):
        raise UsageError(why)
    if backend == WEB:
        if prompt.operation is not Operation.GENERATE or prompt.mask:
            raise UsageError(f"{backend}: {_WEB_CANNOT}.")
        return Offer(backend=backend, account=account, model="", cost_microusd=0)
    choice = choice_for(settings, backend, clock)
    find = partial(resolve, downloads=settings.downloads_dir, private=settings.private_references)
    request, cost = await choice.request(_work(prompt, api_form(choice)(prompt)), find)
    if backend == "comfyui":
        proven(load_graphs(settings.comfyui_graph), request)
    if homeless := _homeless(settings, request.model):
        raise UsageError(homeless)
    label = account_of(settings, backend)
    return Offer(backend=backend, account=label, model=request.model.id, cost_microusd=cost)


def choice_for(settings: Settings, backend: str, clock: Clock) -> Choice:
    """Which models a backend draws with, by the user's own list of models."""
    return choice_of(settings, backend, clock, load_catalogue(settings.home))


def _backend_of(catalogue: Catalogue, prompt: Prompt) -> str:
    """Who is named, or whose model is; "" for nobody. UsageError where that makes no sense."""
    backend, name = prompt.backend, prompt.model
    if not name or (backend and catalogue.find(name, backend)):
        return backend
    model = catalogue.find(name)
    if model is None and not backend:
        raise UsageError(f"{name} is no model that farm knows: say whose it is with --backend.")
    if model is not None and backend not in {"", model.backend}:
        raise UsageError(f"{name} is a model of {model.backend}, not of {backend}.")
    return backend or (model.backend if model else "")


def _homeless(settings: Settings, model: Model) -> str:
    """Why a model does not answer where the key leads; "" when it does."""
    if not model.hosts or model.backend != "gemini":
        return ""
    if ("vertex" if on_vertex(settings) else "api") in model.hosts:
        return ""
    where = "Vertex" if "vertex" in model.hosts else "Gemini's own API"
    return f"gemini: {model.id} answers only on {where}."


def _is_named(settings: Settings, backend: str) -> bool:
    return f"FARM_{backend.upper()}_URL" in settings.sources


def _could(settings: Settings, catalogue: Catalogue, operation: Operation) -> Iterator[str]:
    """What is missing of the others that can do such work."""
    for backend in APIS:
        able = [model.id for model in catalogue.of(backend) if operation in model.operations]
        if not able:
            continue
        if why := missing(settings, backend):
            yield why
        elif backend in LOCAL and not _is_named(settings, backend):
            yield f"{backend} could, if FARM_{backend.upper()}_URL or --backend {backend} names it."


def _work(prompt: Prompt, text: str) -> Work:
    """An attempt that is only thought of."""
    return Work(
        job_id=0,
        attempt_id=0,
        prompt=prompt,
        text=text,
        phase=Phase.CLAIMED,
        facts=AttemptFacts(),
        others=frozenset(),
    )
