"""The whole examination, part by part, in the order it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from farm.browser.examine import ProfileFacts, chosen_browser, examine_profile
from farm.browser.launch import LaunchOptions, is_root
from farm.browser.profiles import Profile, unread_profiles, with_endpoint
from farm.clock import Clock
from farm.config import Settings
from farm.doctor.apis import apis_section
from farm.doctor.findings import Section, note
from farm.doctor.keeping import profiles_section, store_section
from farm.doctor.machine import browser_section, environment, settings_section
from farm.doctor.pages import examine_page
from farm.doctor.selectors import examine_selectors, local_pack
from farm.errors import StoreError, UsageError
from farm.model.events import RunOptions
from farm.store.inspect import StoreFacts, inspect_store
from farm.wiring.offers import WEB
from farm.wiring.staff import launch_options, open_page


@dataclass(frozen=True, kw_only=True, slots=True)
class Examination:
    """What is to be looked at."""

    settings: Settings
    clock: Clock
    names: Sequence[str] = ()  # profiles; none: all that are free
    offline: bool = False  # leave the site and the APIs alone

    async def sections(self) -> AsyncIterator[Section]:
        """One section after the other, as soon as it is known."""
        options = launch_options(self.settings, RunOptions())
        store = await self._store()
        known = store if isinstance(store, StoreFacts) else None
        yield environment(
            self.settings,
            root=is_root(),
            now=self.clock.now(),
            newest_change=known.newest_change if known else 0.0,
        )
        yield settings_section(self.settings)
        chosen = await chosen_browser(self.settings.browser)
        yield browser_section(chosen)
        profiles = await asyncio.to_thread(self._profiles)
        unknown = [name for name in self.names if name not in {p.name for p in profiles}]
        yield profiles_section(
            profiles, known.sessions if known else (), unknown, wanted=WEB in self.settings.backends
        )
        yield store_section(store)
        yield await apis_section(self.settings, self.clock, offline=self.offline)
        async for section in self._pages(options, profiles, driven=chosen.browser is not None):
            yield section

    async def _pages(
        self,
        options: LaunchOptions,
        profiles: dict[Profile, ProfileFacts | str],
        *,
        driven: bool,
    ) -> AsyncIterator[Section]:
        selectors = await examine_selectors(self.settings, options)
        yield selectors.section
        free = [p for p, seen in profiles.items() if _is_free(seen)]
        if self.offline or not free:
            return
        if selectors.pack is None or not driven:
            lacks = "a selector pack that can be used" if driven else "a browser"
            yield Section(name="pages", findings=(note(f"not looked at without {lacks}"),))
            return
        for profile in free:
            page = open_page(self.settings, profile, RunOptions(), self.clock)
            yield await examine_page(page, profile, local_pack(self.settings), self.clock)

    def _profiles(self) -> dict[Profile, ProfileFacts | str]:
        settings = self.settings
        every = unread_profiles(
            settings.profiles_dir, settings.profile_paths, settings.cdp_endpoints
        )
        found: dict[Profile, ProfileFacts | str] = {}
        for bare in every:
            if self.names and bare.name not in self.names:
                continue
            try:
                profile = with_endpoint(settings, bare)
            except UsageError as error:
                found[bare] = str(error)
            else:
                found[profile] = examine_profile(profile)
        return found

    async def _store(self) -> StoreFacts | str:
        try:
            return await inspect_store(self.settings.database_url)
        except (StoreError, UsageError) as error:
            return str(error)


def _is_free(seen: ProfileFacts | str) -> bool:
    return not isinstance(seen, str) and not seen.held_by and not seen.open_by_hand
