/* Resident arrays on several ranks: ranks that read the same file have one memory, and ranks that
 * read copies, or read otherwise, have memory of their own. */
#include "data_dataset.h"
#include "samples.h"
#include "shardstep/context.h"

enum {
    ROWS = 500,
    IMAGES = 0 /* the key of the images, whose chunks are units of 25 rows or more */
};

static const struct h5_storage chunks = {.chunk_rows = 25, .deflate = 1};
static const struct h5_storage other_chunks = {.chunk_rows = 300};

static char folder[PATH_BYTES], path[PATH_BYTES];
static shs_run *run;
static shs_dataset *dataset;

static void begin(void)
{
    folder_make(folder);
    need(shs_open(MPI_COMM_WORLD, NULL, &run) == SHS_OK, "a run");
}

static void end(void)
{
    CHECK_STATUS(shs_close(&run), SHS_OK);
    folder_remove(folder);
}

static const struct data_resident_array *open_images(const shs_dataset_options *options)
{
    need(shs_dataset_open(run, path, samples_fields, options, &dataset) == SHS_OK, path);
    need(data_resident_find(&dataset->resident, IMAGES) != NULL, "resident images");
    return &dataset->resident.array[IMAGES];
}

/* Collective. Rank 0 fills a unit with bytes, which all ranks then see, or none but rank 0. */
static void check_first_unit(const struct data_resident_array *images, bool shared)
{
    bool mine = my_rank() == 0;
    CHECK_EQ(dataset->resident.window.shared, shared);
    CHECK(!data_resident_is_there(images, 0));
    MPI_Barrier(MPI_COMM_WORLD);
    if (mine && CHECK_EQ(data_resident_claim(images, 0), DATA_UNIT_ABSENT)) {
        memset(data_resident_row(images, 0), 77, IMAGE_BYTES);
        data_resident_publish(images, 0);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_EQ(data_resident_is_there(images, 0), mine || shared);
    if (mine || shared) CHECK_EQ(data_resident_row(images, 0)[IMAGE_BYTES - 1], 77);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void test_a_file_of_all_ranks_is_held_once(void)
{
    begin();
    samples_shared(folder, "samples.h5", ROWS, chunks, path);
    for (int times = 0; times < 3; times++) { /* each time nothing is there at first */
        check_first_unit(open_images(NULL), all_ranks() > 1);
        shs_dataset_close(&dataset);
    }
    CHECK_EQ(run->windows.count, all_ranks() > 1);
    end();
}

static void test_copies_are_held_apart(void)
{
    begin();
    samples_own(folder, ROWS, chunks, path);
    check_first_unit(open_images(NULL), false);
    shs_dataset_close(&dataset);
    samples_own(folder, ROWS, my_rank() ? chunks : other_chunks, path);
    const struct data_resident_array *images = open_images(NULL);
    if (all_ranks() > 1) CHECK_EQ(images->unit_rows, my_rank() ? 225 : 300);
    check_first_unit(images, false);
    shs_dataset_close(&dataset);
    end();
}

static void test_a_rank_that_compares_no_checksums_is_apart(void)
{
    const shs_dataset_options options = {.unchecked = my_rank() == last_rank()};
    begin();
    samples_shared(folder, "samples.h5", ROWS, chunks, path);
    check_first_unit(open_images(&options), false);
    shs_dataset_close(&dataset);
    end();
}

/* A rank whose cache is too small for the images takes part, and holds none. */
static void test_a_rank_with_another_cache_is_apart(void)
{
    const shs_dataset_options options = {.cache_bytes = my_rank() == last_rank() ? 1 : 0};
    begin();
    samples_shared(folder, "samples.h5", ROWS, chunks, path);
    CHECK_STATUS(shs_dataset_open(run, path, samples_fields, &options, &dataset), SHS_OK);
    CHECK_EQ(data_resident_find(&dataset->resident, IMAGES) != NULL, my_rank() != last_rank());
    CHECK(!dataset->resident.window.shared);
    shs_dataset_close(&dataset);
    end();
}

static void test_a_dataset_may_outlive_its_run(void)
{
    begin();
    samples_shared(folder, "samples.h5", ROWS, chunks, path);
    const struct data_resident_array *images = open_images(NULL);
    check_first_unit(images, all_ranks() > 1);
    end();
    CHECK_EQ(data_resident_is_there(images, 0), my_rank() == 0 || all_ranks() > 1);
    memset(images->memory, 1, ROWS * IMAGE_BYTES);
    shs_dataset_close(&dataset);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"a file of all ranks is held once", test_a_file_of_all_ranks_is_held_once},
        {"copies are held apart", test_copies_are_held_apart},
        {"a rank that compares no checksums is apart",
         test_a_rank_that_compares_no_checksums_is_apart},
        {"a rank with another cache is apart", test_a_rank_with_another_cache_is_apart},
        {"a dataset may outlive its run", test_a_dataset_may_outlive_its_run},
    };
    return harness_main_ranks("resident", tests, sizeof tests / sizeof *tests, argc, argv);
}
