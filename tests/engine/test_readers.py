"""Log readers: each format's sample gives the facts that its golden file says, and no line of any log breaks them."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine.facts import all_readers, head_time, moment, reader_of

SAMPLES = Path(__file__).parents[1] / "samples" / "readers"


@pytest.mark.parametrize("folder", sorted(SAMPLES.iterdir()), ids=lambda folder: folder.name)
def test_a_format_reads_as_its_golden_sample_says(folder: Path, is_blessing: bool) -> None:
    lines = (folder / "in.log").read_bytes()
    read = reader_of(lines)
    found = [asdict(read(line)) for line in lines.splitlines()]
    shown = b"\n".join(orjson.dumps(one, option=orjson.OPT_UTC_Z) for one in found) + b"\n"
    if is_blessing:
        (folder / "out.jsonl").write_bytes(shown)
    assert shown == (folder / "out.jsonl").read_bytes()


def test_every_reader_has_a_sample() -> None:
    assert {reader.name for reader in all_readers()} == {folder.name for folder in SAMPLES.iterdir()}


@given(st.binary(max_size=400))
def test_no_line_breaks_a_reader(line: bytes) -> None:
    read = reader_of(b"#separator \\x09\n#fields\tts\tid.orig_h\n" + line)
    facts = read(line)
    assert facts.observed_at is None or facts.observed_at.tzinfo is UTC


@pytest.mark.parametrize("text", ["2026-11-22T12:00:00", "2026-11-22 12:00:00", "yesterday", "", None, "1e400", "nan"])
def test_a_time_without_a_zone_is_not_guessed(text: str | None) -> None:
    assert moment(text) is None


def test_the_old_syslog_head_gives_no_time_and_the_new_one_does() -> None:
    assert head_time(b"Mar  6 04:07:28 host program: text") is None
    assert head_time(b"<13>1 2026-03-06T04:07:28.5+05:00 host program - - - text") == datetime(
        2026, 3, 5, 23, 7, 28, 500000, UTC
    )


@pytest.mark.real
def test_real_zeek_logs_give_time_and_endpoints_of_every_row(real_data: Path) -> None:
    import gzip

    for name in ("zeek-default/dns.log.gz", "zeek-json/dns.json.gz"):
        content = gzip.decompress((real_data / "logs/zeek-wrccdc" / name).read_bytes())
        read = reader_of(content[:65536])
        facts = [read(line) for line in content.splitlines()[:2000] if not line.startswith(b"#")]
        assert all(fact.observed_at and fact.client.address and fact.server.address for fact in facts)
