"""Browsers, profiles and sessions: the home of Playwright."""
