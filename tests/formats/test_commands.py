"""``tocsin parse`` as a person types it: records on standard output, the books on standard error, exit codes 0 and 2."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from tocsin.formats.commands import app, feed_arguments, read_column_map
from tocsin.formats.feed import feeds
from tocsin.vocab.errors import InputError, TocsinError, Unreadable

LIST = b"evil.example # loader\nEVIL.example\n# no row\n\nwhat is this\n198.18.0.1\n"


def parse(*words: str, given: bytes | None = None) -> Result:
    """Run the command; an error of ours is raised, as ``tocsin`` itself turns it into one line and exit code 2."""
    result = CliRunner().invoke(app, list(words), input=given)
    if isinstance(result.exception, TocsinError):
        raise result.exception
    return result


@pytest.fixture
def listed(tmp_path: Path) -> str:
    file = tmp_path / "list.txt"
    file.write_bytes(LIST)
    return str(file)


def test_records_go_to_standard_output_and_the_books_to_standard_error(listed: str) -> None:
    result = parse("plain/mixed", listed)
    assert result.exit_code == 0
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {
            "record": "indicator",
            "type": "domain-name",
            "value": "evil.example",
            "classification": "other/undetermined",
            "description": "loader",
        },
        {"record": "indicator", "type": "ipv4-addr", "value": "198.18.0.1", "classification": "other/undetermined"},
    ]
    assert result.stderr.splitlines() == [
        "list.txt:5: rejected: more than one value in a line: white space stands within it: what is this",
        "plain/mixed: received 4 = kept 2 + duplicate 1 + rejected 1",
    ]


def test_standard_input_is_a_file_called_dash(listed: str) -> None:
    for content in (LIST, gzip.compress(LIST)):
        result = parse("plain/mixed", "-", given=content)
        assert result.exit_code == 0
        assert len(result.stdout.splitlines()) == 2
        assert "-:5: rejected" in result.stderr


def test_the_output_format_is_chosen_by_name(listed: str) -> None:
    result = parse("plain/mixed", listed, "--to", "intelmq")
    assert json.loads(result.stdout.splitlines()[0])["source.fqdn"] == "evil.example"


def test_arguments_say_what_a_list_cannot(listed: str) -> None:
    result = parse("plain/mixed", listed, "--argument", "malware=mirai", "--argument", "classification=c2-server")
    first = json.loads(result.stdout.splitlines()[0])
    assert (first["malware"], first["classification"]) == ("mirai", "malicious-code/c2-server")


def test_all_feeds_are_listed_as_provider_and_feed() -> None:
    result = parse("--list")
    assert result.exit_code == 0
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == list(feeds())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("plain/mixd", "x.txt"), "there is no feed named 'plain/mixd': did you mean plain/mixed"),
        (("plain", "x.txt"), "there is no feed named 'plain': did you mean plain/addresses"),
        (("nothing/like-it", "x.txt"), "there is no feed named 'nothing/like-it': see `tocsin parse --list`"),
        (("plain/mixed", "/absent/x.txt"), "/absent/x.txt: cannot be read (no such file or directory)"),
        (("plain/mixed", "x.txt", "--to", "xml"), "there is no output format named 'xml'"),
        (("plain/mixed",), "name a feed and at least one file"),
        ((), "name a feed and at least one file"),
        (("plain/mixed", "x.txt", "--columns", "/absent/c.yaml"), "/absent/c.yaml: cannot be read"),
        (("plain/mixed", "x.txt", "--argument", "malware"), "--argument 'malware': write it NAME=VALUE"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(*words)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_the_feed_is_read_from_the_files_name_where_a_provider_names_its_files(samples: Path, tmp_path: Path) -> None:
    report = (samples / "feeds" / "shadowserver" / "scan_ssl" / "in.csv").read_bytes()
    (tmp_path / "2026-03-24-scan_ssl-testland.csv").write_bytes(report)
    by_name = parse("shadowserver", str(tmp_path))
    by_type = parse("shadowserver/scan_ssl", str(tmp_path))
    assert by_name.stdout == by_type.stdout != ""
    (tmp_path / "unheard-of.csv").write_bytes(report)
    with pytest.raises(Unreadable, match=r"unheard-of\.csv"):
        parse("shadowserver", str(tmp_path))


def test_a_column_map_may_be_yaml_or_json(tmp_path: Path) -> None:
    for name, content in (("c.yaml", b"columns: [source.ip, null]\n"), ("c.json", b'{"columns": ["source.ip", null]}')):
        (tmp_path / name).write_bytes(content)
        assert read_column_map(tmp_path / name) == {"columns": ["source.ip", None]}


@pytest.mark.parametrize(
    "content", [b"[1, 2]", b"a: [", b"\xff\xfe", b"!!python/object:os.system {}", b"x" * (1 << 21)]
)
def test_what_is_no_column_map_is_refused_with_the_files_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c.yaml").write_bytes(content)
    with pytest.raises(InputError, match=r"c\.yaml"):
        read_column_map(tmp_path / "c.yaml")


def test_arguments_are_names_and_values() -> None:
    assert feed_arguments(["a=b=c", "d="]) == {"a": "b=c", "d": ""}


def test_control_characters_of_a_rejected_row_do_not_reach_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_bytes(b"evil\x1b[2Jtext\xff\n")
    result = parse("plain/domains", str(file))
    assert "\x1b" not in result.stderr
    assert "\\x1b[2J" in result.stderr


def test_undecodable_bytes_never_break_the_output(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_bytes(b"evil.example/\xff\xfe # \xff\n\xff.example\n")
    result = parse("plain/mixed", str(file))
    assert result.exit_code == 0
    assert orjson.loads(result.stdout.splitlines()[0])["value"] == "evil.example/%ff%fe"


def test_parsing_needs_neither_django_nor_a_database(listed: str) -> None:
    program = (
        "import sys; from tocsin.formats.commands import app; app(['plain/mixed', sys.argv[1]], standalone_mode=False);"
        "loaded = {name.partition('.')[0] for name in sys.modules};"
        "sys.exit(3 if loaded & {'django', 'duckdb', 'pyarrow', 'httpx'} else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program, listed], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
