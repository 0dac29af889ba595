/* A small stand-in for libFuzzer, for compilers that bring sanitizers but no libFuzzer (gcc, zig): inputs are mutated, and one that
 * reaches a new edge, or an edge more often, joins the corpus. It takes the few of libFuzzer's options that __main__.py gives:
 *
 *     target -max_total_time=N -max_len=N -seed=N -dict=FILE -artifact_prefix=P FOLDER...     new inputs go into the first folder
 */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef struct { u8 *data; size_t size; } input;
enum { EDGES = 1 << 16, MOST_INPUTS = 1 << 14, MOST_WORDS = 256 };
#define UNWATCHED __attribute__((no_sanitize_coverage))

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int *count, char ***names);
__attribute__((weak)) void __sanitizer_set_death_callback(void (*call)(void));

static u8 edges[EDGES], seen[EDGES];
static u32 guards;
static input corpus[MOST_INPUTS], words[MOST_WORDS], now;
static size_t corpus_count, word_count, most = 4096;
static u64 state = 88172645463325252ull;
static const char *prefix = "";

UNWATCHED void __sanitizer_cov_trace_pc_guard_init(u32 *start, u32 *stop)
{
    for (; start < stop; start++) *start = ++guards;
}
UNWATCHED void __sanitizer_cov_trace_pc_guard(u32 *guard) { u8 *edge = &edges[*guard % EDGES]; *edge += *edge < 255; }
UNWATCHED void __sanitizer_cov_trace_pc(void) /* gcc: told by the place of the call */
{
    u64 place = (u64)__builtin_return_address(0);
    u8 *edge = &edges[(place ^ place >> 16) % EDGES];
    *edge += *edge < 255;
}

UNWATCHED static size_t any(size_t below)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return below ? (size_t)(state >> 20) % below : 0;
}

UNWATCHED static void write_file(const char *folder, const char *head, input in)
{
    char name[4096];
    u64 sum = 14695981039346656037ull;
    for (size_t i = 0; i < in.size; i++) sum = (sum ^ in.data[i]) * 1099511628211ull;
    snprintf(name, sizeof name, "%s%s%016llx", folder, head, (unsigned long long)sum);
    FILE *f = fopen(name, "wb");
    if (f) { fwrite(in.data, 1, in.size, f); fclose(f); }
}

UNWATCHED static void died(void)
{
    static int is_told;
    if (!is_told++) write_file(prefix, "crash-", now);
}
UNWATCHED static void signalled(int number) { died(); signal(number, SIG_DFL); raise(number); }

UNWATCHED static void read_folder(const char *folder)
{
    DIR *open = opendir(folder);
    for (struct dirent *entry; open && (entry = readdir(open)) && corpus_count < MOST_INPUTS;) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        FILE *f = *entry->d_name == '.' ? NULL : fopen(name, "rb");
        if (!f) continue;
        input *in = &corpus[corpus_count++];
        in->data = malloc(most + 1);
        in->size = fread(in->data, 1, most, f);
        fclose(f);
    }
    if (open) closedir(open);
}

/* Lines "word" with \\ , \" and \xHH. */
UNWATCHED static void read_words(const char *name)
{
    char line[1024];
    FILE *f = fopen(name, "r");
    while (f && fgets(line, sizeof line, f) && word_count < MOST_WORDS) {
        char *p = strchr(line, '"'), *to = line;
        if (*line == '#' || !p++) continue;
        for (; *p && *p != '"'; p++) {
            unsigned byte;
            if (*p == '\\' && p[1] == 'x' && sscanf(p + 2, "%2x", &byte) == 1) { *to++ = (char)byte; p += 3; }
            else { p += *p == '\\'; *to++ = *p; }
        }
        words[word_count].data = malloc((size_t)(to - line) + 1);
        memcpy(words[word_count].data, line, (size_t)(to - line));
        words[word_count++].size = (size_t)(to - line);
    }
    if (f) fclose(f);
}

/* Put a piece in at a place, or over what is there. */
UNWATCHED static size_t put(u8 *out, size_t size, size_t at, const u8 *piece, size_t length, int is_over)
{
    if (is_over) {
        if (length > size - at) length = size - at;
        memmove(out + at, piece, length);
        return size;
    }
    if (size + length > most) return size;
    memmove(out + at + length, out + at, size - at);
    memcpy(out + at, piece, length);
    return size + length;
}

UNWATCHED static size_t mutate(u8 *out, input from)
{
    size_t size = from.size;
    memcpy(out, from.data, size);
    for (size_t changes = 1 + any(5); changes--;) {
        size_t at = any(size + 1), length;
        u8 byte[1] = {(u8)any(256)}, same[256];
        switch (any(7)) {
        case 0: if (at < size) out[at] ^= (u8)(1 << any(8)); break;
        case 1: if (at < size) out[at] = byte[0]; break;
        case 2: size = put(out, size, at, byte, 1, 0); break;
        case 3: /* cut out */
            length = any((size - at < 64 ? size - at : any(2) ? 64 : size - at) + 1);
            memmove(out + at, out + at + length, size - at - length);
            size -= length;
            break;
        case 4: if (word_count) { input word = words[any(word_count)]; size = put(out, size, at, word.data, word.size, !any(4)); } break;
        case 5: { /* a piece of another */
            input other = corpus[any(corpus_count)];
            size_t start = any(other.size);
            size = put(out, size, at, other.data + start, any(other.size - start < 400 ? other.size - start : 400), !any(3));
            break;
        }
        case 6: /* many times the same */
            length = 1 + any(200);
            memset(same, at < size ? out[at] : byte[0], length);
            size = put(out, size, at, same, length, 0);
        }
    }
    return size;
}

/* Run an input; how much it reached that none has reached before. */
UNWATCHED static int run(input in)
{
    static const u8 steps[] = {1, 2, 3, 4, 8, 16, 32, 128};
    int fresh = 0;
    now = in;
    memset(edges, 0, sizeof edges);
    LLVMFuzzerTestOneInput(in.data, in.size);
    for (size_t i = 0; i < EDGES; i++) {
        if (!edges[i]) continue;
        u8 reached = 0;
        for (int k = 0; k < 8; k++) reached |= (u8)((edges[i] >= steps[k]) << k);
        fresh += (reached & ~seen[i]) != 0;
        seen[i] |= reached;
    }
    return fresh;
}

UNWATCHED int main(int count, char **arguments)
{
    const char *first = NULL;
    double until = 60;
    u64 runs = 0, reached = 0;
    for (int i = 1; i < count; i++) {
        const char *value = strchr(arguments[i], '=');
        if (!strncmp(arguments[i], "-max_total_time=", 16)) until = atof(value + 1);
        else if (!strncmp(arguments[i], "-max_len=", 9)) most = (size_t)atol(value + 1);
        else if (!strncmp(arguments[i], "-seed=", 6)) state ^= strtoull(value + 1, NULL, 10) * 0x9E3779B97F4A7C15ull;
        else if (!strncmp(arguments[i], "-dict=", 6)) read_words(value + 1);
        else if (!strncmp(arguments[i], "-artifact_prefix=", 17)) prefix = value + 1;
    }
    for (int i = 1; i < count; i++)
        if (*arguments[i] != '-') {
            first = first ? first : arguments[i];
            read_folder(arguments[i]);
        }
    if (!corpus_count) corpus[corpus_count++] = (input){calloc(1, most + 1), 8};
    int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGALRM};
    for (int i = 0; i < 7; i++)
        if (!__sanitizer_set_death_callback || numbers[i] == SIGABRT || numbers[i] == SIGALRM) signal(numbers[i], signalled);
    if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(died);
    if (LLVMFuzzerInitialize) LLVMFuzzerInitialize(&count, &arguments);
    u8 *buffer = malloc(most + 1);
    size_t seeds = corpus_count;
    for (size_t i = 0; i < seeds; i++, runs++) run(corpus[i]);
    for (until += (double)time(NULL); (double)time(NULL) < until; runs++) {
        input made = {buffer, mutate(buffer, corpus[any(corpus_count)])};
        alarm(20); /* an input that takes so long is a finding */
        if (!run(made) || corpus_count == MOST_INPUTS) continue;
        corpus[corpus_count].data = malloc(made.size + 1);
        memcpy(corpus[corpus_count].data, made.data, made.size);
        corpus[corpus_count++].size = made.size;
        if (first) { char folder[4096]; snprintf(folder, sizeof folder, "%s/", first); write_file(folder, "", made); }
    }
    for (size_t i = 0; i < EDGES; i++) reached += seen[i] != 0;
    printf("DONE   cov: %llu corp: %zu (%zu to begin with) runs: %llu\n", (unsigned long long)reached, corpus_count, seeds, (unsigned long long)runs);
    return 0;
}
