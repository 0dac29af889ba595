/* What the fuzz targets share: the core itself, sets made from rows, and scans whose hits are kept. A target is one function,
 * LLVMFuzzerTestOneInput; libFuzzer calls it, or engine.c where a compiler has no libFuzzer. */
#include "core.c"

static void require(int is_so, const char *what)
{
    if (is_so) return;
    fprintf(stderr, "FOUND: %s\n", what);
    abort();
}

/* Memory of exactly this size, so that a byte read too far is seen; it begins `shift` bytes after a border of 64. */
typedef struct { u8 *memory, *start; } exact;
static exact exact_copy(const u8 *data, size_t size, size_t shift)
{
    exact e = {NULL, NULL};
    if (posix_memalign((void **)&e.memory, 64, size + shift + !(size + shift))) abort();
    e.start = e.memory + shift;
    if (size) memcpy(e.start, data, size);
    return e;
}

typedef struct { u8 *data; u64 size; } file;

/* A finished builder as a file; with a base as its delta, in which `removed` tells the rows that count no longer. */
static file file_made(builder *b, const set *base, const u64 *removed)
{
    const void *starts[SECTIONS];
    u64 sizes[SECTIONS];
    u8 head[PAGE];
    require(tocsin_builder_end(b, head, starts, sizes, 1, base, removed), "a set cannot be finished");
    const set_header *h = (const set_header *)head;
    file f = {NULL, h->file_size};
    if (posix_memalign((void **)&f.data, PAGE, f.size)) abort();
    memset(f.data, 0, f.size);
    memcpy(f.data, head, PAGE);
    for (int i = 0; i < SECTIONS; i++)
        if (sizes[i]) memcpy(f.data + h->sections[i].offset, starts[i], sizes[i]);
    return f;
}

/* A set in memory, with or without a delta. */
typedef struct { set set; file base, delta; u64 *map4; } opened;

static void rows_opened(opened *o, const u8 *rows, size_t size, const u8 *more, size_t more_size, u64 seed, int is_file, const u64 *removed)
{
    builder *b = tocsin_builder_new(seed);
    require(tocsin_builder_add(b, rows, size, is_file), "rows do not fit");
    *o = (opened){.base = file_made(b, NULL, NULL)};
    tocsin_builder_free(b);
    require(!tocsin_set_open(&o->set, o->base.data, o->base.size), "a set that was just made is refused");
    if (!more) return;
    b = tocsin_builder_new(seed);
    require(tocsin_builder_add(b, more, more_size, is_file), "rows do not fit");
    u64 words = (o->set.header->rows + tocsin_builder_rows(b) + 63) / 64, *none = calloc(words + 1, 8);
    o->delta = file_made(b, &o->set, removed ? removed : none);
    tocsin_builder_free(b);
    free(none);
    o->map4 = calloc(1, MAP4_BYTES);
    require(!tocsin_set_join(&o->set, o->delta.data, o->delta.size, o->map4), "a delta that was just made is refused");
    require(o->set.delta_header != NULL, "a delta is taken for another set's");
}

static void opened_free(opened *o)
{
    free(o->base.data);
    free(o->delta.data);
    free(o->map4);
}

typedef struct { hit *data; size_t count, room; } hits;

/* Scan whole lines, all at once or, with a `cut` that is not 0, in blocks of few lines. Adds to `out` what was found. */
static int scan_all(scanner *sc, const u8 *log, size_t size, u32 cut, hits *out)
{
    for (size_t from = 0, to; from < size; from = to) {
        to = size;
        if (cut) {
            cut = cut * 1664525 + 1013904223;
            for (u32 lines = cut >> 29, n = 0; n <= lines; n++) {
                const u8 *end = memchr(log + (n ? to : from), '\n', size - (n ? to : from));
                to = end ? (size_t)(end - log) + 1 : size;
                if (to == size) break;
            }
        }
        for (size_t done = from; done < to;) {
            int64_t scanned = tocsin_scan(sc, log + done, to - done);
            if (scanned < 0) return 0;
            require(scanned > 0 && (u64)scanned <= to - done, "a scan goes no further, or too far");
            u64 count = tocsin_scanner_hit_count(sc);
            if (out->count + count > out->room) {
                out->room = (out->count + count) * 2;
                out->data = realloc(out->data, out->room * sizeof(hit));
            }
            for (u64 i = 0; i < count; i++) {
                hit h = tocsin_scanner_hits(sc)[i];
                require(h.start <= (u64)scanned && h.length <= (u64)scanned - h.start, "a hit lies outside its buffer");
                require(!memchr(log + done + h.start, '\n', h.length), "a hit is more than one line");
                h.start += done;
                out->data[out->count++] = h;
            }
            done += (size_t)scanned;
        }
    }
    for (size_t i = 1; i < out->count; i++) {
        hit *a = out->data + i - 1, *b = a + 1;
        require(a->line < b->line || (a->line == b->line && a->row < b->row), "hits are out of order, or there twice");
    }
    return 1;
}

static void require_same(const hits *a, const hits *b, const char *what)
{
    require(a->count == b->count && !(a->count && memcmp(a->data, b->data, a->count * sizeof(hit))), what);
}

static const char *const INSTRUCTION_SETS[] = {"portable", "sse2", "avx2", "avx512"};

/* Rows as text, all that a set lists. */
static u8 *listed(const set *s, u64 *size)
{
    u64 rows = s->base.rows + s->delta.rows, row = 0, room = rows * 8400 + 16600;
    u8 *text = malloc(room);
    int64_t n = tocsin_set_list(s, &row, rows, NULL, text, room);
    require(n >= 0 && row == rows, "a sound set cannot be listed");
    *size = (u64)n;
    return text;
}
