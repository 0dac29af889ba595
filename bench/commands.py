"""``tocsin match`` as a process: start to first hit, gz beside plain, resident memory."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
from bench import logs
from bench.figures import Results
from isal import igzip

TOCSIN = [sys.executable, "-m", "tocsin", "match"]
#: How much is matched while the resident memory is looked at.
RESIDENT_BYTES = 200_000_000


class Failed(Exception):
    """The command did not do what it was asked."""


def measure(paths: dict[str, Path], log: logs.Log, folder: Path, rounds: int, results: Results) -> None:
    """Add the figures of the command to ``results``; the sets of 1 M and, if there, 10 M are used."""
    single, million = results.single, paths["1m"]
    single["first_hit_s"] = median(first_hit(million) for _ in range(rounds + 1))
    empty = folder / "empty.log"
    empty.write_bytes(b"")
    single["start_s"] = median(run([str(million), str(empty)]) for _ in range(rounds + 1))
    packed = gzipped(log.path)
    taken: dict[str, list[float]] = {"gz": [], "isal": [], "plain": []}
    for _ in range(rounds + 1):
        taken["isal"].append(unpacked(packed))
        taken["plain"].append(run(["--jobs", "1", str(million), str(log.path)]) - single["start_s"])
        taken["gz"].append(run(["--jobs", "2", str(million), str(packed)]) - single["start_s"])
    for name, seconds in taken.items():
        single[f"{name}_mbs"] = log.path.stat().st_size / median(seconds[1:]) / 1e6
    if "10m" in paths:
        part = folder / "resident.log"
        with log.path.open("rb") as source:
            part.write_bytes(source.read(RESIDENT_BYTES))
        single["resident_mb"] = resident([str(paths["10m"]), str(part)])
        part.unlink()


def run(arguments: list[str]) -> float:
    """Seconds that ``tocsin match`` took over a log."""
    began = time.perf_counter()
    done = subprocess.run([*TOCSIN, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode > 1:
        raise Failed(f"tocsin match {' '.join(arguments)}: {done.stderr.decode().strip()}")
    return time.perf_counter() - began


def resident(arguments: list[str]) -> float:
    """The most memory that ``tocsin match`` had resident, in MB.

    A small process starts it: the kernel counts a child's memory from that of the process that started it.
    """
    asks = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=-3, stderr=-3);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", asks, *TOCSIN, *arguments], capture_output=True, check=True)
    return int(done.stdout) * 1024 / 1e6


def first_hit(indicator_set: Path) -> float:
    """Seconds from the start of the process to its first hit, through a pipe that stays open."""
    line = logs.planted_lines(np.random.default_rng(1), logs.plants()[1:2])[0]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*TOCSIN, str(indicator_set), "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{line}\n".encode())
    process.stdin.flush()  # and left open: what comes must not wait for what has not come yet
    row = process.stdout.readline()
    seconds = time.perf_counter() - began
    _, said = process.communicate()
    if not row:
        raise Failed(f"tocsin match did not find the line it was given: {said.decode().strip()}")
    return seconds


def gzipped(path: Path) -> Path:
    """The log as gzip writes it at its usual level; made once."""
    packed = path.with_suffix(".log.gz")
    if not packed.exists():
        with packed.open("wb") as file:
            subprocess.run(["gzip", "-6", "-c", path], stdout=file, check=True)
    return packed


def unpacked(path: Path) -> float:
    """Seconds that isal needs to decompress a file, a megabyte at a time."""
    room = bytearray(1 << 20)
    began = time.perf_counter()
    with igzip.IGzipFile(path, "rb") as file:  # type: ignore[no-untyped-call]
        while file.readinto(room):
            pass
    return time.perf_counter() - began
