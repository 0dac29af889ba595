"""Ours and every peer over the same small log, each in bounded time, with what each missed and invented."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from bench import logs
from bench.figures import Peer, Results
from bench.peers import PEERS

from tocsin.engine import IndicatorSet, Scanner, compile_stream

LINES = 17_000
ODD = 300


def log_lines() -> tuple[list[str], set[tuple[int, int]]]:
    """Lines of which one in a hundred mentions an indicator, then other spellings and look-alikes; (line, row) of what is to be found."""
    generator, pool = np.random.default_rng(5), logs.plants()
    lines = list(logs.piece(1 << 20)[0][:LINES].tolist())
    chosen = [pool[n] for n in generator.choice(len(pool), LINES // 100, replace=False).tolist()]
    spelled = list(logs.spellings(pool[:ODD]))
    wanted = [*chosen, *(plant for plant, _ in spelled)]
    pairs = {(len(lines) + at, plant.row) for at, plant in enumerate(wanted, 1)}
    lines += [*logs.planted_lines(generator, chosen), *(line for _, line in spelled), *logs.lookalikes(pool[:ODD])]
    return lines, pairs


def peers(
    names: list[str],
    paths: dict[str, Path],
    folder: Path,
    python: Path,
    longest: int,
    results: Results,
    say: Callable[[str], None],
) -> None:
    """Add ours and each peer at each count to ``results``; a peer that is not there or takes too long is named so."""
    lines, wanted = log_lines()
    log = folder / "peers.log"
    log.write_text("\n".join(lines) + "\n")
    size = log.stat().st_size
    results.machine |= {
        "peer_megabytes": size / 1e6,
        "peer_lines": len({line for line, _ in wanted}),
        "peer_all": len(lines),
    }
    for name in names:
        own = ours(name, paths[name].with_suffix(".tsv"), paths[name], log.read_bytes(), wanted)
        results.peers.append(own)
        for peer in PEERS:
            say(f"{peer}, {name}, {longest} s at most")
            command = [str(python), "-m", "bench.peers", peer, str(folder / f"{name}.tsv"), str(log), "5"]
            results.peers.append(beside(peer, name, command, longest, size, own.speed, {line for line, _ in wanted}))


def beside(peer: str, name: str, command: list[str], longest: int, size: int, ours: float, wanted: set[int]) -> Peer:
    """One peer at one count."""
    if not Path(command[0]).exists():
        return Peer(peer, name, "absent: no environment for peers")
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=longest,
            check=False,
            env={"POLARS_MAX_THREADS": "1", "PATH": "/usr/bin:/bin"},
        )
    except subprocess.TimeoutExpired:
        return Peer(peer, name, f"not done in {longest} s")
    if done.returncode:
        return Peer(peer, name, "absent" if done.returncode == 3 else "failed: " + done.stderr.decode().strip()[-60:])
    read = json.loads(done.stdout)
    lines = set(read["lines"])
    speed = size / median(read["seconds"]) / 1e6
    return Peer(peer, name, "", read["build"], speed, ours, len(wanted - lines), len(lines - wanted))


def ours(name: str, tsv: Path, path: Path, text: bytes, wanted: set[tuple[int, int]]) -> Peer:
    """Ours over the same log."""
    began = time.perf_counter()
    with tsv.open("rb") as stream:
        compile_stream(stream, path)
    build, seconds, found = time.perf_counter() - began, [], set()
    with IndicatorSet.open(path) as opened:
        for _ in range(6):
            began = time.perf_counter()
            with Scanner(opened) as scanner:
                hits = scanner.scan(text)
            seconds.append(time.perf_counter() - began)
            found = {(hit.line, hit.indicator) for hit in hits}
    speed = len(text) / median(seconds[1:]) / 1e6
    missed, invented = len(wanted - found), len(found - wanted)
    return Peer("tocsin", name, "", build, speed, speed, missed, invented)
