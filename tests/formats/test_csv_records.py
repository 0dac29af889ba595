import csv

from hypothesis import given
from hypothesis import strategies as st

from tocsin.formats.csv_records import MAX_RECORD_LINES, CsvRecord, Dialect, csv_records


def records(text: str, dialect: Dialect | None = None, *, has_fixed_width: bool = True) -> list[CsvRecord]:
    lines = list(enumerate(text.encode().split(b"\n"), 1))
    return list(csv_records(lines, dialect, has_fixed_width=has_fixed_width))


def cells(text: str, dialect: Dialect | None = None) -> list[list[str]]:
    return [record.cells for record in records(text, dialect)]


def test_quoted_and_plain_cells_are_cut_alike() -> None:
    assert cells('a,b,c\n"1","2","3"\n1,"2,5",3\n"say ""hi""",,\n') == [
        ["a", "b", "c"],
        ["1", "2", "3"],
        ["1", "2,5", "3"],
        ['say "hi"', "", ""],
    ]


def test_blank_lines_and_comments_are_not_rows() -> None:
    assert [record.line for record in records("# head\na,b\n\n  \n1,2\n#x,y\n", Dialect(comment="#"))] == [2, 5]


def test_a_quote_that_is_never_closed_costs_one_row() -> None:
    found = records('a,b\n"1,2\n3,4\n5,6\n')
    assert [(record.line, bool(record.problem)) for record in found] == [(1, False), (2, True), (3, False), (4, False)]


def test_two_lines_with_a_stray_quote_each_cost_two_rows_and_none_between_them() -> None:
    found = records('a,b\n"1,2\n3,4\n5,6"\n7,8\n')
    assert [record.line for record in found if record.problem] == [2, 4]
    assert [record.cells for record in found if not record.problem] == [["a", "b"], ["3", "4"], ["7", "8"]]


def test_a_cell_may_be_as_long_as_a_certificate_and_no_longer_than_a_book() -> None:
    long = "x" * 200_000
    assert cells(f'a,b\n"{long}",2\n')[1] == [long, "2"]
    endless = '"' + "line\n" * (MAX_RECORD_LINES + 5) + '",2'
    assert records(f"a,b\n{endless}\n")[1].problem == "a quoted cell is opened here and never closed"


def test_a_dialect_without_quotes_cuts_at_every_delimiter() -> None:
    assert cells('a b\n"x y"\n', Dialect(" ", "")) == [["a", "b"], ['"x', 'y"']]


@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\r\x00", codec="utf-8")), min_size=2, max_size=2)))
def test_what_the_csv_module_writes_is_read_back(rows: list[list[str]]) -> None:
    class Text:
        def __init__(self) -> None:
            self.parts: list[str] = []

        def write(self, part: str) -> None:
            self.parts.append(part)

    written = Text()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    # A quoted cell with line ends can be longer than a record may be only by far more than Hypothesis writes.
    assert cells("".join(written.parts)) == rows
