/* Datasets of many files on several ranks: what they must agree on, errors of one rank's file, and
 * memory that runs out. */
#include "io_durable.h"
#include "samples.h"
#include "shardstep/dataset.h"

enum {
    FILES = 9
};

/* Each rank has a folder of its own in the test's. */
struct scene {
    shs_run *run;
    char folder[PATH_BYTES];
    char own[PATH_BYTES];
};

static struct scene scene_begin(void)
{
    struct scene scene = {0};
    need(!shs_open(MPI_COMM_WORLD, NULL, &scene.run), "shs_open");
    folder_make(scene.folder);
    snprintf(scene.own, PATH_BYTES, "%.400s/%d", scene.folder, my_rank());
    need(mkdir(scene.own, 0700) == 0, scene.own);
    return scene;
}

static void scene_end(struct scene *scene)
{
    shs_close(&scene->run);
    folder_remove(scene->folder);
}

static void write_numbers(struct h5_writer *writer, const char *name, uint64_t rows, uint64_t first)
{
    const shs_tensor shape = {.type = SHS_U32, .axes = 1, .shape = {rows}};
    uint32_t *numbers = room(rows, sizeof *numbers);
    for (uint64_t i = 0; i < rows; i++)
        numbers[i] = (uint32_t)(first + i);
    need(!h5_create_array(writer, name, &shape, &(struct h5_storage){0}), name);
    need(!rows || !h5_write_rows(writer, rows, numbers), name);
    free(numbers);
}

/* File i of this rank: series s of so many rows, numbered from `first` on; offsets o, as many. */
static void write_own(const struct scene *scene, int i, uint64_t rows, uint64_t first)
{
    struct h5_writer *writer;
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%.450s/%d.h5", scene->own, i);
    need(!h5_create(path, &writer), path);
    write_numbers(writer, "s", rows, first);
    write_numbers(writer, "o", rows, 0);
    need(!h5_finish(&writer), path);
}

static void write_all(const struct scene *scene)
{
    for (int i = 0; i < FILES; i++)
        write_own(scene, i, 5 + (uint64_t)i, 100 * (uint64_t)i);
}

static void refuse(const struct scene *scene, const char *fields, bool one_a_file,
                   shs_status expected, int failing)
{
    shs_dataset *data;
    const shs_dataset_options options = {.one_sample_a_file = one_a_file};
    shs_status status = shs_dataset_open(scene->run, scene->own, fields, &options, &data);
    CHECK(agreed_failure(status, expected, failing));
    CHECK(data == NULL);
}

static void test_ranks_have_the_same_files(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    bool odd = my_rank() == last_rank();
    write_all(&scene);
    if (odd) write_own(&scene, FILES, 0, 0); /* one more, of no rows */
    refuse(&scene, "s", false, SHS_ERROR_DISAGREE, last_rank());
    CHECK_HAS(shs_message(), "9 files");
    CHECK_HAS(shs_message(), "10 files");
    scene_end(&scene);
}

static void test_files_have_the_same_samples(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    bool odd = my_rank() == last_rank();
    write_own(&scene, 0, odd ? 6 : 5, 0);
    write_own(&scene, 1, odd ? 5 : 6, 0);
    refuse(&scene, "s", false, SHS_ERROR_DISAGREE, last_rank());
    CHECK_HAS(shs_message(), "/0.h5 has 6 samples on rank");
    CHECK_HAS(shs_message(), "and 5 on rank 0");
    /* windows of any split can be as many; here are as many, and in the same files, of other rows
     */
    refuse(&scene, "s(window=3, stride=4)", false, SHS_ERROR_DISAGREE, last_rank());
    CHECK_HAS(shs_message(), "/0.h5 holds other data on rank");
    scene_end(&scene);
}

/* Shapes are the same, a copy is an old one: its rows tell, or the checksums of them. */
static void test_files_have_the_same_content(void)
{
    if (all_ranks() == 1) return;
    char host[256], words[512];
    need(gethostname(host, sizeof host) == 0, "gethostname");
    for (int summed = 0; summed < 2; summed++) {
        struct scene scene = scene_begin();
        bool odd = my_rank() == last_rank();
        struct h5_writer *writer;
        char path[PATH_BYTES];
        write_own(&scene, 0, 5, 0);
        snprintf(path, sizeof path, "%.450s/1.h5", scene.own);
        need(!h5_create(path, &writer), path);
        write_numbers(writer, "s", 100000, odd && !summed);
        if (summed) write_numbers(writer, "s.crc32c", 100000, odd);
        need(!h5_finish(&writer), path);
        refuse(&scene, "s", false, SHS_ERROR_DISAGREE, last_rank());
        snprintf(words, sizeof words,
                 "/1.h5 holds other data on rank %d (%.64s) than on rank 0 (%.64s)", last_rank(),
                 host, host);
        CHECK_HAS(shs_message(), words);
        CHECK_HAS(shs_message(), "give every rank the same file");
        scene_end(&scene);
    }
}

static void test_fields_are_the_same(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    bool odd = my_rank() == last_rank();
    write_all(&scene);
    refuse(&scene, odd ? "s(window=2,lead=1),o(window=3)" : "s(window=2,lead=0),o(window=3)", false,
           SHS_ERROR_DISAGREE, last_rank());
    refuse(&scene, odd ? "x=s" : "x=o", false, SHS_ERROR_DISAGREE, last_rank());
    scene_end(&scene);
}

static void test_a_file_that_one_rank_misses(void)
{
    struct scene scene = scene_begin();
    char list[PATH_BYTES + 16];
    FILE *file;
    write_all(&scene);
    snprintf(list, sizeof list, "%.480s/list", scene.own);
    need((file = fopen(list, "w")) != NULL, list);
    for (int i = 0; i < FILES; i++)
        fprintf(file, "%d.h5\n", my_rank() == last_rank() && i == 7 ? 700 : i);
    need(fclose(file) == 0, list);
    snprintf(scene.own, PATH_BYTES, "@%.400s/%d/list", scene.folder, my_rank());
    refuse(&scene, "s", false, SHS_ERROR_FILE, last_rank());
    CHECK_HAS(shs_message(), "700.h5: No such file");
    scene_end(&scene);
}

static void test_offsets_that_are_wrong_on_one_rank(void)
{
    struct scene scene = scene_begin();
    write_all(&scene);
    refuse(&scene, "s(offsets=s)", false, SHS_ERROR_FORMAT, 0);
    CHECK_HAS(shs_message(), "1.h5: dataset s: offset 0 is 100, but there are 6 rows only");
    scene_end(&scene);
}

/* Files differ in length, so that the second one is not like the first. Each rank reads another. */
static void test_a_sample_that_one_rank_cannot_read(void)
{
    struct scene scene = scene_begin();
    shs_dataset *data;
    shs_loader *loader;
    shs_batch batch;
    int bad = last_rank();
    char name[16];
    for (int i = 0; i < all_ranks(); i++)
        write_own(&scene, i, i == bad && my_rank() == bad && bad ? 6 : 5, 0);
    const shs_dataset_options options = {.one_sample_a_file = true};
    const shs_loader_options one = {.batch = 1, .shuffle = SHS_SHUFFLE_NONE};
    need(!shs_dataset_open(scene.run, scene.own, "s", &options, &data), "open");
    need(!shs_loader_open(data, &one, &loader), "open");
    CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
    CHECK_EQ(batch.rows, my_rank() != bad || bad == 0);
    shs_status status = shs_agree(scene.run);
    snprintf(name, sizeof name, "%d.h5", bad);
    if (bad)
        CHECK(agreed_failure(status, SHS_ERROR_FORMAT, bad) && message_has(name) &&
              message_has("u32 6, but in"));
    else
        CHECK_STATUS(status, SHS_OK);
    shs_loader_close(&loader);
    shs_dataset_close(&data);
    scene_end(&scene);
}

/* Files of one shape, in lists: in folders of their own, but in another order on the last rank. */
static void test_the_order_of_files_is_agreed_on(void)
{
    struct scene scene = scene_begin();
    char list[PATH_BYTES], lines[3 * PATH_BYTES];
    shs_dataset *data;
    write_own(&scene, 0, 5, 0);
    write_own(&scene, 1, 5, 100);
    for (int swapped = 0; swapped < 2; swapped++) {
        bool turn = swapped && my_rank() && my_rank() == last_rank();
        snprintf(list, sizeof list, "@%.450s/list", scene.own);
        snprintf(lines, sizeof lines, "%d.h5\n%d.h5\n", turn, !turn);
        need(!io_write_text(list + 1, lines), list);
        shs_status status = shs_dataset_open(scene.run, list, "s", NULL, &data);
        if (swapped && last_rank()) {
            if (CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, last_rank()))) CHECK(data == NULL);
            CHECK_HAS(shs_message(), "2 files of names, in order,");
        } else {
            CHECK_STATUS(status, SHS_OK);
        }
        shs_dataset_close(&data);
    }
    scene_end(&scene);
}

/* More virtual ranks than samples: the first batch of all has no rows, and no memory for any yet.
 */
static void test_batches_without_rows(void)
{
    struct scene scene = scene_begin();
    const shs_run_options many = {.vranks = 100};
    const shs_loader_options one = {.batch = 1, .epochs = 1};
    shs_dataset *data;
    shs_loader *loader;
    shs_batch batch;
    uint64_t rows = 0;
    shs_close(&scene.run);
    need(!shs_open(MPI_COMM_WORLD, &many, &scene.run), "shs_open");
    for (int f = 0; f < 3; f++)
        write_own(&scene, f, 2, 0);
    need(!shs_dataset_open(scene.run, scene.own, "s", NULL, &data), "open");
    need(!shs_loader_open(data, &one, &loader), "open");
    while (shs_next(loader, &batch) == SHS_OK) {
        if (my_rank() == 0 && batch.vrank == 0) CHECK_EQ(batch.rows, 0);
        rows += batch.rows;
        if (batch.ends_step) CHECK_STATUS(shs_agree(scene.run), SHS_OK);
    }
    MPI_Allreduce(MPI_IN_PLACE, &rows, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    CHECK_EQ(rows, 6);
    shs_loader_close(&loader);
    shs_dataset_close(&data);
    scene_end(&scene);
}

struct call {
    const struct scene *scene;
    const char *fields;
    bool one_a_file;
};

/* Opens, reads an epoch, and closes. */
static shs_status use_all(void *user)
{
    const struct call *call = user;
    const shs_dataset_options options = {.one_sample_a_file = call->one_a_file};
    const shs_loader_options four = {.batch = 4, .epochs = 1};
    shs_dataset *data = NULL;
    shs_loader *loader = NULL;
    shs_batch batch;
    shs_status status =
        shs_dataset_open(call->scene->run, call->scene->own, call->fields, &options, &data);
    if (!status) status = shs_loader_open(data, &four, &loader);
    for (uint64_t i = 0; !status && i < shs_epoch_steps(loader); i++) {
        do
            status = shs_next(loader, &batch);
        while (!status && !batch.ends_step);
        if (!status) status = shs_agree(call->scene->run);
    }
    shs_loader_close(&loader);
    shs_dataset_close(&data);
    return status;
}

static void test_memory_runs_out(void)
{
    static const struct call calls[] = {
        {NULL, "s, x=o", false},
        {NULL, "x=s(window=2, stride=2), y=s(window=1, stride=2, lead=2)", false},
        {NULL, "s(offsets=o)", false},
        {NULL, "s, x=o", true},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct scene scene = scene_begin();
        struct call call = calls[i];
        call.scene = &scene;
        for (int f = 0; f < 3; f++)
            write_own(&scene, f, 5, 0);
        CHECK(survives_scarcity(last_rank(), use_all, &call));
        scene_end(&scene);
    }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"ranks have the same files", test_ranks_have_the_same_files},
        {"files have the same samples", test_files_have_the_same_samples},
        {"files have the same content", test_files_have_the_same_content},
        {"fields are the same", test_fields_are_the_same},
        {"a file that one rank misses", test_a_file_that_one_rank_misses},
        {"offsets that are wrong on one rank", test_offsets_that_are_wrong_on_one_rank},
        {"a sample that one rank cannot read", test_a_sample_that_one_rank_cannot_read},
        {"the order of files is agreed on", test_the_order_of_files_is_agreed_on},
        {"batches without rows", test_batches_without_rows},
        {"memory runs out", test_memory_runs_out},
    };
    return harness_main_ranks("files", tests, sizeof tests / sizeof *tests, argc, argv);
}
