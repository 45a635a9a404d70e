"""The composition root: the only unit that puts concrete things together.

Nothing is gathered here, so that a command which only looks at the queue loads no browser.
"""
