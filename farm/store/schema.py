"""The tables, the database's clock, and the indexes that keep a claim flat at a million rows."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from farm.model.causes import Cause
from farm.model.images import REUSED
from farm.model.jobs import JobState

metadata: Final = sa.MetaData()
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite's row id must be INTEGER


class DatabaseNow(FunctionElement[float]):
    """Epoch seconds by the database's clock, because the clocks of two machines differ."""

    type = sa.Double()
    inherit_cache = True


@compiles(DatabaseNow, "postgresql")
def _postgresql_now(_element: DatabaseNow, _compiler: Any, **_options: Any) -> str:
    # Not clock_timestamp(): it is volatile, and no index serves a comparison with it.
    return "extract(epoch from statement_timestamp())::float8"


@compiles(DatabaseNow, "sqlite")
def _sqlite_now(_element: DatabaseNow, _compiler: Any, **_options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


class DatabaseClock:
    """Where every lease and wait takes its time from; a test sets it ahead instead of sleeping."""

    def __init__(self, ahead_seconds: float = 0.0) -> None:
        self.ahead_seconds = ahead_seconds
        ahead: sa.BindParameter[float] = sa.bindparam(
            None, callable_=lambda: self.ahead_seconds, type_=sa.Double()
        )
        self._now = DatabaseNow() + ahead

    def now(self) -> sa.ColumnElement[float]:
        """The present as an SQL expression, evaluated by the database each time it runs."""
        return self._now


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def _time(name: str, *, nullable: bool = True) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=nullable)


def _of_job(*, nullable: bool = False) -> sa.Column[int]:
    job = sa.ForeignKey("jobs.id", ondelete="CASCADE")
    return sa.Column("job_id", _ID, job, nullable=nullable)


meta: Final = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

queues: Final = sa.Table(
    "queues",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    _text("source"),
    _flag("paused"),
    sa.Column("refusals", sa.JSON),  # what to do about refusals in this queue; NULL: the setting's
    sqlite_autoincrement=True,
)

jobs: Final = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("queue_id", _ID, sa.ForeignKey("queues.id", ondelete="CASCADE"), nullable=False),
    sa.Column("prompt_id", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    sa.Column("state", sa.Text, nullable=False, server_default=JobState.PENDING.value),
    sa.Column("lane", sa.Text, nullable=False),
    sa.Column("home_lane", sa.Text, nullable=False),  # where the job returns to without a pin
    _count("priority"),
    _time("not_before"),
    _count("attempts"),
    sa.Column("max_attempts", sa.Integer, nullable=False),
    _count("crashes"),
    _count("forgotten"),  # attempts before the user queued the job again: they decide no more
    _count("fence"),
    _text("worker"),
    _time("lease_until"),
    _time("pinned_until"),  # set while a conversation may hold this job's image
    _flag("cancel_requested"),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("regen_done", sa.Text),  # the fingerprint whose REGEN mark was honoured
    sa.Column("payload", sa.JSON, nullable=False),  # not JSONB: the order of `extra` counts
    sa.Column("cause", sa.Text),
    _text("message"),
    _text("image_path"),
    _text("session"),
    _time("updated_at", nullable=False),
    _time("completed_at"),
    _count("source_row"),
    sa.UniqueConstraint("queue_id", "prompt_id"),
    sqlite_autoincrement=True,  # an id of a dropped job must never come back under an old claim
)

attempts: Final = sa.Table(
    "attempts",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    _of_job(),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),  # of the job's row when it was claimed
    _text("session"),
    sa.Column("phase", sa.Text, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    _text("conversation"),
    _time("started_at", nullable=False),
    _time("phase_at", nullable=False),
    sa.Column("cause", sa.Text),  # NULL while the attempt is open
    _flag("counted"),
    _text("message"),
    _time("ended_at"),  # NULL while the attempt is open
    sa.UniqueConstraint("job_id", "number"),
)

events: Final = sa.Table(
    "events",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    _of_job(nullable=True),
    _time("at", nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
)

images: Final = sa.Table(
    "images",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    _of_job(),
    sa.Column("version", sa.Integer, nullable=False),  # of the row it was drawn from
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("width_px", sa.Integer, nullable=False),
    sa.Column("height_px", sa.Integer, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("warnings", sa.JSON, nullable=False),
    _time("at", nullable=False),
    _text("backend"),
    _text("account"),
    _text("model"),
    sa.Column("cost_microusd", sa.BigInteger),  # NULL: not known
    sa.Column("perceptual", sa.Text),  # 16 hex digits that look alike for pictures that do
    _time("finishing_until"),  # the lease of whoever makes its derivatives
    _time("finished_at"),  # NULL while steps are still to be taken
    _text("trouble"),  # why they could not be
    sa.UniqueConstraint("job_id", "path"),
)

derivatives: Final = sa.Table(
    "derivatives",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("image_id", _ID, sa.ForeignKey("images.id", ondelete="CASCADE"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("width_px", sa.Integer, nullable=False),
    sa.Column("height_px", sa.Integer, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    _time("at", nullable=False),
    sa.UniqueConstraint("image_id", "kind"),
)

deliveries: Final = sa.Table(  # the outbox: a file that is to be put somewhere, until it is
    "deliveries",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    _of_job(),
    sa.Column("target", sa.Text, nullable=False),  # without passwords
    sa.Column("path", sa.Text, nullable=False),  # relative to the downloads folder
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("folder", sa.Text, nullable=False),  # below the target, with forward slashes
    sa.Column("state", sa.Text, nullable=False, server_default="pending"),
    _count("attempts"),
    _time("not_before"),
    _count("fence"),
    _text("worker"),
    _time("lease_until"),
    sa.Column("facts", sa.JSON, nullable=False),  # what a later try goes on from
    _text("remote_id"),
    _text("link"),
    _text("message"),
    _time("at", nullable=False),
    _time("delivered_at"),
    sa.UniqueConstraint("target", "job_id", "path", "sha256"),
    sqlite_autoincrement=True,
)

spend: Final = sa.Table(  # money: reserved before an API is asked, settled when it has answered
    "spend",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("attempt_id", _ID, unique=True),  # NULL for a command without a job
    sa.Column("job_id", _ID),
    sa.Column("run", sa.Text, nullable=False),  # of which run's budget it is
    sa.Column("day", sa.Text, nullable=False),  # the user's local day, 2026-11-21
    sa.Column("backend", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # reserved, settled, released
    sa.Column("reserved_microusd", sa.BigInteger, nullable=False),
    sa.Column("spent_microusd", sa.BigInteger),  # NULL until settled
    _flag("estimated"),  # settled without a word of the API about it
    sa.Column("usage", sa.JSON, nullable=False),  # what the API said it used
    _time("at", nullable=False),
    _time("settled_at"),
)

sheets: Final = sa.Table(  # what is still to be written back into a sheet
    "sheets",
    metadata,
    sa.Column("queue_id", _ID, sa.ForeignKey("queues.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("written", sa.JSON, nullable=False),  # by row: a hash of the cells that stand there
    _time("at", nullable=False),
)

sessions: Final = sa.Table(
    "sessions",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("cause", sa.Text),
    _text("message"),
    _time("next_ready_at", nullable=False),
    sa.Column("job_id", _ID),
    _time("since", nullable=False),
    _count("made"),
    _count("throttles"),
    _count("transients"),
    _count("doubts"),
    _text("mode"),
)

wishes: Final = sa.Table(  # what a user asked of a session, until its worker has read it
    "wishes",
    metadata,
    sa.Column("session", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    _time("until"),
    _time("at", nullable=False),
)

limits: Final = sa.Table(  # every limit a session met, and every rest its user asked for
    "limits",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("session", sa.Text, nullable=False),
    _text("mode"),
    sa.Column("cause", sa.Text, nullable=False),
    _time("at", nullable=False),
    _time("until", nullable=False),  # how long the session was sent to rest
    _flag("told"),  # whether the page itself said so
    _count("images"),  # made by the session since its limit before
    _time("lifted_at"),  # when an image proved that the limit was over
)

incidents: Final = sa.Table(  # evidence: one row per distinct failure, later ones counted
    "incidents",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),  # cause and what tells it from others
    sa.Column("cause", sa.Text, nullable=False),
    _text("role"),
    _text("session"),  # of the first occurrence, as all that follows
    sa.Column("job_id", _ID),
    _text("message"),
    _text("folder"),  # where its files are, relative to the logs folder
    _time("first_at", nullable=False),
    _time("last_at", nullable=False),
    sa.Column("count", sa.Integer, nullable=False, server_default="1"),
)


def in_state(*states: JobState) -> sa.ColumnElement[bool]:
    """Jobs in one of these states, written as literals.

    A partial index is only used when the statement holds the same literal as the index does.
    """
    words = [sa.literal_column(f"'{state.value}'", sa.Text()) for state in states]
    return jobs.c.state == words[0] if len(words) == 1 else jobs.c.state.in_(words)


IS_OPEN_ATTEMPT: Final = attempts.c.cause.is_(None)

# An attempt that drew an image: a copy of an equal row's was asked of nobody.
IS_DRAWN: Final = sa.and_(
    attempts.c.cause == Cause.MADE.value,
    sa.func.coalesce(attempts.c.facts[("maker", "backend")].as_string(), "") != REUSED,
)


def _index_where(name: str, where: sa.ColumnElement[bool], *columns: Any, **how: Any) -> None:
    sa.Index(name, *columns, sqlite_where=where, postgresql_where=where, **how)


_index_where(
    "jobs_claimable",
    in_state(JobState.PENDING),
    jobs.c.queue_id,
    jobs.c.lane,
    jobs.c.priority.desc(),
    jobs.c.id,
)
_index_where("jobs_delayed", in_state(JobState.DELAYED), jobs.c.not_before)
_index_where("jobs_leased", in_state(JobState.IN_PROGRESS), jobs.c.lease_until)
_index_where("jobs_pinned", jobs.c.pinned_until.is_not(None), jobs.c.pinned_until)
sa.Index("jobs_listed", jobs.c.queue_id, jobs.c.state, jobs.c.id)
_index_where("attempts_open", IS_OPEN_ATTEMPT, attempts.c.job_id, unique=True)
sa.Index("attempts_ended", attempts.c.session, attempts.c.cause, attempts.c.conversation)
sa.Index("attempts_by_day", attempts.c.ended_at)
sa.Index("limits_of_session", limits.c.session, limits.c.at)
sa.Index("events_of_job", events.c.job_id)
sa.Index("images_by_content", images.c.sha256)
_index_where("images_unfinished", images.c.finished_at.is_(None), images.c.id)
_index_where("deliveries_due", deliveries.c.state == "pending", deliveries.c.not_before)
sa.Index("deliveries_of_job", deliveries.c.job_id)
sa.Index("spend_by_day", spend.c.day, spend.c.backend)
