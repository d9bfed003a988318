/* The search for twins: augmentations that are no function of the place. What is probed are
 * subjects: each operator of the program's own by itself, so that a finding can name it, and then
 * the whole augmentation. See TWINS in loader.h. */
#ifndef LOAD_TWINS_H
#define LOAD_TWINS_H

#include "load_batch.h"
#include "load_twins_judge.h"

enum {
    LOAD_TWINS_PLACES = 8,
    LOAD_TWINS_RUNS = 4096,
    LOAD_TWINS_OPERATORS = 64
};

/* The operation of the subject that is the whole augmentation. */
#define LOAD_TWINS_WHOLE SIZE_MAX

/* What the probes of a subject gave, beside its results. All ranks have the same. */
struct load_twins_flags {
    uint64_t failed;   /* not 0: a probe returned an error, so nothing is judged */
    uint64_t unsteady; /* ranks - rank of the lowest rank on which a place gave two results; or 0 */
    uint64_t greatest; /* of what all ranks got at the first place */
    uint64_t lowest;   /* the complement of the least of these */
};

struct load_twins {
    size_t subjects;
    size_t operation[LOAD_TWINS_OPERATORS + 1]; /* of each subject */
    uint64_t vranks;                            /* virtual ranks that are probed, evenly spread */
    size_t places;                              /* of each */
    bool by_sample;
    bool local; /* each rank compares its own virtual ranks only */

    /* The sample, each field as it was read. */
    uint64_t wanted; /* the step whose first batch with rows gives it */
    bool taken, shared;
    void *sample[SHS_MAX_FIELDS];
    uint64_t rows[SHS_MAX_FIELDS]; /* rows that are no padding */
    void *output[SHS_MAX_FIELDS];
    size_t output_bytes[SHS_MAX_FIELDS];
    void *scratch;
    size_t scratch_bytes;
    struct core_hash *hash;

    /* The results of this epoch and of the one before: subjects x 2 x vranks x places. */
    uint64_t *results;
    uint64_t *sorted;
    const uint64_t **order;
    shs_cursor cursor, last; /* the steps that they are of */
    bool has_last;
    bool checked;      /* a step has been checked */
    bool told_unknown; /* too little randomness has been told */
    bool done;         /* twins were found, or cannot be looked for */
};

struct shs_loader;

/* Local. Takes the memory for the search. *twins becomes NULL if nothing is to be searched. */
shs_status load_twins_open(const struct shs_loader *loader, struct load_twins **twins);

void load_twins_close(struct load_twins **twins);

/* Local. Goes on at a cursor. No lane is loading. */
void load_twins_go(struct load_twins *twins, const struct load_plan *plan, shs_cursor cursor);

/* Local, any thread. Copies a row of a batch that has been read, if it is the sample. A batch whose
 * bad rows were replaced comes again. */
void load_twins_take(struct load_twins *twins, const struct load_plan *plan,
                     const shs_dataset *dataset, const struct load_batch *batch);

/* Local. Called when a batch is handed out. After the last batch of a step that is checked, the
 * check happens now or, if other ranks take part, in the next agreement. */
void load_twins_step(struct shs_loader *loader, const shs_batch *batch);

/* Local. Returns the virtual rank that is probed as number `number`. */
uint64_t load_twins_vrank(const struct shs_loader *loader, uint64_t number);

/* Local. Tells what was found of a subject, or returns it as an error: as the option says. */
shs_status load_twins_tell(struct shs_loader *loader, size_t subject,
                           const struct load_twins_flags *flags,
                           const struct load_twins_sheet *sheet);

/* Local. Tells that a subject returned an error when it was tried, so that it is not judged. */
void load_twins_tell_failed(struct shs_loader *loader, size_t subject);

/* Local. Tells that there was no row that could have been the sample. */
void load_twins_tell_no_sample(const struct shs_loader *loader);

#endif
