#include "cli_loader_memory.h"

#include <stdio.h>

#include "cli_json.h"

enum {
    PARTS = 9
};

struct part {
    const char *name;
    uint64_t bytes;
};

/* Lists the parts of the memory, in the order in which they are said. */
static void list_parts(const shs_loader_memory_use *use, struct part parts[PARTS])
{
    parts[0] = (struct part){"batches", use->batches};
    parts[1] = (struct part){"staging", use->staging};
    parts[2] = (struct part){"order", use->order};
    parts[3] = (struct part){"cache", use->cache};
    parts[4] = (struct part){"reading", use->reading};
    parts[5] = (struct part){"other", use->other};
    parts[6] = (struct part){"resident", use->resident};
    parts[7] = (struct part){"hdf5", use->hdf5};
    parts[8] = (struct part){"threads", use->threads};
}

static double mebibytes(uint64_t bytes)
{
    return (double)bytes / (1 << 20);
}

void cli_loader_memory_print(const shs_loader_memory_use *use)
{
    struct part parts[PARTS];
    const char *before = ":";
    list_parts(use, parts);
    printf("memory announced for rank 0: %.1f MiB", mebibytes(use->total));
    for (size_t i = 0; i < PARTS; i++) {
        if (mebibytes(parts[i].bytes) < 0.05) continue;
        printf("%s %s %.1f", before, parts[i].name, mebibytes(parts[i].bytes));
        before = ",";
    }
    if (mebibytes(use->waiting) >= 0.05)
        printf("; up to %.1f more where the disk is waited for", mebibytes(use->waiting));
    printf("%s\n", use->resident_shared ? "; the ranks of a node share the resident part" : "");
}

void cli_loader_memory_json(const shs_loader_memory_use *use)
{
    struct part parts[PARTS];
    list_parts(use, parts);
    cli_json_begin("memory", '{');
    for (size_t i = 0; i < PARTS; i++)
        cli_json_u64(parts[i].name, parts[i].bytes);
    cli_json_u64("waiting", use->waiting);
    cli_json_u64("counted", use->counted);
    cli_json_u64("total", use->total);
    cli_json_bool("resident_shared", use->resident_shared);
    cli_json_end('}');
}
