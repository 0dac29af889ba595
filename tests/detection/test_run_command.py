"""``tocsin run`` as an operator types it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cast import INDUS_POWER, RAVI_NET
from tests.detection.conftest import MORNING, Intelligence, asked, line
from typer.testing import CliRunner

from tocsin.detection.commands import app
from tocsin.vocab.errors import InputError, UnknownName, Unreadable


def tocsin(*words: str, given: bytes | None = None) -> str:
    """What the command prints; what it raises is raised here too, as the real command line sees it."""
    result = CliRunner().invoke(app, list(words), input=given, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.django_db
def test_a_run_prints_its_accounts_and_who_is_affected(intelligence: Intelligence, tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    text = asked(MORNING, "198.18.10.7", "c2.example") + line(MORNING, "240.0.0.1", "203.0.113.5", query="c2.example")
    log.write_bytes(text + asked(MORNING, "198.18.10.7", "good.example"))
    lines = tocsin(str(log), "--owner", RAVI_NET).splitlines()
    assert lines[0] == f"{log}: 3 lines, {log.stat().st_size} bytes, 3 hits"
    assert lines[1] == "hits 3 = counted 2 + known-good 1"
    assert lines[2].startswith("matched against 7 indicators at ")
    assert lines[3:] == [
        f"affected: {INDUS_POWER}: 1 hit",
        "nobody's: 1 hit at addresses that no organisation holds",
    ]


@pytest.mark.django_db
def test_standard_input_is_a_log_too(intelligence: Intelligence) -> None:
    lines = tocsin("-", given=asked(MORNING, "198.18.10.7", "c2.example")).splitlines()
    assert lines[0].startswith("-: 1 line, ")
    assert lines[-1] == f"affected: {INDUS_POWER}: 1 hit"


@pytest.mark.django_db
def test_what_is_wrong_is_one_clear_sentence(intelligence: Intelligence, tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_bytes(b"x\n")
    with pytest.raises(UnknownName, match="no organisation 'nobody'"):
        tocsin(str(log), "--owner", "nobody")
    with pytest.raises(InputError, match=r"--at '2026-11-22' is not a time with a zone; write it like"):
        tocsin(str(log), "--at", "2026-11-22")
    with pytest.raises(Unreadable, match=r"absent\.log"):
        tocsin(str(tmp_path / "absent.log"))


def test_the_command_line_says_what_is_wrong_without_a_traceback_and_leaves_with_2(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    environment |= {"TOCSIN_STORAGE_FOLDER": str(tmp_path)}
    command = [sys.executable, "-m", "tocsin"]
    subprocess.run([*command, "init"], env=environment, cwd=tmp_path, check=True, capture_output=True)
    absent = [*command, "run", str(tmp_path / "absent.log")]
    ran = subprocess.run(absent, env=environment, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert ran.stderr.startswith("tocsin: ")
    assert "absent.log: cannot be read" in ran.stderr


def test_help_explains_every_option_and_shows_an_example() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for word in ("--owner", "--at", "tocsin run"):
        assert word in result.output
