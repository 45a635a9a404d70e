"""Where a page's files arrive; what becomes of each is the scenario's to say.

The real site takes them at an address of its own beside the page, which no source names fully.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from farm.replay.accounts import named_in
from farm.replay.plays import Condition, Receipt
from farm.replay.scenario import OK, Occasion
from farm.replay.world import World

UPLOAD = "/_/upload"
AGREE = "/_/agree"
_SLOW_SECONDS = 3.0
_NOTHING = 204
_REFUSED, _BROKEN = 415, 500


class Receiving:
    """The page's uploads, and the person's agreement that the first one asks for."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[BaseRoute]:
        """Where they are answered."""
        return [
            Route(UPLOAD, self.upload, methods=["POST"]),
            Route(AGREE, self.agree, methods=["POST"]),
        ]

    async def upload(self, request: Request) -> Response:
        """Take one file."""
        account = self._world.visitor(named_in(request))
        data = await request.body()
        account.uploads += 1
        occasion = Occasion(at="upload", n=account.uploads, account=account.name)
        rule = self._world.cues.take(occasion) or OK
        receipt = rule.plays.receipt
        if receipt is Receipt.SLOW:
            seconds = _SLOW_SECONDS if rule.delay_seconds is None else rule.delay_seconds
            await self._world.sleep(seconds)
        if receipt is Receipt.REFUSED:
            return Response(status_code=_REFUSED)
        if receipt is Receipt.BROKEN:
            return Response(status_code=_BROKEN)
        media_type = request.headers.get("content-type", "application/octet-stream")
        taken = await self._world.uploads.take(data, media_type, account.name)
        self._world.saved()
        return JSONResponse({"id": taken.id})

    async def agree(self, request: Request) -> Response:
        """The person's part, once for an account."""
        self._world.visitor(named_in(request)).mend(Condition.UPLOAD_CONSENT)
        self._world.saved()
        return Response(status_code=_NOTHING)
