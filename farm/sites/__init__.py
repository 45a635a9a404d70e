"""Web pages that farm can drive. Gemini is the first."""
