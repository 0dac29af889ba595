"""``tocsin agreement check|diff|decide|iep`` as people run them: their own process, no database, no storage folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.agreements.written import SAMPLES, sample_text

GOOD = SAMPLES / "harbour.yaml"
REQUEST = {
    "object": {"type": "indicator", "category": "signals", "tlp": "GREEN"},
    "from": "harbour",
    "to": "beacon",
    "at": "2026-11-24T12:00:00Z",
}
ALLOWED = {"result": "allow", "clauses": ["categories.signals"], "obligations": ["delete_after 200d"]}
HELD = {"result": "hold", "clauses": ["ambiguity:request"], "obligations": []}


def _run(folder: Path, *words: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    environment["TOCSIN_STORAGE_FOLDER"] = str(folder / "never-made")
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "agreement", *map(str, words)],
        input=given,
        capture_output=True,
        cwd=folder,
        env=environment,
        check=False,
    )
    assert not (folder / "never-made").exists()
    return done


def _lines(*requests: object) -> bytes:
    return b"".join(one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in requests)


def _decisions(done: subprocess.CompletedProcess[bytes]) -> list[object]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_check_says_nothing_on_standard_output_about_a_good_file(tmp_path: Path) -> None:
    done = _run(tmp_path, "check", GOOD)
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"agr--harbour revision 4, in_force, ready" in done.stderr


def test_check_names_every_problem_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_bytes((SAMPLES / "broken.yaml").read_bytes())
    done = _run(tmp_path, "check", "broken.yaml", GOOD)
    assert done.returncode == 2
    assert done.stdout.decode() == (SAMPLES / "broken.txt").read_text("utf-8")


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = _run(tmp_path, "check", "nothing.yaml")
    assert done.returncode == 2
    assert done.stderr == b"tocsin: nothing.yaml: cannot be read (no such file or directory)\n"


def test_somebodys_control_signs_do_not_reach_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_bytes(b'"\\e[31mred": 1\n')
    assert b"\x1b" not in _run(tmp_path, "check", "odd.yaml").stdout


def test_diff_tells_same_and_different_apart(tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_bytes(sample_text().replace(b"k_anonymity: 5", b"k_anonymity: 3"))
    assert _run(tmp_path, "diff", GOOD, GOOD).returncode == 0
    done = _run(tmp_path, "diff", GOOD, "new.yaml")
    assert done.returncode == 1
    assert done.stdout.decode() == "+ categories.counts.k_anonymity: 5 → 3 (line 53 → 53, widens)\n"
    as_json = json.loads(_run(tmp_path, "diff", GOOD, "new.yaml", "--format", "jsonl").stdout)
    assert as_json == {
        "path": "categories.counts.k_anonymity", "old": "5", "new": "3", "old_line": 53, "new_line": 53, "effect": "widens",
    }  # fmt: skip
    assert _run(tmp_path, "diff", GOOD, SAMPLES / "broken.yaml").returncode == 2


def test_decide_answers_each_request_in_order(tmp_path: Path) -> None:
    denied = REQUEST | {"to": "beacon", "at": "2030-01-01T00:00:00Z"}
    done = _run(
        tmp_path,
        "decide",
        GOOD,
        given=_lines(REQUEST, denied, b"\n", REQUEST | {"exit": "misp"}, REQUEST).rstrip(b"\n"),
    )
    assert done.returncode == 0, done.stderr
    assert [list(one) for one in map(json.loads, done.stdout.splitlines())] == [
        ["result", "clauses", "obligations"]
    ] * 4
    assert _decisions(done) == [
        ALLOWED,
        {"result": "deny", "clauses": ["legal.effective"], "obligations": []},
        {"result": "deny", "clauses": ["transport.channels"], "obligations": []},
        ALLOWED,
    ]


BAD = [
    (b"{bad\n", "not JSON"),
    (b'"a word"\n', "a request is a JSON object"),
    (b"\xff\xfe\n", "not UTF-8"),
    (b"[" * 100_000 + b"\n", "nested too deeply"),
    (b'{"object": {"tlp": "RED", "tlp": "CLEAR"}, "from": "harbour", "to": "beacon", "at": "2026-11-24T12:00:00Z"}\n',
     "'tlp' stands twice"),
    (b'{"object": {"cell_size": NaN}, "from": "harbour", "to": "beacon", "at": "2026-11-24T12:00:00Z"}\n', "NaN is no number"),
    (_lines({key: value for key, value in REQUEST.items() if key != "from"}), "'from' is missing"),
    (_lines({key: value for key, value in REQUEST.items() if key != "at"}), "'at' is missing"),
    (_lines({key: value for key, value in REQUEST.items() if key != "object"}), "'object' is missing"),
    (_lines(REQUEST | {"to": ["beacon"]}), "'to' is missing, or no text"),
    (_lines(REQUEST | {"at": "2026-11-24T12:00:00"}), "is not a time"),
    (_lines(REQUEST | {"exit": "pigeon"}), "'exit' is one of taxii"),
    (b'{"object": "' + b"x" * 5_000_000 + b'"}\n', "longer than"),
]  # fmt: skip


def test_a_line_that_is_no_request_is_held_and_named_and_the_others_are_decided(tmp_path: Path) -> None:
    given = b"".join(line + _lines(REQUEST) for line, _ in BAD)
    done = _run(tmp_path, "decide", GOOD, given=given)
    assert done.returncode == 2
    assert _decisions(done) == [HELD, ALLOWED] * len(BAD)
    told = done.stderr.decode().splitlines()
    assert len(told) == len(BAD)
    for place, (line, (_, reason)) in enumerate(zip(told, BAD, strict=True)):
        assert line.startswith(f"line {2 * place + 1}: ")
        assert reason in line


def test_decide_under_several_agreements_takes_the_strictest(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_bytes(sample_text().replace(b"retention_days: 200", b"retention_days: 20"))
    done = _run(tmp_path, "decide", GOOD, "other.yaml", given=_lines(REQUEST))
    assert _decisions(done) == [ALLOWED | {"obligations": ["delete_after 20d"]}]


def test_decide_does_not_begin_under_an_agreement_that_cannot_be_used(tmp_path: Path) -> None:
    done = _run(tmp_path, "decide", GOOD, SAMPLES / "broken.yaml", given=_lines(REQUEST))
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"cannot be used" in done.stderr


def test_iep_reads_policies_and_agreements_and_writes_2_0(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text(
        json.dumps({"version": 1.0, "encrypt-at-rest": "MUST", "traffic-light-protocol": "GREEN"})
    )
    done = _run(tmp_path, "iep", "old.json", GOOD, "--to", "iepj")
    assert done.returncode == 0, done.stderr
    old, defaults = json.loads(done.stdout)
    assert old == {
        "iep_version": "2.0", "end_date": None, "tlp": "green", "external_references": [],
        "x_tocsin_restrictions": ["encrypt-at-rest: must"],
    }  # fmt: skip
    assert defaults["permitted_actions"] == "internally-visible-actions"
    shown = _run(tmp_path, "iep", "old.json").stdout.decode()
    assert shown == "old.json, policy 1: a policy: TLP:GREEN, encrypt-at-rest: must\n"


@pytest.mark.parametrize("data", [b"nothing", b'{"tlp": "purple"}'])
def test_a_policy_that_cannot_be_read_is_named_and_the_rest_is_written(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bad.iepj").write_bytes(data)
    (tmp_path / "good.iepj").write_bytes(b'{"tlp": "amber"}')
    done = _run(tmp_path, "iep", "bad.iepj", "good.iepj", "--to", "iepj")
    assert done.returncode == 2
    assert [one["tlp"] for one in json.loads(done.stdout)] == ["amber"]
    assert b"bad.iepj" in done.stderr


def test_these_commands_wake_neither_django_nor_any_database(tmp_path: Path) -> None:
    script = (
        "import sys; from tocsin.project import cli\n"
        f"try: cli.main(['agreement', 'check', {str(GOOD)!r}])\n"
        "except SystemExit as done: assert not done.code\n"
        "assert not {'django', 'duckdb', 'pyarrow', 'psycopg'} & set(sys.modules)"
    )
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, env=environment, capture_output=True)
