"""What adversarial indicators and lines are put together from. ``fmt: off``: tables are laid out by hand, many words a line."""

# fmt: off
#: Labels of names.
LABELS = [
    "evil", "x-evil", "a", "mail", "www", "bücher", "почта", "ویب", "xn--bcher-kva", "cdn1", "0", "_dmarc", "1a",
    "straße", "b-", "-b", "c_", "xn--", "e", "99", "ab.cd", "i̇",
]
#: Ends of names.
TOPS = [
    "example", "test.example", "com.example", "рф", "xn--p1ai", "invalid", "co.example", "3top", "ex4mple",
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
    "cccccccccccccccccccccccccccccccc", "ddddddddddddddddddddddddddddddddddddddddddddddd",
    "007",
]
#: Paths, queries and fragments of URLs, and masks.
PATHS = [
    "", " /", "/a", "/a/b", "/a/*", "/a/b/*", "/a*", "/a/*/c", "/?q=1", "/a?x=*", "/A%2Fb", "/a%20b/", "/*",
    "/a//b/../c/./", "/%41", "/a/..", "/a/.", "/..", "?q", "?", "#f", "/a#f?x", "/a?", "/a/?q=1", "/%", "/%2", "/%zz",
    "/a%00b", "/%2e%2e/a", "/a\\b", "/a;b", "/a).", "/a,", "/*/a", "/a/b/c/d/e/f/g", "/a?x=http://b", "/**", "/a/**",
    "/a%c3%bc", "/%3Fq", "/%23f", "/a/%2a",
    "/ab", "/-", "/(empty)", "/a/.?q=1", "/a/b/..?q=1", "/a/b/../?q=1", "/a/.#x", "/a/b?",
]
#: What stands between values.
GLUE = [
    " ", ".", "-", "_", "/", ":", "@", ",", "\"", "'", "[", "]", "(", ")", "<", ">", "=", "%", "\\", "\t", "\r",
    "\x00", "\x7f", "é", "x", "1", "f", "#", "?", "&", "+", "*", "|", "`", "~", "{", "}", "!", ";", "$", "^", "", "",
    "", "%2F", "%20", "%3a", "%25", "\\n", "\\/", "\\\\", "\\t", "\\u", "“", "”", "。", "و", "\u200c", "::", "//",
    "://", "http://", "https://", "hxxp://", "ws://", "ftp://", "hxxps[://]", "src:", "Chrome/", "a/", "1/", "é/",
    "/64", ":80", ":443", ":8080", ":080", ":0", ":65535", ":65536", ":99999", ":100000", ":80a", ":80.", ":80:",
    "..", "...", "..-", "-.", "%D0%BE", "%e9", "%E3%80%82", "%2e", "\\u002e", "\\u0041", "\\ud83d\\ude00", "\\ud800",
    "\\u0025", "[.]", "[:]", "[at]", "host", "\ud800", "\udcff", "\udc80", "\udce3", "zz:", "face:", "fe80::1%eth0,",
    "]:80", "@[", ".exe", "_x", "-1.2.3.9", "/24", "0", "00", "256.", ".5", ".a", "a.", "1.", "www.", "*.", "user@",
    "@x", "%", "%%",
    "\\ud801\\udc00", "\\ud801\\udcff", "\\ud83d\\udc00", "\\udc00", "hxxps://",
]
#: What is repeated to move a value along a line.
FILLERS = [
    "x", ".", "-", "/", ":", "a.", "%41", "ب", "\x00", "0", "f", "1.", "@", "://", "a@", "::", "_", "\\", "%",
    "\\u0041", "%2e", "é.", "[.]",
    "a://", "a:/", "a@b.",
]
#: IPv4 addresses that come up again.
ADDRESSES4 = [
    "1.2.3.4", "198.18.7.9", "198.18.0.7", "10.0.0.0", "120.0.0.0", "198.18.255.255", "255.255.255.255", "0.0.0.0",  # noqa: S104
    "100.200.250.199", "9.9.9.9",
]
#: Octets, and what looks like one.
OCTETS = [
    "0", "1", "9", "10", "99", "100", "199", "249", "255", "256", "999", "1000", "00", "01", "010", "001", "1a",
    "198", "18",
]
#: IPv6 addresses that come up again, times, runs of colons.
ADDRESSES6 = [
    "::1", "1:2:3:4:5:6:1.2.3.4", "::ffff:c612:709", "2001:db8::1", "2001:db8::7:9", "2001:db8::", "::", ":::", "1::",
    "1:2:3:4:5:6:7:8", "12:34:56", "a:b:c:d:e:f:0:1", "::ffff:102:304",
]
#: Groups of IPv6 addresses, and what looks like one.
GROUPS = [
    "0", "1", "12", "34", "fe80", "00000", "g", "", "dead", "12345",
]
#: Hosts of URLs that are written oddly.
HOSTS = [
    "0x01020304", "0306.0.0.7", "1.2.772", "16909060", "0x1.2.3.4", "08.1.2.3", "1.2.3.4.", ".evil.example.",
    "evil..example", "localhost", "a", "evil.*.example", "w", "www.", "www.www.example",
    "1.258.3.4", "1.2.3.260", "01.02.03.04", "0x100.2.3.4", "1.2.65536", "0x1020304.", "4294967296", "0x",
]
#: Local parts of mail addresses.
LOCALS = [
    "user", "user", "a.user", "o'brien", "_x", "-x", ".x", "user+tag", "a/b", "x", "ab", "abc", "abcd", "abcde",
    "u-ser", "user.", "a..b", "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu",
    "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu",
    "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu",
    "a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+ab",
    "++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++", "1111", "user!", "{}", "us%er", "a=b", "üser",
    "=user", "'user'", "/user",
]
#: Header lines of Zeek's logs, some of them not quite.
HEADERS = [
    "#fields\tts\thost\turi\tx", "#fields\turi\tts\thost", "#fields\thost\turi\r", "#fields\tuid\thost",
    "#fields\tts", "#separator \\x09", "#close\t1", "#types\ta\tb", "#field", "#fields", "#fields\t",
    "#fields host uri", " #fields\thost\turi", "#close", "#separato", "#\\u0066ields\thost\turi",
]
#: Ways to write a dot.
DOTS = [
    "%2E", "%2e", "\\u002e", "[.]", "(.)", "{.}", "[dot]", "(dot)", "。", "..", "%252e", "．", "｡",
]
#: Ways to write one of "/:@", right or wrong.
MARKS = [
    "\\/", "%2F", "//", "\\", "%3A", "[:]", "[@]", "(at)", "%40", "\\u0040", "[/]",
]
#: Beginnings of URLs in lines.
STARTS = [
    "http://", "https://", "HTTP://", "http:///", "ftp://", "wss://", "x://", "é://", "://", "hxxp://", "http:\\/\\/",
    "u:p@http://", "http://u:p@",
    "hxxps://", "http:/x", "a:/.", "a+://", "a.://", "a-://", "_://", "http:/", "https:", "httpss://", "xhttp://",
]
#: Ends of URLs in lines.
ENDS = [
    "", "", "", ".", ")", "\"", "'", ").", "/x", ":80", "?", "#x", "|", "`", "\x7f",
]
#: Lengths at the edges of what is read at once: 32-byte windows, 64-byte words, the longest label and name.
EDGES = [
    3, 4, 7, 8, 15, 16, 17, 30, 31, 32, 33, 34, 47, 48, 62, 63, 64, 65, 66, 95, 96, 97, 127, 128, 129, 191, 192, 193,
    251, 252, 253, 254, 255,
]
#: Schemes of URLs in indicators.
SCHEMES = ["http://", "https://", "", "", "ftp://", "HTTP://user:pw@", "//", "http:///", "ws://", "a+b://", "https://a@b@"]
#: Lines of which nothing can be expected.
SHORT_LINES = [
    b"", b"", b"\r", b" ", b"\0", b".", b"%", b"\\", b":", b"\xff", b"://", b"@", b'{"uri":"', b"#fields", b"a" * 64,
]
