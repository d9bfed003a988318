/* A box of an array: along each axis some neighbouring positions. */
#ifndef CORE_BOX_H
#define CORE_BOX_H

#include <stdint.h>

#include "shardstep/tensor.h"

/* Along axis a the `size[a]` positions from position begin[a] on. */
struct core_box {
    uint64_t begin[SHS_MAX_AXES], size[SHS_MAX_AXES];
};

#endif
