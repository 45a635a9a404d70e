"""gemini.google.com: the pages, and what they ask for."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from farm.replay import hosts
from farm.replay.accounts import Account, named_in
from farm.replay.conversations import Conversation, Turn
from farm.replay.gallery import file_name
from farm.replay.plays import Condition
from farm.replay.scenario import Rule
from farm.replay.submissions import Ask, Refusal, Submissions
from farm.replay.texts import known_language, page_texts, reply_text
from farm.replay.views import Rendering, frames
from farm.replay.world import FLASH_LITE, World

_STREAM = "/_/BardChatUi/data/assistant.lamda.BardFrontendService/StreamGenerate"
_THUMBNAILS = 4
_PAGE_HEADERS = {
    "Content-Security-Policy": "require-trusted-types-for 'script'",
    "Cache-Control": "no-store",
}
_MODES = {FLASH_LITE: "3.5 Flash-Lite", "Flash": "3.6 Flash", "Pro": "3.1 Pro"}


class Gemini:
    """The site itself; every answer depends on whose cookies come with the request."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._submissions = Submissions(world)
        self._template = _page("app.html")

    def routes(self) -> Starlette:
        """The ASGI application of the host."""
        page = self.page
        return Starlette(
            routes=[
                Route("/", _to_app),
                Route("/app", page),
                Route("/app/{conversation}", page),
                Route("/images", page),
                Route("/usage", page),
                Route("/u/{number:int}/{rest:path}", page),
                Route("/sorry/index", self.sorry, methods=["GET", "POST"]),
                Route(_STREAM, self.send, methods=["POST"]),
                Route("/_/chats", self.chats),
                Route("/_/chats/{conversation}", self.chat),
                Route("/_/chats/{conversation}/stream", self.watch),
                Route("/_/chats/{conversation}/stop", self.stop, methods=["POST"]),
                Route("/_/full/{conversation}/{turn}/{index:int}", self.full, methods=["POST"]),
                Route("/_/mode", self.mode, methods=["POST"]),
                Mount("/_/static", StaticFiles(packages=[("farm.replay", "pages")])),
            ]
        )

    async def page(self, request: Request) -> Response:
        """Any page of the app: one document, told who looks at it and how it is to look."""
        world = self._world
        account = self._visitor(request)
        rule = world.load(account) or Rule()
        account = self._visitor(request)  # the rule may just have signed it out
        blocked = self._blocked(request, account, rule)
        if blocked is not None:
            return blocked
        conversation = self._open(account, request.path_params.get("conversation", ""))
        if conversation and conversation.running and conversation.running.rule.plays.fragile:
            world.stop(conversation.running)
        boot = json.dumps(self._boot(request, account, rule), ensure_ascii=False)
        html = self._template.replace("{boot}", boot.replace("<", "\\u003c"))
        return HTMLResponse(html, headers=_PAGE_HEADERS)

    async def sorry(self, request: Request) -> Response:
        """The captcha page; ticking its box is the person's part."""
        if request.method == "POST":
            self._world.visitor(named_in(request)).mend(Condition.CHALLENGE)
            return RedirectResponse(f"https://{hosts.GEMINI}/app", 303)
        return HTMLResponse(_page("sorry.html"), status_code=429)

    async def send(self, request: Request) -> Response:
        """Take a prompt and tell its answer as it comes."""
        account = self._visitor(request)
        body = await request.json()
        ask = Ask(
            account=account,
            text=body["text"],
            conversation=body["conversation"],
            language=body["language"],
        )
        taken = await self._submissions.take(ask)
        if isinstance(taken, Refusal):
            lost = account.has(Condition.REGION, self._world.clock())
            go = f"https://{hosts.GEMINI}/app" if lost else self._blocked_url(account)
            said = {"toast": taken.toast, "go": go}
            return JSONResponse(said, headers={"X-Refused": "yes"})
        return self._stream(account, taken)

    async def chats(self, request: Request) -> Response:
        """The side bar's list, newest first."""
        account = self._visitor(request)
        listed = [self._world.conversations[key] for key in reversed(account.conversations)]
        return JSONResponse([{"id": chat.id, "title": chat.title} for chat in listed])

    async def chat(self, request: Request) -> Response:
        """A whole chat, its images under new addresses."""
        account = self._visitor(request)
        return JSONResponse(self._rendering(account).conversation(self._chat(request)))

    async def watch(self, request: Request) -> Response:
        """Go on telling an answer to a page that was opened meanwhile."""
        turns = [turn for turn in self._chat(request).turns if not turn.over]
        if not turns:
            return Response(status_code=204)
        return self._stream(self._visitor(request), turns[-1])

    async def stop(self, request: Request) -> Response:
        """The second click."""
        running = self._chat(request).running
        if running is not None:
            self._world.stop(running)
        return Response(status_code=204)

    async def full(self, request: Request) -> Response:
        """The address behind the download button."""
        turn = self._turn(self._chat(request), request.path_params["turn"])
        index: int = request.path_params["index"]
        if index >= len(turn.frames):
            raise HTTPException(404)
        token = self._world.gallery.token(turn.frames[index].picture)
        name = file_name(
            self._world.gallery.pictures[turn.frames[index].picture], self._world.new_id
        )
        url = f"https://{hosts.IMAGES}/gg-dl/{token}=d-I?alr=yes"
        return JSONResponse({"url": url, "name": name})

    async def mode(self, request: Request) -> Response:
        """Choose a model; an account that is down to the small one for a time keeps it."""
        account = self._visitor(request)
        self._world.choose_mode(account, (await request.json())["mode"])
        return JSONResponse({"mode": self._world.mode_of(account)})

    def _visitor(self, request: Request) -> Account:
        return self._world.visitor(named_in(request))

    def _rendering(self, account: Account) -> Rendering:
        return Rendering(self._world.gallery, self._world.scenario.defaults_of(account.name))

    def _stream(self, account: Account, turn: Turn) -> Response:
        title = self._world.conversations[turn.conversation].title
        told = frames(turn, self._rendering(account), title)
        return StreamingResponse(told, media_type="application/json; charset=utf-8")

    def _open(self, account: Account, conversation: str) -> Conversation | None:
        return self._world.conversation_of(account, conversation)

    def _chat(self, request: Request) -> Conversation:
        chat = self._open(self._visitor(request), request.path_params["conversation"])
        if chat is None:
            raise HTTPException(404)
        return chat

    def _turn(self, conversation: Conversation, turn_id: str) -> Turn:
        for turn in conversation.turns:
            if turn.id == turn_id:
                return turn
            if turn.stale is not None and turn.stale.turn == turn_id:
                return self._anywhere(turn_id)
        raise HTTPException(404)

    def _anywhere(self, turn_id: str) -> Turn:
        chats = self._world.conversations.values()
        return next(turn for chat in chats for turn in chat.turns if turn.id == turn_id)

    def _blocked(self, request: Request, account: Account, rule: Rule) -> Response | None:
        if rule.play == "signed_out" and rule.chosen_kind == "redirect":
            return RedirectResponse(_sign_in_url(str(request.url)))
        if account.has(Condition.REGION, self._world.clock()):
            text = reply_text("region", rule, "en")
            return HTMLResponse(_page("region.html").replace("{text}", text))
        where = self._blocked_url(account)
        return RedirectResponse(where) if where else None

    def _blocked_url(self, account: Account) -> str:
        now = self._world.clock()
        back = quote(f"https://{hosts.GEMINI}/app", safe="")
        if account.has(Condition.CHALLENGE, now):
            return f"https://{hosts.GEMINI}/sorry/index?continue={back}"
        if account.has(Condition.CONSENT, now):
            return f"https://{hosts.CONSENT}/m?continue={back}"
        return ""

    def _boot(self, request: Request, account: Account, rule: Rule) -> dict[str, Any]:
        defaults = self._world.scenario.defaults_of(account.name)
        asked = request.query_params.get("hl", "")
        language = known_language(asked, rule.language or defaults.language)
        mode = rule.mode or self._world.mode_of(account)
        return {
            "ui": rule.ui or defaults.ui,
            "language": language,
            "texts": page_texts(language),
            "account": account.name,
            "mode": mode,
            "modes": [{"name": name, "title": title} for name, title in _MODES.items()],
            "blob": (rule.image_src or defaults.image_src) == "blob",
            "drift": {**defaults.drift, **rule.drift},
            "seconds": {
                "hydrate": defaults.hydrate_seconds,
                "sidebar": defaults.sidebar_seconds,
                "account": defaults.account_seconds,
                "mode": defaults.mode_seconds,
            },
            "notices": defaults.notices,
            "stream": _STREAM,
            "signIn": _sign_in_url(f"https://{hosts.GEMINI}/app"),
            "thumbnails": self._thumbnails(account) if defaults.my_stuff else [],
        }

    def _thumbnails(self, account: Account) -> list[str]:
        gallery = self._world.gallery
        mine = [p for p in gallery.pictures.values() if p.account == account.name]
        newest = sorted(mine, key=lambda picture: picture.n, reverse=True)[:_THUMBNAILS]
        names = (gallery.token(picture.id) for picture in newest if account.name)
        return [f"https://{hosts.IMAGES}/gg/{name}=s256-rj" for name in names]


def _page(name: str) -> str:
    return files("farm.replay").joinpath("pages", name).read_text(encoding="utf-8")


def _sign_in_url(back: str) -> str:
    return f"https://{hosts.ACCOUNTS}/ServiceLogin?continue={quote(back, safe='')}"


async def _to_app(_request: Request) -> Response:
    return RedirectResponse("/app")
