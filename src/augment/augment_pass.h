/* A pass over a sample of a field: moves of elements, then changes of their values. Moves may also
 * stand behind a linear map, which is then done behind them. Operators are put off until a pass
 * cannot take the next one, so that a run of them reads each element once and writes it once. The
 * bytes are those of one operator after the other. Pure. */
#ifndef AUGMENT_PASS_H
#define AUGMENT_PASS_H

#include "augment_operation.h"

enum {
    AUGMENT_PASS_RUNS = 8 /* the most operators by run() of a pass */
};

struct augment_pass_run {
    const struct augment_kind *kind;
    const struct augment_bound *bound;
    const void *draw; /* must stay until the pass is done */
};

/* A zeroed pass changes nothing. Only the first n_runs runs are used, and the view only if there
 * are moves. */
struct augment_pass {
    size_t n_moves, n_runs;
    const struct augment_bound *first, *last; /* of the first operator and of the last one */
    struct augment_pass_run run[AUGMENT_PASS_RUNS];
    struct grid_view view;
    bool turned; /* moves stand behind the first run */
    int channel; /* then the axis of the channels behind all moves; -1: none */
};

/* Adds an operator with move() or run() to a pass over the first `rows` rows of a sample. `numbers`
 * has room for the tables of all moves, and is used until the pass is done. Returns false, and
 * changes nothing, if the pass must be done first. */
bool augment_pass_add(struct augment_pass *pass, const struct augment_kind *kind,
                      const struct augment_bound *bound, const void *draw, uint64_t rows,
                      int64_t *numbers, size_t n_numbers);

/* Does the pass, which then is empty. The rows of the output behind the first `rows` become zeros.
 */
void augment_pass_do(struct augment_pass *pass, uint64_t rows, const void *input, void *output);

/* Returns `bound` as it is for a sample of `rows` rows: itself, or if the sample is shorter the
 * bound in `room`, which is set. */
const struct augment_bound *augment_shorten(const struct augment_bound *bound, uint64_t rows,
                                            struct augment_bound *room);

/* Sets the rows of an output behind the first `rows` to zeros. */
void augment_clear_rest(const struct augment_bound *bound, uint64_t rows, void *output);

#endif
