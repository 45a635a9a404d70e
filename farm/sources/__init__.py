"""Where prompts come from, and where their results go back to."""
