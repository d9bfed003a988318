/* Checkpoints that Shardstep made at commit 05ca707: tests/versions/05ca707 has them, with their
 * dataset and the program that made them. Each is restored, or refused with what to do. */
#include <sys/stat.h>

#include "samples.h"
#include "shardstep/checkpoint.h"

enum {
    VRANKS = 6, /* at least as many as the tests have ranks */
    BATCH = 2,
    STEP = 3
};

/* The state as checkpoint.c saved it. */
struct state {
    float weights[2][3];
    double rate;
    uint64_t next[VRANKS * BATCH]; /* the rows of the next step, as that version delivered them */
};

enum {
    TENSORS = 3
};

static void list_tensors(struct state *state, shs_tensor tensors[TENSORS])
{
    tensors[0] = (shs_tensor){"weights", SHS_F32, 2, {2, 3}, state->weights};
    tensors[1] = (shs_tensor){"rate", SHS_F64, 0, {0}, &state->rate};
    tensors[2] = (shs_tensor){"next", SHS_U64, 1, {VRANKS * BATCH}, state->next};
}

static void copy_file(const char *from, const char *to)
{
    char bytes[1 << 14];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    need(in && out, from);
    size_t got = fread(bytes, 1, sizeof bytes, in);
    need(got && got < sizeof bytes && fwrite(bytes, 1, got, out) == got, from);
    need(fclose(in) == 0 && fclose(out) == 0, to);
}

/* Collective. Copies a checkpoint into a new folder, where a run may go on. */
static void copy_checkpoint(const char *name, char folder[PATH_BYTES])
{
    static const char *const files[] = {"latest", "step-0000000003.h5"};
    folder_make(folder);
    for (size_t i = 0; i < 2 && my_rank() == 0; i++) {
        char from[2 * PATH_BYTES], to[2 * PATH_BYTES];
        snprintf(from, sizeof from, "%s/%s/%s", SHARDSTEP_OLDER, name, files[i]);
        snprintf(to, sizeof to, "%s/%s", folder, files[i]);
        copy_file(from, to);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

static struct job open_job(const shs_loader_options *loader)
{
    const struct job_options options = {MPI_COMM_WORLD, 42, VRANKS, SHARDSTEP_OLDER "/samples.h5",
                                        *loader};
    return job_open(&options);
}

static shs_status restore(struct job *job, const char *folder, struct state *state)
{
    shs_tensor tensors[TENSORS];
    memset(state, 0, sizeof *state);
    list_tensors(state, tensors);
    return shs_restore(job->loader, folder, tensors, TENSORS);
}

static void state_is_that_of_old(const struct state *state)
{
    for (int i = 0; i < 6; i++)
        CHECK_EQ(state->weights[i / 3][i % 3], (float)i / 4);
    CHECK_EQ(state->rate, 0.125);
}

/* The rows of the next step are those that the old version delivered. */
static void rows_go_on(struct job *job, const struct state *state)
{
    shs_batch batch = {0};
    while (!batch.ends_step && CHECK_STATUS(shs_next(job->loader, &batch), SHS_OK)) {
        harness_where("virtual rank %llu", (ull)batch.vrank);
        CHECK_EQ(batch.step, STEP);
        CHECK_EQ(batch.rows, BATCH);
        for (uint64_t slot = 0; slot < batch.rows; slot++)
            CHECK_EQ(batch.index[slot], state->next[batch.vrank * BATCH + slot]);
    }
    harness_where(NULL);
}

/* The old checkpoint comes back, and a new one is saved beside it and comes back, too. */
static void check_restored(const char *name, const shs_loader_options *options)
{
    char folder[PATH_BYTES];
    struct state state;
    shs_tensor tensors[TENSORS];
    copy_checkpoint(name, folder);
    struct job job = open_job(options);
    if (ALL_STATUS(restore(&job, folder, &state), SHS_OK)) {
        state_is_that_of_old(&state);
        rows_go_on(&job, &state);
        list_tensors(&state, tensors);
        CHECK_STATUS(shs_save(job.loader, folder, tensors, TENSORS), SHS_OK);
        if (CHECK_STATUS(restore(&job, folder, &state), SHS_OK)) state_is_that_of_old(&state);
        CHECK_EQ(shs_tell(job.loader).step, STEP + 1);
    }
    job_close(&job);
    folder_remove(folder);
}

static void check_refused(const char *name, const shs_loader_options *options, const char *words)
{
    char folder[PATH_BYTES];
    struct state state;
    copy_checkpoint(name, folder);
    struct job job = open_job(options);
    CHECK(agreed_failure(restore(&job, folder, &state), SHS_ERROR_MISMATCH, 0));
    CHECK_HAS(shs_message(), words);
    CHECK_EQ(shs_tell(job.loader).step, 0);
    job_close(&job);
    folder_remove(folder);
}

static void test_the_defaults_come_back(void)
{
    check_restored("plain", &(shs_loader_options){.batch = BATCH});
}

static void test_blocks_come_back(void)
{
    check_restored("blocks", &(shs_loader_options){.batch = BATCH,
                                                   .shuffle = SHS_SHUFFLE_BLOCKS,
                                                   .blocks = {.rows = 5}});
    check_refused(
        "blocks",
        &(shs_loader_options){.batch = BATCH, .shuffle = SHS_SHUFFLE_BLOCKS, .blocks = {.rows = 6}},
        "pass blocks.rows 5");
}

/* Parts were drawn with the run's seed then. */
static void test_a_part_needs_its_seed(void)
{
    check_refused("part", &(shs_loader_options){.batch = BATCH, .subset = {.to = 0.9}},
                  "pass subset.split_seed = 42 to keep its parts");
    check_restored("part",
                   &(shs_loader_options){.batch = BATCH, .subset = {.to = 0.9, .split_seed = 42}});
}

/* The bytes of an augmentation have changed since. */
static void test_an_augmentation_is_refused(void)
{
    check_refused("augmented",
                  &(shs_loader_options){.batch = BATCH, .augment = "images: random_flip(axis=w)"},
                  "this version of Shardstep makes other batches; end the run with the version "
                  "that began it, or begin a new run in another folder");
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"the defaults come back", test_the_defaults_come_back},
        {"blocks come back", test_blocks_come_back},
        {"a part needs its seed", test_a_part_needs_its_seed},
        {"an augmentation is refused", test_an_augmentation_is_refused},
    };
    return harness_main_ranks("checkpoint_older", tests, sizeof tests / sizeof *tests, argc, argv);
}
