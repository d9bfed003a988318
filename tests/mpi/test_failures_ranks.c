/* Rows that are replaced, on several ranks: each rank has the rows of the definition, the ledger is
 * judged good, and where no row is left all ranks are told. */
#include "batches.h"

enum {
    ROWS = 53,
    DAMAGED = 10 /* its chunk and that of the last row cannot be decoded */
};

static const struct h5_storage deflated = {.chunk_rows = 2, .deflate = 6};
static const uint64_t excluded[] = {3, 12, 13, 40};

struct scene {
    char folder[PATH_BYTES], good[PATH_BYTES], bad[PATH_BYTES];
};

static struct scene scene_begin(void)
{
    struct scene scene;
    folder_make(scene.folder);
    samples_shared(scene.folder, "good.h5", ROWS, deflated, scene.good);
    samples_shared(scene.folder, "bad.h5", ROWS, deflated, scene.bad);
    if (my_rank() == 0) damage_chunk(scene.bad, DAMAGED);
    if (my_rank() == 0) damage_chunk(scene.bad, ROWS - 1);
    MPI_Barrier(MPI_COMM_WORLD);
    return scene;
}

/* The row that must come for a planned row. */
static uint64_t due_for(uint64_t row)
{
    bool bad = true;
    while (bad) {
        bad = row / 2 == DAMAGED / 2 || row == ROWS - 1;
        for (size_t i = 0; i < sizeof excluded / sizeof *excluded; i++)
            bad |= row == excluded[i];
        if (bad) row = (row + 1) % ROWS;
    }
    return row;
}

static bool slot_is_right(const shs_batch *batch, const shs_batch *planned, uint64_t slot)
{
    uint64_t row = planned->index[slot];
    harness_where("step %llu, vrank %llu, slot %llu, planned row %llu", (ull)batch->step,
                  (ull)batch->vrank, (ull)slot, (ull)row);
    return CHECK_EQ(batch->index[slot], due_for(row)) &&
           CHECK_EQ(batch->replaced ? batch->replaced[slot] : batch->index[slot], row);
}

/* A batch of the bad file beside that of the good file. */
static bool batch_is_replaced(const shs_batch *batch, const shs_batch *planned)
{
    bool right = CHECK_EQ(batch->vrank, planned->vrank) && CHECK_EQ(batch->rows, planned->rows) &&
                 CHECK_EQ(batch->count, planned->count);
    for (uint64_t slot = 0; slot < batch->rows && right; slot++)
        right = slot_is_right(batch, planned, slot);
    harness_where(NULL);
    return right && batch_content_is_right(batch);
}

static void test_every_rank_has_the_rows_of_the_definition(void)
{
    struct scene scene = scene_begin();
    for (int shuffle = 0; shuffle < 3; shuffle++) {
        struct course course = {42,
                                2 * (uint64_t)all_ranks() + 1,
                                ROWS,
                                {.batch = 3, .epochs = 2, .shuffle = (shs_shuffle)shuffle}};
        struct job good = course_open(&course, MPI_COMM_WORLD, scene.good);
        course.loader.failures =
            (shs_failures){.damage = SHS_DAMAGE_REPLACE, .exclude = excluded, .n_exclude = 4};
        struct job bad = course_open(&course, MPI_COMM_WORLD, scene.bad);
        shs_batch batch, planned;
        bool right = true;
        while (shs_next(good.loader, &planned) == SHS_OK) {
            right = right && CHECK_STATUS(shs_next(bad.loader, &batch), SHS_OK) &&
                    batch_is_replaced(&batch, &planned);
            if (planned.ends_step) CHECK_STATUS(shs_agree(bad.run), SHS_OK);
        }
        CHECK_STATUS(shs_next(bad.loader, &batch), SHS_END);
        CHECK_EQ(shs_statistics(bad.loader).epochs_verified, 2);
        job_close(&bad);
        job_close(&good);
    }
    folder_remove(scene.folder);
}

/* The two rows of the subset are damaged. */
static void test_no_row_is_left_anywhere(void)
{
    static const uint64_t rows[] = {DAMAGED, DAMAGED + 1};
    struct scene scene = scene_begin();
    uint64_t ranks = (uint64_t)all_ranks(), failing = 0;
    struct course course = {42,
                            ranks,
                            2,
                            {.batch = 2,
                             .shuffle = SHS_SHUFFLE_NONE,
                             .subset = {.rows = rows, .n_rows = 2},
                             .failures = {.damage = SHS_DAMAGE_REPLACE}}};
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.bad);
    shs_batch batch;
    for (uint64_t first = 0, end = 0; first == end && failing < ranks; failing += first == end)
        course_slice(&course, 0, failing, &first, &end);
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK);
    CHECK_EQ(batch.rows, 0);
    CHECK(agreed_failure(shs_agree(job.run), SHS_ERROR_FORMAT, (int)failing));
    CHECK(message_has("no row can take the place of sample 10: all 2 rows are damaged"));
    CHECK(message_has("bad.h5"));
    job_close(&job);
    folder_remove(scene.folder);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"every rank has the rows of the definition",
         test_every_rank_has_the_rows_of_the_definition},
        {"no row is left anywhere", test_no_row_is_left_anywhere},
    };
    return harness_main_ranks("failures", tests, sizeof tests / sizeof *tests, argc, argv);
}
