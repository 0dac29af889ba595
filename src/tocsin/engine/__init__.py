"""Compiled indicator sets and the matcher: words in, hits out. Streaming; needs neither Django nor a database."""

from tocsin.engine.compiling import CompileReport, compile_set, compile_stream
from tocsin.engine.deltas import ChangeReport, add_rows, remove_rows
from tocsin.engine.sets import Hit, IndicatorSet, Scanner

__all__ = [
    "ChangeReport",
    "CompileReport",
    "Hit",
    "IndicatorSet",
    "Scanner",
    "add_rows",
    "compile_set",
    "compile_stream",
    "remove_rows",
]
