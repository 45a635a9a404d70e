"""Messages to a person: what is worth one, and the ways it travels."""
