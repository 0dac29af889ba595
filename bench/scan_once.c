/* scan_once CORE SET LOG INSTRUCTIONS: one scan of a log, for counting instructions. Prints bytes, lines and hits.
 * The core is opened as Python opens it, so what is counted is the very library that is installed. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

static void *library;

static void *function(const char *name)
{
    void *found = dlsym(library, name);
    if (!found) { fprintf(stderr, "the core has no %s\n", name); exit(2); }
    return found;
}

static char *mapped(const char *path, uint64_t *size)
{
    struct stat about;
    int file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &about)) { perror(path); exit(2); }
    *size = (uint64_t)about.st_size;
    char *start = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    if (start == MAP_FAILED) { perror(path); exit(2); }
    return start;
}

int main(int count, char **arguments)
{
    if (count != 5) { fprintf(stderr, "scan_once CORE SET LOG INSTRUCTIONS\n"); return 2; }
    if (!(library = dlopen(arguments[1], RTLD_NOW))) { fprintf(stderr, "%s\n", dlerror()); return 2; }
    uint64_t (*set_size)(void) = (uint64_t (*)(void))function("tocsin_set_size");
    const char *(*set_open)(void *, const char *, uint64_t) = (const char *(*)(void *, const char *, uint64_t))function("tocsin_set_open");
    void *(*scanner_new)(const void *, uint32_t, const char *) = (void *(*)(const void *, uint32_t, const char *))function("tocsin_scanner_new");
    int64_t (*scan)(void *, const char *, uint64_t) = (int64_t (*)(void *, const char *, uint64_t))function("tocsin_scan");
    uint64_t (*hit_count)(const void *) = (uint64_t (*)(const void *))function("tocsin_scanner_hit_count");
    uint64_t (*lines)(const void *) = (uint64_t (*)(const void *))function("tocsin_scanner_lines");
    uint64_t size, length, hits = 0;
    char *file = mapped(arguments[2], &size), *log = mapped(arguments[3], &length);
    void *set = calloc(1, set_size());
    const char *problem = set ? set_open(set, file, size) : "does not fit into memory";
    if (problem) { fprintf(stderr, "the set %s\n", problem); return 2; }
    void *scanner = scanner_new(set, 0, arguments[4]);
    if (!scanner) { fprintf(stderr, "no scanner for %s\n", arguments[4]); return 2; }
    for (uint64_t done = 0; done < length;) {
        int64_t scanned = scan(scanner, log + done, length - done);
        if (scanned <= 0) { fprintf(stderr, "the scan failed\n"); return 2; }
        hits += hit_count(scanner);
        done += (uint64_t)scanned;
    }
    printf("%llu %llu %llu\n", (unsigned long long)length, (unsigned long long)lines(scanner), (unsigned long long)hits);
    return 0;
}
