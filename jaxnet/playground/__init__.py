"""The playground: a network that trains live in the browser, every number of it in sight.

Read masked_network and masked_training first: one compiled program for every structure, whose steps are ``jn.fit``'s.
"""
