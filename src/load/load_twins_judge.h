/* Twins among results of probes. Pure.
 *
 * A vector is the results of one virtual rank in one epoch, a hash for each of its places. Vectors
 * that are equal are twins if an operator that draws as it must would hardly ever give them: each
 * result has the probability with which it occurs among all results, and a group of g equal vectors
 * has that of g - 1 repetitions, times the number of such groups. */
#ifndef LOAD_TWINS_JUDGE_H
#define LOAD_TWINS_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LOAD_TWINS_BITS = 20 /* a chance below 2^-20 is none */
};

struct load_twins_sheet {
    size_t places;           /* of a vector */
    size_t vectors;          /* of this epoch, and behind them those of the epoch before, if any */
    size_t now;              /* vectors of this epoch */
    const uint64_t *results; /* of all vectors */
    uint64_t *sorted;        /* memory for as many results */
    const uint64_t **order;  /* memory for a pointer to each vector */
};

enum load_twins_kind {
    LOAD_TWINS_NONE,
    LOAD_TWINS_VECTORS, /* equal vectors */
    LOAD_TWINS_SLOTS,   /* each vector of this epoch has one result only */
    LOAD_TWINS_UNKNOWN  /* too little randomness to tell */
};

struct load_twins_verdict {
    enum load_twins_kind kind;
    size_t count;            /* the equal vectors */
    const uint64_t **member; /* these, in the order of the sheet; they lie in sheet->order */
    size_t distinct;         /* different results among all */
};

struct load_twins_verdict load_twins_judge(const struct load_twins_sheet *sheet);

#endif
