"""STIX 2.0 and 2.1: the pattern language, markings, and what an indicator object says in Tocsin's words."""
