"""The registries' files: every dialect, every account, and what they say about whose an address is."""

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.constituency import actions, queries
from tocsin.constituency.access import OPERATOR, Viewer
from tocsin.constituency.forms.registries import read_registry_file
from tocsin.constituency.models import AuditEntry, RegistryBlock, Revision
from tocsin.constituency.rules.holdings import V4_MAPPED, Reason
from tocsin.vocab.errors import Conflict, InputError, NotFound, Unreadable


@pytest.fixture
def registries(samples: Path) -> Path:
    return samples / "constituency" / "registries"


@pytest.mark.parametrize(
    ("name", "registry", "published_on", "accounts"),
    [
        (
            "apnic-extended",
            "apnic",
            date(2026, 11, 22),
            "records 9 = kept 6 + elsewhere 1 + unassigned 2 + duplicate 0 + rejected 0",
        ),
        (
            "arin",
            "arin",
            date(2026, 11, 21),
            "records 2 = kept 1 + elsewhere 1 + unassigned 0 + duplicate 0 + rejected 0",
        ),
        (
            "ripencc",
            "ripencc",
            date(2026, 11, 22),
            "records 2 = kept 1 + elsewhere 1 + unassigned 0 + duplicate 0 + rejected 0",
        ),
        (
            "lacnic",
            "lacnic",
            date(2026, 11, 22),
            "records 1 = kept 1 + elsewhere 0 + unassigned 0 + duplicate 0 + rejected 0",
        ),
        (
            "afrinic",
            "afrinic",
            date(2026, 11, 23),
            "records 3 = kept 1 + elsewhere 0 + unassigned 1 + duplicate 1 + rejected 0",
        ),
    ],
)
def test_all_five_registries_dialects_are_read_and_their_accounts_balance(
    registries: Path, name: str, registry: str, published_on: date, accounts: str
) -> None:
    file = read_registry_file(registries / f"{name}.txt", "PK")
    assert (file.registry, file.published_on, str(file.accounts)) == (registry, published_on, accounts)
    assert file.accounts.is_balanced
    assert file.accounts.problems == []


def test_counts_that_are_no_power_of_two_are_exact_ranges(registries: Path) -> None:
    file = read_registry_file(registries / "apnic-extended.txt", "PK")
    block = next(block for block in file.blocks if block.kind == "ipv4")
    assert block.last - block.first + 1 == 768
    assert block.first == V4_MAPPED | 0xC6120000
    assert block.opaque_id == "A91EXAMPLE"
    assert block.allocated_on == date(2020, 1, 1)
    assert next(b for b in file.blocks if b.kind == "asn" and b.first != b.last).last == 64511


def test_a_date_of_zeroes_is_no_date(registries: Path) -> None:
    (block,) = read_registry_file(registries / "ripencc.txt", "PK").blocks
    assert block.allocated_on is None


def test_lines_that_make_no_sense_are_rejected_with_their_place_and_reason(registries: Path) -> None:
    path = registries / "wrong-lines.txt"
    accounts = read_registry_file(path, "PK").accounts
    assert str(accounts) == "records 10 = kept 1 + elsewhere 0 + unassigned 0 + duplicate 0 + rejected 9"
    assert [problem.removeprefix(f"{path}:").split(":")[0] for problem in accounts.problems] == [
        str(line) for line in range(6, 15)
    ]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "not a delegated-statistics file"),
        ("<html>502</html>\n", "not a delegated-statistics file"),
        ("2|iana|20261123|1|19830613|20261122|+1000\n", "not a delegated-statistics file"),
        ("2|apnic|20261123|100|19830613|20261122|+1000\napnic|PK|asn|64500|1|20200101|allocated\n", "cut short"),
        ("2|apnic|soon|0|19830613|never|+1000\n", "no date"),
    ],
)
def test_what_is_no_registry_file_or_half_of_one_is_refused(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "delegated"
    path.write_text(text, "ascii")
    with pytest.raises(Unreadable, match=part):
        read_registry_file(path, "PK")


def test_a_compressed_file_is_the_same_file(registries: Path, tmp_path: Path) -> None:
    plain = registries / "apnic-extended.txt"
    packed = tmp_path / "delegated.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_registry_file(packed, "PK").blocks == read_registry_file(plain, "PK").blocks
    assert read_registry_file(packed, "PK").digest == read_registry_file(plain, "PK").digest


@pytest.mark.django_db
def test_the_same_file_twice_changes_nothing_and_a_newer_one_ends_what_it_lacks(
    registries: Path, tmp_path: Path
) -> None:
    path = registries / "apnic-extended.txt"
    first = actions.load_registry(actor=OPERATOR, path=path, country="PK")
    assert (first.added, first.changed, first.ended, first.revision) == (6, 0, 0, 1)
    again = actions.load_registry(actor=OPERATOR, path=path, country="PK")
    assert (again.added, again.changed, again.ended, again.revision) == (0, 0, 0, None)
    lines = path.read_text("ascii").replace("20261123|9", "20261124|8").replace("|20261122|", "|20261123|").splitlines()
    newer = tmp_path / "newer.txt"
    newer.write_text(
        "\n".join(line for line in lines if "198.18.64.0" not in line).replace("ipv4|*|4", "ipv4|*|3"), "ascii"
    )
    third = actions.load_registry(actor=OPERATOR, path=newer, country="PK")
    assert (third.added, third.changed, third.ended, third.revision) == (0, 0, 1, 2)
    assert RegistryBlock.objects.get(listed_until__isnull=False).listed_until == date(2026, 11, 23)
    assert AuditEntry.objects.filter(action="constituency.registry-loaded").count() == Revision.objects.count() == 2
    with pytest.raises(Conflict, match="newer file"):
        actions.load_registry(actor=OPERATOR, path=path, country="PK")


@pytest.mark.django_db
def test_a_country_without_blocks_or_a_word_that_is_no_country_changes_nothing(
    registries: Path, cast: dict[str, Viewer]
) -> None:
    path = registries / "apnic-extended.txt"
    with pytest.raises(InputError, match="lists nothing for NP"):
        actions.load_registry(actor=OPERATOR, path=path, country="NP")
    with pytest.raises(InputError, match="country code"):
        actions.load_registry(actor=OPERATOR, path=path, country="Pakistan")
    with pytest.raises(NotFound):
        actions.load_registry(actor=cast["ayesha"], path=path, country="PK")
    assert RegistryBlock.objects.count() == 0


@pytest.mark.django_db
def test_national_space_and_shared_ids_explain_addresses_more_weakly_than_declarations(
    registries: Path, constituency: None
) -> None:
    actions.load_registry(actor=OPERATOR, path=registries / "apnic-extended.txt", country="PK")
    at = datetime(2026, 11, 23, tzinfo=UTC)
    declared = queries.whose(OPERATOR, "198.18.2.1", at)
    assert (declared.owner, declared.reason) == ("ravi-net", Reason.DECLARED)
    by_registry = queries.whose(OPERATOR, "2001:db8::1", at)
    assert (by_registry.owner, by_registry.reason) == ("ravi-net", Reason.REGISTRY)
    assert "the same id as AS64500" in by_registry.text
    national = queries.whose(OPERATOR, "2001:db8:4000::1", at)
    assert (national.owner, national.reason) == (None, Reason.NATIONAL)
    assert "apnic lists for PK" in national.text
    before = queries.whose(OPERATOR, "2001:db8::1", datetime(2019, 12, 31, tzinfo=UTC))
    assert (before.owner, before.reason) == (None, Reason.NOBODY)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["apnic", "ripencc", ""]),
            st.sampled_from(["PK", "*", "", "\u0660"]),
            st.sampled_from(["ipv4", "ipv6", "asn", "*"]),
            st.sampled_from(["198.18.0.0", "2001:db8::", "::", "255.255.255.255", "64500", "-1", "", "9" * 30]),
            st.sampled_from(["256", "0", "1", "129", "33", "9999999999", "-1", "\u0661", ""]),
            st.sampled_from(["20260101", "", "00000000", "20260230"]),
            st.sampled_from(["allocated", "reserved", "summary", ""]),
        ).map("|".join),
        max_size=20,
    )
)
def test_whatever_the_records_are_the_accounts_balance(tmp_path: Path, records: list[str]) -> None:
    path = tmp_path / "delegated"
    path.write_text("\n".join(["2|apnic|20261123|0|19830613|20261122|+1000", *records]), "utf-8")
    file = read_registry_file(path, "PK")
    assert file.accounts.is_balanced
    assert len(file.blocks) == file.accounts.kept.total()
    assert all(block.first <= block.last for block in file.blocks)
