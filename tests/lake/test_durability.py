"""Killed at any moment, or with no room on the disk: what counts is whole, and what does not count is swept."""

import random
import subprocess
import sys
import time

import pytest

from tocsin.lake.store import Lake

#: A writer that goes on until it is killed. It prints the name of each part and each hash once it is durable: that is its "database".
_WRITER = """
import io, os, sys
import pyarrow as pa
from tocsin.lake.store import Lake
lake = Lake(sys.argv[1])
schema = pa.schema([("n", pa.int64()), ("text", pa.string())])
run = sys.argv[2]
with lake.writing():
    for number in range(100000):
        ref = lake.raw.put(io.BytesIO((f"{run} {number} ".encode()) * 20000))
        os.write(1, f"raw {ref.sha256}\\n".encode())
        with lake.stage("numbers", f"{run}-{number}", schema) as writer:
            for step in range(5):
                writer.write(pa.table({"n": [number] * 2000, "text": [f"{run} {step}"] * 2000}, schema=schema))
        part = writer.close()
        part.publish()
        os.write(1, f"part {part.path} {part.sha256}\\n".encode())
"""

#: The same with a limit on the size of files, which is what a full disk looks like to a process.
_FULL = """
import io, os, resource, signal, sys
import pyarrow as pa
from tocsin.lake.store import Lake
from tocsin.vocab.errors import Conflict
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
lake = Lake(sys.argv[1])
schema = pa.schema([("n", pa.binary())])
with lake.writing():
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    for attempt in ("raw", "part"):
        try:
            if attempt == "raw":
                lake.raw.put(io.BytesIO(os.urandom(2_000_000)))
            else:
                with lake.stage("numbers", "big", schema) as writer:
                    for _ in range(200):
                        writer.write(pa.table({"n": [os.urandom(1000) for _ in range(1000)]}, schema=schema))
                writer.close()
        except Conflict as error:
            print(attempt, str(error))
"""


def files(lake: Lake) -> set[str]:
    return {str(path.relative_to(lake.root)) for path in lake.root.rglob("*") if path.is_file()} - {"lake.lock"}


@pytest.mark.parametrize("seed", range(8))
def test_a_writer_killed_at_a_random_moment_loses_nothing_that_counts(lake: Lake, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - a moment, not a secret
    counted: dict[str, str] = {}
    raw: set[str] = set()
    for run in ("first", "second"):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(lake.root), run], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout
        told = [writer.stdout.readline()]
        time.sleep(draw.uniform(0, 0.15))
        writer.kill()
        told += writer.stdout.read().splitlines()
        writer.wait()
        for line in told:
            words = line.split()
            if words[:1] == ["raw"]:
                raw.add(words[1])
            elif len(words) == 3:
                counted[words[1]] = words[2]
    with lake.writing():
        lake.sweep(counted)
        lake.raw.sweep(raw, older_than_seconds=0)
    assert lake.orphans(counted) == []
    assert set(lake.raw.names()) == raw
    for path, digest in counted.items():
        lake.verify_part(path, digest)
    for digest in raw:
        lake.raw.verify(digest)
    assert len(files(lake)) == len(counted) + len(raw)
    if counted:
        found = lake.query("SELECT count(*) AS n FROM numbers", {"numbers": sorted(counted)}).to_pylist()
        assert found == [{"n": 10_000 * len(counted)}]


def test_a_full_disk_is_one_sentence_and_leaves_nothing_behind(lake: Lake) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", _FULL, str(lake.root)], capture_output=True, text=True, check=False, timeout=60
    )
    assert finished.stderr == ""
    said = finished.stdout.splitlines()
    assert [line.split()[0] for line in said] == ["raw", "part"]
    assert all("There is no room to write below" in line for line in said)
    assert files(lake) == set()


def test_memory_stays_flat_while_much_is_stored(lake: Lake) -> None:
    source = """
import resource, sys
from tocsin.lake.store import Lake
class Many:
    left = 400
    def read(self, size):
        self.left -= 1
        return (b"%d," % self.left) * (size // 5) if self.left >= 0 else b""
lake = Lake(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
ref = lake.raw.put(Many())
lake.raw.verify(ref.sha256)
print(ref.size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    finished = subprocess.run(
        [sys.executable, "-c", source, str(lake.root)], capture_output=True, text=True, check=True, timeout=120
    )
    size, grown_kib = map(int, finished.stdout.split())
    assert size > 300_000_000
    assert grown_kib < 100_000


def test_a_part_larger_than_memory_allows_is_written_in_pieces(lake: Lake) -> None:
    source = """
import os, resource, sys
import pyarrow as pa
from tocsin.lake.store import Lake
lake = Lake(sys.argv[1])
schema = pa.schema([("n", pa.binary())])
before = 0
with lake.writing(), lake.stage("numbers", "big", schema) as writer:
    for step in range(35):
        writer.write(pa.table({"n": [os.urandom(10000) for _ in range(1000)]}, schema=schema))
        if step == 14:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(writer.close().size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    finished = subprocess.run(
        [sys.executable, "-c", source, str(lake.root)], capture_output=True, text=True, check=True, timeout=120
    )
    size, grown_kib = map(int, finished.stdout.split())
    assert size > 300_000_000
    assert grown_kib < 100_000
