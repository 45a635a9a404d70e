"""How a run behaves: its pace, its waits, what it may use up."""

from __future__ import annotations

from farm import values
from farm.model.refusals import ALLOWED
from farm.settings.record import A_FLAG, Setting

RUNNING: tuple[Setting, ...] = (
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
        key="private_references",
        text="Fetch reference images from addresses of your own network too: only for rows whose "
        "addresses you trust.",
        parse=values.flag,
        allowed=A_FLAG,
        default="no",
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
)
