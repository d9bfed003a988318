/* Metrics over ranks: the same bits on any number of ranks, and what goes wrong on one rank. */
#include <math.h>

#include "gathered.h"
#include "shardstep/metrics.h"
#include "sums.h"

enum {
    N_METRICS = 4,
    MOST_ROWS = 7
};

static const shs_metric list[N_METRICS] = {{"loss", SHS_METRIC_MEAN},
                                           {"total", SHS_METRIC_SUM},
                                           {"least", SHS_METRIC_MINIMUM},
                                           {"greatest", SHS_METRIC_MAXIMUM}};

struct scene {
    shs_run *run;
    shs_metrics *metrics;
};

static struct scene scene_begin(MPI_Comm comm, bool gathered, uint64_t vranks, uint64_t group)
{
    struct scene scene;
    shs_run_options options = {.vranks = vranks, .group = group};
    need(!open_either(comm, gathered, &options, &scene.run), "a run");
    need(!shs_metrics_open(scene.run, list, N_METRICS, &scene.metrics), "shs_metrics_open");
    return scene;
}

static void scene_end(struct scene *scene)
{
    shs_metrics_close(&scene->metrics);
    CHECK(scene->metrics == NULL);
    shs_metrics_close(&scene->metrics);
    CHECK_STATUS(shs_close(&scene->run), SHS_OK);
}

/* A batch of 0 to 6 rows of weight 1; the value behind them is never to be read. */
static shs_batch batch_of(uint64_t vrank, uint64_t step, double values[MOST_ROWS])
{
    uint64_t count = scramble(step * 100 + vrank) % MOST_ROWS;
    for (uint64_t row = 0; row < count; row++)
        values[row] = mixed_value(vrank, row, step) * ldexp(1, (int)(vrank % 100) * 9 - 400);
    values[count] = NAN;
    return (shs_batch){.vrank = vrank, .step = step, .rows = count + 1, .count = count};
}

/* Adds what this rank has of a few steps: to the mean by rows and as a total of the batch. */
static void add_steps(const struct scene *scene)
{
    shs_run_info info = shs_info(scene->run);
    for (uint64_t step = 0; step < 3; step++)
        for (uint64_t v = info.first_vrank; v < info.first_vrank + info.hosted; v++) {
            double values[MOST_ROWS + 1], total = 0;
            shs_batch batch = batch_of(v, step, values);
            for (uint64_t row = 0; row < batch.count; row++)
                total += values[row];
            CHECK_STATUS(shs_metrics_add_total(scene->metrics, 0, total, batch.count), SHS_OK);
            for (size_t m = 0; m < N_METRICS; m++)
                CHECK_STATUS(shs_metrics_add_batch(scene->metrics, m, &batch, values), SHS_OK);
            CHECK_STATUS(shs_metrics_add(scene->metrics, 1, 1.5, v), SHS_OK);
        }
}

static void same_in(bool gathered, uint64_t vranks, uint64_t group)
{
    struct scene scene = scene_begin(MPI_COMM_WORLD, gathered, vranks, group);
    struct scene alone = scene_begin(MPI_COMM_NULL, false, vranks, 0);
    double results[N_METRICS], expected[N_METRICS];
    harness_where("%llu virtual ranks, groups of %llu", (ull)vranks, (ull)group);
    for (int again = 0; again < 2; again++) {
        add_steps(&scene);
        add_steps(&alone);
        CHECK_STATUS(shs_metrics_reduce(scene.metrics, results), SHS_OK);
        CHECK_STATUS(shs_metrics_reduce(alone.metrics, expected), SHS_OK);
        CHECK_DOUBLES(results, expected, N_METRICS);
        for (size_t m = 0; m < N_METRICS; m++)
            CHECK(results[m] - results[m] == 0);
    }
    scene_end(&alone);
    scene_end(&scene);
}

static void test_the_same_bits_on_any_ranks(void)
{
    uint64_t ranks = (uint64_t)all_ranks();
    for (uint64_t vranks = ranks; vranks < 12; vranks += 2)
        same_in(false, vranks, 0);
    same_in(false, 100, 0);
    same_in(true, 13, 0);
    same_in(false, 5, ranks);
}

/* What a sum in doubles cannot do. */
static void test_the_sum_is_exact(void)
{
    struct scene scene = scene_begin(MPI_COMM_WORLD, false, 0, 0);
    double results[N_METRICS], ranks = all_ranks();
    CHECK_STATUS(shs_metrics_add(scene.metrics, 1, my_rank() ? 1 : 1e300, 1), SHS_OK);
    CHECK_STATUS(shs_metrics_add(scene.metrics, 1, my_rank() == last_rank() ? -1e300 : 1, 1),
                 SHS_OK);
    CHECK_STATUS(shs_metrics_add(scene.metrics, 0, 0.1, 1000000), SHS_OK);
    CHECK_STATUS(shs_metrics_add(scene.metrics, 2, my_rank(), 1), SHS_OK);
    CHECK_STATUS(shs_metrics_add(scene.metrics, 3, my_rank(), 1), SHS_OK);
    CHECK_STATUS(shs_metrics_reduce(scene.metrics, results), SHS_OK);
    CHECK_EQ(results[0], 0.1);
    CHECK_EQ(results[1], 2 * ranks - 2);
    CHECK_EQ(results[2], 0);
    CHECK_EQ(results[3], ranks - 1);
    CHECK_STATUS(shs_metrics_reduce(scene.metrics, results), SHS_OK);
    CHECK(isnan(results[0]) && results[1] == 0 && results[2] == INFINITY &&
          results[3] == -INFINITY);
    scene_end(&scene);
}

/* A refused value is this rank's own affair. */
static bool refused(shs_status status, const char *words)
{
    char begin[32];
    snprintf(begin, sizeof begin, "rank %d: ", my_rank());
    return CHECK_STATUS(status, SHS_ERROR_ARGUMENT) && CHECK_HAS(shs_message(), begin) &&
           CHECK_HAS(shs_message(), words) && CHECK(!shs_message_is_agreed());
}

static void test_refused_values(void)
{
    struct scene scene = scene_begin(MPI_COMM_WORLD, false, 0, 0);
    const shs_batch batch = {.count = 2}, empty = {0};
    double results[N_METRICS];
    refused(shs_metrics_add(scene.metrics, N_METRICS, 1, 1),
            "shs_metrics_add: there is no metric 4; the object has 4");
    refused(shs_metrics_add_total(scene.metrics, 2, 1, 1),
            "shs_metrics_add_total: metric least is a minimum");
    refused(shs_metrics_add_total(scene.metrics, 3, 1, 1), "metric greatest is a maximum");
    CHECK_STATUS(shs_metrics_add(scene.metrics, 1, 1, UINT64_MAX >> 1), SHS_OK);
    refused(shs_metrics_add(scene.metrics, 1, 1, 1), "metric total has weight 9223372036854775807");
    refused(shs_metrics_add_total(scene.metrics, 1, 1, 2), "and 2 more are too many");
    refused(shs_metrics_add_batch(scene.metrics, 1, &batch, (const double[]){1, 2}),
            "and 2 more are too many");
    CHECK_STATUS(shs_metrics_add_batch(scene.metrics, 0, &batch, NULL), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "values is NULL");
    CHECK_STATUS(shs_metrics_add_batch(scene.metrics, 0, &empty, NULL), SHS_OK);
    shs_status status = shs_metrics_reduce(scene.metrics, results);
    if (all_ranks() > 2) {
        CHECK(agreed_failure(status, SHS_ERROR_ARGUMENT, 0));
        CHECK_HAS(shs_message(), "the weights of metric total on all ranks together are 2^64");
    } else {
        CHECK_STATUS(status, SHS_OK);
        CHECK_EQ(results[1], ldexp(all_ranks(), 63));
    }
    CHECK_STATUS(shs_metrics_reduce(scene.metrics, results), SHS_OK);
    CHECK_EQ(results[1], 0);
    scene_end(&scene);
}

static void test_mistakes_of_one_rank(void)
{
    struct scene scene = scene_begin(MPI_COMM_WORLD, false, 0, 0);
    bool wrong = my_rank() == last_rank();
    double results[N_METRICS];
    shs_metrics *metrics;
    const shs_metric twice[] = {{"a", SHS_METRIC_MEAN}, {wrong ? "a" : "b", SHS_METRIC_SUM}},
                     nameless[] = {{wrong ? "" : "a", SHS_METRIC_MEAN}},
                     odd[] = {{"a", (shs_metric_kind)(wrong ? 4 : 0)}},
                     other[] = {{"a", wrong ? SHS_METRIC_SUM : SHS_METRIC_MEAN}};
    CHECK(agreed_failure(shs_metrics_open(scene.run, twice, 2, &metrics), SHS_ERROR_ARGUMENT,
                         last_rank()));
    CHECK_HAS(shs_message(), "shs_metrics_open: two metrics are named a");
    CHECK(metrics == NULL);
    CHECK(agreed_failure(shs_metrics_open(scene.run, nameless, 1, &metrics), SHS_ERROR_ARGUMENT,
                         last_rank()));
    CHECK_HAS(shs_message(), "metric 0 has no name");
    CHECK(agreed_failure(shs_metrics_open(scene.run, odd, 1, &metrics), SHS_ERROR_ARGUMENT,
                         last_rank()));
    CHECK_HAS(shs_message(), "metric 0 (a) is of kind 4");
    shs_status status = shs_metrics_open(scene.run, other, 1, &metrics);
    if (all_ranks() > 1) {
        CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, last_rank()));
        status = my_rank() ? shs_metrics_reduce(scene.metrics, results) : shs_agree(scene.run);
        CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, 1));
        CHECK_HAS(shs_message(), "called shs_metrics_reduce(metrics object 1 of the run) where");
    }
    shs_metrics_close(&metrics);
    CHECK(agreed_failure(shs_metrics_reduce(scene.metrics, wrong ? NULL : results),
                         SHS_ERROR_ARGUMENT, last_rank()));
    CHECK_HAS(shs_message(), "results is NULL");
    scene_end(&scene);
}

static void test_ranks_that_cannot_talk(void)
{
    if (all_ranks() == 1) return;
    shs_metrics *metrics;
    shs_run *run;
    need(!shs_open_ranks(my_rank(), all_ranks(), NULL, NULL, NULL, &run), "shs_open_ranks");
    CHECK_STATUS(shs_metrics_open(run, list, N_METRICS, &metrics), SHS_ERROR_UNSUPPORTED);
    CHECK_HAS(shs_message(), "shs_metrics_open: the ranks of this run cannot talk to each other");
    CHECK(!metrics);
    CHECK_STATUS(shs_close(&run), SHS_OK);
}

static shs_status open_and_reduce(void *user)
{
    double results[N_METRICS];
    shs_metrics *metrics;
    shs_status status = shs_metrics_open(user, list, N_METRICS, &metrics);
    if (!status) status = shs_metrics_reduce(metrics, results);
    shs_metrics_close(&metrics);
    return status;
}

static void test_memory_that_runs_out(void)
{
    struct scene scene = scene_begin(MPI_COMM_WORLD, false, 0, 0);
    CHECK(survives_scarcity(last_rank(), open_and_reduce, scene.run));
    scene_end(&scene);
}

static void test_metrics_outlive_their_run(void)
{
    struct scene scene = scene_begin(MPI_COMM_WORLD, false, 0, 0);
    double results[N_METRICS];
    CHECK_STATUS(shs_close(&scene.run), SHS_OK);
    CHECK_STATUS(shs_metrics_add(scene.metrics, 0, 1, 1), SHS_OK);
    CHECK_STATUS(shs_metrics_reduce(scene.metrics, results), SHS_ERROR_STATE);
    CHECK_HAS(shs_message(), "shs_metrics_reduce: its run is closed");
    shs_metrics_close(&scene.metrics);
}

#define TEST(name)                                                                                 \
    {                                                                                              \
#name, test_##name                                                                         \
    }

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(the_same_bits_on_any_ranks), TEST(the_sum_is_exact),       TEST(refused_values),
        TEST(mistakes_of_one_rank),       TEST(ranks_that_cannot_talk), TEST(memory_that_runs_out),
        TEST(metrics_outlive_their_run),
    };
    return harness_main_ranks("metrics", tests, sizeof tests / sizeof *tests, argc, argv);
}
