/* Makes the checkpoints of this folder. To be built against Shardstep at commit 05ca707. The tensor
 * `next` has the rows that the loader of that version delivers after the checkpoint. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shardstep.h"
#include "shardstep/must.h"

enum {
    VRANKS = 6,
    BATCH = 2,
    STEPS = 3
};

struct state {
    float weights[2][3];
    double rate;
    uint64_t next[VRANKS * BATCH];
};

/* Takes the rows of one step. */
static void take_step(shs_loader *loader, uint64_t rows[VRANKS * BATCH])
{
    shs_batch batch = {0};
    memset(rows, 0xff, VRANKS * BATCH * sizeof *rows);
    for (int vrank = 0; vrank < VRANKS; vrank++) {
        shs_must(shs_next(loader, &batch));
        memcpy(rows + vrank * BATCH, batch.index, batch.rows * sizeof *rows);
    }
}

static void make(const char *folder, const shs_loader_options *options)
{
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
    struct state state = {.rate = 0.125};
    const shs_tensor tensors[] = {{"weights", SHS_F32, 2, {2, 3}, state.weights},
                                  {"rate", SHS_F64, 0, {0}, &state.rate},
                                  {"next", SHS_U64, 1, {VRANKS * BATCH}, state.next}};
    for (int i = 0; i < 6; i++)
        state.weights[i / 3][i % 3] = (float)i / 4;
    shs_must(shs_open(MPI_COMM_NULL, &(shs_run_options){.seed = 42, .vranks = VRANKS}, &run));
    shs_must(shs_dataset_open(run, "samples.h5", "images,labels", NULL, &data));
    shs_must(shs_loader_open(data, options, &loader));
    for (int step = 0; step <= STEPS; step++)
        take_step(loader, state.next);
    shs_must(shs_seek(loader, (shs_cursor){0, STEPS, STEPS}));
    shs_must(shs_save(loader, folder, tensors, sizeof tensors / sizeof *tensors));
    shs_loader_close(&loader);
    shs_dataset_close(&data);
    shs_close(&run);
}

int main(void)
{
    make("plain", &(shs_loader_options){.batch = BATCH});
    make("blocks",
         &(shs_loader_options){.batch = BATCH, .shuffle = SHS_SHUFFLE_BLOCKS, .block_rows = 5});
    make("part", &(shs_loader_options){.batch = BATCH, .part_to = 0.9});
    make("augmented",
         &(shs_loader_options){.batch = BATCH, .augment = "images: random_flip(axis=w)"});
    return 0;
}
