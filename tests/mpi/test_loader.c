/* The loader: which rows arrive, where and with what content; its cursor; its refusals; and what
 * becomes of an error that only one rank has. */
#include "batches.h"
#include "mpi_run.h"
#include "shardstep/checkpoint.h"
#include "shardstep/random.h"

static const struct h5_storage contiguous = {0};

enum {
    ROWS = 53
};

/* Each test has a folder and in it a file with the samples. */
struct scene {
    char folder[PATH_BYTES];
    char path[PATH_BYTES];
};

static struct scene scene_begin(void)
{
    struct scene scene;
    folder_make(scene.folder);
    samples_shared(scene.folder, "samples.h5", ROWS, contiguous, scene.path);
    return scene;
}

static void scene_end(const struct scene *scene)
{
    folder_remove(scene->folder);
}

/* Two epochs in batches of three, more virtual ranks than ranks. */
static struct course plain_course(void)
{
    return (struct course){42, 2 * (uint64_t)all_ranks() + 1, ROWS, {.batch = 3, .epochs = 2}};
}

static bool same_cursor(shs_cursor came, shs_cursor expected)
{
    return CHECK_EQ(came.epoch, expected.epoch) & CHECK_EQ(came.epoch_step, expected.epoch_step) &
           CHECK_EQ(came.step, expected.step);
}

static bool is_zero(const void *bytes, size_t count)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < count; i++)
        if (byte[i]) return false;
    return true;
}

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

static const char augmentation[] =
    "images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.3, std=0.4)";

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

/* A row of weight 1 at most once in each epoch, all ranks together; the rows that came. */
static uint64_t rows_of_epoch(shs_loader *loader)
{
    uint64_t counts[ROWS] = {0}, total = 0;
    shs_batch batch = {0};
    while (!batch.ends_epoch) {
        need(shs_next(loader, &batch) == SHS_OK, "shs_next");
        for (uint64_t slot = 0; slot < batch.count; slot++)
            counts[batch.index[slot]]++;
    }
    MPI_Allreduce(MPI_IN_PLACE, counts, ROWS, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    for (uint64_t row = 0; row < ROWS; row++) {
        CHECK_IS(counts[row], <=, 1);
        total += counts[row];
    }
    return total;
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

/* ---- the cursor */

static void test_tell_names_whole_steps(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_cursor at = {0};
    shs_batch batch;
    CHECK(same_cursor(shs_tell(job.loader), at));
    while (shs_next(job.loader, &batch) == SHS_OK) {
        if (batch.ends_step) {
            at.step++;
            at.epoch_step++;
        }
        if (batch.ends_epoch) at = (shs_cursor){at.epoch + 1, 0, at.step};
        CHECK(same_cursor(shs_tell(job.loader), at));
    }
    if (CHECK_EQ(at.epoch, 2) && CHECK_EQ(at.epoch_step, 0))
        CHECK_EQ(at.step, 2 * course_steps(&course));
    job_close(&job);
    scene_end(&scene);
}

static void test_a_seek_reaches_every_step(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    course.loader.augment = augmentation;
    struct record whole = record_run(&course, MPI_COMM_NULL, scene.path);
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_run_info info = shs_info(job.run);
    uint64_t steps = course_steps(&course);
    for (uint64_t back = 0; back <= whole.steps; back++) {
        uint64_t step = whole.steps - back;
        const shs_cursor at = {step / steps, step % steps, step};
        struct record own = record_new(course.vranks, whole.steps);
        CHECK_STATUS(shs_seek(job.loader, at), SHS_OK);
        CHECK(same_cursor(shs_tell(job.loader), at));
        CHECK_STATUS(record_rest(&own, job.loader), SHS_END);
        CHECK(record_agrees(&own, &whole, &info, step));
        record_free(&own);
    }
    job_close(&job);
    record_free(&whole);
    scene_end(&scene);
}

static void test_a_seek_inside_a_step_begins_it_again(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course(); /* rank 0 hosts two virtual ranks or more */
    course.vranks += 1;
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_batch batch;
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK)) CHECK(!batch.ends_step);
    CHECK_STATUS(shs_seek(job.loader, shs_tell(job.loader)), SHS_OK);
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK))
        CHECK_EQ(batch.vrank, shs_info(job.run).first_vrank);
    job_close(&job);
    scene_end(&scene);
}

static void test_a_seek_to_nowhere_is_refused(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    uint64_t steps = course_steps(&course);
    const shs_cursor nowhere[] = {{0, steps, steps},
                                  {0, 0, 1},
                                  {1, 0, steps + 1},
                                  {2, 1, 2 * steps + 1},
                                  {3, 0, 3 * steps},
                                  {UINT64_MAX, 0, UINT64_MAX * steps},
                                  {UINT64_C(1) << 32, 0, steps << 32}};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
        shs_cursor to =
            my_rank() == last_rank() ? nowhere[i] : (shs_cursor){0, 1 % steps, 1 % steps};
        shs_status status = shs_seek(job.loader, to);
        CHECK(agreed_failure(status, SHS_ERROR_ARGUMENT, last_rank()));
        CHECK(same_cursor(shs_tell(job.loader), (shs_cursor){0}));
    }
    job_close(&job);
    scene_end(&scene);
}

static void test_a_seek_to_different_steps_is_refused(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    struct course course = plain_course();
    course.loader.batch = 1;
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    uint64_t step = my_rank() == last_rank();
    shs_status status = shs_seek(job.loader, (shs_cursor){0, step, step});
    CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, last_rank()));
    CHECK(same_cursor(shs_tell(job.loader), (shs_cursor){0}));
    job_close(&job);
    scene_end(&scene);
}

/* Without a number of epochs the loader goes on until steps have no bits left. */
static void test_no_end_until_the_last_step(void)
{
    struct scene scene = scene_begin();
    struct course course = {1, (uint64_t)all_ranks(), ROWS, {.batch = ROWS}};
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_batch batch;
    for (uint64_t epoch = 0; epoch < 5; epoch++)
        CHECK(!shs_next(job.loader, &batch) && batch.epoch == epoch && batch.ends_epoch);
    CHECK_STATUS(shs_seek(job.loader, (shs_cursor){UINT32_MAX, 0, UINT32_MAX}), SHS_OK);
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK)) CHECK_EQ(batch.epoch, UINT32_MAX);
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_ERROR_EXHAUSTED);
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_ERROR_EXHAUSTED);
    CHECK_STATUS(shs_seek(job.loader, (shs_cursor){0}), SHS_OK);
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK)) CHECK_EQ(batch.epoch, 0);
    job_close(&job);
    scene_end(&scene);
}

/* ---- stops */

static void test_a_stop_waits_for_the_next_step(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    course.vranks += 1;
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_batch batch;
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK)) CHECK(!batch.ends_step);
    if (my_rank() == last_rank()) shs_request_stop(job.run);
    CHECK_STATUS(shs_agree(job.run), SHS_OK);
    bool arrived = true;
    for (uint64_t i = 1; i < shs_info(job.run).hosted; i++)
        arrived = shs_next(job.loader, &batch) == SHS_OK && batch.rows && arrived;
    if (CHECK(arrived)) CHECK(batch.ends_step);
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_STOP)) CHECK(is_zero(&batch, sizeof batch));
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_STOP);
    CHECK(same_cursor(shs_tell(job.loader),
                      (shs_cursor){course_steps(&course) == 1, course_steps(&course) != 1, 1}));
    job_close(&job);
    scene_end(&scene);
}

static void test_a_stop_not_agreed_on_stops_nobody(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    struct record record = record_new(course.vranks, 2 * course_steps(&course));
    if (my_rank() == 0) shs_request_stop(job.run);
    CHECK_STATUS(record_rest(&record, job.loader), SHS_END);
    record_free(&record);
    job_close(&job);
    scene_end(&scene);
}

/* A loader at its end says end; another one of the same run says stop. */
static void test_the_end_goes_before_a_stop(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    struct record record = record_new(course.vranks, 2 * course_steps(&course));
    shs_loader *other;
    shs_batch batch;
    course.loader.stream = 1;
    need(!shs_loader_open(job.data, &course.loader, &other), "shs_loader_open");
    CHECK_STATUS(record_rest(&record, job.loader), SHS_END);
    shs_request_stop(job.run);
    CHECK_STATUS(shs_agree(job.run), SHS_OK);
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_END);
    CHECK_STATUS(shs_next(other, &batch), SHS_STOP);
    CHECK_STATUS(shs_seek(job.loader, (shs_cursor){0}), SHS_OK);
    CHECK_STATUS(shs_next(job.loader, &batch), SHS_STOP);
    shs_loader_close(&other);
    record_free(&record);
    job_close(&job);
    scene_end(&scene);
}

/* ---- errors of one rank */

/* Two virtual ranks on each rank, each with a chunk of two rows at a step, in file order; every
 * rank reads a copy of its own, so that one copy can be damaged. */
struct damage {
    struct scene scene;
    struct course course;
    char own[PATH_BYTES];
    struct job job;
};

enum {
    DAMAGE_STEPS = 4
};

static struct damage damage_begin(struct h5_storage storage)
{
    struct damage damage;
    uint64_t vranks = 2 * (uint64_t)all_ranks();
    damage.course = (struct course){3,
                                    vranks,
                                    DAMAGE_STEPS * 2 * vranks,
                                    {.batch = 2, .epochs = 1, .shuffle = SHS_SHUFFLE_NONE}};
    folder_make(damage.scene.folder);
    samples_own(damage.scene.folder, damage.course.rows, storage, damage.own);
    return damage;
}

static const struct h5_storage deflated = {.chunk_rows = 2, .deflate = 6};

static void damage_open(struct damage *damage)
{
    damage->job = course_open(&damage->course, MPI_COMM_WORLD, damage->own);
}

static void damage_end(struct damage *damage)
{
    job_close(&damage->job);
    scene_end(&damage->scene);
}

/* The first row of this rank's first or second batch of a step. */
static uint64_t first_row(const struct damage *damage, uint64_t step, uint64_t which)
{
    return step * 2 * damage->course.vranks + 2 * (2 * (uint64_t)my_rank() + which);
}

static bool batch_arrives(const struct damage *damage, uint64_t step, uint64_t which, bool full)
{
    shs_batch batch;
    harness_where("step %llu, batch %llu", (ull)step, (ull)which);
    if (!CHECK_STATUS(shs_next(damage->job.loader, &batch), SHS_OK)) return false;
    bool placed = CHECK_EQ(batch.step, step) && CHECK_EQ(batch.epoch_step, step) &&
                  CHECK_EQ(batch.vrank, 2 * (uint64_t)my_rank() + which) &&
                  CHECK_EQ(batch.ends_step, which);
    if (!full)
        return placed && CHECK_EQ(batch.rows, 0) && CHECK_EQ(batch.count, 0) &&
               CHECK_EQ(batch.fields, 2) && CHECK_EQ(batch.field[0].shape[0], 0) &&
               CHECK_EQ(batch.field[1].shape[0], 0);
    return placed && CHECK_EQ(batch.rows, 2) && CHECK_EQ(batch.count, 2) &&
           CHECK_EQ(batch.index[0], first_row(damage, step, which)) &&
           batch_content_is_right(&batch);
}

/* Both batches of a step; those from number `empty_from` on without rows. */
static bool step_arrives(const struct damage *damage, uint64_t step, uint64_t empty_from)
{
    bool first = batch_arrives(damage, step, 0, empty_from > 0);
    return batch_arrives(damage, step, 1, empty_from > 1) && first;
}

enum {
    FULL = 2
};

/* A rank's own loading error, given back by its shs_next(). */
static bool next_fails_here(const struct damage *damage, shs_status expected)
{
    char begin[64];
    shs_batch batch;
    shs_status status = shs_next(damage->job.loader, &batch);
    snprintf(begin, sizeof begin, "rank %d: shs_next: ", my_rank());
    return CHECK_STATUS(status, expected) && CHECK_HAS(shs_message(), begin) &&
           CHECK(strncmp(shs_message(), begin, strlen(begin)) == 0) &&
           CHECK(shs_message_is_mine()) && CHECK(!shs_message_is_agreed()) &&
           CHECK(is_zero(&batch, sizeof batch));
}

static bool message_places_error(int failing, uint64_t which)
{
    char vrank[64], file[64];
    snprintf(vrank, sizeof vrank, "virtual rank %llu, epoch 0, step 1",
             2ULL * (unsigned)failing + (unsigned)which);
    snprintf(file, sizeof file, "rank-%d.h5", failing);
    return message_has(vrank) && message_has(file) && message_has("images") && message_has("rows");
}

static void one_rank_fails(int failing, uint64_t which)
{
    struct damage damage = damage_begin(deflated);
    bool mine = my_rank() == failing;
    if (mine) damage_chunk(damage.own, first_row(&damage, 1, which));
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK_STATUS(shs_agree(damage.job.run), SHS_OK);
    CHECK(step_arrives(&damage, 1, mine ? which : FULL));
    CHECK(agreed_failure(shs_agree(damage.job.run), SHS_ERROR_FORMAT, failing));
    CHECK(message_places_error(failing, which));
    if (mine) {
        CHECK(next_fails_here(&damage, SHS_ERROR_FORMAT));
        CHECK(next_fails_here(&damage, SHS_ERROR_FORMAT));
    }
    CHECK_STATUS(shs_agree(damage.job.run), SHS_OK);
    CHECK_STATUS(shs_seek(damage.job.loader, (shs_cursor){0}), SHS_OK);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK(step_arrives(&damage, 1, mine ? which : FULL)); /* and again: it is still damaged */
    CHECK(agreed_failure(shs_agree(damage.job.run), SHS_ERROR_FORMAT, failing));
    damage_end(&damage);
}

static void test_a_loading_error_reaches_all(void)
{
    for (int failing = 0; failing < all_ranks(); failing++)
        for (uint64_t which = 0; which < 2; which++)
            one_rank_fails(failing, which);
}

static void test_the_lowest_loading_error_reaches_all(void)
{
    struct damage damage = damage_begin(deflated);
    int low = all_ranks() / 2;
    bool mine = my_rank() >= low;
    if (mine) damage_chunk(damage.own, first_row(&damage, 1, my_rank() == low));
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK(step_arrives(&damage, 1, mine ? my_rank() == low : FULL));
    CHECK(agreed_failure(shs_agree(damage.job.run), SHS_ERROR_FORMAT, low));
    CHECK(message_places_error(low, 1));
    CHECK_STATUS(shs_agree(damage.job.run), SHS_OK);
    damage_end(&damage);
}

/* Both chunks of a rank's step are damaged: the first one's error stays, there and in the message.
 */
static void test_the_first_loading_error_stays(void)
{
    struct damage damage = damage_begin(deflated);
    bool mine = my_rank() == last_rank();
    for (uint64_t which = 0; which < 2 && mine; which++)
        damage_chunk(damage.own, first_row(&damage, 1, which));
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK(step_arrives(&damage, 1, mine ? 0 : FULL));
    CHECK(agreed_failure(shs_agree(damage.job.run), SHS_ERROR_FORMAT, last_rank()));
    CHECK(message_places_error(last_rank(), 0));
    if (mine) CHECK(next_fails_here(&damage, SHS_ERROR_FORMAT));
    CHECK(message_places_error(last_rank(), 0));
    damage_end(&damage);
}

/* "After an error every shs_next of that loader returns it": on the ranks that were told of it by
 * the others too, or they would go on and wait for the failing one. */
static void test_after_an_agreed_error_no_rank_goes_on(void)
{
    struct damage damage = damage_begin(deflated);
    shs_batch batch;
    if (my_rank() == last_rank()) damage_chunk(damage.own, first_row(&damage, 1, 0));
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK(step_arrives(&damage, 1, my_rank() == last_rank() ? 0 : FULL));
    CHECK(agreed_failure(shs_agree(damage.job.run), SHS_ERROR_FORMAT, last_rank()));
    CHECK_STATUS(shs_next(damage.job.loader, &batch), SHS_ERROR_FORMAT);
    CHECK_STATUS(shs_next(damage.job.loader, &batch), SHS_ERROR_FORMAT);
    CHECK_STATUS(shs_seek(damage.job.loader, (shs_cursor){0}), SHS_OK);
    CHECK(step_arrives(&damage, 0, FULL));
    damage_end(&damage);
}

static void test_an_error_not_agreed_on_comes_with_the_next_step(void)
{
    struct damage damage = damage_begin(deflated);
    bool mine = my_rank() == last_rank();
    if (mine) damage_chunk(damage.own, first_row(&damage, 1, 1));
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK(step_arrives(&damage, 1, mine ? 1 : FULL));
    if (mine)
        CHECK(next_fails_here(&damage, SHS_ERROR_FORMAT));
    else
        CHECK(step_arrives(&damage, 2, FULL));
    CHECK(agreed_failure(shs_agree(damage.job.run), SHS_ERROR_FORMAT, last_rank()));
    damage_end(&damage);
}

static void test_an_error_in_the_last_step_comes_before_the_end(void)
{
    struct damage damage = damage_begin(deflated);
    shs_batch batch;
    bool mine = my_rank() == last_rank();
    uint64_t last = DAMAGE_STEPS - 1;
    if (mine) damage_chunk(damage.own, first_row(&damage, last, 0));
    damage_open(&damage);
    for (uint64_t step = 0; step < last; step++)
        CHECK(step_arrives(&damage, step, FULL));
    CHECK(step_arrives(&damage, last, mine ? 0 : FULL));
    if (mine)
        CHECK(next_fails_here(&damage, SHS_ERROR_FORMAT));
    else
        CHECK_STATUS(shs_next(damage.job.loader, &batch), SHS_END);
    damage_end(&damage);
}

/* The file is repaired and the step done again: it is right, and nothing of the error is left. */
static void test_a_seek_after_a_repair_forgets_the_error(void)
{
    struct damage damage = damage_begin(deflated);
    bool mine = my_rank() == last_rank();
    uint64_t row = first_row(&damage, 1, 0);
    if (mine) damage_chunk(damage.own, row);
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK(step_arrives(&damage, 1, mine ? 0 : FULL));
    if (mine) CHECK(next_fails_here(&damage, SHS_ERROR_FORMAT));
    if (mine) damage_chunk(damage.own, row);
    CHECK_STATUS(shs_seek(damage.job.loader, (shs_cursor){0, 1, 1}), SHS_OK);
    CHECK(step_arrives(&damage, 1, FULL));
    CHECK_STATUS(shs_agree(damage.job.run), SHS_OK);
    damage_end(&damage);
}

static shs_status seek_to_step_one(struct damage *damage)
{
    return shs_seek(damage->job.loader, (shs_cursor){0, 1, 1});
}

static shs_status restore_nothing(struct damage *damage)
{
    return shs_restore(damage->job.loader, damage->scene.folder, NULL, 0);
}

/* Steps that were loaded without rows must not go unnoticed because the program goes elsewhere;
 * once it was told, it may. */
static void refuse_to_hide(shs_status (*go_elsewhere)(struct damage *damage), shs_status later)
{
    struct damage damage = damage_begin(deflated);
    bool mine = my_rank() == last_rank();
    if (mine) damage_chunk(damage.own, first_row(&damage, 1, 0));
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    CHECK(step_arrives(&damage, 1, mine ? 0 : FULL));
    CHECK(agreed_failure(go_elsewhere(&damage), SHS_ERROR_FORMAT, last_rank()));
    CHECK_EQ(go_elsewhere(&damage), later);
    damage_end(&damage);
}

static void test_a_seek_does_not_hide_an_error(void)
{
    refuse_to_hide(seek_to_step_one, SHS_OK);
}

static void test_a_restore_does_not_hide_an_error(void)
{
    refuse_to_hide(restore_nothing, SHS_NO_CHECKPOINT);
}

static void test_another_loader_goes_on_after_an_error(void)
{
    struct damage damage = damage_begin(deflated);
    struct scene healthy;
    shs_dataset *data;
    shs_loader *other;
    shs_batch batch;
    if (my_rank() == last_rank()) damage_chunk(damage.own, first_row(&damage, 0, 0));
    damage_open(&damage);
    samples_shared(damage.scene.folder, "healthy.h5", ROWS, contiguous, healthy.path);
    need(!shs_dataset_open(damage.job.run, healthy.path, samples_fields, NULL, &data), "open");
    need(!shs_loader_open(data, &(shs_loader_options){.batch = 1, .stream = 1}, &other), "open");
    CHECK(step_arrives(&damage, 0, my_rank() == last_rank() ? 0 : FULL));
    CHECK(agreed_failure(shs_agree(damage.job.run), SHS_ERROR_FORMAT, last_rank()));
    if (CHECK_STATUS(shs_next(other, &batch), SHS_OK)) CHECK_EQ(batch.rows, 1);
    CHECK(batch_content_is_right(&batch));
    shs_loader_close(&other);
    shs_dataset_close(&data);
    damage_end(&damage);
}

/* The file of one rank loses all from a chunk of step 1 on, after it was opened. */
static void cut_file_short(struct h5_storage storage)
{
    struct damage damage = damage_begin(storage);
    bool mine = my_rank() == last_rank();
    uint64_t bytes,
        at = storage.chunk_rows ? chunk_place(damage.own, first_row(&damage, 1, 0), &bytes) : 1;
    damage_open(&damage);
    CHECK(step_arrives(&damage, 0, FULL));
    if (mine) need(truncate(damage.own, (off_t)at) == 0, damage.own);
    CHECK(step_arrives(&damage, 1, mine ? 0 : FULL));
    shs_status status = shs_agree(damage.job.run);
    CHECK(agreed_failure(status, SHS_ERROR_FILE, last_rank()));
    damage_end(&damage);
}

static void test_a_deflated_file_is_cut_short(void)
{
    cut_file_short(deflated);
}

/* HDF5 gives zeros for what lies behind the end of a file: not what the samples are. */
static void test_a_contiguous_file_is_cut_short(void)
{
    cut_file_short(contiguous);
}

static void test_memory_runs_out_in_next(void)
{
    struct scene scene = scene_begin();
    struct course course = plain_course();
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    bool mine = my_rank() == last_rank();
    shs_batch batch;
    if (mine) memory_scarce(0); /* the permutation's table is made for the first batch */
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK)) CHECK_EQ(!batch.rows, mine);
    memory_plenty();
    CHECK(agreed_failure(shs_agree(job.run), SHS_ERROR_MEMORY, last_rank()));
    CHECK_STATUS(shs_seek(job.loader, (shs_cursor){0}), SHS_OK);
    if (CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK)) CHECK(batch.rows);
    CHECK(batch_content_is_right(&batch));
    CHECK_STATUS(shs_agree(job.run), SHS_OK);
    job_close(&job);
    scene_end(&scene);
}

/* ---- refusals */

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

static void test_what_is_not_built_is_refused(void)
{
    struct door door = door_begin(0);
    const shs_status no = SHS_ERROR_UNSUPPORTED;
    refuse_last(&door, (shs_loader_options){.ahead = 1}, no, "ahead");
    door_end(&door);
}

static void test_options_out_of_range_are_refused(void)
{
    struct door door = door_begin(0);
    const shs_status no = SHS_ERROR_ARGUMENT;
    refuse_last(&door, (shs_loader_options){.stream = 16}, no, "stream 16; the most is 15");
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
    static const shs_loader_options other[] = {
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
        {"tell names whole steps", test_tell_names_whole_steps},
        {"a seek reaches every step", test_a_seek_reaches_every_step},
        {"a seek inside a step begins it again", test_a_seek_inside_a_step_begins_it_again},
        {"a seek to nowhere is refused", test_a_seek_to_nowhere_is_refused},
        {"a seek to different steps is refused", test_a_seek_to_different_steps_is_refused},
        {"no end until the last step", test_no_end_until_the_last_step},
        {"a stop waits for the next step", test_a_stop_waits_for_the_next_step},
        {"a stop not agreed on stops nobody", test_a_stop_not_agreed_on_stops_nobody},
        {"the end goes before a stop", test_the_end_goes_before_a_stop},
        {"a loading error reaches all", test_a_loading_error_reaches_all},
        {"the lowest loading error reaches all", test_the_lowest_loading_error_reaches_all},
        {"the first loading error stays", test_the_first_loading_error_stays},
        {"after an agreed error no rank goes on", test_after_an_agreed_error_no_rank_goes_on},
        {"an error not agreed on comes with the next step",
         test_an_error_not_agreed_on_comes_with_the_next_step},
        {"an error in the last step comes before the end",
         test_an_error_in_the_last_step_comes_before_the_end},
        {"a seek does not hide an error", test_a_seek_does_not_hide_an_error},
        {"a restore does not hide an error", test_a_restore_does_not_hide_an_error},
        {"a seek after a repair forgets the error", test_a_seek_after_a_repair_forgets_the_error},
        {"another loader goes on after an error", test_another_loader_goes_on_after_an_error},
        {"a deflated file is cut short", test_a_deflated_file_is_cut_short},
        {"a contiguous file is cut short", test_a_contiguous_file_is_cut_short},
        {"memory runs out in next", test_memory_runs_out_in_next},
        {"what is not built is refused", test_what_is_not_built_is_refused},
        {"options out of range are refused", test_options_out_of_range_are_refused},
        {"an epoch of no steps is refused", test_an_epoch_of_no_steps_is_refused},
        {"options must be alike", test_options_must_be_alike},
        {"copies in other chunks need blocks", test_copies_in_other_chunks_need_blocks},
        {"a long augmentation must be alike", test_a_long_augmentation_must_be_alike},
        {"a stream is drawn by one loader", test_a_stream_is_drawn_by_one_loader},
        {"a refused loader takes no stream", test_a_refused_loader_takes_no_stream},
        {"a vast batch has no memory", test_a_vast_batch_has_no_memory},
        {"memory runs out in open", test_memory_runs_out_in_open},
        {"what is open outlives the run", test_what_is_open_outlives_the_run},
    };
    return harness_main_ranks("loader", tests, sizeof tests / sizeof *tests, argc, argv);
}
