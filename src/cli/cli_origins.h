/* Names what rows were imported from, if `import` kept it. */
#ifndef CLI_ORIGINS_H
#define CLI_ORIGINS_H

#include "h5_origins.h"
#include "shardstep/dataset.h"

/* The tables that were used last. A zeroed struct is empty. */
struct cli_origins {
    char *path;
    struct h5_file *file;
    size_t count;
    char *dataset[SHS_MAX_FIELDS];
    struct h5_origins *origins[SHS_MAX_FIELDS]; /* NULL: the dataset has none */
};

/* Local. Finds what a row of a dataset was imported from. The text, such as "flowers/rose/1.png" or
 * "run.h5:data/a/x, row 7", is NULL if the file does not say. The caller releases it with
 * core_free(). */
shs_status cli_origins_find(struct cli_origins *origins, const char *path, const char *dataset,
                            uint64_t row, char **text);

/* Local. Finds what the rows of a sample were imported from in field number `field`: as above for
 * one row; of several rows the first and the last. With axes=2 a row of the dataset is an index of
 * its first axis. */
shs_status cli_origins_of_rows(struct cli_origins *origins, const shs_dataset *dataset,
                               const shs_location *at, size_t field, const shs_rows *rows,
                               char **text);

void cli_origins_close(struct cli_origins *origins);

#endif
