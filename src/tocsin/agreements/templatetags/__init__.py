"""Tags of the agreements pages."""
