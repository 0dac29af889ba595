/* How values are spelt: names, addresses, URLs. Plain scalar code on lower-case bytes; nothing here knows about sets or scans.
 * Two tables come from Unicode by way of setup.py (folding.h): which characters can stand in a name, and what they fold to. */
#ifndef TOCSIN_TEXT_H
#define TOCSIN_TEXT_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "folding.h" /* WORD_RANGES[][2], WORD_RANGE_COUNT, FOLDS[]{point,at,length}, FOLD_COUNT, FOLD_POINTS[] */

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
#define INLINE static inline __attribute__((always_inline))

enum { MOST_HOST = 1024, MOST_NAME = 253, MOST_LABEL = 63, MOST_FOLDED = 256 * 18 };

/* Classes of ASCII bytes: the same words as in the masks of scan.h. */
enum { DIGIT = 1, HEXLETTER = 2, LETTER = 4, DOT = 8, DASH = 16, COLON = 32, LOCAL = 64, URLEND = 128 };
static const u8 CLASS[256] = {
    [0 ... 32] = URLEND, [127] = URLEND, ['"'] = URLEND, ['<'] = URLEND, ['>'] = URLEND, ['|'] = URLEND | LOCAL,
    ['`'] = URLEND | LOCAL, ['0' ... '9'] = DIGIT | LOCAL, ['a' ... 'f'] = HEXLETTER | LETTER | LOCAL,
    ['g' ... 'z'] = LETTER | LOCAL, ['A' ... 'F'] = HEXLETTER | LETTER | LOCAL, ['G' ... 'Z'] = LETTER | LOCAL,
    ['.'] = DOT | LOCAL, ['-'] = DASH | LOCAL, ['_'] = DASH | LOCAL, [':'] = COLON,
    ['!'] = LOCAL, ['#'] = LOCAL, ['$'] = LOCAL, ['%'] = LOCAL, ['&'] = LOCAL, ['\''] = LOCAL, ['*'] = LOCAL, ['+'] = LOCAL,
    ['/'] = LOCAL, ['='] = LOCAL, ['?'] = LOCAL, ['^'] = LOCAL, ['{'] = LOCAL, ['}'] = LOCAL, ['~'] = LOCAL};
#define IS(c, classes) ((CLASS[(u8)(c)] & (classes)) != 0)
#define ALNUM (DIGIT | LETTER)
#define TOKEN (DIGIT | LETTER | DOT | DASH)

INLINE u8 lower(u8 c) { return c >= 'A' && c <= 'Z' ? c | 32 : c; }

INLINE int hex_digit(u8 c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of two hexadecimal digits, or -1. */
INLINE int hex_pair(const u8 *p)
{
    int high = hex_digit(p[0]), low = high < 0 ? -1 : hex_digit(p[1]);
    return low < 0 ? -1 : high << 4 | low;
}

/* Length of the well-formed UTF-8 character at p, and its code point; 0 where there is none. */
static int utf8_read(const u8 *p, const u8 *end, u32 *point)
{
    ptrdiff_t left = end - p;
    if (left < 1) return 0;
    if (p[0] < 0x80) { *point = p[0]; return 1; }
    int size = p[0] >= 0xF0 && p[0] < 0xF5 ? 4 : p[0] >= 0xE0 && p[0] < 0xF0 ? 3 : p[0] >= 0xC2 && p[0] < 0xE0 ? 2 : 0;
    if (!size || left < size) return 0;
    u32 value = p[0] & (0x7F >> size);
    for (int i = 1; i < size; i++) {
        if ((p[i] & 0xC0) != 0x80) return 0;
        value = value << 6 | (p[i] & 0x3F);
    }
    if ((size == 3 && (value < 0x800 || (value >= 0xD800 && value < 0xE000))) || (size == 4 && (value < 0x10000 || value > 0x10FFFF)))
        return 0;
    *point = value;
    return size;
}

static u8 *utf8_write(u8 *out, u32 point)
{
    if (point < 0x80) *out++ = (u8)point;
    else if (point < 0x800) { *out++ = 0xC0 | point >> 6; *out++ = 0x80 | (point & 0x3F); }
    else if (point < 0x10000) { *out++ = 0xE0 | point >> 12; *out++ = 0x80 | (point >> 6 & 0x3F); *out++ = 0x80 | (point & 0x3F); }
    else {
        *out++ = 0xF0 | point >> 18; *out++ = 0x80 | (point >> 12 & 0x3F);
        *out++ = 0x80 | (point >> 6 & 0x3F); *out++ = 0x80 | (point & 0x3F);
    }
    return out;
}

/* Whether a character outside ASCII can stand in a name (the three ideographic full stops are not words, but may too). */
static int is_word(u32 point)
{
    size_t low = 0, high = WORD_RANGE_COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (point > WORD_RANGES[middle][1]) low = middle + 1;
        else high = middle;
    }
    return low < WORD_RANGE_COUNT && point >= WORD_RANGES[low][0];
}

INLINE int is_ideographic_dot(u32 point) { return point == 0x3002 || point == 0xFF0E || point == 0xFF61; }

/* Fold one character of a name: NFKC(lower(NFKC(c))). Writes at most 18 points. */
static int fold(u32 point, u32 *out)
{
    if (is_ideographic_dot(point)) { *out = '.'; return 1; }
    size_t low = 0, high = FOLD_COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (FOLDS[middle].point < point) low = middle + 1;
        else high = middle;
    }
    if (low == FOLD_COUNT || FOLDS[low].point != point) { *out = point < 0x80 ? lower((u8)point) : point; return 1; }
    memcpy(out, FOLD_POINTS + FOLDS[low].at, FOLDS[low].length * sizeof(u32));
    return FOLDS[low].length;
}

/* One label in punycode (RFC 3492) with its "xn--"; ASCII labels as they are. Length, or -1 where it would be over 63. */
static int label_to_ascii(const u32 *label, int count, u8 *out, int room)
{
    int basic = 0;
    for (int i = 0; i < count; i++) basic += label[i] < 0x80;
    if (basic == count) {
        if (count > room) return -1;
        for (int i = 0; i < count; i++) out[i] = (u8)label[i];
        return count;
    }
    if (count > 59) return -1;
    int n = 4;
    memcpy(out, "xn--", 4);
    for (int i = 0; i < count; i++)
        if (label[i] < 0x80) out[n++] = (u8)label[i];
    if (basic) out[n++] = '-';
    u64 delta = 0;
    u32 next = 0x80, bias = 72;
    for (int done = basic, first = 1; done < count; next++, delta++) {
        u32 least = 0xFFFFFFFF;
        for (int i = 0; i < count; i++)
            if (label[i] >= next && label[i] < least) least = label[i];
        delta += (u64)(least - next) * (u64)(done + 1);
        next = least;
        for (int i = 0; i < count; i++) {
            if (label[i] < next) delta++;
            if (label[i] != next) continue;
            u64 rest = delta;
            for (u32 k = 36;; k += 36) {
                u32 t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
                if (n > MOST_LABEL) return -1;
                if (rest < t) { out[n++] = (u8)(rest < 26 ? 'a' + rest : '0' + rest - 26); break; }
                u32 digit = t + (u32)((rest - t) % (36 - t));
                out[n++] = (u8)(digit < 26 ? 'a' + digit : '0' + digit - 26);
                rest = (rest - t) / (36 - t);
            }
            u64 adapted = first ? delta / 700 : delta / 2;
            first = 0;
            adapted += adapted / (u64)(done + 1);
            for (bias = 0; adapted > 455; bias += 36) adapted /= 35;
            bias += (u32)(36 * adapted / (adapted + 38));
            delta = 0;
            done++;
        }
    }
    return n > MOST_LABEL ? -1 : n;
}

/* Folded points of well-formed UTF-8; -1 where it is not well formed or does not fit. */
static int fold_text(const u8 *p, const u8 *end, u32 *out, int room)
{
    int n = 0;
    while (p < end) {
        u32 point;
        int size = utf8_read(p, end, &point);
        if (!size || n + 18 > room) return -1;
        n += fold(point, out + n);
        p += size;
    }
    return n;
}

/* A whole name in ASCII form; -1 where a label has none. Input is at most MOST_HOST bytes, output at most room. */
static int name_to_ascii(const u8 *p, const u8 *end, u8 *out, int room)
{
    u32 points[MOST_HOST * 4];
    int count = fold_text(p, end, points, MOST_HOST * 4), n = 0;
    if (count < 0) return -1;
    for (int start = 0, i = 0; i <= count; i++) {
        if (i < count && points[i] != '.') continue;
        if (n + MOST_LABEL + 2 > room) return -1;
        int size = label_to_ascii(points + start, i - start, out + n, room - n - 2);
        if (size < 0) return -1;
        n += size;
        if (i < count) out[n++] = '.';
        start = i + 1;
    }
    return n;
}

INLINE int is_ascii(const u8 *p, const u8 *end)
{
    for (; p < end; p++)
        if (*p >= 0x80) return 0;
    return 1;
}

/* Four octets without leading zeros, exactly. */
static int quad_read(const u8 *p, const u8 *end, u32 *address)
{
    u32 value = 0;
    if (end - p < 7 || end - p > 15) return 0;
    for (int part = 0; part < 4; part++) {
        if (part && (p == end || *p++ != '.')) return 0;
        u32 octet = 0, digits = 0;
        for (; p < end && IS(*p, DIGIT) && digits < 4; p++, digits++) {
            if (digits && !octet) return 0;
            octet = octet * 10 + (*p - '0');
        }
        if (!digits || octet > 255) return 0;
        value = value << 8 | octet;
    }
    *address = value;
    return p == end;
}

/* An IPv6 address in any RFC 4291 spelling, exactly. */
static int address6_read(const u8 *p, const u8 *end, u8 out[16])
{
    u16 groups[8] = {0};
    int count = 0, gap = -1;
    if (end - p < 2 || end - p > 45) return 0;
    if (p[0] == ':' && p[1] != ':') return 0;
    if (p[0] == ':') { gap = 0; p += 2; }
    while (p < end) {
        const u8 *start = p;
        u32 value = 0, v4;
        while (p < end && hex_digit(*p) >= 0 && p - start < 5) value = value << 4 | (u32)hex_digit(*p++);
        if (p < end && *p == '.') {
            if (count > 6 || !quad_read(start, end, &v4)) return 0;
            groups[count++] = (u16)(v4 >> 16);
            groups[count++] = (u16)v4;
            p = end;
            break;
        }
        if (p == start || p - start > 4 || count > 7) return 0;
        groups[count++] = (u16)value;
        if (p == end) break;
        if (*p++ != ':' || p == end) return 0;
        if (*p == ':') {
            if (gap >= 0) return 0;
            gap = count;
            p++;
        }
    }
    if (gap < 0 ? count != 8 : count > 7) return 0;
    int tail = gap < 0 ? 0 : count - gap;
    memset(out, 0, 16);
    for (int i = 0; i < count; i++) {
        int place = i < count - tail ? i : 8 - count + i;
        out[place * 2] = (u8)(groups[i] >> 8);
        out[place * 2 + 1] = (u8)groups[i];
    }
    return 1;
}

/* inet_aton's forms of an IPv4 address: one to four decimal, octal or hexadecimal parts, the last filling what is left. */
static int any_ipv4_read(const u8 *p, const u8 *end, u32 *address)
{
    u64 parts[4];
    int count = 0;
    while (1) {
        u64 value = 0;
        u32 base = 10;
        if (count == 4 || p == end || !IS(*p, DIGIT)) return 0;
        if (*p == '0') { base = 8; p++; }
        if (base == 8 && p < end && *p == 'x') {
            base = 16;
            if (++p == end || hex_digit(*p) < 0) return 0;
        }
        for (; p < end && *p != '.'; p++) {
            int digit = hex_digit(*p);
            if (digit < 0 || (u32)digit >= base) return 0;
            if (value < 1ull << 40) value = value * base + (u32)digit;
        }
        parts[count++] = value;
        if (p == end) break;
        p++;
    }
    u64 all = 0;
    for (int i = 0; i < count - 1; i++) {
        if (parts[i] > 255) return 0;
        all |= parts[i] << (24 - 8 * i);
    }
    if (parts[count - 1] >= 1ull << (8 * (5 - count))) return 0;
    *address = (u32)(all + parts[count - 1]);
    return 1;
}

static int quad_write(u32 address, u8 *out)
{
    int n = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        u32 octet = address >> shift & 255;
        if (octet > 99) out[n++] = (u8)('0' + octet / 100);
        if (octet > 9) out[n++] = (u8)('0' + octet / 10 % 10);
        out[n++] = (u8)('0' + octet % 10);
        if (shift) out[n++] = '.';
    }
    return n;
}

/* ---- URLs (CyberTrace's rules; spelling.py says the same in Python) ------------------------------------------------------- */

typedef struct {
    const u8 *rest, *end;  /* path, query and fragment as given */
    int host_length;       /* of the host written to out; IPv6 as "[" 32 hexadecimal digits "]" */
    int port;              /* explicit, or as handed in */
} url_start;

static int host_read(const u8 *p, const u8 *end, u8 *out)
{
    u8 buffer[MOST_HOST * 2];
    u32 v4;
    if (end - p > 4 && !memcmp(p, "www.", 4)) p += 4;
    if (!is_ascii(p, end)) {
        int size = name_to_ascii(p, end, buffer, sizeof buffer);
        if (size < 0) return 0;
        p = buffer;
        end = buffer + size;
    }
    int n = 0;
    for (; p < end; p++)
        if (*p != '.' || (n && out[n - 1] != '.')) out[n++] = lower(*p);
    if (n && out[n - 1] == '.') n--;
    return n && any_ipv4_read(out, out + n, &v4) ? quad_write(v4, out) : n;
}

/* Read the authority of a URL whose scheme is gone. out holds MOST_HOST * 2 bytes. 0: no usable host. */
static int url_read_host(const u8 *p, const u8 *end, int port, u8 *out, url_start *url)
{
    while (p < end && (*p == '/' || *p == '\\')) p++;
    const u8 *stop = p, *name;
    while (stop < end && *stop != '/' && *stop != '\\' && *stop != '?' && *stop != '#') stop++;
    url->rest = stop;
    url->end = end;
    for (name = stop; name > p && name[-1] != '@'; name--) {}
    const u8 *after;
    if (name < stop && *name == '[') {
        u8 packed[16];
        const u8 *close = memchr(name, ']', (size_t)(stop - name));
        if (!close) close = stop;
        after = close < stop ? close + 1 : stop;
        if (!address6_read(name + 1, close, packed)) return 0;
        out[0] = '[';
        for (int i = 0; i < 16; i++) {
            out[1 + i * 2] = (u8)"0123456789abcdef"[packed[i] >> 4];
            out[2 + i * 2] = (u8)"0123456789abcdef"[packed[i] & 15];
        }
        out[33] = ']';
        url->host_length = 34;
        if (after < stop && *after != ':') return 0;
    } else {
        for (after = name; after < stop && *after != ':'; after++) {}
        if (after - name > MOST_HOST) return 0;
        url->host_length = host_read(name, after, out);
        if (!url->host_length) return 0;
    }
    if (after < stop) after++;
    if (after < stop) {
        port = 0;
        if (stop - after > 5) return 0;
        for (; after < stop; after++) {
            if (!IS(*after, DIGIT)) return 0;
            port = port * 10 + (*after - '0');
        }
        if (port > 65535) return 0;
    }
    url->port = port;
    return 1;
}

static size_t decode_once(const u8 *p, const u8 *end, u8 *out)
{
    size_t n = 0;
    for (; p < end; p++) {
        int value = *p == '%' && end - p > 2 ? hex_pair(p + 1) : -1;
        u8 c = value < 0 ? *p : (u8)value;
        if (value >= 0) p += 2;
        if (c) out[n++] = lower(c);
    }
    return n;
}

/* Path and query in normal form; out holds the rest's length plus 4. Returns the length written. */
static size_t url_read_tail(const url_start *url, u8 *out)
{
    const u8 *hash = memchr(url->rest, '#', (size_t)(url->end - url->rest)), *end = hash ? hash : url->end;
    const u8 *mark = memchr(url->rest, '?', (size_t)(end - url->rest)), *path_end = mark ? mark : end;
    size_t size = decode_once(url->rest, path_end, out), n = 0, i = 0;
    for (size_t k = 0; k < size; k++)
        if (out[k] == '\\') out[k] = '/';
    int ends_with_slash = size && out[size - 1] == '/';
    while (i < size) { /* every piece follows a slash, so what is written never overtakes what is read */
        while (i < size && out[i] == '/') i++;
        size_t start = i;
        while (i < size && out[i] != '/') i++;
        size_t length = i - start;
        if (!length) continue;
        int is_dots = out[start] == '.' && (length == 1 || (length == 2 && out[start + 1] == '.'));
        if (is_dots && length == 2)
            while (n && out[--n] != '/') {}
        if (is_dots) { ends_with_slash |= i == size; continue; }
        out[n++] = '/';
        memmove(out + n, out + start, length);
        n += length;
    }
    if (mark && end - mark > 1) {
        size_t before = n;
        if (ends_with_slash || !n) out[n++] = '/';
        out[n++] = '?';
        size_t query = decode_once(mark + 1, end, out + n);
        return query ? n + query : before;
    }
    return n == 2 && out[1] == '*' ? 0 : n;
}

/* Whether a pattern whose "*" stand for anything covers the whole text. */
static int glob_covers(const u8 *pattern, const u8 *pattern_end, const u8 *text, const u8 *text_end)
{
    const u8 *star = NULL, *retry = NULL;
    while (text < text_end) {
        if (pattern < pattern_end && *pattern == '*') { star = ++pattern; retry = text; }
        else if (pattern < pattern_end && *pattern == *text) { pattern++; text++; }
        else if (star) { pattern = star; text = ++retry; }
        else return 0;
    }
    while (pattern < pattern_end && *pattern == '*') pattern++;
    return pattern == pattern_end;
}
#endif
