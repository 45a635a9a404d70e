"""The store as its users see it: every port in one object."""

from __future__ import annotations

from farm.store.adding import SqlImport
from farm.store.control import SqlControl
from farm.store.database import Database
from farm.store.images import SqlImages
from farm.store.jobs import SqlClaims
from farm.store.sessions import SqlSessions
from farm.store.settle import SqlSettlements
from farm.store.upkeep import SqlUpkeep
from farm.store.views import SqlViews


class Store:
    """Every port of farm.store.base over one database; each verb is at home in its own module."""

    def __init__(self, database: Database) -> None:
        claims, upkeep = SqlClaims(database), SqlUpkeep(database)
        self.claim = claims.claim
        self.adopt = claims.adopt
        self.heartbeat = claims.heartbeat
        self.maintain = upkeep.maintain

        settlements = SqlSettlements(database)
        self.step = settlements.step
        self.complete = settlements.complete
        self.give_back = settlements.give_back
        self.park = settlements.park
        self.fail = settlements.fail
        self.review = settlements.review

        images, sessions = SqlImages(database), SqlSessions(database)
        self.owner_of = images.owner_of
        self.images = images.images
        self.causes_of = sessions.causes_of
        self.known_conversations = sessions.known_conversations
        self.session = sessions.session
        self.sessions = sessions.sessions
        self.save_session = sessions.save_session

        views = SqlViews(database)
        self.add = SqlImport(database).add
        self.counts = views.counts
        self.left_for = views.left_for
        self.page = views.page
        self.job = views.job
        self.history = views.history
        self.queues = views.queues
        self.find = views.find
        self.endings = views.endings

        control = SqlControl(database)
        self.retry = control.retry
        self.cancel = control.cancel
        self.pause = control.pause
        self.resume = control.resume
        self.paused = control.paused
        self.reset = control.reset
