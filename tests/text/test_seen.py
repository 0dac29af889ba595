"""Duplicates are found exactly, in memory or out of it."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.text.seen import Seen

KEYS = st.integers(0, 300).flatmap(lambda number: st.sampled_from(["big", "little"]).map(lambda order: (number, order)))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(KEYS, max_size=60), max_size=40))
def test_answers_are_those_of_a_set_however_many_runs_went_to_the_file(batches: list[list[tuple[int, str]]]) -> None:
    known: set[bytes] = set()
    with Seen(in_memory=16) as seen:
        for batch in batches:
            keys = [number.to_bytes(16, "big" if order == "big" else "little") for number, order in batch]
            expected = []
            for key in keys:
                expected.append(key not in known)
                known.add(key)
            assert seen.add_many(keys) == expected


def test_many_keys_are_merged_into_few_runs_and_all_are_still_known(tmp_path: Path) -> None:
    keys = [number.to_bytes(8, "little") * 2 for number in range(10_000)]
    folder = tmp_path / "keys"
    folder.mkdir()
    with Seen(folder, in_memory=100) as seen:
        for start in range(0, len(keys), 500):
            assert all(seen.add_many(keys[start : start + 500]))
        assert len(seen._runs) < 30
        assert not any(seen.add_many(keys))
        assert seen.add(b"another key 0001")
        assert not seen.add(b"another key 0001")
    assert list(folder.iterdir()) == []
