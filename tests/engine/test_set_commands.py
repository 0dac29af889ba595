"""``tocsin set`` on the command line: accounts that balance, exit codes, what a person reads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.engine import hostile

from tocsin.engine.files import delta_of

BASE = b"""# a comment
domain-name\tevil.example
ipv4-addr\t198.18.0.0/16
file\tabababababababababababababababab
x509-certificate\tabababababababababababababababab
url\thttp://old.example/a\t2020-01-31
nonsense\tx
"""


def tocsin(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "tocsin", *map(str, arguments)], input=stdin, capture_output=True, check=False
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    assert tocsin("compile", "-", "-o", tmp_path / "today.set", stdin=BASE).returncode == 0
    return tmp_path / "today.set"


def test_info_counts_every_row_by_what_it_is(path: Path) -> None:
    tocsin("set", "add", path, "-", stdin=b"domain-name\tnew.example\n")
    tocsin("set", "remove", path, "-", stdin=b"ipv4-addr\t198.18.0.0/16\n")
    told = json.loads(tocsin("set", "info", path, "--format", "json").stdout)
    assert told["types"] == {"domain-name": 2, "file": 1, "url": 1, "x509-certificate": 1}
    assert (told["rows"], told["indicators"], told["refused"], told["removed"], told["expired"]) == (8, 5, 2, 1, 1)
    assert told["bytes"] == path.stat().st_size + delta_of(path).stat().st_size
    assert (told["delta"]["rows"], told["delta"]["bytes"]) == (1, delta_of(path).stat().st_size)
    text = tocsin("set", "info", path).stdout.decode()
    assert "indicators        5, of which 1 have expired" in text
    assert "delta             1 rows" in text


def test_add_and_remove_balance_and_say_where_a_row_is_wrong(path: Path) -> None:
    rows = b"domain-name\tevil.example\ndomain-name\tnew.example\n\nnonsense\tx\nurl\thttp://x.example/\tsoon\n"
    done = tocsin("set", "add", path, "-", stdin=rows)
    assert done.returncode == 0
    assert done.stderr.decode().splitlines() == [
        "-, line 4: 'x' is not a type that can be matched",
        "-, line 5: 'http://x.example/\\tsoon' has a third column that is neither empty nor a time such as 2026-01-31 "
        "or 2026-01-31T12:00:00Z",
        f"{path}: 4 received = 1 added + 1 already there + 2 rejected",
    ]
    assert tocsin("match", path, "-", stdin=b"new.example\n").returncode == 0
    done = tocsin("set", "remove", path, "-", stdin=rows)
    assert done.stderr.decode().splitlines()[-1] == f"{path}: 4 received = 2 removed + 0 not there + 2 rejected"
    assert tocsin("match", path, "-", stdin=b"new.example evil.example\n").returncode == 1


def test_rows_make_the_same_set_again(path: Path, tmp_path: Path) -> None:
    tocsin("set", "add", path, "-", stdin=b"domain-name\tnew.example\t2099-12-31T00:00:00Z\n")
    tocsin("set", "remove", path, "-", stdin=b"domain-name\tevil.example\n")
    rows = tocsin("set", "rows", path).stdout
    assert rows.splitlines()[-2:] == [
        b"url\thttp://old.example/a\t2020-02-01T00:00:00Z",
        b"domain-name\tnew.example\t2099-12-31T00:00:00Z",
    ]
    tocsin("compile", "-", "-o", tmp_path / "again.set", stdin=rows)
    assert tocsin("set", "diff", path, tmp_path / "again.set").returncode == 0


def test_diff_writes_what_only_one_holds_and_leaves_as_diff_does(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.set"
    changed = (
        BASE.replace(b"evil.example", b"other.example").replace(b"2020-01-31", b"2030-01-31").replace(b"\tab", b"\tAB")
    )
    tocsin("compile", "-", "-o", other, stdin=changed)
    done = tocsin("set", "diff", path, other)
    assert (done.returncode, done.stdout.decode().splitlines()) == (
        1,
        [
            "-\tdomain-name\tevil.example\t",
            "-\turl\thttp://old.example/a\t2020-02-01T00:00:00Z",
            "+\tdomain-name\tother.example\t",
            "+\turl\thttp://old.example/a\t2030-02-01T00:00:00Z",
        ],
    )
    lines = [json.loads(line) for line in tocsin("set", "diff", path, other, "--format", "jsonl").stdout.splitlines()]
    assert lines[0] == {"change": "removed", "type": "domain-name", "value": "evil.example", "valid_until": None}
    assert tocsin("set", "diff", path, path).returncode == 0
    assert tocsin("set", "diff", path, tmp_path / "nowhere").returncode == 2


def test_verify_says_sound_or_what_is_wrong(path: Path) -> None:
    assert tocsin("set", "verify", path).stdout.decode() == f"{path}: sound, 5 indicators in 7 rows\n"
    tocsin("set", "add", path, "-", stdin=b"domain-name\tnew.example\n")
    assert b"6 indicators in 8 rows" in tocsin("set", "verify", path).stdout
    for file in (delta_of(path), path):
        content = bytearray(file.read_bytes())
        _place, offset, size = max(hostile.sections(bytes(content)), key=lambda part: part[2])
        content[offset + size // 2] ^= 1
        file.write_bytes(content)
        done = tocsin("set", "verify", path)
        assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
        assert b"does not match its checksum" in done.stderr


def test_verify_finds_a_table_that_does_not_find_a_row_though_its_checksum_is_right(path: Path) -> None:
    content = bytearray(path.read_bytes())
    _place, offset, size = hostile.sections(bytes(content))[2]
    for slot in range(offset, offset + size, 8):
        content[slot + 7] ^= 0x55 if any(content[slot : slot + 8]) else 0
    path.write_bytes(hostile.repaired(bytes(content)))
    done = tocsin("set", "verify", path)
    assert (done.returncode, b"its table does not find a row" in done.stderr) == (2, True)


def test_what_cannot_be_used_is_one_sentence(path: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("a", "b"):
        (tmp_path / "folder" / name).write_bytes(b"domain-name\tnew.example\n")
    for arguments in (
        ("add", path, tmp_path / "folder"),
        ("add", tmp_path / "no", "-"),
        ("remove", path, tmp_path / "no"),
    ):
        done = tocsin("set", *arguments)
        assert (done.returncode, done.stderr.count(b"\n")) == (2, 1), done.stderr
    assert not delta_of(path).exists()
    assert tocsin("compile", tmp_path / "folder", "-o", path).returncode == 2
    assert tocsin("set", "verify", path).returncode == 0


def test_a_delta_that_has_grown_too_large_says_so(path: Path, tmp_path: Path) -> None:
    rows = b"".join(b"domain-name\tn%d.example\n" % number for number in range(10_001))
    done = tocsin("set", "add", path, "-", stdin=rows)
    assert f"tocsin set rows {path} | tocsin compile - -o {path}" in done.stderr.decode()
