/* Loaders: the order of rows, the same run on any number of ranks, augmentation. */
#include "batches.h"
#include "loader_scene.h"
#include "shardstep/random.h"

/* ---- the order of rows */

/* Scribbles over a batch, as a program may. */
static void scribble(const shs_batch *batch)
{
    for (size_t f = 0; f < batch->fields; f++) {
        size_t bytes;
        need(!shs_tensor_bytes(&batch->field[f], &bytes), "shs_tensor_bytes");
        memset(batch->field[f].data, 0xee, bytes);
    }
}

static bool step_is_right(const struct job *job, const struct course *course, shs_cursor at,
                          const struct order_permutation *permutation)
{
    shs_run_info info = shs_info(job->run);
    bool right = true;
    for (uint64_t i = 0; i < info.hosted; i++) {
        shs_batch batch;
        bool last = i + 1 == info.hosted, ends = at.epoch_step + 1 == course_steps(course);
        harness_where("step %llu, vrank %llu of %llu", (ull)at.step, (ull)(info.first_vrank + i),
                      (ull)info.vranks);
        right = CHECK_STATUS(shs_next(job->loader, &batch), SHS_OK) && right;
        right = right && batch_is(&batch, course, at, info.first_vrank + i, permutation) &&
                batch_shape_is_right(&batch) && batch_content_is_right(&batch) &&
                CHECK_EQ(batch.ends_step, last) && CHECK_EQ(batch.ends_epoch, last && ends);
        if (batch.fields) scribble(&batch);
    }
    return right;
}

static void follow_course(const struct course *course, const char *path)
{
    struct job job = course_open(course, MPI_COMM_WORLD, path);
    struct order_permutation permutation = {0};
    shs_cursor at = {0};
    shs_batch batch;
    bool right = CHECK_EQ(shs_epoch_steps(job.loader), course_steps(course));
    for (at.epoch = 0; at.epoch < course->loader.epochs; at.epoch++) {
        need(!order_permutation_set(&permutation, course->seed, course->loader.stream, at.epoch,
                                    course->rows),
             "order_permutation_set");
        for (at.epoch_step = 0; at.epoch_step < course_steps(course); at.epoch_step++, at.step++)
            right = step_is_right(&job, course, at, &permutation) && right;
    }
    CHECK(right);
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_END)) CHECK(is_zero(&batch, sizeof batch));
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_END);
    order_permutation_free(&permutation);
    job_close(&job);
}

static void follow_courses_of(struct course course, const char *path)
{
    static const uint64_t batches[] = {1, 3, 4, ROWS, 100};
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        course.loader.batch = batches[i];
        if (course_steps(&course)) follow_course(&course, path);
    }
}

static void test_batches_follow_the_contract(void)
{
    struct scene scene = scene_begin();
    uint64_t ranks = (uint64_t)all_ranks();
    for (uint64_t vranks = ranks; vranks <= 2 * ranks + 1; vranks++)
        for (int tail = 0; tail < 2; tail++)
            for (int shuffle = 0; shuffle < 2; shuffle++)
                follow_courses_of((struct course){9 + vranks,
                                                  vranks,
                                                  ROWS,
                                                  {.epochs = 2,
                                                   .tail = (shs_tail)tail,
                                                   .stream = (uint32_t)(vranks % 16),
                                                   .shuffle = (shs_shuffle)shuffle}},
                                  scene.path);
    scene_end(&scene);
}

static void test_a_batch_holds_32_rows_by_default(void)
{
    struct scene scene = scene_begin();
    struct course course = {1, (uint64_t)all_ranks(), ROWS, {.batch = 0}};
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    course.loader.batch = 32;
    CHECK_EQ(shs_epoch_steps(job.loader), course_steps(&course));
    shs_loader_close(&job.loader);
    CHECK(job.loader == NULL);
    shs_loader_close(&job.loader);
    shs_loader_close(NULL);
    CHECK_STATUS(shs_loader_open(job.data, NULL, &job.loader), SHS_OK);
    CHECK_EQ(shs_epoch_steps(job.loader), course_steps(&course));
    job_close(&job);
    scene_end(&scene);
}

/* How often each row arrived in one epoch, over all ranks. */
static void count_epoch(shs_loader *loader, uint64_t *counts)
{
    shs_batch batch = {0};
    while (!batch.ends_epoch) {
        need(shs_next(loader, &batch) == SHS_OK, "shs_next");
        for (uint64_t slot = 0; slot < batch.rows; slot++)
            counts[batch.index[slot]]++;
    }
    MPI_Allreduce(MPI_IN_PLACE, counts, ROWS, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
}

static void test_an_epoch_has_every_row_once(void)
{
    struct scene scene = scene_begin();
    for (int drop = 0; drop < 2; drop++) {
        struct course course = plain_course();
        course.loader.tail = drop ? SHS_TAIL_DROP : SHS_TAIL_SHORT;
        if (!course_steps(&course)) continue;
        struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
        for (uint64_t epoch = 0; epoch < 2; epoch++) {
            uint64_t counts[ROWS] = {0}, total = 0;
            count_epoch(job.loader, counts);
            for (uint64_t row = 0; row < ROWS; row++) {
                CHECK(counts[row] == 1 || (drop && counts[row] == 0));
                total += counts[row];
            }
            CHECK_EQ(total, drop ? ROWS - ROWS % (3 * course.vranks) : ROWS);
        }
        job_close(&job);
    }
    scene_end(&scene);
}

/* ---- the same run on any number of ranks, from any file */

/* One rank alone runs all virtual ranks; each rank of the job must do its part of that. */
static void test_any_number_of_ranks_runs_the_same(void)
{
    struct scene scene = scene_begin();
    for (int by = 0; by < 2; by++) {
        struct course course = plain_course();
        course.loader.augment = augmentation;
        course.loader.augment_by = (shs_augment_by)by;
        struct record whole = record_run(&course, MPI_COMM_NULL, scene.path);
        struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
        struct record own = record_new(course.vranks, whole.steps);
        shs_run_info info = shs_info(job.run);
        CHECK_STATUS(record_rest(&own, job.loader), SHS_END);
        CHECK(record_agrees(&own, &whole, &info, 0));
        job_close(&job);
        record_free(&own);
        record_free(&whole);
    }
    scene_end(&scene);
}

/* On all ranks as on one, and as well from a step in the middle of each epoch on. */
static void follow_order(const struct course *course, const char *path)
{
    struct job alone = course_open(course, MPI_COMM_NULL, path);
    struct job job = course_open(course, MPI_COMM_WORLD, path);
    shs_run_info info = shs_info(job.run);
    uint64_t steps = shs_epoch_steps(job.loader), epochs = course->loader.epochs;
    struct record whole = record_new(course->vranks, steps * epochs);
    CHECK_STATUS(record_rest(&whole, alone.loader), SHS_END);
    for (uint64_t epoch = 0; epoch <= epochs; epoch++) {
        struct record own = record_new(course->vranks, whole.steps);
        uint64_t within = epoch ? steps / 2 : 0, from = epoch ? (epoch - 1) * steps + within : 0;
        const shs_cursor at = {epoch ? epoch - 1 : 0, within, from};
        CHECK_STATUS(shs_seek(job.loader, at), SHS_OK);
        CHECK_STATUS(record_rest(&own, job.loader), SHS_END);
        CHECK(record_agrees(&own, &whole, &info, from));
        record_free(&own);
    }
    CHECK_STATUS(shs_seek(job.loader, (shs_cursor){0}), SHS_OK);
    uint64_t taken = rows_of_epoch(job.loader);
    CHECK(course->loader.tail == SHS_TAIL_DROP
              ? taken == steps * course->vranks * course->loader.batch
              : taken == ROWS);
    record_free(&whole);
    job_close(&job);
    job_close(&alone);
}

static void test_every_order_is_the_same_on_any_number_of_ranks(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES];
    samples_shared(scene.folder, "deflated.h5", ROWS,
                   (struct h5_storage){.chunk_rows = 4, .deflate = 1}, path);
    for (int shuffle = 0; shuffle < 3; shuffle++)
        for (int shard = 0; shard < 2; shard++)
            for (int tail = 0; tail < 3; tail++) {
                struct course course = plain_course();
                course.loader.shuffle = (shs_shuffle)shuffle;
                course.loader.shard = (shs_shard)shard;
                course.loader.tail = (shs_tail)tail;
                if (shuffle == SHS_SHUFFLE_BLOCKS) course.loader.blocks.window = 2;
                follow_order(&course, path);
            }
    scene_end(&scene);
}

/* Whether two courses hand out the same, on this rank. */
static bool same_run(const struct course *one, const char *path, const struct course *other,
                     const char *other_path)
{
    struct record first = record_run(one, MPI_COMM_NULL, path);
    struct record second = record_run(other, MPI_COMM_NULL, other_path);
    bool same = first.steps == second.steps &&
                !memcmp(first.hash, second.hash, first.vranks * first.steps * sizeof *first.hash);
    record_free(&first), record_free(&second);
    return same;
}

/* Images in chunks of 4 rows, and labels of a byte in one chunk. */
static void write_mixed_chunks(const char *path)
{
    static const shs_tensor images = {.type = SHS_U8, .axes = 3, .shape = {ROWS, 4, 5}},
                            labels = {.type = SHS_U8, .axes = 1, .shape = {ROWS}};
    static uint8_t bytes[ROWS * IMAGE_BYTES];
    struct h5_writer *writer;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    need(
        !h5_create(path, &writer) &&
            !h5_create_array(writer, "images", &images, &(struct h5_storage){.chunk_rows = 4}) &&
            !h5_write_rows(writer, ROWS, bytes) &&
            !h5_create_array(writer, "labels", &labels, &(struct h5_storage){.chunk_rows = ROWS}) &&
            !h5_write_rows(writer, ROWS, bytes) && !h5_finish(&writer),
        path);
}

/* A block is a chunk by default, or a MiB, which these rows do not fill; a window is 16 blocks. */
static void test_chunks_set_the_blocks(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES];
    struct course usual = {42, 2, ROWS, {.batch = 53, .epochs = 1, .shuffle = SHS_SHUFFLE_BLOCKS}};
    struct course set = usual;
    set.loader.blocks.rows = 4;
    set.loader.blocks.window = 16;
    samples_own(scene.folder, ROWS, (struct h5_storage){.chunk_rows = 4}, path);
    CHECK(same_run(&usual, path, &set, scene.path));
    CHECK(!same_run(&usual, path, &usual, scene.path));
    set.loader.blocks.window = 3;
    CHECK(!same_run(&usual, path, &set, path));
    set.loader.blocks.rows = ROWS;
    CHECK(same_run(&usual, scene.path, &set, scene.path));
    write_mixed_chunks(path);
    set.loader.blocks.rows = 4;
    set.loader.blocks.window = 0;
    CHECK(same_run(&usual, path, &set, path));
    scene_end(&scene);
}

static void test_seed_stream_and_epoch_change_the_order(void)
{
    struct scene scene = scene_begin();
    uint64_t global_first[4];
    for (int change = 0; change < 4; change++) {
        struct course course = {42, 1, ROWS, {.batch = ROWS, .epochs = 2}};
        if (change == 1) course.seed = 43;
        if (change == 2) course.loader.stream = 1;
        struct record record = record_run(&course, MPI_COMM_NULL, scene.path);
        global_first[change] = record.hash[change == 3];
        for (int other = 0; other < change; other++)
            CHECK_IS(global_first[other], !=, global_first[change]);
        record_free(&record);
    }
    scene_end(&scene);
}

static void test_storage_and_threads_make_no_difference(void)
{
    static const struct h5_storage storages[] = {
        {.chunk_rows = 1},
        {.chunk_rows = 7},
        {.chunk_rows = 7, .deflate = 6, .byteshuffle = true},
        {.chunk_rows = ROWS, .deflate = 1}};
    struct scene scene = scene_begin();
    struct course course = plain_course();
    struct record expected = record_run(&course, MPI_COMM_WORLD, scene.path);
    for (size_t i = 0; i < sizeof storages / sizeof *storages; i++) {
        char path[PATH_BYTES];
        samples_shared(scene.folder, "copy.h5", ROWS, storages[i], path);
        for (course.loader.threads = 1; course.loader.threads <= 3; course.loader.threads++) {
            struct record record = record_run(&course, MPI_COMM_WORLD, path);
            CHECK_BYTES(record.hash, expected.hash,
                        record.vranks * record.steps * sizeof *record.hash);
            record_free(&record);
        }
        MPI_Barrier(MPI_COMM_WORLD); /* the next copy has the same name */
    }
    record_free(&expected);
    scene_end(&scene);
}

static void test_two_loaders_do_not_mix(void)
{
    struct scene scene = scene_begin();
    struct course first = plain_course(), second = plain_course();
    first.loader.augment = second.loader.augment = augmentation;
    second.loader.stream = 1;
    second.loader.batch = 2;
    struct record whole = record_run(&first, MPI_COMM_NULL, scene.path);
    struct record other = record_run(&second, MPI_COMM_NULL, scene.path);
    struct record own = record_new(whole.vranks, whole.steps);
    struct record own_other = record_new(other.vranks, other.steps);
    struct job job = course_open(&first, MPI_COMM_WORLD, scene.path);
    shs_loader *second_loader;
    shs_run_info info = shs_info(job.run);
    shs_batch batch;
    need(!shs_loader_open(job.data, &second.loader, &second_loader), "shs_loader_open");
    while (shs_next(job.loader, &batch) == SHS_OK) {
        shs_batch of_second;
        shs_status status = shs_next(second_loader, &of_second);
        CHECK_STATUS(status, SHS_OK);
        record_batch(&own, &batch); /* still there after the other loader's */
        record_batch(&own_other, &of_second);
    }
    CHECK_STATUS(record_rest(&own_other, second_loader), SHS_END);
    CHECK(record_agrees(&own, &whole, &info, 0));
    CHECK(record_agrees(&own_other, &other, &info, 0));
    shs_loader_close(&second_loader);
    job_close(&job);
    record_free(&whole), record_free(&other);
    record_free(&own), record_free(&own_other);
    scene_end(&scene);
}

/* ---- augmentation */

enum {
    PADDING = 2,
    STREAM = 5
};

/* random_crop, then random_flip along w, of one image, by hand. */
static void augment_by_hand(uint64_t row, shs_random *stream, uint8_t image[IMAGE_BYTES])
{
    int down = (int)shs_random_below(stream, 2 * PADDING + 1) - PADDING;
    int right = (int)shs_random_below(stream, 2 * PADDING + 1) - PADDING;
    bool mirror = shs_random_float(stream) < 0.5f;
    for (int y = 0; y < IMAGE_HEIGHT; y++)
        for (int x = 0; x < IMAGE_WIDTH; x++) {
            int from_y = y + down, from_x = (mirror ? IMAGE_WIDTH - 1 - x : x) + right;
            bool inside =
                from_y >= 0 && from_y < IMAGE_HEIGHT && from_x >= 0 && from_x < IMAGE_WIDTH;
            uint64_t element = (uint64_t)(inside ? from_y * IMAGE_WIDTH + from_x : 0);
            image[y * IMAGE_WIDTH + x] = inside ? image_byte(row, element) : 0;
        }
}

static bool batch_is_replayed(const shs_batch *batch, uint64_t seed)
{
    for (uint64_t slot = 0; slot < batch->rows; slot++) {
        const shs_place place = {seed, SHS_ROLE_AUGMENT + 16 * STREAM, batch->vrank, batch->step,
                                 slot};
        const uint8_t *found = (const uint8_t *)batch->field[0].data + slot * IMAGE_BYTES;
        uint8_t image[IMAGE_BYTES];
        shs_random stream;
        need(!shs_random_at(&place, &stream), "shs_random_at");
        augment_by_hand(batch->index[slot], &stream, image);
        harness_where("seed %llu, vrank %llu, step %llu, slot %llu", (ull)seed, (ull)batch->vrank,
                      (ull)batch->step, (ull)slot);
        if (!CHECK_BYTES(found, image, sizeof image)) return false;
    }
    return true;
}

static void test_augmentation_is_replayed_by_hand(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    course.loader.stream = STREAM;
    course.loader.augment = "images: random_crop(padding=2) random_flip(axis=w)";
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_batch batch;
    bool same = true;
    while (shs_next(job.loader, &batch) == SHS_OK)
        same = same && batch_is_replayed(&batch, course.seed);
    CHECK(same);
    job_close(&job);
    scene_end(&scene);
}

/* The augmented image of each row in each of two epochs, by one rank in whole-file batches. */
static void images_of_rows(const char *path, struct course course, uint8_t (*images)[IMAGE_BYTES])
{
    course.vranks = 1;
    course.loader.batch = ROWS;
    struct job job = course_open(&course, MPI_COMM_NULL, path);
    shs_batch batch;
    while (shs_next(job.loader, &batch) == SHS_OK)
        for (uint64_t slot = 0; slot < batch.rows; slot++)
            memcpy(images[batch.epoch * ROWS + batch.index[slot]],
                   (const uint8_t *)batch.field[0].data + slot * IMAGE_BYTES, IMAGE_BYTES);
    job_close(&job);
}

static void test_augmentation_by_sample_knows_no_ranks(void)
{
    static uint8_t images[2 * ROWS][IMAGE_BYTES];
    struct scene scene = scene_begin();
    struct course course = plain_course();
    course.loader.augment = "images: random_crop(padding=2) random_flip(axis=w)";
    course.loader.augment_by = SHS_BY_SAMPLE;
    images_of_rows(scene.path, course, images);
    CHECK(memcmp(images, images + ROWS, sizeof images / 2) != 0); /* other draws each epoch */
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_batch batch;
    bool same = true;
    while (shs_next(job.loader, &batch) == SHS_OK)
        for (uint64_t slot = 0; slot < batch.rows; slot++)
            same = same &&
                   !memcmp(images[batch.epoch * ROWS + batch.index[slot]],
                           (const uint8_t *)batch.field[0].data + slot * IMAGE_BYTES, IMAGE_BYTES);
    CHECK(same);
    job_close(&job);
    scene_end(&scene);
}

/* ---- closing */

static void test_what_is_open_outlives_the_run(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_close(&job.run);
    CHECK(job.run == NULL);
    shs_dataset_close(&job.data);
    CHECK(job.data == NULL);
    shs_loader_close(&job.loader);
    job = course_open(&course, MPI_COMM_WORLD, scene.path);
    CHECK_STATUS(shs_agree(job.run), SHS_OK);
    job_close(&job);
    shs_close(&job.run);
    shs_close(NULL);
    scene_end(&scene);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"batches follow the contract", test_batches_follow_the_contract},
        {"a batch holds 32 rows by default", test_a_batch_holds_32_rows_by_default},
        {"an epoch has every row once", test_an_epoch_has_every_row_once},
        {"any number of ranks runs the same", test_any_number_of_ranks_runs_the_same},
        {"every order is the same on any number of ranks",
         test_every_order_is_the_same_on_any_number_of_ranks},
        {"chunks set the blocks", test_chunks_set_the_blocks},
        {"seed, stream and epoch change the order", test_seed_stream_and_epoch_change_the_order},
        {"storage and threads make no difference", test_storage_and_threads_make_no_difference},
        {"two loaders do not mix", test_two_loaders_do_not_mix},
        {"augmentation is replayed by hand", test_augmentation_is_replayed_by_hand},
        {"augmentation by sample knows no ranks", test_augmentation_by_sample_knows_no_ranks},
        {"what is open outlives the run", test_what_is_open_outlives_the_run},
    };
    return harness_main_ranks("loader", tests, sizeof tests / sizeof *tests, argc, argv);
}
