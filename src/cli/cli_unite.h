/* Whole batches in a run of groups: rank 0 puts the slabs of the members together. */
#ifndef CLI_UNITE_H
#define CLI_UNITE_H

#include "shardstep/loader.h"

struct cli_unite;

/* Called on rank 0 with a whole batch. Only its virtual rank, its step, its rows, their numbers and
 * its fields are set. It is borrowed. */
typedef shs_status cli_unite_take(void *user, const shs_batch *batch);

/* Local. The loader must stay open. On error *unite is NULL. */
shs_status cli_unite_new(shs_loader *loader, struct cli_unite **unite);
void cli_unite_free(struct cli_unite **unite);

/* Collective. Loads the next step, and hands each whole batch to `take`. Batches that could not be
 * loaded are left out: mpi_settle() tells why. */
shs_status cli_unite_step(struct cli_unite *unite, cli_unite_take *take, void *user,
                          uint64_t *step);

#endif
