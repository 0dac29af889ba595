"""Raw bytes: what comes out is what went in, or a reason why not."""

import gzip
import io
import os
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.lake.raw import CHUNK_BYTES, RawStore
from tocsin.vocab.errors import InputError, NotFound, Unreadable

CSV = b"timestamp,ip,port\n" + b"2026-11-01 12:00:00,198.18.0.1,3389\n" * 5000
NOISE = b"".join(sha256(bytes([number])).digest() for number in range(256)) * 4
ZIP_LIKE = b"PK\x03\x04" + b"a" * 10_000


def stored_files(store: RawStore) -> list[Path]:
    return [path for path in store._root.rglob("*") if path.is_file()]


@pytest.fixture
def store(tmp_path: Path) -> RawStore:
    return RawStore(tmp_path / "raw")


@pytest.mark.parametrize(
    "data",
    [b"", b"x", CSV, NOISE, gzip.compress(CSV), ZIP_LIKE, CSV * 20],
    ids=["empty", "one", "csv", "noise", "gz", "zip", "big"],
)
def test_bytes_come_back_identical(store: RawStore, data: bytes) -> None:
    ref = store.put(io.BytesIO(data))
    assert (ref.sha256, ref.size) == (sha256(data).hexdigest(), len(data))
    with store.open(ref.sha256) as stream:
        assert stream.read() == data
    assert store.verify(ref.sha256) == len(data)
    assert store.has(ref.sha256)


@given(st.binary(max_size=3000), st.integers(1, 400))
def test_bytes_come_back_identical_however_the_stream_gives_and_is_read(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, step: int
) -> None:
    class Trickle:
        def __init__(self) -> None:
            self.left = io.BytesIO(data)

        def read(self, size: int) -> bytes:
            return self.left.read(min(size, step))

    store = RawStore(tmp_path_factory.mktemp("raw"))
    ref = store.put(Trickle())
    with store.open(ref.sha256) as stream:
        assert b"".join(iter(lambda: stream.read(step), b"")) == data


def test_text_is_compressed_on_disk_and_archives_are_not(store: RawStore) -> None:
    store.put(io.BytesIO(CSV))
    store.put(io.BytesIO(ZIP_LIKE))
    sizes = {path.suffix: path.stat().st_size for path in stored_files(store)}
    assert sizes[".zst"] < len(CSV) / 10
    assert sizes[".bin"] == len(ZIP_LIKE)


def test_an_archive_can_be_sought_in(store: RawStore) -> None:
    with store.open(store.put(io.BytesIO(ZIP_LIKE)).sha256) as stream:
        assert stream.seekable()


def test_the_same_bytes_are_stored_once(store: RawStore) -> None:
    assert store.put(io.BytesIO(CSV)) == store.put(io.BytesIO(CSV))
    assert len(stored_files(store)) == 1


def test_storing_tells_its_progress(store: RawStore) -> None:
    told: list[int] = []
    store.put(io.BytesIO(b"x" * (CHUNK_BYTES * 2 + 5)), told.append)
    assert sum(told) == CHUNK_BYTES * 2 + 5


def test_buried_bytes_are_gone_and_say_when_and_why(store: RawStore) -> None:
    ref = store.put(io.BytesIO(CSV))
    store.bury(ref.sha256, "kept for 400 days", datetime(2026, 11, 23, tzinfo=UTC))
    with pytest.raises(NotFound, match=r"removed on 2026-11-23: kept for 400 days"):
        store.open(ref.sha256)
    assert not store.has(ref.sha256)
    assert [path.suffix for path in stored_files(store)] == [".json"]
    assert list(store.names()) == []


def test_burying_twice_keeps_the_first_reason(store: RawStore) -> None:
    ref = store.put(io.BytesIO(CSV))
    first = store.bury(ref.sha256, "first")
    assert store.bury(ref.sha256, "second") == first
    assert first.size == len(CSV)


def test_buried_bytes_that_arrive_again_can_be_read_again(store: RawStore) -> None:
    ref = store.put(io.BytesIO(CSV))
    store.bury(ref.sha256)
    store.put(io.BytesIO(CSV))
    assert store.verify(ref.sha256) == len(CSV)


def test_a_burial_cut_short_is_finished_by_the_next_one(store: RawStore) -> None:
    ref = store.put(io.BytesIO(CSV))
    (stored,) = stored_files(store)
    kept = stored.read_bytes()
    store.bury(ref.sha256)
    stored.write_bytes(kept)  # as if killed between the tombstone and the removal
    with pytest.raises(NotFound):
        store.open(ref.sha256)
    store.bury(ref.sha256)
    assert not stored.exists()


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_a_name_that_is_no_hash_is_refused(store: RawStore, name: str) -> None:
    with pytest.raises(InputError, match="not a SHA-256"):
        store.open(name)


def test_unknown_bytes_are_not_found(store: RawStore) -> None:
    with pytest.raises(NotFound):
        store.open("0" * 64)
    with pytest.raises(NotFound):
        store.bury("0" * 64)


@pytest.mark.parametrize("data", [CSV, NOISE], ids=["compressed", "plain"])
def test_bytes_changed_on_disk_are_noticed(store: RawStore, data: bytes) -> None:
    ref = store.put(io.BytesIO(data))
    (stored,) = stored_files(store)
    broken = bytearray(stored.read_bytes())
    broken[len(broken) // 2] ^= 1
    stored.write_bytes(broken)
    with pytest.raises(Unreadable, match=ref.sha256):
        store.verify(ref.sha256)


def test_a_stream_that_breaks_leaves_nothing(store: RawStore) -> None:
    class Broken:
        given = 0

        def read(self, size: int) -> bytes:
            self.given += 1
            if self.given > 2:
                raise OSError("the line went dead")
            return b"x" * size

    with pytest.raises(OSError, match="went dead"):
        store.put(Broken())
    assert stored_files(store) == []


def test_sweeping_removes_only_what_nobody_refers_to_and_is_old(store: RawStore) -> None:
    known, orphan, fresh = (store.put(io.BytesIO(data)).sha256 for data in (b"known", b"orphan", b"fresh"))
    for digest in (known, orphan):
        stored = store._find(digest)
        assert stored
        os.utime(stored, (1, 1))
    assert store.sweep({known}) == [orphan]
    assert set(store.names()) == {known, fresh}


def test_sweeping_removes_half_written_files_of_the_dead_but_not_of_the_living(store: RawStore, tmp_path: Path) -> None:
    class Watching:
        """Sweeps in the middle of a put."""

        given = 0

        def read(self, size: int) -> bytes:
            self.given += 1
            store.sweep(set(), 0)
            return b"x" * 10 if self.given < 3 else b""

    left = tmp_path / "raw/incoming/.raw.1.abcd.tmp"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    ref = store.put(Watching())
    assert store.verify(ref.sha256) == 20
    assert not left.exists()
