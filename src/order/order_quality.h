/* How well an order mixes, measured: so that a window can be chosen by what it costs. Pure. */
#ifndef ORDER_QUALITY_H
#define ORDER_QUALITY_H

#include "order.h"

struct order_quality {
    double blocks; /* blocks of neighbouring rows that a batch draws from, on average: rows of one
                      block resemble one another more than those of many */
    double steps;  /* steps between the deliveries of two neighbouring rows, on average: at random
                      a third of an epoch's */
};

/* Of an epoch that has begun, over at most 1,000 batches and 10,000 pairs of rows, evenly spread.
 * Blocks are of block_rows rows, whatever the order's own are. */
shs_status order_quality_of(struct order_epoch *epoch, uint64_t block_rows,
                            struct order_quality *quality);

#endif
