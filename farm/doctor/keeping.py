"""What the farm keeps: profiles and the job store, looked at from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from farm.browser.examine import ProfileFacts
from farm.browser.profiles import Profile, place_of
from farm.doctor.findings import Finding, Section, broken, listed, note, ok, warning
from farm.model.sessions import Session, SessionState
from farm.store.inspect import StoreFacts


def profiles_section(
    facts: Mapping[Profile, ProfileFacts | str],
    sessions: Sequence[Session],
    unknown: Sequence[str],
    *,
    wanted: bool = True,
) -> Section:
    """Each profile; a text in place of facts says what is wrong with its settings.

    None at all is broken only where they are `wanted`: where the page works the queue.
    """
    by_name = {session.name: session for session in sessions}
    findings = [
        broken(f"{name}: there is no such profile", f"farm login {name}") for name in unknown
    ]
    for profile, seen in facts.items():
        if isinstance(seen, str):
            findings.append(broken(seen, "correct the file"))
        else:
            findings += _profile(profile, seen, by_name.get(profile.name))
    findings += _shared(list(facts))
    if not findings:
        none = broken("there is no profile yet", "farm login alice")
        findings.append(none if wanted else note("there is none, and FARM_BACKENDS asks for none"))
    return Section(name="profiles", findings=tuple(findings))


def _profile(profile: Profile, seen: ProfileFacts, session: Session | None) -> Iterator[Finding]:
    where = f"attaches to {place_of(profile.cdp)}" if profile.cdp else f"launched on {profile.path}"
    last = f", last {session.state.value.replace('_', ' ')}" if session and session.since else ""
    name = profile.name
    yield ok(f"{name}: {where}{last}")
    if seen.exists and not seen.private:
        yield warning(
            f"{name}: others on this machine can read its folder ({seen.mode:04o})",
            f"chmod 700 {profile.path}",
        )
    if seen.held_by:
        yield note(f"{name}: in use by {seen.held_by}, so its page is not looked at")
    if seen.open_by_hand:
        yield warning(
            f"{name}: open in a browser started by hand (process {seen.open_by_hand})",
            "close that window before farm is to use it",
        )
    if seen.left_behind:
        yield note(f"{name}: a browser of a farm that died still runs; the next start ends it")
    if seen.stale_marks:
        yield note(f"{name}: a browser that died left its lock; the next start removes it")
    if session and session.state is SessionState.NEEDS_PERSON:
        cause = session.cause.value if session.cause else "a person is needed"
        yield warning(f"{name}: {cause}: {session.message}", f"farm login {name}")


def _shared(profiles: Sequence[Profile]) -> Iterator[Finding]:
    for endpoint in dict.fromkeys(p.cdp for p in profiles if p.cdp):
        names = [p.name for p in profiles if p.cdp == endpoint]
        if len(names) > 1:
            yield warning(
                f"{listed(names)} attach to the same browser at {place_of(endpoint)}",
                "give each its own, or remove all but one: they share an account and its limit",
            )


def store_section(facts: StoreFacts | str) -> Section:
    """Schema, soundness and what stands open; a text says why the store cannot be read."""
    if isinstance(facts, str):
        return Section(name="store", findings=(broken(facts, "see docs/operations.md"),))
    return Section(name="store", findings=tuple(_store(facts)))


def _store(facts: StoreFacts) -> Iterator[Finding]:
    if not facts.exists or not facts.version:
        yield note(f"{facts.place}: no queue yet; the first `farm add` or `farm start` makes it")
        return
    if facts.version > facts.newest:
        yield broken(
            f"{facts.place}: schema {facts.version} is newer than this farm ({facts.newest})",
            "upgrade farm, or name another store in FARM_DATABASE_URL",
        )
    elif not facts.current:
        yield note(f"{facts.place}: schema {facts.version}; the next run brings it to version "
                   f"{facts.newest}")  # fmt: skip
    else:
        jobs = ", ".join(f"{n} {state.value}" for state, n in facts.counts.items()) or "no jobs"
        yield ok(f"{facts.place}: schema {facts.version}, {jobs}")
    for line in facts.damage:
        yield broken(f"{facts.place}: damaged: {line}", "restore a copy, or import again")
    if facts.open_attempts:
        yield note(f"attempts that stand open: {facts.open_attempts}; the next run of their "
                   "sessions finishes them")  # fmt: skip
    if facts.stale_leases:
        yield note(f"jobs of workers that went silent: {facts.stale_leases}; any run takes them "
                   "back")  # fmt: skip
