"""Bytes to words and words to bytes. A parser is a stateless function of bytes, an exporter one of records: no time, net or
database. A bad row is kept and shown, never lost, never fatal."""
