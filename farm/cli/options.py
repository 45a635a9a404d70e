"""Options that several commands share, and the first thing each command does."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

import typer

from farm.clock import SystemClock
from farm.config import Settings, load_settings
from farm.log import configure_logging

log = logging.getLogger("farm.cli")

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON for programs, nothing else.")]
QueueName = Annotated[str, typer.Option("--queue", metavar="NAME", help="Only this queue.")]
Headed = Annotated[bool, typer.Option("--headed", help="Show the browser windows.")]
SlowMo = Annotated[
    float,
    typer.Option("--slow-mo", metavar="MS", min=0, help="Slow every browser action down."),
]
KeepOpen = Annotated[
    bool, typer.Option("--keep-open", help="Leave the windows open at the end, until Ctrl-C.")
]


def open_settings(
    overrides: Mapping[str, object] = MappingProxyType({}), *, log_file: bool = False
) -> Settings:
    """Read the settings, set up logging (to a file too, for runs), pass warnings on."""
    settings = load_settings(overrides)
    now = SystemClock().now()
    directory = settings.log_dir if log_file else None
    configure_logging(
        level=settings.log_level,
        log_dir=directory,
        now=now,
        console_format=settings.log_format,
    )
    for warning in settings.warnings:
        log.warning("%s", warning)
    return settings
