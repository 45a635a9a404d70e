"""Targets: where finished files are put."""
