"""What a run leaves beside its images: results files, rows in sheets, and a report."""

from __future__ import annotations

from farm.results.keeping import Results

__all__ = ["Results"]
