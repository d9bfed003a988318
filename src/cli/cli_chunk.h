/* The options --chunk and --chunk-shape of `import`. */
#ifndef CLI_CHUNK_H
#define CLI_CHUNK_H

#include "cli.h"
#include "cli_fields.h"

/* Local. Refuses a text of --chunk-shape that is no list of numbers, or that fits no field. */
shs_status cli_chunk_check(const struct cli_arguments *arguments, const struct cli_fields *fields);

/* Local. Sets the elements of a chunk along each axis. Its rows are the value of --chunk, or the
 * largest power of two with which it has at most 64 KiB. */
void cli_chunk_choose(const struct cli_arguments *arguments, const shs_tensor *shape,
                      uint64_t chunk[SHS_MAX_AXES]);

#endif
