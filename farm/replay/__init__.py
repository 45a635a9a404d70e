"""The stand-in Gemini: a local double of the site, reached through a proxy (DESIGN section 9).

hosts, certificates, proxy, listening   how a browser gets here: CONNECT, splice, TLS
scenario, plays, texts                  what is to happen, as data
accounts, conversations, performance    what the site knows, and how an answer comes about
pictures, gallery                       the images and the URLs they are reached by
log                                     what was submitted, and what its files must hash to
world                                   all of the above in one place
gemini, signin, imagehosts, control     the answers to requests, one module per kind of host
stand_in                                opening and closing it all
"""
