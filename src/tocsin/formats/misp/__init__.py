"""MISP: what the kinds of attributes and the surroundings of an event mean."""
