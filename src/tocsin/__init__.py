"""Tocsin, the alarm bell a country shares.

Partner intelligence and logs or reports in; affected constituents and what to do about it out; every record accounted for.
The rooms of this package and the arrows between them are drawn in ``docs/how/find-your-way.md``.
"""

__version__ = "0.1.0"
