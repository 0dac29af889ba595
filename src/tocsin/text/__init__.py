"""Bounded byte streams and normal forms of addresses, names and URLs. Knows no feed, no database, no network."""
