"""farm: a queue of image prompts in, finished and proven image files out.

General layout, low to high (tests/test_architecture.py holds it):

errors, model            what everything speaks of; pure
settings, config         the table of settings; the only reader of env and files
clock, log               time as an argument; records without secrets
files                    writing whole files
sources, compose, naming prompts in, texts and names out
report                   the contact sheet
store                    the job store, home of SQLAlchemy
browser, sites           sessions and pages, home of Playwright
steps                    image in, proven image out, home of Pillow
backends                 hands: whatever can make an image
attempt, presence        one try at a job; what a session is doing
settlement, worker       how a try is written down; the loop
supervisor, results      all loops in one TaskGroup; what a run leaves beside its images
replay, testing, wiring  the stand-in Gemini, the shipped fakes, the composition root
cli                      the terminal
"""
