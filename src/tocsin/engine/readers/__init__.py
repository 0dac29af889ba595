"""Log readers: what one line of a log says about when it happened and who talked to whom.

The matcher needs no reader: it looks at bytes. A reader is asked only about lines that hit. Each module on this shelf has
``READER``, found by name; a new log format is one file and a sample pair in ``tests/samples/readers``.
"""
