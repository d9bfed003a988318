/* An operator of the program's own: salt(share=..., value=...) sets some elements of an image of u8
 * to a value, which ones is drawn from the place of the sample.
 *
 *     mpirun -n 3 ./own_operator FILE FIELD             a hash of each step of one epoch
 *     ./own_operator FILE FIELD replay STEP             that step again, alone, by shs_replay()
 *     mpirun -n 3 ./own_operator FILE FIELD broken      with rand() instead: Shardstep tells
 *
 * The hashes are the same on any number of ranks. With rand() they are others at every start, and
 * a run without Shardstep's report would not show it. */
#include <mpi.h>
#include <shardstep.h>
#include <shardstep/must.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    VRANKS = 8,
    BATCH = 16,
    SALT_VERSION = 1 /* raise it when salt() computes other bytes */
};

/* ---- The operator. */

/* Returns a value that the text gives as a number. */
static double number(const shs_augment_call *call, const char *name, double otherwise)
{
    for (size_t v = 0; v < call->n_values; v++)
        if (strcmp(call->values[v].name, name) == 0 && call->values[v].n_numbers == 1)
            return call->values[v].numbers[0];
    return otherwise;
}

/* Called once for each field when a loader is opened: refuses what apply could not do. */
static shs_status bind_salt(void *user, const shs_augment_call *call)
{
    double share = number(call, "share", 0.05), value = number(call, "value", 255);
    (void)user;
    if (call->inputs[0].type == SHS_U8 && share >= 0 && share <= 1 && value >= 0 && value <= 255)
        return SHS_OK;
    snprintf(call->message, SHS_AUGMENT_MESSAGE_BYTES,
             "it takes fields of u8, a share from 0 to 1 and a value from 0 to 255");
    return SHS_ERROR_ARGUMENT;
}

/* Called for each sample, by any thread: it uses nothing but `call`, and draws from its stream. */
static shs_status salt(void *user, const shs_augment_call *call)
{
    const bool *broken = user;
    float share = (float)number(call, "share", 0.05);
    uint8_t value = (uint8_t)number(call, "value", 255);
    for (size_t f = 0; f < call->fields; f++) {
        const uint8_t *from = call->inputs[f].data;
        uint8_t *to = call->outputs[f].data;
        size_t bytes;
        shs_status status = shs_tensor_bytes(&call->inputs[f], &bytes);
        if (status) return status;
        for (size_t i = 0; i < bytes; i++) {
            float drawn = shs_random_float(call->stream);
            if (*broken) drawn = (float)rand() / (float)RAND_MAX; /* NOLINT(cert-msc*): the fault */
            to[i] = drawn < share ? value : from[i];
        }
    }
    return SHS_OK;
}

/* ---- The run. */

/* FNV-1a of a batch's rows. The sum over virtual ranks does not depend on their order. */
static uint64_t hash_of(const shs_batch *batch)
{
    const uint8_t *byte = batch->field[0].data;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t bytes;
    shs_must(shs_tensor_bytes(&batch->field[0], &bytes));
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void print_step(uint64_t step, uint64_t hash, int rank)
{
    uint64_t all;
    MPI_Reduce(&hash, &all, 1, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("step %llu  %016llx\n", (unsigned long long)step, (unsigned long long)all);
}

static void go_through_epoch(shs_run *run, shs_loader *loader)
{
    shs_batch batch;
    uint64_t hash = 0;
    while (shs_must(shs_next(loader, &batch)) == SHS_OK) {
        hash += hash_of(&batch);
        if (!batch.ends_step) continue;
        shs_must(shs_agree(run));
        print_step(batch.step, hash, shs_info(run).rank);
        hash = 0;
    }
}

static void replay_step(shs_run *run, shs_loader *loader, uint64_t step)
{
    const shs_cursor cursor = {.epoch_step = step, .step = step};
    shs_run_info info = shs_info(run);
    shs_batch batch;
    uint64_t hash = 0;
    for (uint64_t v = info.first_vrank; v < info.first_vrank + info.hosted; v++) {
        shs_must(shs_replay(loader, cursor, v, &batch));
        hash += hash_of(&batch);
    }
    print_step(step, hash, info.rank);
}

int main(int argc, char **argv)
{
    int provided;
    bool broken = argc > 3 && strcmp(argv[3], "broken") == 0;
    bool replays = argc > 4 && strcmp(argv[3], "replay") == 0;
    const shs_augment_callback callback = {.apply = salt, .bind = bind_salt, .user = &broken};
    char text[512];
    shs_augment_table *operators;
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    if (argc < 3) {
        fprintf(stderr, "usage: own_operator FILE FIELD [broken | replay STEP]\n");
        MPI_Finalize();
        return SHS_EXIT_ERROR;
    }
    shs_must(shs_augment_table_open(&operators));
    shs_must(shs_augment_register(operators, "salt", SALT_VERSION, &callback));
    shs_must(shs_open(MPI_COMM_WORLD,
                      &(shs_run_options){.seed = 42, .vranks = VRANKS, .report = shs_print_report},
                      &run));
    shs_must(shs_dataset_open(run, argv[1], argv[2], NULL, &data));
    snprintf(text, sizeof text, "%s: random_crop(padding=2) salt(share=0.1, value=200)", argv[2]);
    shs_must(shs_loader_open(
        data,
        &(shs_loader_options){.batch = BATCH, .epochs = 1, .augment = text, .operators = operators},
        &loader));
    shs_augment_table_close(&operators); /* the loader keeps what it needs */
    if (replays)
        replay_step(run, loader, strtoull(argv[4], NULL, 10));
    else
        go_through_epoch(run, loader);
    shs_loader_close(&loader);
    shs_dataset_close(&data);
    shs_must(shs_close(&run));
    MPI_Finalize();
    return 0;
}
