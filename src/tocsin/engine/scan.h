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

/* 64 bytes, held in registers where there are any. */
#if VECTOR == 64
typedef __m512i NAME(bytes);
#elif VECTOR
typedef struct { V v[64 / VECTOR]; } NAME(bytes);
#else
typedef const u8 *NAME(bytes);
#endif

/* Which of 64 bytes are equal to c: bit i for byte i. */
INLINE u64 NAME(equal)(NAME(bytes) b, u8 c)
{
#if VECTOR == 64
    return _mm512_cmpeq_epi8_mask(b, _mm512_set1_epi8((char)c));
#elif VECTOR
    u64 bits = 0;
    for (int k = 0; k < 64 / VECTOR; k++) bits |= BITS(EQUAL(b.v[k], FILL(c))) << k * VECTOR;
    return bits;
#else
    u64 bits = 0;
    for (int k = 0; k < 64; k += 8) { /* a byte of x is zero where it was c; the multiplication gathers the eight answers */
        u64 x = load64(b + k) ^ c * 0x0101010101010101ull, low = (x & 0x7F7F7F7F7F7F7F7Full) + 0x7F7F7F7F7F7F7F7Full;
        bits |= (~(low | x) & 0x8080808080808080ull) * 0x0002040810204081ull >> 56 << k;
    }
    return bits;
#endif
}

/* A-Z to a-z. */
#if VECTOR == 16 || VECTOR == 32
INLINE V NAME(lower)(V v) { return OR(v, AND(AND(ABOVE(v, FILL('A' - 1)), ABOVE(FILL('Z' + 1), v)), FILL(32))); }
#endif

/* A mask moved up by k, with what comes out of the word before it. */
#define BACK(mask, before, k) ((mask) << (k) | (before) >> (64 - (k)))

/* Copy 64 bytes, A-Z as a-z, and write their masks: bit i stands for byte i. from may be where they go. */
INLINE NAME(bytes) NAME(classify)(u8 *text, const u8 *from, const masks *m, size_t w)
{
    NAME(bytes) b;
    u8 *t = text + w * 64;
    u64 token, dot, digit, alnum, hexletter, colon, high;
#if VECTOR == 64
    __m512i v = _mm512_loadu_si512(from), low = _mm512_loadu_si512(CLASS), top = _mm512_loadu_si512(CLASS + 64);
    v = _mm512_mask_add_epi8(v, _mm512_cmplt_epu8_mask(_mm512_sub_epi8(v, _mm512_set1_epi8('A')), _mm512_set1_epi8(26)), v, _mm512_set1_epi8(32));
    _mm512_storeu_si512(t, b = v);
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
        __m256i v = NAME(lower)(LOAD(from + k));
        STORE(t + k, b.v[k / VECTOR] = v);
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
        V v = NAME(lower)(LOAD(from + k));
        STORE(t + k, b.v[k / VECTOR] = v);
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
        for (int i = 0; i < 8; i++) {
            t[k + i] = lower(from[k + i]);
            c |= (u64)CLASS[t[k + i]] << (8 * i);
        }
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
    b = t;
#endif
    m->token[w] = token | high;
    m->dot[w] = dot;
    m->digit[w] = digit;
    m->alnum[w] = alnum;
    m->high[w] = high;
    m->hex[w] = digit | hexletter;
    m->colon[w] = colon;
    m->slash[w] = NAME(equal)(b, '/');
    m->at[w] = NAME(equal)(b, '@');
    return b;
}

/* Text of the block from one position to another was rewritten: its masks anew. */
static void NAME(classify_again)(scanner *sc, size_t from, size_t to)
{
    const masks m = sc->masks;
    for (size_t w = from / 64; w * 64 < to; w++) NAME(classify)(sc->text, sc->text + w * 64, &m, w);
}

/* Copy a block in lower case, with its masks; counts line ends and tells what occurs that has to be looked at: "\\", "%", the text
 * "uri" in quotes, a line that begins with "#". */
static u32 NAME(copy)(scanner *sc, const u8 *raw, size_t n, u64 *lines)
{
    u8 *t = sc->text, last[64] = {0};
    u64 backslash = 0, percent = 0, header = 0, line_before = 1ull << 63, i_before = 0;
    size_t words = n / 64 + 1;
    u32 saw = 0;
    const masks m = sc->masks; /* so that the compiler need not fear that the text overwrites them */
    memcpy(last, raw + n / 64 * 64, n % 64);
    *lines = 0;
    for (size_t w = 0; w < words; w++) {
        const u8 *p = t + w * 64;
        __builtin_prefetch(raw + w * 64 + BLOCK, 0, 2); /* the next block, for the second-level cache: nobody else foresees it across this one's other loops */
        NAME(bytes) b = NAME(classify)(t, w + 1 < words ? raw + w * 64 : last, &m, w);
        u64 line = NAME(equal)(b, '\n'), i = NAME(equal)(b, 'i'), quoted = NAME(equal)(b, '"') & BACK(i, i_before, 1);
        backslash |= NAME(equal)(b, '\\');
        percent |= NAME(equal)(b, '%');
        header |= NAME(equal)(b, '#') & BACK(line, line_before, 1);
        *lines += (u64)__builtin_popcountll(line);
        for (; quoted; quoted &= quoted - 1)
            if (!memcmp(p + __builtin_ctzll(quoted) - 4, "\"uri", 4)) saw |= SAW_URI;
        line_before = line, i_before = i;
    }
    for (int i = 0; i < MASKS; i++) (&sc->masks.token)[i][words] = 0;
    memset(t + n, '\n', 192);
    return saw | (backslash ? SAW_BACKSLASH : 0) | (percent ? SAW_PERCENT : 0) | (header ? SAW_HEADER : 0);
}

/* Ends of the runs of `run` that hold a seed: the seed's carry runs to the first position after its run. */
INLINE u64 NAME(ends)(u64 run, u64 seeds, u64 *carry)
{
    u64 with_carry = run + *carry, sum = with_carry + seeds;
    *carry = (with_carry < run) | (sum < seeds);
    return sum & ~run;
}

/* The 32 bits of a mask that end before position e (bit 31 is the last), and the 57 or more that begin at it. */
INLINE u32 NAME(window)(const u64 *mask, size_t e) { return (u32)(load64((const u8 *)mask + (ptrdiff_t)(e >> 3) - 4) >> (e & 7)); }
INLINE u64 NAME(ahead)(const u64 *mask, size_t e) { return load64((const u8 *)mask + (e >> 3)) >> (e & 7); }

/* The positions of a mask's bits, written from out on (up to 64 places more are written to). Returns how many. */
INLINE size_t NAME(flatten)(u64 bits, size_t base, u32 *out)
{
    size_t count = (size_t)__builtin_popcountll(bits), done = 0;
#if VECTOR == 64
    static const u8 each[64] = {UP_TO_63};
    __m512i v = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(each));
    _mm256_storeu_si256((__m256i *)out, _mm256_add_epi32(_mm256_cvtepu8_epi32(_mm512_castsi512_si128(v)), _mm256_set1_epi32((int)base)));
    if (__builtin_expect(count <= 8, 1)) return count;
    for (done = 0; bits; bits &= bits - 1) out[done++] = (u32)base + (u32)__builtin_ctzll(bits);
#else
    for (; bits; bits &= bits - 1) out[done++] = (u32)base + (u32)__builtin_ctzll(bits);
#endif
    return count;
}

INLINE int NAME(bit)(const u64 *mask, size_t e) { return (int)(mask[e >> 6] >> (e & 63) & 1); }

/* The hash of the last two (or three) labels of the token that ends at e. NO: it cannot be a name, or has not so many labels; UNSURE:
 * look at it slowly. */
INLINE int NAME(parent)(const masks *m, const u8 *t, size_t e, u64 seed, int is_three, u64 *hash)
{
    e -= t[e - 1] == '.';
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
    if (!last) return UNSURE; /* a dot at the end */
    if (last < 32 && IS(t[e - (size_t)last], DIGIT) && last <= __builtin_clz(~NAME(window)(m->digit, e) | 1)) return NO; /* 1.2.3.4, 537.36 */
    u32 alnum = NAME(window)(m->alnum, e), edges = 0x80000000u | 1u << (32 - size);
    if ((!second && length == 32) || (alnum & edges) != edges) return UNSURE;
    if (!dots) return NO;
    const u8 *window = t + e - 32, *keep = TAIL_MASK + size;
    *hash = parent_hash(seed, load64(window) & load64(keep), load64(window + 8) & load64(keep + 8),
                        load64(window + 16) & load64(keep + 16), load64(window + 24) & load64(keep + 24));
    return ASK;
}

/* An address in dotted form from [t + e - length, t + e), whose three dots are known. 0 where it is none. */
INLINE int NAME(quad)(const u8 *t, size_t e, int length, u32 dots, u32 *address)
{
#if VECTOR >= 32
    /* How many digits each octet has chooses a shuffle that puts them in columns; two multiplications make them numbers. */
    int d0 = __builtin_clz(dots), d1 = __builtin_clz(dots <<= d0 + 1), d2 = __builtin_clz(dots <<= d1 + 1), d3 = length - d0 - d1 - d2 - 3;
    u32 shape = (u32)(d0 - 1 + 4 * (d1 - 1) + 16 * (d2 - 1) + 64 * (d3 - 1)), is_good = (u32)(d0 - 1) < 3 && (u32)(d1 - 1) < 3 && (u32)(d2 - 1) < 3 && (u32)(d3 - 1) < 3;
    const quad_shape *q = &QUADS[is_good ? shape : 0];
    __m128i text = _mm_and_si128(_mm_loadu_si128((const __m128i *)(t + e - 16)), _mm_set1_epi8(15));
    __m128i tens = _mm_maddubs_epi16(_mm_shuffle_epi8(text, _mm_loadu_si128((const __m128i *)q->columns)), _mm_set1_epi32(0x00010A64));
    __m128i octets = _mm_madd_epi16(tens, _mm_set1_epi16(1));
    __m128i bad = _mm_or_si128(_mm_cmpgt_epi32(octets, _mm_set1_epi32(255)), _mm_cmpgt_epi32(_mm_loadu_si128((const __m128i *)q->least), octets));
    octets = _mm_packus_epi16(_mm_packus_epi32(octets, octets), octets);
    *address = (u32)_mm_cvtsi128_si32(octets);
    return (int)is_good & _mm_testz_si128(bad, bad);
#else
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
#endif
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
    u8 passed[QUEUE];
    size_t pass_count = 0;
    sc->waiting = 0;
    for (size_t i = 0; i < count; i++) {
        passed[pass_count] = (u8)i;
        pass_count += (size_t)filter_has(s, sc->queue[i].hash);
    }
    for (size_t i = 0; i < pass_count; i++) {
        question q = sc->queue[passed[i]];
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

static void NAME(names)(scanner *sc, const u8 *t, const u32 *ends, size_t count)
{
    u64 seed = sc->set->seed, hash;
    for (size_t i = 0; i < count; i++) {
        int answer = NAME(parent)(&sc->masks, t, ends[i], seed, 0, &hash);
        if (answer == ASK) NAME(ask)(sc, t, hash, ends[i], 0, ABOUT_NAME);
        else if (answer == UNSURE) name_at(sc, t, ends[i]);
    }
}

/* An address whose /24 holds something: ask about each of its networks, and about its port. */
static void NAME(ask4)(scanner *sc, const u8 *t, size_t start, size_t end, u32 address)
{
    const set *s = sc->set;
    u8 key[8];
    if (is_no_address4(sc, t, start, address)) return;
    if (lengths4(s) & GATE4_LENGTHS) NAME(ask)(sc, t, gate4(s->seed, address), start, end, ABOUT_ADDRESS4);
    for (u64 left = lengths4(s) & ~(u64)GATE4_LENGTHS; left; left &= left - 1) {
        u32 prefix = (u32)__builtin_ctzll(left);
        key4(key, address & 0xFFFFFFFFu << (32 - prefix), prefix);
        NAME(ask)(sc, t, key_hash(s->seed, K_IPV4, key, 5), start, end, ABOUT_ADDRESS4);
    }
    int port = t[end] == ':' ? port_read(t + end) : -1;
    key4(key, address, (u32)port);
    if (port >= 0) NAME(ask)(sc, t, key_hash(s->seed, K_PORT4, key, 6), start, end, ABOUT_ADDRESS4);
}

/* Numbers with dots: keep those that can be addresses and whose /24 holds something. */
static void NAME(addresses)(scanner *sc, const u8 *t, const u32 *ends, size_t count)
{
    const masks *m = &sc->masks;
    const u64 *map = sc->set->map4;
    struct { u32 start, end, address; } *seen = (void *)sc->seen;
    size_t kept = 0, start;
    for (size_t i = 0; i < count; i++) {
        size_t e = ends[i];
        while ((t + e)[-1] == '.') e--;
        u32 dots = NAME(window)(m->dot, e), run = NAME(window)(m->digit, e) | dots, address;
        int length = run == 0xFFFFFFFFu ? 32 : __builtin_clz(~run), is_good;
        dots &= (u32)~(0xFFFFFFFFull >> length);
        if (__builtin_popcount(dots) == 3 && length < 16 && length > 6) {
            start = e - (size_t)length;
            is_good = NAME(quad)(t, e, length, dots, &address) & !IS(t[(ptrdiff_t)start - 1], ALNUM);
        } else { /* perhaps full stops in front of it; perhaps an OID */
            const u8 *p = t + e;
            while (IS(p[-1], DIGIT | DOT)) p--;
            is_good = !IS(p[-1], LETTER);
            while (*p == '.') p++;
            if (!is_good || !quad_read(p, t + e, &address)) continue;
            start = (size_t)(p - t);
        }
        __builtin_prefetch(&map[address >> 14]);
        seen[kept].start = (u32)start;
        seen[kept].end = (u32)e;
        seen[kept].address = address;
        kept += (size_t)is_good;
    }
    for (size_t i = 0; i < kept; i++)
        if (map[seen[i].address >> 14] >> (seen[i].address >> 8 & 63) & 1)
            NAME(ask4)(sc, t, seen[i].start, seen[i].end, seen[i].address);
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

/* A run of hexadecimal digits and colons ends at e, with "::" in it or with three colons near one another: an address, or a time, or a
 * hardware address. Without "::" an address has six or more. */
static void NAME(colons)(scanner *sc, const u8 *t, size_t e)
{
    const masks *m = &sc->masks;
    u32 colons = NAME(window)(m->colon, e), run = NAME(window)(m->hex, e) | colons;
    if (run != 0xFFFFFFFFu) colons &= (u32)~(0xFFFFFFFFull >> __builtin_clz(~run));
    if (run == 0xFFFFFFFFu || colons & colons >> 1 || __builtin_popcount(colons) >= 6) NAME(ask6)(sc, t, e);
}

/* Where something begins to look like an indicator, word by word and without a branch, so that the compiler makes vectors of it. */
static void NAME(seeds)(const scanner *sc, size_t words, u64 digit_seeds)
{
    const u64 *restrict dots = sc->masks.dot, *restrict digits = sc->masks.digit, *restrict hex = sc->masks.hex, *restrict colons = sc->masks.colon;
    u64 *restrict names = sc->masks.name_seed, *restrict second = sc->masks.second_dot, *restrict third = sc->masks.third_dot;
    u64 *restrict rare = sc->masks.long_hex, *restrict chains = sc->masks.chain;
    for (ptrdiff_t w = 0; w < (ptrdiff_t)words; w++) {
        u64 dot = dots[w], before = dots[w - 1], x = hex[w], colon = colons[w];
        names[w] = dot & (~(digits[w] >> 1 | digits[w + 1] << 63) | digit_seeds);
        /* dots that are the second in a chain with one to three characters between them; floats and versions have no third */
        second[w] = dot & (BACK(dot, before, 2) | BACK(dot, before, 3) | BACK(dot, before, 4));
        x &= x >> 1;
        x &= x >> 2;
        x &= x >> 4;
        rare[w] = x & x >> 8; /* 16 hexadecimal digits in a row */
        u64 chain = colon & (colon << 2 | colon << 3 | colon << 4 | colon << 5);
        chain &= chain << 2 | chain << 3 | chain << 4 | chain << 5; /* three colons; an address without "::" has six or more and spans at most two words */
        chains[w] = chain | (colon & BACK(colon, colons[w - 1], 1));
    }
    for (ptrdiff_t w = 0; w < (ptrdiff_t)words; w++)
        third[w] = dots[w] & (BACK(second[w], second[w - 1], 2) | BACK(second[w], second[w - 1], 3) | BACK(second[w], second[w - 1], 4));
}

/* Words of letters and digits with 16 hexadecimal digits in a row, and runs of hexadecimal digits and colons: few words have any. */
static void NAME(rare_ends)(scanner *sc, const u8 *t, size_t w, u64 *hash_carry, u64 *colon_carry)
{
    const masks *m = &sc->masks;
    u64 kinds = sc->set->kinds, run = m->hex[w] | m->colon[w];
    for (u64 end = NAME(ends)(m->alnum[w], m->long_hex[w], hash_carry); end; end &= end - 1) {
        size_t e = w * 64 + (size_t)__builtin_ctzll(end);
        if (kinds & HAS_HASH && NAME(window)(m->hex, e) == 0xFFFFFFFFu) NAME(ask)(sc, t, hash_gate(sc->set->seed, t + e), e, 0, ABOUT_HASH);
    }
    for (u64 end = NAME(ends)(run, m->chain[w], colon_carry); end; end &= end - 1)
        if (kinds & (HAS_ADDRESS6 | HAS_ADDRESS4)) NAME(colons)(sc, t, w * 64 + (size_t)__builtin_ctzll(end));
}

/* The ends of all that may be an indicator, from the masks; then each kind in a loop of its own. t[-64..-1] and t[n..n+191] are line ends. */
static void NAME(tokens)(scanner *sc, const u8 *t, size_t n)
{
    const masks m = sc->masks;
    u64 kinds = sc->set->kinds, name_carry = 0, high_carry = 0, number_carry = 0, hash_carry = 0, colon_carry = 0;
    u64 has_name = kinds & HAS_DOMAIN ? ~0ull : 0, has_number = kinds & HAS_ADDRESS4 ? ~0ull : 0;
    size_t name_count = 0, number_count = 0, words = n / 64 + 1;
    sc->done6 = 0;
    NAME(seeds)(sc, words, kinds & HAS_DIGIT_TLD ? ~0ull : 0);
    for (size_t w = 0; w < words; w++) {
        u64 run = m.token[w], high = m.high[w], end = NAME(ends)(run, m.name_seed[w], &name_carry) & has_name;
        if (__builtin_expect((high | high_carry) != 0, 0)) {
            u64 end_high = NAME(ends)(run, high, &high_carry) & has_name;
            end &= ~end_high;
            for (; end_high; end_high &= end_high - 1) words_at(sc, t, w * 64 + (size_t)__builtin_ctzll(end_high));
        }
        name_count += NAME(flatten)(end, w * 64, sc->places + name_count);
        end = NAME(ends)(m.digit[w] | m.dot[w], m.third_dot[w], &number_carry) & ~m.alnum[w] & has_number;
        number_count += NAME(flatten)(end, w * 64, sc->numbers + number_count);
        if (m.long_hex[w] | m.chain[w] | hash_carry | colon_carry) NAME(rare_ends)(sc, t, w, &hash_carry, &colon_carry);
    }
    NAME(names)(sc, t, sc->places, name_count);
    NAME(addresses)(sc, t, sc->numbers, number_count);
    if (kinds & HAS_EMAIL) NAME(emails)(sc, t, words);
    NAME(drain)(sc, t);
}

/* The first byte that cannot stand in a URL. */
INLINE const u8 *NAME(stretch)(const u8 *p)
{
#if VECTOR == 64
    for (;; p += 64) {
        __m512i v = _mm512_loadu_si512(p);
        __m512i c = _mm512_maskz_permutex2var_epi8(~_mm512_movepi8_mask(v), _mm512_loadu_si512(CLASS), v, _mm512_loadu_si512(CLASS + 64));
        u64 end = _mm512_test_epi8_mask(c, _mm512_set1_epi8((char)URLEND));
        if (end) return p + __builtin_ctzll(end);
    }
#else
    while (!IS(*p, URLEND)) p++;
    return p;
#endif
}

/* URLs: the plain ones are asked about by their host, the unusual ones looked at at once. */
static void NAME(urls)(scanner *sc, const u8 *t, size_t n)
{
    const set *s = sc->set;
    const masks *m = &sc->masks;
    size_t count = 0, stretch_end = 0, starts = 0;
    for (size_t w = 0; w < n / 64 + 1; w++) {
        u64 slash = m->slash[w], next = m->slash[w + 1];
        count += NAME(flatten)(m->colon[w] & (slash >> 1 | next << 63) & (slash >> 2 | next << 62), w * 64, sc->places + count);
    }
    for (size_t i = 0; i < count; i++) {
        size_t mark = sc->places[i];
        const u8 *before = t + mark, *body = before + 3, *host = body, *stop;
        if (!IS(before[-1], ALNUM) && before[-1] != '+' && before[-1] != '.' && before[-1] != '-') continue;
        if (mark >= stretch_end) {
            stretch_end = (size_t)(NAME(stretch)(body) - t);
            starts = 0;
        }
        if (++starts > MOST_STARTS || !memcmp(before - 4, "hxxp", 4) || !memcmp(before - 5, "hxxps", 5)) continue;
        if (!memcmp(host, "www.", 4)) host += 4;
        u64 run = NAME(ahead)(m->token, (size_t)(host - t)) & ~NAME(ahead)(m->high, (size_t)(host - t)), dots;
        int length = __builtin_ctzll(~run | 1ull << 56); /* a longer host is looked at slowly */
        stop = host + length;
        dots = NAME(ahead)(m->dot, (size_t)(host - t)) & ((1ull << length) - 1);
        const u8 *label = host + (dots ? 64 - __builtin_clzll(dots) : 0);
        int is_plain = length > 3 && length < 56 && !(dots & (dots >> 1 | 1)) && label < stop && !IS(*label, DIGIT)
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

static const instructions NAME(INSTRUCTIONS) = {INSTRUCTIONS_NAME, NAME(copy), NAME(classify_again), NAME(urls), NAME(tokens), NAME(count_lines)};

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
