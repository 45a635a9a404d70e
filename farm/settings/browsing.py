"""Which browser is driven, and how it looks to the page."""

from __future__ import annotations

from farm import values
from farm.settings.record import A_FLAG, A_PATH, Setting

STEALTH = ("off", "minimal", "full")

BROWSING: tuple[Setting, ...] = (
    Setting(
        key="headless",
        text="Whether browsers run without windows; `--headed` overrides it.",
        parse=values.flag,
        allowed=A_FLAG,
        default="yes",
    ),
    Setting(
        key="browser",
        text="Which browser to drive. Empty takes the first there is of: Google Chrome, "
        "Playwright's Chromium, the system's chromium.",
        parse=values.text,
        allowed="a path of a browser, or a channel such as chrome",
        default="empty",
    ),
    Setting(
        key="proxy_server",
        text="The proxy all sessions go through.",
        parse=values.text,
        allowed="a URL such as http://127.0.0.1:3128",
        default="empty",
    ),
    Setting(
        key="ignore_https_errors",
        text="Accept certificates that cannot be checked: only for a proxy that terminates TLS.",
        parse=values.flag,
        allowed=A_FLAG,
        default="no",
    ),
    Setting(
        key="selectors",
        text="A selector pack (TOML) in place of the shipped one.",
        parse=values.optional_path,
        allowed=A_PATH,
        default="empty",
    ),
    Setting(
        key="ui_language",
        text="The language asked of the page.",
        parse=values.language,
        allowed="a language tag such as en or pt-BR",
        default="en",
    ),
    Setting(
        key="stealth",
        text="How much playwright-stealth hides: nothing, only `navigator.webdriver`, or all it "
        "can (which may contradict a real profile).",
        parse=values.choice(STEALTH),
        allowed=", ".join(STEALTH),
        default="minimal",
    ),
)
