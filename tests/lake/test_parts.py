"""Parts: staged, published, swept; one writer."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from tocsin.lake.observations import OBSERVATION_SCHEMA, ObservationContext, PlacedObservation, batches
from tocsin.lake.parts import file_sha256
from tocsin.lake.store import Lake, Part
from tocsin.vocab.errors import Conflict, InputError, NotFound, Unreadable

NUMBERS = pa.schema([("n", pa.int64())])


def numbers(*values: int) -> pa.Table:
    return pa.table({"n": list(values)}, schema=NUMBERS)


def make(lake: Lake, name: str, *values: int, kind: str = "numbers") -> Part:
    with lake.stage(kind, name, NUMBERS) as writer:
        writer.write(numbers(*values))
    return writer.close()


def files(lake: Lake) -> list[str]:
    return sorted(path.name for path in lake.root.glob("parts/*/*") if path.is_file())


def test_a_published_part_has_its_name_hash_and_rows(lake: Lake) -> None:
    with lake.writing():
        part = make(lake, "one", 1, 2, 3).publish()
    assert (part.path, part.rows) == ("numbers/one.parquet", 3)
    assert file_sha256(lake.part_file(part.path)) == part.sha256
    assert lake.part_file(part.path).stat().st_size == part.size
    lake.verify_part(part.path, part.sha256)


def test_a_staged_part_cannot_be_read_under_its_final_name(lake: Lake) -> None:
    with lake.writing():
        part = make(lake, "one", 1)
        assert not lake.part_file(part.path).exists()
        part.publish()
        assert lake.part_file(part.path).exists()


def test_publishing_twice_is_fine(lake: Lake) -> None:
    with lake.writing():
        part = make(lake, "one", 1).publish()
        assert part.publish() == part
        make(lake, "one", 1).publish()
    assert files(lake) == ["one.parquet"]


def test_a_part_is_never_replaced_by_another(lake: Lake) -> None:
    with lake.writing():
        first = make(lake, "one", 1).publish()
        with pytest.raises(Conflict, match="sweep"):
            make(lake, "one", 2).publish()
    lake.verify_part(first.path, first.sha256)


def test_an_error_while_writing_leaves_nothing(lake: Lake) -> None:
    def breaks() -> None:
        with lake.stage("numbers", "one", NUMBERS) as writer:
            writer.write(numbers(1))
            raise RuntimeError

    with lake.writing(), pytest.raises(RuntimeError):
        breaks()
    assert files(lake) == []


def test_a_discarded_part_cannot_be_published(lake: Lake) -> None:
    with lake.writing():
        part = make(lake, "one", 1)
        part.discard()
        with pytest.raises(NotFound):
            part.publish()


def test_rows_of_another_shape_are_refused(lake: Lake) -> None:
    with lake.writing(), lake.stage("numbers", "one", NUMBERS) as writer, pytest.raises(InputError, match="columns"):
        writer.write(pa.table({"m": [1]}))


def test_many_small_batches_become_few_row_groups(
    lake: Lake, context: ObservationContext, rows: Sequence[PlacedObservation]
) -> None:
    with lake.writing():
        with lake.stage("observations", "d", OBSERVATION_SCHEMA) as writer:
            for batch in batches(rows, context, size=3):
                writer.write(batch)
        part = writer.close().publish()
    found = pa.parquet.read_metadata(lake.part_file(part.path))
    assert (found.num_rows, found.num_row_groups) == (200, 1)


def test_sweeping_removes_orphans_and_keeps_what_is_committed_or_this_writers(lake: Lake) -> None:
    with lake.writing():
        kept, orphan = make(lake, "kept", 1).publish(), make(lake, "orphan", 2).publish()
        staged = make(lake, "staged", 3)
    with lake.writing():
        mine = make(lake, "mine", 4).publish()
        assert lake.orphans({kept.path}) == sorted([f"numbers/{staged.staged.name}", mine.path, orphan.path])
        removed = lake.sweep({kept.path})
        assert removed == sorted([f"numbers/{staged.staged.name}", orphan.path])
    assert files(lake) == ["kept.parquet", "mine.parquet"]


def test_what_a_killed_writer_left_goes_whatever_the_clock_says(lake: Lake) -> None:
    with lake.writing():
        part = make(lake, "one", 1).publish()
    staged = lake.part_file(part.path).with_name(".two.1.0a0b0c0d.tmp")
    staged.write_bytes(b"half")
    ahead = (
        time.time() + 3600
    )  # written in the clock tick that the next writer began in, or before the clock was set back
    for left in (staged, lake.part_file(part.path)):
        os.utime(left, (ahead, ahead))
    with lake.writing():
        assert lake.sweep(set()) == ["numbers/.two.1.0a0b0c0d.tmp", part.path]
    assert lake.orphans(set()) == []


@pytest.mark.parametrize("act", [lambda lake: lake.sweep(set()), lambda lake: lake.stage("numbers", "one", NUMBERS)])
def test_nothing_changes_without_the_writers_lock(lake: Lake, act: object) -> None:
    with pytest.raises(Conflict, match="writing"):
        act(lake)  # type: ignore[operator]


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x" * 200, "a b"])
def test_a_name_that_would_lead_elsewhere_is_refused(lake: Lake, name: str) -> None:
    with lake.writing(), pytest.raises(InputError):
        lake.stage("numbers", name, NUMBERS)
    with pytest.raises(InputError):
        lake.part_file(f"numbers/{name}.parquet/..")


def test_a_missing_or_changed_part_is_noticed(lake: Lake) -> None:
    with lake.writing():
        part = make(lake, "one", 1).publish()
    file = lake.part_file(part.path)
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(Unreadable, match="changed"):
        lake.verify_part(part.path, part.sha256)
    file.unlink()
    with pytest.raises(Unreadable, match="missing"):
        lake.verify_part(part.path, part.sha256)


def test_a_second_writer_is_told_who_holds_the_lake(lake: Lake) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(lake.root)], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert holder.stdout
    assert holder.stdin
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Conflict, match=rf"process {holder.pid} \(since 20"), lake.writing():
        pass
    holder.stdin.close()
    with lake.writing(wait_seconds=20):
        pass
    assert holder.wait() == 0


def test_the_lock_of_a_killed_writer_is_free(lake: Lake) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(lake.root)], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert holder.stdout
    holder.stdout.readline()
    holder.kill()
    holder.wait()
    with lake.writing():
        make(lake, "one", 1).publish()


def test_one_process_cannot_write_twice_either(lake: Lake) -> None:
    with lake.writing(), pytest.raises(Conflict, match=re.escape(str(lake.root))), Lake(lake.root).writing():
        pass


_HOLD = """
import sys
from tocsin.lake.store import Lake
with Lake(sys.argv[1]).writing():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_parts_of_the_same_rows_are_the_same_bytes(
    lake: Lake, tmp_path: Path, context: ObservationContext, rows: Sequence[PlacedObservation]
) -> None:
    digests = []
    for name in ("a", "b"):
        with lake.writing():
            with lake.stage("observations", name, OBSERVATION_SCHEMA) as writer:
                for batch in batches(rows, context):
                    writer.write(batch)
            digests.append(writer.close().sha256)
    assert digests[0] == digests[1]
