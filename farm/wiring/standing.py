"""How each hand stands: what is missing for it, how it is reached, what it can draw with."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from farm.browser.profiles import known_profiles
from farm.catalogue import load_catalogue
from farm.clock import Clock
from farm.config import Settings
from farm.errors import Ended, GoogleError, UsageError
from farm.model.causes import Cause
from farm.model.models import Model
from farm.model.outcomes import Outcome
from farm.model.sessions import Session
from farm.privacy import address
from farm.wiring.apis import APIS, account_of, api_of, choice_of, gemini_auth
from farm.wiring.offers import WEB, lack, usable

CHECK_SECONDS = 60.0
SOON_DAYS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One kind of hand."""

    name: str
    lack: str  # what is missing to use it, "" for nothing
    set_up: bool  # taken by itself when somebody is needed
    works: bool  # one of FARM_BACKENDS
    steps_in: bool  # one of FARM_FALLBACK
    auth: str  # how it is reached
    account: str  # the label of its key, "" without one
    usual: str  # the model it draws with when nobody says
    models: tuple[Model, ...]
    sessions: tuple[Session, ...]  # those that were ever seen


def standings(
    settings: Settings, clock: Clock, sessions: Sequence[Session]
) -> tuple[Standing, ...]:
    """Every hand there is, the page first; UsageError for a bad list of models."""
    ready = usable(settings)
    return tuple(_standing(settings, clock, name, ready, sessions) for name in (WEB, *APIS))


def _standing(
    settings: Settings,
    clock: Clock,
    name: str,
    ready: Sequence[str],
    sessions: Sequence[Session],
) -> Standing:
    missing = lack(settings, name)
    owned = {profile.name for profile in known_profiles(settings)} if name == WEB else set()
    is_api = name != WEB
    return Standing(
        name=name,
        lack=missing,
        set_up=name in ready,
        works=name in settings.backends,
        steps_in=name in settings.fallback,
        auth=auth_of(settings, name),
        account=account_of(settings, name) if is_api and not missing else "",
        usual=usual_of(settings, name, clock).id if is_api else "",
        models=load_catalogue(settings.home).of(name),
        sessions=tuple(s for s in sessions if s.name in owned or _is_of(s.name, name)),
    )


def auth_of(settings: Settings, name: str) -> str:
    """The way in, in a word: never a key."""
    if name == WEB:
        return "a signed-in profile"
    if name == "gemini":
        return gemini_auth(settings)
    urls = {"sdwebui": settings.sdwebui_url, "comfyui": settings.comfyui_url}
    return f"at {address(urls[name])}" if name in urls else "api-key"


def usual_of(settings: Settings, name: str, clock: Clock) -> Model:
    """The model that rows get which name none; UsageError for a bad FARM_MODELS."""
    catalogue = load_catalogue(settings.home)
    choice = choice_of(settings, name, clock, catalogue)
    return catalogue.take(choice.model, name, today_of(clock))


async def proof(settings: Settings, name: str, clock: Clock) -> Outcome | None:
    """What stands in the way of an API, asked of it now; None for nothing. No picture is made."""
    try:
        choice = choice_of(settings, name, clock, load_catalogue(settings.home))
        choice.prove()
        async with (
            asyncio.timeout(CHECK_SECONDS),
            api_of(settings, name, clock, choice.catalogue) as api,
        ):
            await api.check()
    except Ended as ended:
        return ended.outcome
    except GoogleError as error:
        return Outcome(cause=Cause.KEY_REJECTED, message=str(error))
    except UsageError as error:
        return Outcome(cause=Cause.UNSUPPORTED, message=str(error))
    except TimeoutError:
        text = f"{name} gave no answer within {CHECK_SECONDS:g} s."
        return Outcome(cause=Cause.TIMEOUT, message=text)
    return None


def ending_soon(models: Sequence[Model], today: date) -> Iterator[Model]:
    """Models whose last day is near."""
    for model in models:
        if model.shutdown is not None and 0 <= (model.shutdown - today).days <= SOON_DAYS:
            yield model


def today_of(clock: Clock) -> date:
    """The user's local day."""
    return datetime.fromtimestamp(clock.now()).astimezone().date()


def _is_of(session: str, backend: str) -> bool:
    """`gemini-1` and `once-1-gemini-1` are sessions of gemini."""
    head, _, number = session.rpartition("-")
    return number.isdigit() and (head == backend or head.endswith(f"-{backend}"))
