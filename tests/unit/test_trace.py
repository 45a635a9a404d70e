"""A trace keeps what farm did, and nothing of what it saw or typed."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from farm.browser.trace import cleaned
from farm.privacy import Veil

EVENTS: list[dict[str, Any]] = [
    {"type": "before", "method": "goto", "params": {"url": "https://a.example/app?at=s3cret"}},
    {"type": "before", "method": "insertText", "params": {"text": "Draw Otto"}},
    {"type": "before", "method": "evaluateExpression", "params": {"arg": {"value": "Otto"}}},
    {"type": "after", "error": {"message": "no answer for eve@example.com"}},
    {"type": "frame-snapshot", "snapshot": {"html": ["DIV", {}, "Otto"]}},
    {"type": "screencast-frame", "sha1": "0123"},
]


def trace() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("trace.trace", "\n".join(json.dumps(event) for event in EVENTS))
        out.writestr("trace.network", '{"cookie": "SID=s3cret"}')
        out.writestr("resources/0123.jpeg", b"a face")
    return file.getvalue()


def test_a_trace_is_its_timeline_alone() -> None:
    with zipfile.ZipFile(io.BytesIO(cleaned(trace(), Veil()))) as kept:
        files = {name: kept.read(name).decode() for name in kept.namelist()}

    lines = [json.loads(line) for line in files["trace.trace"].splitlines()]
    assert set(files) == {"trace.trace", "trace.network"}
    assert files["trace.network"] == ""
    assert [line["type"] for line in lines] == ["before", "before", "before", "after"]
    assert lines[0]["params"]["url"] == "https://a.example/app"
    assert [word for word in ("Otto", "s3cret", "eve@", "face") if word in str(files)] == []
