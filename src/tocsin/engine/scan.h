/* The part of the pass that touches every byte. core.c includes this file once per instruction set, with NAME(x) giving each copy its
 * own names and VECTOR one of 0 (portable), 16 (SSE2), 32 (AVX2) or 64 (AVX-512 with VBMI). */

#if VECTOR == 16
#define V __m128i
#define LOAD(p) _mm_loadu_si128((const __m128i *)(p))
#define STORE(p, v) _mm_storeu_si128((__m128i *)(p), v)
#define FILL(c) _mm_set1_epi8((char)(c))
#define AND(a, b) _mm_and_si128(a, b)
#define OR(a, b) _mm_or_si128(a, b)
#define EQUAL(a, b) _mm_cmpeq_epi8(a, b)
#define ABOVE(a, b) _mm_cmpgt_epi8(a, b)
#define BITS(v) ((u64)(u32)_mm_movemask_epi8(v))
#elif VECTOR == 32
#define V __m256i
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define FILL(c) _mm256_set1_epi8((char)(c))
#define AND(a, b) _mm256_and_si256(a, b)
#define OR(a, b) _mm256_or_si256(a, b)
#define EQUAL(a, b) _mm256_cmpeq_epi8(a, b)
#define ABOVE(a, b) _mm256_cmpgt_epi8(a, b)
#define BITS(v) ((u64)(u32)_mm256_movemask_epi8(v))
#endif

/* Which of 64 bytes are equal to c: bit i for byte i. */
INLINE u64 NAME(equal)(const u8 *p, u8 c)
{
#if VECTOR == 64
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8((char)c));
#elif VECTOR
    u64 bits = 0;
    for (int k = 0; k < 64; k += VECTOR) bits |= BITS(EQUAL(LOAD(p + k), FILL(c))) << k;
    return bits;
#else
    u64 bits = 0;
    for (int k = 0; k < 64; k += 8) { /* a byte of x is zero where it was c; the multiplication gathers the eight answers */
        u64 x = load64(p + k) ^ c * 0x0101010101010101ull, low = (x & 0x7F7F7F7F7F7F7F7Full) + 0x7F7F7F7F7F7F7F7Full;
        bits |= (~(low | x) & 0x8080808080808080ull) * 0x0002040810204081ull >> 56 << k;
    }
    return bits;
#endif
}

/* 64 bytes from A-Z to a-z. */
INLINE void NAME(lower64)(u8 *to, const u8 *from)
{
#if VECTOR == 64
    __m512i v = _mm512_loadu_si512(from);
    __mmask64 is_upper = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(v, _mm512_set1_epi8('A')), _mm512_set1_epi8(26));
    _mm512_storeu_si512(to, _mm512_mask_add_epi8(v, is_upper, v, _mm512_set1_epi8(32)));
#elif VECTOR
    for (int k = 0; k < 64; k += VECTOR) {
        V v = LOAD(from + k), is_upper = AND(ABOVE(v, FILL('A' - 1)), ABOVE(FILL('Z' + 1), v));
        STORE(to + k, OR(v, AND(is_upper, FILL(32))));
    }
#else
    for (int k = 0; k < 64; k++) to[k] = lower(from[k]);
#endif
}

/* Copy n bytes in lower case; counts line ends and tells which of SAW_BACKSLASH and SAW_PERCENT occur. to may be from. */
static u32 NAME(copy_lower)(u8 *to, const u8 *from, size_t n, u64 *lines)
{
    u64 backslash = 0, percent = 0, count = 0;
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        backslash |= NAME(equal)(from + i, '\\');
        percent |= NAME(equal)(from + i, '%');
        count += (u64)__builtin_popcountll(NAME(equal)(from + i, '\n'));
        NAME(lower64)(to + i, from + i);
    }
    if (i < n) {
        u8 last[64] = {0};
        memcpy(last, from + i, n - i);
        backslash |= NAME(equal)(last, '\\');
        percent |= NAME(equal)(last, '%');
        count += (u64)__builtin_popcountll(NAME(equal)(last, '\n'));
        NAME(lower64)(last, last);
        memcpy(to + i, last, n - i);
    }
    *lines = count;
    return (backslash ? SAW_BACKSLASH : 0) | (percent ? SAW_PERCENT : 0);
}

/* Positions of "://"; tells which of SAW_URI (the text "uri" in quotes) and SAW_HEADER (a line that begins with "#") occur. */
static size_t NAME(find_urls)(const u8 *t, size_t n, u32 *out, u32 *saw)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i += 64) {
        u64 found = NAME(equal)(t + i, ':') & NAME(equal)(t + i + 1, '/');
        for (; found; found &= found - 1) {
            size_t at = i + (size_t)__builtin_ctzll(found);
            out[count] = (u32)at;
            count += t[at + 2] == '/';
        }
        u64 quoted = NAME(equal)(t + i, '"') & NAME(equal)(t + i + 1, 'u');
        for (; quoted; quoted &= quoted - 1)
            if (!memcmp(t + i + (size_t)__builtin_ctzll(quoted), "\"uri\"", 5)) *saw |= SAW_URI;
        u64 header = NAME(equal)(t + i, '#');
        if (header && header & NAME(equal)(t + i - 1, '\n')) *saw |= SAW_HEADER;
    }
    return count;
}

/* The masks of 64 bytes of lower-case text: bit i stands for byte i. */
INLINE void NAME(classify)(const u8 *t, masks *m, size_t w)
{
    u64 token, dot, digit, alnum, hexletter, colon, high;
#if VECTOR == 64
    __m512i v = _mm512_loadu_si512(t), low = _mm512_loadu_si512(CLASS), top = _mm512_loadu_si512(CLASS + 64);
    high = _mm512_movepi8_mask(v);
    __m512i c = _mm512_maskz_permutex2var_epi8(~high, low, v, top);
    token = _mm512_test_epi8_mask(c, _mm512_set1_epi8(TOKEN));
    dot = _mm512_test_epi8_mask(c, _mm512_set1_epi8(DOT));
    digit = _mm512_test_epi8_mask(c, _mm512_set1_epi8(DIGIT));
    alnum = _mm512_test_epi8_mask(c, _mm512_set1_epi8(ALNUM));
    hexletter = _mm512_test_epi8_mask(c, _mm512_set1_epi8(HEXLETTER));
    colon = _mm512_test_epi8_mask(c, _mm512_set1_epi8(COLON));
#elif VECTOR == 32
    /* class = low_table[low nibble] & high_table[high nibble]; bytes over 127 give 0. One bit a class, so that a shift and a
     * movemask make its mask. 1 digit, 2 a-f, 4 g-o, 8 p-z, 16 ".", 32 "-", 64 "_", 128 ":" */
    const __m256i low_table = _mm256_setr_epi8(
        9, 11, 11, 11, 11, 11, 11, 13, 13, 13, (char)(128 | 12), 4, 4, 32 | 4, 16 | 4, 64 | 4,
        9, 11, 11, 11, 11, 11, 11, 13, 13, 13, (char)(128 | 12), 4, 4, 32 | 4, 16 | 4, 64 | 4);
    const __m256i high_table = _mm256_setr_epi8(0, 0, 16 | 32, (char)(1 | 128), 0, 64, 2 | 4, 8, 0, 0, 0, 0, 0, 0, 0, 0,
                                                0, 0, 16 | 32, (char)(1 | 128), 0, 64, 2 | 4, 8, 0, 0, 0, 0, 0, 0, 0, 0);
    token = dot = digit = alnum = hexletter = colon = high = 0;
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
    token = dot = digit = alnum = hexletter = colon = high = 0;
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
    token = dot = digit = alnum = hexletter = colon = high = 0;
    for (int k = 0; k < 64; k += 8) {
        /* Eight classes side by side; a multiplication gathers one bit of each into one byte. */
        u64 c = 0;
        for (int i = 0; i < 8; i++) c |= (u64)CLASS[t[k + i]] << (8 * i);
#define GATHER(bit) (((c >> (bit)) & 0x0101010101010101ull) * 0x0102040810204080ull >> 56 << k)
        u64 d = GATHER(0), l = GATHER(2), dots = GATHER(3);
        digit |= d;
        hexletter |= GATHER(1);
        alnum |= d | l;
        dot |= dots;
        token |= d | l | dots | GATHER(4);
        colon |= GATHER(5);
        high |= ((load64(t + k) >> 7) & 0x0101010101010101ull) * 0x0102040810204080ull >> 56 << k;
#undef GATHER
    }
#endif
    m->token[w] = token | high;
    m->dot[w] = dot;
    m->digit[w] = digit;
    m->alnum[w] = alnum;
    m->high[w] = high;
    m->hex[w] = digit | hexletter;
    m->colon[w] = colon;
    m->at[w] = NAME(equal)(t, '@');
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
    return (u32)((mask[w] << 1 << (63 - r) | mask[(ptrdiff_t)w - 1] >> r) >> 32);
}

/* A mask moved up by k, with what comes out of the word before it. */
#define BACK(mask, before, k) ((mask) << (k) | (before) >> (64 - (k)))

INLINE int NAME(bit)(const u64 *mask, size_t e) { return (int)(mask[e >> 6] >> (e & 63) & 1); }

/* The hash of the last two (or three) labels of the token that ends at e. NO: it cannot be a name, or has not so many labels; UNSURE:
 * look at it slowly. */
INLINE int NAME(parent)(const masks *m, const u8 *t, size_t e, u64 seed, int is_three, u64 *hash)
{
    e -= (size_t)NAME(bit)(m->dot, e - 1);
    u32 run = NAME(window)(m->token, e), dots = NAME(window)(m->dot, e);
    int length = run == 0xFFFFFFFFu ? 32 : __builtin_clz(~run);
    if (!length) return NO;
    dots &= (u32)~(0xFFFFFFFFull >> length);
    int last = dots ? __builtin_clz(dots) : 32;
    u32 second = dots & (u32)(0x7FFFFFFFull >> last);
    if (is_three) {
        if (!second && length < 32) return NO;
        second = second ? second & (u32)(0x7FFFFFFFull >> __builtin_clz(second)) : 0;
    }
    int size = second ? __builtin_clz(second) : length;
    if (last < 32 && last <= __builtin_clz(~NAME(window)(m->digit, e) | 1)) return last ? NO : UNSURE; /* 1.2.3.4, 537.36; a dot at the end */
    if ((!second && length == 32) || !NAME(bit)(m->alnum, e - 1) || !NAME(bit)(m->alnum, e - (size_t)size)) return UNSURE;
    if (!dots) return NO;
    const u8 *window = t + e - 32, *keep = TAIL_MASK + size;
    *hash = parent_hash(seed, load64(window) & load64(keep), load64(window + 8) & load64(keep + 8),
                        load64(window + 16) & load64(keep + 16), load64(window + 24) & load64(keep + 24));
    return ASK;
}

/* An address in dotted form from [t + e - length, t + e), whose three dots are known. 0 where it is none. */
INLINE int NAME(quad)(const u8 *t, size_t e, int length, u32 dots, u32 *address)
{
    static const u32 keep[4] = {0, 0xFF000000u, 0xFFFF0000u, 0xFFFFFF00u}, least[4] = {256, 0, 10, 100};
    u32 bad = 0, all = 0;
    int from = 0; /* distance from e to the end of the octet */
    for (int i = 0; i < 4; i++) {
        int to = i < 3 ? __builtin_clz(dots) : length, digits = to - from;
        u32 text, value;
        dots &= (u32)(0x7FFFFFFFull >> (to & 31));
        memcpy(&text, t + e - (size_t)from - 4, 4);
        text &= keep[digits & 3] & 0x0F0F0F0Fu;
        value = (text >> 24) + (text >> 16 & 255) * 10 + (text >> 8 & 255) * 100;
        bad |= (u32)(digits > 3) | (u32)(value > 255) | (u32)(value < least[digits & 3]);
        all |= value << (8 * i);
        from = to + 1;
    }
    *address = all;
    return !bad;
}

static void NAME(drain_again)(scanner *sc, const u8 *t)
{
    size_t count = sc->waiting_again;
    sc->waiting_again = 0;
    for (size_t i = 0; i < count; i++)
        if (filter_has(sc->set, sc->again[i].hash)) name_at(sc, t, sc->again[i].at);
}

/* Ask the filter about everything that waits, and look at what it lets pass: names first once more. */
static void NAME(drain)(scanner *sc, const u8 *t)
{
    size_t count = sc->waiting;
    const set *s = sc->set;
    sc->waiting = 0;
    for (size_t i = 0; i < count; i++) {
        question q = sc->queue[i];
        if (!filter_has(s, q.hash)) continue;
        int answer = UNSURE;
        u64 hash;
        if (q.about == ABOUT_NAME && !filter_has(s, itself(q.hash)))
            answer = NAME(parent)(&sc->masks, t, q.at, s->seed ^ THREE_SEED, 1, &hash);
        if (answer == UNSURE) look_closely(sc, t, q);
        if (answer != ASK) continue;
        sc->again[sc->waiting_again++] = (question){hash, q.at, 0, ABOUT_NAME};
        __builtin_prefetch(&s->filter[filter_place(hash, s->filter_count)]);
    }
    NAME(drain_again)(sc, t);
}

INLINE void NAME(ask)(scanner *sc, const u8 *t, u64 hash, size_t at, size_t end, u32 what)
{
    sc->queue[sc->waiting++] = (question){hash, (u32)at, (u32)end, what};
    __builtin_prefetch(&sc->set->filter[filter_place(hash, sc->set->filter_count)]);
    if (sc->waiting == QUEUE) NAME(drain)(sc, t);
}

static void NAME(names)(scanner *sc, const u8 *t, size_t words, u64 digit_seeds)
{
    const masks *m = &sc->masks;
    u64 carry = 0, carry_high = 0, seed = sc->set->seed, hash;
    for (size_t w = 0; w < words; w++) {
        u64 run = m->token[w], high = m->high[w], next_digit = m->digit[w] >> 1 | m->digit[w + 1] << 63;
        u64 end = NAME(ends)(run, m->dot[w] & (~next_digit | digit_seeds), &carry), end_high = 0;
        if (high | carry_high) end_high = NAME(ends)(run, high, &carry_high);
        for (end &= ~end_high; end; end &= end - 1) {
            size_t e = w * 64 + (size_t)__builtin_ctzll(end);
            int answer = NAME(parent)(m, t, e, seed, 0, &hash);
            if (answer == ASK) NAME(ask)(sc, t, hash, e, 0, ABOUT_NAME);
            else if (answer == UNSURE) name_at(sc, t, e);
        }
        for (; end_high; end_high &= end_high - 1) words_at(sc, t, w * 64 + (size_t)__builtin_ctzll(end_high));
    }
}

/* Numbers with dots: keep those that can be addresses and whose /24 holds something. */
static void NAME(addresses)(scanner *sc, const u8 *t, size_t words)
{
    const masks *m = &sc->masks;
    const u64 *map = sc->set->map4;
    u64 carry = 0;
    size_t kept = 0;
    struct { u32 start, end, address; } *seen = (void *)sc->seen;
    u64 before = 0, before2 = 0;
    for (size_t w = 0; w < words; w++) {
        /* third: dots that are the third in a chain with one to three characters between them; floats and versions have none */
        u64 dot = m->dot[w], second = dot & (BACK(dot, before, 2) | BACK(dot, before, 3) | BACK(dot, before, 4));
        u64 third = dot & (BACK(second, before2, 2) | BACK(second, before2, 3) | BACK(second, before2, 4));
        before = dot, before2 = second;
        for (u64 end = NAME(ends)(m->digit[w] | dot, third, &carry) & ~m->alnum[w]; end; end &= end - 1) {
            size_t e = w * 64 + (size_t)__builtin_ctzll(end), start;
            while (e && NAME(bit)(m->dot, e - 1)) e--;
            u32 dots = NAME(window)(m->dot, e), run = NAME(window)(m->digit, e) | dots, address;
            int length = run == 0xFFFFFFFFu ? 32 : __builtin_clz(~run);
            dots &= (u32)~(0xFFFFFFFFull >> length);
            int dot_count = __builtin_popcount(dots);
            if (length < 7 || dot_count < 3) continue;
            if (dot_count == 3 && length < 16) {
                start = e - (size_t)length;
                if ((start && NAME(bit)(m->alnum, start - 1)) || !NAME(quad)(t, e, length, dots, &address)) continue;
            } else { /* perhaps full stops in front of it; perhaps an OID */
                const u8 *p = t + e;
                while (IS(p[-1], DIGIT | DOT)) p--;
                if (IS(p[-1], LETTER)) continue;
                while (*p == '.') p++;
                if (!quad_read(p, t + e, &address)) continue;
                start = (size_t)(p - t);
            }
            __builtin_prefetch(&map[address >> 14]);
            seen[kept].start = (u32)start;
            seen[kept].end = (u32)e;
            seen[kept++].address = address;
        }
    }
    for (size_t i = 0; i < kept; i++)
        if (map[seen[i].address >> 14] >> (seen[i].address >> 8 & 63) & 1)
            address4_at(sc, t, seen[i].start, seen[i].end, seen[i].address);
}

/* The run with an IPv6 address that may end at e: ask about each of its networks. */
static void NAME(ask6)(scanner *sc, const u8 *t, size_t e)
{
    const set *s = sc->set;
    u8 key[18], number[16];
    if (e <= sc->done6) return;
    read_run6(sc, t, e - 1);
    sc->done6 = sc->run6.end;
    if (!sc->run6.is_valid) return;
    if (is_mapped(sc->run6.number) || port6(sc, t) >= 0) { address6_at(sc, t, e); return; }
    memcpy(number, sc->run6.number, 16); /* asking may look closely at another run */
    for (int word = 0; word < 3; word++)
        for (u64 left = lengths6(s, word); left; left &= left - 1) {
            key6(key, number, word * 64 + __builtin_ctzll(left));
            NAME(ask)(sc, t, key_hash(s->seed, K_IPV6, key, 17), e, 0, ABOUT_ADDRESS6);
        }
}

/* Runs of hexadecimal digits and colons with "::", or with six colons: an address without "::" has as many, and as it spans at most
 * two words, one of them has three of the colons and six characters of it. */
static void NAME(addresses6)(scanner *sc, const u8 *t, size_t words)
{
    const masks *m = &sc->masks;
    u64 before = 0, carry = 0, carry_pair = 0;
    sc->done6 = 0;
    for (size_t w = 0; w < words; w++) {
        u64 colon = m->colon[w], pair = colon & BACK(colon, before, 1), long_run = 0;
        before = colon;
        u64 run = m->hex[w] | colon;
        if (__builtin_popcountll(colon) >= 3) {
            u64 two = run & run >> 1, four = two & two >> 2;
            long_run = four & two >> 4;
        }
        if (!(long_run | pair | carry | carry_pair)) continue;
        u64 end_pair = NAME(ends)(run, pair, &carry_pair), end = NAME(ends)(run, long_run, &carry) | end_pair;
        for (; end; end &= end - 1) {
            size_t e = w * 64 + (size_t)__builtin_ctzll(end);
            if (!(end_pair >> (e & 63) & 1)) { /* an address, or a time, or a hardware address */
                u32 colons = NAME(window)(m->colon, e), in_run = NAME(window)(m->hex, e) | colons;
                if (in_run != 0xFFFFFFFFu && __builtin_popcount(colons & (u32)~(0xFFFFFFFFull >> __builtin_clz(~in_run))) < 6) continue;
                if (!colons) continue;
            }
            NAME(ask6)(sc, t, e);
        }
    }
}

/* Words of letters and digits with 16 hexadecimal digits in a row: ask about the last 16. */
static void NAME(hashes)(scanner *sc, const u8 *t, size_t words)
{
    const masks *m = &sc->masks;
    u64 carry = 0;
    for (size_t w = 0; w < words; w++) {
        u64 x = m->hex[w];
        x &= x >> 1;
        x &= x >> 2;
        x &= x >> 4;
        x &= x >> 8;
        if (!(x | carry)) continue;
        for (u64 end = NAME(ends)(m->alnum[w], x, &carry); end; end &= end - 1) {
            size_t e = w * 64 + (size_t)__builtin_ctzll(end);
            if (NAME(window)(m->hex, e) == 0xFFFFFFFFu) NAME(ask)(sc, t, hash_gate(sc->set->seed, t + e), e, 0, ABOUT_HASH);
        }
    }
}

static void NAME(emails)(scanner *sc, const u8 *t, size_t words)
{
    const masks *m = &sc->masks;
    u64 hash, seed = sc->set->seed ^ EMAIL_SEED;
    for (size_t word = 0; word < words; word++)
    for (u64 left = m->at[word]; left; left &= left - 1) {
        size_t at = word * 64 + (size_t)__builtin_ctzll(left), w = (at + 1) >> 6;
        u64 ends = (~m->token[w] | m->high[w]) & ~0ull << ((at + 1) & 63);
        while (!ends) w++, ends = ~m->token[w] | m->high[w];
        size_t e = w * 64 + (size_t)__builtin_ctzll(ends);
        int answer = NAME(bit)(m->high, e) ? UNSURE : e == at + 1 ? NO : NAME(parent)(m, t, e, seed, 0, &hash);
        u32 letters = (u32)__builtin_clz(~NAME(window)(m->alnum, at) | 0x08000000u);
        if (answer == ASK) NAME(ask)(sc, t, email_gate(hash, t + at, (int)letters), at, 0, ABOUT_EMAIL);
        else if (answer == UNSURE) email_at(sc, t, at);
    }
}

/* One pass over lower-case text with its escapes undone. t[-64..-1] and t[n..n+191] are line ends. */
static void NAME(tokens)(scanner *sc, const u8 *t, size_t n)
{
    u64 kinds = sc->set->kinds;
    size_t words = (n >> 6) + 1;
    for (size_t w = 0; w < words + 1; w++) NAME(classify)(t + w * 64, &sc->masks, w);
    if (kinds & HAS_DOMAIN) NAME(names)(sc, t, words, kinds & HAS_DIGIT_TLD ? ~0ull : 0);
    if (kinds & HAS_ADDRESS4) NAME(addresses)(sc, t, words);
    if (kinds & (HAS_ADDRESS6 | HAS_ADDRESS4)) NAME(addresses6)(sc, t, words);
    if (kinds & HAS_HASH) NAME(hashes)(sc, t, words);
    if (kinds & HAS_EMAIL) NAME(emails)(sc, t, words);
    NAME(drain)(sc, t);
}

/* URLs: the plain ones are asked about by their host, the unusual ones looked at at once. */
static void NAME(urls)(scanner *sc, const u8 *t, size_t n, u32 *saw)
{
    const set *s = sc->set;
    size_t count = NAME(find_urls)(t, n, sc->places, saw), stretch_end = 0, starts = 0;
    for (size_t i = 0; i < count; i++) {
        size_t mark = sc->places[i];
        const u8 *before = t + mark, *body = before + 3, *end = body, *host = body, *stop;
        if (!IS(before[-1], ALNUM) && before[-1] != '+' && before[-1] != '.' && before[-1] != '-') continue;
        if (mark >= stretch_end) {
            while (!IS(*end, URLEND)) end++;
            stretch_end = (size_t)(end - t);
            starts = 0;
        }
        if (++starts > MOST_STARTS || !memcmp(before - 4, "hxxp", 4) || !memcmp(before - 5, "hxxps", 5)) continue;
        if (!memcmp(host, "www.", 4)) host += 4;
        const u8 *label = host;
        for (stop = host; IS(*stop, TOKEN); stop++)
            if (*stop == '.') {
                if (stop == label) break;
                label = stop + 1;
            }
        int is_plain = stop - host > 3 && label < stop && !IS(*label, DIGIT)
                       && (*stop == '/' || *stop == '?' || *stop == '#' || ((IS(*stop, URLEND) || *stop == ':') && IS(stop[-1], ALNUM)));
        if (is_plain && *stop == ':')
            for (const u8 *p = stop; p < t + stretch_end && *p != '/' && is_plain; p++) is_plain = *p != '@';
        if (!is_plain) { url_at(sc, t, mark, stretch_end); continue; }
        NAME(ask)(sc, t, key_hash(s->seed, K_GATE, host, (size_t)(stop - host)), mark, stretch_end, ABOUT_URL);
        if (s->kinds & HAS_WIDE) NAME(ask)(sc, t, parent_hash_of(s->seed ^ WIDE_SEED, host, stop, 2), mark, stretch_end, ABOUT_URL);
    }
    NAME(drain)(sc, t);
}

static u64 NAME(count_lines)(const u8 *p, size_t n)
{
    u64 lines = 0;
    for (size_t i = 0; i < n; i++) lines += p[i] == '\n';
    return lines;
}

static const instructions NAME(INSTRUCTIONS) = {INSTRUCTIONS_NAME, NAME(copy_lower), NAME(urls), NAME(tokens), NAME(count_lines)};

#undef BACK
#undef V
#undef LOAD
#undef STORE
#undef FILL
#undef EQUAL
#undef ABOVE
#undef AND
#undef OR
#undef BITS
