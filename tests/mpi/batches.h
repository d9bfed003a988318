/* What a loader must hand out, by contract 2 and the content of samples.h; and records of what it
 * did hand out. */
#ifndef BATCHES_H
#define BATCHES_H

#include "order_permutation.h"
#include "samples.h"

/* All that the rows of a run depend on. */
struct course {
    uint64_t seed;
    uint64_t vranks;
    uint64_t rows;
    shs_loader_options loader;
};

static inline uint64_t course_steps(const struct course *course)
{
    uint64_t global = course->vranks * course->loader.batch;
    bool rest = course->loader.tail == SHS_TAIL_SHORT && course->rows % global;
    return course->rows / global + rest;
}

/* The positions [*first, *end) of one batch. */
static inline void course_slice(const struct course *course, uint64_t epoch_step, uint64_t vrank,
                                uint64_t *first, uint64_t *end)
{
    uint64_t batch = course->loader.batch, global = course->vranks * batch;
    uint64_t begin = epoch_step * global;
    if (begin + global <= course->rows) {
        *first = begin + vrank * batch;
        *end = *first + batch;
    } else {
        uint64_t left = course->rows - begin;
        *first = begin + left * vrank / course->vranks;
        *end = begin + left * (vrank + 1) / course->vranks;
    }
}

static inline bool batch_content_is_right(const shs_batch *batch)
{
    const uint8_t *images = batch->field[0].data;
    const int32_t *labels = batch->field[1].data;
    for (uint64_t slot = 0; slot < batch->rows; slot++) {
        const uint64_t row = batch->index[slot];
        if (labels[slot] != label_of(row))
            return WRONG("expected label %d; came %d; vrank %llu, step %llu, slot %llu, row %llu",
                         label_of(row), labels[slot], (ull)batch->vrank, (ull)batch->step,
                         (ull)slot, (ull)row);
        for (uint64_t i = 0; i < IMAGE_BYTES; i++)
            if (images[slot * IMAGE_BYTES + i] != image_byte(row, i))
                return WRONG("expected byte %llu of the image = %u; came %u; vrank %llu, step "
                             "%llu, slot %llu, row %llu",
                             (ull)i, image_byte(row, i), images[slot * IMAGE_BYTES + i],
                             (ull)batch->vrank, (ull)batch->step, (ull)slot, (ull)row);
    }
    return true;
}

static inline bool batch_shape_is_right(const shs_batch *batch)
{
    const shs_tensor *images = &batch->field[0], *labels = &batch->field[1];
    return CHECK_EQ(batch->fields, 2) && CHECK_EQ(batch->count, batch->rows) &&
           CHECK_EQ(images->type, SHS_U8) && CHECK_EQ(images->axes, 3) &&
           CHECK_EQ(images->shape[0], batch->rows) && CHECK_EQ(images->shape[1], IMAGE_HEIGHT) &&
           CHECK_EQ(images->shape[2], IMAGE_WIDTH) && CHECK_EQ(labels->type, SHS_I32) &&
           CHECK_EQ(labels->axes, 1) && CHECK_EQ(labels->shape[0], batch->rows);
}

/* Whether a batch is that of a virtual rank at a cursor. */
static inline bool batch_is(const shs_batch *batch, const struct course *course, shs_cursor at,
                            uint64_t vrank, const struct order_permutation *permutation)
{
    uint64_t first, end;
    course_slice(course, at.epoch_step, vrank, &first, &end);
    bool same = CHECK_EQ(batch->vrank, vrank) && CHECK_EQ(batch->epoch, at.epoch) &&
                CHECK_EQ(batch->epoch_step, at.epoch_step) && CHECK_EQ(batch->step, at.step) &&
                CHECK_EQ(batch->rows, end - first);
    for (uint64_t slot = 0; same && slot < batch->rows; slot++) {
        const uint64_t row = course->loader.shuffle == SHS_SHUFFLE_NONE
                                 ? first + slot
                                 : order_permutation_row(permutation, first + slot);
        if (batch->index[slot] != row)
            same = WRONG("expected row %llu; came %llu; vrank %llu, step %llu, slot %llu", (ull)row,
                         (ull)batch->index[slot], (ull)vrank, (ull)at.step, (ull)slot);
    }
    return same;
}

static inline struct job course_open(const struct course *course, MPI_Comm comm, const char *path)
{
    const struct job_options options = {comm, course->seed, course->vranks, path, course->loader};
    return job_open(&options);
}

/* Hashes of batches: that of a virtual rank at a step is hash[step * vranks + vrank], 0 if the
 * record does not have it. */
struct record {
    uint64_t *hash;
    uint64_t vranks;
    uint64_t steps;
};

static inline struct record record_new(uint64_t vranks, uint64_t steps)
{
    return (struct record){room(vranks * steps, sizeof(uint64_t)), vranks, steps};
}

static inline void record_batch(struct record *record, const shs_batch *batch)
{
    need(batch->step < record->steps && batch->vrank < record->vranks, "room in a record");
    record->hash[batch->step * record->vranks + batch->vrank] = hash_of_batch(batch);
}

/* Hands out all that a loader has left and gives the status at the end. */
static inline shs_status record_rest(struct record *record, shs_loader *loader)
{
    shs_batch batch;
    shs_status status;
    while ((status = shs_next(loader, &batch)) == SHS_OK)
        record_batch(record, &batch);
    return status;
}

/* What a whole run of a course without end hands out, on this rank. */
static inline struct record record_run(const struct course *course, MPI_Comm comm, const char *path)
{
    struct job job = course_open(course, comm, path);
    struct record record = record_new(course->vranks, course->loader.epochs * course_steps(course));
    need(record_rest(&record, job.loader) == SHS_END, "a whole run");
    job_close(&job);
    return record;
}

/* Whether the hosted part of `own` from step `from` on is that of `whole`, and no hash is missing.
 */
static inline bool record_agrees(const struct record *own, const struct record *whole,
                                 const shs_run_info *info, uint64_t from)
{
    if (!CHECK_EQ(own->steps, whole->steps) || !CHECK_EQ(own->vranks, whole->vranks)) return false;
    for (uint64_t step = from; step < own->steps; step++)
        for (uint64_t v = info->first_vrank; v < info->first_vrank + info->hosted; v++) {
            uint64_t at = step * own->vranks + v;
            if (own->hash[at] == 0 || own->hash[at] != whole->hash[at])
                return WRONG(
                    "expected a batch with hash %016llx; came %016llx%s; step %llu, vrank %llu",
                    (ull)whole->hash[at], (ull)own->hash[at], own->hash[at] ? "" : " (none)",
                    (ull)step, (ull)v);
        }
    return true;
}

static inline void record_free(struct record *record)
{
    free(record->hash);
}

#endif
