"""Seats: `gemini-1`, `gemini-2`, … each taken by one process at a time.

An API session has no profile to lock, and its name is what unfinished jobs are pinned to: whoever
holds the lock knows that the former holder is dead.
"""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from farm.errors import ProfileInUse
from farm.files import saving

FOLDER = ".seats"  # below FARM_HOME


class Seat:
    """One session name of a backend, held between `take` and `leave`."""

    def __init__(self, home: Path, backend: str, number: int) -> None:
        """Take nothing yet."""
        self.name, self.number = f"{backend}-{number}", number
        self._path = home / FOLDER / f"{self.name}.lock"
        self._lock = FileLock(self._path)

    def take(self) -> None:
        """Hold the name; again is harmless. ProfileInUse when another process holds it."""
        if self._lock.is_locked:
            return
        with saving(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._lock.acquire(timeout=0)
            except Timeout as error:
                raise ProfileInUse(
                    f"{self.name} is in use by another farm in this folder. Stop that one, or "
                    "start with fewer sessions of this backend."
                ) from error

    def leave(self) -> None:
        """Give the name back, if it is held."""
        self._lock.release()


def is_free(home: Path, backend: str, number: int) -> bool:
    """Whether nobody holds a name at this moment."""
    seat = Seat(home, backend, number)
    try:
        seat.take()
    except ProfileInUse:
        return False
    seat.leave()
    return True


def take_seats(home: Path, backend: str, wanted: int, most: int = 64) -> tuple[Seat, ...]:
    """The first free seats of a backend, taken; what dead processes held comes first.

    Fewer than wanted when other processes hold so many. ProfileInUse when none is free.
    """
    taken: list[Seat] = []
    refused: ProfileInUse | None = None
    for number in range(1, most + 1):
        if len(taken) == wanted:
            break
        seat = Seat(home, backend, number)
        try:
            seat.take()
        except ProfileInUse as error:
            refused = error
        else:
            taken.append(seat)
    if not taken and refused is not None:
        raise refused
    return tuple(taken)
