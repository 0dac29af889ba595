"""Tables of the agreements room."""
