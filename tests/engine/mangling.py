"""Indicators and log lines made to break a matcher, from a seed: mangled, glued, escaped, of the lengths where windows and words end.

Every shape here is one at which a fast matcher that is written carelessly goes wrong: see ``mutations.py``, which breaks the core on
purpose and expects the lines made here to tell.
"""

import random
from collections.abc import Callable

from tests.engine import pieces

Row = tuple[str, str]


class Maker:
    """One seed's indicators and lines. ``kinds`` are the types that its set holds; lines hold values of every kind all the same."""

    def __init__(self, random_: random.Random) -> None:
        """Some makers know one or two kinds only, or no name whose last label begins with a digit: sets leave out work then."""
        self._random = random_
        self._tops = [top for top in pieces.TOPS if random_.random() < 0.5] or ["example"]
        makers: dict[str, Callable[[], str]] = {
            "domain-name": self.name,
            "ipv4-addr": self.network4,
            "ipv6-addr": self.network6,
            "ip-port": self.address_with_port,
            "url": self.url,
            "file": self.digest,
            "email-addr": self.mail,
            "x509-certificate": self.digest,
        }
        self._makers = makers
        one_or_two = random_.sample(sorted(makers), random_.choice([1, 1, 2]))
        self.kinds = sorted(makers) if random_.random() < 0.6 else one_or_two
        #: Whether nearly all lines are plain: then what a line has that is not plain stands alone in its block.
        self._is_calm = random_.random() < 0.25
        self.rows: list[Row] = []
        self._header = ""

    def make_rows(self, count: int) -> list[Row]:
        """Rows, some of them wrong, some of them the same thing written twice."""
        random_ = self._random
        weights = [{"domain-name": 4, "url": 3}.get(kind, 1) for kind in self.kinds]
        kinds = random_.choices(self.kinds, weights, k=count)
        rows = [(kind, self._makers[kind]()) for kind in kinds]
        rows += [
            (kind, random_.choice([str.upper, str.title, str.lower])(value))
            for kind, value in random_.sample(rows, count // 5)
        ]
        rows += [("nonsense", "evil.example")] * (random_.random() < 0.2)
        if random_.random() < 0.2:
            rows += self._popular_parent()
        if random_.random() < 0.1 and {"ipv4-addr", "ipv6-addr"} & set(self.kinds):
            rows += [("ipv4-addr", f"198.18.7.9/{prefix}") for prefix in range(6, 34)]
            rows += [("ipv6-addr", f"2001:db8::7:9/{prefix}") for prefix in range(14, 130)]
        self.rows = rows
        return rows

    def make_many_rows(self, count: int) -> list[Row]:
        """Rows without end that look alike, for filters and tables that hold much."""
        random_ = self._random

        def one(number: int) -> Row:
            match number % 6:
                case 0 | 1:
                    return "domain-name", f"h{number % 5003}.{random_.choice(['a', 'evil', f'd{number % 97}'])}.example"
                case 2:
                    return "ipv4-addr", f"240.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
                case 3:
                    return "file", f"{number * 0x9E3779B97F4A7C15 & (1 << 128) - 1:032x}"
                case 4:
                    return "url", f"http://h{number % 5003}.example/{number}"
            return "ipv6-addr", f"2001:db8:{number & 0xFFFF:x}::{number >> 16:x}"

        self.rows = [one(number) for number in range(count)]
        return self.rows

    def _popular_parent(self) -> list[Row]:
        parent = self._random.choice(["example", "a.example", "b" * 31 + ".example", "host.co.example"])
        return [("domain-name", f"n{number}.{parent}") for number in range(60)] + [
            ("domain-name", f"{parent}")
        ] * self._random.randint(0, 1)

    # ---- values -----------------------------------------------------------------------------------------------------------

    def name(self) -> str:
        """A name; now and then one whose last labels, or whose whole, is as long as a window."""
        random_ = self._random
        if random_.random() < 0.25:
            return self._name_of_length()
        labels = [random_.choice(pieces.LABELS) for _ in range(random_.choice([0, 0, 1, 1, 2, 3, 5]))]
        return ".".join([*labels, random_.choice(pieces.LABELS[:6]), random_.choice(self._tops)]) + random_.choice(
            ["", "", "", "."]
        )

    def _name_of_length(self) -> str:
        random_ = self._random
        top = random_.choice(self._tops)
        if random_.random() < 0.15:  # as long as a name may be, or nearly
            return ("a" * random_.randint(1, 63) + "." + ".".join("bcde"[n] * 63 for n in range(4)) + "." + top)[
                -random_.randint(251, 255) :
            ]
        length = random_.choice(pieces.EDGES)
        labels = [random_.choice("abz09") * random_.choice([1, 2, 5, 10, 62, 63, 63, 64]) for _ in range(8)]
        text = ".".join([*labels, "e", top])[-max(length, len(top) + 2) :]
        prefix = random_.choice(["", "", "", "a.", "x-", "-", ".", "_", "9.", "b.c."])
        return prefix + (text if text[0] not in ".-" else "a" + text[1:])

    def address4(self) -> str:
        """An IPv4 address, mostly one of a few, or what only looks like one."""
        random_ = self._random
        shape = random_.random()
        if shape < 0.55:
            return random_.choice(pieces.ADDRESSES4)
        if shape < 0.75:
            return f"240.0.{random_.randint(0, 255)}.{random_.randint(0, 3)}"
        count = random_.choice([2, 3, 4, 4, 4, 4, 5, 6])
        return ".".join(random_.choice(pieces.OCTETS) for _ in range(count))

    def _near_address(self) -> str:
        """An address of the set with one number changed to what only looks as if it were as good."""
        random_ = self._random
        parts = self.known("ipv4-addr", "ip-port", "ipv6-addr").partition("/")[0].split(".")
        place = random_.randrange(len(parts))
        parts[place] = random_.choice(
            [
                f"9800{parts[place]}",
                f"0{parts[place]}",
                "256",
                "255",
                "300",
                "999",
                f"{parts[place]}0",
                f"1{parts[place]}",
                "00",
                "",
                "0",
            ]
        )
        return ".".join(parts)

    def network4(self) -> str:
        """An address or network, some too wide or badly written."""
        return self.address4() + self._random.choice(
            ["", "", "", "/24", "/31", "/8", "/9", "/16", "/7", "/32", "/033", "/25", "/23", "/22", "/15"]
        )

    def address6(self) -> str:
        """An IPv6 address in some spelling, or what only looks like one."""
        random_ = self._random
        groups = ["2001", "db8"] + [random_.choice(["0", "0", "0", "1", "ab", "ffff", "00ab"]) for _ in range(6)]
        text = ":".join(groups)
        count = random_.choice([2, 3, 5, 6, 7, 7, 8, 8, 9])
        loose = [random_.choice(pieces.GROUPS) for _ in range(count)]
        shapes = [
            text,
            text.replace(":0:0:0", "::", 1).replace(":::", "::"),
            text.replace(":0:0", "::", 1).replace(":::", "::"),
            ":".join(group.zfill(4) for group in groups),
            ":".join(groups[:6]) + ":" + self.address4(),
            "::" + ":".join(groups[2 : random_.randint(3, 8)]),
            ":".join(groups[: random_.randint(2, 7)]) + "::",
            ":".join(loose),
            ":".join(loose[:-1]) + "::" + loose[-1],
            "::ffff:" + self.address4(),
            "0:0:0:0:0:ffff:" + self.address4(),
            "64:ff9b::" + self.address4(),
        ]
        return random_.choice([*shapes, *pieces.ADDRESSES6])

    def network6(self) -> str:
        """An address or network, some too wide."""
        return self.address6() + self._random.choice(
            ["", "", "", "/64", "/32", "/127", "/16", "/15", "/61", "/128", "/129", "/63", "/65", "/1"]
        )

    def address_with_port(self) -> str:
        """``address:port``, either family, some ports wrong."""
        port = self._random.choice([":80", ":443", ":0", ":65535", ":65536", ":8080", ":080", ":", ""])
        return (f"[{self.address6()}]" if self._random.random() < 0.4 else self.address4()) + port

    def digest(self) -> str:
        """A hash, or a run of hexadecimal digits of another length."""
        random_ = self._random
        shape, length = random_.random(), random_.choice([32, 32, 40, 64, 128])
        if shape < 0.3:
            return random_.choice("0123456789abcdef") * length
        if shape < 0.75:
            return ("0123456789abcdef" * 8)[:length]
        if shape < 0.85:
            return ("f0123456789abcde" * 9)[: random_.randint(15, 131)]
        return (
            f"{random_.getrandbits(512):0128x}"[:length] if shape < 0.95 else "0123456789abcdef" * random_.randint(1, 9)
        )

    def mail(self) -> str:
        """A mail address with an odd local part."""
        return self._random.choice(pieces.LOCALS) + "@" + self.name()

    def url(self) -> str:
        """A URL or a mask."""
        random_ = self._random
        scheme = random_.choice(pieces.SCHEMES)
        before, make = random_.choice(
            [("", self.name), ("", self.name), ("", self._odd_host), ("www.", self.name), ("*.", self.name)]
        )
        host = before + make()
        port = random_.choice(["", "", "", "", ":80", ":8080", ":443", ":", ":0", ":21", ":65536", ":08"])
        return scheme + host + port + random_.choice(pieces.PATHS)

    def _odd_host(self) -> str:
        return self._random.choice([self.address4(), f"[{self.address6()}]", *pieces.HOSTS])

    # ---- lines ------------------------------------------------------------------------------------------------------------

    def line(self) -> bytes:
        """One line: fields, Zeek and JSON shapes, a URL, a heap of pieces, or plain words. It holds no line end."""
        random_ = self._random
        if self._is_calm and random_.random() < 0.9:
            return self._calm_line()
        data = self._wild_line()
        if random_.random() < 0.15:  # the next line begins where a word of 64 bytes does, if this one did
            data += random_.choice([b" ", b"x", b"."]) * (-(len(data) + 1) % 64)
        return data

    def _calm_line(self) -> bytes:
        """Values and words of ASCII with blanks between them."""
        values = [self.value() for _ in range(self._random.randint(1, 3))]
        plain = [value for value in values if value.isascii() and not set(value) & set('\\"%#\n\t\r')]
        return " ".join(["GET", *plain, "x" * self._random.randint(0, 70)]).encode()

    def _wild_line(self) -> bytes:
        random_ = self._random
        shape = random_.random()
        if shape < 0.07:
            return self._zeek_line()
        if shape < 0.10:
            return random_.choice(pieces.SHORT_LINES)
        if shape < 0.19:
            text = self._json_line()
        elif shape < 0.24:
            start = random_.choice(["{", "[[", '["', " {", "[", ""])
            text = start + '"a":"' + "".join(self.piece() for _ in range(3)) + '"}'
        elif shape < 0.34:
            text = self._url_line()
        elif shape < 0.44:
            text = self._padded()
        else:
            text = "".join(self.piece() for _ in range(random_.choice([1, 1, 2, 2, 3, 4, 6])))
        if random_.random() < 0.2:
            place = random_.randrange(len(text) + 1)
            text = text[:place] + random_.choice(pieces.GLUE) + text[place + random_.randint(0, 1) :]
        if random_.random() < 0.03:
            text = random_.choice(pieces.FILLERS) * random_.randint(30, 200) + text
        data = text.encode("utf-8", "surrogatepass") + random_.choice([b""] * 9 + [b"\r"])
        if random_.random() < 0.06 and data:
            place = random_.randrange(len(data))
            odd = random_.choice([random_.randbytes(2), b"\x80", b"\xc3", b"\xe3\x80", b"\0"])
            data = data[:place] + odd + data[place:]
        return data.replace(b"\n", b" ")

    def _padded(self) -> str:
        """A value at a chosen place of the line, what is before and behind it one character repeated."""
        random_ = self._random
        before, behind = random_.choice(pieces.FILLERS), random_.choice(pieces.FILLERS)
        glue = random_.choice(pieces.GLUE), random_.choice(pieces.GLUE)
        start = before * random_.choice([0, 1, 2, 3, *pieces.EDGES[:23]]) + glue[0]
        return start + self.value() + glue[1] + behind * random_.choice([0, 0, 1, 2, 3, 20, 40, 64])

    def _json_line(self) -> str:
        random_ = self._random
        host, uri = self.piece(), random_.choice([*pieces.PATHS, self.url()])
        if random_.random() < 0.6:
            host, uri = self._host_and_path()
        uri += random_.choice(["", "", "", "", '\\"x', "\\\\"])
        blank, colon = random_.choice(["", " "]), random_.choice([":", ": ", " :", " \t: ", ":x"])
        pairs = [
            f'"host"{colon}"{host}"',
            f'"uri":{blank}"{uri}"',
            f'"m":"{self.piece()}"',
            '"uri":1',
            '"host"',
            '"a":"\\"host\\""',
        ]
        random_.shuffle(pairs)
        start = random_.choice(["{", " {", "[{", "\ufeff{", ""]) + blank
        return start + ",".join(pairs[: random_.randint(2, 6)]) + random_.choice(["}", "", '"'])

    def _url_line(self) -> str:
        random_ = self._random
        scheme = random_.choice(pieces.STARTS)
        url = self.known("url").rpartition("://")[2] if random_.random() < 0.7 else self.url()
        if random_.random() < 0.25:
            url = url.partition("/")[0] + random_.choice(pieces.PATHS)
        if random_.random() < 0.2:
            url = url.replace("1.2.3.4", random_.choice(pieces.HOSTS))
        url = url.replace("*", random_.choice(["*", "x", "x/y", ""])) + random_.choice([*pieces.PATHS, *pieces.ENDS])
        start = random_.choice(["GET ", "", '"', "(", "<", "x", "a="]) + scheme
        user = random_.choice(["", "", "www.", "sub.", "user@", "."])
        return start + user + url + random_.choice([" ", "", '"', ">", ")"])

    def _zeek_line(self) -> bytes:
        """A header, or a row that mostly has the columns of the last header."""
        random_ = self._random
        if random_.random() < 0.25:
            self._header = random_.choice(pieces.HEADERS)
            return self._header.encode()
        host, path = self._host_and_path()
        hosts = [self.name(), "-", "(empty)", "", *[host] * 4, host + ":80"]
        paths = [random_.choice(pieces.PATHS), "-", "(empty)", "", *[path] * 4, "http://evil.example/a", "x://" + host]
        columns = {"host": random_.choice(hosts), "uri": random_.choice(paths)}
        names = self._header.rstrip("\r").split("\t")[1:] or ["ts", "host", "uri"]
        if random_.random() < 0.3:
            random_.shuffle(names)
        row = "\t".join(columns.get(name, "1") for name in names[: random_.choice([2, 3, 4, 4, 4])])
        row += random_.choice(["", "", "", "\t" + self.piece()])
        return row.encode("utf-8", "surrogatepass").replace(b"\n", b" ") + random_.choice([b"", b"", b"\r"])

    def _host_and_path(self) -> tuple[str, str]:
        """Two fields that together are often a URL of the set."""
        url = self.known("url", "domain-name", "ipv4-addr").rpartition("://")[2].removeprefix("*.")
        host, slash, path = url.replace("*", self._random.choice(["x", "", "x/y"])).partition("/")
        return host, slash + path

    def known(self, *kinds: str) -> str:
        """A value of the set, of one of these kinds if it holds any."""
        values = [value for kind, value in self._random.sample(self.rows, min(12, len(self.rows))) if kind in kinds]
        return values[0] if values else self._makers[kinds[0]]()

    def value(self) -> str:
        """A value, known or not, sometimes under a longer name or beside more."""
        random_ = self._random
        if random_.random() < 0.06:
            return self._near_address()
        is_of_set = random_.random() < 0.7
        value = random_.choice(self.rows)[1] if is_of_set else self._makers[random_.choice(sorted(self._makers))]()
        return random_.choice(["", "", "", "", "a.", "mail.", "x" * 29 + ".", "x" * 63 + ".", "b.c.d.e.f.g."]) + value

    def piece(self) -> str:
        """A value written in some other way, between two other things."""
        random_ = self._random
        value = self.value()
        change = random_.random()
        if change < 0.1:
            value = value.upper()
        elif change < 0.15:
            value = value.replace(".", random_.choice(pieces.DOTS))
        elif change < 0.2:
            value = value.replace(random_.choice("/:@"), random_.choice(pieces.MARKS))
        elif change < 0.24:
            value = "".join(f"%{byte:02X}" for byte in value.encode("utf-8", "surrogatepass"))
        elif change < 0.28 and value:
            place = random_.randrange(len(value))
            value = value[:place] + random_.choice(pieces.GLUE) + value[place + 1 :]
        elif change < 0.32:
            value = value[random_.randint(0, 2) : len(value) - random_.randint(0, 2)]
        elif change < 0.33 and "]" in value:
            value = value.replace("]", random_.choice([")", "%", " ]", "]]", "", "/", "."]))
        elif change < 0.34:
            value = "".join(f"\\u{ord(character) & 0xFFFF:04x}" for character in value)
        return random_.choice(pieces.GLUE) + value + random_.choice(pieces.GLUE)

    def log(self, lines: int) -> bytes:
        """A whole log, its last line with or without its end."""
        return b"\n".join(self.line() for _ in range(lines)) + self._random.choice([b"", b"\n", b"\n\n", b"\r\n"])


def blocks(random_: random.Random, log: bytes) -> list[bytes]:
    """A log cut at line ends into blocks of one to some hundred lines."""
    *whole, last = log.split(b"\n")
    lines, cut = [*(line + b"\n" for line in whole), last], []
    while lines:
        size = random_.choice([1, 1, 1, 2, 3, 20, 300])
        cut.append(b"".join(lines[:size]))
        del lines[:size]
    return cut
