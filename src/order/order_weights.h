/* Rows drawn by weight, with replacement, of which only a bounded table is kept however many rows
 * there are. Pure.
 *
 * The N rows lie in blocks of B consecutive ones, B = ceil(N / 2^20), the last block perhaps with
 * fewer. There is an alias table over the blocks' sums and, where B > 1, the sums themselves: 20
 * bytes a block. A draw takes the words of one stream of role 5, of the position in the epoch:
 *
 *     1 word, seldom more    below(blocks), then
 *     2 words                a double against that cell's chance: the block
 *     2 words, if B > 1      a double u: the block's first row at which the sum from the block's
 *                            beginning exceeds u * sum
 *
 * A block's sum is s(0) = w(0), s(i) = s(i - 1) + w(i), each rounded to a double, in the order of
 * rows; u * sum is rounded too. Should rounding leave no row for u, the block's last row with a
 * weight above 0 is taken. So a row's chance is w / sum but for roundings, 2^-53 of the block's
 * sum each, and a row of weight 0 is never drawn. */
#ifndef ORDER_WEIGHTS_H
#define ORDER_WEIGHTS_H

#include "order_permutation.h"
#include "random_alias.h"

enum {
    ORDER_WEIGHTS_BLOCKS = 1 << 20
};

/* Zeroed it may be freed. */
struct order_weights {
    uint64_t rows;       /* N, 1 … 2^56 */
    uint64_t block_rows; /* B */
    uint64_t blocks;
    double *sums; /* of the blocks; after order_weights_end() only if B > 1 */
    struct random_alias table;
};

/* A table of rows alone, for weights that are all in memory: B is 1, and nothing else is taken. Up
 * to 2^20 rows it is the same as that of blocks. */
shs_status order_weights_of_rows(struct order_weights *weights, const double *row_weights,
                                 uint64_t rows);

/* Makes blocks for so many rows, at most `most_blocks` of them, which is ORDER_WEIGHTS_BLOCKS but
 * in tests. Their sums, all 0, are the caller's to set. */
shs_status order_weights_begin(struct order_weights *weights, uint64_t rows, uint64_t most_blocks);

/* All sums are set: makes the table. */
shs_status order_weights_end(struct order_weights *weights);

void order_weights_free(struct order_weights *weights);

/* The rows of a block. */
uint64_t order_weights_first(const struct order_weights *weights, uint64_t block);
uint64_t order_weights_count(const struct order_weights *weights, uint64_t block);

/* Goes on with the sum of a block by its next rows. */
double order_weights_sum(double sum, const double *row_weights, uint64_t count);

/* A block that was drawn, and what the sum of its first rows must exceed. If B is 1 it is the row.
 */
struct order_pick {
    uint64_t block;
    double target;
};

struct order_pick order_weights_pick(const struct order_weights *weights, shs_random *random);

/* Positions of an epoch, in place, become rows, for a B of 1: the same as one pick for each, at a
 * stream of its own, with the cells of many fetched at a time. Part and vrank of the source are not
 * used. */
void order_weights_rows(const struct order_weights *weights, const struct order_source *source,
                        uint64_t *index, uint64_t count);

#define ORDER_NO_ROW UINT64_MAX

/* Looks for the picked row among a block's rows, which are handed over in any number of pieces. */
struct order_search {
    double target;
    double sum;
    uint64_t next; /* row */
    uint64_t last; /* with a weight above 0; ORDER_NO_ROW: none so far */
};

struct order_search order_weights_search(const struct order_weights *weights,
                                         struct order_pick pick);

/* True if the row, then search->last, is found. If it never is, search->last at the block's end is
 * the one. */
bool order_weights_search_in(struct order_search *search, const double *row_weights,
                             uint64_t count);

/* Sums over all rows and their weights that tell one set of weights from another; rows of weight 0
 * add nothing. Modulo 2^64, so that rows may come in any order and from any process. Not made
 * against someone who wants to be mistaken. Zeroed it is of no rows. */
struct order_weights_mark {
    uint64_t sums[2];
};

void order_weights_mark_add(struct order_weights_mark *mark, uint64_t first_row,
                            const double *row_weights, uint64_t count);

#endif
