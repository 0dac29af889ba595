"""Which category of an agreement an object falls into, for callers that were told none."""

from tocsin.agreements.rules.terms import Agreement


def category_of(agreement: Agreement, stix_type: str) -> str | None:
    """The one category that lists the STIX type; ``None`` where none does, or more than one (then a person says which)."""
    found = [category.key for category in agreement.categories.values() if stix_type in category.stix]
    return found[0] if len(found) == 1 else None
