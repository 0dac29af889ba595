/* Compiling: rows "type<TAB>value[<TAB>valid until]<LF>" in, the sections of a base or a delta out. Memory is what the set itself takes plus 12 bytes a row. */
#ifndef TOCSIN_BUILD_H
#define TOCSIN_BUILD_H
#include "set.h"

typedef struct { u8 *data; size_t size, room; } bytes;
typedef struct { u32 row, reason; } refusal;
typedef struct {
    u64 seed, rows, compiled, kinds, prefixes4, prefixes6[3];
    bytes hashes, offsets, extras, pool, index, twins, refusals, untils, words; /* u64, u32, u64, u8, u32, {u32,u32}, refusal, u32, {u64,u64} */
    u8 *map4;
    u64 *filter, *table;
    u64 filter_count, table_count;
    int is_out_of_memory, is_too_large;
} builder;

enum { OK, BAD_TYPE, NO_TAB, BAD_DOMAIN, BAD_ADDRESS, BAD_PREFIX, TOO_WIDE, BAD_PORT, BAD_HASH, BAD_EMAIL, BAD_URL, BAD_HOST, BAD_MASK,
       URL_TOO_LONG, WIDE_TLD, BAD_TIME, REASONS };
static const char *const REASON[REASONS] = {
    "", "is not a type that can be matched", "has no tab between type and value", "is not a domain name", "is not an address",
    "is not a prefix length", "is a network so wide that it would match too much", "is not a port", "is not a hash of 32, 40, 64 or 128 hexadecimal digits",
    "is not a mail address", "is not a URL", "is not a URL: its host cannot be read", "is a mask with * inside its host",
    "is a URL of more than 4096 bytes", "is a mask for a whole top-level domain",
    "has a third column that is neither empty nor a time such as 2026-01-31 or 2026-01-31T12:00:00Z"};

static void *grow(builder *b, bytes *to, size_t more)
{
    if (to->size + more > to->room) {
        size_t room = (to->room + more + 4096) * 3 / 2;
        u8 *data = realloc(to->data, room);
        if (!data) { b->is_out_of_memory = 1; return NULL; }
        to->data = data;
        to->room = room;
    }
    void *place = to->data + to->size;
    to->size += more;
    return place;
}

static void put(builder *b, bytes *to, const void *from, size_t size)
{
    void *place = size ? grow(b, to, size) : NULL;
    if (place) memcpy(place, from, size);
}

static void put_byte(builder *b, u8 value) { put(b, &b->pool, &value, 1); }

static void put_span(builder *b, const u8 *text, size_t length)
{
    size_t rest = length;
    for (; rest > 127; rest >>= 7) put_byte(b, (u8)(rest | 128));
    put_byte(b, (u8)rest);
    put(b, &b->pool, text, length);
}

static void put_extra(builder *b, u64 hash) { put(b, &b->extras, &hash, 8); }

/* What one row becomes. */
typedef struct {
    u8 kind, flags, tail, has_port;
    u16 port;
    size_t key_length, rest_length;
    u8 key[4400 + MOST_HOST * 2], rest[4400];
} made;

static int domain_made(builder *b, made *m, const u8 *p, const u8 *end)
{
    if (end - p > MOST_HOST || end - p < 3) return BAD_DOMAIN;
    int n = 0;
    if (is_ascii(p, end))
        for (; p < end; p++) m->key[n++] = lower(*p);
    else n = name_to_ascii(p, end, m->key, MOST_HOST * 2);
    if (n > 0 && m->key[n - 1] == '.') n--;
    if (n < 3 || n > MOST_NAME || !IS(m->key[n - 1], ALNUM)) return BAD_DOMAIN;
    int labels = 0, is_number = 1, last = 0;
    for (int start = 0, i = 0; i <= n; i++) {
        if (i < n && m->key[i] != '.') {
            if (!IS(m->key[i], ALNUM | DASH)) return BAD_DOMAIN;
            is_number &= IS(m->key[i], DIGIT);
            continue;
        }
        if (i == start || i - start > MOST_LABEL || m->key[start] == '-' || m->key[i - 1] == '-') return BAD_DOMAIN;
        labels++;
        last = start;
        if (i < n) is_number = 1;
        start = i + 1;
    }
    if (labels < 2 || is_number) return BAD_DOMAIN;
    m->kind = K_DOMAIN;
    m->key_length = (size_t)n;
    b->kinds |= HAS_DOMAIN | (IS(m->key[last], DIGIT) ? HAS_DIGIT_TLD : 0);
    return OK;
}

static int number_made(const u8 *p, const u8 *end, int most_digits, u32 *value)
{
    *value = 0;
    if (p == end || end - p > most_digits || (*p == '0' && end - p > 1)) return 0;
    for (; p < end; p++) {
        if (!IS(*p, DIGIT)) return 0;
        *value = *value * 10 + (*p - '0');
    }
    return 1;
}

/* Lower-case copy of a short text, for readers that want lower case. */
static const u8 *lowered(const u8 *p, const u8 *end, u8 *out)
{
    for (u8 *to = out; p < end; p++) *to++ = lower(*p);
    return out;
}

static int network_made(builder *b, made *m, const u8 *p, const u8 *end, int is_v6)
{
    u8 text[64];
    u32 prefix = is_v6 ? 128 : 32, address;
    const u8 *slash = memchr(p, '/', (size_t)(end - p)), *stop = slash ? slash : end;
    if (stop - p > 60) return BAD_ADDRESS;
    lowered(p, stop, text);
    if (is_v6 ? !address6_read(text, text + (stop - p), m->key) : !quad_read(text, text + (stop - p), &address)) return BAD_ADDRESS;
    if (slash && (!number_made(slash + 1, end, 3, &prefix) || prefix > (is_v6 ? 128u : 32u))) return BAD_PREFIX;
    if (prefix < (is_v6 ? 16u : 8u)) return TOO_WIDE;
    if (is_v6) {
        for (u32 bit = prefix; bit < 128; bit++) m->key[bit / 8] &= (u8)~(128 >> bit % 8);
        m->key[16] = (u8)prefix;
        b->prefixes6[prefix / 64] |= 1ull << prefix % 64;
        b->kinds |= HAS_ADDRESS6;
    } else {
        address &= 0xFFFFFFFFu << (32 - prefix);
        for (int i = 0; i < 4; i++) m->key[i] = (u8)(address >> (24 - 8 * i));
        m->key[4] = (u8)prefix;
        b->prefixes4 |= 1ull << prefix;
        b->kinds |= HAS_ADDRESS4;
        for (u64 net = address >> 8, last = net + (prefix < 24 ? 1ull << (24 - prefix) : 1); net < last; net++) {
            b->map4[net >> 3] |= (u8)(1 << (net & 7));
            if (prefix >= 16 && prefix <= 24) put_extra(b, gate4(b->seed, (u32)net << 8));
        }
    }
    m->kind = is_v6 ? K_IPV6 : K_IPV4;
    m->key_length = is_v6 ? 17 : 5;
    return OK;
}

static int ip_port_made(builder *b, made *m, const u8 *p, const u8 *end)
{
    u32 port, address;
    u8 text[64];
    const u8 *colon = end;
    while (colon > p && colon[-1] != ':') colon--;
    if (colon == p || !number_made(colon, end, 5, &port) || port > 65535) return BAD_PORT;
    const u8 *stop = colon - 1;
    if (stop - p > 60) return BAD_ADDRESS;
    lowered(p, stop, text);
    int is_v6 = stop - p > 2 && *p == '[' && stop[-1] == ']', size = is_v6 ? 16 : 4;
    if (is_v6 ? !address6_read(text + 1, text + (stop - p) - 1, m->key) : !quad_read(text, text + (stop - p), &address)) return BAD_ADDRESS;
    if (!is_v6)
        for (int i = 0; i < 4; i++) m->key[i] = (u8)(address >> (24 - 8 * i));
    m->key[size] = (u8)port;
    m->key[size + 1] = (u8)(port >> 8);
    m->kind = is_v6 ? K_PORT6 : K_PORT4;
    m->key_length = (size_t)size + 2;
    if (!is_v6) b->map4[address >> 11] |= (u8)(1 << (address >> 8 & 7));
    b->kinds |= is_v6 ? HAS_ADDRESS6 : HAS_ADDRESS4;
    return OK;
}

static int hash_made(builder *b, made *m, const u8 *p, const u8 *end)
{
    size_t digits = (size_t)(end - p);
    if (digits != 32 && digits != 40 && digits != 64 && digits != 128) return BAD_HASH;
    for (size_t i = 0; i < digits / 2; i++) {
        int value = hex_pair(p + i * 2);
        if (value < 0) return BAD_HASH;
        m->key[i] = (u8)value;
    }
    u8 last[16];
    put_extra(b, hash_gate(b->seed, lowered(end - 16, end, last) + 16));
    m->kind = K_HASH;
    m->key_length = digits / 2;
    b->kinds |= HAS_HASH;
    return OK;
}

/* What the filter is asked about a mail address: parent and letters as in scan.h. local: bytes before the "@". */
static u64 email_question(u64 seed, const u8 *key, size_t local, size_t length)
{
    u8 last[8] = {0};
    size_t letters = 0;
    while (letters < 4 && letters < local && IS(key[local - 1 - letters], ALNUM)) letters++;
    memcpy(last + 4 - letters, key + local - letters, letters);
    return email_gate(parent_hash_of(seed ^ EMAIL_SEED, key + local + 1, key + length, 2), last + 4, (int)letters);
}

static int email_made(builder *b, made *m, const u8 *p, const u8 *end)
{
    const u8 *at = end;
    while (at > p && at[-1] != '@') at--;
    ptrdiff_t local = at - p - 1;
    if (at == p || local < 1 || local > 64) return BAD_EMAIL;
    u64 kinds = b->kinds;
    int reason = domain_made(b, m, at, end);
    b->kinds = kinds;
    if (reason != OK) return BAD_EMAIL;
    memmove(m->key + local + 1, m->key, m->key_length);
    for (ptrdiff_t i = 0; i < local; i++) {
        if (!IS(p[i], LOCAL)) return BAD_EMAIL;
        m->key[i] = lower(p[i]);
    }
    m->key[local] = '@';
    m->key_length += (size_t)local + 1;
    put_extra(b, email_question(b->seed, m->key, (size_t)local, m->key_length));
    m->kind = K_EMAIL;
    b->kinds |= HAS_EMAIL;
    return OK;
}

/* Length of "scheme://" at the head of a URL, or 0. */
static size_t scheme_length(const u8 *p, const u8 *end)
{
    const u8 *q = p;
    if (q == end || !IS(*q, LETTER)) return 0;
    while (q < end && (IS(*q, ALNUM | DOT) || *q == '+' || *q == '-')) q++;
    return end - q >= 3 && !memcmp(q, "://", 3) ? (size_t)(q + 3 - p) : 0;
}

static int url_made(builder *b, made *m, const u8 *p, const u8 *end)
{
    u8 text[4400], tail[4400];
    url_start url;
    p += scheme_length(p, end);
    while (p < end && (*p == '/' || *p == '\\')) p++;
    if (end - p > 4096) return URL_TOO_LONG;
    size_t size = (size_t)(end - p), host_end = 0, user = 0;
    lowered(p, end, text);
    while (host_end < size && !memchr("/\\?#", text[host_end], 4)) {
        if (text[host_end] == '@') user = host_end + 1;
        if (IS(text[host_end++], URLEND)) return BAD_URL;
    }
    int is_wide = size - user > 2 && text[user] == '*' && text[user + 1] == '.';
    if (is_wide) memmove(text + user, text + user + 2, size -= 2);
    if (!url_read_host(text, text + size, -1, m->key, &url)) return BAD_HOST;
    size_t host = (size_t)url.host_length;
    int has_dot = 0;
    for (size_t i = 0; i < host; i++) {
        has_dot |= m->key[i] == '.';
        if (m->key[i] == '*') return BAD_MASK;
        if (m->key[0] != '[' && !IS(m->key[i], TOKEN)) return BAD_HOST;
    }
    if (is_wide && !has_dot) return WIDE_TLD;
    m->has_port = url.port >= 0;
    m->port = (u16)(url.port < 0 ? 0 : url.port);
    size_t n = url_read_tail(&url, tail), stars = 0, first = 0;
    for (size_t i = n; i-- > 0;)
        if (tail[i] == '*') { stars++; first = i; }
    m->tail = !n ? TAIL_ANY : !stars ? TAIL_EXACT : stars == 1 && n > 1 && tail[n - 1] == '*' && tail[n - 2] == '/' ? TAIL_PREFIX : TAIL_GLOB;
    size_t keyed = n; /* how much of the tail is in the key: up to a boundary that a look-up will try */
    if (m->tail == TAIL_PREFIX) { n -= 2; keyed = n; }
    if (m->tail == TAIL_GLOB)
        for (keyed = first; keyed && tail[keyed] != '/'; keyed--) {}
    if (is_wide) keyed = 0;
    m->kind = is_wide ? K_WIDE : m->tail == TAIL_ANY ? K_HOST : m->tail == TAIL_EXACT ? K_URL : K_PATH;
    memcpy(m->key + host, tail, keyed);
    m->key_length = host + keyed;
    memcpy(m->rest, tail + keyed, n - keyed);
    m->rest_length = n - keyed;
    put_extra(b, is_wide ? parent_hash_of(b->seed ^ WIDE_SEED, m->key, m->key + host, 2) : key_hash(b->seed, K_GATE, m->key, host));
    b->kinds |= HAS_URL | (is_wide ? HAS_WIDE : 0);
    return OK;
}

static int is_text(const u8 *p, size_t length, const char *word) { return length == strlen(word) && !memcmp(p, word, length); }

static int row_made(builder *b, made *m, const u8 *type, size_t type_length, const u8 *p, const u8 *end)
{
    m->flags = m->tail = m->has_port = 0;
    m->port = 0;
    m->rest_length = 0;
    while (p < end && (*p == ' ' || *p == '\r')) p++;
    while (p < end && (end[-1] == ' ' || end[-1] == '\r')) end--;
    switch (type_length) {
    case 11: return is_text(type, 11, "domain-name") ? domain_made(b, m, p, end) : BAD_TYPE;
    case 9: return is_text(type, 9, "ipv4-addr") ? network_made(b, m, p, end, 0) : is_text(type, 9, "ipv6-addr") ? network_made(b, m, p, end, 1) : BAD_TYPE;
    case 7: return is_text(type, 7, "ip-port") ? ip_port_made(b, m, p, end) : BAD_TYPE;
    case 3: return is_text(type, 3, "url") ? url_made(b, m, p, end) : BAD_TYPE;
    case 4: return is_text(type, 4, "file") ? hash_made(b, m, p, end) : BAD_TYPE;
    case 10: return is_text(type, 10, "email-addr") ? email_made(b, m, p, end) : BAD_TYPE;
    case 16:
        m->flags = CERTIFICATE;
        return is_text(type, 16, "x509-certificate") ? hash_made(b, m, p, end) : BAD_TYPE;
    }
    return BAD_TYPE;
}

/* Whether the record alone tells the value as given; if not, the value is stored too. */
static void mark_given(made *m, const u8 *value, size_t length)
{
    u8 kept[8192 + 16], text[64];
    record r = {.kind = m->kind, .key = m->key, .key_length = (u32)m->key_length};
    (void)text;
    static const u8 schemes[] = {0, HTTP, HTTPS};
    for (int i = 0; i < (m->kind >= K_URL ? 3 : 1); i++) {
        r.flags = schemes[i];
        if (m->kind >= K_URL && (m->kind == K_WIDE || m->kind == K_PATH || m->has_port)) break;
        int n = m->key_length > 7900 ? -1 : value_write(&r, kept);
        if (n >= 0 && (size_t)n == length && !memcmp(kept, value, length)) { m->flags |= schemes[i]; return; }
    }
    m->flags |= GIVEN;
}

/* n digits at p, or -1. */
static int digits_read(const u8 *p, const u8 *end, int n)
{
    int value = 0;
    if (end - p < n) return -1;
    for (; n; n--, p++) {
        if (!IS(*p, DIGIT)) return -1;
        value = value * 10 + (*p - '0');
    }
    return value;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar, with years that begin in March. */
static int64_t days_to(int year, int month, int day)
{
    int y = year - (month < 3) + 4000, of_year = (153 * (month + (month < 3 ? 9 : -3)) + 2) / 5 + day - 1;
    return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + of_year - 719468 - 4000 / 400 * 146097;
}

/* RFC 3339: a date, which is valid to its end (UTC), or a time. Seconds since 1970, at least 1 and at most what 32 bits hold. */
static int time_read(const u8 *p, const u8 *end, u32 *until)
{
    static const u8 lengths[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = digits_read(p, end, 4), month = digits_read(p + 5, end, 2), day = digits_read(p + 8, end, 2);
    if (year < 0 || month < 1 || month > 12 || p[4] != '-' || p[7] != '-') return 0;
    int is_leap = month == 2 && (year % 4 ? 0 : year % 100 || !(year % 400));
    if (day < 1 || day > lengths[month] + is_leap) return 0;
    int64_t seconds = days_to(year, month, day) * 86400;
    if (end - p == 10) seconds += 86400;
    else {
        int hour = digits_read(p + 11, end, 2), minute = digits_read(p + 14, end, 2), second = digits_read(p + 17, end, 2), zone = 0;
        if (hour < 0 || minute < 0 || second < 0 || hour > 23 || minute > 59 || second > 60 || !(p[10] == 'T' || p[10] == 't' || p[10] == ' ')
            || p[13] != ':' || p[16] != ':') return 0;
        p += 19;
        if (end - p > 1 && *p == '.' && IS(p[1], DIGIT))
            for (p++; p < end && IS(*p, DIGIT); p++) {}
        if (end - p == 6 && (*p == '+' || *p == '-') && p[3] == ':') {
            int hours = digits_read(p + 1, end, 2), minutes = digits_read(p + 4, end, 2);
            if (hours < 0 || minutes < 0 || hours > 23 || minutes > 59) return 0;
            zone = (hours * 60 + minutes) * (*p == '+' ? 60 : -60);
        } else if (end - p != 1 || (*p != 'Z' && *p != 'z')) return 0;
        seconds += hour * 3600 + minute * 60 + second - zone;
    }
    *until = seconds < 1 ? 1 : seconds > 0xFFFFFFFF ? 0xFFFFFFFF : (u32)seconds;
    return 1;
}

/* The third column; the section begins with the first row that expires. */
static int until_made(builder *b, u32 number, const u8 *p, const u8 *end)
{
    u32 until;
    while (p < end && *p == ' ') p++;
    while (p < end && end[-1] == ' ') end--;
    if (p == end) return OK;
    if (!time_read(p, end, &until)) return BAD_TIME;
    if (!b->untils.size) {
        void *all = grow(b, &b->untils, ((size_t)number + 1) * 4);
        if (!all) return BAD_TIME;
        memset(all, 0, ((size_t)number + 1) * 4);
    }
    ((u32 *)b->untils.data)[number] = until;
    return OK;
}

static void row_add(builder *b, const u8 *row, const u8 *end, int is_file, made *m)
{
    if (b->rows % INDEX_STEP == 0) { u32 at = (u32)b->pool.size; put(b, &b->index, &at, 4); }
    static const u32 never = 0;
    u32 number = (u32)b->rows++, offset = (u32)b->pool.size;
    if (b->untils.size) put(b, &b->untils, &never, 4);
    if (is_file && end > row && end[-1] == '\r') end--;
    if (is_file && (row == end || *row == '#')) { put_byte(b, 0); return; }
    const u8 *tab = memchr(row, '\t', (size_t)(end - row)), *value = tab ? tab + 1 : end, *stop, *third;
    size_t length = 0;
    int reason = NO_TAB;
    if (tab) {
        reason = OK;
        if ((stop = memchr(value, '\t', (size_t)(end - value)))) {
            third = memchr(stop + 1, '\t', (size_t)(end - stop - 1));
            reason = until_made(b, number, stop + 1, third ? third : end);
        } else stop = end;
        length = (size_t)(stop - value);
        if (reason == OK) reason = length > 8000 ? URL_TOO_LONG : row_made(b, m, row, (size_t)(tab - row), value, stop);
    }
    if (reason != OK) {
        refusal no = {number, (u32)reason};
        put(b, &b->refusals, &no, sizeof no);
        put_byte(b, 0);
        return;
    }
    mark_given(m, value, length);
    put_byte(b, m->kind | m->flags);
    put_span(b, m->key, m->key_length);
    if (m->kind >= K_URL) {
        u8 head[3] = {(u8)(m->tail | m->has_port << 2), (u8)m->port, (u8)(m->port >> 8)};
        put(b, &b->pool, head, 3);
        put_span(b, m->rest, m->rest_length);
    }
    if (m->flags & GIVEN) put_span(b, value, length);
    u64 hash = key_hash(b->seed, m->kind, m->key, m->key_length);
    if (m->kind == K_DOMAIN) {
        const u8 *end = m->key + m->key_length;
        u64 parent = parent_hash_of(b->seed, m->key, end, 2);
        int dots = 0;
        for (const u8 *p = m->key; p < end; p++) dots += *p == '.';
        put_extra(b, parent);
        put_extra(b, dots == 1 ? itself(parent) : parent_hash_of(b->seed ^ THREE_SEED, m->key, end, 3));
    }
    if (!is_guarded(m->kind, m->key)) put_extra(b, hash);
    put(b, &b->hashes, &hash, 8);
    put(b, &b->offsets, &offset, 4);
    b->compiled++;
    if (b->pool.size > 0xFFFF0000u) b->is_too_large = 1;
}

static int compare_twins(const void *a, const void *b)
{
    const u32 *x = a, *y = b;
    return x[0] != y[0] ? (x[0] < y[0] ? -1 : 1) : x[1] != y[1] ? (x[1] < y[1] ? -1 : 1) : 0;
}

static void table_add(builder *b, const part *s, u64 hash, u32 offset)
{
    u64 place = table_place(hash, b->table_count), slot = (u64)(u32)hash << 32 | (offset + 1ull);
    record mine, other;
    for (;; place = place + 1 == b->table_count ? 0 : place + 1) {
        if (!b->table[place]) { b->table[place] = slot; return; }
        if ((u32)(b->table[place] >> 32) != (u32)hash) continue;
        u32 first = (u32)b->table[place] - 1;
        if (!record_read(s, offset, &mine) || !record_read(s, first, &other)) return;
        if (mine.kind != other.kind || mine.key_length != other.key_length || memcmp(mine.key, other.key, mine.key_length)) continue;
        u32 pair[2] = {first, offset};
        put(b, &b->twins, pair, 8);
        return;
    }
}

/* The rows of a builder as a part. */
static part part_made(const builder *b)
{
    return (part){.table = b->table, .pool = b->pool.data, .index = (const u32 *)b->index.data, .twins = (const u32 *)b->twins.data,
                  .until = b->untils.size ? (const u32 *)b->untils.data : NULL, .table_count = b->table_count, .pool_size = b->pool.size,
                  .index_count = b->index.size / 4, .twin_count = b->twins.size / 8, .rows = b->rows};
}

/* Make filter and table of all rows. 0 where memory ran out or the set is over 4 GB of text. A small set's filter has room for a delta. */
static int builder_end(builder *b)
{
    u64 keys = b->hashes.size / 8, extras = b->extras.size / 8, ahead = 16;
    b->filter_count = extras / 4 + 1024; /* 16 bits a question */
    b->table_count = keys + keys / 3 + 8;
    b->filter = calloc(b->filter_count, 8);
    b->table = calloc(b->table_count, 8);
    if (!b->filter || !b->table || b->is_out_of_memory || b->is_too_large) return 0;
    part s = part_made(b);
    const u64 *hash = (const u64 *)b->hashes.data, *extra = (const u64 *)b->extras.data;
    const u32 *offset = (const u32 *)b->offsets.data;
    for (u64 i = 0; i < keys; i++) {
        if (i + ahead < keys) __builtin_prefetch(&b->table[table_place(hash[i + ahead], b->table_count)], 1);
        table_add(b, &s, hash[i], offset[i]);
    }
    for (u64 i = 0; i < extras; i++) {
        if (i + ahead < extras) __builtin_prefetch(&b->filter[filter_place(extra[i + ahead], b->filter_count)], 1);
        b->filter[filter_place(extra[i], b->filter_count)] |= filter_bits(extra[i]);
    }
    if (b->twins.size) qsort(b->twins.data, b->twins.size / 8, 8, compare_twins);
    return !b->is_out_of_memory;
}

/* What a delta holds instead of filter and map: the hashes that the filter is asked about, and the words of the map that are not 0. */
static int delta_end(builder *b)
{
    for (u64 i = 0; i < MAP4_BYTES / 8; i++) {
        u64 word[2] = {i, load64(b->map4 + i * 8)};
        if (word[1]) put(b, &b->words, word, 16);
    }
    return !b->is_out_of_memory;
}
#endif
