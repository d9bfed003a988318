/* Opening a dataset on several ranks: what is there, and what only one rank finds amiss. */
#include "samples.h"
#include "shardstep/dataset.h"

static const struct h5_storage contiguous = {0};

static shs_run *open_run(void)
{
    shs_run *run;
    need(!shs_open(MPI_COMM_WORLD, NULL, &run), "shs_open");
    return run;
}

/* Each test has a run, a folder and in it a file with the samples. */
struct scene {
    shs_run *run;
    char folder[PATH_BYTES];
    char path[PATH_BYTES];
};

enum {
    ROWS = 11
};

static struct scene scene_begin(void)
{
    struct scene scene = {.run = open_run()};
    folder_make(scene.folder);
    samples_shared(scene.folder, "samples.h5", ROWS, contiguous, scene.path);
    return scene;
}

static void scene_end(struct scene *scene)
{
    shs_close(&scene->run);
    folder_remove(scene->folder);
}

static void refuse(const struct scene *scene, const char *path, const char *fields,
                   shs_status expected, int failing)
{
    shs_dataset *data;
    memset(&data, 1, sizeof data); /* to be cleared on error */
    shs_status status = shs_dataset_open(scene->run, path, fields, NULL, &data);
    CHECK(agreed_failure(status, expected, failing));
    CHECK(data == NULL);
}

static bool same_sample(const shs_tensor *sample, const shs_tensor *expected)
{
    return sample && strcmp(sample->name, expected->name) == 0 && sample->type == expected->type &&
           sample->axes == expected->axes && !sample->data &&
           memcmp(sample->shape, expected->shape, expected->axes * sizeof *sample->shape) == 0;
}

static void test_fields_are_described(void)
{
    static const shs_tensor labels = {.name = "labels", .type = SHS_I32},
                            images = {.name = "images",
                                      .type = SHS_U8,
                                      .axes = 2,
                                      .shape = {IMAGE_HEIGHT, IMAGE_WIDTH}};
    struct scene scene = scene_begin();
    shs_dataset *data;
    shs_dataset_options options = {.cache_bytes = 1 << 20};
    shs_status status =
        shs_dataset_open(scene.run, scene.path, " labels , images", &options, &data);
    if (ALL_STATUS(status, SHS_OK)) {
        CHECK_EQ(shs_dataset_samples(data), ROWS);
        CHECK_EQ(shs_dataset_fields(data), 2);
        CHECK(same_sample(shs_dataset_field(data, 0), &labels));
        CHECK(same_sample(shs_dataset_field(data, 1), &images));
        CHECK(shs_dataset_field(data, 2) == NULL);
        shs_dataset_close(&data);
        CHECK(data == NULL);
        shs_dataset_close(&data);
        shs_dataset_close(NULL);
    }
    scene_end(&scene);
}

static void test_a_file_that_one_rank_misses(void)
{
    struct scene scene = scene_begin();
    for (int failing = 0; failing < all_ranks(); failing++) {
        char missing[PATH_BYTES + 16];
        snprintf(missing, sizeof missing, "%s-%d", scene.path, my_rank());
        refuse(&scene, my_rank() == failing ? missing : scene.path, samples_fields, SHS_ERROR_FILE,
               failing);
        snprintf(missing, sizeof missing, "samples.h5-%d", failing);
        CHECK_HAS(shs_message(), "shs_dataset_open");
        CHECK_HAS(shs_message(), missing);
    }
    scene_end(&scene);
}

static void test_a_file_that_is_no_hdf5_on_one_rank(void)
{
    struct scene scene = scene_begin();
    char text[PATH_BYTES + 16];
    snprintf(text, sizeof text, "%s-text-%d", scene.path, my_rank());
    FILE *file = fopen(text, "w");
    need(file && fputs("1, 2, 3\n", file) >= 0 && fclose(file) == 0, text);
    refuse(&scene, my_rank() == last_rank() ? text : scene.path, samples_fields, SHS_ERROR_FORMAT,
           last_rank());
    scene_end(&scene);
}

static void test_a_field_that_one_rank_misses(void)
{
    struct scene scene = scene_begin();
    const char *fields = my_rank() == last_rank() ? "images,faces" : samples_fields;
    refuse(&scene, scene.path, fields, SHS_ERROR_FILE, last_rank());
    CHECK_HAS(shs_message(), "'faces'");
    CHECK_HAS(shs_message(), "labels"); /* what there is instead */
    scene_end(&scene);
}

static void test_names_of_fields(void)
{
    static const char *const bad[] = {"", ",images", "images,", "images,,labels", "images, ,labels",
                                      " "};
    struct scene scene = scene_begin();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(&scene, scene.path, bad[i], SHS_ERROR_ARGUMENT, 0);
    refuse(&scene, scene.path, "images,labels,images", SHS_ERROR_ARGUMENT, 0);
    CHECK_HAS(shs_message(), "images");
    refuse(&scene, scene.path, NULL, SHS_ERROR_ARGUMENT, 0);
    refuse(&scene, NULL, samples_fields, SHS_ERROR_ARGUMENT, 0);
    scene_end(&scene);
}

/* Fields f0, f1, … and their names, separated by commas. */
static void write_many_fields(const char *path, size_t count)
{
    const shs_tensor shape = {.type = SHS_U8, .axes = 1, .shape = {1}};
    const uint8_t number = 1;
    struct h5_writer *writer;
    need(!h5_create(path, &writer), path);
    for (size_t f = 0; f < count; f++) {
        char name[16];
        snprintf(name, sizeof name, "f%zu", f);
        need(!h5_create_array(writer, name, &shape, &contiguous), path);
        need(!h5_write_rows(writer, 1, &number), path);
    }
    need(!h5_finish(&writer), path);
}

static void test_at_most_64_fields(void)
{
    struct scene scene = scene_begin();
    char names[512] = "f0";
    shs_dataset *data;
    if (my_rank() == 0) write_many_fields(scene.path, SHS_MAX_FIELDS + 1);
    MPI_Barrier(MPI_COMM_WORLD);
    for (size_t f = 1; f < SHS_MAX_FIELDS; f++)
        snprintf(names + strlen(names), sizeof names - strlen(names), ",f%zu", f);
    shs_status status = shs_dataset_open(scene.run, scene.path, names, NULL, &data);
    if (ALL_STATUS(status, SHS_OK)) CHECK_EQ(shs_dataset_fields(data), SHS_MAX_FIELDS);
    shs_dataset_close(&data);
    strcat(names, ",f64");
    refuse(&scene, scene.path, names, SHS_ERROR_ARGUMENT, 0);
    scene_end(&scene);
}

/* A dataset of fixed texts, one of a single number, and one with more axes than a tensor has. */
static void write_odd_datasets(const char *path)
{
    static const hsize_t extent[SHS_MAX_AXES + 1] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t row = H5Screate_simple(1, extent, NULL), one = H5Screate(H5S_SCALAR);
    hid_t deep = H5Screate_simple(SHS_MAX_AXES + 1, extent, NULL), text = H5Tcopy(H5T_C_S1);
    need(H5Tset_size(text, 8) >= 0, path);
    const struct {
        const char *name;
        hid_t type;
        hid_t space;
    } odd[] = {{"text", text, row}, {"one", H5T_STD_U8LE, one}, {"deep", H5T_STD_U8LE, deep}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        hid_t dataset = H5Dcreate2(file, odd[i].name, odd[i].type, odd[i].space, H5P_DEFAULT,
                                   H5P_DEFAULT, H5P_DEFAULT);
        need(dataset >= 0 && H5Dclose(dataset) >= 0, odd[i].name);
    }
    H5Sclose(row);
    H5Sclose(one);
    H5Sclose(deep);
    H5Tclose(text);
    need(H5Fclose(file) >= 0, path);
}

static void test_datasets_that_are_no_fields(void)
{
    static const char *const odd[] = {"text", "one", "deep"};
    struct scene scene = scene_begin();
    if (my_rank() == 0) write_odd_datasets(scene.path);
    MPI_Barrier(MPI_COMM_WORLD);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        refuse(&scene, scene.path, odd[i], SHS_ERROR_UNSUPPORTED, 0);
        CHECK_HAS(shs_message(), odd[i]);
    }
    scene_end(&scene);
}

/* Two fields of given numbers of rows; the first has `width` elements a row. */
static void write_two(const char *path, uint64_t a_rows, uint64_t b_rows, uint64_t width,
                      shs_type type)
{
    const shs_tensor a = {.type = type, .axes = 2, .shape = {a_rows, width}};
    const shs_tensor b = {.type = SHS_U8, .axes = 1, .shape = {b_rows}};
    struct h5_writer *writer;
    char *zeros = room(a_rows * width + b_rows, 8);
    need(!h5_create(path, &writer), path);
    need(!h5_create_array(writer, "a", &a, &contiguous), path);
    need(!h5_write_rows(writer, a_rows, zeros), path);
    need(!h5_create_array(writer, "b", &b, &contiguous), path);
    need(!h5_write_rows(writer, b_rows, zeros), path);
    need(!h5_finish(&writer), path);
    free(zeros);
}

static void test_all_fields_have_equally_many_rows(void)
{
    struct scene scene = scene_begin();
    if (my_rank() == 0) write_two(scene.path, 7, 8, 1, SHS_U8);
    MPI_Barrier(MPI_COMM_WORLD);
    refuse(&scene, scene.path, "a,b", SHS_ERROR_FORMAT, 0);
    CHECK_HAS(shs_message(), "field a has 7 rows");
    CHECK_HAS(shs_message(), "field b has 8");
    scene_end(&scene);
}

/* Every rank has its own file; the last one's is another. */
static void compare_copies(const struct scene *scene, uint64_t rows, uint64_t width, shs_type type)
{
    char own[PATH_BYTES];
    bool odd = my_rank() == last_rank();
    snprintf(own, sizeof own, "%.400s/copy-%d.h5", scene->folder, my_rank());
    write_two(own, 6, 6, 3, SHS_U16);
    if (odd) write_two(own, rows, rows, width, type);
    refuse(scene, own, "a,b", SHS_ERROR_DISAGREE, last_rank());
}

static void test_copies_that_differ_are_told_apart(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    compare_copies(&scene, 7, 3, SHS_U16);
    compare_copies(&scene, 6, 4, SHS_U16);
    compare_copies(&scene, 6, 3, SHS_I16);
    scene_end(&scene);
}

static void test_fields_in_another_order_differ(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    refuse(&scene, scene.path, my_rank() == 1 ? "labels,images" : "images,labels",
           SHS_ERROR_DISAGREE, 1);
    CHECK_HAS(shs_message(), "labels,images");
    CHECK_HAS(shs_message(), "images,labels");
    scene_end(&scene);
}

static void test_copies_may_lie_in_different_places(void)
{
    struct scene scene = scene_begin();
    char own[PATH_BYTES];
    shs_dataset *data;
    samples_own(scene.folder, ROWS, (struct h5_storage){.chunk_rows = 2}, own);
    shs_status status = shs_dataset_open(scene.run, own, samples_fields, NULL, &data);
    CHECK_STATUS(status, SHS_OK);
    shs_dataset_close(&data);
    scene_end(&scene);
}

static void test_an_empty_dataset_opens_but_has_no_steps(void)
{
    struct scene scene = scene_begin();
    shs_dataset *data;
    shs_loader *loader;
    samples_shared(scene.folder, "empty.h5", 0, contiguous, scene.path);
    shs_status status = shs_dataset_open(scene.run, scene.path, samples_fields, NULL, &data);
    if (ALL_STATUS(status, SHS_OK)) {
        CHECK_EQ(shs_dataset_samples(data), 0);
        status = shs_loader_open(data, NULL, &loader);
        CHECK(agreed_failure(status, SHS_ERROR_ARGUMENT, 0));
        CHECK_HAS(shs_message(), "N = 0");
        CHECK(loader == NULL);
    }
    shs_dataset_close(&data);
    scene_end(&scene);
}

static shs_status open_and_close(void *user)
{
    const struct scene *scene = user;
    shs_dataset *data;
    shs_status status = shs_dataset_open(scene->run, scene->path, samples_fields, NULL, &data);
    shs_dataset_close(&data);
    return status;
}

static void test_memory_runs_out_on_one_rank(void)
{
    struct scene scene = scene_begin();
    CHECK(survives_scarcity(last_rank(), open_and_close, &scene));
    scene_end(&scene);
}

/* A run without MPI reads as well, while the other ranks do something else. */
static void test_a_dataset_of_a_lone_run(void)
{
    struct scene scene = scene_begin();
    if (my_rank() == last_rank()) {
        shs_run *run = NULL;
        shs_dataset *data = NULL;
        bool opened = !shs_open(MPI_COMM_NULL, NULL, &run) &&
                      !shs_dataset_open(run, scene.path, "labels", NULL, &data);
        if (CHECK(opened)) CHECK_EQ(shs_dataset_samples(data), ROWS);
        shs_close(&run); /* a dataset outlives its run, and can be closed */
        shs_dataset_close(&data);
    }
    scene_end(&scene);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"fields are described", test_fields_are_described},
        {"a file that one rank misses", test_a_file_that_one_rank_misses},
        {"a file that is no HDF5 on one rank", test_a_file_that_is_no_hdf5_on_one_rank},
        {"a field that one rank misses", test_a_field_that_one_rank_misses},
        {"names of fields", test_names_of_fields},
        {"at most 64 fields", test_at_most_64_fields},
        {"datasets that are no fields", test_datasets_that_are_no_fields},
        {"all fields have equally many rows", test_all_fields_have_equally_many_rows},
        {"copies that differ are told apart", test_copies_that_differ_are_told_apart},
        {"fields in another order differ", test_fields_in_another_order_differ},
        {"copies may lie in different places", test_copies_may_lie_in_different_places},
        {"an empty dataset opens but has no steps", test_an_empty_dataset_opens_but_has_no_steps},
        {"memory runs out on one rank", test_memory_runs_out_on_one_rank},
        {"a dataset of a lone run", test_a_dataset_of_a_lone_run},
    };
    return harness_main_ranks("dataset", tests, sizeof tests / sizeof *tests, argc, argv);
}
