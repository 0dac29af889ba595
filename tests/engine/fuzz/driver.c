/* Mutational fuzzing of the native core under sanitizers, steered by coverage: the compiler counts edges (-fsanitize-coverage), an
 * input that reaches a new one joins the corpus. Two targets: a sound set with any log, and any set file with a log.
 *
 *     driver SECONDS SEED SET LOG-SEED...      exit code 0, or an abort by a sanitizer with the input left in ./crash-*
 */
#include "core.c"
#include <time.h>

static u8 edges[1 << 16], seen[1 << 16];
static u32 guard_count;
void __sanitizer_cov_trace_pc_guard_init(u32 *start, u32 *stop)
{
    for (u32 *p = start; p < stop; p++) *p = ++guard_count;
}
void __sanitizer_cov_trace_pc_guard(u32 *guard) { edges[*guard & 0xFFFF] = 1; }
__attribute__((no_sanitize_coverage)) void __sanitizer_cov_trace_pc(void) /* gcc: told by the place of the call */
{
    u64 place = (u64)__builtin_return_address(0);
    edges[(place ^ place >> 16) & 0xFFFF] = 1;
}

static u64 state;
static u32 any(u32 below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return below ? (u32)(state >> 32) % below : 0;
}

typedef struct { u8 *data; u32 size; } input;
static input corpus[4096];
static u32 corpus_count;
enum { MOST = 1 << 17 };

static input file_read(const char *name)
{
    FILE *f = fopen(name, "rb");
    input in = {NULL, 0};
    if (!f) { perror(name); exit(2); }
    fseek(f, 0, SEEK_END);
    in.size = (u32)ftell(f);
    rewind(f);
    in.data = malloc(in.size + 1);
    if (fread(in.data, 1, in.size, f) != in.size) exit(2);
    fclose(f);
    return in;
}

static u32 mutate(u8 *out, input from)
{
    static const char *const words[] = {".", "-", ":", "::", "://", "%", "%2e", "%C3%BC", "\\u002e", "\\ud83d\\ude00", "@", "[", "]", "/", "*",
                                        "\n", "\t", "\xC3\xBC", "\xE3\x80\x82", "\xFF", "evil.example", "198.18.7.9", "2001:db8::1", "{\"host\":\"",
                                        "\",\"uri\":\"/", "#fields\thost\turi\n", "xn--", "0x", "hxxp", "[.]"};
    u32 size = from.size < MOST ? from.size : MOST;
    memcpy(out, from.data, size);
    for (u32 changes = 1 + any(6); changes--;) {
        u32 at = any(size + 1), length;
        switch (any(6)) {
        case 0: if (size) out[any(size)] ^= (u8)(1 << any(8)); break;
        case 1: if (size) out[any(size)] = (u8)any(256); break;
        case 2: /* cut out */
            length = any(size - at + 1);
            memmove(out + at, out + at + length, size - at - length);
            size -= length;
            break;
        case 3: { /* a word */
            const char *word = words[any(sizeof words / sizeof *words)];
            length = (u32)strlen(word);
            if (size + length > MOST) break;
            memmove(out + at + length, out + at, size - at);
            memcpy(out + at, word, length);
            size += length;
            break;
        }
        case 4: { /* a piece of another */
            input other = corpus[any(corpus_count)];
            u32 from_at = any(other.size);
            length = any(other.size - from_at < 400 ? other.size - from_at : 400);
            if (size + length > MOST) break;
            memmove(out + at + length, out + at, size - at);
            memcpy(out + at, other.data + from_at, length);
            size += length;
            break;
        }
        case 5: /* many times the same */
            length = 1 + any(200);
            if (!size || size + length > MOST) break;
            memmove(out + at + length, out + at, size - at);
            memset(out + at, out[any(size)], length);
            size += length;
        }
    }
    return size;
}

/* Exactly as large as it is, so that a byte read too far is seen. */
static void run_log(const set *s, const u8 *log, u32 size, u32 flags, const char *instructions)
{
    u8 *exact = malloc(size ? size : 1);
    memcpy(exact, log, size);
    scanner *sc = tocsin_scanner_new(s, flags, instructions);
    if (sc)
        for (u32 done = 0; done < size;) {
            int64_t n = tocsin_scan(sc, exact + done, size - done);
            if (n <= 0) break;
            done += (u32)n;
        }
    tocsin_scanner_free(sc);
    free(exact);
}

static void run_set(const u8 *file, u32 size, input log)
{
    set s;
    u8 *exact = aligned_alloc(PAGE, (size + PAGE - 1) / PAGE * PAGE), value[8192];
    int length;
    memcpy(exact, file, size);
    set_header *h = (set_header *)exact;
    if (size >= PAGE) { /* an enemy can compute checksums too */
        for (int i = 0; i < SECTIONS; i++)
            if (h->sections[i].offset <= size && h->sections[i].size <= size - h->sections[i].offset)
                h->sections[i].checksum = checksum(exact + h->sections[i].offset, h->sections[i].size);
        h->checksum = checksum(exact, offsetof(set_header, checksum));
    }
    if (!tocsin_set_open(&s, exact, size)) {
        run_log(&s, log.data, log.size, any(8), "");
        for (u64 row = 0; row < 40; row++) tocsin_set_row(&s, row, value, &length);
    }
    free(exact);
}

int main(int count, char **names)
{
    static u8 buffer[MOST * 2];
    if (count < 5) return 2;
    double until = (double)time(NULL) + atof(names[1]);
    state = strtoull(names[2], NULL, 10) * 2 + 1;
    input sound = file_read(names[3]);
    u8 *base = aligned_alloc(PAGE, (sound.size + PAGE - 1) / PAGE * PAGE);
    memcpy(base, sound.data, sound.size);
    set s;
    const char *problem = tocsin_set_open(&s, base, sound.size);
    if (problem) { fprintf(stderr, "%s %s\n", names[3], problem); return 2; }
    for (int i = 4; i < count; i++) corpus[corpus_count++] = file_read(names[i]);
    u32 seeds = corpus_count, edges_seen = 0;
    u64 runs = 0;
    static const char *const instructions[] = {"", "avx2", "sse2", "portable"};
    while ((double)time(NULL) < until) {
        memset(edges, 0, sizeof edges);
        if (any(8)) {
            u32 size = mutate(buffer, corpus[any(corpus_count)]);
            run_log(&s, buffer, size, any(8), instructions[any(4)]);
            u32 fresh = 0;
            for (u32 i = 0; i < sizeof edges; i++)
                if (edges[i] && !seen[i]) { seen[i] = 1; fresh++; }
            edges_seen += fresh;
            if (fresh && corpus_count < 4096) {
                corpus[corpus_count] = (input){malloc(size + 1), size};
                memcpy(corpus[corpus_count++].data, buffer, size);
            }
        } else {
            u8 *file = malloc(sound.size);
            memcpy(file, sound.data, sound.size);
            for (u32 changes = 1 + any(12); changes--;) {
                section c = s.header->sections[any(SECTIONS)];
                u64 at = any(3) ? c.offset + any((u32)c.size) : any(sizeof(set_header));
                if (at < sound.size) file[at] = any(2) ? (u8)any(256) : (u8)(any(2) ? 255 : 0);
            }
            run_set(file, any(20) ? sound.size : any(sound.size), corpus[any(seeds)]);
            free(file);
        }
        runs++;
    }
    printf("%llu runs, %u edges, %u inputs in the corpus (%u to begin with)\n", (unsigned long long)runs, edges_seen, corpus_count, seeds);
    return 0;
}
