/* Cursors of steps that options name. */
#ifndef CLI_CURSOR_H
#define CLI_CURSOR_H

#include "cli.h"
#include "order_plan.h"

/* Reads --since: the epoch and the step with which the run's batch began. */
shs_status cli_origin(const struct cli_arguments *arguments, struct order_origin *origin);

/* Finds the cursor of a step of the run. SHS_ERROR_ARGUMENT for a step before the origin. */
shs_status cli_cursor(const struct order_shape *shape, struct order_origin origin, uint64_t step,
                      shs_cursor *cursor);

#endif
