"""Pages that stand before the app until a person has been there."""

from __future__ import annotations

from urllib.parse import quote

from farm.replay import hosts
from farm.replay.accounts import Account
from farm.replay.plays import Condition

APP = f"https://{hosts.GEMINI}/app"


def sign_in_url(back: str = APP) -> str:
    """Where signing in begins."""
    return f"https://{hosts.ACCOUNTS}/ServiceLogin?continue={quote(back, safe='')}"


def barrier_url(account: Account, now: float) -> str:
    """Where an account in this condition is sent to; "" when nothing stands in its way."""
    back = quote(APP, safe="")
    barriers = {
        Condition.CHALLENGE: f"https://{hosts.GEMINI}/sorry/index?continue={back}",
        Condition.CONSENT: f"https://{hosts.CONSENT}/m?continue={back}",
        Condition.REGION: APP,  # which then says that it is not to be had here
    }
    return next((url for condition, url in barriers.items() if account.has(condition, now)), "")
