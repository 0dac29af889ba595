/* Any log, a fixed rich set: every instruction set, every way of cutting the log, every alignment, and a base with a delta in place of
 * one base must give the same hits. Input: flags of the scan, alignment, cut, log. TOCSIN_FUZZ_ROWS names the rows. */
#include "common.h"

static opened whole, parted;

int LLVMFuzzerInitialize(int *count, char ***names)
{
    (void)count, (void)names;
    const char *name = getenv("TOCSIN_FUZZ_ROWS");
    FILE *f = name ? fopen(name, "rb") : NULL;
    require(f != NULL, "TOCSIN_FUZZ_ROWS does not name a file of rows");
    static u8 rows[1 << 20];
    size_t size = fread(rows, 1, sizeof rows, f), half = size / 2;
    fclose(f);
    while (half < size && rows[half - 1] != '\n') half++;
    rows_opened(&whole, rows, size, NULL, 0, 7, 0, NULL);
    rows_opened(&parted, rows, half, rows + half, size - half, 7, 0, NULL);
    require(!tocsin_set_verify(&whole.set) && !tocsin_set_verify(&parted.set), "a sound set does not verify");
    return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    if (size < 3) return 0;
    u32 flags = data[0] & (JSON_NEVER | JSON_ALWAYS | DEFANGED), cut = data[2] | 1u;
    if (data[0] & JSON_NEVER) flags &= ~(u32)JSON_ALWAYS;
    hits first = {0};
    for (int i = 0; i < 6; i++) {
        const set *s = i == 5 ? &parted.set : &whole.set; /* the last two: in small blocks, and with a delta */
        scanner *sc = tocsin_scanner_new(s, flags, i < 4 ? INSTRUCTION_SETS[i] : "");
        if (!sc) continue;
        exact log = exact_copy(data + 3, size - 3, (data[1] + (u32)i * 11) & 63);
        hits found = {0};
        require(scan_all(sc, log.start, size - 3, i == 4 ? cut : 0, &found), "a sound set is said to be damaged");
        if (i) require_same(&first, &found, i < 4 ? INSTRUCTION_SETS[i] : i == 4 ? "cut into blocks" : "base and delta");
        else first = found;
        if (i) free(found.data);
        tocsin_scanner_free(sc);
        free(log.memory);
    }
    free(first.data);
    return 0;
}
