/* The bug that Shardstep ends, live.
 *
 *     ./worker_bug        or: mpirun -n 3 ./worker_bug
 *
 * Four workers load a dataset whose samples are three random numbers each, in batches of two, for
 * two epochs. First every worker has a generator of its own. All generators are seeded alike, and
 * again at each epoch, as happens to a generator that is copied into worker processes. Then a
 * sample's numbers are a function of its place: seed, worker, step and slot. */
#include <mpi.h>
#include <shardstep.h>
#include <shardstep/must.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EPOCHS = 2,
    WORKERS = 4,
    BATCH = 2,
    NUMBERS = 3,
    BELOW = 1000,
    SEED = 42
};

typedef struct sample {
    uint32_t number[NUMBERS];
} sample;

typedef struct run {
    sample at[EPOCHS][WORKERS][BATCH];
} run;

/* The next numbers of a generator that remembers where it is. */
static sample next_sample(unsigned short generator[3])
{
    sample s;
    for (int i = 0; i < NUMBERS; i++)
        s.number[i] = (uint32_t)(nrand48(generator) % BELOW);
    return s;
}

static void load_from_generator(int epoch, int worker, run *seen)
{
    unsigned short generator[3] = {SEED, 0, 0}; /* the bug: nothing here depends on the worker */
    for (int slot = 0; slot < BATCH; slot++)
        seen->at[epoch][worker][slot] = next_sample(generator);
}

static void load_from_place(int epoch, int worker, run *seen)
{
    for (int slot = 0; slot < BATCH; slot++) {
        const shs_place place = {.seed = SEED,
                                 .purpose = SHS_ROLE_USER,
                                 .rank = (uint64_t)worker,
                                 .step = (uint64_t)epoch, /* an epoch has one step here */
                                 .slot = (uint64_t)slot};
        shs_random stream;
        shs_must(shs_random_at(&place, &stream));
        for (int i = 0; i < NUMBERS; i++)
            seen->at[epoch][worker][slot].number[i] = shs_random_below(&stream, BELOW);
    }
}

/* Every rank runs its block of the workers; rank 0 gets what all of them saw. */
static void load(void (*load_one)(int epoch, int worker, run *seen), int rank, int ranks, run *seen)
{
    run mine;
    memset(&mine, 0, sizeof mine);
    for (int epoch = 0; epoch < EPOCHS; epoch++)
        for (int w = 0; w < WORKERS; w++)
            if ((int64_t)rank * WORKERS / ranks <= w && w < (int64_t)(rank + 1) * WORKERS / ranks)
                load_one(epoch, w, &mine);
    MPI_Reduce(&mine, seen, (int)(sizeof mine / sizeof(uint32_t)), MPI_UINT32_T, MPI_SUM, 0,
               MPI_COMM_WORLD);
}

/* Samples that are equal to an earlier one. */
static int repeats(const run *seen)
{
    const sample *all = &seen->at[0][0][0];
    int count = 0;
    for (int i = 1; i < EPOCHS * WORKERS * BATCH; i++) {
        bool repeated = false;
        for (int j = 0; j < i; j++)
            repeated = repeated || memcmp(&all[i], &all[j], sizeof all[i]) == 0;
        count += repeated;
    }
    return count;
}

static void print(const char *title, const run *seen)
{
    printf("%s\n", title);
    for (int epoch = 0; epoch < EPOCHS; epoch++)
        for (int w = 0; w < WORKERS; w++) {
            printf("  epoch %d  worker %d ", epoch, w);
            for (int slot = 0; slot < BATCH; slot++) {
                const uint32_t *n = seen->at[epoch][w][slot].number;
                printf("  [%3u %3u %3u]", n[0], n[1], n[2]);
            }
            printf("\n");
        }
    printf("  %d of %d rows repeat an earlier one\n", repeats(seen), EPOCHS * WORKERS * BATCH);
}

int main(int argc, char **argv)
{
    run generator, place;
    int rank, ranks;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    load(load_from_generator, rank, ranks, &generator);
    load(load_from_place, rank, ranks, &place);
    if (rank == 0) {
        print("A generator in each worker, seeded alike:", &generator);
        print("A place for each row:", &place);
    }
    MPI_Finalize();
    return 0;
}
