"""All hosts behind the proxy as one ASGI application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Host

from farm.replay import hosts
from farm.replay.gemini import Gemini
from farm.replay.imagehosts import ImageHosts
from farm.replay.signin import accounts_routes, consent_routes, search_routes
from farm.replay.world import World


def site(world: World) -> Starlette:
    """Answer every host of the stand-in from one world."""
    images = ImageHosts(world)
    return Starlette(
        routes=[
            Host(hosts.GEMINI, Gemini(world).routes()),
            Host(hosts.ACCOUNTS, accounts_routes(world)),
            Host(hosts.CONSENT, consent_routes(world)),
            Host(hosts.SEARCH, search_routes()),
            Host(hosts.IMAGES, images.open_host()),
            Host(hosts.IMAGES_SIGNED_IN, images.signed_in_host()),
            Host(hosts.DOWNLOADS, images.download_host()),
        ]
    )
