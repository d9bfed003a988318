/** @file
 * Metrics over all ranks: means, sums, minima and maxima of numbers such as the loss of each row.
 *
 * Sums are exact: they are kept in integers that are wide enough for every double, and rounded
 * once, to the nearest double, ties to even. So a metric has the same bits on any number of ranks,
 * in whatever order its values come, if the values are the same. Other sums would depend on how the
 * rows are shared out.
 *
 * A value has a weight: the number of rows that it stands for. Rows of weight 0, which a padded
 * batch repeats, do not count. What has weight 0 is not looked at.
 *
 * - A NaN among the values of a metric makes its result NaN.
 * - Infinities of one sign make a mean and a sum this infinity, infinities of both signs make them
 *   NaN. Minima and maxima compare infinities like other numbers.
 * - A sum of finite values that is larger than the largest double becomes an infinity. Their mean
 *   is always finite.
 * - A result of 0 is +0.
 * - Without any weight a mean is NaN, a sum is 0, a minimum is +infinity, a maximum is -infinity.
 *
 * In a run of groups the values of member 0 of each group count, since all members have the same
 * rows. */
#ifndef SHARDSTEP_METRICS_H
#define SHARDSTEP_METRICS_H

#include "loader.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a metric makes of its values. */
typedef enum shs_metric_kind {
    /** The default. The sum of the values, each times its weight, divided by the sum of the
     * weights. The quotient is rounded once. */
    SHS_METRIC_MEAN = 0,
    /** The sum of the values, each times its weight. */
    SHS_METRIC_SUM,
    /** The least value. */
    SHS_METRIC_MINIMUM,
    /** The greatest value. */
    SHS_METRIC_MAXIMUM,
} shs_metric_kind;

/** A metric. */
typedef struct shs_metric {
    /** The name, such as "loss", for messages. Any text with at least one byte. */
    const char *name;
    /** What is computed: SHS_METRIC_MEAN by default. */
    shs_metric_kind kind;
} shs_metric;

/** Some metrics, and their values so far. shs_metrics_open() makes the object, shs_metrics_close()
 * releases it. It takes about 33 KiB a metric. */
typedef struct shs_metrics shs_metrics;

/** Collective. Prepares metrics, which have no values yet.
 *
 * @param run      the run
 * @param list     `count` metrics with distinct names, the same in the same order on every rank;
 *                 borrowed for the call
 * @param count    the number of metrics; at least 1
 * @param metrics  gets the object, which the caller releases by shs_metrics_close(); NULL on error
 * @return SHS_OK; SHS_ERROR_ARGUMENT for NULL, no metrics, an unfit name or an unknown kind;
 *         SHS_ERROR_DISAGREE if ranks differ in metrics; SHS_ERROR_UNSUPPORTED if the ranks cannot
 *         talk to each other (shs_open_ranks() with `agree` NULL); SHS_ERROR_MEMORY;
 *         SHS_ERROR_STATE if the run is closed. On every rank the same status, unless `run` is
 *         NULL */
SHS_API SHS_MUST_CHECK shs_status shs_metrics_open(shs_run *run, const shs_metric *list,
                                                   size_t count, shs_metrics **metrics);

/** Local. Releases the object and leaves NULL. It may be called after shs_close().
 *
 * @param metrics  the object; nothing happens if `metrics` or *metrics is NULL */
SHS_API void shs_metrics_close(shs_metrics **metrics);

/** Local. Adds a value that stands for `weight` rows, as if it were added so often with weight 1.
 *
 * @param metrics  the object
 * @param m        the number of the metric in the list, from 0
 * @param value    any double
 * @param weight   the weight; with 0 nothing is added. The weights of a metric on one rank have a
 *                 sum of at most 2^63 - 1
 * @return SHS_OK; SHS_ERROR_ARGUMENT for NULL, if there is no metric m, or if the weights become
 *         too large. Nothing is added then */
SHS_API SHS_MUST_CHECK shs_status shs_metrics_add(shs_metrics *metrics, size_t m, double value,
                                                  uint64_t weight);

/** Local. Adds the total of several rows to a mean or a sum, such as the sum of the losses of a
 * batch, or the number of its rows that were classified correctly. A mean divides by `rows`.
 *
 * The result has the same bits on any number of ranks if the totals are those of whole batches.
 *
 * @param metrics  the object
 * @param m        the number of a metric that is a mean or a sum
 * @param total    any double
 * @param rows     the number of rows, such as batch.count; with 0 nothing is added
 * @return SHS_OK; the errors of shs_metrics_add(); SHS_ERROR_ARGUMENT for a minimum or maximum */
SHS_API SHS_MUST_CHECK shs_status shs_metrics_add_total(shs_metrics *metrics, size_t m,
                                                        double total, uint64_t rows);

/** Local. Adds a value of each row of a batch that has weight 1: values[0] to
 * values[batch->count - 1]. Values behind these are not read.
 *
 * @param metrics  the object
 * @param m        the number of the metric
 * @param batch    what shs_next() gave
 * @param values   a number for each row; may be NULL if batch->count is 0
 * @return SHS_OK; the errors of shs_metrics_add() */
SHS_API SHS_MUST_CHECK shs_status shs_metrics_add_batch(shs_metrics *metrics, size_t m,
                                                        const shs_batch *batch,
                                                        const double *values);

/** Collective. Computes the metrics over all values of all ranks, gives them to every rank, and
 * begins anew: the object then has no values, also after an error.
 *
 * @param metrics  the object
 * @param results  gets a number for each metric, in the order of the list. After an error its
 *                 content is not defined
 * @return SHS_OK; a loading error that the ranks have not agreed on yet, on every rank;
 *         SHS_ERROR_ARGUMENT for NULL, or if the weights of all ranks together are 2^64 or more;
 *         SHS_ERROR_DISAGREE if other ranks make another Collective call; SHS_ERROR_STATE if the
 *         run is closed. On every rank the same status, unless `metrics` is NULL */
SHS_API SHS_MUST_CHECK shs_status shs_metrics_reduce(shs_metrics *metrics, double *results);

#ifdef __cplusplus
}
#endif

#endif
