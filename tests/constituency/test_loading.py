"""Constituency files: what they may say, what is refused and where, and that loading is all or nothing."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cast import CONSTITUENCY

from tocsin.constituency import actions, queries
from tocsin.constituency.access import OPERATOR, Viewer
from tocsin.constituency.forms.declarations import DeclarationError, read_declaration
from tocsin.constituency.forms.fields import FIELDS, read_fields
from tocsin.constituency.models import AuditEntry, Contact, Domain, Network, Organisation, Revision
from tocsin.constituency.rules.declaration import Declaration, Kind, Place, difference, entry_of
from tocsin.jobs.models import ChangeEntry
from tocsin.vocab.errors import InputError, NotFound, Unreadable

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def good(samples: Path) -> Path:
    return samples / "constituency" / "good"


@pytest.fixture
def bad(samples: Path) -> Path:
    return samples / "constituency" / "bad"


def _problems(path: Path) -> list[str]:
    """Problems as ``line: reason``."""
    declaration = read_declaration([path])
    return [problem.removeprefix(f"{path}:") for problem in declaration.problems]


def test_yaml_says_everything_that_there_is_to_say(good: Path) -> None:
    declaration = read_declaration([good / "nation.yaml"])
    assert declaration.problems == []
    entries = {str(entry): entry.fields for entry in declaration.entries.values()}
    assert entries["organisation indus-power"]["parent"] == "indus-group"
    assert entries["organisation indus-power"]["is_provider"] is False
    assert entries["contact indus-power ciso ciso@indus-power.example"]["language"] == "en"
    assert entries["contact indus-power 24/7 +000 000 0001"]["name"] == "Control room"
    assert entries["network indus-power 2001:db8:10::/48"]["asn"] == 64500
    network = next(fields for text, fields in entries.items() if "198.18.40.0/24" in text)
    assert network["valid_from"] == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert network["valid_until"] == datetime(2027, 1, 1, tzinfo=UTC)
    assert any("xn--" in text for text in entries)
    assert entries["registry id indus-power apnic A91EXAMPLE"]["valid_until"] is None


def test_a_folder_of_csv_files_is_one_declaration(good: Path) -> None:
    declaration = read_declaration([good])
    assert declaration.problems == []
    kinds = [entry.kind for entry in declaration.entries.values()]
    assert {kind: kinds.count(kind) for kind in (Kind.SECTOR, Kind.ORGANISATION, Kind.NETWORK)} == {
        Kind.SECTOR: 2,
        Kind.ORGANISATION: 4,
        Kind.NETWORK: 5,
    }
    named = next(e for e in declaration.entries.values() if e.key == ("chenab-bank",))
    assert named.fields["name_en"] == 'Chenab "First" Bank'


def test_every_slip_is_told_at_its_line(bad: Path) -> None:
    problems = _problems(bad / "slips.yaml")
    lines = [int(problem.partition(":")[0]) for problem in problems]
    assert lines == [2, 6, 8, 9, 10, 11, 12, 13, 14, 14, 16, 17, 18, 18]
    text = "\n".join(problems)
    for part in (
        "no slug",
        "no field 'colour'",
        "has host bits set",
        "/33",
        "write it as IPv4",
        "has no zone",
        "not after valid_from",
        "no autonomous system number",
        "no dot",
        "already declared at",
        "none of 24/7, ciso, abuse, legal",
        "needs an email or a phone",
        "no @",
        "none of en, ur",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("name", "text", "line", "part"),
    [
        ("a.yaml", "sectors: [\n", 2, "not YAML"),
        ("a.yaml", "- energy\n", 1, "a table"),
        ("a.yaml", "sectors:\n  energy: 1\n", 2, "a list is expected"),
        ("a.yaml", "planets: []\n", 1, "unknown list 'planets'"),
        ("a.yaml", "sectors:\n  - slug: a\n    slug: b\n    name_en: A\n", 3, "twice"),
        ("a.yaml", "sectors:\n  - {slug: a, name_en: [A]}\n", 2, "one value"),
        ("a.csv", "organisation,domain\nx,a.example,y\n", 2, "3 columns where the header has 2"),
        ("a.csv", 'organisation,domain\nx,"a\n', 2, "not CSV"),
        ("a.csv", "organisation;domain\n", 1, "no header"),
        ("a.csv", "cidr,cidr\n", 1, "twice"),
        ("a.csv", "", 1, "no header"),
        ("a.csv", "slug,name_en\n\xe9", 2, "not UTF-8"),
    ],
)
def test_what_is_not_a_constituency_file_is_told_at_its_line(
    tmp_path: Path, name: str, text: str, line: int, part: str
) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode("latin-1"))
    problems = _problems(path)
    assert any(problem.startswith(f"{line}: ") and part in problem for problem in problems), problems


def test_rows_of_csv_are_counted_by_physical_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('slug,name_en\na,"two\nlines"\n\n# remark\nB,Name\n', "utf-8")
    assert [problem.split(": ")[0] for problem in _problems(path)] == ["2", "6"]


def test_yaml_that_unfolds_is_refused(bad: Path, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="aliases"):
        read_declaration([bad / "aliases.yaml"])
    deep = tmp_path / "deep.yaml"
    deep.write_text("[" * 50_000, "utf-8")
    with pytest.raises(Unreadable, match="nested deeper"):
        read_declaration([deep])


@pytest.mark.django_db
def test_loading_stores_everything_and_makes_one_revision(good: Path) -> None:
    report = actions.load(actor=OPERATOR, paths=[good])
    assert report.revision == 1
    assert Organisation.objects.count() == 4
    assert Organisation.objects.get(slug="indus-power").parent == Organisation.objects.get(slug="indus-group")
    network = Network.objects.get(cidr="198.18.10.0/24")
    assert bytes(network.first)[-4:] == bytes([198, 18, 10, 0])
    assert bytes(network.last)[-4:] == bytes([198, 18, 10, 255])
    assert network.origin == "good"
    assert [entry.action for entry in AuditEntry.objects.all()] == ["constituency.loaded"]
    assert [(change.room, change.kind, change.subject) for change in ChangeEntry.objects.all()] == [
        ("constituency", "revision", "1")
    ]


@pytest.mark.django_db
def test_the_same_files_twice_make_no_new_revision(good: Path) -> None:
    actions.load(actor=OPERATOR, paths=[good])
    again = actions.load(actor=OPERATOR, paths=[good], replaces=True)
    assert again.revision is None
    assert again.difference.is_empty
    assert Revision.objects.count() == AuditEntry.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["slips.yaml", "references.yaml", "columns.csv"])
def test_one_problem_and_nothing_is_loaded(good: Path, bad: Path, name: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        actions.load(actor=OPERATOR, paths=[good, bad / name])
    assert f"{name}:2: " in str(refused.value)
    assert Organisation.objects.count() == Revision.objects.count() == 0


@pytest.mark.django_db
def test_references_must_lead_somewhere_and_parents_not_in_circles(bad: Path) -> None:
    with pytest.raises(DeclarationError) as refused:
        actions.load(actor=OPERATOR, paths=[bad / "references.yaml"])
    assert any("no sector 'nowhere'" in problem for problem in refused.value.problems)
    assert sum("its own parent" in problem for problem in refused.value.problems) == 2


@pytest.mark.django_db
def test_a_dry_run_shows_the_difference_and_changes_nothing(good: Path) -> None:
    report = actions.load(actor=OPERATOR, paths=[good / "nation.yaml"], dry_run=True)
    assert "+ sector energy" in [str(change) for change in report.difference.added]
    assert Revision.objects.count() == Organisation.objects.count() == 0


@pytest.mark.django_db
def test_what_changed_is_changed_and_shown(tmp_path: Path, constituency: None) -> None:
    path = tmp_path / "changed.yaml"
    path.write_text(CONSTITUENCY.replace("Indus Power\n", "Indus Power Company\n"), "utf-8")
    report = actions.load(actor=OPERATOR, paths=[path])
    assert [str(change) for change in report.difference.changed] == [
        "~ organisation indus-power: name_en: Indus Power → Indus Power Company"
    ]
    assert Organisation.objects.get(slug="indus-power").name_en == "Indus Power Company"
    assert report.revision == 2


@pytest.mark.django_db
def test_what_a_replacing_file_leaves_out_ends_and_never_vanishes(tmp_path: Path, constituency: None) -> None:
    path = tmp_path / "smaller.yaml"
    path.write_text(CONSTITUENCY[: CONSTITUENCY.index("  - slug: ravi-net")], "utf-8")
    kept = actions.load(actor=OPERATOR, paths=[path])
    assert kept.revision is None
    ended = actions.load(actor=OPERATOR, paths=[path], replaces=True)
    assert {change.after.kind for change in ended.difference.ended} == {
        Kind.ORGANISATION,
        Kind.NETWORK,
        Kind.AUTONOMOUS_SYSTEM,
    }
    assert Organisation.objects.get(slug="ravi-net").is_active is False
    assert Network.objects.get(cidr="198.18.0.0/17").valid_until is not None
    assert actions.load(actor=OPERATOR, paths=[path], replaces=True).revision is None
    assert Domain.objects.count() == 2
    assert Contact.objects.filter(is_active=True).count() == 2


@pytest.mark.django_db
def test_only_those_who_may_write_the_constituency_can_load(good: Path, cast: dict[str, Viewer]) -> None:
    for name in ("ayesha", "parveen", "asad", "sana"):
        with pytest.raises(NotFound):
            actions.load(actor=cast[name], paths=[good])
    assert actions.load(actor=cast["adeel"], paths=[good]).revision == 1


@pytest.mark.django_db
def test_whose_follows_the_loaded_constituency_and_its_revisions(tmp_path: Path, constituency: None) -> None:
    first = queries.attributor(OPERATOR)
    assert queries.attributor(OPERATOR) is first
    before, after = (datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in (11, 12))
    assert queries.whose(OPERATOR, "198.18.40.9", before).owner == "karakoram-bank"
    assert queries.whose(OPERATOR, "198.18.40.9", after).owner == "indus-power"
    assert queries.whose(OPERATOR, "198.18.99.1").owner == "ravi-net"
    assert queries.whose(OPERATOR, "WWW.Indus-Power.Example.").owner == "indus-power"
    assert queries.whose(OPERATOR, "240.0.0.1").owner is None
    path = tmp_path / "more.csv"
    path.write_text("organisation,cidr\nindus-power,198.18.99.0/24\n", "utf-8")
    actions.load(actor=OPERATOR, paths=[path])
    assert queries.whose(OPERATOR, "198.18.99.1").owner == "indus-power"
    assert queries.attributor(OPERATOR, revision=2).revision == 2


def test_a_holding_that_only_begins_later_ends_without_ever_having_held() -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC)
    fields = {"organisation": "a", "name": "a.example", "valid_from": later, "valid_until": None}
    stored = entry_of(Kind.DOMAIN, fields)
    found = difference({(stored.kind, stored.key): stored}, Declaration(), replaces=True, at=AT)
    (change,) = found.ended
    assert later < change.after.fields["valid_until"]


def test_the_same_entry_at_two_places_names_both() -> None:
    declaration = Declaration()
    entry = entry_of(Kind.SECTOR, {"slug": "energy", "name_en": "Energy", "name_ur": ""})
    declaration.add(entry, Place("a.yaml", 3))
    declaration.add(entry, Place("b.yaml", 9))
    assert declaration.problems == ["b.yaml:9: sector energy was already declared at a.yaml:3"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")),
    st.sampled_from(["yaml", "csv", "txt"]),
)
def test_whatever_the_bytes_are_reading_ends_in_problems_or_one_sentence(
    tmp_path: Path, content: bytes, kind: str
) -> None:
    path = tmp_path / f"x.{kind}"
    path.write_bytes(content)
    try:
        problems = read_declaration([path]).problems
    except InputError as error:
        problems = [str(error)]
    assert all(path.name in problem for problem in problems)


_CELLS = st.sampled_from(
    [
        "",
        "a",
        "a.example",
        "198.18.0.0/24",
        "::/0",
        "2026-11-23",
        "0001-01-01T00:00:00+23:00",
        "9" * 400,
        "24/7",
        "\x00",
        "true",
    ]
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "slug",
                    "name_en",
                    "name_ur",
                    "sector",
                    "cidr",
                    "organisation",
                    "asn",
                    "valid_from",
                    "role",
                    "email",
                    "phone",
                ]
            ),
            _CELLS,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_no_field_of_any_kind_can_break_the_reader(cells: list[tuple[str, str]]) -> None:
    for kind in Kind:
        values, wrong = read_fields(kind, dict(cells))
        assert wrong or set(values) == set(FIELDS[kind])
