"""Decisions of the constituency: plain values in, plain values out. No Django."""
