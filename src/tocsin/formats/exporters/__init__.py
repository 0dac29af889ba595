"""One module for each output format, found by name: each declares ``EXPORTER`` (see :mod:`tocsin.formats.exporter`)."""
