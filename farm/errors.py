"""Every exception farm raises on purpose.

FarmError                      root: exit_code 4, not retryable
├── UsageError                 the user asked for something that cannot be done          exit 2
│   └── InputError             a prompt file is wrong: names file, row and column         exit 2
├── PersonNeeded               work is left and only a person can go on                   exit 3
├── ProfileInUse               another process or browser holds the profile               exit 2
├── BrowserMissing             no browser could be found or installed                     exit 2
├── StoreError                 the job store cannot be opened or is of another version    exit 4
├── SaveFailed                 a file cannot be written: full disk, no permission         exit 4
├── NoPicture                  a file is no whole picture that steps can work on
├── LostLease                  this worker no longer owns the job: stop, touch nothing
├── GoogleError                what the home of Google's libraries translates foreign errors to
│   ├── GoogleRefused          it said no and would again: no key, no right, no such thing  exit 2
│   └── GoogleBusy             a limit, a fault or a line that passes; retryable
├── BrowserError               what the home of Playwright translates foreign errors to
│   ├── BrowserGone            crash, closed window, dead process
│   ├── BrowserTimeout         an action took longer than it may
│   └── NetworkError           a request failed before an answer came
└── Ended                      an attempt ended without a kept image; carries its Outcome
    └── Interrupted            the session cannot go on, but the answer may still be had later
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from farm.model.outcomes import Outcome


class FarmError(Exception):
    """What farm says when it cannot go on: what happened, to which thing, what to do next."""

    exit_code: ClassVar[int] = 4
    retryable: ClassVar[bool] = False


class UsageError(FarmError):
    """The command cannot be carried out as it was given."""

    exit_code = 2


class InputError(UsageError):
    """A prompt file cannot be read as it stands; nothing of it was imported.

    `problems` holds one sentence per finding, each with file, row and column where they apply.
    """

    def __init__(self, problems: list[str]) -> None:
        """Join the findings into one message, one line each."""
        super().__init__("\n".join(problems))
        self.problems = problems


class PersonNeeded(FarmError):
    """Work is left, and every session waits for a person."""

    exit_code = 3


class ProfileInUse(FarmError):
    """A profile is driven by one process at a time; the message names the holder."""

    exit_code = 2


class BrowserMissing(FarmError):
    """No usable browser; the message names the three ways to get one."""

    exit_code = 2


class StoreError(FarmError):
    """The job store cannot be opened, read or brought to this version."""


class SaveFailed(FarmError):
    """A file cannot be written; the message names the path, the reason and what to do."""


class NoPicture(FarmError):
    """A file is no whole picture of a kind and size that steps can work on."""


class LostLease(FarmError):
    """Another worker owns the job now, or it was ended: stop at once and touch nothing."""


class GoogleError(FarmError):
    """One of Google's APIs did not do what it was asked.

    `status` is that of HTTP, 0 without an answer; `reason` Google's own word, such as
    `storageQuotaExceeded`; `after_seconds` the wait it asks for, 0 if it does not say.
    """

    def __init__(
        self, message: str, *, status: int = 0, reason: str = "", after_seconds: float = 0.0
    ) -> None:
        """Keep what a caller decides by beside what a person reads."""
        super().__init__(message)
        self.status, self.reason, self.after_seconds = status, reason, after_seconds


class GoogleRefused(GoogleError):
    """Google said no, and will until something is changed; the message says what."""

    exit_code = 2


class GoogleBusy(GoogleError):
    """Google is busy, broken or out of reach: the same request may succeed later."""

    retryable = True


class BrowserError(FarmError):
    """A browser action failed; the worker settles the attempt and may go on."""

    retryable = True


class BrowserGone(BrowserError):
    """The browser, its window or its page no longer exists."""


class BrowserTimeout(BrowserError):
    """A browser action did not finish in its time."""


class NetworkError(BrowserError):
    """A request got no answer: refused, reset, or cut."""


class Ended(FarmError):
    """An attempt ended without a kept image.

    Not a fault of farm: the outcome says how it ended, `decide` says what follows.
    """

    def __init__(self, outcome: Outcome) -> None:
        """Carry the outcome; its message is the exception's text."""
        super().__init__(f"{outcome.cause}: {outcome.message}")
        self.outcome = outcome


class Interrupted(Ended):
    """Something was or may have been sent, and this session cannot look at it now.

    The attempt stays open: only this session, once it can work again, may find out.
    """
