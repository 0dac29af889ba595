"""Rows of sets, listed and compared, some ten thousand at a time, so that memory stays flat whatever the size of the sets."""

import ctypes
from collections.abc import Iterator

from tocsin.engine import native
from tocsin.vocab.errors import Unreadable

#: A ``set`` of the core (``set.h``) in memory.
Handle = ctypes.Array[ctypes.c_char]

_LIST_BYTES = 1 << 20


def listed(
    of: Handle, first: int, end: int, said: "ctypes.Array[ctypes.c_char] | bytes | None" = None
) -> Iterator[bytes]:
    """Rows [first, end) as whole lines ``type<TAB>value[<TAB>valid until]``: those of which ``said[row]`` is ``ABSENT``, or all that
    were not removed. Refused rows are left out. Raises ``Unreadable`` where the set is damaged."""
    out = ctypes.create_string_buffer(_LIST_BYTES)
    row = ctypes.c_uint64(first)
    while row.value < end:
        size = native.core().tocsin_set_list(of, ctypes.byref(row), end, said, out, _LIST_BYTES)
        if size < 0:
            raise Unreadable(f"the set is damaged: row {row.value} cannot be read")
        if size:
            yield out.raw[:size]


def find(
    wanted: Handle,
    stretch: tuple[int, int],
    within: Handle,
    said: "ctypes.Array[ctypes.c_char]",
    change: int = native.COMPARE,
    removed: "ctypes.Array[ctypes.c_char] | None" = None,
) -> None:
    """Say in ``said[row]`` whether the rows of a stretch [first, end) of ``wanted`` stand in ``within``, and change its removals.

    Raises ``Unreadable`` where one of the two is damaged.
    """
    first, end = stretch
    if not native.core().tocsin_set_find(wanted, first, end, within, change, removed, said):
        raise Unreadable("the set is damaged: a record cannot be read or is not where the table says")
