/* Rows that take the places of damaged and excluded rows, and of rows with a NaN: they are those of
 * loader.h's words, whatever the order, and all else stays as it was planned. */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "failures_scene.h"

/* ---- The system: bytes that cannot be read. The call that reads is replaced in this program. */

static struct {
    uint64_t from, to;
} sector;

/* The first byte of reads at one place is wrong, so many times. */
static struct flaw {
    uint64_t at;
    unsigned times;
} flaw;

ssize_t preadv2(int file, const struct iovec *pieces, int count, off_t at, int how)
{
    uint64_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += pieces[i].iov_len;
    if ((uint64_t)at < sector.to && sector.from < (uint64_t)at + bytes) {
        errno = EIO;
        return -1;
    }
    ssize_t got = syscall(SYS_preadv2, file, pieces, count, at, 0, how);
    if (got > 0 && flaw.times && (uint64_t)at == flaw.at) {
        *(unsigned char *)pieces->iov_base ^= 0xff;
        flaw.times--;
    }
    return got;
}

/* ---- All orders, and all policies. */

static const uint64_t thirds[] = {0,  2,  3,  5,  6,  8,  9,  11, 12, 14, 15, 17, 18, 20,
                                  21, 50, 51, 60, 62, 63, 65, 66, 68, 69, 77, 78, 79};
static const uint64_t ratio[] = {3, 1};
static double weights[ROWS];

static const shs_loader_options orders[] = {
    {.batch = 5},
    {.batch = 7, .shuffle = SHS_SHUFFLE_NONE},
    {.batch = 6, .shuffle = SHS_SHUFFLE_BLOCKS, .blocks = {.rows = 8, .window = 2}},
    {.batch = 4, .shard = SHS_SHARD_FIXED},
    {.batch = 7, .tail = SHS_TAIL_PAD},
    {.batch = 5, .threads = 3},
    {.batch = 5, .ahead = 3, .threads = 2},
    {.batch = 4, .subset = {.rows = thirds, .n_rows = COUNT(thirds)}},
    {.batch = 5, .sampling = {.mix = ratio, .n_mix = 2}},
    {.batch = 5, .sampling = {.repeats = 2}, .augment_by = SHS_BY_SAMPLE},
    {.batch = 5, .sampling = {.weights = weights, .n_weights = ROWS}},
};

static const uint64_t list[] = {2, 14, 15, 40, 61, 62};

static const shs_failures policies[] = {
    {.damage = SHS_DAMAGE_REPLACE},
    {.damage = SHS_DAMAGE_REPLACE, .nan = SHS_NAN_REPLACE},
    {.damage = SHS_DAMAGE_REPLACE,
     .nan = SHS_NAN_REPLACE,
     .exclude = list,
     .n_exclude = COUNT(list)},
};

static const enum wrong good[ROWS];

/* The first and the last rows are bad, so that the search comes round. */
static const enum wrong bad[ROWS] = {[0] = HAS_NAN,  [3] = CHECKED,  [8] = CHUNK,    [12] = CHECKED,
                                     [13] = HAS_NAN, [50] = CHECKED, [60] = HAS_NAN, [79] = CHUNK};

enum {
    EPOCHS = 2,
    MOST_BATCHES = EPOCHS * 40,
    MOST_BATCH = 7
};

/* A batch of the good files: the rows that are planned, and which the augmentation turned. */
struct planned {
    uint64_t rows, count;
    uint64_t index[MOST_BATCH];
    bool turned[MOST_BATCH];
};

static struct planned planned[COUNT(orders)][MOST_BATCHES];

static shs_loader_options options_of(size_t order)
{
    shs_loader_options options = orders[order];
    options.epochs = EPOCHS;
    options.augment = "x: random_flip(axis=w, layout=w)";
    return options;
}

static void record(size_t order)
{
    const shs_loader_options options = options_of(order);
    struct reading reading;
    shs_batch batch;
    if (!NEED_STATUS(open_reading(&reading, &options), SHS_OK)) return;
    for (size_t i = 0; i < MOST_BATCHES && shs_next(reading.loader, &batch) == SHS_OK; i++) {
        struct planned *to = &planned[order][i];
        const float *x = batch.field[0].data;
        CHECK(batch.replaced == NULL);
        *to = (struct planned){.rows = batch.rows, .count = batch.count};
        memcpy(to->index, batch.index, batch.rows * sizeof *to->index);
        for (uint64_t slot = 0; slot < batch.rows; slot++)
            to->turned[slot] = x[slot * COLUMNS] != element(batch.index[slot], 0);
    }
    close_reading(&reading);
}

/* A row's elements as they must come. */
static bool content_is_right(const struct policy *policy, const shs_batch *batch, uint64_t slot,
                             bool turned)
{
    const float *x = (const float *)batch->field[0].data + slot * COLUMNS;
    uint64_t row = batch->index[slot];
    bool right = CHECK_EQ(((const uint32_t *)batch->field[1].data)[slot], row);
    for (uint64_t column = 0; column < COLUMNS; column++) {
        uint64_t stored = turned ? COLUMNS - 1 - column : column;
        if (policy->wrong[row] == HAS_NAN && stored == row % COLUMNS)
            right = CHECK(isnan(x[column])) && right;
        else
            right = CHECK_EQ((int64_t)x[column], (int64_t)element(row, stored)) && right;
    }
    return right;
}

/* What must have been told and counted so far. */
struct counted {
    size_t replaced, excluded;
    uint64_t rows;
};

static void count_slot(const struct policy *policy, uint64_t row, struct counted *counted)
{
    struct policy nothing_bad = {good, policy->options};
    uint64_t instead = due_for(&nothing_bad, row);
    counted->excluded += excluded(policy, row);
    counted->replaced += !comes(policy, instead);
    counted->rows += due_for(policy, row) != row;
}

static bool batch_is_right(const struct policy *policy, const shs_batch *batch,
                           const struct planned *due, struct counted *counted)
{
    bool some = false,
         right = CHECK_EQ(batch->rows, due->rows) && CHECK_EQ(batch->count, due->count);
    for (uint64_t slot = 0; slot < due->rows; slot++)
        some |= due_for(policy, due->index[slot]) != due->index[slot];
    right = right && CHECK_EQ(batch->replaced != NULL, some);
    for (uint64_t slot = 0; slot < due->rows && right; slot++) {
        uint64_t row = due->index[slot];
        harness_where("step %llu, vrank %llu, slot %llu, planned row %llu", (ull)batch->step,
                      (ull)batch->vrank, (ull)slot, (ull)row);
        right = CHECK_EQ(batch->index[slot], due_for(policy, row)) &&
                (!some || CHECK_EQ(batch->replaced[slot], row)) &&
                content_is_right(policy, batch, slot, due->turned[slot]);
        count_slot(policy, row, counted);
    }
    harness_where(NULL);
    return right;
}

/* Compares all batches from number `from` on. */
static bool rest_is_right(struct reading *reading, const struct policy *policy, size_t order,
                          size_t from, struct counted *counted)
{
    shs_batch batch;
    bool right = true;
    for (size_t i = from; right && shs_next(reading->loader, &batch) == SHS_OK; i++) {
        right = batch_is_right(policy, &batch, &planned[order][i], counted);
        if (batch.ends_step) right = CHECK_STATUS(shs_agree(reading->run), SHS_OK) && right;
    }
    return right;
}

static void check_order(size_t order, const struct policy *policy)
{
    struct counted counted = {0};
    struct reading reading;
    uint64_t steps = 0;
    if (!NEED_STATUS(open_reading(&reading, &policy->options), SHS_OK)) return;
    if (!rest_is_right(&reading, policy, order, 0, &counted)) printf("  %s\n", reading.told.last);
    shs_loader_statistics done = shs_statistics(reading.loader);
    CHECK_EQ(done.epochs_verified, EPOCHS);
    CHECK_EQ(done.rows_replaced, counted.rows);
    CHECK_IS(done.rows_replaced, >, 0);
    CHECK_EQ(reading.told.replaced, counted.replaced);
    CHECK_EQ(reading.told.excluded, counted.excluded);
    /* the same after a seek into the second epoch */
    steps = shs_epoch_steps(reading.loader);
    CHECK_STATUS(shs_seek(reading.loader, (shs_cursor){1, 1, steps + 1}), SHS_OK);
    rest_is_right(&reading, policy, order, (steps + 1) * VRANKS, &counted);
    close_reading(&reading);
}

static void rows_are_replaced(void)
{
    enum wrong wrong[ROWS];
    if (!scene_begin()) return;
    for (uint64_t row = 0; row < ROWS; row++)
        weights[row] = 1;
    memcpy(wrong, good, sizeof wrong);
    write_files(wrong);
    for (size_t order = 0; order < COUNT(orders); order++)
        record(order);
    memcpy(wrong, bad, sizeof wrong);
    write_files(wrong);
    for (size_t order = 0; order < COUNT(orders); order++)
        for (size_t p = 0; p < COUNT(policies); p++) {
            struct policy policy = {wrong, options_of(order)};
            policy.options.failures = policies[p];
            check_order(order, &policy);
        }
    folder_remove(folder);
}

/* A batch that is kept keeps the numbers of its planned rows. */
static void a_kept_batch_keeps_its_planned_rows(void)
{
    enum wrong wrong[ROWS] = {[2] = CHECKED, [17] = CHECKED};
    shs_loader_options options = in_file_order((shs_failures){.damage = SHS_DAMAGE_REPLACE});
    struct reading reading;
    shs_batch first, later;
    if (!scene_begin()) return;
    write_files(wrong);
    options.keep = 1;
    if (NEED_STATUS(open_reading(&reading, &options), SHS_OK)) {
        CHECK_STATUS(shs_next(reading.loader, &first), SHS_OK);
        CHECK_STATUS(shs_keep(&first), SHS_OK);
        for (int i = 0; i < 3; i++)
            CHECK_STATUS(shs_next(reading.loader, &later), SHS_OK);
        CHECK_U64S(later.replaced, ((const uint64_t[]){15, 16, 17, 18, 19}), 5);
        CHECK_U64S(later.index, ((const uint64_t[]){15, 16, 18, 18, 19}), 5);
        close_reading(&reading);
        CHECK_U64S(first.replaced, ((const uint64_t[]){0, 1, 2, 3, 4}), 5);
        CHECK_U64S(first.index, ((const uint64_t[]){0, 1, 3, 3, 4}), 5);
        CHECK_STATUS(shs_give_back(&first), SHS_OK);
    }
    folder_remove(folder);
}

/* The batch of a step has the planned rows of all its parts, also of those where none was replaced.
 */
static void a_step_batch_has_the_rows_of_its_parts(void)
{
    enum wrong wrong[ROWS] = {[7] = CHECKED};
    shs_loader_options options = in_file_order((shs_failures){.damage = SHS_DAMAGE_REPLACE});
    struct reading reading;
    shs_batch step;
    if (!scene_begin()) return;
    write_files(wrong);
    options.batch = 3;
    options.step_batches = true;
    if (NEED_STATUS(open_reading(&reading, &options), SHS_OK) &&
        CHECK_STATUS(shs_next(reading.loader, &step), SHS_OK) && NEED_EQ(step.parts, VRANKS)) {
        CHECK_U64S(step.index, ((const uint64_t[]){0, 1, 2, 3, 4, 5, 6, 8, 8}), 9);
        CHECK_U64S(step.replaced, ((const uint64_t[]){0, 1, 2, 3, 4, 5, 6, 7, 8}), 9);
        CHECK(!step.part[0].replaced && !step.part[1].replaced);
        CHECK(step.part[2].replaced == step.replaced + 6);
        CHECK_STATUS(shs_next(reading.loader, &step), SHS_OK);
        CHECK(!step.replaced);
    }
    close_reading(&reading);
    folder_remove(folder);
}

/* ---- What is said. */

/* Opens the files with these rows and runs until an error comes, whose message has these words. */
static void check_failure(const enum wrong *rows, const shs_loader_options *options,
                          shs_status expected, const char *const *words)
{
    enum wrong wrong[ROWS];
    struct reading reading;
    memcpy(wrong, rows, sizeof wrong);
    write_files(wrong);
    if (NEED_STATUS(open_reading(&reading, options), SHS_OK)) {
        CHECK_EQ(run_until_it_fails(&reading), expected);
        for (; *words; words++)
            CHECK_HAS(shs_message(), *words);
    }
    close_reading(&reading);
}

/* By default a bad row is an error, and so it is if the policy is for other rows. The sample's
 * number is that in the dataset, the row's that in the file. */
static void a_bad_row_is_an_error(void)
{
    static const enum wrong checked[ROWS] = {[FIRST_ROWS + 5] = CHECKED};
    static const enum wrong chunk[ROWS] = {[FIRST_ROWS + 9] = CHUNK};
    static const enum wrong nan[ROWS] = {[FIRST_ROWS + 5] = HAS_NAN};
    static const shs_failures only_nan = {.nan = SHS_NAN_REPLACE};
    static const shs_failures stop_nan = {.damage = SHS_DAMAGE_REPLACE, .nan = SHS_NAN_STOP};
    static const char place[] = "rank 0: shs_next: virtual rank 2, epoch 0, step 2: sample 42: ";
    if (!scene_begin()) return;
    for (int i = 0; i < 2; i++) {
        const shs_loader_options options = in_file_order(i ? only_nan : (shs_failures){0});
        check_failure(checked, &options, SHS_ERROR_FORMAT,
                      (const char *const[]){place, paths[1], ": dataset y: row 5 is not what was",
                                            "the file is damaged", NULL});
        check_failure(chunk, &options, SHS_ERROR_FORMAT,
                      (const char *const[]){"sample 45: dataset x: rows 8 to 8: ", paths[1],
                                            ": chunk 2, ", "the file is damaged", NULL});
    }
    const shs_loader_options options = in_file_order(stop_nan);
    check_failure(nan, &options, SHS_ERROR_FORMAT,
                  (const char *const[]){place, paths[1], ": dataset x: rows 5 to 5 have a NaN",
                                        "failures.nan", NULL});
    CHECK(!strstr(shs_message(), "damaged"));
    folder_remove(folder);
}

static void an_error_of_the_system_stops(void)
{
    const shs_loader_options options =
        in_file_order((shs_failures){.damage = SHS_DAMAGE_REPLACE, .nan = SHS_NAN_REPLACE});
    enum wrong wrong[ROWS] = {[9] = CHECKED};
    struct reading reading;
    if (!scene_begin()) return;
    write_files(wrong);
    if (NEED_STATUS(open_reading(&reading, &options), SHS_OK)) {
        sector.from = chunk_address(paths[0], 12);
        sector.to = sector.from + 1;
        CHECK_EQ(run_until_it_fails(&reading), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "sample 12: dataset x: rows 12 to 12: ");
        CHECK_HAS(shs_message(), paths[0]);
        CHECK_HAS(shs_message(), "Input/output error");
        CHECK_EQ(reading.told.replaced, 1);
        CHECK_HAS(reading.told.last, "rank 0: virtual rank 1, epoch 0, step 0, slot 4: sample 10 "
                                     "takes the place of sample 9: ");
        CHECK_HAS(reading.told.last, paths[0]);
        CHECK_HAS(reading.told.last, ": dataset y: row 9 is not what was written");
        sector.to = 0;
    }
    close_reading(&reading);
    folder_remove(folder);
}

/* The replaced row's own chunk cannot be read: that is no reason to take the row after it. */
static void an_error_of_the_system_stops_the_search(void)
{
    const shs_loader_options options = in_file_order((shs_failures){.damage = SHS_DAMAGE_REPLACE});
    enum wrong wrong[ROWS] = {[11] = CHECKED, [20] = CHECKED};
    static const uint64_t rows[] = {3, 11, 20, 30};
    shs_loader_options few = options;
    struct reading reading;
    if (!scene_begin()) return;
    write_files(wrong);
    few.subset = (shs_subset){.rows = rows, .n_rows = COUNT(rows)};
    few.batch = 2;
    if (NEED_STATUS(open_reading(&reading, &few), SHS_OK)) {
        sector.from = chunk_address(paths[0], 30);
        sector.to = sector.from + 1;
        CHECK_EQ(run_until_it_fails(&reading), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "sample 30: ");
        CHECK_HAS(shs_message(), "Input/output error");
        CHECK_EQ(reading.told.replaced, 0);
        sector.to = 0;
    }
    close_reading(&reading);
    folder_remove(folder);
}

static void no_row_is_left(void)
{
    static const uint64_t rows[] = {8, 9, 10, 12, 60}, exclude[] = {9, 10};
    static const enum wrong wrong[ROWS] = {[8] = CHUNK, [12] = CHECKED, [60] = HAS_NAN};
    shs_loader_options options = in_file_order((shs_failures){
        .damage = SHS_DAMAGE_REPLACE, .nan = SHS_NAN_REPLACE, .exclude = exclude, .n_exclude = 2});
    if (!scene_begin()) return;
    options.subset = (shs_subset){.rows = rows, .n_rows = COUNT(rows)};
    check_failure(wrong, &options, SHS_ERROR_FORMAT,
                  (const char *const[]){"no row can take the place of sample 8: all 5 rows are "
                                        "damaged, excluded, or have a NaN; sample 8: dataset x: ",
                                        paths[0], NULL});
    options.subset = (shs_subset){.rows = rows + 3, .n_rows = 2}; /* one of each source */
    options.sampling = (shs_sampling){.mix = ratio, .n_mix = 2};
    check_failure(
        (const enum wrong[ROWS]){[60] = HAS_NAN}, &options, SHS_ERROR_FORMAT,
        (const char *const[]){"no row can take the place of sample 60: all 1 rows", NULL});
    folder_remove(folder);
}

/* ---- Reads that are not the same twice. */

/* A chunk that is read wrong once: the batch fails, and its rows are good when they are read again.
 * This is no damage of the file, so it is an error under any policy. */
static void a_read_that_is_wrong_once(void)
{
    enum wrong wrong[ROWS] = {GOOD};
    if (!scene_begin()) return;
    write_files(wrong);
    for (int i = 0; i < 2; i++) {
        const shs_loader_options options =
            in_file_order(i ? (shs_failures){.damage = SHS_DAMAGE_REPLACE} : (shs_failures){0});
        struct reading reading;
        if (NEED_STATUS(open_reading(&reading, &options), SHS_OK)) {
            flaw = (struct flaw){chunk_address(paths[0], 0), 1};
            CHECK_EQ(run_until_it_fails(&reading), SHS_ERROR_FORMAT);
            CHECK_EQ(flaw.times, 0);
            CHECK_HAS(shs_message(), ": chunk 0, ");
            CHECK_HAS(shs_message(), "read once more, one by one, all rows of the batch were good");
            CHECK_EQ(reading.told.replaced, 0);
        }
        close_reading(&reading);
    }
    folder_remove(folder);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(rows_are_replaced),
        TEST(a_kept_batch_keeps_its_planned_rows),
        TEST(a_step_batch_has_the_rows_of_its_parts),
        TEST(a_bad_row_is_an_error),
        TEST(an_error_of_the_system_stops),
        TEST(an_error_of_the_system_stops_the_search),
        TEST(no_row_is_left),
        TEST(a_read_that_is_wrong_once),
    };
    return harness_main("replace", tests, COUNT(tests), argc, argv);
}
