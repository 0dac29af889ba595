"""``tocsin compile`` and ``tocsin match`` as people call them."""

import gzip
import io
import json
import lzma
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

INDICATORS = "domain-name\tevil.example\nipv4-addr\t198.18.7.9\nbroken\tx\ndomain-name\tEVIL.EXAMPLE.\nurl\thttp://evil.example/a\\b\n"
LOG = "# header\nquiet\n198.18.7.9 evil.example\n\nhttp://evil.example/a/b\n"
ROWS = [
    "3\tdomain-name\tevil.example",
    "3\tipv4-addr\t198.18.7.9",
    "3\tdomain-name\tEVIL.EXAMPLE.",
    "5\tdomain-name\tevil.example",
    "5\tdomain-name\tEVIL.EXAMPLE.",
    "5\turl\thttp://evil.example/a\\\\b",
]


def tocsin(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from tocsin.project.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=60)


@pytest.fixture
def compiled(tmp_path: Path) -> Path:
    (tmp_path / "indicators.tsv").write_text(INDICATORS)
    done = tocsin("compile", tmp_path / "indicators.tsv", "-o", tmp_path / "set")
    assert done.returncode == 0
    assert b"indicators.tsv, line 3: 'x' is not a type that can be matched" in done.stderr
    assert b"4 indicators compiled, 1 refused" in done.stderr
    return tmp_path / "set"


def test_one_row_a_hit_ordered_by_line_and_row_with_values_as_given(compiled: Path, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LOG)
    done = tocsin("match", compiled, tmp_path / "a.log")
    assert done.returncode == 0
    assert done.stdout.decode().splitlines() == [f"{tmp_path}/a.log\t{row}" for row in ROWS]


def test_json_lines_say_the_same(compiled: Path) -> None:
    done = tocsin("match", compiled, "-", "--format", "jsonl", stdin=LOG.encode())
    rows = [json.loads(row) for row in done.stdout.splitlines()]
    assert rows[0] == {"file": "-", "line": 3, "type": "domain-name", "value": "evil.example"}
    assert rows[-1] == {"file": "-", "line": 5, "type": "url", "value": "http://evil.example/a\\b"}
    assert len(rows) == len(ROWS)


def test_files_come_in_the_order_given_compressed_or_not(compiled: Path, tmp_path: Path) -> None:
    plain, gz, xz = tmp_path / "z.log", tmp_path / "b.log.gz", tmp_path / "a.log.xz"
    plain.write_text(LOG)
    gz.write_bytes(gzip.compress(LOG.encode()))
    xz.write_bytes(lzma.compress(LOG.encode()))
    done = tocsin("match", compiled, plain, gz, xz)
    assert done.stdout.decode().splitlines() == [f"{file}\t{row}" for file in (plain, gz, xz) for row in ROWS]


def test_members_of_folders_and_archives_are_named(compiled: Path, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.log").write_text("evil.example\n")
    with tarfile.open(tmp_path / "logs.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("day/b.log")
        info.size = 13
        archive.addfile(info, io.BytesIO(b"evil.example\n"))
    names = {
        row.split("\t")[0]
        for row in tocsin("match", compiled, folder, tmp_path / "logs.tar.gz").stdout.decode().splitlines()
    }
    assert names == {f"{folder}/deep/a.log", f"{tmp_path}/logs.tar.gz/day/b.log"}


def test_exit_codes_are_0_for_a_hit_1_for_none_and_2_for_an_error(compiled: Path, tmp_path: Path) -> None:
    assert tocsin("match", compiled, "-", stdin=b"evil.example").returncode == 0
    assert tocsin("match", compiled, "-", stdin=b"good.example").returncode == 1
    missing = tocsin("match", compiled, tmp_path / "missing.log", "-", stdin=b"evil.example")
    assert missing.returncode == 2
    problem, account = missing.stderr.splitlines()
    assert problem.startswith(b"tocsin: ")
    assert b"missing.log" in problem
    assert account.startswith(b"1 file searched, 1 unreadable, 12 B, 1 line, 2 hits in ")
    assert missing.stdout == b"-\t1\tdomain-name\tevil.example\n-\t1\tdomain-name\tEVIL.EXAMPLE.\n"
    no_set = tocsin("match", tmp_path / "no.set", "-")
    assert (no_set.returncode, no_set.stderr.count(b"\n")) == (2, 1)
    assert tocsin("compile", tmp_path / "no.tsv", "-o", tmp_path / "x.set").returncode == 2
    assert tocsin("compile", "-", "-o", tmp_path / "no" / "x.set").returncode == 2


def test_tabs_line_ends_and_backslashes_are_escaped_in_tsv(compiled: Path, tmp_path: Path) -> None:
    log = tmp_path / "a\tb\\c\nd.log"
    log.write_text("198.18.7.9")
    assert (
        tocsin("match", compiled, log).stdout.decode() == f"{tmp_path}/a\\tb\\\\c\\nd.log\t1\tipv4-addr\t198.18.7.9\n"
    )


def test_a_zeek_log_needs_no_configuration(compiled: Path, tmp_path: Path) -> None:
    log = "#separator \\x09\n#fields\tts\tid.orig_h\thost\turi\n1.5\t198.18.1.1\tevil.example\t/a/b\n1.6\t198.18.1.1\tgood.example\t/a/b\n"
    rows = tocsin("match", compiled, "-", stdin=log.encode()).stdout.decode().splitlines()
    assert rows == [
        f"-\t3\t{rest}"
        for rest in ("domain-name\tevil.example", "domain-name\tEVIL.EXAMPLE.", "url\thttp://evil.example/a\\\\b")
    ]


def test_help_shows_an_example(compiled: Path) -> None:
    for command in ("compile", "match"):
        done = tocsin(command, "--help")
        assert done.returncode == 0
        assert b"Example" in done.stdout


@pytest.mark.real
def test_real_dns_queries_against_real_domains(real_data: Path, tmp_path: Path) -> None:
    """Lines of the trails that are plain domains once comments are gone, against 53,615 rows of a Zeek log."""
    rows = tmp_path / "domains.tsv"
    with tarfile.open(real_data / "blocklists/maltrail-static-trails.tar.xz") as archive, rows.open("wb") as out:
        for member in filter(tarfile.TarInfo.isfile, archive):
            for line in archive.extractfile(member) or ():
                value = line.partition(b"#")[0].strip()
                if value and value[-1:].isalpha() and not set(value) & set(b"/:*()^$|\\ "):
                    out.write(b"domain-name\t%s\n" % value)
    began = time.monotonic()
    assert tocsin("compile", rows, "-o", tmp_path / "set").returncode == 0
    done = tocsin("match", tmp_path / "set", real_data / "logs/zeek-wrccdc/zeek-default/dns.log.gz")
    assert time.monotonic() - began < 30
    counts: dict[str, int] = {}
    for row in done.stdout.decode().splitlines():
        counts[row.split("\t")[3]] = counts.get(row.split("\t")[3], 0) + 1
    assert counts == {"whatismyipaddress.com": 34, "weebly.com": 6, "freegeoip.net": 2}
