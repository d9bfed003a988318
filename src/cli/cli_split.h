/* The option --split: "0.8,0.2", "0.8,0.1,0.1" or "NAME=PART,...". */
#ifndef CLI_SPLIT_H
#define CLI_SPLIT_H

#include "cli.h"
#include "order_split.h"

struct cli_split {
    struct order_split draw; /* no parts: there is no split */
    const char *names[ORDER_MAX_PARTS];
    char *text; /* that the names lie in */
};

/* Local. On error nothing is to be freed. */
shs_status cli_read_split(const char *text, uint64_t seed, struct cli_split *split);
void cli_free_split(struct cli_split *split);

#endif
