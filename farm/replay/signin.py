"""accounts.google.com and consent.google.com: where a person does what farm must not."""

from __future__ import annotations

import html
from importlib.resources import files
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from farm.replay import hosts
from farm.replay.accounts import is_account_name, named_in, sign_in
from farm.replay.barriers import APP
from farm.replay.plays import Condition
from farm.replay.world import World


def accounts_routes(world: World) -> Starlette:
    """Signing in: a page with a button, or at once with `&auto=1&account=NAME`."""

    async def service_login(request: Request) -> Response:
        asked = request.query_params
        name = asked.get("account", "")
        if "auto" not in asked or not is_account_name(name):
            return _page("signin.html", back=asked.get("continue", APP))
        world.account(name).mend(Condition.SIGNED_OUT)
        response = RedirectResponse(_safe(asked.get("continue", APP)), 302)
        sign_in(response, name, world.new_id())
        return response

    return Starlette(routes=[Route("/ServiceLogin", service_login)])


def consent_routes(world: World) -> Starlette:
    """The cookie consent; either button mends it."""

    async def consent(request: Request) -> Response:
        if request.method == "POST":
            world.visitor(named_in(request)).mend(Condition.CONSENT)
            return RedirectResponse(_safe(request.query_params.get("continue", APP)), 303)
        return _page("consent.html", back=request.query_params.get("continue", APP))

    return Starlette(routes=[Route("/m", consent, methods=["GET", "POST"])])


def search_routes() -> Starlette:
    """Only the captcha page that other Google hosts redirect to."""

    async def sorry(_request: Request) -> Response:
        return _page("sorry.html", back=APP, status=429)

    return Starlette(routes=[Route("/sorry/{rest:path}", sorry)])


def _page(name: str, *, back: str, status: int = 200) -> Response:
    page = files("farm.replay").joinpath("pages", name).read_text(encoding="utf-8")
    return HTMLResponse(page.replace("{continue}", html.escape(back)), status_code=status)


def _safe(url: str) -> str:
    """Only back to the site, as the real one does."""
    parts = urlsplit(url)
    return url if (parts.scheme, parts.hostname) == ("https", hosts.GEMINI) else APP
