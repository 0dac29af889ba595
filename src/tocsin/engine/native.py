"""The native core's interface as ``ctypes`` sees it. Nobody but ``sets`` and ``compiling`` should need this module.

``ctypes`` lets go of the interpreter's lock during every call, so scanners in several threads run at the same time.
"""

import ctypes
from ctypes import POINTER, c_char_p, c_int, c_int64, c_uint32, c_uint64, c_void_p
from functools import cache
from pathlib import Path

from tocsin.vocab.errors import TocsinError

JSON_NEVER, JSON_ALWAYS, DEFANGED = 1, 2, 4
HEADER_BYTES, SECTIONS, LONGEST_VALUE, MAP_BYTES = 4096, 8, 8192, 1 << 21
#: A hit in memory: line, row, start and length of the line in the buffer that was scanned.
HIT_FORMAT, HIT_BYTES = "<4Q", 32
#: A refused row in memory: its number and the reason's.
REFUSAL_FORMAT, REFUSAL_BYTES = "<2I", 8

#: What ``set_find`` does to removals, and what it says of a row (``rows.h``).
COMPARE, ADD, REMOVE = 0, 1, 2
NO_ROW, ABSENT, PRESENT, RETURNED, REPEATED = range(5)
#: Places in what ``set_count`` counts, behind the kinds.
CERTIFICATES, REFUSED, REMOVED, EXPIRED, COUNTS = 12, 13, 14, 15, 16

#: What the core calls the kinds of its records (``set.h``), as types of indicators.
TYPE_OF_KIND = {
    1: "domain-name",
    2: "ipv4-addr",
    3: "ipv6-addr",
    4: "ip-port",
    5: "ip-port",
    6: "file",
    7: "email-addr",
    8: "url",
    9: "url",
    10: "url",
    11: "url",
    -6: "x509-certificate",
}

_FUNCTIONS: dict[str, tuple[object, list[object]]] = {
    "set_open": (c_char_p, [c_void_p, c_void_p, c_uint64]),
    "set_size": (c_uint64, []),
    "set_check": (c_char_p, [c_void_p, c_int]),
    "set_join": (c_char_p, [c_void_p, c_void_p, c_uint64, c_void_p]),
    "set_numbers": (None, [c_void_p, POINTER(c_uint64)]),
    "set_removed": (None, [c_void_p, c_char_p]),
    "set_seed": (c_uint64, [c_void_p]),
    "set_row": (c_int, [c_void_p, c_uint64, c_char_p, POINTER(c_int)]),
    "set_verify": (c_char_p, [c_void_p]),
    "set_count": (c_int, [c_void_p, c_uint32, POINTER(c_uint64)]),
    "set_find": (c_int, [c_void_p, c_uint64, c_uint64, c_void_p, c_int, c_void_p, c_char_p]),
    "set_list": (c_int64, [c_void_p, POINTER(c_uint64), c_uint64, c_char_p, c_char_p, c_uint64]),
    "scanner_new": (c_void_p, [c_void_p, c_uint32, c_char_p]),
    "scanner_free": (None, [c_void_p]),
    "scanner_instructions": (c_char_p, [c_void_p]),
    "scanner_error": (c_char_p, [c_void_p]),
    "scanner_hits": (c_void_p, [c_void_p]),
    "scanner_hit_count": (c_uint64, [c_void_p]),
    "scanner_at": (None, [c_void_p, c_uint32]),
    "scanner_lines": (c_uint64, [c_void_p]),
    "scanner_restart": (None, [c_void_p]),
    "scan": (c_int64, [c_void_p, c_void_p, c_uint64]),
    "builder_new": (c_void_p, [c_uint64]),
    "builder_free": (None, [c_void_p]),
    "builder_add": (c_int, [c_void_p, c_void_p, c_uint64, c_int]),
    "builder_rows": (c_uint64, [c_void_p]),
    "builder_compiled": (c_uint64, [c_void_p]),
    "builder_refusals": (c_uint64, [c_void_p, POINTER(c_void_p)]),
    "builder_view": (c_int, [c_void_p, c_void_p]),
    "reason": (c_char_p, [c_uint32]),
    "builder_end": (c_int, [c_void_p, c_char_p, POINTER(c_void_p), POINTER(c_uint64), c_uint64, c_void_p, c_void_p]),
}


@cache
def core() -> ctypes.CDLL:
    """The loaded library. Raises ``TocsinError`` where it was not built."""
    path = Path(__file__).with_name("_core.so")
    try:
        library = ctypes.CDLL(str(path))
    except OSError as problem:
        raise TocsinError(
            f"the native core {path.name} cannot be loaded ({problem}); run `make setup` to build it"
        ) from problem
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, f"tocsin_{name}")
        function.restype, function.argtypes = result, arguments
    return library


def address_of(buffer: bytes | bytearray) -> ctypes.Array[ctypes.c_char] | bytes:
    """What to pass for ``buffer``: bytes as they are, a bytearray through a view that keeps it in place."""
    return buffer if isinstance(buffer, bytes) else (ctypes.c_char * len(buffer)).from_buffer(buffer)
