/* Loading of batches, for several commands. */
#ifndef CLI_BATCH_H
#define CLI_BATCH_H

#include "cli.h"

/* Collective. Opens the dataset and the loader that the options describe, at the first step. The
 * caller closes both, also after an error. */
shs_status cli_open_loader(const struct cli_arguments *arguments, shs_run *run,
                           shs_dataset **dataset, shs_loader **loader);

#endif
