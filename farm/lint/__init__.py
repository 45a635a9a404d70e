"""What could be better about prompts, before anything is drawn: the seeds' checklists as rules."""
