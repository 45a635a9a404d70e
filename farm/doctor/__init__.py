"""`farm doctor`: what is in place for a night, and whether the pack still knows the page."""
