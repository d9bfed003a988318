/* Metrics over all ranks: the values of this rank, and the results of all. */
#include <string.h>

#include "core_hash.h"
#include "core_memory.h"
#include "mpi_run.h"
#include "order_metric.h"
#include "shardstep/metrics.h"
#include "train_compare.h"

#define OPEN_IT "open it with shs_metrics_open()"

/* A metric of the list, and its values on this rank. */
struct entry {
    char *name;
    shs_metric_kind kind;
    struct order_metric values;
};

struct shs_metrics {
    shs_run *run;
    uint64_t number; /* this object's number in the run, from 1, the same on every rank */
    struct entry *entries;
    size_t count;
    uint64_t *sums;     /* room for the numbers that are added over the ranks */
    uint64_t *extremes; /* room for the numbers that are compared over the ranks */
};

static shs_status check_list(const shs_metric *list, size_t count)
{
    if (!list || !count)
        return core_fail(SHS_ERROR_ARGUMENT, "no metrics are given: %s",
                         list ? "their count is 0" : "list is NULL");
    for (size_t m = 0; m < count; m++) {
        if (!list[m].name || !*list[m].name)
            return core_fail(SHS_ERROR_ARGUMENT, "metric %zu has no name; give it one", m);
        if (list[m].kind < SHS_METRIC_MEAN || list[m].kind > SHS_METRIC_MAXIMUM)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "metric %zu (%.80s) is of kind %d; the kinds are 0 (mean), 1 (sum), 2 "
                             "(minimum) and 3 (maximum)",
                             m, list[m].name, (int)list[m].kind);
        for (size_t other = 0; other < m; other++)
            if (!strcmp(list[other].name, list[m].name))
                return core_fail(SHS_ERROR_ARGUMENT, "two metrics are named %.80s", list[m].name);
    }
    return SHS_OK;
}

static shs_status open_local(shs_metrics *metrics, const shs_metric *list, size_t count)
{
    shs_status status = check_list(list, count);
    if (!status) status = train_compare_together(metrics->run);
    if (!status) status = core_new(count, sizeof *metrics->entries, "metrics", &metrics->entries);
    if (!status)
        status =
            core_new(count, ORDER_METRIC_SUMS * sizeof *metrics->sums, "metrics", &metrics->sums);
    if (!status)
        status = core_new(count, ORDER_METRIC_EXTREMES * sizeof *metrics->extremes, "metrics",
                          &metrics->extremes);
    for (; metrics->count < count && !status; metrics->count++) {
        struct entry *entry = &metrics->entries[metrics->count];
        entry->kind = list[metrics->count].kind;
        status = core_copy(list[metrics->count].name, &entry->name);
    }
    return status;
}

/* A digest of names and kinds in their order. */
static shs_status digest_list(const shs_metrics *metrics, char text[CORE_DIGEST_TEXT])
{
    struct core_hash *hash;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    for (size_t m = 0; m < metrics->count; m++) {
        const struct entry *entry = &metrics->entries[m];
        uint64_t kind = (uint64_t)entry->kind;
        core_hash_add(hash, entry->name, strlen(entry->name) + 1);
        core_hash_add_elements(hash, &kind, 1, sizeof kind);
    }
    core_hash_finish(&hash, text);
    return SHS_OK;
}

shs_status shs_metrics_open(shs_run *run, const shs_metric *list, size_t count,
                            shs_metrics **metrics)
{
    char names[CORE_DIGEST_TEXT] = "";
    shs_metrics *nowhere = NULL;
    shs_status status = core_require(run, "shs_metrics_open", "run", "open it with shs_open()");
    if (metrics) *metrics = NULL;
    if (status) return status;
    uint64_t number = ++run->metrics;
    if (metrics)
        status = core_new(1, sizeof **metrics, "metrics", metrics);
    else
        status =
            core_fail(SHS_ERROR_ARGUMENT, "metrics is NULL; pass the address of a shs_metrics *");
    if (!metrics) metrics = &nowhere;
    if (!status) {
        mpi_run_hold(run);
        (*metrics)->run = run;
        (*metrics)->number = number;
        status = open_local(*metrics, list, count);
    }
    if (!status) status = digest_list(*metrics, names);
    status = mpi_agree(run, core_wrap(status, "shs_metrics_open"),
                       "shs_metrics_open(%zu metrics, names and kinds %s)", count, names);
    if (status) shs_metrics_close(metrics);
    return status;
}

void shs_metrics_close(shs_metrics **metrics)
{
    if (!metrics || !*metrics) return;
    shs_run *run = (*metrics)->run;
    for (size_t m = 0; m < (*metrics)->count; m++)
        core_free(&(*metrics)->entries[m].name);
    core_free(&(*metrics)->entries);
    core_free(&(*metrics)->sums);
    core_free(&(*metrics)->extremes);
    core_free(metrics);
    mpi_run_release(run);
}

/* ---- Values. */

/* Local. Returns a metric for a call of `function`. Without one it returns NULL and sets *status.
 */
static struct entry *find_entry(shs_metrics *metrics, const char *function, size_t m,
                                shs_status *status)
{
    *status = core_require(metrics, function, "metrics", OPEN_IT);
    if (*status) return NULL;
    if (m < metrics->count) return &metrics->entries[m];
    *status = core_fail(SHS_ERROR_ARGUMENT,
                        "rank %d: %s: there is no metric %zu; the object has %zu, counted from 0",
                        metrics->run->rank, function, m, metrics->count);
    return NULL;
}

static shs_status too_heavy(const shs_metrics *metrics, const char *function,
                            const struct entry *entry, uint64_t weight)
{
    return core_fail(SHS_ERROR_ARGUMENT,
                     "rank %d: %s: metric %.80s has weight %llu, and %llu more are too many; the "
                     "most is 2^63-1 on a rank until shs_metrics_reduce()",
                     metrics->run->rank, function, entry->name, (ull)entry->values.weight,
                     (ull)weight);
}

shs_status shs_metrics_add(shs_metrics *metrics, size_t m, double value, uint64_t weight)
{
    shs_status status;
    struct entry *entry = find_entry(metrics, "shs_metrics_add", m, &status);
    if (!entry) return status;
    if (order_metric_add(&entry->values, value, weight, weight)) return SHS_OK;
    return too_heavy(metrics, "shs_metrics_add", entry, weight);
}

shs_status shs_metrics_add_total(shs_metrics *metrics, size_t m, double total, uint64_t rows)
{
    shs_status status;
    struct entry *entry = find_entry(metrics, "shs_metrics_add_total", m, &status);
    if (!entry) return status;
    if (entry->kind != SHS_METRIC_MEAN && entry->kind != SHS_METRIC_SUM)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "rank %d: shs_metrics_add_total: metric %.80s is a %s, which a total does "
                         "not tell; give it the value of each row by shs_metrics_add()",
                         metrics->run->rank, entry->name,
                         entry->kind == SHS_METRIC_MINIMUM ? "minimum" : "maximum");
    if (order_metric_add(&entry->values, total, 1, rows)) return SHS_OK;
    return too_heavy(metrics, "shs_metrics_add_total", entry, rows);
}

shs_status shs_metrics_add_batch(shs_metrics *metrics, size_t m, const shs_batch *batch,
                                 const double *values)
{
    shs_status status;
    struct entry *entry = find_entry(metrics, "shs_metrics_add_batch", m, &status);
    if (!entry) return status;
    status = core_require(batch, "shs_metrics_add_batch", "batch",
                          "pass the address of one that shs_next() gave");
    if (!status && batch->count)
        status = core_require(values, "shs_metrics_add_batch", "values",
                              "pass a number for each row of the batch");
    if (status) return status;
    if (batch->count > ORDER_METRIC_MOST_WEIGHT - entry->values.weight)
        return too_heavy(metrics, "shs_metrics_add_batch", entry, batch->count);
    for (uint64_t row = 0; row < batch->count; row++)
        order_metric_add(&entry->values, values[row], 1, 1);
    return SHS_OK;
}

/* ---- Results. */

static double result_of(shs_metric_kind kind, const uint64_t *sums, const uint64_t *extremes)
{
    switch (kind) {
    case SHS_METRIC_SUM:
        return order_metric_sum(sums);
    case SHS_METRIC_MINIMUM:
        return order_metric_least(sums, extremes);
    case SHS_METRIC_MAXIMUM:
        return order_metric_greatest(sums, extremes);
    case SHS_METRIC_MEAN:
    default:
        return order_metric_mean(sums);
    }
}

/* Local. Writes the numbers of this rank, and forgets the values. Members of a group other than
 * member 0 have nothing to add. */
static void give(shs_metrics *metrics)
{
    for (size_t m = 0; m < metrics->count; m++) {
        struct order_metric *values = &metrics->entries[m].values;
        if (metrics->run->member) order_metric_clear(values);
        order_metric_give(values, metrics->sums + m * ORDER_METRIC_SUMS,
                          metrics->extremes + m * ORDER_METRIC_EXTREMES);
        order_metric_clear(values);
    }
}

/* Local. The numbers are those of all ranks, so each rank comes to the same results and errors. */
static shs_status finish(const shs_metrics *metrics, double *results)
{
    for (size_t m = 0; m < metrics->count; m++) {
        const uint64_t *sums = metrics->sums + m * ORDER_METRIC_SUMS;
        uint64_t weight;
        if (!order_metric_weight(sums, &weight))
            return core_fail(SHS_ERROR_ARGUMENT,
                             "shs_metrics_reduce: the weights of metric %.80s on all ranks "
                             "together are 2^64 or more; reduce more often",
                             metrics->entries[m].name);
        results[m] = result_of(metrics->entries[m].kind, sums,
                               metrics->extremes + m * ORDER_METRIC_EXTREMES);
    }
    return SHS_OK;
}

shs_status shs_metrics_reduce(shs_metrics *metrics, double *results)
{
    shs_status status = core_require(metrics, "shs_metrics_reduce", "metrics", OPEN_IT);
    if (status) return status;
    shs_run *run = metrics->run;
    give(metrics);
    status = mpi_settle(run,
                        core_require(results, "shs_metrics_reduce", "results",
                                     "pass memory for a number for each metric"),
                        "shs_metrics_reduce(metrics object %llu of the run)", (ull)metrics->number);
    if (!status) status = mpi_sum(run, metrics->sums, metrics->count * ORDER_METRIC_SUMS);
    if (!status)
        status = mpi_greatest(run, metrics->extremes, metrics->count * ORDER_METRIC_EXTREMES);
    if (status) return status;
    status = finish(metrics, results);
    return status ? mpi_agree(run, status, "shs_metrics_reduce") : SHS_OK;
}
