/* The order of an epoch, written down row by row. The permutations are those of the library, which
 * have tests of their own; everything else is slow. */
#ifndef BOOK_H
#define BOOK_H

#include <stdlib.h>
#include <string.h>

#include "contract.h"
#include "order.h"
#include "unit.h"

enum {
    MOST_BATCH = 1000
};

/* An epoch written down: all sequences one after the other, and as it is walked in the end. */
struct book {
    struct order_shape shape;
    uint64_t seed;
    uint32_t stream;
    uint64_t epoch;
    uint64_t *rows;   /* the sequences */
    uint64_t *place;  /* which block of its sequence each position lies in */
    uint64_t *walk;   /* the sequences with their windows mixed */
    uint64_t *window; /* the number of each position's window in its run */
    uint64_t *opens;  /* where that window begins */
    uint64_t *closes; /* and ends */
    struct order_permutation permutation;
};

static inline bool book_make(struct book *book, uint64_t most)
{
    uint64_t **lists[] = {&book->rows,   &book->place, &book->walk,
                          &book->window, &book->opens, &book->closes};
    bool good = true;
    *book = (struct book){0};
    for (size_t i = 0; i < COUNT(lists); i++) {
        *lists[i] = calloc(most, sizeof **lists[i]);
        good = good && *lists[i];
    }
    return NEED(good);
}

static inline void book_free(struct book *book)
{
    free(book->rows);
    free(book->place);
    free(book->walk);
    free(book->window);
    free(book->opens);
    free(book->closes);
    order_permutation_free(&book->permutation);
}

static inline void draw(struct book *book, uint32_t part, uint64_t vrank, uint64_t count)
{
    const struct order_source source = {book->seed, book->stream, part, book->epoch, vrank};
    CHECK_STATUS(order_permutation_draw(&book->permutation, &source, count), SHS_OK);
}

/* Rows [base, end) as a sequence of its own: of the file's blocks of B rows, whole but for those
 * that lie partly outside. */
static inline void write_sequence(struct book *book, uint64_t base, uint64_t end, uint64_t vrank)
{
    uint64_t size = book->shape.shuffle == SHS_SHUFFLE_BLOCKS ? book->shape.block_rows : 1;
    uint64_t blocks = base < end ? (end - 1) / size - base / size + 1 : 0, at = base;
    if (blocks && book->shape.shuffle != SHS_SHUFFLE_NONE) draw(book, 0, vrank, blocks);
    for (uint64_t place = 0; place < blocks; place++) {
        uint64_t block = base / size;
        block += book->shape.shuffle == SHS_SHUFFLE_NONE
                     ? place
                     : order_permutation_row(&book->permutation, place);
        for (uint64_t row = block * size; row < (block + 1) * size; row++) {
            if (row < base || row >= end) continue;
            book->rows[at] = row;
            book->place[at++] = place;
        }
    }
}

/* Mixes the windows of a run: W blocks each, from the one in which the run begins. */
static inline void walk_windows(struct book *book, uint64_t vrank, uint64_t begin, uint64_t end)
{
    uint64_t number = 0, close;
    for (uint64_t open = begin; open < end; open = close, number++) {
        uint64_t last = book->place[open] + book->shape.window_blocks - 1;
        for (close = open; close < end && book->place[close] <= last;)
            close++;
        draw(book, 1 + (uint32_t)number, vrank, close - open);
        for (uint64_t at = open; at < close; at++) {
            book->walk[at] =
                book->rows[open + order_permutation_row(&book->permutation, at - open)];
            book->window[at] = number;
            book->opens[at] = open;
            book->closes[at] = close;
        }
    }
}

static inline void write_book(struct book *book)
{
    const struct order_shape *shape = &book->shape;
    if (shape->shard == SHS_SHARD_GLOBAL) write_sequence(book, 0, shape->samples, 0);
    for (uint64_t vrank = 0; vrank < shape->vranks; vrank++) {
        uint64_t begin = contract_share(shape->samples, vrank, shape->vranks);
        uint64_t end = contract_share(shape->samples, vrank + 1, shape->vranks);
        if (shape->shard == SHS_SHARD_FIXED) write_sequence(book, begin, end, vrank);
        if (shape->shuffle == SHS_SHUFFLE_BLOCKS) walk_windows(book, vrank, begin, end);
    }
    if (shape->shuffle != SHS_SHUFFLE_BLOCKS)
        memcpy(book->walk, book->rows, shape->samples * sizeof *book->walk);
}

/* The rows of one batch, and how many of them have weight 1. */
static inline uint64_t expected_rows(const struct book *book, uint64_t step, uint64_t vrank,
                                     uint64_t *rows, uint64_t *count)
{
    struct contract_batch batch = contract_batch(&book->shape, step, vrank);
    for (uint64_t i = 0; i < batch.rows; i++)
        rows[i] = book->walk[batch.begin + (batch.first + i) % (batch.end - batch.begin)];
    *count = batch.count;
    return batch.rows;
}

#endif
