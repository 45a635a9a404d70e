"""farm: a queue of image prompts in, finished and proven image files out.

General layout, low to high (tests/test_architecture.py holds it):

errors, model            what everything speaks of; pure
values, settings, config texts to values; the table of settings; the only reader of env and files
clock, log               time as an argument; records without secrets
memory                   what is free goes back to the system
files, substitutions     writing whole files; the user's table of other words
catalogue                the models of image APIs, with what they can and cost
google_apis              ways to Google's APIs, home of their client library
sources, compose, naming prompts in, texts and names out
lint                     what could be better about prompts
privacy                  what of a text or an address may be kept as evidence
signing                  proof of whom a request to a webhook is from
fetching                 what stands behind an address from outside
report                   what came of it, who did what when and at what cost, on one page
store                    the job store, home of SQLAlchemy
browser, sites           sessions and pages, home of Playwright
steps                    image in, proven image out, home of Pillow
deliver                  targets: where finished files are put
references               the pictures a row goes by, proven and at hand
backends                 hands: whatever can make an image
attempt, presence        one try at a job; what a session is doing
wording, settlement      what is sent, and how a try is written down
waiting, witness, worker everything a session waits for; who sees what failed; the loop
supervisor, results      all loops in one TaskGroup; what a run leaves beside its images
intake                   sources looked at again while a run goes on
outbox, uploads          puts what was made where it belongs, for days if need be; any files
incidents                evidence of a failure: the first in full, later ones counted
gate                     what all workers of a run share
routing                  when a fallback steps in for sessions that cannot work
finishing                copies of images made, in processes of their own
enlarging                what was drawn small gets a job that makes it large
reuse                    rows that ask for what was drawn before get a copy
purse                    the user's money: reserved before an API is asked
notify, generation_log   messages to a person; a line for every attempt that ended
replay, testing, wiring  the stand-in Gemini, the shipped fakes, the composition root
plan                     what a forecast of the queue rests on
doctor                   what is in place, and whether the pack still knows the page
cli                      the terminal
"""
