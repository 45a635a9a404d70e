"""The Gemini web page."""
