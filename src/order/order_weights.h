/* Rows drawn by weight, with replacement. The table that is kept is bounded, however many rows
 * there are. Pure.
 *
 * The N rows lie in blocks of B consecutive rows, B = ceil(N / 2^20); the last block may have
 * fewer. The table is an alias table over the blocks' sums. If B > 1, the sums are kept, too: 20
 * bytes a block in all. A draw takes the words of one stream of role 5, at the position in the
 * epoch:
 *
 *     1 word, seldom more    below(blocks), then
 *     2 words                a double, compared with that cell's chance: the block
 *     2 words, if B > 1      a double u: the block's first row at which the sum from the block's
 *                            beginning exceeds u * sum
 *
 * A block's sum is s(0) = w(0), s(i) = s(i - 1) + w(i), each rounded to a double, in the order of
 * rows; u * sum is rounded, too. If rounding leaves no row for u, the block's last row with a
 * weight above 0 is taken. So the chance of a row is w / sum, except for roundings, each at most
 * 2^-53 of the block's sum. A row of weight 0 is never drawn. */
#ifndef ORDER_WEIGHTS_H
#define ORDER_WEIGHTS_H

#include "order_permutation.h"
#include "random_alias.h"

enum {
    ORDER_WEIGHTS_BLOCKS = 1 << 20
};

/* A zeroed struct may be freed. */
struct order_weights {
    uint64_t rows;       /* N, 1 … 2^56 */
    uint64_t block_rows; /* B */
    uint64_t blocks;
    double *sums; /* sums of the blocks; after order_weights_end() only if B > 1 */
    struct random_alias table;
};

/* Makes a table of rows, for weights that are all in memory. B is 1 and no sums are kept. Up to
 * 2^20 rows this table is the same as the table of blocks. */
shs_status order_weights_of_rows(struct order_weights *weights, const double *row_weights,
                                 uint64_t rows);

/* Makes the blocks for `rows` rows, at most `most_blocks` blocks. Only tests give another number
 * than ORDER_WEIGHTS_BLOCKS. The caller must then set the blocks' sums, which are 0. */
shs_status order_weights_begin(struct order_weights *weights, uint64_t rows, uint64_t most_blocks);

/* Makes the table, after all sums have been set. */
shs_status order_weights_end(struct order_weights *weights);

void order_weights_free(struct order_weights *weights);

/* Return the first row of a block, and the number of its rows. */
uint64_t order_weights_first(const struct order_weights *weights, uint64_t block);
uint64_t order_weights_count(const struct order_weights *weights, uint64_t block);

/* Adds the block's next rows to the sum of its rows so far, and returns the new sum. */
double order_weights_sum(double sum, const double *row_weights, uint64_t count);

/* A block that was drawn, and the target that the sum of the block's rows up to the drawn row
 * exceeds. If B is 1, the block is the row. */
struct order_pick {
    uint64_t block;
    double target;
};

struct order_pick order_weights_pick(const struct order_weights *weights, shs_random *random);

/* Replaces positions of an epoch by rows, if B is 1. The rows are those of order_weights_pick() at
 * the stream of each position. The cells of many draws are fetched at a time. Part and vrank of the
 * source are not used. */
void order_weights_rows(const struct order_weights *weights, const struct order_source *source,
                        uint64_t *index, uint64_t count);

#define ORDER_NO_ROW UINT64_MAX

/* Looks for the picked row among a block's rows, which are handed over in any number of pieces. */
struct order_search {
    double target;
    double sum;
    uint64_t next; /* next row to look at */
    uint64_t last; /* last row with a weight above 0; ORDER_NO_ROW: none so far */
};

struct order_search order_weights_search(const struct order_weights *weights,
                                         struct order_pick pick);

/* Looks at the block's next rows. Returns true if the row is found: it is search->last. If the row
 * is not found in the whole block, it is search->last at the block's end. */
bool order_weights_search_in(struct order_search *search, const double *row_weights,
                             uint64_t count);

/* Sums over all rows and their weights that tell one set of weights from another. Rows of weight 0
 * add nothing. Sums are modulo 2^64, so rows may come in any order and from any process. Someone
 * who wants two sets to have the same mark can find such sets. A zeroed mark has no rows. */
struct order_weights_mark {
    uint64_t sums[2];
};

void order_weights_mark_add(struct order_weights_mark *mark, uint64_t first_row,
                            const double *row_weights, uint64_t count);

#endif
