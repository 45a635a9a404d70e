"""The stand-in Gemini: a local double of the site, reached through a proxy (DESIGN section 9).

hosts, certificates, proxy, listening   how a browser gets here: CONNECT, splice, TLS
scenario, plays, texts                  what is to happen, as data
accounts, conversations, log            what the site remembers
pictures, gallery                       the images, and the tokens by which they are reached
world, state                            all of that in one place, and on disk
submissions, performance                how a prompt is taken and its answer comes about
gemini, chats, views, barriers          gemini.google.com: pages, requests, JSON, what blocks
signin, imagehosts, app                 the other hosts, and all hosts as one application
control, stand_in                       looking in and changing; opening and closing it all
"""
