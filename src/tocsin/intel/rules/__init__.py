"""Decisions of the intel room: plain values in, plain values out."""
