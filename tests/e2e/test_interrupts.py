"""Ctrl-C: once finishes what is in flight, twice stops at once; both keep every fact."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

from farm.replay.scenario import Defaults, Scenario

if TYPE_CHECKING:
    from house import Build


def says_sent(line: str) -> bool:
    return line.startswith("{") and json.loads(line).get("phase") == "sent"


async def test_one_interrupt_finishes_the_job_in_flight_and_takes_no_other(build: Build) -> None:
    house = await build(Scenario(defaults=Defaults(delay_seconds=2)))
    running = await house.start("start", str(house.prompts(3)), "--json")
    await running.until(says_sent)

    running.process.send_signal(signal.SIGINT)
    done = await running.end()

    assert done.code == 130
    assert len(house.saved()) == 1
    states = [job["state"] for job in (await house.jobs()).values()]
    assert states == ["completed", "pending", "pending"]
    assert house.browsers() == []


async def test_two_interrupts_stop_at_once_and_the_next_run_finishes_the_same_answer(
    build: Build,
) -> None:
    house = await build(Scenario(defaults=Defaults(delay_seconds=8)))
    path = str(house.prompts(1))
    running = await house.start("start", path, "--json")
    await running.until(says_sent)

    running.process.send_signal(signal.SIGINT)
    await running.until(lambda line: "press Ctrl-C again" in line)
    running.process.send_signal(signal.SIGINT)
    stopped = await running.end()
    saved_then = house.saved()
    again = await house.farm("start", path)

    assert (stopped.code, saved_then) == (130, {})
    assert again.code == 0, again.err
    assert len(house.submissions(1)) == 1
    assert set(house.saved().values()) <= house.originals(1)
