/* What commands say of the memory that a loader announces. */
#ifndef CLI_LOADER_MEMORY_H
#define CLI_LOADER_MEMORY_H

#include "shardstep/loader.h"

/* Prints a line, with the parts that are not about 0. `use` is of rank 0. */
void cli_loader_memory_print(const shs_loader_memory_use *use);

/* Adds the member "memory", an object of bytes. */
void cli_loader_memory_json(const shs_loader_memory_use *use);

#endif
