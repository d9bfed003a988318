/* The memory of a loader, known when it is opened: see shs_loader_memory(). */
#ifndef LOAD_MEMORY_H
#define LOAD_MEMORY_H

#include <stdint.h>

/* What core_memory_balance() grew by while the loader was opened. */
struct load_memory {
    int64_t all;     /* all bytes, those of the members below included */
    int64_t units;   /* load_units */
    int64_t buffers; /* batches, tools and the ring */
    int64_t store;   /* what the store has beside the bytes of chunks; a part of `buffers` */
    int64_t order;   /* subset, sources and weights */
    uint64_t units_of_program; /* bytes of units that the program's functions gave */
};

#endif
