"""One module (or folder) for each provider, found by name: see :mod:`tocsin.formats.feed` for what a module declares."""
