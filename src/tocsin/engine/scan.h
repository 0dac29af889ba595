/* The part of the pass that touches every byte. core.c includes this file once per instruction set, with NAME(x) giving each copy its
 * own names and VECTOR one of 0 (portable), 16 (SSE2) or 32 (AVX2). */

#if VECTOR == 32
typedef __m256i NAME(vector);
#define V NAME(vector)
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define FILL(c) _mm256_set1_epi8((char)(c))
#define EQUAL(a, b) _mm256_cmpeq_epi8(a, b)
#define ABOVE(a, b) _mm256_cmpgt_epi8(a, b)
#define AND(a, b) _mm256_and_si256(a, b)
#define OR(a, b) _mm256_or_si256(a, b)
#define BITS(v) ((u64)(u32)_mm256_movemask_epi8(v))
#elif VECTOR == 16
typedef __m128i NAME(vector);
#define V NAME(vector)
#define LOAD(p) _mm_loadu_si128((const __m128i *)(p))
#define STORE(p, v) _mm_storeu_si128((__m128i *)(p), v)
#define FILL(c) _mm_set1_epi8((char)(c))
#define EQUAL(a, b) _mm_cmpeq_epi8(a, b)
#define ABOVE(a, b) _mm_cmpgt_epi8(a, b)
#define AND(a, b) _mm_and_si128(a, b)
#define OR(a, b) _mm_or_si128(a, b)
#define BITS(v) ((u64)(u32)_mm_movemask_epi8(v))
#endif

/* Copy n bytes, A-Z to a-z; tells which of SAW_BACKSLASH and SAW_PERCENT occur. Reads and writes up to 63 bytes beyond n. */
static u32 NAME(copy_lower)(u8 *to, const u8 *from, size_t n)
{
#if VECTOR
    V backslash = FILL(0), percent = FILL(0);
    size_t i = 0;
    for (; i + VECTOR <= n; i += VECTOR) {
        V v = LOAD(from + i), is_upper = AND(ABOVE(v, FILL('A' - 1)), ABOVE(FILL('Z' + 1), v));
        backslash = OR(backslash, EQUAL(v, FILL('\\')));
        percent = OR(percent, EQUAL(v, FILL('%')));
        STORE(to + i, OR(v, AND(is_upper, FILL(32))));
    }
    u32 saw = (BITS(backslash) ? SAW_BACKSLASH : 0) | (BITS(percent) ? SAW_PERCENT : 0);
#else
    size_t i = 0;
    u32 saw = 0;
#endif
    for (; i < n; i++) {
        saw |= (from[i] == '\\' ? SAW_BACKSLASH : 0) | (from[i] == '%' ? SAW_PERCENT : 0);
        to[i] = lower(from[i]);
    }
    return saw;
}

/* Positions of "://". */
static size_t NAME(find_urls)(const u8 *t, size_t n, u32 *out)
{
    size_t count = 0;
#if VECTOR
    for (size_t i = 0; i < n; i += 64) {
        u64 found = 0;
        for (int k = 0; k < 64; k += VECTOR) {
            V v = AND(AND(EQUAL(LOAD(t + i + k), FILL(':')), EQUAL(LOAD(t + i + k + 1), FILL('/'))), EQUAL(LOAD(t + i + k + 2), FILL('/')));
            found |= BITS(v) << k;
        }
        for (; found; found &= found - 1) out[count++] = (u32)(i + (size_t)__builtin_ctzll(found));
    }
#else
    for (const u8 *p = t; (p = memchr(p, ':', (size_t)(t + n - p))); p++)
        if (p[1] == '/' && p[2] == '/') out[count++] = (u32)(p - t);
#endif
    return count;
}

/* The masks of 64 bytes of lower-case text: bit i stands for byte i. */
INLINE void NAME(classify)(const u8 *t, masks *m, size_t w)
{
#if VECTOR == 32
    /* class = low_table[low nibble] & high_table[high nibble]; bytes over 127 give 0. One bit a class, so that a shift and a
     * movemask make its mask. 1 digit, 2 a-f, 4 g-o, 8 p-z, 16 ".", 32 "-", 64 "_", 128 ":" */
    const __m256i low_table = _mm256_setr_epi8(
        9, 11, 11, 11, 11, 11, 11, 13, 13, 13, (char)(128 | 12), 4, 4, 32 | 4, 16 | 4, 64 | 4,
        9, 11, 11, 11, 11, 11, 11, 13, 13, 13, (char)(128 | 12), 4, 4, 32 | 4, 16 | 4, 64 | 4);
    const __m256i high_table = _mm256_setr_epi8(0, 0, 16 | 32, (char)(1 | 128), 0, 64, 2 | 4, 8, 0, 0, 0, 0, 0, 0, 0, 0,
                                                0, 0, 16 | 32, (char)(1 | 128), 0, 64, 2 | 4, 8, 0, 0, 0, 0, 0, 0, 0, 0);
    u64 token = 0, dot = 0, digit = 0, alnum = 0, hexletter = 0, colon = 0, high = 0;
    for (int k = 0; k < 64; k += 32) {
        __m256i v = LOAD(t + k);
        __m256i c = AND(_mm256_shuffle_epi8(low_table, v), _mm256_shuffle_epi8(high_table, AND(_mm256_srli_epi16(v, 4), FILL(15))));
        high |= BITS(v) << k;
        colon |= BITS(c) << k;
        token |= BITS(ABOVE(AND(c, FILL(127)), FILL(0))) << k;
        alnum |= BITS(ABOVE(AND(c, FILL(15)), FILL(0))) << k;
        dot |= BITS(_mm256_slli_epi16(c, 3)) << k;
        digit |= BITS(_mm256_slli_epi16(c, 7)) << k;
        hexletter |= BITS(_mm256_slli_epi16(c, 6)) << k;
    }
#elif VECTOR == 16
    u64 token = 0, dot = 0, digit = 0, alnum = 0, hexletter = 0, colon = 0, high = 0;
    for (int k = 0; k < 64; k += 16) {
        V v = LOAD(t + k);
        u64 d = BITS(AND(ABOVE(v, FILL('0' - 1)), ABOVE(FILL('9' + 1), v))) << k;
        u64 l = BITS(AND(ABOVE(v, FILL('a' - 1)), ABOVE(FILL('z' + 1), v))) << k;
        hexletter |= BITS(AND(ABOVE(v, FILL('a' - 1)), ABOVE(FILL('f' + 1), v))) << k;
        u64 dots = BITS(EQUAL(v, FILL('.'))) << k;
        token |= d | l | dots | BITS(OR(EQUAL(v, FILL('-')), EQUAL(v, FILL('_')))) << k;
        colon |= BITS(EQUAL(v, FILL(':'))) << k;
        high |= BITS(v) << k;
        digit |= d;
        alnum |= d | l;
        dot |= dots;
    }
#else
    u64 token = 0, dot = 0, digit = 0, alnum = 0, hexletter = 0, colon = 0, high = 0;
    for (int k = 0; k < 64; k++) {
        u64 c = CLASS[t[k]];
        digit |= (c & 1) << k;
        hexletter |= (c >> 1 & 1) << k;
        alnum |= ((c | c >> 2) & 1) << k;
        dot |= (c >> 3 & 1) << k;
        token |= ((c | c >> 2 | c >> 3 | c >> 4) & 1) << k;
        colon |= (c >> 5 & 1) << k;
        high |= (u64)(t[k] >> 7) << k;
    }
#endif
    m->token[w] = token | high;
    m->dot[w] = dot;
    m->digit[w] = digit;
    m->alnum[w] = alnum;
    m->high[w] = high;
    m->hex[w] = digit | hexletter;
    m->colon[w] = colon;
}

/* Ends of the runs of `run` that hold a seed: the seed's carry runs to the first position after its run. */
INLINE u64 NAME(ends)(u64 run, u64 seeds, u64 *carry)
{
    u64 sum = run + seeds, over = sum < run;
    sum += *carry;
    over |= sum < *carry;
    *carry = over;
    return sum & ~run;
}

/* The 32 bits of a mask that end before position e; bit 31 is the last. */
INLINE u32 NAME(window)(const u64 *mask, size_t e)
{
    size_t w = e >> 6, r = e & 63;
    u64 bits = r ? mask[w] << (64 - r) | (r < 32 ? mask[w - 1] >> r : 0) : mask[w - 1];
    return (u32)(bits >> 32);
}

INLINE int NAME(bit)(const u64 *mask, size_t e) { return (int)(mask[e >> 6] >> (e & 63) & 1); }

/* Names: hash the last two labels and ask the filter; what passes, or is unusual, is looked at slowly. */
static void NAME(names)(scanner *sc, const u8 *t, size_t count)
{
    const masks *m = &sc->masks;
    const set *s = sc->set;
    u32 *at = sc->places;
    u64 *hashes = sc->hashes;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t e = at[i];
        e -= (size_t)NAME(bit)(m->dot, e - 1);
        u32 run = NAME(window)(m->token, e), dots = NAME(window)(m->dot, e);
        int length = run == 0xFFFFFFFFu ? 32 : __builtin_clz(~run);
        if (length && !NAME(bit)(m->alnum, e - 1)) { sc->slow_names[sc->slow_count++] = at[i]; continue; }
        dots &= (u32)~(0xFFFFFFFFull >> length);
        if (!dots && length < 32) continue;
        int last = dots ? __builtin_clz(dots) : 32;
        if (last < 32 && last <= __builtin_clz(~NAME(window)(m->digit, e) | 1)) continue; /* 1.2.3.4, 537.36 */
        u32 second = dots & (u32)(0x7FFFFFFFull >> last);
        int size = second ? __builtin_clz(second) : length;
        if ((!second && length == 32) || !NAME(bit)(m->alnum, e - (size_t)size)) { sc->slow_names[sc->slow_count++] = at[i]; continue; }
        const u8 *window = t + e - 32;
        const u8 *keep = TAIL_MASK + size;
        u64 h = parent_hash(s->seed, load64(window) & load64(keep), load64(window + 8) & load64(keep + 8),
                            load64(window + 16) & load64(keep + 16), load64(window + 24) & load64(keep + 24));
        hashes[kept] = h;
        at[kept++] = at[i];
        __builtin_prefetch(&s->filter[filter_place(h, s->filter_count)]);
    }
    for (size_t i = 0; i < kept; i++)
        if (filter_has(s, hashes[i])) sc->slow_names[sc->slow_count++] = at[i];
    for (size_t i = 0; i < sc->slow_count; i++) name_at(sc, t, sc->slow_names[i]);
    sc->slow_count = 0;
}

/* Numbers with dots: keep those that can be addresses and whose /24 holds something. */
static void NAME(addresses)(scanner *sc, const u8 *t, size_t count)
{
    const masks *m = &sc->masks;
    const u64 *map = sc->set->map4;
    u32 *at = sc->places, *found = (u32 *)sc->hashes;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t e = at[i];
        while (e && NAME(bit)(m->dot, e - 1)) e--;
        u32 run = NAME(window)(m->digit, e) | NAME(window)(m->dot, e), dots = NAME(window)(m->dot, e);
        int length = run == 0xFFFFFFFFu ? 32 : __builtin_clz(~run);
        if (length < 7) continue;
        dots &= (u32)~(0xFFFFFFFFull >> length);
        int dot_count = __builtin_popcount(dots);
        if (dot_count < 3) continue;
        const u8 *start = t + e - length;
        if (dot_count > 3 || length > 15) { /* perhaps full stops in front of it; perhaps an OID */
            for (start = t + e; IS(start[-1], DIGIT | DOT); start--) {}
        }
        if (IS(start[-1], LETTER)) continue;
        while (*start == '.') start++;
        u32 address;
        if (!quad_read(start, t + e, &address)) continue;
        found[kept * 2] = (u32)(start - t);
        found[kept * 2 + 1] = address;
        at[kept++] = (u32)e;
        __builtin_prefetch(&map[address >> 14]);
    }
    for (size_t i = 0; i < kept; i++)
        if (map[found[i * 2 + 1] >> 14] >> (found[i * 2 + 1] >> 8 & 63) & 1)
            address4_at(sc, t, found[i * 2], at[i], found[i * 2 + 1]);
}

/* One pass over lower-case text with its escapes undone. t[-64..-1] and t[n..n+127] are line ends. */
static void NAME(tokens)(scanner *sc, const u8 *t, size_t n)
{
    masks *m = &sc->masks;
    u64 kinds = sc->set->header->kinds;
    size_t words = (n >> 6) + 1, count = 0;
    for (size_t w = 0; w < words + 1; w++) NAME(classify)(t + w * 64, m, w);
    u64 carry = 0, carry_high = 0, digit_seeds = kinds & HAS_DIGIT_TLD ? ~0ull : 0;
    if (kinds & HAS_DOMAIN) {
        for (size_t w = 0; w < words; w++) {
            u64 run = m->token[w], high = m->high[w], next_digit = m->digit[w] >> 1 | m->digit[w + 1] << 63;
            u64 end = NAME(ends)(run, m->dot[w] & (~next_digit | digit_seeds), &carry), end_high = 0;
            if (high | carry_high) end_high = NAME(ends)(run, high, &carry_high);
            for (end &= ~end_high; end; end &= end - 1) sc->places[count++] = (u32)(w * 64 + (size_t)__builtin_ctzll(end));
            for (; end_high; end_high &= end_high - 1) words_at(sc, t, w * 64 + (size_t)__builtin_ctzll(end_high));
        }
        NAME(names)(sc, t, count);
    }
    if (kinds & HAS_ADDRESS4) {
        count = 0, carry = 0;
        for (size_t w = 0; w < words; w++)
            for (u64 end = NAME(ends)(m->digit[w] | m->dot[w], m->dot[w], &carry) & ~m->alnum[w]; end; end &= end - 1)
                sc->places[count++] = (u32)(w * 64 + (size_t)__builtin_ctzll(end));
        NAME(addresses)(sc, t, count);
    }
    if (kinds & (HAS_ADDRESS6 | HAS_ADDRESS4)) {
        u64 p0 = 0, p1 = 0, p2 = 0, p3 = 0, pc = 0;
        carry = 0;
        sc->done6 = 0;
        for (size_t w = 0; w < words; w++) {
            u64 run = m->hex[w] | m->colon[w];
            u64 two = run & (run << 1 | p0 >> 63), four = two & (two << 2 | p1 >> 62), eight = four & (four << 4 | p2 >> 60);
            u64 thirteen = eight & (eight << 5 | p3 >> 59), pair = m->colon[w] & (m->colon[w] << 1 | pc >> 63);
            p0 = run, p1 = two, p2 = four, p3 = eight, pc = m->colon[w];
            for (u64 end = NAME(ends)(run, thirteen | pair, &carry); end; end &= end - 1)
                address6_at(sc, t, w * 64 + (size_t)__builtin_ctzll(end));
        }
    }
    if (kinds & HAS_HASH) {
        carry = 0;
        for (size_t w = 0; w < words; w++) {
            u64 x = m->hex[w];
            x &= x >> 1;
            x &= x >> 2;
            x &= x >> 4;
            x &= x >> 8;
            if (!(x | carry)) continue;
            for (u64 end = NAME(ends)(m->alnum[w], x, &carry); end; end &= end - 1)
                hash_at(sc, t, w * 64 + (size_t)__builtin_ctzll(end));
        }
    }
    if (kinds & HAS_EMAIL)
        for (const u8 *p = t; (p = memchr(p, '@', (size_t)(t + n - p))); p++) email_at(sc, t, (size_t)(p - t));
}

static u64 NAME(count_lines)(const u8 *p, size_t n)
{
    u64 lines = 0;
    for (size_t i = 0; i < n; i++) lines += p[i] == '\n';
    return lines;
}

#undef V
#undef LOAD
#undef STORE
#undef FILL
#undef EQUAL
#undef ABOVE
#undef AND
#undef OR
#undef BITS
