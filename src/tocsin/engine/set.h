/* The compiled set: its layout on disk, checks, and look-ups.
 *
 * A set is one file, the base, and sometimes a delta beside it. Both are built alike:
 *
 *   header   4096 bytes: magic, version, counts, seed, prefix lengths in use, sections (offset, size, checksum), its own checksum
 *   filter   register-blocked Bloom filter: one u64 a probe, 4 bits; two-label parents of domains and hosts of URLs are in it too
 *   map4     2^24 bits: which IPv4 /24s hold anything
 *   table    open addressing: u64 {fingerprint : 32, record offset + 1 : 32}, 0 = empty
 *   pool     one record a row, in row order (see record_read); a row that was refused is one zero byte
 *   index    u32: offset of every 16th record
 *   twins    u32 pairs {first record, later record with the same key}, sorted
 *   until    u32 a row: seconds since 1970 from which it counts no longer, 0 = never; absent where no row expires
 *   removed  a bit a row, of base and delta together; absent where nothing was removed, and in every base
 *
 * A delta names its base by the checksum of the base's header and uses the base's seed. Its rows count on from the base's. Instead of a
 * filter it holds the hashes that belong in one, instead of a map {word, bits} pairs: whoever opens the set ORs both into his private
 * copy of the base's pages, so that the pass still makes one probe. Only the slow path looks into two tables, and only a hit is asked
 * whether its row was removed or has expired. A base without a delta stays shared by all processes to the last page.
 *
 * Everything in a set is untrusted. What a section says is compared with sizes before use, so that even a file made by an enemy, with
 * good checksums, can only give wrong answers, never a crash: that is why a scan may begin before the sections' checksums are known.
 */
#ifndef TOCSIN_SET_H
#define TOCSIN_SET_H
#include <stdlib.h>
#include <unistd.h>
#include "text.h"

enum { FILTER, MAP4, TABLE, POOL, INDEX, TWINS, UNTIL, REMOVED, SECTIONS };
enum { PAGE = 4096, INDEX_STEP = 16, MAP4_BYTES = 1 << 21, SET_VERSION = 4 };

/* What a key is. The order of types below follows. */
enum { K_NONE, K_DOMAIN, K_IPV4, K_IPV6, K_PORT4, K_PORT6, K_HASH, K_EMAIL, K_URL, K_HOST, K_PATH, K_WIDE, K_KINDS,
       K_GATE = 20 }; /* only names filter entries */
enum { KEY_MASK = 15, GIVEN = 16, CERTIFICATE = 32, HTTP = 64, HTTPS = 128 };
enum { TAIL_ANY, TAIL_EXACT, TAIL_PREFIX, TAIL_GLOB };
/* Which kinds are present, so that a scan can leave out work. */
enum { HAS_DOMAIN = 1, HAS_ADDRESS4 = 2, HAS_ADDRESS6 = 4, HAS_HASH = 8, HAS_EMAIL = 16, HAS_URL = 32, HAS_WIDE = 64, HAS_DIGIT_TLD = 128 };

typedef struct { u64 offset, size, checksum; } section;
typedef struct {
    char magic[8];        /* BASE_MAGIC or DELTA_MAGIC */
    u32 version, header_size;
    u64 file_size, seed, rows, compiled, kinds, made_at;
    u64 prefixes4, prefixes6[3];
    u64 base, removed;    /* of a delta: the checksum of its base's header; how many rows of both are removed */
    section sections[SECTIONS];
    u64 checksum;
} set_header;
#define BASE_MAGIC "TOCSNSET"
#define DELTA_MAGIC "TOCSNDEL"

/* Rows with their table: those of the base, or those of the delta. */
typedef struct {
    const u64 *table;
    const u8 *pool;
    const u32 *index, *twins, *until; /* until: NULL where no row expires */
    u64 table_count, pool_size, index_count, twin_count, rows, first; /* first: number of the first row */
} part;

typedef struct {
    const set_header *header, *delta_header; /* delta_header: NULL without a delta */
    const u64 *filter, *map4, *removed;      /* of both; removed: NULL where nothing is */
    part base, delta;
    u64 filter_count, seed, kinds, prefixes4, prefixes6[3];
} set;

typedef struct {
    const u8 *key, *rest, *given, *next;
    u32 key_length, rest_length, given_length;
    u16 port;
    u8 kind, flags, tail;
    u8 has_port;
} record;

INLINE u64 load64(const void *p) { u64 x; memcpy(&x, p, 8); return x; }
INLINE u64 load32(const void *p) { u32 x; memcpy(&x, p, 4); return x; }
INLINE u64 mix(u64 a, u64 b) { unsigned __int128 m = (unsigned __int128)a * b; return (u64)m ^ (u64)(m >> 64); }
INLINE u64 reduce(u64 hash32, u64 count) { return (u64)((unsigned __int128)(hash32 << 32) * count >> 64); }

#define P0 0xa0761d6478bd642full
#define P1 0xe7037ed1a0b428dbull
#define P2 0x8ebc6af09c88c6e3ull

INLINE u64 key_hash(u64 seed, u32 kind, const u8 *key, size_t length)
{
    u64 h = seed ^ mix(kind ^ P0, length ^ P1), a, b;
    for (; length > 16; key += 16, length -= 16) h = mix(load64(key) ^ P1 ^ h, load64(key + 8) ^ P2);
    if (length >= 8) { a = load64(key); b = load64(key + length - 8); }
    else if (length >= 4) { a = load32(key); b = load32(key + length - 4); }
    else { a = length ? key[0] | (u64)key[length / 2] << 8 | (u64)key[length - 1] << 16 : 0; b = 0; }
    h = mix(a ^ P1 ^ h, b ^ P2);
    return mix(h ^ P0, P1);
}

/* Hash of the last two (or three) labels of a name, or of their last 32 bytes: words of a zero-padded window that ends with the name. */
INLINE u64 parent_hash(u64 seed, u64 w0, u64 w1, u64 w2, u64 w3)
{
    return mix(mix(w0 ^ P0, w1 ^ P1) ^ mix(w2 ^ P2 ^ seed, w3 ^ P0 ^ seed), P1);
}

static u64 parent_hash_of(u64 seed, const u8 *name, const u8 *end, int labels)
{
    const u8 *start = end;
    for (int dots = 0; start > name && end - start < 32 && (dots += start[-1] == '.') < labels; start--) {}
    u8 window[32] = {0};
    memcpy(window + 32 - (end - start), start, (size_t)(end - start));
    return parent_hash(seed, load64(window), load64(window + 8), load64(window + 16), load64(window + 24));
}

/* What the filter is asked about mail addresses and subdomain masks: parent_hash with these in the seed. */
#define EMAIL_SEED P0
#define WIDE_SEED P1
/* Three labels are asked about where two are not enough, and two labels that are an indicator themselves have an entry of their own:
 * many names under one popular parent (com.pk, a hosting service) would else send every name of that parent down the slow path. */
#define THREE_SEED P2
INLINE u64 itself(u64 parent) { return mix(parent ^ P2, P1); }

/* A mail address is asked about by its domain's parent and the last letters and digits (at most four) before its "@". */
INLINE u64 email_gate(u64 parent, const u8 *at, int letters)
{
    u32 last;
    memcpy(&last, at - 4, 4);
    return mix(parent ^ (letters ? last >> (32 - 8 * letters) : 0), P0);
}

/* And about hashes: their last 16 digits as lower-case text. */
INLINE u64 hash_gate(u64 seed, const u8 *end) { return mix(mix(load64(end - 16) ^ P1 ^ seed, load64(end - 8) ^ P2), P0); }

INLINE u64 filter_bits(u64 h) { return 1ull << (h & 63) | 1ull << (h >> 6 & 63) | 1ull << (h >> 12 & 63) | 1ull << (h >> 18 & 63); }
INLINE u64 filter_place(u64 h, u64 count) { return reduce(h >> 32, count); }
INLINE int filter_has(const set *s, u64 h)
{
    u64 bits = filter_bits(h);
    return (s->filter[filter_place(h, s->filter_count)] & bits) == bits;
}
/* Networks from /16 to /24 are asked about by the /24s that they cover, all lengths in one question. */
enum { GATE4_LENGTHS = 0x1FF0000 };
INLINE u64 gate4(u64 seed, u32 address) { return mix(address >> 8 ^ P0 ^ seed, P2); }

/* These keys are asked about by their parents, last digits and gates alone; who gets past those goes to the table. */
INLINE int is_guarded(u32 kind, const u8 *key)
{
    return kind == K_DOMAIN || kind == K_HASH || kind == K_EMAIL || (kind == K_IPV4 && key[4] >= 16 && key[4] <= 24);
}
INLINE u64 table_place(u64 h, u64 count) { return reduce((h * P2) >> 32, count); }

/* A checksum that any changed bit changes, at the speed of memory: eight lanes of xor and odd multiply. All pieces of a section but the
 * last are multiples of 64 bytes; `size` is the section's. */
#define LANES {P0, P1, P2, P0 ^ P1, P1 ^ P2, P0 ^ P2, ~P0, ~P1}
static void sum_piece(u64 lanes[8], const u8 *p, size_t size)
{
    u64 l[8];
    memcpy(l, lanes, sizeof l);
    for (; size >= 64; p += 64, size -= 64)
        for (int i = 0; i < 8; i++) l[i] = (l[i] ^ load64(p + 8 * i)) * P1, l[i] ^= l[i] >> 29;
    memcpy(lanes, l, sizeof l);
}

static u64 sum_end(u64 lanes[8], const u8 *p, u64 whole)
{
    u64 all = whole * P0 ^ P2, size = whole % 64;
    for (int i = 0; size; i++) {
        u8 last[8] = {0};
        size_t n = size < 8 ? size : 8;
        memcpy(last, p, n);
        lanes[i] = (lanes[i] ^ load64(last) ^ n) * P2;
        p += n;
        size -= n;
    }
    for (int i = 0; i < 8; i++) all = (all ^ lanes[i]) * P1, all ^= all >> 31;
    return all;
}

static u64 checksum(const u8 *p, size_t size)
{
    u64 lanes[8] = LANES;
    sum_piece(lanes, p, size);
    return sum_end(lanes, p + size / 64 * 64, size);
}

static int varint_read(const u8 **p, const u8 *end, u32 *value)
{
    u32 v = 0;
    for (int shift = 0; shift < 28; shift += 7) {
        if (*p == end) return 0;
        u8 c = *(*p)++;
        v |= (u32)(c & 127) << shift;
        if (c < 128) { *value = v; return 1; }
    }
    return 0;
}

static int span_read(const u8 **p, const u8 *end, const u8 **start, u32 *length)
{
    if (!varint_read(p, end, length) || (u64)(end - *p) < *length) return 0;
    *start = *p;
    *p += *length;
    return 1;
}

/* kind|flags, key; for URLs {tail kind | has_port << 2, port, rest of the pattern}; the text as given where it cannot be told from the key. */
static int record_read(const part *of, u64 offset, record *r)
{
    if (offset >= of->pool_size) return 0;
    const u8 *p = of->pool + offset, *end = of->pool + of->pool_size;
    memset(r, 0, sizeof *r);
    r->kind = *p & KEY_MASK;
    r->flags = *p++;
    if (r->kind == K_NONE) { r->next = p; return r->flags == 0; }
    if (r->kind >= K_KINDS || !span_read(&p, end, &r->key, &r->key_length)) return 0;
    static const u8 sizes[K_KINDS] = {[K_IPV4] = 5, [K_IPV6] = 17, [K_PORT4] = 6, [K_PORT6] = 18};
    if (sizes[r->kind] && r->key_length != sizes[r->kind]) return 0;
    if (r->kind >= K_URL) {
        if (end - p < 3) return 0;
        r->tail = p[0] & 3;
        r->has_port = p[0] >> 2 & 1;
        r->port = (u16)(p[1] | p[2] << 8);
        p += 3;
        if (!span_read(&p, end, &r->rest, &r->rest_length)) return 0;
    }
    if ((r->flags & GIVEN) && !span_read(&p, end, &r->given, &r->given_length)) return 0;
    r->next = p;
    return 1;
}

/* The record of a part's n-th row. */
static int row_read(const part *of, u64 row, record *r)
{
    if (row >= of->rows || row / INDEX_STEP >= of->index_count) return 0;
    u64 offset = of->index[row / INDEX_STEP];
    for (u64 i = row % INDEX_STEP;; i--) {
        if (!record_read(of, offset, r)) return 0;
        if (!i) return 1;
        offset = (u64)(r->next - of->pool);
    }
}

/* The part that a row of the set is in. */
INLINE const part *part_of(const set *s, u64 row) { return row < s->delta.first || !s->delta_header ? &s->base : &s->delta; }

/* Which row of a part a record is; -1 where none begins at this offset. */
static int64_t row_of(const part *of, u32 offset)
{
    u64 low = 0, high = of->index_count;
    while (high - low > 1) {
        u64 middle = (low + high) / 2;
        if (of->index[middle] <= offset) low = middle;
        else high = middle;
    }
    if (!of->index_count) return -1;
    u64 at = of->index[low];
    record r;
    for (u64 i = 0; i < INDEX_STEP && at <= offset; i++) {
        if (at == offset) return low * INDEX_STEP + i < of->rows ? (int64_t)(low * INDEX_STEP + i) : -1;
        if (!record_read(of, at, &r)) return -1;
        at = (u64)(r.next - of->pool);
    }
    return -1;
}

INLINE u32 until_of(const part *of, u64 row) { return of->until ? of->until[row] : 0; }
INLINE int is_removed(const set *s, u64 row) { return s->removed && s->removed[row >> 6] >> (row & 63) & 1; }

/* Walks the records of a part that have a key: begin with find_key, go on with find_twin; 0: no more, -1: a record cannot be read. */
typedef struct { u32 offset; u64 twin; u32 first; } walk;

static int find_key(const part *of, u64 hash, u32 kind, const u8 *key, size_t length, walk *w, record *r)
{
    if (!of->table_count) return 0;
    u64 place = table_place(hash, of->table_count);
    for (u64 probes = 0; of->table[place] && probes < of->table_count; probes++, place = place + 1 == of->table_count ? 0 : place + 1) {
        if ((u32)(of->table[place] >> 32) != (u32)hash) continue;
        w->offset = w->first = (u32)of->table[place] - 1;
        if (!record_read(of, w->offset, r)) return -1;
        if (r->kind != kind || r->key_length != length || memcmp(r->key, key, length)) continue;
        u64 low = 0, high = of->twin_count;
        while (low < high) {
            u64 middle = (low + high) / 2;
            if (of->twins[middle * 2] < w->offset) low = middle + 1;
            else high = middle;
        }
        w->twin = low;
        return 1;
    }
    return 0;
}

static int find_twin(const part *of, walk *w, record *r)
{
    if (w->twin >= of->twin_count || of->twins[w->twin * 2] != w->first) return 0;
    w->offset = of->twins[w->twin++ * 2 + 1];
    return record_read(of, w->offset, r) ? 1 : -1;
}

/* The value of a row as its file gave it. Returns its length, or -1; out holds 8192 bytes. */
static int value_write(const record *r, u8 *out)
{
    int n = 0;
    u32 address;
    if (r->flags & GIVEN || r->kind == K_DOMAIN || r->kind == K_EMAIL || r->kind >= K_URL) {
        const u8 *text = r->flags & GIVEN ? r->given : r->key;
        u32 length = r->flags & GIVEN ? r->given_length : r->key_length;
        if (length > 8000) return -1;
        if (!(r->flags & GIVEN) && r->flags & HTTP) { memcpy(out, "http://", 7); n = 7; }
        if (!(r->flags & GIVEN) && r->flags & HTTPS) { memcpy(out, "https://", 8); n = 8; }
        memcpy(out + n, text, length);
        return n + (int)length;
    }
    if (r->kind == K_HASH) {
        if (r->key_length > 64) return -1;
        for (u32 i = 0; i < r->key_length; i++) {
            out[n++] = (u8)"0123456789abcdef"[r->key[i] >> 4];
            out[n++] = (u8)"0123456789abcdef"[r->key[i] & 15];
        }
        return n;
    }
    if (r->kind != K_IPV4 && r->kind != K_PORT4) return -1;
    address = (u32)r->key[0] << 24 | (u32)r->key[1] << 16 | (u32)r->key[2] << 8 | r->key[3];
    n = quad_write(address, out);
    u32 number = r->kind == K_PORT4 ? r->key[4] | (u32)r->key[5] << 8 : r->key[4];
    if (r->kind == K_IPV4 && number == 32) return n;
    out[n++] = r->kind == K_PORT4 ? ':' : '/';
    for (u32 unit = number > 9999 ? 10000 : number > 999 ? 1000 : number > 99 ? 100 : number > 9 ? 10 : 1; unit; unit /= 10)
        out[n++] = (u8)('0' + number / unit % 10);
    return n;
}

#define NO_SET "is not a compiled set"
#define OTHER_VERSION "was compiled by another version; compile it again"
#define BAD_HEADER "is damaged: its header does not match its checksum"
#define BAD_SIZE "is truncated or has something appended"
#define OUTSIDE "is damaged: a section lies outside it"
#define BAD_SECTION "is damaged: a section does not match its checksum"
#define BAD_COUNTS "is damaged: its counts do not agree"

/* Whether a header can be believed, but for the sections' checksums; NULL, or what is wrong. */
static const char *header_check(const set_header *h, u64 size, const char *magic)
{
    if (size < PAGE || memcmp(h->magic, magic, 8)) return NO_SET;
    if (h->version != SET_VERSION || h->header_size != sizeof *h) return OTHER_VERSION;
    if (checksum((const u8 *)h, offsetof(set_header, checksum)) != h->checksum) return BAD_HEADER;
    if (h->file_size != size) return BAD_SIZE;
    for (int i = 0; i < SECTIONS; i++) {
        const section *c = &h->sections[i];
        if (c->offset % PAGE || c->offset < PAGE || c->offset > size || c->size > size - c->offset) return OUTSIDE;
    }
    return NULL;
}

#define AT(h, section_) ((const void *)((const u8 *)(h) + (h)->sections[section_].offset))
static const char *part_read(part *of, const set_header *h, u64 first)
{
    *of = (part){.table = AT(h, TABLE), .pool = AT(h, POOL), .index = AT(h, INDEX), .twins = AT(h, TWINS),
                 .until = h->sections[UNTIL].size ? AT(h, UNTIL) : NULL, .table_count = h->sections[TABLE].size / 8,
                 .pool_size = h->sections[POOL].size, .index_count = h->sections[INDEX].size / 4,
                 .twin_count = h->sections[TWINS].size / 8, .rows = h->rows, .first = first};
    return !of->table_count || of->table_count >> 32 || of->pool_size >> 32 || (first + h->rows) >> 32 || h->rows >> 32
                   || of->index_count != (h->rows + INDEX_STEP - 1) / INDEX_STEP || (of->until && h->sections[UNTIL].size != h->rows * 4)
               ? BAD_COUNTS : NULL;
}

/* Find the sections of a base. Their checksums are not looked at: see set_sums_check. */
static const char *set_read(set *s, const u8 *base, u64 size)
{
    const set_header *h = (const set_header *)base;
    const char *problem = header_check(h, size, BASE_MAGIC);
    if (problem) return problem;
    *s = (set){.header = h, .filter = AT(h, FILTER), .map4 = AT(h, MAP4), .filter_count = h->sections[FILTER].size / 8, .seed = h->seed,
               .kinds = h->kinds, .prefixes4 = h->prefixes4};
    memcpy(s->prefixes6, h->prefixes6, sizeof s->prefixes6);
    if (!s->filter_count || s->filter_count >> 32 || (h->sections[MAP4].size != MAP4_BYTES && h->kinds & HAS_ADDRESS4)) return BAD_COUNTS;
    return part_read(&s->base, h, 0);
}

/* Take a delta in, into filter and map too, which must be this process's own copy; `map4` is an empty map where the base has none. All of
 * the delta is checked first. One that belongs to another base is passed over: then delta_header stays NULL. */
static const char *delta_read(set *s, const u8 *delta, u64 size, u64 *map4)
{
    const set_header *h = (const set_header *)delta;
    const char *problem = header_check(h, size, DELTA_MAGIC);
    if (problem || h->base != s->header->checksum) return problem;
    for (int i = 0; i < SECTIONS; i++)
        if (checksum(AT(h, i), h->sections[i].size) != h->sections[i].checksum) return BAD_SECTION;
    u64 removed = h->sections[REMOVED].size, hashes = h->sections[FILTER].size / 8, words = h->sections[MAP4].size / 16;
    if ((problem = part_read(&s->delta, h, s->header->rows))) return problem;
    if (h->seed != s->seed || (removed && removed != (s->header->rows + h->rows + 63) / 64 * 8)) return BAD_COUNTS;
    const u64 *hash = AT(h, FILTER), *word = AT(h, MAP4);
    u64 *filter = (u64 *)s->filter, ahead = 16;
    if (!(s->kinds & HAS_ADDRESS4)) s->map4 = map4;
    for (u64 i = 0; i < words; i++)
        if (word[i * 2] < MAP4_BYTES / 8) ((u64 *)s->map4)[word[i * 2]] |= word[i * 2 + 1];
    for (u64 i = 0; i < hashes; i++) {
        if (i + ahead < hashes) __builtin_prefetch(&filter[filter_place(hash[i + ahead], s->filter_count)], 1);
        filter[filter_place(hash[i], s->filter_count)] |= filter_bits(hash[i]);
    }
    s->kinds |= h->kinds;
    s->prefixes4 |= h->prefixes4;
    for (int i = 0; i < 3; i++) s->prefixes6[i] |= h->prefixes6[i];
    s->removed = removed ? AT(h, REMOVED) : NULL;
    s->delta_header = h;
    return NULL;
}

/* Compare the sections of an open file with their checksums. Read, not mapped: what no scan needs takes no memory. */
static const char *set_sums_check(const set_header *h, int file)
{
    enum { PIECE = 1 << 18 };
    const char *problem = NULL;
    u8 *piece = malloc(PIECE);
    for (int i = 0; piece && i < SECTIONS && !problem; i++) {
        u64 lanes[8] = LANES, size = h->sections[i].size, done = 0;
        size_t n = 0;
        for (; done < size; done += n) {
            n = size - done < PIECE ? size - done : PIECE;
            for (size_t got = 0; got < n;) {
                ssize_t more = pread(file, piece + got, n - got, (off_t)(h->sections[i].offset + done + got));
                if (more <= 0) { free(piece); return "cannot be read to its end"; }
                got += (size_t)more;
            }
            sum_piece(lanes, piece, n);
        }
        if (sum_end(lanes, piece + n / 64 * 64, size) != h->sections[i].checksum) problem = BAD_SECTION;
    }
    if (!piece) return "cannot be checked: out of memory";
    free(piece);
    return problem;
}
#endif
