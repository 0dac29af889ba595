"""A digest stands for a set of versions: any order, any batches, and every difference shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.exchange.rules.digests import SetDigest, digest_of

_VERSIONS = st.sets(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=20)


@given(_VERSIONS, st.randoms())
def test_order_and_batches_do_not_matter(versions: set[tuple[str, str]], chance: object) -> None:
    listed = sorted(versions)
    middle = len(listed) // 2
    assert digest_of(reversed(listed)) == digest_of(listed[:middle]).with_versions(listed[middle:])


@given(_VERSIONS, _VERSIONS)
def test_two_digests_are_equal_exactly_when_the_sets_are(
    one: set[tuple[str, str]], other: set[tuple[str, str]]
) -> None:
    assert (digest_of(one) == digest_of(other)) == (one == other)


@given(_VERSIONS)
def test_what_is_taken_out_leaves_no_trace(versions: set[tuple[str, str]]) -> None:
    full = digest_of(versions)
    assert full.without_versions(versions) == SetDigest()
    assert SetDigest.read(str(full)) == full


def test_a_doubled_version_shows() -> None:
    pair = ("indicator--1", "2026-11-24T00:00:00.000000Z")
    assert digest_of([pair, pair]) != digest_of([pair])


def test_neighbouring_texts_do_not_run_together() -> None:
    assert digest_of([("a", "b1")]) != digest_of([("ab", "1")])


@pytest.mark.parametrize("text", ["", "3", "3:", "x:" + "0" * 64, "-1:" + "0" * 64, "3:" + "g" * 64, "3:" + "0" * 63])
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no digest|invalid literal"):
        SetDigest.read(text)
