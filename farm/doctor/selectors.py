"""The selector pack: that it loads, and that a browser understands every selector in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from farm.browser.examine import refused_selectors
from farm.browser.launch import LaunchOptions
from farm.config import Settings
from farm.doctor.findings import Finding, Section, broken, note, ok
from farm.errors import BrowserError, BrowserMissing, InputError, UsageError
from farm.sites.gemini.pack import LOCAL_NAME, Pack, load_pack

CORRECT = "correct the file; a farm that runs keeps the last good pack meanwhile"


@dataclass(frozen=True, kw_only=True, slots=True)
class Selectors:
    """The section, and the pack if it can be used."""

    section: Section
    pack: Pack | None


def local_pack(settings: Settings) -> Path:
    """Where a repair at home stands."""
    return settings.home / "selectors" / LOCAL_NAME


async def examine_selectors(settings: Settings, options: LaunchOptions) -> Selectors:
    """Load the pack and try every selector in an empty page."""
    local = local_pack(settings)
    try:
        pack = load_pack(settings.selectors, local)
    except UsageError as error:
        problems = error.problems if isinstance(error, InputError) else [str(error)]
        findings = tuple(broken(problem, CORRECT) for problem in problems)
        return Selectors(section=Section(name="selectors", findings=findings), pack=None)
    count = sum(len(role.candidates) for role in pack.roles.values())
    findings = (
        ok(f"{pack.stamps[0].path}: {len(pack.roles)} roles, {count} candidates"),
        ok(f"{local}: this override is in use") if local.is_file() else note("no override at home"),
        *await _tried(pack, options),
    )
    return Selectors(section=Section(name="selectors", findings=findings), pack=pack)


async def _tried(pack: Pack, options: LaunchOptions) -> list[Finding]:
    every = [
        (f"roles.{name}.candidates[{index}]", candidate.css)
        for name, role in pack.roles.items()
        for index, candidate in enumerate(role.candidates)
    ]
    locators = {name: role.css for name, role in pack.roles.items()}
    try:
        bad, lost = await refused_selectors(options, [css for _, css in every], locators)
    except (BrowserMissing, BrowserError):
        return [note("the candidates were not tried: no browser opened")]
    named = {every[index][0].split(".")[1] for index in bad}
    findings = [*_refused(every, bad)]
    findings += [broken(f"roles.{r}: no selector", CORRECT) for r in lost if r not in named]
    return findings or [ok("a browser understands every one of them")]


def _refused(every: list[tuple[str, str]], bad: list[int]) -> Iterator[Finding]:
    for index in bad:
        key, css = every[index]
        yield broken(f"{key} is no selector: {' '.join(css.split())}", CORRECT)
