"""The store as its users see it: every port in one object."""

from __future__ import annotations

from farm.store.adding import SqlImport
from farm.store.chronicle import SqlChronicle
from farm.store.control import SqlControl
from farm.store.database import Database
from farm.store.decisions import SqlDecisions
from farm.store.deliveries import SqlDeliveries
from farm.store.demand import SqlDemand
from farm.store.finishing import SqlFinishing
from farm.store.images import SqlImages
from farm.store.incidents import SqlIncidents
from farm.store.jobs import SqlClaims
from farm.store.limits import SqlLimits
from farm.store.outlook import SqlOutlook
from farm.store.sameness import SqlSameness
from farm.store.sessions import SqlSessions
from farm.store.settle import SqlSettlements
from farm.store.sheets import SqlSheets
from farm.store.spend import SqlSpend
from farm.store.tallies import SqlTallies
from farm.store.tellings import SqlTellings
from farm.store.upkeep import SqlUpkeep
from farm.store.views import SqlViews
from farm.store.whole import whole


class Store:
    """Every port of farm.store.base over one database; each verb is at home in its own module.

    A call that is cancelled happens whole, or not at all when it had not begun.
    """

    def __init__(self, database: Database) -> None:
        self._serve_workers(database)
        self._serve_sessions(database)
        self._serve_users(database)
        self._serve_readers(database)
        self._serve_outbox(database)

    def _serve_workers(self, database: Database) -> None:
        claims, upkeep = SqlClaims(database), SqlUpkeep(database)
        self.claim = whole(claims.claim)
        self.adopt = whole(claims.adopt)
        self.heartbeat = whole(claims.heartbeat)
        self.maintain = whole(upkeep.maintain)

        settlements = SqlSettlements(database)
        self.step = whole(settlements.step)
        self.complete = whole(settlements.complete)
        self.give_back = whole(settlements.give_back)
        self.park = whole(settlements.park)
        self.fail = whole(settlements.fail)
        self.review = whole(settlements.review)
        self.hand_over = whole(settlements.hand_over)

        images, finishing = SqlImages(database), SqlFinishing(database)
        self.owner_of = whole(images.owner_of)
        self.looks_like = whole(images.looks_like)
        self.images = whole(images.images)
        self.take_unfinished = whole(finishing.take_unfinished)
        self.hold_unfinished = whole(finishing.hold_unfinished)
        self.unfinished = whole(finishing.unfinished)
        self.finish = whole(finishing.finish)
        self.note_targets = whole(finishing.note_targets)
        self.noted_targets = whole(finishing.noted_targets)
        self.copies_of = whole(finishing.copies_of)
        self.troubles_of = whole(finishing.troubles_of)

    def _serve_sessions(self, database: Database) -> None:
        sessions = SqlSessions(database)
        self.causes_of = whole(sessions.causes_of)
        self.known_conversations = whole(sessions.known_conversations)
        self.session = whole(sessions.session)
        self.sessions = whole(sessions.sessions)
        self.save_session = whole(sessions.save_session)

        limits = SqlLimits(database)
        self.limits = whole(limits.limits)
        self.note_limit = whole(limits.note_limit)
        self.lift_limits = whole(limits.lift_limits)
        self.made_since = whole(limits.made_since)
        self.wish = whole(limits.wish)
        self.take_wish = whole(limits.take_wish)

        spend = SqlSpend(database)
        self.reserve = whole(spend.reserve)
        self.settle = whole(spend.settle)
        self.release = whole(spend.release)
        self.release_unsent = whole(spend.release_unsent)
        self.spent = whole(spend.spent)
        self.spendings = whole(spend.spendings)

        incidents = SqlIncidents(database)
        self.note_incident = whole(incidents.note_incident)
        self.file_incident = whole(incidents.file_incident)
        self.incidents = whole(incidents.incidents)
        self.incident = whole(incidents.incident)

    def _serve_users(self, database: Database) -> None:
        views = SqlViews(database)
        self.add = whole(SqlImport(database).add)
        self.counts = whole(views.counts)
        self.left_for = whole(views.left_for)
        self.page = whole(views.page)
        self.job = whole(views.job)
        self.history = whole(views.history)
        self.queues = whole(views.queues)
        self.find = whole(views.find)
        self.endings = whole(views.endings)

        control = SqlControl(database)
        self.retry = whole(control.retry)
        self.cancel = whole(control.cancel)
        self.reroute = whole(control.reroute)
        self.bequeath = whole(control.bequeath)
        self.pause = whole(control.pause)
        self.resume = whole(control.resume)
        self.paused = whole(control.paused)
        self.reset = whole(control.reset)
        self.refusals_of = whole(control.refusals_of)
        self.set_refusals = whole(control.set_refusals)

        decisions = SqlDecisions(database)
        self.not_sent = whole(decisions.not_sent)
        self.sent = whole(decisions.sent)
        self.fetched = whole(decisions.fetched)

    def _serve_readers(self, database: Database) -> None:
        self.tally = whole(SqlTallies(database).tally)

        chronicle = SqlChronicle(database)
        self.tried = whole(chronicle.tried)
        self.limits_met = whole(chronicle.limits_met)
        self.originals_of = whole(chronicle.originals_of)
        self.paid = whole(chronicle.paid)

        tellings = SqlTellings(database)
        self.was_told = whole(tellings.was_told)
        self.note_told = whole(tellings.note_told)
        self.forget_told = whole(tellings.forget_told)

        outlook = SqlOutlook(database)
        self.tries = whole(outlook.tries)
        self.made_by_day = whole(outlook.made_by_day)
        self.standing = whole(outlook.standing)
        self.demands = whole(SqlDemand(database).demands)
        self.drawn = whole(SqlSameness(database).drawn)

    def _serve_outbox(self, database: Database) -> None:
        outbox = SqlDeliveries(database)
        self.post_delivery = whole(outbox.post_delivery)
        self.claim_delivery = whole(outbox.claim_delivery)
        self.renew_deliveries = whole(outbox.renew_deliveries)
        self.remember_delivery = whole(outbox.remember_delivery)
        self.delivered = whole(outbox.delivered)
        self.postpone_delivery = whole(outbox.postpone_delivery)
        self.refuse_delivery = whole(outbox.refuse_delivery)
        self.retry_deliveries = whole(outbox.retry_deliveries)
        self.forget_deliveries = whole(outbox.forget_deliveries)
        self.next_delivery_seconds = whole(outbox.next_delivery_seconds)
        self.delivery_counts = whole(outbox.delivery_counts)
        self.deliveries = whole(outbox.deliveries)
        self.links_of = whole(outbox.links_of)

        written = SqlSheets(database)
        self.written = whole(written.written)
        self.marked = whole(written.marked)
        self.note_written = whole(written.note_written)
