/* A course of batches, a damaged file, and what tests of loaders share. */
#ifndef LOADER_SCENE_H
#define LOADER_SCENE_H

#include "batches.h"

static const struct h5_storage contiguous = {0};

enum {
    ROWS = 53
};

/* Each test has a folder and in it a file with the samples. */
struct scene {
    char folder[PATH_BYTES];
    char path[PATH_BYTES];
};

static inline struct scene scene_begin(void)
{
    struct scene scene;
    folder_make(scene.folder);
    samples_shared(scene.folder, "samples.h5", ROWS, contiguous, scene.path);
    return scene;
}

static inline void scene_end(const struct scene *scene)
{
    folder_remove(scene->folder);
}

/* Two epochs in batches of three, more virtual ranks than ranks. */
static inline struct course plain_course(void)
{
    return (struct course){42, 2 * (uint64_t)all_ranks() + 1, ROWS, {.batch = 3, .epochs = 2}};
}

static inline bool is_zero(const void *bytes, size_t count)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < count; i++)
        if (byte[i]) return false;
    return true;
}

static const char augmentation[] =
    "images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.3, std=0.4)";

/* A row of weight 1 at most once in each epoch, all ranks together; the rows that came. */
static inline uint64_t rows_of_epoch(shs_loader *loader)
{
    uint64_t counts[ROWS] = {0}, total = 0;
    shs_batch batch = {0};
    while (!batch.ends_epoch) {
        need(shs_next(loader, &batch) == SHS_OK, "shs_next");
        for (uint64_t slot = 0; slot < batch.count; slot++)
            counts[batch.index[slot]]++;
    }
    MPI_Allreduce(MPI_IN_PLACE, counts, ROWS, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    for (uint64_t row = 0; row < ROWS; row++) {
        CHECK_IS(counts[row], <=, 1);
        total += counts[row];
    }
    return total;
}

#endif
