"""Many ids in few bytes: sorted, as differences, seven bits a byte (LEB128). A page of a thousand neighbours is a kilobyte."""

from collections.abc import Iterable


def pack(ids: Iterable[int]) -> bytes:
    """The ids as a set."""
    packed, before = bytearray(), 0
    for number in sorted(set(ids)):
        rest, before = number - before, number
        while rest > 0x7F:
            packed.append(rest & 0x7F | 0x80)
            rest >>= 7
        packed.append(rest)
    return bytes(packed)


def unpack(packed: bytes) -> list[int]:
    """The ids, ascending."""
    found: list[int] = []
    number = rest = shift = 0
    for byte in packed:
        rest |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            number += rest
            found.append(number)
            rest = shift = 0
    return found
