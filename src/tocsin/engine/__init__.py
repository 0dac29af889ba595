"""Compiled indicator sets and the matcher: words in, hits out. Streaming; needs neither Django nor a database."""

from tocsin.engine.compiling import CompileReport, compile_set, compile_stream
from tocsin.engine.sets import Hit, IndicatorSet, Scanner

__all__ = ["CompileReport", "Hit", "IndicatorSet", "Scanner", "compile_set", "compile_stream"]
