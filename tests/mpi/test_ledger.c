/* The ledger: every epoch that is whole is judged on all ranks, good ones pass in every mode, and a
 * lost or repeated row is told, on whatever rank it happens. */
#include "batches.h"
#include "load.h"
#include "mpi_run.h"
#include "shardstep/checkpoint.h"
#include "shardstep/mpi.h"

enum {
    ROWS = 53
};

static char folder[PATH_BYTES], path[PATH_BYTES];

static void begin(void)
{
    folder_make(folder);
    samples_shared(folder, "samples.h5", ROWS, (struct h5_storage){0}, path);
}

static void end(void)
{
    folder_remove(folder);
}

static struct course plain_course(void)
{
    return (struct course){42, (uint64_t)all_ranks() + 1, ROWS, {.batch = 3, .epochs = 3}};
}

/* One step, and its agreement. */
static shs_status take_step(struct job *job)
{
    shs_batch batch;
    do {
        shs_status status = shs_next(job->loader, &batch);
        if (status) return status;
    } while (!batch.ends_step);
    return shs_agree(job->run);
}

static shs_status take_steps(struct job *job, uint64_t steps)
{
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < steps && !status; i++)
        status = take_step(job);
    return status;
}

static bool has_verified(const struct job *job, uint64_t verified, uint64_t unverified)
{
    shs_loader_statistics done = shs_statistics(job->loader);
    return CHECK_EQ(done.epochs_verified, verified) && CHECK_EQ(done.epochs_unverified, unverified);
}

static void check_mode(shs_shuffle shuffle, shs_shard shard, shs_tail tail)
{
    struct course course = plain_course();
    course.loader.shuffle = shuffle;
    course.loader.shard = shard;
    course.loader.tail = tail;
    if (shuffle == SHS_SHUFFLE_BLOCKS) course.loader.blocks.rows = 4;
    if (shuffle == SHS_SHUFFLE_BLOCKS) course.loader.blocks.window = 2;
    struct job job = course_open(&course, MPI_COMM_WORLD, path);
    CHECK_STATUS(take_steps(&job, UINT64_MAX), SHS_END);
    CHECK(has_verified(&job, course.loader.epochs, 0));
    job_close(&job);
}

static void test_whole_epochs_are_good(void)
{
    begin();
    for (int shuffle = 0; shuffle < 3; shuffle++)
        for (int shard = 0; shard < 2; shard++)
            for (int tail = 0; tail < 3; tail++)
                check_mode((shs_shuffle)shuffle, (shs_shard)shard, (shs_tail)tail);
    end();
}

/* Rows of a subset, each once an epoch on some rank and no other row. */
static void check_subset(const shs_loader_options *only, const unsigned char *wanted)
{
    int seen[ROWS] = {0}, all[ROWS];
    struct course course = plain_course();
    course.loader = *only;
    struct job job = course_open(&course, MPI_COMM_WORLD, path);
    shs_batch batch;
    do {
        shs_status status = shs_next(job.loader, &batch);
        CHECK_STATUS(status, SHS_OK);
        if (status) break;
        for (uint64_t slot = 0; slot < batch.count; slot++)
            seen[batch.index[slot]]++;
        CHECK(batch_content_is_right(&batch));
    } while (!batch.ends_epoch);
    if (CHECK_STATUS(shs_agree(job.run), SHS_OK)) CHECK(has_verified(&job, 1, 0));
    MPI_Allreduce(seen, all, ROWS, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    size_t wrong = 0;
    for (size_t row = 0; row < ROWS; row++)
        wrong += all[row] != wanted[row];
    CHECK_EQ(wrong, 0);
    job_close(&job);
}

static void test_a_subset_is_delivered(void)
{
    begin();
    static const uint64_t rows[] = {1, 2, 3, 20, 21, 22, 23, 50, 52};
    unsigned char listed[ROWS] = {0}, part[ROWS] = {0}, rest[ROWS];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        listed[rows[i]] = 1;
    struct order_subset subset;
    CHECK_STATUS(order_subset_split(&subset, 0, ROWS, 0, 0.6), SHS_OK);
    for (uint64_t i = 0; i < subset.count; i++)
        part[subset.rows[i]] = 1;
    order_subset_free(&subset);
    for (size_t row = 0; row < ROWS; row++)
        rest[row] = !part[row];
    for (int shuffle = 0; shuffle < 3; shuffle++) {
        shs_loader_options only = {.batch = 1, .shuffle = (shs_shuffle)shuffle};
        only.subset.rows = rows;
        only.subset.n_rows = sizeof rows / sizeof *rows;
        check_subset(&only, listed);
        only = (shs_loader_options){
            .batch = 2, .shuffle = (shs_shuffle)shuffle, .subset = {.to = 0.6}};
        check_subset(&only, part);
        only.subset.from = 0.6;
        only.subset.to = 1;
        check_subset(&only, rest);
    }
    end();
}

/* Every rank's table of the epoch now gives the row of one position at another one as well: one row
 * is lost and one repeated, on whichever rank has the position. */
static void double_row(const struct job *job, uint64_t from, uint64_t to)
{
    uint16_t *table = job->loader->tools.epoch.places.all.whole.table;
    table[to] = table[from];
}

static void check_doubled(uint64_t from, uint64_t to)
{
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, path);
    uint64_t steps = course_steps(&course);
    CHECK_STATUS(take_step(&job), SHS_OK); /* the order of the epoch is drawn */
    double_row(&job, from, to);
    CHECK_STATUS(take_steps(&job, steps - 2), SHS_OK);
    CHECK_STATUS(take_step(&job), SHS_ERROR_ORDER);
    CHECK_HAS(shs_message(), "epoch 0");
    CHECK_HAS(shs_message(), "lost or repeated");
    CHECK_EQ(shs_message_is_mine(), (my_rank() == 0));
    CHECK(shs_message_is_agreed());
    shs_batch batch;
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_ERROR_ORDER); /* until a seek */
    CHECK(has_verified(&job, 0, 0));
    CHECK_STATUS(shs_seek(job.loader, (shs_cursor){1, 0, steps}), SHS_OK);
    CHECK_STATUS(take_steps(&job, steps), SHS_OK); /* of another epoch, whose order is drawn anew */
    CHECK(has_verified(&job, 1, 0));
    job_close(&job);
}

static void test_a_doubled_row_is_told(void)
{
    begin();
    uint64_t taken = 3 * ((uint64_t)all_ranks() + 1); /* by the first step */
    for (uint64_t to = taken; to < ROWS; to += 5)
        check_doubled((to * 7 + 1) % ROWS == to ? 0 : (to * 7 + 1) % ROWS, to);
    end();
}

/* A row that one rank delivers once more, or loses, is one more, or less, in its ledger. */
static void check_count(int rank, uint64_t more)
{
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, path);
    CHECK_STATUS(take_step(&job), SHS_OK);
    if (my_rank() == rank) job.loader->ledger.count += more;
    CHECK_STATUS(take_steps(&job, course_steps(&course) - 1), SHS_ERROR_ORDER);
    job_close(&job);
}

static void test_the_count_is_compared(void)
{
    begin();
    for (int rank = 0; rank < all_ranks(); rank++) {
        check_count(rank, 1);
        check_count(rank, UINT64_MAX);
    }
    end();
}

static void test_an_epoch_entered_by_a_seek_is_not_judged(void)
{
    begin();
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, path);
    uint64_t steps = course_steps(&course);
    CHECK_STATUS(shs_seek(job.loader, (shs_cursor){0, 1, 1}), SHS_OK);
    CHECK_STATUS(take_steps(&job, steps - 1), SHS_OK);
    CHECK(has_verified(&job, 0, 1));
    CHECK_STATUS(take_steps(&job, steps), SHS_OK);
    CHECK(has_verified(&job, 1, 1));
    job_close(&job);
    end();
}

/* Goes on with a checkpoint made within an epoch, on the ranks of `comm`. */
static void go_on(const struct course *course, MPI_Comm comm, const char *checkpoints)
{
    struct job job = course_open(course, comm, path);
    CHECK_STATUS(shs_restore(job.loader, checkpoints, NULL, 0), SHS_OK);
    CHECK_STATUS(take_steps(&job, UINT64_MAX), SHS_END);
    CHECK(has_verified(&job, course->loader.epochs, 0));
    job_close(&job);
}

static void test_a_checkpoint_carries_the_ledger(void)
{
    begin();
    char checkpoints[PATH_BYTES];
    snprintf(checkpoints, sizeof checkpoints, "%.450s/checkpoints", folder);
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, path);
    CHECK_STATUS(take_steps(&job, 2), SHS_OK);
    CHECK_STATUS(shs_save(job.loader, checkpoints, NULL, 0), SHS_OK);
    job_close(&job);
    go_on(&course, MPI_COMM_WORLD, checkpoints);
    if (my_rank() == 0) go_on(&course, MPI_COMM_SELF, checkpoints);
    if (my_rank() == 0) go_on(&course, MPI_COMM_NULL, checkpoints);
    MPI_Barrier(MPI_COMM_WORLD);
    end();
}

/* Steps of two epochs with one batch, then with another one. */
static void test_the_batch_may_change_between_epochs(void)
{
    begin();
    char checkpoints[PATH_BYTES];
    snprintf(checkpoints, sizeof checkpoints, "%.450s/checkpoints", folder);
    struct course course = plain_course(), other = course;
    other.loader.batch = 5;
    uint64_t steps = course_steps(&course), other_steps = course_steps(&other);
    struct job job = course_open(&course, MPI_COMM_WORLD, path);
    CHECK_STATUS(take_steps(&job, steps + 1), SHS_OK);
    CHECK_STATUS(shs_save(job.loader, checkpoints, NULL, 0), SHS_OK);
    struct job next = course_open(&other, MPI_COMM_WORLD, path);
    CHECK_STATUS(shs_restore(next.loader, checkpoints, NULL, 0), SHS_ERROR_MISMATCH);
    if (CHECK_HAS(shs_message(), "batch = 3")) CHECK_HAS(shs_message(), "epoch's end only");
    CHECK_STATUS(take_steps(&job, steps - 1), SHS_OK);
    CHECK_STATUS(shs_save(job.loader, checkpoints, NULL, 0), SHS_OK);
    CHECK_STATUS(shs_restore(next.loader, checkpoints, NULL, 0), SHS_OK);
    shs_cursor at = shs_tell(next.loader);
    CHECK_EQ(at.epoch, 2);
    CHECK_EQ(at.epoch_step, 0);
    CHECK_EQ(at.step, 2 * steps);
    CHECK_STATUS(take_step(&next), SHS_OK);
    CHECK_STATUS(shs_save(next.loader, checkpoints, NULL, 0), SHS_OK);
    job_close(&job);
    job_close(&next);
    next = course_open(&other, MPI_COMM_WORLD, path); /* and on from within */
    CHECK_STATUS(shs_restore(next.loader, checkpoints, NULL, 0), SHS_OK);
    CHECK_STATUS(take_steps(&next, UINT64_MAX), SHS_END);
    CHECK_EQ(shs_tell(next.loader).step, 2 * steps + other_steps);
    CHECK(has_verified(&next, 1, 0));
    CHECK_STATUS(shs_seek(next.loader, (shs_cursor){1, 0, steps}), SHS_ERROR_ARGUMENT);
    CHECK_STATUS(shs_seek(next.loader, (shs_cursor){2, 0, 2 * steps}), SHS_OK);
    job_close(&next);
    end();
}

static void test_epochs_without_agreement_are_judged_together(void)
{
    begin();
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, path);
    shs_batch batch;
    while (shs_next(job.loader, &batch) == SHS_OK)
        ;
    CHECK(has_verified(&job, 0, 0));
    CHECK_STATUS(shs_agree(job.run), SHS_OK);
    CHECK(has_verified(&job, course.loader.epochs, 0));
    job_close(&job);
    end();
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"whole epochs are good", test_whole_epochs_are_good},
        {"a subset is delivered", test_a_subset_is_delivered},
        {"a doubled row is told", test_a_doubled_row_is_told},
        {"the count is compared", test_the_count_is_compared},
        {"an epoch entered by a seek is not judged", test_an_epoch_entered_by_a_seek_is_not_judged},
        {"a checkpoint carries the ledger", test_a_checkpoint_carries_the_ledger},
        {"the batch may change between epochs", test_the_batch_may_change_between_epochs},
        {"epochs without agreement are judged together",
         test_epochs_without_agreement_are_judged_together},
    };
    return harness_main_ranks("ledger", tests, sizeof tests / sizeof *tests, argc, argv);
}
