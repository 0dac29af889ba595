/* Any rows: what the builder makes of them opens, verifies and lists; what is listed, compiled again, lists the same; base and delta hold
 * what one base holds; both find the same in the rows' own text. Input: is it a file, seed, where the delta begins (2), rows. */
#include "common.h"

static void scan_rows(const opened *o, const u8 *rows, size_t size, hits *found)
{
    scanner *sc = tocsin_scanner_new(&o->set, 0, "");
    tocsin_scanner_at(sc, 1800000000);
    require(scan_all(sc, rows, size, 0, found), "a sound set is said to be damaged");
    tocsin_scanner_free(sc);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    if (size < 4) return 0;
    int is_file = data[0] & 1;
    u64 seed = data[1];
    size_t at = data[2] | (size_t)data[3] << 8;
    exact rows = exact_copy(data + 4, size - 4, 0);
    size -= 4;
    at = size ? at % size : 0;
    while (at && rows.start[at - 1] != '\n') at--;
    opened whole, parted, again;
    rows_opened(&whole, rows.start, size, NULL, 0, seed, is_file, NULL);
    rows_opened(&parted, rows.start, at, rows.start + at, size - at, seed, is_file, NULL);
    require(!tocsin_set_verify(&whole.set), "a set that was just made does not verify");
    require(!tocsin_set_verify(&parted.set), "a delta that was just made does not verify");
    u64 counts[COUNTS], n, n_parted, n_again;
    require(tocsin_set_count(&whole.set, 1800000000, counts) && tocsin_set_count(&parted.set, 1800000000, counts), "a sound set cannot be counted");
    u8 *text = listed(&whole.set, &n), *text_parted = listed(&parted.set, &n_parted);
    require(n == n_parted && !memcmp(text, text_parted, n), "base and delta do not list what one base lists");
    rows_opened(&again, text, n, NULL, 0, seed + 1, 0, NULL);
    u8 *text_again = listed(&again.set, &n_again);
    require(n == n_again && !memcmp(text, text_again, n), "what is listed, compiled again, does not list the same");
    hits found = {0}, found_parted = {0};
    scan_rows(&whole, rows.start, size, &found);
    scan_rows(&parted, rows.start, size, &found_parted);
    require_same(&found, &found_parted, "base and delta do not find what one base finds");
    free(found.data);
    free(found_parted.data);
    free(text);
    free(text_parted);
    free(text_again);
    opened_free(&whole);
    opened_free(&parted);
    opened_free(&again);
    free(rows.memory);
    return 0;
}
