"""Where farm keeps things, and what it writes down."""

from __future__ import annotations

from farm import values
from farm.settings.record import A_PATH, Setting

LOG_FORMATS = ("plain", "json")
LOG_LEVELS = ("debug", "info", "warning", "error")

PLACES: tuple[Setting, ...] = (
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
        allowed=A_PATH,
        default="`profiles` in FARM_HOME",
    ),
    Setting(
        key="downloads_dir",
        text="Where finished images go, in one folder per day.",
        parse=values.path_from,
        allowed=A_PATH,
        default="`downloads` in FARM_HOME",
        aliases={"DOWNLOAD_BASE_DIR": values.same},
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
        allowed=A_PATH,
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
        text="What messages and deliveries to a webhook of your own are signed with.",
        parse=values.text,
        allowed="any text, or whsec_ and base64 as standardwebhooks.com has it",
        default="empty",
        secret=True,
    ),
)
