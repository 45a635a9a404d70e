"""What the pages of gemini.google.com ask for: sending, stopping, reading chats, downloading."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from farm.replay import hosts
from farm.replay.accounts import Account, named_in
from farm.replay.barriers import barrier_url
from farm.replay.conversations import Conversation, Turn
from farm.replay.gallery import file_name
from farm.replay.submissions import Ask, Refusal, Submissions
from farm.replay.views import Rendering, frames
from farm.replay.world import World

STREAM = "/_/BardChatUi/data/assistant.lamda.BardFrontendService/StreamGenerate"
_NOTHING = 204


class Chats:
    """The page's requests; only sending has the real site's address, for watchers of the net."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._submissions = Submissions(world)

    def routes(self) -> list[BaseRoute]:
        """Where they are answered."""
        chat = "/_/chats/{conversation}"
        return [
            Route(STREAM, self.send, methods=["POST"]),
            Route("/_/chats", self.chats),
            Route(chat, self.chat),
            Route(f"{chat}/stream", self.watch),
            Route(f"{chat}/stop", self.stop, methods=["POST"]),
            Route(f"{chat}/full/{{turn}}/{{index:int}}", self.full, methods=["POST"]),
            Route("/_/mode", self.mode, methods=["GET", "POST"]),
        ]

    async def send(self, request: Request) -> Response:
        """Take a prompt and tell its answer as it comes."""
        account = self._visitor(request)
        taken = await self._submissions.take(Ask(account=account, **await request.json()))
        if isinstance(taken, Refusal):
            said = {"toast": taken.toast, "go": barrier_url(account, self._world.clock())}
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
            return Response(status_code=_NOTHING)
        return self._stream(self._visitor(request), turns[-1])

    async def stop(self, request: Request) -> Response:
        """The second click."""
        running = self._chat(request).running
        if running is not None:
            self._world.stop(running)
        return Response(status_code=_NOTHING)

    async def full(self, request: Request) -> Response:
        """The address behind the download button."""
        turn = self._turn(self._chat(request), request.path_params["turn"])
        index: int = request.path_params["index"]
        if index >= len(turn.frames):
            raise HTTPException(404)
        gallery = self._world.gallery
        picture = gallery.pictures[turn.frames[index].picture]
        url = f"https://{hosts.IMAGES}/gg-dl/{gallery.token(picture.id)}=d-I?alr=yes"
        return JSONResponse({"url": url, "name": file_name(picture, self._world.new_id)})

    async def mode(self, request: Request) -> Response:
        """The model that answers, or another choice; a limit keeps an account on the small one."""
        account = self._visitor(request)
        if request.method == "POST":
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

    def _chat(self, request: Request) -> Conversation:
        account = self._visitor(request)
        chat = self._world.conversation_of(account, request.path_params["conversation"])
        if chat is None:
            raise HTTPException(404)
        return chat

    def _turn(self, chat: Conversation, turn_id: str) -> Turn:
        """A turn of the chat, or an older one that is drawn again in it."""
        shown = {turn.stale.turn for turn in chat.turns if turn.stale}
        mine = self._world.turns_of(self._world.account(chat.account))
        for turn in mine:
            if turn.id == turn_id and (turn in chat.turns or turn_id in shown):
                return turn
        raise HTTPException(404)
