"""Ways to Google's APIs: who asks, over which line, and what a refusal means.

Home of googleapiclient. Its descriptions of the APIs come from the installed package, never over
the network. httplib2 is not thread-safe: every `sheets` and `drive` opens a line of its own, to be
used by one thread.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

from farm.errors import GoogleBusy, GoogleError, GoogleRefused
from farm.settings import Settings

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

SHEETS_SCOPE = "https://www.googleapis.com/auth/spreadsheets"
DRIVE_SCOPE = "https://www.googleapis.com/auth/drive"

_BUSY_STATUSES = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_BUSY_REASONS = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
_LOGIN = "gcloud auth application-default login --scopes=openid,{scopes}"
_OF_NO_CREDENTIALS = (
    "Give the JSON key of a service account with FARM_GOOGLE_CREDENTIALS, or sign in with "
    "`gcloud auth application-default login`."
)
_ADVICE: Mapping[str, str] = {  # by Google's reason
    "SERVICE_DISABLED": "Enable the API in that project: gcloud services enable "
    "sheets.googleapis.com drive.googleapis.com",
    "accessNotConfigured": "Enable the API in that project: gcloud services enable "
    "sheets.googleapis.com drive.googleapis.com",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "Sign in again with the scopes that farm needs: "
    f"{_LOGIN.format(scopes=f'{SHEETS_SCOPE},{DRIVE_SCOPE}')}",
    "USER_PROJECT_DENIED": "Set FARM_GOOGLE_PROJECT to a project whose quota these credentials "
    "may use, or leave it empty.",
    "storageQuotaExceeded": "A service account owns no storage: choose a folder of a shared drive "
    "it is a member of, or sign in with an account of your own.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """Who asks and where; plain values, so that another process can be told."""

    credentials: Path | None = None  # None: application default credentials
    project: str = ""  # whose quota is used; "" is that of the credentials
    endpoint: str = ""  # in place of Google's
    timeout_seconds: float = 60.0  # of every single request


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """An API with credentials that are renewed by themselves; for one thread."""

    api: Any  # googleapiclient's Resource
    http: Any  # httplib2's Http with the credentials, for what the Resource cannot do
    account: str  # the service account's e-mail address; "" for a person

    def call(self, request: Any, what: str) -> Any:
        """Send a request once; GoogleError says what became of `what`, such as `the sheet 1AbC`."""
        with self.translated(what):
            return request.execute()

    @contextmanager
    def translated(self, what: str) -> Iterator[None]:
        """Raise GoogleRefused or GoogleBusy in place of the libraries' own errors."""
        with _translated(what, self.account):
            yield


def access_of(settings: Settings) -> Access:
    """The way to Google that the user set."""
    return Access(
        credentials=settings.google_credentials,
        project=settings.google_project,
        endpoint=settings.google_endpoint,
    )


@contextmanager
def sheets(access: Access) -> Iterator[Line]:
    """Google Sheets, version 4."""
    with _line(access, "sheets", "v4", (SHEETS_SCOPE,)) as line:
        yield line


@contextmanager
def drive(access: Access) -> Iterator[Line]:
    """Google Drive, version 3."""
    with _line(access, "drive", "v3", (DRIVE_SCOPE,)) as line:
        yield line


@contextmanager
def _line(access: Access, api: str, version: str, scopes: Sequence[str]) -> Iterator[Line]:
    import google_auth_httplib2  # noqa: PLC0415  # with googleapiclient a fifth of a second
    import httplib2  # noqa: PLC0415
    from googleapiclient import discovery, discovery_cache  # noqa: PLC0415

    who = credentials(access, scopes)
    plain = httplib2.Http(timeout=access.timeout_seconds)
    # To httplib2 308 is a redirect; to a resumable upload it means: go on.
    plain.redirect_codes = plain.redirect_codes - {HTTPStatus.PERMANENT_REDIRECT}
    http = google_auth_httplib2.AuthorizedHttp(who, http=plain)
    document = json.loads(discovery_cache.get_static_doc(api, version))
    # Each call would write help texts out of these, which takes longer than the call itself.
    document["schemas"] = {name: {"type": "object"} for name in document["schemas"]}
    if access.endpoint:  # client_options would leave uploads on https
        document["rootUrl"] = f"{access.endpoint.rstrip('/')}/"
    with discovery.build_from_document(document, http=http) as resource:
        yield Line(api=resource, http=http, account=account_of(who))


def credentials(access: Access, scopes: Sequence[str]) -> Credentials:
    """Credentials for these scopes; nothing is asked of Google yet.

    Raises GoogleRefused when there are none, or the file is no key.
    """
    if access.credentials is None:
        return _default(scopes, access.project)
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415

    info = _read_key(access.credentials)
    try:
        found = _of_kind(info, scopes)
    except (ValueError, KeyError, GoogleAuthError) as error:
        raise GoogleRefused(
            f"{access.credentials} is no key that Google's library understands: {error}. "
            "Download the JSON key of the service account again."
        ) from error
    own = info.get("project_id", "")
    return _on_quota_of(found, access.project if access.project != own else "")


def _read_key(path: Path) -> dict[str, Any]:
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        said = error.strerror or error
        raise GoogleRefused(
            f"Google's credentials {path} cannot be read: {said}. {_OF_NO_CREDENTIALS}"
        ) from error
    except ValueError as error:
        raise GoogleRefused(
            f"{path} is no JSON key. Download one in the Google Cloud console: IAM, Service "
            "accounts, Keys, Add key, JSON."
        ) from error
    if isinstance(info, dict) and "type" in info:
        return info
    raise GoogleRefused(
        f"{path} is JSON, but no key of an account: it says no `type`. Give the key of a service "
        "account, or what `gcloud auth application-default login` left; not an OAuth client."
    )


def _of_kind(info: dict[str, Any], scopes: Sequence[str]) -> Credentials:
    import google.auth  # noqa: PLC0415
    from google.oauth2 import credentials as person  # noqa: PLC0415
    from google.oauth2 import service_account  # noqa: PLC0415

    account: Any = service_account.Credentials
    someone: Any = person.Credentials
    found: Credentials
    if info["type"] == "service_account":
        found = account.from_service_account_info(info, scopes=scopes)
    elif info["type"] == "authorized_user":  # what it may do was settled when the person signed in
        found = someone.from_authorized_user_info(info)
    else:
        with warnings.catch_warnings():  # about files of strangers; this is the user's own
            warnings.simplefilter("ignore", DeprecationWarning)
            load: Any = google.auth.load_credentials_from_dict
            found, _ = load(info, scopes=scopes)
    return found


def _default(scopes: Sequence[str], project: str) -> Credentials:
    import google.auth  # noqa: PLC0415
    from google.auth.exceptions import DefaultCredentialsError  # noqa: PLC0415

    try:
        with warnings.catch_warnings():  # about a missing quota project; a 403 would tell
            warnings.simplefilter("ignore", UserWarning)
            found, own = google.auth.default(scopes=scopes)
    except DefaultCredentialsError as error:
        raise GoogleRefused(f"There are no credentials for Google. {_OF_NO_CREDENTIALS}") from error
    return _on_quota_of(found, project if project != own else "")


def _on_quota_of(found: Credentials, project: str) -> Credentials:
    """The same credentials at the cost of a project; its own needs no permission to be used."""
    if project and hasattr(found, "with_quota_project"):
        return found.with_quota_project(project)  # type: ignore[no-any-return]
    return found


def account_of(who: Credentials) -> str:
    """The e-mail address that a sheet is shared with; "" if it is a person's own."""
    account = getattr(who, "service_account_email", "")
    return account if "@" in account else ""


@contextmanager
def _translated(what: str, account: str) -> Iterator[None]:
    import httplib2  # noqa: PLC0415
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
    from googleapiclient.errors import HttpError  # noqa: PLC0415

    try:
        yield
    except HttpError as error:
        raise _of_answer(error, what, account) from error
    except GoogleAuthError as error:
        raise _of_token(error, what) from error
    except (OSError, HTTPException, httplib2.HttpLib2Error) as error:
        said = str(error) or type(error).__name__
        raise GoogleBusy(f"Google could not be reached for {what}: {said}.") from error


def _of_token(error: Any, what: str) -> GoogleError:
    said = str(error.args[0]) if error.args else type(error).__name__
    if error.retryable:
        return GoogleBusy(f"Google gave no token for {what}: {said}.")
    return GoogleRefused(
        f"Google refused a token for {what}: {said}. Make a new key for the service account, look "
        "at this machine's clock, or sign in again with `gcloud auth application-default login`."
    )


def _of_answer(error: Any, what: str, account: str) -> GoogleError:
    status, reason = int(error.status_code), _reason(error.content)
    asked = str(error.resp.get("retry-after", ""))
    busy = (
        status in _BUSY_STATUSES
        or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or reason in _BUSY_REASONS
    )
    said = str(error.reason).rstrip(".")
    if busy:
        return GoogleBusy(
            f"Google is busy ({f'{status} {reason}'.rstrip()}) for {what}: {said}.",
            status=status,
            reason=reason,
            after_seconds=float(asked) if asked.isdecimal() else 0.0,
        )
    advice = _ADVICE.get(reason) or _advice_on(status, account)
    text = f"Google refused {what} ({f'{status} {reason}'.rstrip()}): {said}. {advice}"
    return GoogleRefused(text.rstrip(), status=status, reason=reason)


def _reason(content: bytes) -> str:
    """Google's own word: that of its ErrorInfo, else of its first error, else its status."""
    try:
        error = json.loads(content)["error"]
        said = [*error.get("details", ()), *error.get("errors", ())]
        words = [each["reason"] for each in said if each.get("reason")]
        return str(words[0] if words else error.get("status", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _advice_on(status: int, account: str) -> str:
    if status == HTTPStatus.FORBIDDEN:
        whom = account or "the account you signed in with"
        return f"Share it with {whom}, as an editor."
    if status == HTTPStatus.NOT_FOUND:
        return "Look at the id: it is the part after /d/ or /folders/ in its address."
    if status == HTTPStatus.UNAUTHORIZED:
        return "The credentials are no longer accepted; make a new key or sign in again."
    return ""
