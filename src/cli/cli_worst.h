/* Reads the list of a run's worst rows, which shs_note() led to. */
#ifndef CLI_WORST_H
#define CLI_WORST_H

#include <stdint.h>

#include "train_worst_text.h"

struct cli_worst_row {
    uint64_t epoch;
    struct train_noted noted;
    uint64_t line; /* of the file, from 1 */
};

/* A zeroed struct may be freed. */
struct cli_worst {
    struct cli_worst_row *row;
    uint64_t count;
};

/* Local. Reads all rows of a list; only those of one epoch if `epoch` is not NULL. SHS_ERROR_FORMAT
 * if the file is no list. */
shs_status cli_worst_read(const char *path, const uint64_t *epoch, struct cli_worst *worst);

void cli_worst_free(struct cli_worst *worst);

#endif
