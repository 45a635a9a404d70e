"""The names the stand-in answers to; a browser reaches no other."""

from __future__ import annotations

GEMINI = "gemini.google.com"
ACCOUNTS = "accounts.google.com"
CONSENT = "consent.google.com"
SEARCH = "www.google.com"  # only its /sorry pages
IMAGES = "lh3.googleusercontent.com"
IMAGES_SIGNED_IN = "lh3.google.com"  # same site as the cookies
DOWNLOADS = "work.fife.usercontent.google.com"

HOSTS = frozenset({GEMINI, ACCOUNTS, CONSENT, SEARCH, IMAGES, IMAGES_SIGNED_IN, DOWNLOADS})
