"""Memoranda of understanding as data: their terms, the one decision about every exit, the ledger of what left and what was held."""
