/* What the opening of a loader refuses, on all ranks alike. */
#include "batches.h"
#include "loader_scene.h"
#include "mpi_run.h"

/* A run and a dataset, and options that are refused. */
struct door {
    struct scene scene;
    shs_run *run;
    shs_dataset *data;
};

static struct door door_begin(uint64_t vranks)
{
    struct door door = {.scene = scene_begin()};
    need(!shs_open(MPI_COMM_WORLD, &(shs_run_options){.vranks = vranks}, &door.run), "open");
    need(!shs_dataset_open(door.run, door.scene.path, samples_fields, NULL, &door.data), "open");
    return door;
}

static void door_end(struct door *door)
{
    shs_dataset_close(&door->data);
    shs_close(&door->run);
    scene_end(&door->scene);
}

static void refuse(const struct door *door, const shs_loader_options *options, shs_status expected,
                   int failing)
{
    shs_loader *loader;
    memset(&loader, 1, sizeof loader); /* to be cleared on error */
    shs_status status = shs_loader_open(door->data, options, &loader);
    CHECK(agreed_failure(status, expected, failing));
    CHECK(expected == SHS_ERROR_DISAGREE || message_has("shs_loader_open"));
    CHECK(loader == NULL);
}

/* Only one rank's options are bad. */
static void refuse_last(const struct door *door, shs_loader_options options, shs_status expected,
                        const char *word)
{
    static const shs_loader_options good = {.batch = 1};
    refuse(door, my_rank() == last_rank() ? &options : &good, expected, last_rank());
    CHECK_HAS(shs_message(), word);
}

static void test_options_out_of_range_are_refused(void)
{
    struct door door = door_begin(0);
    const shs_status no = SHS_ERROR_ARGUMENT;
    refuse_last(&door, (shs_loader_options){.stream = 16}, no, "stream 16; the most is 15");
    refuse_last(&door, (shs_loader_options){.ahead = 4097}, no, "ahead 4097; the most is ");
    refuse_last(&door, (shs_loader_options){.blocks = {.rows = 64}}, no, "blocks.rows 64");
    refuse_last(&door, (shs_loader_options){.blocks = {.window = 4}}, no, "blocks.window 4");
    refuse_last(&door, (shs_loader_options){.batch = UINT64_C(1) << 32}, no, "batch");
    refuse_last(&door, (shs_loader_options){.epochs = (UINT64_C(1) << 32) + 1}, no,
                "epochs 4294967297; the most is 2^32");
    refuse_last(&door, (shs_loader_options){.subset = {.n_rows = 3}}, no,
                "subset.n_rows is 3, but subset.rows is");
    refuse_last(&door, (shs_loader_options){.sampling = {.n_mix = 1}}, no,
                "sampling.n_mix is 1, but sampling.mix is");
    refuse_last(&door, (shs_loader_options){.sampling = {.n_weights = 2}}, no,
                "sampling.n_weights is 2, but sampling.weights is");
    refuse_last(&door, (shs_loader_options){.augment_by = (shs_augment_by)2}, no,
                "augment_by 2 is none of: rank and step, sample");
    refuse_last(&door, (shs_loader_options){.augment = "images: rotate()"}, no, "rotate");
    refuse_last(&door, (shs_loader_options){.augment = "faces: random_flip(axis=w)"}, no, "faces");
    door_end(&door);
}

static void test_an_epoch_of_no_steps_is_refused(void)
{
    uint64_t vranks = (uint64_t)all_ranks() + 1;
    struct door door = door_begin(vranks);
    char numbers[64];
    refuse(&door, &(shs_loader_options){.batch = 30, .tail = SHS_TAIL_DROP}, SHS_ERROR_ARGUMENT, 0);
    snprintf(numbers, sizeof numbers, "V = %llu", (ull)vranks);
    if (CHECK_HAS(shs_message(), "N = 53") && CHECK_HAS(shs_message(), numbers))
        CHECK_HAS(shs_message(), "b = 30");
    door_end(&door);
}

static void test_options_must_be_alike(void)
{
    if (all_ranks() == 1) return;
    static const uint64_t two[] = {3, 5}, three[] = {3, 6};
    static const shs_loader_options other[] = {
        {.batch = 1, .failures = {.damage = SHS_DAMAGE_REPLACE}},
        {.batch = 1, .failures = {.nan = SHS_NAN_STOP}},
        {.batch = 1, .failures = {.exclude = two, .n_exclude = 2}},
        {.batch = 2},
        {.batch = 1, .epochs = 1},
        {.batch = 1, .shuffle = SHS_SHUFFLE_NONE},
        {.batch = 1, .tail = SHS_TAIL_DROP},
        {.batch = 1, .shard = SHS_SHARD_FIXED},
        {.batch = 1, .stream = 1},
        {.batch = 1, .augment_by = SHS_BY_SAMPLE},
        {.batch = 1, .augment = "images: random_flip(axis=w)"}};
    struct door door = door_begin(0);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        refuse_last(&door, other[i], SHS_ERROR_DISAGREE, "shs_loader_open");
    /* lists of other rows, which are as long */
    const bool last = my_rank() == last_rank();
    const shs_loader_options lists = {.batch = 1,
                                      .failures = {.exclude = last ? two : three, .n_exclude = 2}};
    refuse(&door, &lists, SHS_ERROR_DISAGREE, last_rank());
    door_end(&door);
}

/* Each rank has a copy of its own, the last one's in other chunks: what it would take for blocks is
 * told, and one that is told which runs with the others. */
static void test_copies_in_other_chunks_need_blocks(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    struct door door = {.scene = scene};
    shs_loader_options options = {.batch = 3, .epochs = 1, .shuffle = SHS_SHUFFLE_BLOCKS};
    shs_loader *loader;
    const struct h5_storage storage = {.chunk_rows = my_rank() == last_rank() ? 5 : 4};
    samples_own(scene.folder, ROWS, storage, door.scene.path);
    need(!shs_open(MPI_COMM_WORLD, NULL, &door.run), "open");
    need(!shs_dataset_open(door.run, door.scene.path, samples_fields, NULL, &door.data), "open");
    refuse(&door, &options, SHS_ERROR_DISAGREE, last_rank());
    CHECK_HAS(shs_message(), "blocks of 5 rows");
    CHECK_HAS(shs_message(), "blocks of 4 rows");
    options.blocks.rows = 4;
    CHECK_STATUS(shs_loader_open(door.data, &options, &loader), SHS_OK);
    if (loader) CHECK_EQ(rows_of_epoch(loader), ROWS);
    shs_loader_close(&loader);
    door_end(&door);
}

/* A long text is compared as a whole, not only as much of it as a message shows. */
static void test_a_long_augmentation_must_be_alike(void)
{
    if (all_ranks() == 1) return;
    char text[2048] = "images:";
    struct door door = door_begin(0);
    for (int i = 0; i < 40; i++)
        strcat(text, " random_flip(axis=w, p=0.25)");
    strcat(text, my_rank() == last_rank() ? " random_flip(axis=h)" : " random_flip(axis=w)");
    refuse(&door, &(shs_loader_options){.augment = text}, SHS_ERROR_DISAGREE, last_rank());
    door_end(&door);
}

static void test_a_stream_is_drawn_by_one_loader(void)
{
    static const shs_loader_options draws = {.stream = 3}, flips = {.stream = 3,
                                                                    .shuffle = SHS_SHUFFLE_NONE,
                                                                    .augment = augmentation};
    static const shs_loader_options still = {.stream = 3, .shuffle = SHS_SHUFFLE_NONE};
    struct door door = door_begin(0);
    shs_loader *first, *second;
    need(!shs_loader_open(door.data, &draws, &first), "shs_loader_open");
    refuse(&door, &draws, SHS_ERROR_STATE, 0);
    CHECK_HAS(shs_message(), "stream 3");
    refuse(&door, &flips, SHS_ERROR_STATE, 0);
    CHECK_STATUS(shs_loader_open(door.data, &still, &second),
                 SHS_OK); /* file order draws nothing */
    shs_loader_close(&second);
    refuse(&door, &draws, SHS_ERROR_STATE, 0); /* what was refused or drew nothing frees nothing */
    shs_loader_close(&first);
    CHECK_STATUS(shs_loader_open(door.data, &flips, &second), SHS_OK);
    shs_loader_close(&second);
    door_end(&door);
}

/* A rank that has taken a stream before another one fails must give it back. */
static void test_a_refused_loader_takes_no_stream(void)
{
    struct door door = door_begin(0);
    shs_loader *loader;
    refuse_last(&door, (shs_loader_options){.batch = 1, .threads = 65}, SHS_ERROR_ARGUMENT,
                "threads 65; the most is 64");
    shs_status status = shs_loader_open(door.data, &(shs_loader_options){.batch = 1}, &loader);
    CHECK_STATUS(status, SHS_OK);
    shs_loader_close(&loader);
    door_end(&door);
}

/* A dataset without storage of 2^22 rows of 2^26 bytes: a batch of all of it has 2^48, more than a
 * process can have, while what is needed beside it is small. */
static void write_vast(const char *path)
{
    const hsize_t extent[] = {1 << 22, 1 << 26}, chunk[] = {1, 1 << 20};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, extent, NULL), creation = H5Pcreate(H5P_DATASET_CREATE);
    need(H5Pset_chunk(creation, 2, chunk) >= 0, path);
    hid_t dataset =
        H5Dcreate2(file, "vast", H5T_STD_U8LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    need(dataset >= 0 && H5Dclose(dataset) >= 0, path);
    H5Pclose(creation);
    H5Sclose(space);
    need(H5Fclose(file) >= 0, path);
}

static void test_a_vast_batch_has_no_memory(void)
{
    struct door door = door_begin(0);
    shs_dataset_close(&door.data);
    if (my_rank() == 0) write_vast(door.scene.path);
    MPI_Barrier(MPI_COMM_WORLD);
    need(!shs_dataset_open(door.run, door.scene.path, "vast", NULL, &door.data), "open");
    refuse(&door, &(shs_loader_options){.batch = 1 << 22}, SHS_ERROR_MEMORY, 0);
    CHECK_HAS(
        shs_message(),
        " bytes); give smaller batches, a smaller ahead or keep, or smaller sizes in augment");
    door_end(&door);
}

static shs_status open_and_close(void *user)
{
    shs_loader *loader;
    const shs_loader_options options = {.augment = augmentation};
    shs_status status = shs_loader_open(user, &options, &loader);
    shs_loader_close(&loader);
    return status;
}

static void test_memory_runs_out_in_open(void)
{
    struct door door = door_begin(0);
    CHECK(survives_scarcity(last_rank(), open_and_close, door.data));
    door_end(&door);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"options out of range are refused", test_options_out_of_range_are_refused},
        {"an epoch of no steps is refused", test_an_epoch_of_no_steps_is_refused},
        {"options must be alike", test_options_must_be_alike},
        {"copies in other chunks need blocks", test_copies_in_other_chunks_need_blocks},
        {"a long augmentation must be alike", test_a_long_augmentation_must_be_alike},
        {"a stream is drawn by one loader", test_a_stream_is_drawn_by_one_loader},
        {"a refused loader takes no stream", test_a_refused_loader_takes_no_stream},
        {"a vast batch has no memory", test_a_vast_batch_has_no_memory},
        {"memory runs out in open", test_memory_runs_out_in_open},
    };
    return harness_main_ranks("loader_refused", tests, sizeof tests / sizeof *tests, argc, argv);
}
