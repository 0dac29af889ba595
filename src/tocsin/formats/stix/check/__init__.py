"""Objects checked against STIX 2.1: what breaks a MUST is refused, what breaks a SHOULD is told.

The specification is kept as data (property -> kind, required properties, rules) in ``objects21``, ``observables21`` and ``older``,
compiled once into closures. Why not JSON schemas, and what it costs: ``docs/why/stix-check.md``.
"""

from tocsin.formats.stix.check.answers import check_object
from tocsin.formats.stix.check.documents import check_document
from tocsin.formats.stix.check.found import Checked, Problem
from tocsin.formats.stix.check.rules import Rules

__all__ = ["Checked", "Problem", "Rules", "check_document", "check_object"]
