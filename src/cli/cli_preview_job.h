/* What `preview` loads, and from which place of the run. */
#ifndef CLI_PREVIEW_JOB_H
#define CLI_PREVIEW_JOB_H

#include "cli_preview.h"
#include "load.h"

struct cli_preview_job {
    const struct cli_arguments *arguments;
    shs_run *run;
    shs_dataset *dataset;
    shs_loader *loader;
    shs_cursor cursor;
    uint64_t vrank;
    uint64_t slot; /* the slot of --sample, else 0 */
    struct cli_preview preview;
};

/* Local. Finds the place that the options name: cursor, virtual rank and slot. */
shs_status cli_preview_place(struct cli_preview_job *job);

/* Local. Finds the views and the number of lines, rows and columns, and refuses a sheet that would
 * be too large. No sample is read. */
shs_status cli_preview_plan(struct cli_preview_job *job);

/* Local. Loads the samples, augments them and makes the lines. */
shs_status cli_preview_load(struct cli_preview_job *job);

/* Local. Frees what the preview holds. */
void cli_preview_free(struct cli_preview *preview);

#endif
