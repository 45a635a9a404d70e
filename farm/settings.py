"""The settings: one record for those who use them, one table for all who speak of them.

Pure: nothing is read here. `farm.config` fills the record from its sources; messages and
docs/settings.md come from the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from farm import values
from farm.model.hours import ALWAYS, Hours
from farm.model.refusals import ALLOWED

PREFIX = "FARM_"
STEALTH = ("off", "minimal", "full")
LOG_FORMATS = ("plain", "json")
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything a user can set, read once at the start and handed down."""

    home: Path  # where profiles/, downloads/, logs/ and farm.db live
    database_url: str = field(repr=False)  # may carry a password
    profiles_dir: Path  # each folder in it is a profile
    profile_paths: Mapping[str, Path]  # profiles that live elsewhere, by name
    # Running browsers to attach to, by `endpoint_key` of the profile; see `profile_settings`.
    cdp_endpoints: Mapping[str, str] = field(default_factory=dict, repr=False)
    downloads_dir: Path  # where finished images go, by day
    prompt_delay_seconds: float = 90.0  # the pace: wait between two prompts of a session
    pace_jitter: float = 0.2  # how far a wait may stray from the pace, as a fraction of it
    generation_timeout_seconds: float = 300.0  # without an image after so long: timeout
    retry_wait_seconds: float = 30.0  # before a failed prompt is tried again; doubled each time
    max_wait_seconds: float = 900.0  # a run that does not watch waits so long for a resting session
    person_wait_seconds: float = 60.0  # a run whose sessions are all red waits so long
    recheck_seconds: float = 20.0  # until a session that needs a person is looked at again
    recycle_prompts: int = 100  # a browser that took so many prompts is opened anew
    recycle_mb: float = 3000.0  # and one that takes so much memory with all its processes
    on_refusal: str = "fail"  # what to do about refusals; see farm.model.refusals
    working_hours: Hours = ALWAYS  # when sessions may work
    daily_cap: int = 0  # images of an account a day; 0: no cap
    daily_reserve: int = 0  # of the cap, kept back for the person's own use
    headless: bool = True  # browsers without windows
    browser: str = ""  # path or channel; "" takes the best one installed
    proxy_server: str = field(default="", repr=False)  # may carry a password
    ignore_https_errors: bool = False  # only for a proxy that terminates TLS
    selectors: Path | None = None  # a selector pack in place of the shipped one
    ui_language: str = "en"  # asked of the page with ?hl=
    stealth: str = "minimal"  # how much playwright-stealth hides
    log_level: str = "info"  # of the file in log_dir
    log_dir: Path  # one file per run
    log_format: str = "plain"  # of the console; the file is always JSON lines
    notify: tuple[str, ...] = field(default=(), repr=False)  # addresses are passwords
    notify_secret: str = field(default="", repr=False)  # signs messages to a webhook
    sources: Mapping[str, str] = field(default_factory=dict)  # what is set, and by whom
    warnings: tuple[str, ...] = ()  # about names nobody reads, for the command line to show

    def profile_path(self, name: str) -> Path:
        """The folder of a profile, whether it exists or not."""
        return self.profile_paths.get(name, self.profiles_dir / name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One row of the table."""

    key: str  # the field of Settings; FARM_<KEY> in the environment, <key> in farm.toml
    text: str  # what it does, for docs/settings.md
    parse: values.Parse
    allowed: str  # for messages: what a good value looks like
    default: str  # as the documents show it
    aliases: Mapping[str, Callable[[str], str]] = field(default_factory=dict)  # seeds' name: unit
    secret: bool = False  # a bad value is never repeated

    @property
    def name(self) -> str:
        """The name in the environment and in `.env`."""
        return PREFIX + self.key.upper()


_A_FLAG = "1, true, yes, on or 0, false, no, off"
_A_PATH = "a path; a relative one starts at FARM_HOME"

SETTINGS: tuple[Setting, ...] = (
    Setting(
        key="home",
        text="The folder that holds `profiles/`, `downloads/`, `logs/`, `farm.db`, `.env` and "
        "`farm.toml`.",
        parse=values.path_from,
        allowed="a path; a relative one starts at the current folder",
        default="the current folder",
    ),
    Setting(
        key="database_url",
        text="The job store, as an SQLAlchemy URL with an async driver.",
        parse=values.text,
        allowed="a URL such as sqlite+aiosqlite:////home/alice/farm.db",
        default="`farm.db` in FARM_HOME",
    ),
    Setting(
        key="profiles_dir",
        text="The folder whose sub-folders are the browser profiles.",
        parse=values.path_from,
        allowed=_A_PATH,
        default="`profiles` in FARM_HOME",
    ),
    Setting(
        key="downloads_dir",
        text="Where finished images go, in one folder per day.",
        parse=values.path_from,
        allowed=_A_PATH,
        default="`downloads` in FARM_HOME",
        aliases={"DOWNLOAD_BASE_DIR": values.same},
    ),
    Setting(
        key="prompt_delay_seconds",
        text="The pace: how long a session waits between two prompts.",
        parse=values.number(0),
        allowed="a number of seconds, 0 or more",
        default="90",
        aliases={"PROMPT_DELAY_MS": values.milliseconds},
    ),
    Setting(
        key="pace_jitter",
        text="How far each wait may stray from the pace, as a fraction of it.",
        parse=values.number(0, 1),
        allowed="a number from 0 to 1",
        default="0.2",
    ),
    Setting(
        key="generation_timeout_seconds",
        text="How long an answer may take to show its image.",
        parse=values.number(1),
        allowed="a number of seconds, 1 or more",
        default="300",
    ),
    Setting(
        key="retry_wait_seconds",
        text="The first wait before a failed prompt is tried again; it doubles up to tenfold.",
        parse=values.number(0, 86400),
        allowed="a number of seconds, 0 or more",
        default="30",
    ),
    Setting(
        key="max_wait_seconds",
        text="How long a run that ends with its queue waits for the soonest resting session before "
        "it stops with exit code 3; `--watch` waits for ever.",
        parse=values.number(0),
        allowed="a number of seconds, 0 or more",
        default="900",
    ),
    Setting(
        key="person_wait_seconds",
        text="How long a run whose sessions all need a person, or a repaired selector pack, waits "
        "for it before it stops with exit code 3; with windows it is FARM_MAX_WAIT_SECONDS, "
        "`--watch` waits for ever.",
        parse=values.number(0),
        allowed="a number of seconds, 0 or more",
        default="60",
    ),
    Setting(
        key="recheck_seconds",
        text="How long until a session that needs a person is looked at again, without a window; "
        "each further look comes later, up to 10 minutes.",
        parse=values.number(1),
        allowed="a number of seconds, 1 or more",
        default="20",
    ),
    Setting(
        key="recycle_prompts",
        text="After how many prompts a browser is closed and opened again.",
        parse=values.count(1),
        allowed="a whole number, 1 or more",
        default="100",
    ),
    Setting(
        key="recycle_mb",
        text="How much memory a browser may take, with all its processes, before it is closed and "
        "opened again between two prompts, in MiB.",
        parse=values.number(200),
        allowed="a number, 200 or more",
        default="3000",
    ),
    Setting(
        key="on_refusal",
        text="What to do when a prompt is refused: `fail`, `retry` once, `substitute` the words of "
        "`substitutions.toml` and retry once, or `lane:NAME` to hand it to another backend. By "
        "cause: `person=substitute,fail`.",
        parse=values.refusals,
        allowed=f"{ALLOWED}, or such a word for a cause: person=substitute",
        default="fail",
    ),
    Setting(
        key="working_hours",
        text="When sessions may work, in local time; a span that ends before it begins goes over "
        "midnight. A profile may have hours of its own.",
        parse=values.hours,
        allowed="spans such as 08:00-22:00, 22:00-07:00 or mon-fri 08:00-18:00, sat 10:00-14:00",
        default="empty: always",
    ),
    Setting(
        key="daily_cap",
        text="How many images an account may make in a local day; 0 is no cap. A profile may have "
        "one of its own.",
        parse=values.count(0),
        allowed="a whole number, 0 or more",
        default="0",
    ),
    Setting(
        key="daily_reserve",
        text="How many images of the daily cap are kept back for the person whose account it is. "
        "A profile may have one of its own.",
        parse=values.count(0),
        allowed="a whole number, 0 or more",
        default="0",
    ),
    Setting(
        key="headless",
        text="Whether browsers run without windows; `--headed` overrides it.",
        parse=values.flag,
        allowed=_A_FLAG,
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
        allowed=_A_FLAG,
        default="no",
    ),
    Setting(
        key="selectors",
        text="A selector pack (TOML) in place of the shipped one.",
        parse=values.optional_path,
        allowed=_A_PATH,
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
    Setting(
        key="log_level",
        text="What the log file of a run keeps; the terminal shows warnings and worse.",
        parse=values.choice(LOG_LEVELS),
        allowed=", ".join(LOG_LEVELS),
        default="info",
        aliases={"LOG_LEVEL": values.same},
    ),
    Setting(
        key="log_dir",
        text="Where each run leaves its log file.",
        parse=values.path_from,
        allowed=_A_PATH,
        default="`logs` in FARM_HOME",
        aliases={"LOG_DIR": values.same},
    ),
    Setting(
        key="log_format",
        text="How warnings are written to the terminal: for people, or one JSON object per line.",
        parse=values.choice(LOG_FORMATS),
        allowed=", ".join(LOG_FORMATS),
        default="plain",
    ),
    Setting(
        key="notify",
        text="Where messages to a person go: apprise URLs (https://appriseit.com/services), or "
        "`webhook+https://host/path` for a webhook of your own. `--notify` overrides it.",
        parse=values.addresses,
        allowed="URLs with spaces or commas between them",
        default="empty: nobody is told",
        secret=True,
    ),
    Setting(
        key="notify_secret",
        text="What messages to a webhook of your own are signed with.",
        parse=values.text,
        allowed="any text, or whsec_ and base64 as standardwebhooks.com has it",
        default="empty",
        secret=True,
    ),
)
