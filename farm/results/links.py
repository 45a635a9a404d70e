"""Which address of a delivered image is shown, and what its thumbnail is drawn from. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from farm.model.deliveries import Delivery
from farm.model.jobs import Job

_THUMBNAIL_PX = 320


def link_of(job: Job, deliveries: Sequence[Delivery]) -> str:
    """Where the job's image is now: every target's link on a line of its own."""
    return "\n".join(dict.fromkeys(each.link for each in _of_image(job, deliveries)))


def preview_of(job: Job, deliveries: Sequence[Delivery]) -> str:
    """The address of a small picture of the job's image, "" if nobody shows one."""
    for each in _of_image(job, deliveries):
        if each.target.startswith("drive:") and each.remote_id:
            return f"https://drive.google.com/thumbnail?id={each.remote_id}&sz=w{_THUMBNAIL_PX}"
        if each.link.startswith("https://"):
            return each.link
    return ""


def _of_image(job: Job, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Deliveries of the newest image itself; of its copies where only these were delivered."""
    linked = [each for each in deliveries if each.link]
    stem = PurePath(job.image_path).stem
    newest = [each for each in linked if PurePath(each.path).stem.startswith(stem)] if stem else []
    own = [each for each in newest if each.path == PurePath(job.image_path).as_posix()]
    return own or newest
