/* Errors of threads that load ahead, and loaders that are closed at any moment. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "ahead_scene.h"
#include "core_sanitized.h"
#include "counted_memory.h"

enum {
    CHUNKS = (ROWS - FIRST_ROWS) / CHUNK_ROWS /* whole ones, of the second file */
};

/* ---- Errors. */

/* Flips a byte inside a chunk of the second file's images. */
static bool flip_in_chunk(uint64_t number)
{
    hsize_t offset[2], bytes;
    haddr_t address = HADDR_UNDEF;
    unsigned mask;
    hid_t file = H5Fopen(second_path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, "images", H5P_DEFAULT);
    hid_t space = H5Dget_space(data);
    bool found = H5Dget_chunk_info(data, space, number, offset, &mask, &address, &bytes) >= 0 &&
                 address != HADDR_UNDEF;
    H5Sclose(space);
    H5Dclose(data);
    H5Fclose(file);
    FILE *stream = fopen(second_path, "r+b");
    if (!found || !stream) return false;
    /* near the end of the compressed bytes, so that their checksum is wrong */
    long place = (long)(address + bytes - 2);
    fseek(stream, place, SEEK_SET);
    int byte = fgetc(stream);
    fseek(stream, place, SEEK_SET);
    fputc(byte ^ 0x55, stream);
    return fclose(stream) == 0;
}

/* Where a run ended, and with which message. */
struct ending {
    uint64_t batches; /* that came with rows */
    uint64_t step;
    shs_status status;
    char message[CORE_MESSAGE_BYTES];
};

/* Steps until the ranks agree on an error. The batch that failed, and those after it in its step,
 * are empty. */
static struct ending run_until_error(const struct data *data, shs_loader_options options)
{
    struct ending ending = {0};
    shs_loader *loader;
    shs_batch batch;
    bool failed = false;
    options.batch = BATCH;
    options.epochs = 1;
    options.shuffle = SHS_SHUFFLE_NONE;
    if (!NEED_STATUS(shs_loader_open(data->dataset, &options, &loader), SHS_OK)) return ending;
    do {
        if (!NEED_STATUS(shs_next(loader, &batch), SHS_OK)) break;
        if (failed) CHECK_EQ(batch.rows, 0);
        ending.batches += batch.rows > 0;
        failed = batch.rows == 0;
        ending.step = batch.step;
        if (batch.ends_step) ending.status = shs_agree(data->run);
    } while (!ending.status && !batch.ends_epoch);
    snprintf(ending.message, sizeof ending.message, "%s", shs_message());
    CHECK_EQ(failed, ending.status != SHS_OK);
    if (ending.status) {
        CHECK_STATUS(shs_next(loader, &batch), ending.status);
        CHECK_EQ(data->dataset->files.n_held, 0);
    }
    shs_loader_close(&loader);
    return ending;
}

static void compare_endings(const struct data *data)
{
    const struct ending due = run_until_error(data, (shs_loader_options){0});
    CHECK_EQ(due.status, SHS_ERROR_FORMAT);
    for (uint32_t ahead = 1; ahead <= 7; ahead += 3)
        for (uint32_t threads = 1; threads <= 5; threads += 2) {
            harness_where("ahead %u, threads %u", ahead, threads);
            struct ending came =
                run_until_error(data, (shs_loader_options){.ahead = ahead, .threads = threads});
            CHECK_EQ(came.batches, due.batches);
            CHECK_EQ(came.step, due.step);
            CHECK_EQ(came.status, due.status);
            CHECK_TEXT(came.message, due.message);
        }
    harness_where(NULL);
}

static void an_error_comes_at_its_step(void)
{
    delays_begin();
    for (uint64_t chunk = 1; chunk + 1 < CHUNKS; chunk += 5) {
        struct data data;
        if (!NEED(flip_in_chunk(chunk)) || !open_fields(&data, direct_fields)) return;
        compare_endings(&data);
        data_close(&data);
        CHECK(write_second_again());
    }
    delays_end();
}

/* A file that changes is told at the epoch's last step, also if the next epoch has begun ahead. */
static void a_changed_file_is_told_at_the_epochs_end(void)
{
    for (uint32_t ahead = 0; ahead <= 7; ahead += 7) {
        const shs_loader_options options = {
            .batch = BATCH, .epochs = 2, .ahead = ahead, .threads = 2};
        struct data data;
        shs_loader *loader;
        shs_batch batch;
        if (!open_fields(&data, direct_fields)) return;
        CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK);
        uint64_t steps = shs_epoch_steps(loader);
        for (uint64_t step = 0; step < steps; step++) {
            harness_where("ahead %u, step %llu", ahead, (ull)step);
            for (int i = 0; i < VRANKS; i++)
                CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
            if (step == 1) CHECK(truncate(second_path, 1 << 20) == 0);
            CHECK_STATUS(shs_agree(data.run), step + 1 < steps ? SHS_OK : SHS_ERROR_FILE);
        }
        CHECK_HAS(shs_message(), "has changed since it was opened");
        CHECK_STATUS(shs_next(loader, &batch), SHS_ERROR_FILE);
        shs_loader_close(&loader);
        data_close(&data);
        CHECK(write_second_again());
    }
    harness_where(NULL);
}

/* ---- Closing. */

/* Opens a loader, takes some batches, keeps the last one perhaps, and closes all at any moment. */
static void close_at_random(uint64_t *seed, struct data *data)
{
    const uint64_t drawn = judge_random(seed);
    const shs_loader_options options = {.batch = BATCH,
                                        .augment = augmentation,
                                        .ahead = 1 + (uint32_t)(drawn % 7),
                                        .threads = (uint32_t)(drawn >> 8) % 6,
                                        .keep = 1,
                                        .step_batches = drawn >> 16 & 1};
    uint64_t take = (drawn >> 24) % 9;
    bool keep = drawn >> 32 & 1, polls = drawn >> 33 & 1;
    shs_loader *loader;
    shs_batch batch = {0};
    if (!NEED_STATUS(shs_loader_open(data->dataset, &options, &loader), SHS_OK)) return;
    for (uint64_t i = 0; i < take; i++) {
        shs_status status = polls ? shs_try_next(loader, &batch) : shs_next(loader, &batch);
        CHECK(status == SHS_OK || (polls && status == SHS_NOT_READY));
    }
    keep = keep && batch.slot && shs_keep(&batch) == SHS_OK;
    if (drawn >> 34 & 1) usleep((useconds_t)(drawn >> 40) % 300);
    shs_loader_close(&loader);
    if (!keep) return;
    for (uint64_t slot = 0; slot < batch.rows; slot++)
        CHECK_EQ(((const uint32_t *)batch.field[1].data)[slot], batch.index[slot]);
    CHECK_STATUS(shs_give_back(&batch), SHS_OK);
}

static void closing_leaks_nothing(void)
{
    struct counted_memory counted;
    struct data data;
    uint64_t seed = 11;
    counted_begin(&counted, 0);
    if (!open_fields(&data, all_fields)) return;
    delays_begin();
    close_at_random(&seed, &data);
    long live = counted.live;
    struct held_by_process before = count_held();
    for (long round = 0; round < often("SHARDSTEP_TEST_CLOSINGS", 200); round++) {
        harness_where("round %ld", round);
        close_at_random(&seed, &data);
        if (!CHECK_EQ(counted.live, live)) break;
    }
    struct held_by_process after = count_held_after(&before);
    CHECK_EQ(after.threads, before.threads);
    CHECK_EQ(after.descriptors, before.descriptors);
    harness_where(NULL);
    delays_end();
    data_close(&data);
    CHECK_EQ(counted_end(&counted), 0);
}

/* Batches of a ring are read when loader, dataset and run are closed. */
static void kept_batches_of_a_ring_outlive_it(void)
{
    const shs_loader_options options = {.batch = BATCH, .ahead = 2, .threads = 2, .keep = 4};
    struct counted_memory counted;
    struct data data;
    shs_loader *loader;
    shs_batch kept[5], more;
    counted_begin(&counted, 0);
    if (!open_fields(&data, direct_fields)) return;
    delays_begin();
    CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK);
    for (size_t i = 0; i < COUNT(kept); i++) {
        CHECK_STATUS(shs_next(loader, &kept[i]), SHS_OK);
        CHECK_STATUS(shs_keep(&kept[i]), SHS_OK);
    }
    CHECK_STATUS(shs_try_next(loader, &more), SHS_NO_SLOT);
    CHECK_STATUS(shs_next(loader, &more), SHS_NO_SLOT);
    shs_loader_close(&loader);
    delays_end();
    data_close(&data);
    for (size_t i = 0; i < COUNT(kept); i++) {
        CHECK_EQ(kept[i].vrank, i % VRANKS);
        for (uint64_t slot = 0; slot < kept[i].rows; slot++)
            CHECK_EQ(((const uint32_t *)kept[i].field[1].data)[slot], kept[i].index[slot]);
        CHECK_STATUS(shs_give_back(&kept[i]), SHS_OK);
    }
    CHECK_EQ(counted_end(&counted), 0);
}

/* ---- Little memory, no threads. */

static void every_allocation_may_fail(void)
{
    const shs_loader_options options = {
        .batch = BATCH, .augment = augmentation, .ahead = 2, .threads = 2, .keep = 1};
    long failed = 1;
    for (long call = 1; failed; call++) {
        struct counted_memory counted;
        struct data data;
        shs_loader *loader;
        if (!open_fields(&data, direct_fields)) return;
        struct held_by_process before = count_held();
        counted_begin(&counted, call);
        shs_status status = shs_loader_open(data.dataset, &options, &loader);
        failed = counted.failed;
        CHECK_EQ(status, failed ? SHS_ERROR_MEMORY : SHS_OK);
        shs_loader_close(&loader);
        CHECK_EQ(counted_end(&counted), 0);
        CHECK_EQ(count_held_after(&before).threads, before.threads);
        data_close(&data);
    }
}

/* In a process of its own: no memory is left for a thread's stack, which is larger than any that
 * the C library keeps of threads that have ended. */
static int open_without_threads(void)
{
    const shs_loader_options options = {.batch = BATCH, .ahead = 2, .threads = 2};
    struct rlimit limit;
    struct data data;
    shs_loader *loader;
    pthread_attr_t large;
    unsigned long pages = 0;
    if (!open_fields(&data, direct_fields)) return 2;
    if (pthread_attr_init(&large) || pthread_attr_setstacksize(&large, (size_t)1 << 30)) return 2;
    if (pthread_setattr_default_np(&large)) return 2;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (!statm || fscanf(statm, "%lu", &pages) != 1) return 2;
    fclose(statm);
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + (1 << 20);
    setrlimit(RLIMIT_AS, &limit);
    CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_ERROR_MEMORY);
    CHECK_HAS(shs_message(), "no thread could be started to load ahead: ");
    CHECK_HAS(shs_message(), strerror(EAGAIN));
    bool right = message_has("or use ahead 0");
    data_close(&data);
    return right ? 0 : 1;
}

static void a_lack_of_threads_is_told(void)
{
    int status;
    if (CORE_SANITIZED) return;
    pid_t child = fork();
    if (!child) _exit(open_without_threads());
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
}

int main(void)
{
    static const struct harness_test tests[] = {
        TEST(a_lack_of_threads_is_told),
        TEST(an_error_comes_at_its_step),
        TEST(a_changed_file_is_told_at_the_epochs_end),
        TEST(closing_leaks_nothing),
        TEST(kept_batches_of_a_ring_outlive_it),
        TEST(every_allocation_may_fail),
    };
    int code = make_all_files() ? harness_run("ahead_errors", tests, COUNT(tests)) : 1;
    folder_remove(folder);
    return code;
}
