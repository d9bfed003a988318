/* Measures how well an order mixes rows, so that a window can be chosen by its cost. Pure. */
#ifndef ORDER_QUALITY_H
#define ORDER_QUALITY_H

#include "order.h"

struct order_quality {
    /* Average number of blocks of neighbouring rows that a batch draws from. Rows of one block
     * resemble one another more than rows of many blocks. */
    double blocks;
    /* Average number of steps between the deliveries of two neighbouring rows. In a random order it
     * is a third of an epoch's steps. */
    double steps;
};

/* Measures an epoch that has begun, by at most 1,000 batches and 10,000 pairs of rows, evenly
 * spread. Blocks have `block_rows` rows here, whatever blocks the order has. */
shs_status order_quality_of(struct order_epoch *epoch, uint64_t block_rows,
                            struct order_quality *quality);

#endif
