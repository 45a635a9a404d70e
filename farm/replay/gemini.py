"""The pages of gemini.google.com."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from farm.replay import hosts
from farm.replay.accounts import Account, named_in
from farm.replay.barriers import APP, barrier_url, sign_in_url
from farm.replay.chats import STREAM, Chats
from farm.replay.plays import Condition
from farm.replay.receiving import AGREE, UPLOAD, Receiving
from farm.replay.scenario import Rule
from farm.replay.texts import known_language, page_texts, reply_text
from farm.replay.world import FLASH_LITE, World

_THUMBNAILS = 4
_HEADERS = {
    "Content-Security-Policy": "require-trusted-types-for 'script'",
    "Cache-Control": "no-store",
}
_MODES = {FLASH_LITE: "3.5 Flash-Lite", "Flash": "3.6 Flash", "Pro": "3.1 Pro"}


class Gemini:
    """The site itself; every answer depends on whose cookies come with the request."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._template = _page("app.html")

    def routes(self) -> Starlette:
        """The ASGI application of the host."""
        pages = ("/app", "/app/{conversation}", "/images", "/usage", "/u/{number:int}/{rest:path}")
        return Starlette(
            routes=[
                Route("/", _to_app),
                *(Route(path, self.page) for path in pages),
                Route("/sorry/index", self.sorry, methods=["GET", "POST"]),
                *Chats(self._world).routes(),
                *Receiving(self._world).routes(),
                Mount("/_/static", StaticFiles(packages=[("farm.replay", "pages")])),
            ]
        )

    async def page(self, request: Request) -> Response:
        """Any page of the app: one document, told who looks at it and how it is to look."""
        rule = self._world.load(self._visitor(request)) or Rule()
        account = self._visitor(request)  # the rule may just have signed it out
        barrier = self._barrier(request, account, rule)
        if barrier is not None:
            return barrier
        self._break_fragile(account, request.path_params.get("conversation", ""))
        boot = json.dumps(self._boot(request, account, rule), ensure_ascii=False)
        html = self._template.replace("{boot}", boot.replace("<", "\\u003c"))
        return HTMLResponse(html, headers=_HEADERS)

    async def sorry(self, request: Request) -> Response:
        """The captcha page; ticking its box is the person's part."""
        if request.method == "POST":
            self._visitor(request).mend(Condition.CHALLENGE)
            return RedirectResponse(APP, 303)
        return HTMLResponse(_page("sorry.html"), status_code=429)

    def _visitor(self, request: Request) -> Account:
        return self._world.visitor(named_in(request))

    def _barrier(self, request: Request, account: Account, rule: Rule) -> Response | None:
        if rule.play == "signed_out" and rule.chosen_kind == "redirect":
            return RedirectResponse(sign_in_url(str(request.url)))
        now = self._world.clock()
        if account.has(Condition.REGION, now):
            text = reply_text("region", rule, "en")
            return HTMLResponse(_page("region.html").replace("{text}", text))
        url = barrier_url(account, now)
        return RedirectResponse(url) if url else None

    def _break_fragile(self, account: Account, conversation_id: str) -> None:
        """Loading a page stops an answer that does not survive it."""
        chat = self._world.conversation_of(account, conversation_id)
        if chat and chat.running and chat.running.rule.plays.fragile:
            self._world.stop(chat.running)

    def _boot(self, request: Request, account: Account, rule: Rule) -> dict[str, Any]:
        """What the page's script needs to know."""
        defaults, now = self._world.scenario.defaults_of(account.name), self._world.clock()
        asked = request.query_params.get("hl", "")
        language = known_language(asked, rule.language or defaults.language)
        return {
            "ui": rule.ui or defaults.ui,
            "language": language,
            "texts": page_texts(language),
            "account": account.name,
            "mode": rule.mode or self._world.mode_of(account),
            "modes": [{"name": name, "title": title} for name, title in _MODES.items()],
            "blob": defaults.image_src == "blob",
            "drift": {**defaults.drift, **rule.drift},
            "seconds": {
                "hydrate": defaults.hydrate_seconds,
                "sidebar": defaults.sidebar_seconds,
                "account": defaults.account_seconds,
                "mode": defaults.mode_seconds,
            },
            "notices": defaults.notices,
            "stream": STREAM,
            "upload": UPLOAD,
            "agree": AGREE if account.has(Condition.UPLOAD_CONSENT, now) else "",
            "signIn": sign_in_url(),
            "thumbnails": self._thumbnails(account) if defaults.my_stuff else [],
        }

    def _thumbnails(self, account: Account) -> list[str]:
        gallery = self._world.gallery
        mine = [p for p in gallery.pictures.values() if account.name and p.account == account.name]
        newest = sorted(mine, key=lambda picture: picture.n, reverse=True)[:_THUMBNAILS]
        return [f"https://{hosts.IMAGES}/gg/{gallery.token(p.id)}=s256-rj" for p in newest]


def _page(name: str) -> str:
    return files("farm.replay").joinpath("pages", name).read_text(encoding="utf-8")


async def _to_app(_request: Request) -> Response:
    return RedirectResponse("/app")
