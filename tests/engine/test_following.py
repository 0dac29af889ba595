"""A log is followed through growth, rotation, restarts and kills: every line is searched, and none twice."""

import gzip
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tocsin.engine import IndicatorSet, Scanner, compile_set
from tocsin.engine.following import Follower
from tocsin.engine.positions import Place, Positions
from tocsin.engine.tasks import Batch, Failed, Passed
from tocsin.vocab.errors import Unreadable

TICK = 0.02  # so that times of writing differ


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("set") / "set"
    compile_set([("domain-name", "evil.example"), ("url", "http://joined.example/a")], path)
    return path


@pytest.fixture(scope="module")
def scanner(compiled: Path) -> Iterator[Scanner]:
    with IndicatorSet.open(compiled) as opened, Scanner(opened) as one:
        yield one


class World:
    """A log, what writes and rotates it, and a follower that may be restarted."""

    def __init__(self, folder: Path, scanner: Scanner) -> None:
        self.folder = folder
        self.log = folder / "a.log"
        self.scanner = scanner
        self.written = 0
        self.found: list[str] = []
        self.problems: list[str] = []
        self.saved: dict[str, list[Place]] = {}
        self.log.touch()
        self.follower = self.start()

    def start(self) -> Follower:
        return Follower([str(self.log)], self.saved, lambda: self.scanner)

    def write(self, text: str | None = None) -> None:
        self.written += text is None
        with self.log.open("a") as file:
            file.write(text if text is not None else f"number {self.written} evil.example\n")
        time.sleep(TICK)

    def look(self) -> None:
        for outcome in self.follower.turn():
            if isinstance(outcome, Batch):
                self.found += [hit.text.decode().split()[1] for hit in outcome.hits]
            elif isinstance(outcome, Failed):
                self.problems.append(str(outcome.problem))

    def restart(self) -> None:
        self.saved = self.follower.places()
        self.follower.close()
        self.follower = self.start()

    def shift(self) -> None:
        """Make room for ``a.log.1``."""
        for number in range(9, 0, -1):
            for end in ("", ".gz"):
                old = self.folder / f"a.log.{number}{end}"
                if old.exists():
                    old.rename(self.folder / f"a.log.{number + 1}{end}")

    def rename(self) -> None:
        self.shift()
        self.log.rename(self.folder / "a.log.1")
        time.sleep(TICK)
        self.log.touch()
        time.sleep(TICK)

    def copy_and_truncate(self) -> None:
        self.shift()
        shutil.copyfile(self.log, self.folder / "a.log.1")
        time.sleep(TICK)
        os.truncate(self.log, 0)
        time.sleep(TICK)

    def compress(self) -> None:
        plain = self.folder / "a.log.1"
        if plain.exists():
            packed = self.folder / "a.log.1.gz"
            packed.write_bytes(gzip.compress(plain.read_bytes()))
            about = plain.stat()
            os.utime(packed, ns=(about.st_atime_ns, about.st_mtime_ns))
            plain.unlink()

    def check(self, *actions: str) -> None:
        self.look()
        self.look()
        assert (self.found, self.problems) == ([str(number) for number in range(1, self.written + 1)], []), actions
        self.follower.close()


@pytest.fixture
def world(tmp_path: Path, scanner: Scanner) -> World:
    return World(tmp_path, scanner)


ACTIONS = ["write", "write", "look", "restart", "rename", "copy_and_truncate", "compress"]


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(actions=st.lists(st.sampled_from(ACTIONS), max_size=14))
@example(actions=["copy_and_truncate", "rename", "write", "rename"])
@example(actions=["copy_and_truncate", "write", "rename", "compress"])
@example(actions=["rename", "look", "write", "copy_and_truncate"])
@example(actions=["copy_and_truncate", "restart"])
def test_whatever_happens_to_a_log_each_line_is_searched_once(
    scanner: Scanner, tmp_path_factory: pytest.TempPathFactory, actions: list[str]
) -> None:
    world = World(tmp_path_factory.mktemp("follow"), scanner)
    world.write()
    world.look()
    for action in actions:
        getattr(world, action)()
    world.check(*actions)


def test_a_line_without_its_end_is_waited_for(world: World) -> None:
    world.write("number 1 evil.exa")
    world.look()
    assert not world.found
    world.restart()
    world.look()
    world.write("mple\n")
    world.written = 1
    world.check()


def test_what_is_written_to_a_renamed_file_is_not_lost(world: World) -> None:
    world.write()
    world.look()
    late = world.log.open("a")
    world.rename()
    world.look()
    world.write()
    world.look()
    late.write("number 3 evil.example\n")
    late.flush()
    world.written = 3
    world.check()


def test_an_inode_that_is_used_again_is_noticed(world: World) -> None:
    world.write()
    world.look()
    world.restart()
    (place,) = next(iter(world.saved.values()))
    world.log.write_text("another file 2 evil.example\nnumber 2 evil.example\n")
    assert place.inode == world.log.stat().st_ino
    world.look()
    assert world.found == ["1", "file", "2"]


def test_line_numbers_and_zeek_headers_survive_a_restart(world: World) -> None:
    world.write("#fields\tts\thost\turi\n")
    world.look()
    world.restart()
    world.write("1\tjoined.example\t/a\n")
    batches = [outcome for outcome in world.follower.turn() if isinstance(outcome, Batch)]
    assert [(hit.line + batch.offset, hit.indicator) for batch in batches for hit in batch.hits] == [(2, 1)]


def test_what_cannot_be_found_again_is_said(world: World) -> None:
    world.write()
    world.look()
    world.restart()
    world.log.unlink()
    world.write()
    world.look()
    assert world.found == ["1", "2"]
    assert "is gone" in world.problems[0]


def test_positions_come_back_as_they_were_saved_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    positions = Positions({"/var/log/a": [Place(1, 2, 3, 4, (5, 6), 7, "8", "9"), Place(1, 3)]})
    positions.save(tmp_path / "state")
    assert Positions.load(tmp_path / "state") == positions
    assert Positions.load(tmp_path / "none") == Positions()
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
    for text in ("", "{}", "[]", '{"version": 2}', '{"version": 1, "written": null, "logs": {"a": [{"x": 1}]}}'):
        (tmp_path / "state").write_text(text)
        with pytest.raises(Unreadable, match="positions"):
            Positions.load(tmp_path / "state")


def test_a_long_line_that_comes_in_many_parts_is_one_line(world: World) -> None:
    world.write("x" * 3_000_000)
    world.look()
    world.write("y" * 3_000_000)
    world.look()
    world.write(" evil.example\nquiet\n")
    outcomes = list(world.follower.turn())
    assert sum(outcome.lines for outcome in outcomes if isinstance(outcome, Passed)) == 2
    (batch,) = [outcome for outcome in outcomes if isinstance(outcome, Batch)]
    assert [(hit.line + batch.offset, len(hit.text)) for hit in batch.hits] == [(1, 6_000_013)]


# ---- real processes


def start(compiled: Path, *arguments: str | Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tocsin", "match", compiled, "--follow", *arguments]
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def numbers(output: Path) -> list[int]:
    return [int(row.split("\t")[3].split(".")[0][1:]) for row in output.read_text().splitlines()]


def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    total = 400
    compile_set([("domain-name", f"n{number}.example") for number in range(total)], tmp_path / "set")
    log, output = tmp_path / "a.log", tmp_path / "hits.tsv"
    log.touch()
    world = World.__new__(World)
    world.folder, world.log = tmp_path, log
    process = start(tmp_path / "set", log, "--output", output)
    wait_for(lambda: (tmp_path / "hits.tsv.state").exists() and b"a.log" in (tmp_path / "hits.tsv.state").read_bytes())
    for number in range(total):
        with log.open("a") as file:
            file.write(f"x n{number}.example\n")
        time.sleep(0.01)
        if number % 40 == 25:
            (world.rename, world.copy_and_truncate)[number // 40 % 2]()
        if number in (30, 130, 200, 211, 330):  # 211: hardly begun
            process.kill()
            process.wait()
            process = start(tmp_path / "set", log, "--output", output)
    wait_for(lambda: total - 1 in numbers(output))
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, numbers(output)) == (0, list(range(total))), err


def test_a_signal_ends_it_with_the_exit_code_of_a_search(compiled: Path, tmp_path: Path) -> None:
    for text, code in (("evil.example\n", 0), ("good.example\n", 1)):
        (tmp_path / "a.log").write_text(text)
        process = start(compiled, tmp_path / "a.log", "--state", tmp_path / f"state{code}")
        wait_for((tmp_path / f"state{code}").exists)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert process.returncode == code
        assert out.count(b"\n") == 1 - code
        assert b"1 line" in err


def test_a_set_that_is_replaced_is_used_from_then_on(tmp_path: Path) -> None:
    compile_set([("domain-name", "old.example")], tmp_path / "set")
    log, output = tmp_path / "a.log", tmp_path / "out"
    log.write_text("old.example\n")
    process = start(tmp_path / "set", log, "--output", output)
    wait_for(lambda: output.exists() and b"old.example" in output.read_bytes())
    (tmp_path / "set").write_bytes(b"damaged")
    time.sleep(1.5)
    compile_set([("domain-name", "new.example")], tmp_path / "set")
    time.sleep(1.5)
    with log.open("a") as file:
        file.write("old.example new.example\n")
    wait_for(lambda: b"new.example" in output.read_bytes())
    process.terminate()
    _, err = process.communicate(timeout=20)
    assert [row.split("\t")[1:] for row in output.read_text().splitlines()] == [
        ["1", "domain-name", "old.example"],
        ["2", "domain-name", "new.example"],
    ]
    assert err.count(b"set") >= 1


def test_two_processes_do_not_write_to_one_output(compiled: Path, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("evil.example\n")
    first = start(compiled, tmp_path / "a.log", "--output", tmp_path / "out")
    wait_for((tmp_path / "out.state").exists)
    second = start(compiled, tmp_path / "a.log", "--output", tmp_path / "out")
    _, err = second.communicate(timeout=20)
    assert second.returncode == 2
    assert b"another process writes to it" in err
    first.terminate()
    first.communicate(timeout=20)


@pytest.mark.parametrize("wrong", [["-"], ["."], ["a.log", "--count-by", "file"]])
def test_what_cannot_be_followed_is_refused_in_one_sentence(compiled: Path, wrong: list[str]) -> None:
    process = start(compiled, *wrong)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert err.count(b"\n") == 1
