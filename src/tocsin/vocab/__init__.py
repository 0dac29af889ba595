"""The words of the field as frozen values and enums. No input or output here; every word stands in ``docs/words.md``."""
