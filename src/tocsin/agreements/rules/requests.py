"""One request as a line of JSON, and its decision: what ``tocsin agreement decide`` reads and writes."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tocsin.agreements.rules.answers import Decision, Exit, Result
from tocsin.agreements.rules.decision import decide
from tocsin.agreements.rules.iep_files import unrepeated
from tocsin.agreements.rules.subject import Subject
from tocsin.agreements.rules.terms import Agreement
from tocsin.agreements.rules.times import read_time

#: Bytes of one line; a longer one is no request.
LONGEST_LINE = 1 << 22
#: What becomes of a line that cannot be read: unknown is held for a person.
UNREADABLE = Decision(Result.HOLD, ("ambiguity:request",))


def answered(line: bytes, agreements: Sequence[Agreement]) -> tuple[Decision, str | None]:
    """The decision of a request ``{"object", "from", "to", "at", "exit"}``, and what was wrong with the line, if anything."""
    try:
        subject, sender, recipient, at, exit_ = _read(line)
    except ValueError as error:
        return UNREADABLE, str(error)
    except RecursionError:
        return UNREADABLE, "nested too deeply"
    return decide(subject, sender, recipient, agreements, at, exit_), None


def _read(line: bytes) -> tuple[Subject, str, str, datetime, Exit | None]:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"longer than {LONGEST_LINE} bytes")
    try:
        found = json.loads(line.decode("utf-8"), object_pairs_hook=unrepeated, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg} at column {error.colno})") from error
    if not isinstance(found, dict):
        raise ValueError("a request is a JSON object")
    if not isinstance(found.get("object"), dict):
        raise ValueError("'object' is missing, or no JSON object")
    for key in ("from", "to"):
        if not isinstance(found.get(key), str):
            raise ValueError(f"{key!r} is missing, or no text")
    if "at" not in found:
        raise ValueError("'at' is missing")
    return Subject.of(found["object"]), found["from"], found["to"], read_time(found["at"]), _exit(found.get("exit"))


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def _exit(value: object) -> Exit | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in tuple(Exit):
        raise ValueError(f"'exit' is one of {', '.join(Exit)}, not {str(value)[:40]!r}")
    return Exit(value)
