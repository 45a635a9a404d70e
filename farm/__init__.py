"""farm: a queue of image prompts in, finished and proven image files out.

General layout, low to high (tests/test_architecture.py holds it):

errors, model            what everything speaks of; pure
config, clock, log       the only reader of env and files; time as an argument
sources, compose, naming prompts in, texts and names out
store                    the job store, home of SQLAlchemy
browser, sites           sessions and pages, home of Playwright
steps                    image in, proven image out, home of Pillow
backends                 hands: whatever can make an image
worker, supervisor       the loop, and all loops in one TaskGroup
replay, testing, wiring  the stand-in Gemini, the shipped fakes, the composition root
cli                      the terminal
"""
