/* Batches that `replay` makes again, and their rows. */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include "cli.h"
#include "cli_origins.h"
#include "core_hash.h"

struct cli_replay_file;

struct cli_replay {
    const struct cli_arguments *arguments;
    shs_run *run;
    shs_dataset *dataset;
    shs_loader *loader;
    shs_batch batch;
    char digest[CORE_DIGEST_TEXT];
    struct cli_origins origins;
};

/* Prints the augmentation with all values, and the layouts of the fields that it changes. */
shs_status cli_replay_print_augmentation(const struct cli_replay *replay);

/* Prints the line of a slot of the batch, and what its row was imported from. */
shs_status cli_replay_print_row(struct cli_replay *replay, uint64_t slot);

/* Check and write the file of -o, if it is given. */
shs_status cli_replay_output_check(const struct cli_replay *replay,
                                   const struct cli_replay_file *file);
shs_status cli_replay_output_write(const struct cli_replay *replay,
                                   const struct cli_replay_file *file);

/* Refuses options that do not go with --worst. */
shs_status cli_replay_worst_check(const struct cli_arguments *arguments);

/* Makes the rows of the list of --worst again, prints them and writes the file of -o. */
shs_status cli_replay_worst(struct cli_replay *replay);

#endif
