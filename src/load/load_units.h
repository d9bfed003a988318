/* The memory that batches are handed out in. A *unit* holds a batch, or the batches of all hosted
 * virtual ranks of a step: row numbers and rows. A pool of units belongs to a loader. The program
 * may keep units for longer than the loader, the dataset and the run are open, and give them back
 * in any thread. Other functions are for the calling thread. */
#ifndef LOAD_UNITS_H
#define LOAD_UNITS_H

#include "load_plan.h"

struct load_units;

/* The memory of a batch. */
struct load_unit {
    shs_batch what;             /* the batch as it is handed out; points to the members below */
    uint64_t *index;            /* the numbers of its rows */
    uint64_t *planned;          /* memory for the numbers of the rows that were replaced */
    shs_tensor *field;          /* its fields, and behind them those of each part */
    void *data[SHS_MAX_FIELDS]; /* rows of each field */
    size_t row_fields;          /* fields that have rows; constant fields come behind them */
    size_t parts;               /* batches of a step that it holds; 0: it holds one batch */
    shs_batch *part;
    float *weight;          /* the rows' weights; NULL: not wanted */
    uint64_t *partner;      /* the rows' partners, within their batch; NULL: no mixing */
    uint64_t *step_partner; /* the same within the unit, if it has parts; else NULL */
    float *partner_weight;  /* the partners' shares; NULL: no mixing */

    /* The rest is for load_units.c. */
    struct load_units *of;
    struct load_unit *next; /* the next unit in the list of free units */
    void *block, *memory;   /* what was allocated, and the first aligned address in it */
    uint64_t keeps;         /* calls of shs_keep() without their shs_give_back() */
    bool latest;            /* true from the hand-out until the next one */
};

struct load_units_how {
    size_t n_units;
    uint32_t keep;                 /* units that the program may keep beside the latest */
    uint64_t rows;                 /* most rows of a unit */
    size_t parts;                  /* as in a unit */
    bool weighs;                   /* true if units have weights */
    bool mixes;                    /* true if units have partners */
    size_t fields;                 /* fields of a batch */
    size_t constants;              /* how many of them, the last ones, are constant */
    const shs_tensor *sample;      /* type and shape of a sample of each field; borrowed */
    const shs_slot_memory *memory; /* borrowed for the call */
};

/* Makes a pool with all its units free. On error *units is NULL. */
shs_status load_units_new(const struct load_units_how *how, struct load_units **units);

/* Closes a pool and leaves NULL. Units that the program holds stay until it gives them back. The
 * other units must be free. Accepts a pointer to NULL. */
void load_units_close(struct load_units **units);

/* Returns the bytes of a unit's memory. */
size_t load_units_bytes(const struct load_units *units);

/* Takes a free unit. Returns NULL if there is none. */
struct load_unit *load_units_take(struct load_units *units);

/* Puts back a unit that was not handed out. */
void load_units_put_back(struct load_unit *unit);

/* Notes that a unit is handed out. It is the latest from now on. */
void load_units_hand_out(struct load_unit *unit);

/* Any thread. Checks that a batch is of this pool and that the program holds it, for a message of
 * `function`. A batch without a unit, which has no rows, is good. */
shs_status load_units_check(const struct load_units *units, const char *function,
                            const shs_batch *batch);

/* Takes the latest unit back from the program, unless the program keeps it. SHS_NO_SLOT if the
 * program then keeps more units than it may. */
shs_status load_units_former(struct load_units *units);

#endif
