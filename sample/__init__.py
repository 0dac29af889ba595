"""A sample nation, written by a seeded generator, and the main job run on it. Nothing here is real, nothing here is shipped.

Addresses are from 198.18.0.0/15, 240.0.0.0/4 and 2001:db8::/32, names under ``.example``: no packet and no letter can reach anyone.
"""
