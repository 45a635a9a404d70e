"""The terminal: parses, calls one function of farm, shows what came back."""

from __future__ import annotations

import logging
import sys
import traceback

from farm.errors import FarmError
from farm.log import current_file, redact

INTERRUPTED = 130
FAULT = 4

log = logging.getLogger("farm.cli")


def main() -> None:
    """Run the command line and leave with the exit code of DESIGN section 10."""
    from farm.cli.app import app

    try:
        app()
    except FarmError as error:
        sys.stderr.write(f"farm: {redact(str(error))}\n")
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001  # the last stop: a fault of farm gets words and a code
        sys.exit(_tell_fault(error))


def _tell_fault(error: Exception) -> int:
    """Say that farm itself failed, and where the traceback is."""
    path = current_file()
    if path is None:
        sys.stderr.write(redact("".join(traceback.format_exception(error))))
    else:
        log.error("farm failed", exc_info=error)
    where = f" The log has the details: {path}" if path else ""
    text = redact(f"{type(error).__name__}: {error}")
    sys.stderr.write(
        f"farm: a fault of farm itself ({text}). Everything recorded is safe.{where}\n"
    )
    return FAULT
