/* Tocsin's matcher: lines in, (line, row) pairs out.
 *
 * The one pass
 * ------------
 * A log is mostly not what we look for, so the pass is built to throw text away early and cheaply, and never to throw away a hit.
 * A block of whole lines (about 8 KB: with its masks it stays in the first-level cache) goes through these stations:
 *
 *    log bytes     20:01 GET http://www.Evil.example/a%2Fb from 198.18.0.7:443 id=5f3c...
 *        |
 *        v   copy            64 bytes are loaded once: A-Z become a-z, and each class of bytes a 64-bit mask, one bit a byte
 *        |                     text    f r o m   1 9 8 . 1 8 . 0 . 7 : 4 4 3
 *        |                     token   1 1 1 1 0 1 1 1 1 1 1 1 1 1 1 0 1 1 1
 *        |                     dot     0 0 0 0 0 0 0 0 1 0 0 1 0 1 0 0 0 0 0
 *     form 1               JSON escapes are undone where a line is JSON, and the masks of what was rewritten are made again
 *        |
 *        +---- urls          "://" by three shifted masks; the host's end and dots from the masks; filter asked;
 *        |                    path normalised only if something is known about the host
 *        v   undo_percent    only where "%" occurs, and masks again
 *     form 2
 *        |   seeds           where something begins to look like an indicator: a dot before a letter, the third dot of a chain,
 *        |                    16 hex digits, "::" or three colons; shifts and ands of whole masks, no branch
 *        v   ends              ends    . . . . . . . . . . . . . . . 1 . . .   = (token + seeds + carry) & ~token
 *        |                    An addition carries a seed to the end of its run, so one add finds all tokens that hold one and
 *        |                    passes over the others without a branch. The ends are written down as positions, kind by kind.
 *        v   names,          two labels -> one hash -> one 8-byte probe of a Bloom filter, prefetched a batch ahead;
 *            addresses        an address -> one shuffle, two multiplications -> one bit in a map of all /24s
 *        |
 *        v   about one token in a thousand is left
 *     slow path              says exactly what a hit is (boundaries, ports, suffixes, networks, masks), asks the filter for the whole
 *        |                    key, then the table, then compares the key's bytes: nothing is reported on a hash alone
 *        v
 *     hits                   positions become line numbers; sorted by line and row, each pair once
 *
 * The stations before the slow path may let anything through but may hold nothing back that the slow path would report; that is the
 * only property they need, and tests/engine compares the whole with reference.py to see that they keep it.
 * Text in the buffers always has line ends before and after it, so that looking a byte to either side is safe.
 */
#include <stdio.h>
#include <stdlib.h>
#include "rows.h"
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#define API __attribute__((visibility("default")))
enum { BLOCK = 8192, EDGE = 64, MOST_STARTS = 32, MOST_HITS = 1 << 16, QUEUE = 64 };
enum { SAW_BACKSLASH = 1, SAW_PERCENT = 2, SAW_URI = 4, SAW_HEADER = 8 };
enum { NO, ASK, UNSURE };
enum { ABOUT_NAME, ABOUT_HASH, ABOUT_EMAIL, ABOUT_URL, ABOUT_ADDRESS4, ABOUT_ADDRESS6 };
enum { JSON_NEVER = 1, JSON_ALWAYS = 2, DEFANGED = 4 };

typedef struct { u64 *token, *dot, *digit, *alnum, *high, *hex, *colon, *slash, *at, *name_seed, *second_dot, *third_dot, *long_hex, *chain; } masks;
enum { MASKS = sizeof(masks) / sizeof(u64 *) };
typedef struct { u64 line, row, start, length; } hit; /* line from 1 in the stream; start and length of its text in the buffer */
typedef struct { u32 position, row; } found;
typedef struct { u64 hash; u32 at, end, about; } question; /* put to the filter once its line has come from memory */

typedef struct scanner scanner;
typedef struct {
    const char *name;
    u32 (*copy)(scanner *, const u8 *, size_t, u64 *);
    void (*classify_again)(scanner *, size_t, size_t);
    void (*urls)(scanner *, const u8 *, size_t);
    void (*tokens)(scanner *, const u8 *, size_t);
    u64 (*count_lines)(const u8 *, size_t);
} instructions;

struct scanner {
    const set *set;
    const instructions *with;
    u32 flags, at;        /* at: when, in seconds since 1970, for rows that expire */
    size_t room;          /* bytes that the text buffers hold */
    u8 *memory, *text, *pair, *url; /* form 1, later form 2; host and path of two fields; a normalised URL */
    masks masks;
    u32 *places, *numbers, *seen;
    question queue[QUEUE], again[QUEUE]; /* again: names whose two labels are known, asked about three */
    size_t waiting, waiting_again;
    found *found;
    size_t found_count, found_room;
    hit *hits;
    size_t hit_count, hit_room;
    u64 line;             /* line ends passed so far */
    int zeek_host, zeek_uri;
    const char *error;
    struct { size_t start, end, from, to; int is_valid; u8 number[16]; } run6; /* the last run of [a-z0-9.:] that was read */
    size_t done6;
    const u8 *tail; size_t tail_length, key_tail; int port;        /* the URL being looked up */
};

static const u8 TAIL_MASK[64] = {[32 ... 63] = 255};

/* ---- looking up ------------------------------------------------------------------------------------------------------- */

static void report(scanner *sc, size_t position, const part *of, u32 offset)
{
    int64_t row = row_of(of, offset);
    if (row < 0) { sc->error = "the set is damaged: a record is not where the table says"; return; }
    u32 until = until_of(of, (u64)row);
    row += (int64_t)of->first;
    if (is_removed(sc->set, (u64)row) || (until && until <= sc->at)) return;
    if (sc->found_count == sc->found_room) {
        size_t room = sc->found_room * 2 + 256;
        found *more = realloc(sc->found, room * sizeof *more);
        if (!more) { sc->error = "out of memory"; return; }
        sc->found = more;
        sc->found_room = room;
    }
    sc->found[sc->found_count++] = (found){(u32)position, (u32)row};
}

/* Whether a URL's record, whose key fits, covers the URL that is being looked up. */
static int url_fits(const scanner *sc, const record *r)
{
    if (r->has_port && r->port != sc->port) return 0;
    const u8 *tail = sc->tail, *end = tail + sc->tail_length;
    if (r->kind == K_PATH)
        return r->tail == TAIL_PREFIX || glob_covers(r->rest, r->rest + r->rest_length, tail + sc->key_tail, end);
    if (r->kind != K_WIDE || r->tail == TAIL_ANY) return 1;
    if (r->tail == TAIL_GLOB) return glob_covers(r->rest, r->rest + r->rest_length, tail, end);
    if (sc->tail_length < r->rest_length || memcmp(tail, r->rest, r->rest_length)) return 0;
    return sc->tail_length == r->rest_length || (r->tail == TAIL_PREFIX && tail[r->rest_length] == '/');
}

static void look(scanner *sc, u32 kind, const u8 *key, size_t length, size_t position)
{
    const set *s = sc->set;
    u64 hash = key_hash(s->seed, kind, key, length);
    if (!is_guarded(kind, key) && !filter_has(s, hash)) return;
    for (const part *of = &s->base; of; of = of == &s->base && s->delta_header ? &s->delta : NULL) {
        record r;
        walk w;
        int state = find_key(of, hash, kind, key, length, &w, &r);
        for (; state > 0; state = find_twin(of, &w, &r))
            if (kind < K_URL || url_fits(sc, &r)) report(sc, position, of, w.offset);
        if (state < 0) { sc->error = "the set is damaged: a record cannot be read"; return; }
    }
}

/* ---- the slow path: names ----------------------------------------------------------------------------------------------- */

INLINE int is_edge(u8 c) { return c == '.' || c == '-' || c == '_'; }

/* Every name that a token mentions: suffixes at label starts, and (has_edges) the token without the edges at its start. */
static void look_names(scanner *sc, const u8 *name, const u8 *end, int has_edges, size_t position)
{
    while (end > name && is_edge(end[-1])) end--;
    const u8 *bare = name;
    while (has_edges && bare < end && is_edge(*bare)) bare++;
    if (!filter_has(sc->set, parent_hash_of(sc->set->seed, name, end, 2)) && !filter_has(sc->set, parent_hash_of(sc->set->seed, bare, end, 2))) return;
    for (const u8 *p = end - 1; p >= name && end - p <= MOST_NAME; p--)
        if (p == name || p == bare || p[-1] == '.') look(sc, K_DOMAIN, p, (size_t)(end - p), position);
}

static void name_at(scanner *sc, const u8 *t, size_t e)
{
    const u8 *name = t + e;
    while (IS(name[-1], TOKEN)) name--;
    look_names(sc, name, t + e, 1, e - 1);
}

/* A run of name characters that are not all ASCII: fold, write each label in punycode, and look. A name has at most 253 characters,
 * so only the last 256 matter; a label that begins before them, or that is too long, ends what can be looked up. */
static void look_folded(scanner *sc, const u8 *p, const u8 *end, size_t position)
{
    u32 points[MOST_FOLDED];
    u8 out[MOST_FOLDED + 128];
    const u8 *bare = p, *start;
    u32 last;
    while (end > p && (is_edge(end[-1]) || (end - p > 2 && utf8_read(end - 3, end, &last) == 3 && is_ideographic_dot(last)))) end -= is_edge(end[-1]) ? 1 : 3;
    for (u32 point; bare < end; bare += is_edge(*bare) ? 1 : 3)
        if (!is_edge(*bare) && !(utf8_read(bare, end, &point) && is_ideographic_dot(point))) break;
    for (int pass = 0; pass < 1 + (bare > p); pass++) {
        const u8 *begin = pass ? bare : p;
        start = end;
        for (int characters = 0; start > begin && characters < 256; characters++)
            do start--;
            while (start > begin && (*start & 0xC0) == 0x80);
        int count = fold_text(start, end, points, MOST_FOLDED), n = 0, is_open = 1;
        while (count > 0 && points[count - 1] < 128 && is_edge((u8)points[count - 1])) count--;
        for (int label = 0, i = 0; i <= count; i++) {
            if (i < count && points[i] != '.') continue;
            int size = !label && start > begin ? -1 : label_to_ascii(points + label, i - label, out + n, (int)sizeof out - n);
            n = size < 0 ? 0 : n + size;
            is_open = size >= 0 || i < count;
            if (size >= 0 && i < count) out[n++] = '.';
            label = i + 1;
        }
        if (is_open) look_names(sc, out, out + n, 0, position);
    }
}

/* A run of token characters and bytes over 127 ends at e: cut it where a character cannot stand in a name. */
static void words_at(scanner *sc, const u8 *t, size_t e)
{
    const u8 *end = t + e, *p = end, *word = NULL;
    int is_plain = 1;
    while (p[-1] >= 0x80 || IS(p[-1], TOKEN)) p--;
    while (p < end) {
        u32 point;
        int size = utf8_read(p, end, &point), is_in = size && (point < 0x80 || is_word(point) || is_ideographic_dot(point));
        if (is_in && !word) { word = p; is_plain = 1; }
        is_plain &= *p < 0x80;
        p += size ? size : 1;
        if (word && (!is_in || p == end)) {
            const u8 *stop = is_in ? p : p - (size ? size : 1);
            if (!is_in) is_plain = is_ascii(word, stop);
            if (is_plain) look_names(sc, word, stop, 1, e - 1);
            else look_folded(sc, word, stop, e - 1);
            word = NULL;
        }
    }
}

/* ---- the slow path: addresses ------------------------------------------------------------------------------------------- */

/* The number after ":" at p, or -1; it ends before anything but a letter or digit. */
static int port_read(const u8 *p)
{
    int port = 0, digits = 0;
    if (*p++ != ':') return -1;
    for (; IS(*p, DIGIT) && digits < 6; p++, digits++) {
        if (digits && !port) return -1;
        port = port * 10 + (*p - '0');
    }
    return digits && digits < 6 && port < 65536 && !IS(*p, ALNUM) ? port : -1;
}

/* The keys under which an address may be found: one for each prefix length in use, and one with its port. */
static void key4(u8 key[6], u32 address, u32 last)
{
    for (int i = 0; i < 4; i++) key[i] = (u8)(address >> (24 - 8 * i));
    key[4] = (u8)last;
    key[5] = (u8)(last >> 8);
}

static void key6(u8 key[18], const u8 number[16], int prefix)
{
    memcpy(key, number, 16);
    for (int i = prefix / 8 + (prefix % 8 != 0); i < 16; i++) key[i] = 0;
    if (prefix % 8) key[prefix / 8] &= (u8)(0xFF00 >> prefix % 8);
    key[16] = (u8)prefix;
}

/* Bits of the prefix lengths in use, without those that no compiler would have let pass. */
INLINE u64 lengths4(const set *s) { return s->prefixes4 & 0x1FFFFFF00ull; }
INLINE u64 lengths6(const set *s, int word) { return s->prefixes6[word] & (word == 2 ? 1 : word ? ~0ull : ~0xFFFFull); }

static void look_address4(scanner *sc, u32 address, int port, size_t position)
{
    u8 key[6];
    if (!(sc->set->kinds & HAS_ADDRESS4) || !(sc->set->map4[address >> 14] >> (address >> 8 & 63) & 1)) return;
    for (u64 left = lengths4(sc->set); left; left &= left - 1) {
        u32 prefix = (u32)__builtin_ctzll(left);
        key4(key, address & 0xFFFFFFFFu << (32 - prefix), prefix);
        look(sc, K_IPV4, key, 5, position);
    }
    key4(key, address, (u32)port);
    if (port >= 0) look(sc, K_PORT4, key, 6, position);
}

static void look_address6(scanner *sc, const u8 number[16], int port, size_t position)
{
    u8 key[18];
    for (int word = 0; word < 3; word++)
        for (u64 left = lengths6(sc->set, word); left; left &= left - 1) {
            key6(key, number, word * 64 + __builtin_ctzll(left));
            look(sc, K_IPV6, key, 17, position);
        }
    memcpy(key, number, 16);
    key[16] = (u8)port;
    key[17] = (u8)(port >> 8);
    if (port >= 0) look(sc, K_PORT6, key, 18, position);
}

/* Read the run of [a-z0-9.:] around a position, unless it is the one that was read last. */
static void read_run6(scanner *sc, const u8 *t, size_t position)
{
    if (position >= sc->run6.start && position < sc->run6.end) return;
    const u8 *start = t + position, *end = start, *p, *stop, *colon;
    while (IS(start[-1], ALNUM | DOT | COLON)) start--;
    while (IS(*end, ALNUM | DOT | COLON)) end++;
    sc->run6.start = (size_t)(start - t);
    sc->run6.end = (size_t)(end - t);
    sc->run6.is_valid = 0;
    for (p = start; p < end && *p == '.'; p++) {}
    for (stop = end; stop > p && stop[-1] == '.'; stop--) {}
    for (; (colon = memchr(p, ':', (size_t)(stop - p))) && colon > p; p = colon + 1) {
        const u8 *q = p;
        while (q < colon && hex_digit(*q) >= 0) q++;
        if (q == colon && colon - p <= 4) break;
    }
    if (stop - p > 1 && p[0] == ':' && p[1] != ':') p++;
    if (stop > p && stop[-1] == ':' && (stop - p < 2 || stop[-2] != ':' || (stop - p > 2 && stop[-3] == ':'))) stop--;
    sc->run6.from = (size_t)(p - t);
    sc->run6.to = (size_t)(stop - t);
    sc->run6.is_valid = stop > p && address6_read(p, stop, sc->run6.number);
}

/* Whether the quad at [start, end) is no address: the version of a browser (Chrome/120.0.0.0), or the tail of an IPv6 address. */
static int is_no_address4(scanner *sc, const u8 *t, size_t start, u32 address)
{
    const u8 *p = t + start;
    if (!(address & 0xFFFFFF) && p[-1] == '/' && IS(p[-2], LETTER)) return 1;
    if (p[-1] != ':') return 0;
    read_run6(sc, t, start);
    return sc->run6.is_valid && start >= sc->run6.from && start < sc->run6.to;
}

static void address4_at(scanner *sc, const u8 *t, size_t start, size_t end)
{
    u32 address;
    if (quad_read(t + start, t + end, &address)) look_address4(sc, address, port_read(t + end), start);
}

/* The port of the address in run6, where it stands in brackets. */
static int port6(const scanner *sc, const u8 *t)
{
    return (t + sc->run6.from)[-1] == '[' && t[sc->run6.to] == ']' ? port_read(t + sc->run6.to + 1) : -1;
}

static int is_mapped(const u8 number[16])
{
    static const u8 mapped[12] = {[10] = 255, [11] = 255};
    return !memcmp(number, mapped, 12);
}

static void address6_at(scanner *sc, const u8 *t, size_t e)
{
    read_run6(sc, t, e - 1);
    if (!sc->run6.is_valid) return;
    const u8 *n = sc->run6.number;
    if (sc->set->kinds & HAS_ADDRESS6) look_address6(sc, n, port6(sc, t), sc->run6.from);
    if (is_mapped(n)) look_address4(sc, (u32)n[12] << 24 | (u32)n[13] << 16 | (u32)n[14] << 8 | n[15], port6(sc, t), sc->run6.from);
}

/* ---- the slow path: hashes and mail addresses --------------------------------------------------------------------------- */

static void hash_at(scanner *sc, const u8 *t, size_t e)
{
    u8 key[64];
    const u8 *end = t + e, *p = end;
    while (end - p < 129 && IS(p[-1], DIGIT | HEXLETTER)) p--;
    size_t digits = (size_t)(end - p);
    if ((digits != 32 && digits != 40 && digits != 64 && digits != 128) || IS(p[-1], ALNUM)) return;
    for (size_t i = 0; i < digits / 2; i++) key[i] = (u8)hex_pair(p + i * 2);
    look(sc, K_HASH, key, digits / 2, e - 1);
}

/* Whether the character that ends before p forbids that a local part begins at p. */
static int binds_local(const u8 *p)
{
    if (IS(p[-1], TOKEN) || p[-1] == '+') return 1;
    if (p[-1] < 0x80) return 0;
    for (int size = 2; size <= 4; size++) {
        u32 point;
        if (utf8_read(p - size, p, &point) == size) return is_word(point);
        if ((p[-size] & 0xC0) != 0x80) return 0;
    }
    return 0;
}

static void email_at(scanner *sc, const u8 *t, size_t at)
{
    u8 key[64 + 1 + MOST_HOST * 2], name[MOST_HOST * 2];
    const u8 *domain = t + at + 1, *end = domain, *local = t + at;
    for (u32 point; end - domain < 512;) {
        int size = utf8_read(end, end + 4, &point);
        if (!size || !(point < 0x80 ? IS(point, TOKEN) : is_word(point) || is_ideographic_dot(point))) break;
        end += size;
    }
    while (end > domain && is_edge(end[-1])) end--;
    int length = (int)(end - domain);
    if (!is_ascii(domain, end)) {
        length = name_to_ascii(domain, end, name, sizeof name);
        domain = name;
    }
    if (length < 3 || length > MOST_NAME) return;
    while (t + at - local < 64 && IS(local[-1], LOCAL)) local--;
    for (; local < t + at; local++) {
        if (binds_local(local)) continue;
        const u8 *bare = local;
        for (const u8 *p = local; p < t + at; p = bare) {
            size_t size = (size_t)(t + at - p);
            memcpy(key, p, size);
            key[size] = '@';
            memcpy(key + size + 1, domain, (size_t)length);
            look(sc, K_EMAIL, key, size + 1 + (size_t)length, at);
            if (p != local) break;
            while (bare < t + at && is_edge(*bare)) bare++;
            if (bare == local) break;
        }
    }
}

/* ---- URLs ----------------------------------------------------------------------------------------------------------------- */

static void look_url(scanner *sc, const u8 *body, const u8 *end, int port, size_t position)
{
    const set *s = sc->set;
    url_start url;
    u8 *key = sc->url;
    if (!url_read_host(body, end, port, key, &url)) return;
    size_t host = (size_t)url.host_length;
    int is_known = filter_has(s, key_hash(s->seed, K_GATE, key, host));
    int is_wide_known = s->kinds & HAS_WIDE && filter_has(s, parent_hash_of(s->seed ^ WIDE_SEED, key, key + host, 2));
    if (!is_known && !is_wide_known) return;
    size_t n = url_read_tail(&url, key + host);
    sc->tail = key + host;
    sc->tail_length = n;
    sc->port = url.port;
    if (is_wide_known)
        for (size_t i = host; i-- > 1;)
            if (key[i - 1] == '.') look(sc, K_WIDE, key + i, host - i, position);
    if (!is_known) return;
    look(sc, K_HOST, key, host, position);
    for (size_t i = 0; i <= n && i < 4400; i++) {
        if (i && i < n && key[host + i] != '/') continue;
        sc->key_tail = i;
        look(sc, K_PATH, key, host + i, position);
    }
    if (n && n < 4400) look(sc, K_URL, key, host + n, position);
}

INLINE int ends_with(const u8 *start, const u8 *end, const char *word, size_t length)
{
    return (size_t)(end - start) >= length && !memcmp(end - length, word, length);
}

static int default_port(const u8 *start, const u8 *end)
{
    if (ends_with(start, end, "https", 5) || ends_with(start, end, "wss", 3)) return 443;
    if (ends_with(start, end, "http", 4) || ends_with(start, end, "ws", 2)) return 80;
    return ends_with(start, end, "ftp", 3) ? 21 : 0;
}

/* The URL whose "://" is at mark, in a stretch without white space that ends at stretch_end. */
static void url_at(scanner *sc, const u8 *t, size_t mark, size_t stretch_end)
{
    const u8 *before = t + mark, *body = before + 3, *end = t + stretch_end, *stop = end;
    int port = default_port(before - 8, before);
    look_url(sc, body, end, port, mark);
    while (stop > body && memchr(".,;:!?)]}'", stop[-1], 10)) stop--;
    if (stop < end) look_url(sc, body, stop, port, mark);
}

/* ---- undoing escapes: what comes out is never longer than what went in, and holds as many line ends ------------------------ */

static u8 *undo_json(u8 *to, const u8 *p, const u8 *end)
{
    while (p < end) {
        const u8 *slash = memchr(p, '\\', (size_t)(end - p)), *stop = slash ? slash : end;
        memmove(to, p, (size_t)(stop - p));
        to += stop - p;
        p = stop;
        if (p == end) break;
        if (end - p >= 2 && p[1] == 'u' && end - p >= 6 && hex_pair(p + 2) >= 0 && hex_pair(p + 4) >= 0) {
            u32 point = (u32)hex_pair(p + 2) << 8 | (u32)hex_pair(p + 4);
            p += 6;
            if (point >= 0xD800 && point < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' && hex_pair(p + 2) >= 0xDC
                && hex_pair(p + 2) < 0xE0 && hex_pair(p + 4) >= 0) {
                u32 low = (u32)hex_pair(p + 2) << 8 | (u32)hex_pair(p + 4);
                point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
                p += 6;
            } else if (point >= 0xD800 && point < 0xE000) point = 0xFFFD;
            to = utf8_write(to, point == '\n' ? 1 : point);
            continue;
        }
        u8 c = end - p < 2 ? 0 : p[1];
        static const u8 meanings[128] = {['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = 1, ['r'] = '\r', ['t'] = '\t'};
        if (c < 128 && meanings[c]) { *to++ = meanings[c]; p += 2; }
        else *to++ = *p++;
    }
    return to;
}

static int looks_like_json(const u8 *p, const u8 *end)
{
    if (end - p >= 3 && !memcmp(p, "\xEF\xBB\xBF", 3)) p += 3;
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r')) p++;
    if (p == end || (*p != '{' && *p != '[')) return 0;
    if (*p++ == '{') return 1;
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r')) p++;
    return p < end && (*p == '{' || *p == '[' || *p == '"');
}

/* Lines are rewritten where they stand: what a line becomes is never longer, and blanks fill it up, so that every line keeps its place. */
static void fill_up(u8 *from, u8 *end) { if (end > from) memset(from, ' ', (size_t)(end - from)); }

static const u8 *line_start(const u8 *text, const u8 *p)
{
    const u8 *end = memrchr(text, '\n', (size_t)(p - text));
    return end ? end + 1 : text;
}

static void undo_json_lines(scanner *sc, const u8 *raw, size_t n)
{
    for (const u8 *p = raw, *end = raw + n, *start, *stop; (p = memchr(p, '\\', (size_t)(end - p))); p = stop) {
        start = line_start(raw, p);
        if (!(stop = memchr(p, '\n', (size_t)(end - p)))) stop = end;
        if (!(sc->flags & JSON_ALWAYS) && !looks_like_json(start, stop)) continue;
        u8 *to = sc->text + (p - raw), *written = undo_json(to, p, stop);
        fill_up(written, sc->text + (stop - raw));
        sc->with->classify_again(sc, (size_t)(p - raw), (size_t)(stop - raw));
    }
}

/* Percent escapes of a line, from p to its end. */
static void undo_percent_line(u8 *p, u8 *end)
{
    u8 *out = p;
    while (p < end) {
        u8 *mark = memchr(p, '%', (size_t)(end - p)), *stop = mark ? mark : end, character[4];
        if (out < p) memmove(out, p, (size_t)(stop - p));
        out += stop - p;
        p = stop;
        int size = 0, value;
        for (u8 *q = p; size < 4 && end - q > 2 && *q == '%' && (value = hex_pair(q + 1)) >= 0; q += 3) character[size++] = (u8)value;
        u32 point;
        int used = size ? utf8_read(character, character + size, &point) : 0;
        if (used == 1 && out == p && (!CLASS[character[0]] || character[0] <= ' ') && !memchr("[]@", character[0], 3)) {
            memset(p, ' ', 3); /* a character that only separates may as well be three blanks, and nothing moves */
            out += 3;
        } else if (used == 1) *out++ = character[0] == '\n' ? 1 : lower(character[0]);
        else if (used) { memcpy(out, character, (size_t)used); out += used; }
        else if (p < end) *out++ = *p++;
        p += used * 3;
    }
    fill_up(out, end);
}

static void undo_percent(scanner *sc, size_t n)
{
    for (u8 *p = sc->text, *end = p + n, *stop; (p = memchr(p, '%', (size_t)(end - p))); p = stop) {
        if (!(stop = memchr(p, '\n', (size_t)(end - p)))) stop = end;
        undo_percent_line(p, stop);
        sc->with->classify_again(sc, (size_t)(p - sc->text), (size_t)(stop - sc->text));
    }
}

static void refang_line(u8 *text, u8 *end)
{
    static const char *const from[] = {"[.]", "(.)", "{.}", "[dot]", "(dot)", "{dot}", "[:]", "[://]", "[@]", "[at]", "(at)", "[/]"};
    static const char *const into[] = {".", ".", ".", ".", ".", ".", ":", "://", "@", "@", "@", "/"};
    u8 *out = text;
    for (const u8 *p = text; p < end;) {
        size_t size = 0;
        if (*p == 'h' && end - p > 4 && !memcmp(p, "hxxp", 4)) {
            const u8 *q = p + 4 + (p[4] == 's');
            if (q < end && (*q == ':' || *q == '[')) { memcpy(out, "http", 4); out += 4; p += 4; continue; }
        }
        if (*p == '[' || *p == '(' || *p == '{')
            for (int i = 0; i < 12 && !size; i++) {
                size_t length = strlen(from[i]);
                if ((size_t)(end - p) < length || memcmp(p, from[i], length)) continue;
                size = length;
                memcpy(out, into[i], strlen(into[i]));
                out += strlen(into[i]);
            }
        if (!size) *out++ = *p;
        p += size ? size : 1;
    }
    fill_up(out, end);
}

static void refang(u8 *text, size_t n)
{
    for (u8 *p = text, *end = text + n, *stop; p < end; p = stop + 1) {
        if (!(stop = memchr(p, '\n', (size_t)(end - p)))) stop = end;
        refang_line(p, stop);
    }
}

/* ---- host and path in separate fields --------------------------------------------------------------------------------------- */

static void look_joined(scanner *sc, const u8 *host, size_t host_length, const u8 *uri, size_t uri_length, int is_json, size_t position)
{
    u8 *text = sc->pair, *uri_text = text + host_length + 8; /* a buffer of its own for what two fields say together */
    u8 *host_end = text, *end = uri_text;
    if (is_json) { host_end = undo_json(text, host, host + host_length); end = undo_json(uri_text, uri, uri + uri_length); }
    else {
        memcpy(text, host, host_length);
        memcpy(uri_text, uri, uri_length);
        host_end += host_length;
        end += uri_length;
    }
    for (u8 *p = text; p < end; p++)
        if (p < host_end || p >= uri_text) *p = lower(*p);
    size_t scheme = scheme_length(uri_text, end);
    if (scheme) { look_url(sc, uri_text + scheme, end, default_port(uri_text, uri_text + scheme - 3), position); return; }
    if (host_end == text) return;
    u8 *body = uri_text;
    if (uri_text == end || *uri_text != '/') *--body = '/';
    body -= host_end - text;
    memmove(body, text, (size_t)(host_end - text));
    look_url(sc, body, end, 80, position);
}

/* The string value of a key; NULL where the line has none. */
static const u8 *json_value(const u8 *p, const u8 *end, const char *quoted_key, size_t key_length, size_t *length)
{
    for (; (p = memchr(p, '"', (size_t)(end - p))); p++) {
        if ((size_t)(end - p) < key_length + 3 || memcmp(p, quoted_key, key_length)) continue;
        const u8 *q = p + key_length;
        while (q < end && (*q == ' ' || *q == '\t')) q++;
        if (q == end || *q++ != ':') continue;
        while (q < end && (*q == ' ' || *q == '\t')) q++;
        if (q == end || *q++ != '"') continue;
        const u8 *value = q;
        while (q < end && *q != '"') q += *q == '\\' ? 2 : 1;
        if (q >= end) continue;
        *length = (size_t)(q - value);
        return value;
    }
    return NULL;
}

/* Column number (from 0) of a name in a tab-separated line, or -1. */
static int column_of(const u8 *p, const u8 *end, const char *name)
{
    for (int column = 0;; column++) {
        const u8 *tab = memchr(p, '\t', (size_t)(end - p)), *stop = tab ? tab : end;
        if ((size_t)(stop - p) == strlen(name) && !memcmp(p, name, strlen(name))) return column;
        if (!tab) return -1;
        p = tab + 1;
    }
}

static const u8 *column_read(const u8 *p, const u8 *end, int column, size_t *length)
{
    for (; column; column--) {
        p = memchr(p, '\t', (size_t)(end - p));
        if (!p) return NULL;
        p++;
    }
    const u8 *tab = memchr(p, '\t', (size_t)(end - p));
    *length = (size_t)((tab ? tab : end) - p);
    return p;
}

INLINE int is_unset(const u8 *p, size_t n) { return !n || (n == 1 && *p == '-') || (n == 7 && !memcmp(p, "(empty)", 7)); }

static void zeek_header(scanner *sc, const u8 *p, const u8 *end)
{
    if (end > p && end[-1] == '\r') end--;
    int is_fields = end - p >= 8 && !memcmp(p, "#fields\t", 8);
    if (!is_fields && !(end - p >= 10 && !memcmp(p, "#separator", 10)) && !(end - p >= 6 && !memcmp(p, "#close", 6))) return;
    sc->zeek_host = is_fields ? column_of(p + 8, end, "host") : -1;
    sc->zeek_uri = is_fields ? column_of(p + 8, end, "uri") : -1;
}

static void joined(scanner *sc, const u8 *raw, size_t n, int has_uri)
{
    size_t host_length, uri_length;
    const u8 *host, *uri;
    for (const u8 *p = raw, *end = raw + n, *next; p < end; p = next) {
        const u8 *stop = memchr(p, '\n', (size_t)(end - p));
        next = stop ? stop + 1 : end;
        stop = stop ? stop : end;
        if (*p == '#') zeek_header(sc, p, stop);
        else if (sc->zeek_host >= 0 && sc->zeek_uri >= 0) {
            const u8 *line_end = stop > p && stop[-1] == '\r' ? stop - 1 : stop;
            host = column_read(p, line_end, sc->zeek_host, &host_length);
            uri = column_read(p, line_end, sc->zeek_uri, &uri_length);
            if (host && uri && !is_unset(host, host_length))
                look_joined(sc, host, host_length, uri, is_unset(uri, uri_length) ? 0 : uri_length, 0, (size_t)(p - raw));
        }
        if (!has_uri || sc->flags & JSON_NEVER || !memmem(p, (size_t)(stop - p), "\"uri\"", 5)) continue;
        host = json_value(p, stop, "\"host\"", 6, &host_length);
        uri = json_value(p, stop, "\"uri\"", 5, &uri_length);
        if (host && uri) look_joined(sc, host, host_length, uri, uri_length, 1, (size_t)(p - raw));
    }
}

static void look_closely(scanner *sc, const u8 *t, question q)
{
    switch (q.about) {
    case ABOUT_NAME: name_at(sc, t, q.at); break;
    case ABOUT_HASH: hash_at(sc, t, q.at); break;
    case ABOUT_EMAIL: email_at(sc, t, q.at); break;
    case ABOUT_URL: url_at(sc, t, q.at, q.end); break;
    case ABOUT_ADDRESS4: address4_at(sc, t, q.at, q.end); break;
    case ABOUT_ADDRESS6: address6_at(sc, t, q.at); break;
    }
}

/* Where the digits of an address's octets stand, told by how many digits each has, in the 16 bytes that end with it; and the least
 * value that an octet of so many digits has, because none begins with 0. */
typedef struct { u8 columns[16]; u32 least[4]; } quad_shape;
static quad_shape QUADS[256];

static void quads_make(void)
{
    static const u32 least[4] = {0, 0, 10, 100};
    for (int shape = 0; shape < 256; shape++)
        for (int octet = 0, end = 15; octet < 4; octet++) {
            int digits = (shape >> 2 * octet & 3) + 1;
            for (int i = 0; i < 4; i++) /* hundreds, tens, ones, nothing */
                QUADS[shape].columns[octet * 4 + i] = (u8)(i < 3 && 3 - i <= digits && end >= 2 - i ? end - 2 + i : 128);
            QUADS[shape].least[octet] = least[digits & 3];
            end -= digits + 1;
        }
}

/* ---- the pass ------------------------------------------------------------------------------------------------------------- */

#define UP_TO_63 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, \
    32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63
#define NAME(x) x##_portable
#define INSTRUCTIONS_NAME "portable"
#define VECTOR 0
#include "scan.h"
#undef NAME
#undef INSTRUCTIONS_NAME
#undef VECTOR

#if defined(__x86_64__)
#define NAME(x) x##_sse2
#define INSTRUCTIONS_NAME "sse2"
#define VECTOR 16
#include "scan.h"
#undef NAME
#undef INSTRUCTIONS_NAME
#undef VECTOR

#define AVX2_FEATURES "avx2,bmi,bmi2,lzcnt,popcnt"
#define AVX512_FEATURES "avx2,bmi,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2"
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target(AVX2_FEATURES))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt")
#endif
#define NAME(x) x##_avx2
#define INSTRUCTIONS_NAME "avx2"
#define VECTOR 32
#include "scan.h"
#undef NAME
#undef INSTRUCTIONS_NAME
#undef VECTOR
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target(AVX512_FEATURES))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2")
#endif
#define NAME(x) x##_avx512
#define INSTRUCTIONS_NAME "avx512"
#define VECTOR 64
#include "scan.h"
#undef NAME
#undef INSTRUCTIONS_NAME
#undef VECTOR
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

/* 0: less than AVX2; 1: AVX2 with BMI1, BMI2, LZCNT and POPCNT; 2: AVX-512 with VBMI too. Asked of the processor and, for the
 * registers, of the operating system; the compilers' own test needs a library that not every one of them brings. */
static int x86_level(void)
{
    u32 a, b, c, d, low, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_POPCNT)) return 0;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 6) != 6 || !__get_cpuid(0x80000001, &a, &b, &c, &d) || !(c & bit_LZCNT)) return 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2) || !(b & bit_BMI) || !(b & bit_BMI2)) return 0;
    u32 wide = bit_AVX512F | bit_AVX512BW | bit_AVX512VL | bit_AVX512DQ;
    return (low & 0xE6) == 0xE6 && (b & wide) == wide && (c & bit_AVX512VBMI) && (c & bit_AVX512VBMI2) ? 2 : 1;
}
#endif

static const instructions *instructions_for(const char *name)
{
#if defined(__x86_64__)
    int level = x86_level();
    if (level >= 2 && (!*name || !strcmp(name, "avx512"))) return &INSTRUCTIONS_avx512;
    if (level >= 1 && (!*name || !strcmp(name, "avx2"))) return &INSTRUCTIONS_avx2;
    if (!*name || !strcmp(name, "sse2")) return &INSTRUCTIONS_sse2;
#endif
    return !*name || !strcmp(name, "portable") ? &INSTRUCTIONS_portable : NULL;
}

/* Make the buffers hold blocks of n bytes. */
static int scanner_grow(scanner *sc, size_t n)
{
    if (n <= sc->room) return 1;
    size_t room = (n + 4095) / 4096 * 4096, text = room + 2 * EDGE + 256, words = room / 64 + 8;
    size_t sizes[] = {text, text, room + MOST_HOST * 2 + 64, words * MASKS * 8, room * 2 + 512, room * 2 + 512, room * 6 + 64}, all = 0;
    for (int i = 0; i < 7; i++) all += (sizes[i] + 63) / 64 * 64;
    u8 *memory = aligned_alloc(64, all), *p = memory;
    if (!memory) return 0;
    free(sc->memory);
    memset(memory, '\n', all);
    sc->memory = memory;
    sc->room = room;
    sc->text = p + EDGE;
    sc->pair = (p += text / 64 * 64 + (text % 64 ? 64 : 0)) + EDGE;
    sc->url = (p += text / 64 * 64 + (text % 64 ? 64 : 0));
    u64 *mask = (u64 *)(p += (sizes[2] + 63) / 64 * 64);
    for (int i = 0; i < MASKS; i++) {
        mask[(size_t)i * words] = 0; /* the word before the first, which windows look into */
        (&sc->masks.token)[i] = mask + (size_t)i * words + 1;
    }
    sc->places = (u32 *)(p += (sizes[3] + 63) / 64 * 64);
    sc->numbers = (u32 *)(p += (sizes[4] + 63) / 64 * 64);
    sc->seen = (u32 *)(p += (sizes[5] + 63) / 64 * 64);
    return 1;
}

static int compare_found(const void *a, const void *b)
{
    const found *x = a, *y = b;
    return x->position != y->position ? (x->position < y->position ? -1 : 1) : x->row < y->row ? -1 : x->row > y->row;
}

static int compare_hits(const void *a, const void *b)
{
    const hit *x = a, *y = b;
    return x->line != y->line ? (x->line < y->line ? -1 : 1) : x->row < y->row ? -1 : x->row > y->row;
}

/* What was found in a block becomes hits: positions become lines, each (line, row) once, in order. */
static void settle(scanner *sc, const u8 *raw, size_t n, size_t offset)
{
    if (!sc->found_count) return;
    if (sc->hit_count + sc->found_count > sc->hit_room) {
        size_t room = (sc->hit_count + sc->found_count) * 2 + 1024;
        hit *more = realloc(sc->hits, room * sizeof *more);
        if (!more) { sc->error = "out of memory"; return; }
        sc->hits = more;
        sc->hit_room = room;
    }
    qsort(sc->found, sc->found_count, sizeof *sc->found, compare_found);
    hit *first = sc->hits + sc->hit_count, *kept = first;
    u64 line = sc->line + 1;
    size_t start = 0, end = 0, counted = 0;
    for (size_t i = 0; i < sc->found_count; i++) {
        size_t at = sc->found[i].position;
        if (!i || at >= end) {
            line += sc->with->count_lines(raw + counted, at - counted);
            counted = at;
            start = (size_t)(line_start(raw, raw + at) - raw);
            const u8 *stop = memchr(raw + at, '\n', n - at);
            end = stop ? (size_t)(stop - raw) : n;
        }
        first[i] = (hit){line, sc->found[i].row, offset + start, end - start};
    }
    qsort(first, sc->found_count, sizeof *first, compare_hits);
    for (size_t i = 0; i < sc->found_count; i++)
        if (!i || first[i].line != kept[-1].line || first[i].row != kept[-1].row) *kept++ = first[i];
    sc->hit_count = (size_t)(kept - sc->hits);
    sc->found_count = 0;
}

static void block(scanner *sc, const u8 *raw, size_t n, size_t offset)
{
    const instructions *with = sc->with;
    u64 lines;
    u8 *text = sc->text;
    u32 saw = with->copy(sc, raw, n, &lines);
    if (saw & SAW_BACKSLASH && !(sc->flags & JSON_NEVER)) {
        undo_json_lines(sc, raw, n);
        saw |= SAW_PERCENT; /* \u0025 */
    }
    if (sc->flags & DEFANGED) {
        refang(text, n);
        with->classify_again(sc, 0, n);
    }
    sc->run6.start = sc->run6.end = 0;
    if (sc->set->kinds & HAS_URL) {
        with->urls(sc, text, n);
        if (saw & (SAW_URI | SAW_HEADER) || (sc->zeek_host >= 0 && sc->zeek_uri >= 0)) joined(sc, raw, n, saw & SAW_URI);
    }
    if (saw & SAW_PERCENT) undo_percent(sc, n);
    with->tokens(sc, text, n);
    settle(sc, raw, n, offset);
    sc->line += lines;
}

/* ---- the interface (native.py declares the same) ----------------------------------------------------------------------------- */

API u64 tocsin_set_size(void) { return sizeof(set); }
API const char *tocsin_set_open(set *s, const u8 *base, u64 size) { return set_read(s, base, size); }
API const char *tocsin_set_check(const set *s, int file) { return set_sums_check(s->header, file); }
API const char *tocsin_set_join(set *s, const u8 *delta, u64 size, u64 *map4) { return delta_read(s, delta, size, map4); }

/* Rows of the base, of the delta; how many of each can match; removed ones; when each was made; how many rows have a time until which
 * they are valid; whether there is a delta; the seed. */
API void tocsin_set_numbers(const set *s, u64 out[9])
{
    const set_header *d = s->delta_header;
    u64 all[9] = {s->header->rows, d ? d->rows : 0, s->header->compiled, d ? d->compiled : 0, s->removed ? d->removed : 0,
                  s->header->made_at, d ? d->made_at : 0, (s->base.until ? s->base.rows : 0) + (s->delta.until ? s->delta.rows : 0), d != NULL};
    memcpy(out, all, sizeof all);
}
API void tocsin_set_removed(const set *s, u8 *out)
{
    if (s->removed) memcpy(out, s->removed, (s->base.rows + s->delta.rows + 63) / 64 * 8);
}
API u64 tocsin_set_seed(const set *s) { return s->seed; }

/* Type (K_*, negative for a certificate) of a row, its value into out (8192 bytes) and the value's length; 0: the row was refused; -100: no such row. */
API int tocsin_set_row(const set *s, u64 row, u8 *out, int *length)
{
    record r;
    const part *of = part_of(s, row);
    if (row < of->first || !row_read(of, row - of->first, &r) || is_removed(s, row)) return -100;
    if (r.kind == K_NONE) return 0;
    *length = value_write(&r, out);
    if (*length < 0) return -100;
    return r.flags & CERTIFICATE && r.kind == K_HASH ? -r.kind : r.kind;
}

API const char *tocsin_set_verify(const set *s) { return set_verify(s); }
API int tocsin_set_count(const set *s, u32 at, u64 out[COUNTS]) { return rows_count(s, at, out); }
API int tocsin_set_find(const set *from, u64 first, u64 end, const set *in, int change, u64 *removed, u8 *said)
{
    return rows_find(from, first, end, in, change, removed ? removed : (u64 *)in->removed, said);
}
API int64_t tocsin_set_list(const set *s, u64 *row, u64 end, const u8 *said, u8 *out, u64 room) { return rows_list(s, row, end, said, out, room); }

API void tocsin_scanner_free(scanner *sc)
{
    if (!sc) return;
    free(sc->memory);
    free(sc->found);
    free(sc->hits);
    free(sc);
}

API scanner *tocsin_scanner_new(const set *s, u32 flags, const char *instruction_set)
{
    scanner *sc = calloc(1, sizeof *sc);
    if (!sc) return NULL;
    quads_make();
    sc->set = s;
    sc->flags = flags;
    sc->with = instructions_for(instruction_set);
    sc->zeek_host = sc->zeek_uri = -1;
    if (sc->with && scanner_grow(sc, BLOCK)) return sc;
    tocsin_scanner_free(sc);
    return NULL;
}

API const char *tocsin_scanner_instructions(const scanner *sc) { return sc->with->name; }
API const char *tocsin_scanner_error(const scanner *sc) { return sc->error; }
API const hit *tocsin_scanner_hits(const scanner *sc) { return sc->hits; }
API u64 tocsin_scanner_hit_count(const scanner *sc) { return sc->hit_count; }
API void tocsin_scanner_at(scanner *sc, u32 at) { sc->at = at; }
API u64 tocsin_scanner_lines(const scanner *sc) { return sc->line; }

/* Another stream begins: line numbers start again, headers are forgotten. */
API void tocsin_scanner_restart(scanner *sc)
{
    sc->line = 0;
    sc->zeek_host = sc->zeek_uri = -1;
    sc->error = NULL;
}

/* Scan n bytes of whole lines (the last may lack its line end, at the stream's end only). Returns the bytes scanned, which are fewer
 * than n when very many hits wait to be fetched: call again with the rest. -1: see tocsin_scanner_error. */
API int64_t tocsin_scan(scanner *sc, const u8 *buffer, u64 n)
{
    size_t done = 0;
    sc->hit_count = 0;
    if (n >> 31) { sc->error = "a buffer of more than 2 GB cannot be scanned at once"; return -1; }
    while (done < n && sc->hit_count < MOST_HITS) {
        size_t size = n - done;
        if (size > BLOCK) {
            const u8 *from = buffer + done, *cut = from + BLOCK;
            while (cut > from && cut[-1] != '\n') cut--;
            if (cut == from) {
                cut = memchr(from + BLOCK, '\n', size - BLOCK);
                cut = cut ? cut + 1 : from + size;
            }
            size = (size_t)(cut - from);
        }
        if (!scanner_grow(sc, size)) { sc->error = "out of memory"; return -1; }
        block(sc, buffer + done, size, done);
        if (sc->error) return -1;
        done += size;
    }
    return (int64_t)done;
}

API builder *tocsin_builder_new(u64 seed)
{
    builder *b = calloc(1, sizeof *b);
    if (!b || !(b->map4 = calloc(MAP4_BYTES, 1))) { free(b); return NULL; }
    b->seed = seed;
    return b;
}

API void tocsin_builder_free(builder *b)
{
    if (!b) return;
    bytes *all[] = {&b->hashes, &b->offsets, &b->extras, &b->pool, &b->index, &b->twins, &b->refusals, &b->untils, &b->words};
    for (int i = 0; i < 9; i++) free(all[i]->data);
    free(b->map4);
    free(b->filter);
    free(b->table);
    free(b);
}

/* Add n bytes of whole rows. is_file: empty lines and lines that begin with "#" are no rows, a CR before the line end is dropped. */
API int tocsin_builder_add(builder *b, const u8 *p, u64 n, int is_file)
{
    made *m = malloc(sizeof *m);
    if (!m) return 0;
    for (const u8 *end = p + n; p < end && !b->is_out_of_memory && !b->is_too_large;) {
        const u8 *stop = memchr(p, '\n', (size_t)(end - p));
        row_add(b, p, stop ? stop : end, is_file, m);
        p = stop ? stop + 1 : end;
    }
    free(m);
    return !b->is_out_of_memory && !b->is_too_large && b->rows < 0xFFFF0000u;
}

API u64 tocsin_builder_rows(const builder *b) { return b->rows; }
API u64 tocsin_builder_compiled(const builder *b) { return b->compiled; }
API u64 tocsin_builder_refusals(const builder *b, const refusal **out)
{
    *out = (const refusal *)b->refusals.data;
    return b->refusals.size / sizeof(refusal);
}
API const char *tocsin_reason(u32 reason) { return reason < REASONS ? REASON[reason] : ""; }

/* Finish, and see the rows as a set that others can be compared with, for as long as the builder lives. */
API int tocsin_builder_view(builder *b, set *s)
{
    if (!builder_end(b)) return 0;
    *s = (set){.base = part_made(b), .seed = b->seed};
    return 1;
}

/* Finish: header (4096 bytes) into out, and start and size of each section. 0 on failure. With a base it becomes a delta of that base:
 * then `removed` is a bit for each row of both, in whole words. */
API int tocsin_builder_end(builder *b, u8 *out, const void **starts, u64 *sizes, u64 made_at, const set *base, const u64 *removed)
{
    static const u64 nothing = 0;
    if (!builder_end(b) || (base && !delta_end(b))) return 0;
    set_header h = {.version = SET_VERSION, .header_size = sizeof h, .seed = b->seed, .rows = b->rows, .compiled = b->compiled,
                    .kinds = b->kinds, .made_at = made_at, .prefixes4 = b->prefixes4, .base = base ? base->header->checksum : 0};
    memcpy(h.magic, base ? DELTA_MAGIC : BASE_MAGIC, 8);
    memcpy(h.prefixes6, b->prefixes6, sizeof h.prefixes6);
    u64 words = base ? (base->header->rows + b->rows + 63) / 64 : 0;
    for (u64 i = 0; i < words; i++) h.removed += (u64)__builtin_popcountll(removed[i]);
    const void *all[SECTIONS] = {b->filter, b->map4, b->table, b->pool.data, b->index.data, b->twins.data, b->untils.data, removed};
    u64 lengths[SECTIONS] = {b->filter_count * 8, b->kinds & HAS_ADDRESS4 ? MAP4_BYTES : 0, b->table_count * 8, b->pool.size, b->index.size,
                             b->twins.size, b->untils.size, h.removed ? words * 8 : 0};
    if (base) {
        all[FILTER] = b->extras.data, lengths[FILTER] = b->extras.size;
        all[MAP4] = b->words.data, lengths[MAP4] = b->words.size;
    }
    u64 at = PAGE;
    for (int i = 0; i < SECTIONS; i++) {
        starts[i] = all[i] ? all[i] : &nothing;
        sizes[i] = lengths[i];
        h.sections[i] = (section){at, lengths[i], checksum(starts[i], lengths[i])};
        at += (lengths[i] + PAGE - 1) / PAGE * PAGE;
    }
    h.file_size = at;
    h.checksum = checksum((const u8 *)&h, offsetof(set_header, checksum));
    memset(out, 0, PAGE);
    memcpy(out, &h, sizeof h);
    return 1;
}
