/* Any file as a set: a sound base and delta are changed as the input says, their checksums made right again, and everything that can be
 * done with a set is done with what opens. Or the input is the file itself.
 *
 * Input: mode, then changes {target and section, offset (2), count and way (1), bytes}. Mode: 1 raw file, 2 with addresses (a map of
 * 2 MB, slow), 4 delta too, 8 checksums stay wrong, 16 cut short by the next two bytes. */
#include "common.h"

static opened sound[2];
static const u8 LOG[] = "#fields\thost\turi\nevil.example\t/a/b\nwww.evil.example n3.example http://evil.example/a/b?q http://x.evil.example/ 198.18.7.9:80\n"
                        "198.18.7.10 [2001:db8::1]:443 2001:db8::7 user@evil.example 0123456789abcdef0123456789abcdef.exe\n"
                        "{\"host\":\"evil.example\",\"uri\":\"\\/a\\/c\"} p.example b\xC3\xBC" "cher.example 240.1.2.3\n";

int LLVMFuzzerInitialize(int *count, char ***names)
{
    (void)count, (void)names;
    static const char names_only[] = "domain-name\tevil.example\ndomain-name\tEVIL.example\ndomain-name\tb\xC3\xBC" "cher.example\nurl\thttp://evil.example/a/*\n"
                                     "url\t*.evil.example/*\nurl\tevil.example/a*b?q\nurl\thttps://evil.example:443/a/b\nemail-addr\tuser@evil.example\n"
                                     "file\t0123456789abcdef0123456789abcdef\nx509-certificate\t0123456789ABCDEF0123456789abcdef\nnonsense\tx\n"
                                     "ipv6-addr\t2001:db8::/32\nip-port\t[2001:db8::1]:443\ndomain-name\tp.example\t2030-01-01T00:00:00Z\n"
                                     "domain-name\tn1.example\ndomain-name\tn2.example\ndomain-name\tn3.example\ndomain-name\tn4.example\n";
    static const char addresses[] = "ipv4-addr\t198.18.7.9\nipv4-addr\t240.0.0.0/8\nip-port\t198.18.7.9:80\nipv4-addr\t198.18.7.8/30\n";
    static const char more[] = "domain-name\twww.evil.example\t2020-01-01T00:00:00Z\ndomain-name\tevil.example\nip-port\t198.18.7.10:80\nurl\tevil.example/a/b\n";
    u64 removed[1] = {5};
    char all[2048];
    snprintf(all, sizeof all, "%s%s", names_only, addresses);
    rows_opened(&sound[0], (const u8 *)names_only, strlen(names_only), (const u8 *)more, strlen(more), 7, 1, removed);
    rows_opened(&sound[1], (const u8 *)all, strlen(all), (const u8 *)more, strlen(more), 7, 1, removed);
    return 0;
}

static void repair(u8 *data, u64 size)
{
    set_header *h = (set_header *)data;
    if (size < PAGE) return;
    for (int i = 0; i < SECTIONS; i++)
        if (h->sections[i].offset <= size && h->sections[i].size <= size - h->sections[i].offset)
            h->sections[i].checksum = checksum(data + h->sections[i].offset, h->sections[i].size);
    h->checksum = checksum(data, offsetof(set_header, checksum));
}

/* One change to base or delta; how many bytes of the input it took. */
static size_t change(const u8 *p, size_t left, file files[2])
{
    if (left < 5) return left;
    file *f = &files[p[0] >> 7];
    if (f->size < PAGE) return 5;
    u32 which = p[0] & 15, at = p[1] | (u32)p[2] << 8, count = p[3] & 15, way = p[3] >> 4;
    if (count > left - 4) count = (u32)(left - 4);
    const set_header *h = (const set_header *)f->data;
    section c = which < SECTIONS ? h->sections[which] : (section){0, sizeof(set_header), 0};
    if (c.offset > f->size || c.size > f->size - c.offset || !c.size) return 4 + count;
    if (way & 1) at = (u32)(c.size - 1 - at % c.size); /* told from its end */
    for (u32 i = 0; i < count; i++) {
        u8 *to = f->data + c.offset + (at + i) % c.size;
        *to = way & 2 ? *to ^ p[4 + i] : way & 4 ? (u8)(*to + p[4 + i]) : p[4 + i];
    }
    return 4 + count;
}

static void use(const set *s, int is_large)
{
    u64 counts[COUNTS], numbers[9], rows = s->base.rows + s->delta.rows, row = 0, some = rows < 5000 ? rows : 5000;
    u8 value[8192], *said = calloc(1, some + 1), *text = malloc(32768);
    int length;
    tocsin_set_numbers(s, numbers);
    if (rows < 100000) {
        tocsin_set_verify(s);
        tocsin_set_count(s, 1000000000, counts);
    }
    for (u64 i = 0; i < 40; i++) tocsin_set_row(s, i < 20 ? i : rows - (i - 20), value, &length);
    tocsin_set_list(s, &row, rows, NULL, text, 32768);
    tocsin_set_find(s, 0, some, &sound[0].set, COMPARE, NULL, said);
    if (rows < 5000) {
        u64 *removed = calloc(rows / 64 + 2, 8);
        tocsin_set_find(&sound[0].set, 0, sound[0].set.base.rows, s, ADD, removed, said = realloc(said, some + 100));
        tocsin_set_find(&sound[0].set, 0, sound[0].set.base.rows, s, REMOVE, removed, said);
        u8 *bits = malloc((rows + 63) / 64 * 8 + 8);
        tocsin_set_removed(s, bits);
        free(bits);
        free(removed);
    }
    free(said);
    free(text);
    for (int i = 0; i < (is_large ? 1 : 2); i++) {
        exact log = exact_copy(LOG, sizeof LOG - 1, (size_t)i);
        scanner *sc = tocsin_scanner_new(s, DEFANGED, i ? "" : "portable");
        hits found = {0};
        tocsin_scanner_at(sc, 1900000000);
        scan_all(sc, log.start, sizeof LOG - 1, 0, &found);
        tocsin_scanner_free(sc);
        free(found.data);
        free(log.memory);
    }
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    if (!size) return 0;
    u8 mode = *data++;
    size--;
    set s;
    u64 *map4 = NULL;
    file files[2] = {{NULL, 0}, {NULL, 0}};
    const opened *from = &sound[mode & 2 ? 1 : 0];
    size_t cut = 0;
    if (mode & 16 && size > 1) cut = data[0] | (size_t)data[1] << 8, data += 2, size -= 2;
    for (int i = 0; i < 1 + (mode >> 2 & 1); i++) {
        file f = i ? from->delta : from->base;
        files[i].size = mode & 1 ? (i ? 0 : size) : cut && i == (mode >> 5 & 1) ? (cut * 8 < f.size ? f.size - cut * 8 : cut) : f.size;
        if (posix_memalign((void **)&files[i].data, PAGE, files[i].size + !files[i].size)) abort();
        if (mode & 1 && !i) memcpy(files[i].data, data, size);
        else memcpy(files[i].data, f.data, files[i].size < f.size ? files[i].size : f.size);
    }
    if (!(mode & 1))
        for (size_t done = 0; done < size;) done += change(data + done, size - done, files);
    for (int i = 0; i < 2; i++)
        if (!(mode & 8) && files[i].size >= PAGE) {
            if (cut) ((set_header *)files[i].data)->file_size = files[i].size;
            if (i) ((set_header *)files[i].data)->base = ((set_header *)files[0].data)->checksum;
            repair(files[i].data, files[i].size);
        }
    if (!tocsin_set_open(&s, files[0].data, files[0].size)) {
        int is_sound = 1;
        if (files[1].data) {
            map4 = calloc(1, MAP4_BYTES);
            is_sound = !tocsin_set_join(&s, files[1].data, files[1].size, map4);
        }
        if (is_sound) use(&s, mode & 2);
    }
    free(map4);
    free(files[0].data);
    free(files[1].data);
    return 0;
}
