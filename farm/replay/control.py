"""The control interface: plain HTTP on loopback, for tests and for whoever plays by hand.

GET    /state                                accounts, conditions, whether the network is gone
GET    /log                                  every submission
GET    /scenario                             defaults and rules as they are now
PUT    /scenario            (TOML)           other rules; counting starts anew
PATCH  /defaults            (JSON)           some defaults: `{"drift": {"send-button": "go"}}`
PATCH  /accounts/NAME       (JSON)           defaults of one account: `{"quota_images": 3}`
PUT    /accounts/NAME/conditions/CONDITION   `?for_seconds=60`, else until it is mended
DELETE /accounts/NAME/conditions/CONDITION
PUT    /network/frozen, DELETE the same      stop answering, as a dead network; go on
PUT    /network/cut, DELETE the same         end every connection, as a pulled cable; go on
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from farm.errors import UsageError
from farm.replay.plays import Condition
from farm.replay.proxy import Proxy
from farm.replay.scenario import changed_defaults, parse_scenario
from farm.replay.world import World

_NOTHING = 204


class Control:
    """Looks into a running stand-in and changes it."""

    def __init__(self, world: World, proxy: Proxy) -> None:
        self._world = world
        self._proxy = proxy

    def routes(self) -> Starlette:
        """The ASGI application of the control port."""
        condition = "/accounts/{name}/conditions/{condition}"
        return Starlette(
            routes=[
                _route("/state", "GET", self.state),
                _route("/log", "GET", self.log),
                _route("/scenario", "GET", self.scenario),
                _route("/scenario", "PUT", self.play),
                _route("/defaults", "PATCH", self.defaults),
                _route("/accounts/{name}", "PATCH", self.account),
                _route(condition, "PUT", self.suffer),
                _route(condition, "DELETE", self.mend),
                _route("/network/frozen", "PUT", self.freeze),
                _route("/network/frozen", "DELETE", self.thaw),
                _route("/network/cut", "PUT", self.cut),
                _route("/network/cut", "DELETE", self.splice),
            ],
            exception_handlers={UsageError: _wrong},
        )

    async def state(self, _request: Request) -> Response:
        """What an onlooker wants to know at a glance."""
        now = self._world.clock()
        accounts = [
            {
                "name": account.name,
                "conditions": [c for c in list(account.conditions) if account.has(c, now)],
                "mode": self._world.mode_of(account),
                "images": account.images,
                "pages": account.pages,
                "conversations": account.conversations,
            }
            for account in self._world.accounts.values()
        ]
        network = {"frozen": self._proxy.frozen, "cut": self._proxy.is_cut}
        return JSONResponse({**network, "accounts": accounts})

    async def log(self, _request: Request) -> Response:
        """Every submission."""
        return JSONResponse([asdict(entry) for entry in self._world.log.entries])

    async def scenario(self, _request: Request) -> Response:
        """Defaults and rules as they are now."""
        return JSONResponse(asdict(self._world.scenario))

    async def play(self, request: Request) -> Response:
        """Other rules from now on."""
        self._world.change_scenario(parse_scenario((await request.body()).decode()))
        return Response(status_code=_NOTHING)

    async def defaults(self, request: Request) -> Response:
        """Some defaults changed; rules and their counts stay."""
        scenario = self._world.scenario
        changed = changed_defaults(scenario.defaults, await request.json())
        self._world.scenario = replace(scenario, defaults=changed)
        return Response(status_code=_NOTHING)

    async def account(self, request: Request) -> Response:
        """Some defaults of one account changed."""
        scenario, name = self._world.scenario, request.path_params["name"]
        changes = await request.json()
        changed_defaults(scenario.defaults, changes)  # says what is wrong before anything changes
        mine = {**scenario.accounts.get(name, {}), **changes}
        self._world.scenario = replace(scenario, accounts={**scenario.accounts, name: mine})
        return Response(status_code=_NOTHING)

    async def suffer(self, request: Request) -> Response:
        """Put a condition on an account."""
        seconds = request.query_params.get("for_seconds")
        self._world.account(request.path_params["name"]).suffer(
            _condition(request), self._world.clock(), float(seconds) if seconds else None
        )
        return Response(status_code=_NOTHING)

    async def mend(self, request: Request) -> Response:
        """Take a condition away, as a person would."""
        self._world.account(request.path_params["name"]).mend(_condition(request))
        return Response(status_code=_NOTHING)

    async def freeze(self, _request: Request) -> Response:
        """Stop answering."""
        self._proxy.freeze()
        return Response(status_code=_NOTHING)

    async def thaw(self, _request: Request) -> Response:
        """Answer again."""
        self._proxy.thaw()
        return Response(status_code=_NOTHING)

    async def cut(self, _request: Request) -> Response:
        """End every connection, also new ones."""
        self._proxy.cut()
        return Response(status_code=_NOTHING)

    async def splice(self, _request: Request) -> Response:
        """Take connections again."""
        self._proxy.mend()
        return Response(status_code=_NOTHING)


def _route(path: str, method: str, answer: Callable[[Request], Awaitable[Response]]) -> Route:
    return Route(path, answer, methods=[method])


def _condition(request: Request) -> Condition:
    name = request.path_params["condition"]
    try:
        return Condition(name)
    except ValueError as exc:
        raise UsageError(f"no condition {name!r}; known: {', '.join(Condition)}") from exc


async def _wrong(_request: Request, exc: Exception) -> Response:
    return PlainTextResponse(str(exc), status_code=400)
