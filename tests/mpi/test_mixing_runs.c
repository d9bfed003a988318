/* Mixtures go on after a checkpoint; the ledger; fields of other kinds; memory. */
#include "batches.h"
#include "load.h"
#include "mixing_scene.h"
#include "mpi_run.h"
#include "shardstep/checkpoint.h"

/* ---- going on */

/* The cursor after so many steps. */
static shs_cursor cursor_after(const shs_loader *loader, uint64_t steps)
{
    uint64_t of_epoch = shs_epoch_steps(loader);
    return (shs_cursor){steps / of_epoch, steps % of_epoch, steps};
}

static void check_rest(struct job *job, const struct record *whole, uint64_t from)
{
    const shs_run_info info = shs_info(job->run);
    struct record own = record_new(VRANKS, whole->steps);
    CHECK_EQ(shs_tell(job->loader).step, from);
    CHECK_STATUS(record_rest(&own, job->loader), SHS_END);
    CHECK(record_agrees(&own, whole, &info, from));
    record_free(&own);
}

static void restore_on(MPI_Comm comm, const shs_loader_options *options, const char *checkpoints,
                       const struct record *whole, uint64_t from)
{
    const struct job_options how = {comm, SEED, VRANKS, paths, *options};
    struct job job = job_open(&how);
    CHECK_STATUS(shs_restore(job.loader, checkpoints, NULL, 0), SHS_OK);
    check_rest(&job, whole, from);
    CHECK_STATUS(shs_agree(job.run), SHS_OK);
    /* the ledger goes on, too: no epoch is without a verdict */
    CHECK_EQ(shs_statistics(job.loader).epochs_unverified, 0);
    CHECK_EQ(shs_statistics(job.loader).epochs_verified, EPOCHS - from * EPOCHS / whole->steps);
    job_close(&job);
}

/* In the middle of an epoch, and of a pass. Goes on with all ranks, with half of them, with one. */
static void check_going_on(const shs_loader_options *options, int number)
{
    const struct job_options alone = {MPI_COMM_NULL, SEED, VRANKS, paths, *options},
                             of_all = {MPI_COMM_WORLD, SEED, VRANKS, paths, *options};
    char checkpoints[PATH_BYTES];
    MPI_Comm half;
    struct job job = job_open(&alone);
    uint64_t steps = shs_epoch_steps(job.loader), from = steps + steps / 2;
    struct record whole = record_new(VRANKS, steps * EPOCHS);
    need(record_rest(&whole, job.loader) == SHS_END, "a whole run");
    job_close(&job);
    job = job_open(&of_all);
    snprintf(checkpoints, sizeof checkpoints, "%.450s/checkpoints-%d", folder, number);
    take_steps(&job, from);
    CHECK_STATUS(shs_save(job.loader, checkpoints, NULL, 0), SHS_OK);
    for (uint64_t back = 0; back <= whole.steps; back += 3) {
        uint64_t step = whole.steps - back;
        CHECK_STATUS(shs_seek(job.loader, cursor_after(job.loader, step)), SHS_OK);
        check_rest(&job, &whole, step);
    }
    job_close(&job);
    restore_on(MPI_COMM_WORLD, options, checkpoints, &whole, from);
    MPI_Comm_split(MPI_COMM_WORLD, my_rank() <= last_rank() / 2 ? 0 : MPI_UNDEFINED, 0, &half);
    if (half != MPI_COMM_NULL) {
        restore_on(half, options, checkpoints, &whole, from);
        MPI_Comm_free(&half);
    }
    if (my_rank() == 0) restore_on(MPI_COMM_NULL, options, checkpoints, &whole, from);
    MPI_Barrier(MPI_COMM_WORLD);
    record_free(&whole);
}

static void test_a_run_goes_on_on_other_ranks(void)
{
    static const size_t chosen[] = {0, 2, 3, 4, 8, 10};
    int number = 0;
    begin();
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++)
        for (int shuffle = 0; shuffle < 3; shuffle++) {
            shs_loader_options options = options_of(&mixtures[chosen[i]], ALL);
            options.shuffle = (shs_shuffle)shuffle;
            options.augment = "images: random_crop(padding=2) normalize(mean=0.3, std=0.4)";
            check_going_on(&options, number++);
        }
    end();
}

/* ---- the ledger */

static struct job open_mixture(const struct mixture *mixture)
{
    const struct job_options how = {MPI_COMM_WORLD, SEED, VRANKS, paths, options_of(mixture, ALL)};
    return job_open(&how);
}

static shs_status rest_of_epoch(struct job *job)
{
    shs_batch batch;
    do {
        shs_status status = shs_next(job->loader, &batch);
        if (status) return status;
    } while (!batch.ends_epoch);
    return shs_agree(job->run);
}

/* A table that has the row, or the place, of one position at another one as well. */
static void check_doubled(const struct mixture *mixture, shs_status expected)
{
    struct job job = open_mixture(mixture);
    take_steps(&job, 1);
    uint16_t *table = is_mixed(mixture)
                          ? job.loader->tools.epoch.places.all.whole.table
                          : job.loader->tools.epoch.mix.part[0].passes[0].permutation.table;
    uint64_t last = (is_mixed(mixture) ? job.loader->plan.order.order.shape.samples : ROWS) - 1;
    table[last] = table[last - 1];
    CHECK_STATUS(rest_of_epoch(&job), expected);
    if (expected) CHECK(message_has("epoch 0") && message_has("lost or repeated"));
    CHECK_EQ(shs_statistics(job.loader).epochs_verified, expected ? 0 : 1);
    job_close(&job);
}

static void check_lost(const struct mixture *mixture, int rank, uint64_t more)
{
    struct job job = open_mixture(mixture);
    take_steps(&job, 1);
    if (my_rank() == rank) job.loader->ledger.count += more;
    CHECK_STATUS(rest_of_epoch(&job), SHS_ERROR_ORDER);
    CHECK_HAS(shs_message(), "were delivered");
    CHECK_HAS(shs_message(), "were due");
    job_close(&job);
}

/* Where an epoch has all rows of a source equally often, sums tell; elsewhere only the number. */
static void test_a_doubled_row_is_told(void)
{
    static const struct mixture whole[] = {{{13, 14, 11}, 0, 38, {0}, {0}}, {{0}, 3, 0, {0}, {0}}};
    begin();
    check_doubled(&whole[0], SHS_ERROR_ORDER);
    check_doubled(&whole[1], SHS_ERROR_ORDER);
    check_doubled(&mixtures[0], SHS_OK);
    for (int rank = 0; rank < all_ranks(); rank++)
        for (size_t m = 0; m < sizeof mixtures / sizeof *mixtures; m += 3) {
            check_lost(&mixtures[m], rank, 1);
            check_lost(&mixtures[m], rank, UINT64_MAX);
        }
    end();
}

/* ---- fields of other kinds */

enum {
    SERIES = 12, /* rows of each file, and samples more by one than windows of 2 */
    SAMPLES = SERIES - 1,
    MOST = 3
};

/* Offsets of runs of rows: some are empty. */
static uint32_t offset_of(uint64_t i)
{
    return (uint32_t)(i * i / SERIES);
}

static void write_u32(struct h5_writer *writer, const char *name, const uint32_t *numbers,
                      uint64_t count)
{
    const shs_tensor shape = {.type = SHS_U32, .axes = 1, .shape = {count}};
    need(!h5_create_array(writer, name, &shape, &(struct h5_storage){.chunk_rows = 5}) &&
             !h5_write_rows(writer, count, numbers),
         name);
}

/* Local. File i: a series of numbers from 100 * i on, and offsets. */
static void write_series(int i)
{
    uint32_t series[SERIES], offsets[SERIES];
    struct h5_writer *writer;
    char path[PATH_BYTES];
    for (uint64_t row = 0; row < SERIES; row++) {
        series[row] = (uint32_t)(100 * (uint64_t)i + row);
        offsets[row] = offset_of(row);
    }
    snprintf(path, sizeof path, "%.450s/%c%d.h5", folder, i < 3 ? 'x' : 'y', i);
    need(!h5_create(path, &writer), path);
    write_u32(writer, "s", series, SERIES);
    write_u32(writer, "o", offsets, SERIES);
    need(!h5_finish(&writer), path);
}

/* Whether slots of "x=s(window=2), y=s(window=1, lead=1), z=s(offsets=o, most=3)" and z.length are
 * those of their samples. */
static bool kinds_are_right(const shs_batch *batch)
{
    const uint32_t *x = batch->field[0].data, *y = batch->field[1].data, *z = batch->field[2].data;
    const uint64_t *length = batch->field[3].data;
    bool right = CHECK_EQ(batch->fields, 4);
    for (uint64_t slot = 0; slot < batch->rows; slot++) {
        uint64_t file = batch->index[slot] / SAMPLES, i = batch->index[slot] % SAMPLES;
        uint32_t first = (uint32_t)(100 * file + i);
        uint64_t rows = offset_of(i + 1) - offset_of(i);
        if (rows > MOST) rows = MOST;
        harness_where("vrank %llu, step %llu, slot %llu, file %llu, sample %llu", (ull)batch->vrank,
                      (ull)batch->step, (ull)slot, (ull)file, (ull)i);
        right = right && CHECK_EQ(x[2 * slot], first) && CHECK_EQ(x[2 * slot + 1], first + 1) &&
                CHECK_EQ(y[slot], first + 1) && CHECK_EQ(length[slot], rows);
        for (uint64_t j = 0; j < MOST; j++)
            right =
                right && CHECK_EQ(z[MOST * slot + j], j < rows ? 100 * file + offset_of(i) + j : 0);
    }
    return right;
}

/* One sample a file: all of s. */
static bool files_are_right(const shs_batch *batch)
{
    const uint32_t *s = batch->field[0].data;
    bool right = CHECK_EQ(batch->fields, 1);
    for (uint64_t i = 0; i < batch->rows * SERIES; i++) {
        harness_where("vrank %llu, step %llu, slot %llu", (ull)batch->vrank, (ull)batch->step,
                      (ull)(i / SERIES));
        right = right && CHECK_EQ(s[i], 100 * batch->index[i / SERIES] + i % SERIES);
    }
    return right;
}

/* Two sources of 3 and 2 files, in batches that have one sample more than once. */
static void check_kinds(const char *fields, bool one_a_file, uint64_t samples_a_file,
                        bool (*is_right)(const shs_batch *))
{
    const uint64_t mix[] = {1, 2}, split = 3 * samples_a_file;
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
    shs_batch batch;
    open_data(MPI_COMM_WORLD, paths, &run, &data);
    shs_dataset_close(&data);
    char both[2 * PATH_BYTES];
    snprintf(both, sizeof both, "%.450s/x*.h5,%.450s/y*.h5", folder, folder);
    need(!shs_dataset_open(run, both, fields,
                           &(shs_dataset_options){.one_sample_a_file = one_a_file}, &data),
         "shs_dataset_open");
    CHECK_EQ(shs_dataset_samples(data), 5 * samples_a_file);
    for (int shuffle = 0; shuffle < 3; shuffle++) {
        const shs_loader_options options = {.batch = 9,
                                            .epochs = 3,
                                            .sampling = {.epoch_rows = 100, .mix = mix, .n_mix = 2},
                                            .threads = 3,
                                            .tail = SHS_TAIL_PAD,
                                            .shuffle = (shs_shuffle)shuffle};
        uint64_t taken[2] = {0};
        bool right = true;
        need(!shs_loader_open(data, &options, &loader), "shs_loader_open");
        while (shs_next(loader, &batch) == SHS_OK) {
            right = right && is_right(&batch) && batch.rows == 9;
            for (uint64_t slot = 0; slot < batch.count; slot++)
                taken[batch.index[slot] >= split]++;
        }
        CHECK(right);
        if (CHECK_STATUS(shs_agree(run), SHS_OK))
            CHECK_EQ(shs_statistics(loader).epochs_verified, 3);
        MPI_Allreduce(MPI_IN_PLACE, taken, 2, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
        CHECK_EQ(taken[0], 3 * 33);
        CHECK_EQ(taken[1], 3 * 67);
        shs_loader_close(&loader);
    }
    shs_dataset_close(&data);
    shs_close(&run);
}

static void test_windows_offsets_and_files_are_mixed(void)
{
    begin();
    for (int i = 0; my_rank() == 0 && i < 5; i++)
        write_series(i);
    MPI_Barrier(MPI_COMM_WORLD);
    check_kinds("x=s(window=2), y=s(window=1, lead=1), z=s(offsets=o, most=3)", false, SAMPLES,
                kinds_are_right);
    check_kinds("s", true, 1, files_are_right);
    end();
}

/* ---- memory */

static shs_status open_and_read(void *user)
{
    const struct pair *pair = user;
    const shs_loader_options options = {
        .batch = BATCH, .epochs = 1, .sampling = {.mix = five_two_three, .n_mix = 3}};
    shs_loader *loader;
    shs_batch batch;
    shs_status status = shs_loader_open(pair->data, &options, &loader);
    for (uint64_t i = 0; !status && i < shs_epoch_steps(loader); i++) {
        do
            status = shs_next(loader, &batch);
        while (!status && !batch.ends_step);
        if (!status) status = shs_agree(pair->run);
    }
    shs_loader_close(&loader);
    return status;
}

static void test_memory_runs_out(void)
{
    struct pair pair = pair_open();
    CHECK(survives_scarcity(last_rank(), open_and_read, &pair));
    pair_close(&pair);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"a run goes on on other ranks", test_a_run_goes_on_on_other_ranks},
        {"a doubled row is told", test_a_doubled_row_is_told},
        {"windows, offsets and files are mixed", test_windows_offsets_and_files_are_mixed},
        {"memory runs out", test_memory_runs_out},
    };
    return harness_main_ranks("mixing_runs", tests, sizeof tests / sizeof *tests, argc, argv);
}
