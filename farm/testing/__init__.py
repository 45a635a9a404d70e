"""Fakes for whoever tests against farm's ports, proven by the suites of the real things."""
