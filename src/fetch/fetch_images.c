#include "fetch_images.h"

#include <stdio.h>
#include <string.h>

#include "core_clock.h"
#include "core_memory.h"
#include "fetch_decode.h"
#include "fetch_places.h"

void fetch_images_free(struct fetch_images *images)
{
    for (size_t f = 0; f < SHS_MAX_FIELDS; f++)
        core_free(&images->encoded[f]);
    core_free(&images->image);
    *images = (struct fetch_images){0};
}

shs_status fetch_images_grow(struct fetch_images *images, size_t field, uint64_t bytes,
                             uint64_t count)
{
    shs_status status = fetch_grow(images->count + (size_t)count, sizeof *images->image,
                                   &images->capacity, &images->image);
    if (status) return status;
    return fetch_grow((size_t)bytes, 1, &images->encoded_capacity[field], &images->encoded[field]);
}

/* ---- one image */

struct work {
    const shs_dataset *dataset;
    const struct fetch_images *images;
    const struct fetch_spots *spots;
};

static shs_status read_bytes(void *user, uint64_t at, void *to, size_t bytes)
{
    memcpy(to, (const char *)user + at, bytes);
    return SHS_OK;
}

static shs_status decode_one(void *user, size_t i, unsigned lane)
{
    const struct work *work = user;
    const struct fetch_image *image = &work->images->image[i];
    const struct data_part *what = &work->dataset->what.part[image->field];
    const void *bytes =
        image->spot == FETCH_NO_SPOT ? image->bytes : work->spots->spot[image->spot].at;
    char name[32];
    (void)lane;
    snprintf(name, sizeof name, "image %llu", (ull)image->number);
    const struct core_box *box = image->box;
    struct io_image_box part;
    if (box) part = (struct io_image_box){box->begin[0], box->begin[1], box->size[0], box->size[1]};
    const struct io_image_input input = {name, image->count, read_bytes, (void *)(uintptr_t)bytes};
    return core_wrap(fetch_decode(&what->image, &input, box ? &part : NULL, image->to),
                     "%s: dataset %s", work->dataset->files.paths.path[image->file],
                     work->dataset->what.array[what->array]);
}

shs_status fetch_images_decode(const struct fetch_means *means, const shs_dataset *dataset,
                               const struct fetch_images *images, const struct fetch_spots *spots,
                               struct fetch_counts *counts)
{
    struct work work = {dataset, images, spots};
    if (!images->count) return SHS_OK;
    uint64_t begin = core_clock();
    shs_status status = fetcher_do(means, images->count, decode_one, &work);
    counts->times.decoding += core_clock() - begin;
    return status;
}
