/* Opens and closes again and again leak no descriptor, thread or byte. The environment variable
 * SHARDSTEP_TEST_OPENS says how often, such as 100000. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ahead_scene.h"
#include "core_clock.h"
#include "core_sanitized.h"
#include "counted_memory.h"
#include "resident_memory.h"

/* A loader of another kind each time. Most are closed before any batch is taken. */
static void open_and_close(const struct data *data, uint64_t *seed)
{
    uint64_t drawn = judge_random(seed);
    const shs_loader_options options = {.batch = BATCH,
                                        .shuffle =
                                            drawn >> 8 & 1 ? SHS_SHUFFLE_BLOCKS : SHS_SHUFFLE_FULL,
                                        .augment = drawn >> 9 & 1 ? augmentation : NULL,
                                        .ahead = (uint32_t)(drawn >> 10 & 3),
                                        .threads = (uint32_t)(drawn >> 12 & 3),
                                        .keep = 1,
                                        .step_batches = drawn >> 14 & 1};
    shs_loader *loader;
    shs_batch batch;
    if (!NEED_STATUS(shs_loader_open(data->dataset, &options, &loader), SHS_OK)) return;
    if ((drawn >> 16) % 4 == 0) CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
    shs_loader_close(&loader);
}

static double seconds_now(void)
{
    return (double)core_clock() / 1e9;
}

static void many_opens_leak_nothing(void)
{
    long opens = often("SHARDSTEP_TEST_OPENS", 300), warm = 100;
    struct counted_memory counted;
    struct held_by_process before = {0};
    struct data data = {0};
    double begin = seconds_now(), bytes = 0;
    long live = 0;
    uint64_t seed = 3;
    counted_begin(&counted, 0);
    if (!open_fields(&data, all_fields)) return;
    for (long i = 0; i < opens + warm; i++) {
        harness_where("open %ld", i);
        if (i % 10 == 0) { /* now and then the run and the dataset, too */
            data_close(&data);
            if (!open_fields(&data, all_fields)) return;
        }
        open_and_close(&data, &seed);
        if (i == warm - 1) {
            live = counted.live;
            before = count_held();
            bytes = resident_memory();
        }
    }
    harness_where(NULL);
    struct held_by_process after = count_held_after(&before);
    CHECK_EQ(after.threads, before.threads);
    CHECK_EQ(after.descriptors, before.descriptors);
    CHECK_EQ(counted.live, live);
    if (!CORE_SANITIZED) CHECK_IS(resident_memory() - bytes, <, 8 << 20);
    printf("%ld opens and closes in %.1f s: %.0f KiB more in memory\n", opens,
           seconds_now() - begin, (resident_memory() - bytes) / 1024);
    data_close(&data);
    CHECK_EQ(counted_end(&counted), 0);
}

int main(void)
{
    static const struct harness_test tests[] = {TEST(many_opens_leak_nothing)};
    int code = make_all_files() ? harness_run("endurance", tests, COUNT(tests)) : 1;
    folder_remove(folder);
    return code;
}
