"""The files of a set as an enemy sees them: where their parts lie, and how to make their checksums right again."""

import struct

from tocsin.engine import native

#: Places in the header: counts and seed, sections, the header's own checksum.
FIELDS_AT, SECTIONS_AT = 16, 112
CHECKSUM_AT = SECTIONS_AT + 24 * native.SECTIONS


def sections(content: bytes) -> list[tuple[int, int, int]]:
    """Place in the header, offset and size of each section."""
    places = range(SECTIONS_AT, CHECKSUM_AT, 24)
    return [(place, *struct.unpack_from("<QQ", content, place)) for place in places]


def repaired(content: bytes) -> bytes:
    """The same bytes with right checksums."""
    made = bytearray(content)
    for place, offset, size in sections(content):
        if offset + size <= len(content):
            struct.pack_into("<Q", made, place + 16, checksum(content[offset : offset + size]))
    struct.pack_into("<Q", made, CHECKSUM_AT, checksum(bytes(made[:CHECKSUM_AT])))
    return bytes(made)


def checksum(data: bytes) -> int:
    """The file's checksum, again, in Python: an enemy can compute it too."""
    p, everything = [0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3], (1 << 64) - 1
    lanes = [p[0], p[1], p[2], p[0] ^ p[1], p[1] ^ p[2], p[0] ^ p[2], ~p[0] & everything, ~p[1] & everything]
    total = (len(data) * p[0] & everything) ^ p[2]
    whole = len(data) // 64 * 64
    for place in range(0, whole, 64):
        for lane, word in enumerate(struct.unpack_from("<8Q", data, place)):
            value = (lanes[lane] ^ word) * p[1] & everything
            lanes[lane] = value ^ value >> 29
    for lane, place in enumerate(range(whole, len(data), 8)):
        piece = data[place : place + 8]
        lanes[lane] = (lanes[lane] ^ int.from_bytes(piece, "little") ^ len(piece)) * p[2] & everything
    for value in lanes:
        total = (total ^ value) * p[1] & everything
        total ^= total >> 31
    return total
