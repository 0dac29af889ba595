"""A set is replaced, added to and removed from under readers in other processes: each of them sees whole states only."""

import subprocess
import sys
import time
from pathlib import Path

from tocsin.engine.compiling import compile_set
from tocsin.engine.deltas import add_rows, remove_rows
from tocsin.engine.files import delta_of
from tocsin.engine.sets import IndicatorSet

ROUNDS = 100
NAMES = 400
#: Opens and searches until a file says stop; prints each state once: the values that were found.
READER = """
import sys
from pathlib import Path
from tocsin.engine.sets import IndicatorSet
path, stop = Path(sys.argv[1]), Path(sys.argv[2])
log = [f"n{number}.example".encode() for number in range(int(sys.argv[3]))]
states, times = set(), 0
while True:
    is_last = stop.exists()
    with IndicatorSet.open(path) as opened:
        states.add(" ".join(str(hit.line - 1) for hit in opened.match_lines(log)))
    times += 1
    if is_last:
        break
print(times)
print("\\n".join(sorted(states)))
"""
WRITER = """
import io, sys
from tocsin.engine.deltas import add_rows
from tocsin.vocab.errors import Conflict
path, prefix = sys.argv[1:]
added = conflicts = 0
while added < 30:
    try:
        added += add_rows(path, io.BytesIO(f"domain-name\\t{prefix}{added}.example\\n".encode())).changed
    except Conflict:
        conflicts += 1
print(conflicts)
"""


def _started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", *arguments], stdout=subprocess.PIPE, text=True)


def _state(numbers: set[int]) -> str:
    return " ".join(map(str, sorted(numbers)))


def _rows(numbers: set[int]) -> list[tuple[str, str]]:
    return [("domain-name", f"n{number}.example") for number in sorted(numbers)]


def _tsv(numbers: set[int], tmp_path: Path) -> Path:
    file = tmp_path / "rows.tsv"
    file.write_text("".join(f"{kind}\t{value}\n" for kind, value in _rows(numbers)))
    return file


def test_readers_in_other_processes_see_whole_states_only(tmp_path: Path) -> None:
    path, stop = tmp_path / "today.set", tmp_path / "stop"
    now = set(range(0, NAMES, 2))
    compile_set(_rows(now), path)
    whole = {_state(now)}
    readers = [_started(READER, str(path), str(stop), str(NAMES)) for _ in range(3)]
    for number in range(ROUNDS):
        step = set(range(number % 7, NAMES, 3 + number % 5))
        if number % 3 == 0:
            now = step
            compile_set(_rows(now), path)
        else:
            with _tsv(step, tmp_path).open("rb") as file:
                (add_rows if number % 3 == 1 else remove_rows)(path, file)
            now = now | step if number % 3 == 1 else now - step
        whole.add(_state(now))
        time.sleep(0.005)
    stop.touch()
    for reader in readers:
        times, *states = (reader.communicate(timeout=60)[0]).split("\n")[:-1]
        assert reader.returncode == 0
        assert int(times) > 20
        assert len(states) > 5
        assert set(states) <= whole
        assert _state(now) in states


def test_writers_in_other_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "today.set"
    compile_set([("domain-name", "evil.example")], path)
    writers = [_started(WRITER, str(path), prefix) for prefix in "abc"]
    for writer in writers:
        assert writer.communicate(timeout=120)[0].strip().isdigit()
    with IndicatorSet.open(path) as opened:
        assert len(opened) == 1 + 3 * 30
        opened.verify()


def test_an_addition_to_a_set_that_is_replaced_meanwhile_never_reaches_the_new_one(
    tmp_path: Path,
) -> None:
    """Compiling waits for the addition and forgets it; nothing of it is left beside the new base."""
    path = tmp_path / "today.set"
    compile_set([("domain-name", "old.example")], path)
    writer = _started(WRITER, str(path), "a")
    for number in range(40):
        compile_set([("domain-name", f"n{number}.example")], path)
    with IndicatorSet.open(path) as opened:
        entries = {opened.entry(row)[1] for row in range(opened.rows)}
    assert "n39.example" in entries
    assert "old.example" not in entries
    writer.communicate(timeout=120)
    compile_set([("domain-name", "last.example")], path)
    assert not delta_of(path).exists()
