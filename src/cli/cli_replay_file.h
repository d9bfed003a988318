/* A batch that `replay` made again, as a file: `replay -o`. */
#ifndef CLI_REPLAY_FILE_H
#define CLI_REPLAY_FILE_H

#include "cli_worst.h"
#include "shardstep/loader.h"

/* What the file is made from. */
struct cli_replay_file {
    const shs_loader *loader;
    const shs_batch *batch;
    const char *hash; /* of the batch, as it is printed */
    /* If the rows come from several batches: their draws and places, one for each row. NULL: all
     * rows are those of the batch. */
    const shs_draws *draws;
    const struct cli_worst *worst;
};

/* Refuses a batch with a field whose name is that of something else in the file, be it another
 * field, or a path through it. */
shs_status cli_replay_file_check(const struct cli_replay_file *file);

/* Writes a new HDF5 file, with:
 *
 *     index                                   the number of each row
 *     FIELD                                   the rows of each field
 *     draws/FIELD/PLACE_OPERATOR/applied      1 for each row that the operator was applied to, or 0
 *     draws/FIELD/PLACE_OPERATOR/VALUE        what it drew for each row; NaN where not applied
 *
 * for each operator that draws and each field of its statement. Attributes of the file say which
 * batch it is; rows of several batches have arrays of the group `places` instead. The attributes of
 * an operator's group are its text and its layout, and those of a value its unit. */
shs_status cli_replay_file_write(const struct cli_replay_file *file, const char *path);

#endif
