"""abuse.ch: the layouts of its exports and what their columns mean."""
