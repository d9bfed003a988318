/* The states of a lane add up to its time, in every mode. No time itself is judged. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ahead_scene.h"
#include "shardstep/times.h"

static double sum_of(const shs_lane_times *lane)
{
    return lane->idle + lane->preparing + lane->reading + lane->decoding + lane->checking +
           lane->augmenting + lane->waiting + lane->other;
}

/* A lane's time goes on from `before`, its states add up, and none goes back. */
static void check_lane(const shs_loader *loader, uint32_t number, shs_lane_times *before)
{
    const shs_lane_times now = shs_times_of_lane(loader, number);
    const double *state = (const double *)&now, *old = (const double *)before;
    for (size_t i = 0; i < sizeof now / sizeof *state; i++)
        CHECK_IS(state[i], >=, old[i]);
    CHECK_IS(fabs(sum_of(&now) - now.elapsed), <, 1e-8 + 1e-12 * now.elapsed);
    CHECK_IS(now.elapsed, <=, shs_times(loader).elapsed);
    *before = now;
}

static void load_all(shs_loader *loader, uint32_t lanes)
{
    shs_lane_times calling = {0}, lane[8] = {{0}};
    shs_batch batch;
    uint64_t batches = 0;
    double in_steps = 0;
    while (shs_next(loader, &batch) == SHS_OK) {
        if (batch.ends_step) in_steps += shs_times(loader).waited_in_step;
        if (batches++ % 5) continue;
        check_lane(loader, 0, &calling);
        for (uint32_t i = 1; i <= lanes; i++)
            check_lane(loader, i, &lane[i]);
    }
    const shs_loader_times times = shs_times(loader);
    CHECK_IS(times.waited, >, 0);
    CHECK_IS(times.waited, <=, times.elapsed);
    CHECK_IS(fabs(in_steps - times.waited), <, 1e-8 + 1e-12 * times.elapsed);
    check_lane(loader, 0, &calling);
    CHECK_IS(fabs(calling.elapsed - calling.idle - times.waited), <, 1e-8);
}

static void times_add_up(void)
{
    static const shs_loader_options ways[] = {{.threads = 0},
                                              {.threads = 2},
                                              {.ahead = 1},
                                              {.ahead = 3, .threads = 2},
                                              {.ahead = 2, .threads = 5, .step_batches = true}};
    struct data data;
    if (!open_fields(&data, all_fields)) return;
    delays_begin();
    for (size_t i = 0; i < COUNT(ways); i++) {
        shs_loader_options options = ways[i];
        uint32_t lanes = options.ahead ? (options.threads ? options.threads : 1) : 0;
        shs_loader *loader;
        options.batch = BATCH;
        options.epochs = 2;
        options.augment = augmentation;
        if (!NEED_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK)) break;
        CHECK_EQ(shs_times(loader).lanes, lanes ? lanes : 1);
        load_all(loader, lanes);
        double decoding = 0, augmenting = 0;
        for (uint32_t l = 0; l <= lanes; l++) {
            const shs_lane_times lane = shs_times_of_lane(loader, l);
            decoding += lane.decoding;
            augmenting += lane.augmenting;
            CHECK(l == 0 || lane.preparing == 0);
            CHECK(l > 0 || lane.preparing > 0);
        }
        CHECK_IS(decoding, >, 0);
        CHECK_IS(augmenting, >, 0);
        CHECK(shs_times_of_lane(loader, lanes + 1).elapsed == 0);
        shs_loader_close(&loader);
    }
    delays_end();
    data_close(&data);
}

/* Batches that the program does not wait for, and batches that it does nothing but wait for. */
static void the_report_tells_of_waiting(void)
{
    shs_loader_options options = {.batch = BATCH, .augment = augmentation};
    char text[SHS_REPORT_BYTES], little[9];
    struct data data;
    shs_loader *loader;
    shs_batch batch;
    if (!open_fields(&data, all_fields)) return;
    for (options.ahead = 0; options.ahead < 3; options.ahead += 2) {
        CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK);
        CHECK_STATUS(shs_loader_report(loader, text, sizeof text), SHS_OK);
        CHECK_HAS(text, "data kept up: waited 0.00%");
        for (int i = 0; i < 100; i++)
            CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
        CHECK_STATUS(shs_loader_report(loader, text, sizeof text), SHS_OK);
        CHECK_HAS(text, "is the bottleneck on rank 0: waited ");
        CHECK_HAS(text, options.ahead ? "its 1 lane and the caller: "
                                      : "; try ahead=2, which loads while");
        CHECK_HAS(text, "% of ");
        CHECK(!strstr(text, "nan") && !strchr(text, '\n'));
        CHECK_STATUS(shs_loader_report(loader, little, sizeof little), SHS_OK);
        CHECK_TEXT(little, "data kep");
        shs_loader_close(&loader);
    }
    data_close(&data);
}

/* The number of a key of an object, or -1. */
static double number_of(const char *object, const char *key)
{
    char name[64];
    double number;
    snprintf(name, sizeof name, "\"%s\": ", key);
    const char *at = strstr(object, name);
    return at && sscanf(at + strlen(name), "%lf", &number) == 1 ? number : -1;
}

static void check_object(const char *object, uint64_t epoch, uint64_t step, uint64_t samples)
{
    size_t length = strlen(object);
    CHECK(length > 2 && *object == '{' && !strcmp(object + length - 3, "}]}"));
    CHECK(!strchr(object, '\n') && !strstr(object, "nan"));
    CHECK_EQ(number_of(object, "epoch"), (double)epoch);
    CHECK_EQ(number_of(object, "step"), (double)step);
    CHECK_EQ(number_of(object, "rank"), 0);
    CHECK_EQ(number_of(object, "samples"), (double)samples);
    CHECK_HAS(object, "\"message\": \"");
    CHECK_IS(number_of(object, "waited_s"), <=, number_of(object, "elapsed_s"));
}

/* Objects of successive epochs are about all that was delivered. A call that fails loses nothing.
 */
static void objects_tell_of_each_epoch(void)
{
    shs_loader_options options = {
        .batch = BATCH, .epochs = 2, .augment = augmentation, .threads = 2};
    char object[SHS_REPORT_JSON_BYTES], little[40] = "?";
    struct data data;
    shs_loader *loader;
    shs_batch batch;
    uint64_t rows = 0;
    if (!open_fields(&data, all_fields)) return;
    for (options.ahead = 0; options.ahead < 4; options.ahead += 3) {
        CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK);
        CHECK_STATUS(shs_loader_report_json(loader, object, sizeof object), SHS_OK);
        check_object(object, 0, 0, 0);
        CHECK_HAS(object, "\"cpu_s_per_1000\": null, \"bottleneck\": null");
        while (shs_next(loader, &batch) == SHS_OK) {
            rows += batch.rows;
            if (!batch.ends_epoch) continue;
            CHECK_STATUS(shs_loader_report_json(loader, little, sizeof little), SHS_ERROR_ARGUMENT);
            CHECK_TEXT(little, "");
            CHECK_HAS(shs_message(), "rank 0: shs_loader_report_json: the object takes ");
            CHECK_HAS(shs_message(), "`bytes` is 40; pass memory of SHS_REPORT_JSON_BYTES");
            CHECK_STATUS(shs_loader_report_json(loader, object, sizeof object), SHS_OK);
            check_object(object, batch.epoch, batch.step + 1, rows);
            CHECK_EQ(number_of(object, "ahead"), options.ahead);
            CHECK_IS(number_of(object, "chunks_decoded"), >, 0);
            CHECK_IS(number_of(object, "cpu_s_per_1000"), >, 0);
            CHECK((strstr(object, "{\"lane\": 2, ") != NULL) == (options.ahead > 0));
            CHECK(!strstr(object, "{\"lane\": 3, "));
            rows = 0;
        }
        shs_loader_close(&loader);
    }
    data_close(&data);
}

static void a_seek_begins_a_step_anew(void)
{
    const shs_loader_options options = {.batch = BATCH, .ahead = 2, .threads = 2};
    struct data data;
    shs_loader *loader;
    shs_batch batch;
    if (!open_fields(&data, direct_fields)) return;
    CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK);
    CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
    double before = shs_times(loader).waited;
    CHECK_STATUS(shs_seek(loader, (shs_cursor){0}), SHS_OK);
    do
        CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
    while (!batch.ends_step);
    const shs_loader_times times = shs_times(loader);
    CHECK_IS(fabs(times.waited - before - times.waited_in_step), <, 1e-8);
    shs_loader_close(&loader);
    data_close(&data);
}

int main(void)
{
    static const struct harness_test tests[] = {
        TEST(times_add_up),
        TEST(the_report_tells_of_waiting),
        TEST(objects_tell_of_each_epoch),
        TEST(a_seek_begins_a_step_anew),
    };
    int code = make_all_files() ? harness_run("times", tests, COUNT(tests)) : 1;
    folder_remove(folder);
    return code;
}
