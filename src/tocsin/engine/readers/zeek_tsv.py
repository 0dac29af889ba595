"""Zeek's tab-separated logs: ``#fields`` names the columns, times are seconds since 1970 in UTC."""

from tocsin.engine.facts import Endpoint, LineFacts, Reader, ReadLine, address, moment, port


def recognise(head: bytes) -> ReadLine | None:
    """Zeek writes ``#separator`` first; the columns stand in the last ``#fields`` line of the head."""
    if not head.startswith(b"#separator"):
        return None
    fields = [line for line in head.splitlines() if line.startswith(b"#fields\t")]
    if not fields:
        return None
    columns = {name.decode("utf-8", "replace"): position for position, name in enumerate(fields[-1].split(b"\t")[1:])}

    def read(line: bytes) -> LineFacts | None:
        cells = line.decode("utf-8", "replace").split("\t")
        if len(cells) != len(columns):
            return None

        def cell(name: str) -> str | None:
            position = columns.get(name)
            return None if position is None or cells[position] in {"-", "(empty)"} else cells[position]

        return LineFacts(
            moment(cell("ts")),
            Endpoint(address(cell("id.orig_h")), port(cell("id.orig_p"))),
            Endpoint(address(cell("id.resp_h")), port(cell("id.resp_p"))),
            cell("proto"),
        )

    return read


READER = Reader("zeek-tsv", recognise, order=10)
