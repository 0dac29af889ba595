"""A delivery is read whatever it is wrapped in, and refused with one sentence where it cannot be trusted."""

import bz2
import gzip
import io
import lzma
import os
import struct
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tocsin.text.streams import Limits, Member, members
from tocsin.vocab.errors import Unreadable

TEXT = b"198.18.0.1\nevil.example\r\nlast without end"
LINES = [(1, b"198.18.0.1"), (2, b"evil.example"), (3, b"last without end")]

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}

EQUAL_LINES = (b"0" * 79 + b"\n") * 40_000
SMALL = Limits(expansion_floor=1 << 20)


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return buffer.getvalue()


def read(path: Path, limits: Limits | None = None) -> dict[str, list[tuple[int, bytes]]]:
    return {member.name: list(member.lines()) for member in members(path, limits)}


def drain(path: Path) -> None:
    for member in members(path):
        while member.open().read(1 << 20):
            pass


def written(folder: Path, name: str, content: bytes) -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def refusal(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(Unreadable) as caught:
        read(path, limits)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_plain_file_is_its_own_member(tmp_path: Path) -> None:
    assert read(written(tmp_path, "list.txt", TEXT)) == {"list.txt": LINES}


@pytest.mark.parametrize("kind", PACKERS)
def test_a_compressed_file_is_known_by_its_first_bytes_and_loses_its_suffix(tmp_path: Path, kind: str) -> None:
    packed = PACKERS[kind](TEXT)
    assert read(written(tmp_path, f"list.txt.{kind}", packed)) == {"list.txt": LINES}
    assert read(written(tmp_path, "no-suffix", packed)) == {"no-suffix": LINES}


@pytest.mark.parametrize("kind", PACKERS)
def test_frames_one_after_the_other_are_one_stream(tmp_path: Path, kind: str) -> None:
    pack = PACKERS[kind]
    assert read(written(tmp_path, "list.txt", pack(TEXT[:15]) + pack(TEXT[15:]))) == {"list.txt": LINES}


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("cut", [0.3, 0.9, 0.999])
def test_a_compressed_file_that_ends_too_early_is_refused(tmp_path: Path, kind: str, cut: float) -> None:
    packed = PACKERS[kind](bytes(index * index % 251 for index in range(300_000)))
    message = refusal(written(tmp_path, f"list.{kind}", packed[: int(len(packed) * cut)]))
    assert message.startswith("list.")
    assert "fetch the file again" in message


@pytest.mark.parametrize("kind", PACKERS)
def test_a_damaged_compressed_file_is_refused(tmp_path: Path, kind: str) -> None:
    packed = bytearray(PACKERS[kind](bytes(index * index % 251 for index in range(100_000))))
    middle = len(packed) // 2
    packed[middle : middle + 40] = b"\xff" * 40
    assert "list" in refusal(written(tmp_path, f"list.{kind}", bytes(packed)))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_gives_its_files_in_order(tmp_path: Path, method: int) -> None:
    file = written(tmp_path, "day.zip", zipped({"b/two.csv": TEXT, "a.csv": b"x"}, method))
    assert read(file) == {"b/two.csv": LINES, "a.csv": [(1, b"x")]}


@pytest.mark.parametrize("wrap", [bytes, *PACKERS.values()])
def test_a_tar_gives_its_files_plain_or_compressed(tmp_path: Path, wrap: Callable[[bytes], bytes]) -> None:
    file = written(tmp_path, "day.tar", wrap(tarred({"./b/two.csv": TEXT, "a.csv": b"x"})))
    assert read(file) == {"b/two.csv": LINES, "a.csv": [(1, b"x")]}


def test_archives_within_archives_are_read_three_levels_deep(tmp_path: Path) -> None:
    inner = gzip.compress(tarred({"list.txt": TEXT}))
    middle = zipped({"inner.tar.gz": inner})
    assert read(written(tmp_path, "outer.tar", tarred({"middle.zip": middle}))) == {
        "middle.zip/inner.tar/list.txt": LINES
    }
    deeper = written(tmp_path, "deeper.zip", zipped({"outer.tar": tarred({"middle.zip": middle})}))
    assert "deeper than 3 levels" in refusal(deeper)


def test_a_folder_is_one_delivery_in_the_order_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    written(tmp_path, "b.txt", b"b")
    written(tmp_path / "sub", "c.txt.gz", gzip.compress(b"c"))
    written(tmp_path, "a.zip", zipped({"inner.txt": b"a"}))
    written(tmp_path, ".DS_Store", b"no part of it")
    assert list(read(tmp_path)) == ["a.zip/inner.txt", "b.txt", "sub/c.txt"]


def test_only_what_lay_in_a_folder_or_archive_is_inside(tmp_path: Path) -> None:
    lone = written(tmp_path, "list.gz", gzip.compress(b"x"))
    assert [member.is_inside for member in members(lone)] == [False]
    assert [member.is_inside for member in members(tmp_path)] == [True]


def test_standard_input_is_read_as_a_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for content in (TEXT, gzip.compress(TEXT), zipped({"list.txt": TEXT})):
        with written(tmp_path, "input", content).open("rb") as stream:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
            assert [list(member.lines()) for member in members("-")] == [LINES]


def test_a_missing_file_is_one_clear_sentence(tmp_path: Path) -> None:
    assert refusal(tmp_path / "absent.txt") == f"{tmp_path}/absent.txt: cannot be read (no such file or directory)"


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    assert read(written(tmp_path, "empty.txt", b"")) == {"empty.txt": []}


@pytest.mark.parametrize("kind", PACKERS)
def test_a_decompression_bomb_is_refused(tmp_path: Path, kind: str) -> None:
    # A small file of equal lines is no attack.
    assert read(written(tmp_path, "small", PACKERS[kind](EQUAL_LINES[:1_000_000])), SMALL)
    assert "decompression bomb" in refusal(written(tmp_path, "large", PACKERS[kind](EQUAL_LINES)), SMALL)


def test_the_default_floor_is_64_mebibytes(tmp_path: Path) -> None:
    packed = gzip.compress(bytes(66 << 20), 6)
    file = written(tmp_path, "zeros.gz", packed)
    with pytest.raises(Unreadable, match="bomb"):
        drain(file)


def test_a_bomb_of_many_small_members_is_refused(tmp_path: Path) -> None:
    part = EQUAL_LINES[:400_000]
    file = written(tmp_path, "many.zip", zipped({f"{number}.txt": part for number in range(6)}))
    assert "decompression bomb" in refusal(file, replace(SMALL, max_expansion=100))


def test_a_bomb_wrapped_in_an_archive_gains_nothing(tmp_path: Path) -> None:
    bomb = zipped({"inner.gz": gzip.compress(EQUAL_LINES)}, zipfile.ZIP_STORED)
    assert "decompression bomb" in refusal(written(tmp_path, "outer.zip", bomb), SMALL)


def test_a_sparse_tar_member_that_claims_to_be_huge_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("sparse")
    header.type = tarfile.GNUTYPE_SPARSE
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    # Old GNU layout: one hole up to 8 GiB, no data, real size 8 GiB.
    block[386:410] = b"00000000000\0" + b"00000000000\0"
    block[483:495] = b"77777777777\0"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    assert "decompression bomb" in refusal(written(tmp_path, "sparse.tar", bytes(block) + bytes(1024)), SMALL)


def test_a_tar_extension_header_does_not_fill_the_memory(tmp_path: Path) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 8 << 30
    message = refusal(written(tmp_path, "pax.tar", header.tobuf(tarfile.GNU_FORMAT) + bytes(2048)))
    assert "damaged or cut-off tar" in message


def test_a_tar_that_ends_too_early_is_refused(tmp_path: Path) -> None:
    whole = tarred({"a.txt": b"x" * 5000, "b.txt": b"y" * 5000})
    message = refusal(written(tmp_path, "cut.tar", whole[:7000]))
    assert message == "b.txt: the packed data are damaged (unexpected end of data); fetch the file again"


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    plain = bytearray(zipped({"secret.txt": b"x"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        plain[plain.index(mark) + offset] |= 1
    assert refusal(written(tmp_path, "locked.zip", bytes(plain))) == (
        "secret.txt: encrypted; unpack it with its password first"
    )


def test_a_zip_whose_content_does_not_fit_its_checksum_is_refused(tmp_path: Path) -> None:
    packed = bytearray(zipped({"list.txt": TEXT}, zipfile.ZIP_STORED))
    packed[packed.index(b"evil")] ^= 1
    assert "damaged" in refusal(written(tmp_path, "list.zip", bytes(packed)))


def test_a_cut_off_zip_is_refused(tmp_path: Path) -> None:
    assert "zip" in refusal(written(tmp_path, "cut.zip", zipped({"list.txt": TEXT})[:40]))


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_names_that_climb_out_are_provenance_and_nothing_else(
    tmp_path: Path, pack: Callable[[dict[str, bytes]], bytes]
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    file = written(
        inside, "evil.archive", pack({"../../escaped.txt": b"x", "/etc/absolute": b"y", "a\x1b[31m.txt": b"z"})
    )
    found = read(file)
    assert list(found.values()) == [[(1, b"x")], [(1, b"y")], [(1, b"z")]]
    assert all(name.isprintable() for name in found)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["evil.archive"]


def test_links_in_a_tar_are_not_followed(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        link = tarfile.TarInfo("passwd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert read(written(tmp_path, "links.tar", buffer.getvalue())) == {}


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    files = {f"{number}.txt": b"x" for number in range(11)}
    limits = Limits(max_members=10)
    for name, content in (("many.zip", zipped(files)), ("many.tar", tarred(files))):
        assert "more than 10 files" in refusal(written(tmp_path, name, content), limits)
    for name, content in files.items():
        written(tmp_path, name, content)
    assert "more than 10 files" in refusal(tmp_path, Limits(max_members=10))


def test_a_member_that_is_too_large_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, "large.gz", gzip.compress(b"0\n" * 500_000))
    assert "more than 1000 bytes" in refusal(file, Limits(max_member_bytes=1000))


@pytest.mark.parametrize("magic", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\x00"])
def test_an_archive_of_a_foreign_kind_is_named(tmp_path: Path, magic: bytes) -> None:
    assert "unpack it first" in refusal(written(tmp_path, "day.bin", magic + bytes(100)))


def test_an_over_long_line_is_refused_with_member_and_line(tmp_path: Path) -> None:
    limits = Limits(max_line_bytes=1024)
    fits, longer = b"x" * 1024, b"x" * 1025
    assert read(written(tmp_path, "list.txt", b"a\n" + fits + b"\r\n"), limits)["list.txt"][1] == (2, fits)
    assert read(written(tmp_path, "list.txt", b"a\n" + fits), limits)["list.txt"][1] == (2, fits)
    for content in (b"a\n" + longer + b"\nb", b"a\n" + longer, b"a\nb\n" + longer * 3 + b"\n"):
        message = refusal(written(tmp_path, "list.txt", content), limits)
        line = content.split(longer)[0].count(b"\n") + 1
        assert message == f"list.txt, line {line}: longer than 1024 bytes, the most that is accepted"


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert list(Member.of("list.txt", b"\xef\xbb\xbfevil.example\n").lines()) == [(1, b"evil.example")]


@given(st.lists(st.binary(max_size=40).map(lambda part: part.translate(None, b"\n")), max_size=60), st.integers(0, 2))
def test_lines_are_those_between_line_feeds_whatever_the_chunks(lines: list[bytes], ending: int) -> None:
    end = (b"\n", b"\r\n", b"\n")[ending]
    content = end.join(lines)
    limits = Limits(max_line_bytes=64)
    expected = [part.removesuffix(b"\r") for part in content.removeprefix(b"\xef\xbb\xbf").split(b"\n")]
    if content.removeprefix(b"\xef\xbb\xbf").endswith(b"\n") or not content.removeprefix(b"\xef\xbb\xbf"):
        expected.pop()
    assert list(Member.of("x", content, limits).lines()) == list(enumerate(expected, 1))
    texts = [
        (number, text.encode("utf-8", "surrogateescape"))
        for number, text in Member.of("x", content, limits).text_lines()
    ]
    assert texts == list(enumerate(expected, 1))


def test_progress_is_told_of_every_byte_of_the_file(tmp_path: Path) -> None:
    for name, content in (("a.txt", TEXT * 1000), ("a.gz", gzip.compress(TEXT * 1000))):
        told: list[int] = []
        for member in members(written(tmp_path, name, content), on_read=told.append):
            list(member.lines())
        assert sum(told) == len(content)


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_or_refused_but_nothing_else(content: bytes) -> None:
    for head in (b"", b"\x1f\x8b\x08", b"BZh91AY&SY", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"):
        with_head = io.TextIOWrapper(io.BytesIO(head + content))
        before, sys.stdin = sys.stdin, with_head
        try:
            for member in members("-"):
                list(member.lines())
        except Unreadable:
            pass
        finally:
            sys.stdin = before


def test_a_zip_whose_table_of_contents_lies_is_refused(tmp_path: Path) -> None:
    packed = bytearray(zipped({"list.txt": TEXT}))
    end = packed.rindex(b"PK\x05\x06")
    packed[end + 16 : end + 20] = struct.pack("<I", 0xFFFFFF)
    assert "cannot be unpacked" in refusal(written(tmp_path, "lying.zip", bytes(packed)))


def test_a_line_in_a_pipe_does_not_wait_for_the_next(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)
    os.write(writer, b"a first line\n")
    found = members(pipe)
    stream = next(found).open()
    assert stream.read1(100) == b"a first line\n"  # type: ignore[attr-defined]
    os.write(writer, b"a second\n")
    assert stream.read1(100) == b"a second\n"  # type: ignore[attr-defined]
    os.close(writer)
