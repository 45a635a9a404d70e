"""Logging, set up once by the command line: a console for people and a file per run.

Records carry a constant message and their data in `extra`. Nothing that opens an account leaves
the process: every record is redacted before any handler writes it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

REDACTED = "[redacted]"
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SECRET_KEY = re.compile(
    r"cookie|authorization|token|secret|password|passwd|api_?key|credential|email|storage_state",
    re.IGNORECASE,
)
_COOKIE_NAMES = (
    r"(?:__Secure-|__Host-)?[0-9]?P?(?:SIDCC|SIDTS|SIDRTS|SAPISID|APISID|HSID|SSID|OSID|LSID|SID)"
)
_SECRETS = (
    # Headers: everything after the colon up to the end of the line or of the quoted value.
    re.compile(
        r"(?P<keep>\b(?:set-cookie|cookie|(?:proxy-)?authorization)['\"]?\s*[:=]\s*['\"]?)"
        r"[^\r\n'\"}]+",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<keep>\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}", re.IGNORECASE),
    re.compile(rf"(?P<keep>(?<![\w-]){_COOKIE_NAMES}\s*=\s*)[^\s;,'\"]+"),
    re.compile(
        r"(?P<keep>\b(?:access_|refresh_|id_|auth_?|session_?)?"
        r"(?:token|secret|password|passwd|api_?key)['\"]?\s*[:=]\s*['\"]?)"
        r"[^\s&;,'\"}]{6,}",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<keep>[?&](?:key|sig|signature|at|token)=)[^\s&'\"]+", re.IGNORECASE),
    re.compile(r"\bya29\.[\w-]+"),  # a Google OAuth access token
    re.compile(r"\bAIza[\w-]{20,}"),  # a Google API key
    re.compile(r"\bsk-[\w-]{16,}"),  # an OpenAI API key
    re.compile(r"\bg\.a0[\w-]{20,}"),  # the value of a Google session cookie
    # An image address of the site opens the picture for whoever has it.
    re.compile(r"(?P<keep>googleusercontent\.com/[\w-]{1,12}/)[\w-]{16,}"),
    re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]{0,30}://)[^\s/@:]+:[^\s/@]+(?=@)", re.IGNORECASE),
    # From its beginning only: tried at every letter, a long word takes its length squared.
    re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"),
)


def redact(text: str) -> str:
    """The text without cookies, tokens, passwords, image addresses and e-mail addresses."""
    for secret in _SECRETS:
        text = secret.sub(_keep_the_name, text)
    return text


def _keep_the_name(match: re.Match[str]) -> str:
    return match.groupdict().get("keep", "") + REDACTED


def redact_value(key: str, value: Any) -> Any:
    """A value of `extra`, redacted to any depth; everything under a telling key goes whole."""
    if _SECRET_KEY.search(key):
        return REDACTED
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {k: redact_value(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_value("", item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(str(value))


class Redaction(logging.Filter):
    """Redacts message, arguments, extra and traceback of every record that passes."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; it always passes."""
        record.msg, record.args = redact(record.getMessage()), None
        for key, value in data_of(record).items():
            setattr(record, key, redact_value(key, value))
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True


def data_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a record carries beside its message."""
    return {k: v for k, v in vars(record).items() if k not in _PLAIN}


class JsonLines(logging.Formatter):
    """One JSON object per line: time, level, logger, event, then the data."""

    def format(self, record: logging.LogRecord) -> str:
        """The line without its end."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "at": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **data_of(record),
        }
        if record.exc_text:
            line["traceback"] = record.exc_text
        return json.dumps(line, ensure_ascii=False, default=str)


class Plain(logging.Formatter):
    """`warning: event  key=value …` for a person's terminal; tracebacks stay in the file."""

    def format(self, record: logging.LogRecord) -> str:
        """The line without its end."""
        data = "".join(f"  {key}={value}" for key, value in data_of(record).items())
        return f"{record.levelname.lower()}: {record.getMessage()}{data}"


class _Console(logging.StreamHandler[TextIO]):
    """Writes to whatever sys.stderr is now, so that a live display can take it over."""

    def __init__(self) -> None:
        """Take no stream: it is looked up for each record."""
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        """The current standard error."""
        return sys.stderr

    @stream.setter
    def stream(self, _stream: TextIO) -> None:
        raise AttributeError("the console follows sys.stderr")


def configure_logging(
    *, level: str, log_dir: Path | None, now: float, console_format: str = "plain"
) -> Path | None:
    """Send farm's records to standard error (warnings and worse) and to a new file in `log_dir`.

    `level` rules the file; `debug` opens the console too, which speaks `plain` or `json`. Returns
    the file, None without one.
    """
    root = logging.getLogger()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    console = _Console()
    console.setLevel(logging.DEBUG if level == "debug" else logging.WARNING)
    if level != "debug":
        console.addFilter(_is_for_people)
    _attach(console, JsonLines() if console_format == "json" else Plain())
    path = None
    if log_dir is not None:
        log_dir.mkdir(parents=True, exist_ok=True)
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
        path = log_dir / f"farm-{stamp}-{os.getpid()}.jsonl"
        file = logging.FileHandler(path, encoding="utf-8", delay=True)
        file.setLevel(level.upper())
        _attach(file, JsonLines())
    root.setLevel(logging.WARNING)  # other people's libraries
    logging.getLogger("farm").setLevel(level.upper())
    return path


def _is_for_people(record: logging.LogRecord) -> bool:
    """Whether farm says it; a library's warning, as of a request it repeats, is for the file."""
    return record.name.partition(".")[0] == "farm" or record.levelno >= logging.ERROR


def current_file() -> Path | None:
    """The file this process logs to; None if it has none."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.FileHandler):
            return Path(handler.baseFilename)
    return None


def _attach(handler: logging.Handler, formatter: logging.Formatter) -> None:
    handler.addFilter(Redaction())
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)
