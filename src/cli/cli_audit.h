/* What `audit` finds out, and how it is printed. */
#ifndef CLI_AUDIT_H
#define CLI_AUDIT_H

#include "cli_log.h"

/* Steps of a log that were compared with something else. */
struct cli_audited {
    uint64_t steps;                        /* compared */
    uint64_t different;                    /* of these */
    struct train_chain_line logged, found; /* the first that differs: as logged, as found */
    bool differs[TRAIN_CHAIN_PARTS];       /* the parts of it that differ */
    uint64_t lacking[TRAIN_CHAIN_PARTS];   /* steps in which a side has no hash of the part */
};

struct cli_audit {
    const struct cli_arguments *arguments; /* as the user gave them */
    struct cli_log log;
    bool makes;                 /* batches are made again */
    uint64_t seed;              /* the seed of the sample */
    bool sampled;               /* the steps were drawn */
    struct cli_audited again;   /* steps whose batches were made again */
    struct cli_audited against; /* steps that another log has, too */
};

/* Adds a step that was compared. */
void cli_audit_compare(const struct train_chain_line *logged, const struct train_chain_line *found,
                       struct cli_audited *audited);

/* Prints all, as text or as an object. Returns the exit code. */
int cli_audit_print(const struct cli_audit *audit);

#endif
