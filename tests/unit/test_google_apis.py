"""Real client libraries against a local Google: tokens, lines and what refusals say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_google import EMAIL, RATE_LIMITED, UNAVAILABLE, FakeGoogle, another_key, error
from fake_sheets import FakeSheets
from loopback import Fate, Reply, reply

from farm.config import load_settings
from farm.errors import GoogleBusy, GoogleError, GoogleRefused
from farm.google_apis import SHEETS_SCOPE, Access, access_of, credentials, drive, sheets

WHAT = "the sheet Prompts"
NOWHERE = "http://127.0.0.1:9/token"


@pytest.fixture
def books() -> FakeSheets:
    books = FakeSheets()
    books.sheet("sheet-1", ["Prompt ID", "Description"], ["1", "A paper boat"])
    return books


@pytest.fixture
def google(books: FakeSheets) -> Iterator[FakeGoogle]:
    with FakeGoogle(books) as google:
        yield google


@pytest.fixture
def access(google: FakeGoogle, tmp_path: Path) -> Access:
    return Access(credentials=google.key_file(tmp_path), endpoint=google.url, timeout_seconds=5)


def title(access: Access, sheet_id: str = "sheet-1") -> str:
    with sheets(access) as line:
        book = line.call(line.api.spreadsheets().get(spreadsheetId=sheet_id), WHAT)
    return str(book["properties"]["title"])


def refusal(access: Access, sheet_id: str = "sheet-1") -> GoogleError:
    with pytest.raises(GoogleError) as caught:
        title(access, sheet_id)
    return caught.value


def test_a_signed_request_for_a_token_opens_the_api(access: Access, google: FakeGoogle) -> None:
    assert title(access) == "Prompts"
    assert [call.who for call in google.calls] == [EMAIL]


def test_a_token_that_was_forgotten_is_asked_for_again(access: Access, google: FakeGoogle) -> None:
    with sheets(access) as line:
        line.call(line.api.spreadsheets().get(spreadsheetId="sheet-1"), WHAT)
        google.forget_tokens()

        line.call(line.api.spreadsheets().get(spreadsheetId="sheet-1"), WHAT)

    assert len(google.asked_for("POST", "/token")) == 2


def test_default_credentials_are_taken_where_none_are_set(
    access: Access, google: FakeGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(access.credentials))

    assert title(replace(access, credentials=None)) == "Prompts"
    assert google.calls[0].who == EMAIL


def test_without_any_credentials_the_ways_to_some_are_named(
    access: Access, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")

    said = refusal(replace(access, credentials=None))

    assert isinstance(said, GoogleRefused)
    assert "FARM_GOOGLE_CREDENTIALS" in str(said)


def test_a_persons_own_sign_in_is_taken_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "application_default_credentials.json"
    sign_in = {"type": "authorized_user", "client_id": "a", "client_secret": "b"}
    path.write_text(json.dumps({**sign_in, "refresh_token": "c"}))

    found = credentials(Access(credentials=path, project="example-project"), (SHEETS_SCOPE,))

    assert getattr(found, "quota_project_id", "") == "example-project"


def test_the_settings_say_who_asks_and_where(tmp_path: Path) -> None:
    environ = {
        "GOOGLE_APPLICATION_CREDENTIALS": "key.json",
        "FARM_GOOGLE_ENDPOINT": "http://127.0.0.1:9",
    }
    settings = load_settings(environ=environ, cwd=tmp_path)

    access = access_of(settings)

    assert (access.credentials, access.endpoint) == (tmp_path / "key.json", "http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        ("no json", "is no JSON key"),
        ('{"installed": {}}', "says no `type`"),
        ('{"type": "service_account"}', "is no key that Google's library understands"),
        ('{"type": "stranger"}', "is no key that Google's library understands"),
    ],
)
def test_a_file_that_is_no_key_is_named_with_what_to_do(
    access: Access, tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content)

    refused = refusal(replace(access, credentials=path))

    assert isinstance(refused, GoogleRefused)
    assert str(path) in str(refused)
    assert said in str(refused)


def test_a_key_that_google_does_not_know_is_refused_without_being_shown(
    access: Access, google: FakeGoogle, tmp_path: Path
) -> None:
    key = google.key_file(tmp_path, private_key=another_key())

    said = refusal(replace(access, credentials=key))

    assert isinstance(said, GoogleRefused)
    assert "Invalid JWT Signature" in str(said)
    assert "PRIVATE KEY" not in str(said)


def test_a_token_address_out_of_reach_is_tried_again_later(
    access: Access, google: FakeGoogle, tmp_path: Path
) -> None:
    key = google.key_file(tmp_path, token_uri=NOWHERE)

    assert isinstance(refusal(replace(access, credentials=key)), GoogleBusy)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (error(403, "PERMISSION_DENIED", "No.", reason="SERVICE_DISABLED"), "gcloud services"),
        (error(403, "PERMISSION_DENIED", "No.", reason="USER_PROJECT_DENIED"), "GOOGLE_PROJECT"),
        (error(403, "PERMISSION_DENIED", "The caller does not have permission"), EMAIL),
        (error(404, "NOT_FOUND", "Requested entity was not found."), "after /d/"),
        (error(400, "INVALID_ARGUMENT", "Unable to parse range: X"), "Unable to parse range: X"),
        (Reply(status=400, body=b"<html>"), "refused the sheet Prompts (400)"),
    ],
)
def test_a_refusal_says_what_to_do(
    access: Access, google: FakeGoogle, answer: Reply, said: str
) -> None:
    google.fail("/v4/", answer)

    refused = refusal(access)

    assert isinstance(refused, GoogleRefused)
    assert said in str(refused)


@pytest.mark.parametrize(
    "answer",
    [
        RATE_LIMITED,
        UNAVAILABLE,
        error(403, "PERMISSION_DENIED", "Slow down.", v1="userRateLimitExceeded"),
        Reply(status=502, body=b"<html>bad gateway"),
        Reply(fate=Fate.LOST),
        Reply(fate=Fate.TRUNCATED, body=b"{" * 100),
    ],
)
def test_what_passes_by_itself_may_be_asked_again(
    access: Access, google: FakeGoogle, answer: Reply
) -> None:
    google.fail("/v4/", answer, times=9)

    assert isinstance(refusal(access), GoogleBusy)


def test_the_wait_that_google_asks_for_is_kept(access: Access, google: FakeGoogle) -> None:
    google.fail("/v4/", reply({"error": {"status": "X"}}, 429, {"Retry-After": "17"}))

    assert refusal(access).after_seconds == 17


def test_a_server_that_never_answers_is_left_in_time(access: Access, google: FakeGoogle) -> None:
    google.fail("/v4/", Reply(fate=Fate.HELD), times=9)

    assert isinstance(refusal(replace(access, timeout_seconds=0.2)), GoogleBusy)


def test_uploads_to_another_endpoint_stay_on_its_scheme(access: Access) -> None:
    with drive(access) as line:
        request: Any = line.api.files().create(body={}, media_body=__file__)

    assert request.uri.startswith(f"{access.endpoint}/upload/drive/v3/files")
