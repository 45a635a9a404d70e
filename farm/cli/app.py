"""All commands, in the order `farm --help` shows them."""

from __future__ import annotations

from typing import Annotated

import typer

from farm.cli.add import add
from farm.cli.backends import backends
from farm.cli.capture import capture
from farm.cli.convert import convert
from farm.cli.decisions import fetch
from farm.cli.deliver import deliveries, upload
from farm.cli.demo import demo
from farm.cli.doctor import doctor
from farm.cli.generate import edit, generate, upscale
from farm.cli.images import images
from farm.cli.incidents import incidents
from farm.cli.jobs import compose, queue
from farm.cli.lint import lint
from farm.cli.notify import notify
from farm.cli.og import og
from farm.cli.plan import plan
from farm.cli.profiles import login, profiles
from farm.cli.replay import replay
from farm.cli.report import report
from farm.cli.rerun import rerun
from farm.cli.sheets import sheets
from farm.cli.spend import spend
from farm.cli.start import start
from farm.cli.stats import stats
from farm.cli.status import say_version, status, version

app = typer.Typer(
    name="farm",
    help="""A queue of image prompts in, finished and proven image files out.

\b
Examples:
  farm demo                             see it work, on a stand-in for Gemini
  farm login alice                      sign a browser profile in, by hand
  farm start prompts.csv --sessions 2   make the images
  farm queue list --state failed        see what did not work, and why

\b
Exit codes:
  0    everything done
  1    some jobs failed or need review
  2    the command cannot be carried out as given
  3    stopped with work left: limits, or a person is needed
  4    farm itself failed
  130  interrupted
""",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=say_version, help="Show farm's version."),
    ] = False,
) -> None:
    """What may stand before a command."""


app.command()(start)
app.command()(demo)
app.command()(generate)
app.command()(edit)
app.command()(upscale)
app.command()(add)
app.command()(convert)
app.command()(lint)
app.add_typer(queue, name="queue")
app.command()(fetch)
app.command()(rerun)
app.command()(upload)
app.add_typer(deliveries, name="deliveries")
app.add_typer(sheets, name="sheets")
app.command()(status)
app.command()(stats)
app.command()(report)
app.command()(plan)
app.command()(spend)
app.command()(login)
app.add_typer(profiles, name="profiles")
app.command()(backends)
app.command()(doctor)
app.command()(capture)
app.add_typer(incidents, name="incidents")
app.add_typer(images, name="images")
app.command()(og)
app.command()(compose)
app.add_typer(notify, name="notify")
app.add_typer(replay, name="replay")
app.command()(version)
