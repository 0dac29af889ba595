/* Rows of sets: listed, counted, compared with another set's, verified. Two rows are the same indicator where they match the same text,
 * however they were spelt: Evil.Example and evil.example are one, a hash of a file and of a certificate are two. */
#ifndef TOCSIN_ROWS_H
#define TOCSIN_ROWS_H
#include "build.h"

/* What is said of a row of one set after looking into another. */
enum { NO_ROW, ABSENT, PRESENT, RETURNED, REPEATED };
enum { COMPARE, ADD, REMOVE };
enum { COUNT_CERTIFICATES = K_KINDS, COUNT_REFUSED, COUNT_REMOVED, COUNT_EXPIRED, COUNTS };

static const char *const TYPE[K_KINDS] = {"", "domain-name", "ipv4-addr", "ipv6-addr", "ip-port", "ip-port", "file", "email-addr", "url", "url", "url", "url"};

/* Goes through rows in order. of, row, r and offset tell of the last one: its part, its number there, its record and where that is. */
typedef struct { const set *s; u64 next; const part *of; u64 row, offset; record r; } stroll;

static int step(stroll *at)
{
    const part *of = part_of(at->s, at->next);
    if (at->next < of->first) return 0;
    at->row = at->next++ - of->first;
    if (at->row >= of->rows || at->row / INDEX_STEP >= of->index_count) return 0;
    at->offset = at->of == of && at->row % INDEX_STEP ? (u64)(at->r.next - of->pool) : of->index[at->row / INDEX_STEP];
    for (u64 i = at->of == of ? 0 : at->row % INDEX_STEP; i; i--) {
        if (!record_read(of, at->offset, &at->r)) return 0;
        at->offset = (u64)(at->r.next - of->pool);
    }
    at->of = of;
    return record_read(of, at->offset, &at->r);
}

static int is_same(const record *a, const record *b)
{
    return a->kind == b->kind && a->key_length == b->key_length && !memcmp(a->key, b->key, a->key_length)
           && (a->kind != K_HASH || !((a->flags ^ b->flags) & CERTIFICATE))
           && (a->kind < K_URL || (a->tail == b->tail && a->has_port == b->has_port && a->port == b->port && a->rest_length == b->rest_length
                                   && !memcmp(a->rest, b->rest, a->rest_length)));
}

/* Look for an indicator in a set. `removed`: its bits, which ADD and REMOVE change. COMPARE: PRESENT where it stands there with the same
 * time until which it is valid. ADD: RETURNED where such a row was removed and now is not; rows with another time give way.
 * -1: the set is damaged. */
static int same_find(const set *in, u64 *removed, const record *mine, u64 hash, u32 until, int change)
{
    int said = ABSENT;
    for (const part *of = &in->base; of; of = of == &in->base && in->delta_header ? &in->delta : NULL) {
        record r;
        walk w;
        int state = find_key(of, hash, mine->kind, mine->key, mine->key_length, &w, &r);
        for (; state > 0; state = find_twin(of, &w, &r)) {
            if (!is_same(mine, &r)) continue;
            int64_t local = row_of(of, w.offset);
            if (local < 0) return -1;
            u64 row = (u64)local + of->first, bit = 1ull << (row & 63), *word = removed ? removed + (row >> 6) : NULL;
            int is_gone = word && *word & bit, is_alike = until_of(of, (u64)local) == until;
            if (change == COMPARE && !is_gone && is_alike) return PRESENT;
            if (change == REMOVE && !is_gone) said = PRESENT;
            if (change == ADD && is_gone && is_alike) said = RETURNED;
            if ((change == REMOVE && !is_gone) || (change == ADD && is_gone == is_alike)) *word ^= bit;
        }
        if (state < 0) return -1;
    }
    return said;
}

/* Whether an earlier row of the same part is the same indicator. */
static int is_repeated(const part *of, u64 hash, const record *mine, u64 offset)
{
    record r;
    walk w;
    for (int state = find_key(of, hash, mine->kind, mine->key, mine->key_length, &w, &r); state > 0; state = find_twin(of, &w, &r))
        if (is_same(mine, &r)) return w.offset < offset;
    return 0;
}

/* What a set says of the rows [first, end) of another: into said[row]. 0 where one of the two is damaged. */
static int rows_find(const set *from, u64 first, u64 end, const set *in, int change, u64 *removed, u8 *said)
{
    stroll at = {.s = from, .next = first};
    for (u64 row = first; row < end; row++) {
        if (!step(&at)) return 0;
        said[row] = NO_ROW;
        if (at.r.kind == K_NONE || is_removed(from, row)) continue;
        u64 hash = key_hash(in->seed, at.r.kind, at.r.key, at.r.key_length);
        if (change != COMPARE && is_repeated(at.of, hash, &at.r, at.offset)) { said[row] = REPEATED; continue; }
        u32 until = until_of(at.of, at.row);
        int answer = change == REMOVE ? ABSENT : same_find(in, removed, &at.r, hash, until, COMPARE);
        if (answer == ABSENT && change != COMPARE) answer = same_find(in, removed, &at.r, hash, until, change);
        if (answer < 0) return 0;
        said[row] = (u8)answer;
    }
    return 1;
}

/* Seconds since 1970 as 2026-01-31T12:00:00Z. Returns the length. */
static int time_write(u32 seconds, u8 *out)
{
    u32 days = seconds / 86400, rest = seconds % 86400, z = days + 719468, era = z / 146097, of_era = z % 146097;
    u32 year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365, of_year = of_era - (365 * year + year / 4 - year / 100);
    u32 month = (5 * of_year + 2) / 153, day = of_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    year += era * 400 + (month < 3);
    u32 parts[6] = {year, month, day, rest / 3600, rest / 60 % 60, rest % 60};
    u8 *to = out;
    for (int i = 0; i < 6; i++) {
        for (u32 unit = i ? 10 : 1000; unit; unit /= 10) *to++ = (u8)('0' + parts[i] / unit % 10);
        *to++ = (u8)"--T::Z"[i];
    }
    return (int)(to - out);
}

/* Rows from *row to end, as type<TAB>value[<TAB>time]<LF>, as many as fit: those that are said to be ABSENT; without
 * `said`, all that were not removed. Rows that were refused are left out. Returns the bytes, and where to go on in *row; -1: the set is damaged. */
static int64_t rows_list(const set *s, u64 *row, u64 end, const u8 *said, u8 *out, u64 room)
{
    stroll at = {.s = s, .next = *row};
    u64 n = 0;
    for (; *row < end && room - n > 8192 + 64; (*row)++) {
        if (!step(&at)) return -1;
        if (at.r.kind == K_NONE || (said ? said[*row] != ABSENT : is_removed(s, *row))) continue;
        const char *type = at.r.kind == K_HASH && at.r.flags & CERTIFICATE ? "x509-certificate" : TYPE[at.r.kind];
        u32 until = until_of(at.of, at.row);
        n += (u64)(stpcpy((char *)out + n, type) - (char *)(out + n));
        out[n++] = '\t';
        int length = value_write(&at.r, out + n);
        if (length < 0) return -1;
        n += (u64)length;
        if (until) {
            out[n++] = '\t';
            n += (u64)time_write(until, out + n);
        }
        out[n++] = '\n';
    }
    return (int64_t)n;
}

/* Rows by kind (certificates apart), those that were refused or removed, and those of the rest that have expired. */
static int rows_count(const set *s, u32 when, u64 out[COUNTS])
{
    u64 rows = s->base.rows + s->delta.rows;
    stroll at = {.s = s};
    memset(out, 0, COUNTS * sizeof *out);
    for (u64 row = 0; row < rows; row++) {
        if (!step(&at)) return 0;
        u32 until = until_of(at.of, at.row);
        if (at.r.kind == K_NONE) out[COUNT_REFUSED]++;
        else if (is_removed(s, row)) out[COUNT_REMOVED]++;
        else {
            out[at.r.kind == K_HASH && at.r.flags & CERTIFICATE ? COUNT_CERTIFICATES : at.r.kind]++;
            out[COUNT_EXPIRED] += until && until <= when;
        }
    }
    return 1;
}

static int has_twin(const part *of, u32 first, u32 later)
{
    u64 low = 0, high = of->twin_count, pair = (u64)first << 32 | later;
    while (low < high) {
        u64 middle = (low + high) / 2, at = (u64)of->twins[middle * 2] << 32 | of->twins[middle * 2 + 1];
        if (at == pair) return 1;
        if (at < pair) low = middle + 1;
        else high = middle;
    }
    return 0;
}

/* Whether filter, map and lengths of prefixes let a row through to the table. */
static int is_let_through(const set *s, const record *r, u64 hash)
{
    const u8 *k = r->key;
    const int is_quad = r->kind == K_IPV4 || r->kind == K_PORT4;
    const u64 net = is_quad ? (u64)k[0] << 16 | (u64)k[1] << 8 | k[2] : 0;
    const u8 *end = k + r->key_length, *at = memchr(k, '@', r->key_length);
    if (r->kind == K_DOMAIN) hash = parent_hash_of(s->seed, k, end, 2);
    if (r->kind == K_EMAIL && at) hash = email_question(s->seed, k, (size_t)(at - k), r->key_length);
    if (r->kind == K_HASH && r->key_length >= 8) {
        u8 text[16];
        for (int i = 0; i < 16; i++) text[i] = (u8)"0123456789abcdef"[end[i / 2 - 8] >> (i % 2 ? 0 : 4) & 15];
        hash = hash_gate(s->seed, text + 16);
    }
    if (r->kind == K_IPV4 && is_guarded(K_IPV4, k)) hash = gate4(s->seed, (u32)net << 8);
    if (!filter_has(s, hash)) return 0;
    if (r->kind == K_IPV6) return k[16] <= 128 && s->prefixes6[k[16] / 64] >> k[16] % 64 & 1;
    if (r->kind == K_IPV4 && !(k[4] <= 32 && s->prefixes4 >> k[4] & 1)) return 0;
    return !is_quad || (s->kinds & HAS_ADDRESS4 && s->map4[net >> 6] >> (net & 63) & 1);
}

static const char *part_verify(const set *s, const part *of, u64 compiled)
{
    stroll at = {.s = s, .next = of->first};
    u64 offset = 0, counted = 0, slots = 0;
    for (u64 row = 0; row < of->rows; row++) {
        record r;
        walk w;
        if (!step(&at)) return "is damaged: a record cannot be read";
        if (at.offset != offset) return "is damaged: its index does not fit its records";
        offset = (u64)(at.r.next - of->pool);
        if (at.r.kind == K_NONE) continue;
        u64 hash = key_hash(s->seed, at.r.kind, at.r.key, at.r.key_length);
        counted++;
        if (!is_let_through(s, &at.r, hash)) return "is damaged: its filter holds back a row";
        if (find_key(of, hash, at.r.kind, at.r.key, at.r.key_length, &w, &r) != 1 || (w.offset != at.offset && !has_twin(of, w.offset, (u32)at.offset)))
            return "is damaged: its table does not find a row";
    }
    for (u64 i = 0; i < of->table_count; i++) slots += of->table[i] != 0;
    if (offset != of->pool_size || counted != compiled || slots + of->twin_count != compiled) return BAD_COUNTS;
    return NULL;
}

/* Whether every record can be read and is found by its key. Sections' checksums are another matter: see set_sums_check. */
static const char *set_verify(const set *s)
{
    u64 rows = s->base.rows + s->delta.rows, removed = 0;
    const char *problem = part_verify(s, &s->base, s->header->compiled);
    if (problem || !s->delta_header) return problem;
    for (u64 row = 0; row < rows; row++) removed += (u64)is_removed(s, row);
    if (removed != (s->removed ? s->delta_header->removed : 0)) return BAD_COUNTS;
    return part_verify(s, &s->delta, s->delta_header->compiled);
}
#endif
