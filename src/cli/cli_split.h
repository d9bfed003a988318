/* The parser of the option --split: "0.8,0.2", "0.8,0.1,0.1" or "NAME=PART,...". */
#ifndef CLI_SPLIT_H
#define CLI_SPLIT_H

#include "cli.h"
#include "order_split.h"

struct cli_split {
    struct order_split draw;            /* has no parts if there is no split */
    const char *names[ORDER_MAX_PARTS]; /* the names of the parts, which point into `text` */
    char *text;
};

/* Local. Reads a split whose draws have this seed. On error *split is empty. */
shs_status cli_read_split(const char *text, uint64_t seed, struct cli_split *split);

/* Releases the names, and leaves *split empty. */
void cli_free_split(struct cli_split *split);

#endif
