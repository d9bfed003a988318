/* A run whose augmentation is searched for twins, in this process alone or as a rank of several
 * that cannot talk to each other. What is told of twins is noted. */
#ifndef TWINS_RUN_H
#define TWINS_RUN_H

#include "shardstep/loader.h"
#include "twins_scene.h"
#include "unit.h"

static struct told told;

struct opened {
    shs_run *run;
    shs_dataset *dataset;
    shs_loader *loader;
};

/* The place of a run: 0 stands for 8 virtual ranks, and for the only rank. */
struct run_place {
    uint64_t vranks, seed;
    int rank, ranks;
};

static inline uint64_t vranks_of(const struct run_place *place)
{
    return place->vranks ? place->vranks : 8;
}

static inline bool open_all(const struct run_place *place, const char *path, const char *fields,
                            const shs_loader_options *options, struct opened *opened)
{
    const shs_run_options how = {.seed = place->seed,
                                 .vranks = vranks_of(place),
                                 .report = note_report,
                                 .report_user = &told};
    *opened = (struct opened){0};
    told = (struct told){0};
    return NEED_STATUS(shs_open_ranks(place->rank, place->ranks ? place->ranks : 1, NULL, NULL,
                                      &how, &opened->run),
                       SHS_OK) &&
           NEED_STATUS(shs_dataset_open(opened->run, path, fields, NULL, &opened->dataset),
                       SHS_OK) &&
           NEED_STATUS(shs_loader_open(opened->dataset, options, &opened->loader), SHS_OK);
}

static inline void close_all(struct opened *opened)
{
    shs_loader_close(&opened->loader);
    shs_dataset_close(&opened->dataset);
    shs_close(&opened->run);
}

#endif
