/* NULL for what the functions of record.h, gradient.h, metrics.h and optimizer.h need. */
#include "null_cases.h"

static shs_gradient *good_gradient(void)
{
    shs_gradient *gradient;
    CHECK_STATUS(shs_gradient_open(good_run(), &good_tensor, 1, NULL, &gradient), SHS_OK);
    return gradient;
}

static shs_record *good_record(void)
{
    shs_record *record;
    CHECK_STATUS(shs_record_open(good_loader(), NULL, &record), SHS_OK);
    return record;
}

/* ---- record.h */

CASE(shs_record_open)
{
    shs_record *record = (shs_record *)1;
    return REFUSES(shs_record_open, (NULL, NULL, &record), "loader is NULL") && !record &&
           REFUSES(shs_record_open, (good_loader(), NULL, NULL), "record is NULL");
}

CASE(shs_note)
{
    const shs_batch batch = {.count = 1};
    return REFUSES(shs_note, (NULL, &batch, NULL), "loader is NULL") &&
           REFUSES(shs_note, (good_loader(), NULL, NULL), "batch is NULL") &&
           REFUSES(shs_note, (good_loader(), &batch, NULL), "losses is NULL");
}

CASE(shs_record_step)
{
    return REFUSES(shs_record_step, (NULL, NULL, 0, NULL, 0), "record is NULL") &&
           REFUSES(shs_record_step, (good_record(), NULL, 1, NULL, 0), "mean is NULL") &&
           REFUSES(shs_record_step, (good_record(), NULL, 0, NULL, 1), "weights is NULL");
}

CASE(shs_record_close)
{
    shs_record *record = NULL;
    return shs_record_close(NULL) == SHS_OK && shs_record_close(&record) == SHS_OK;
}

/* ---- gradient.h */

CASE(shs_gradient_open)
{
    shs_gradient *gradient = (shs_gradient *)1;
    shs_run *run = good_run();
    return REFUSES(shs_gradient_open, (NULL, &good_tensor, 1, NULL, &gradient), "run is NULL") &&
           !gradient &&
           REFUSES(shs_gradient_open, (run, NULL, 1, NULL, &gradient), "tensors is NULL") &&
           REFUSES(shs_gradient_open, (run, &good_tensor, 1, NULL, NULL), "gradient is NULL");
}

CASE(shs_gradient_close)
{
    shs_gradient_close(NULL);
    shs_gradient_close(&(shs_gradient *){NULL});
    return true;
}

CASE(shs_gradient_add)
{
    const shs_batch batch = {0};
    return REFUSES(shs_gradient_add, (NULL, &batch), "gradient is NULL") &&
           REFUSES(shs_gradient_add, (good_gradient(), NULL), "batch is NULL");
}

CASE(shs_gradient_ready)
{
    const shs_batch batch = {0};
    return REFUSES(shs_gradient_ready, (NULL, &batch, 0), "gradient is NULL") &&
           REFUSES(shs_gradient_ready, (good_gradient(), NULL, 0), "batch is NULL");
}

CASE(shs_gradient_tensor)
{
    return shs_gradient_tensor(NULL, 0) == NULL;
}

CASE(shs_gradient_norm)
{
    return !(shs_gradient_norm(NULL) > 0);
}

CASE(shs_gradient_mean)
{
    return REFUSES(shs_gradient_mean, (NULL), "gradient is NULL");
}

/* ---- metrics.h */

static const shs_metric good_metric = {.name = "loss"};

static shs_metrics *good_metrics(void)
{
    shs_metrics *metrics;
    CHECK_STATUS(shs_metrics_open(good_run(), &good_metric, 1, &metrics), SHS_OK);
    return metrics;
}

CASE(shs_metrics_open)
{
    shs_metrics *metrics = (shs_metrics *)1;
    shs_run *run = good_run();
    return REFUSES(shs_metrics_open, (NULL, &good_metric, 1, &metrics), "run is NULL") &&
           !metrics && REFUSES(shs_metrics_open, (run, NULL, 1, &metrics), "list is NULL") &&
           REFUSES(shs_metrics_open, (run, &good_metric, 1, NULL), "metrics is NULL");
}

CASE(shs_metrics_close)
{
    shs_metrics_close(NULL);
    shs_metrics_close(&(shs_metrics *){NULL});
    return true;
}

CASE(shs_metrics_add)
{
    return REFUSES(shs_metrics_add, (NULL, 0, 1, 1), "metrics is NULL");
}

CASE(shs_metrics_add_total)
{
    return REFUSES(shs_metrics_add_total, (NULL, 0, 1, 1), "metrics is NULL");
}

CASE(shs_metrics_add_batch)
{
    const shs_batch batch = {.count = 1};
    return REFUSES(shs_metrics_add_batch, (NULL, 0, &batch, &(double){1}), "metrics is NULL") &&
           REFUSES(shs_metrics_add_batch, (good_metrics(), 0, NULL, &(double){1}),
                   "batch is NULL") &&
           REFUSES(shs_metrics_add_batch, (good_metrics(), 0, &batch, NULL), "values is NULL");
}

CASE(shs_metrics_reduce)
{
    double result;
    return REFUSES(shs_metrics_reduce, (NULL, &result), "metrics is NULL") &&
           REFUSES(shs_metrics_reduce, (good_metrics(), NULL), "results is NULL");
}

/* ---- optimizer.h */

CASE(shs_sgd)
{
    const shs_sgd_options options = {.rate = 1, .momentum = 0.5};
    const shs_tensor *good = &good_tensor;
    return REFUSES(shs_sgd, (NULL, good, good, good, 1), "options is NULL") &&
           REFUSES(shs_sgd, (&options, NULL, good, good, 1), "parameters is NULL") &&
           REFUSES(shs_sgd, (&options, good, NULL, good, 1), "gradients is NULL") &&
           REFUSES(shs_sgd, (&options, good, good, NULL, 1), "velocities is NULL");
}

#define ADAM(function)                                                                             \
    CASE(function)                                                                                 \
    {                                                                                              \
        const shs_adam_options options = {.rate = 1};                                              \
        const shs_tensor *good = &good_tensor;                                                     \
        return REFUSES(function, (NULL, 0, good, good, good, good, 1), "options is NULL") &&       \
               REFUSES(function, (&options, 0, NULL, good, good, good, 1),                         \
                       "parameters is NULL") &&                                                    \
               REFUSES(function, (&options, 0, good, NULL, good, good, 1), "gradients is NULL") && \
               REFUSES(function, (&options, 0, good, good, NULL, good, 1), "means is NULL") &&     \
               REFUSES(function, (&options, 0, good, good, good, NULL, 1), "squares is NULL");     \
    }

ADAM(shs_adam)
ADAM(shs_adamw)

CASE(shs_rate_at)
{
    double rate = 1;
    return REFUSES(shs_rate_at, (NULL, 0, &rate), "schedule is NULL") && rate == 0 &&
           REFUSES(shs_rate_at, (&(shs_rate){.peak = 1}, 0, NULL), "rate is NULL");
}

static const struct null_case cases[] = {
    NULL_CASE(shs_record_open),
    NULL_CASE(shs_note),
    NULL_CASE(shs_record_step),
    NULL_CASE(shs_record_close),
    NULL_CASE(shs_gradient_open),
    NULL_CASE(shs_gradient_close),
    NULL_CASE(shs_gradient_add),
    NULL_CASE(shs_gradient_ready),
    NULL_CASE(shs_gradient_tensor),
    NULL_CASE(shs_gradient_norm),
    NULL_CASE(shs_gradient_mean),
    NULL_CASE(shs_metrics_open),
    NULL_CASE(shs_metrics_close),
    NULL_CASE(shs_metrics_add),
    NULL_CASE(shs_metrics_add_total),
    NULL_CASE(shs_metrics_add_batch),
    NULL_CASE(shs_metrics_reduce),
    NULL_CASE(shs_sgd),
    NULL_CASE(shs_adam),
    NULL_CASE(shs_adamw),
    NULL_CASE(shs_rate_at),
};

const struct null_cases null_train = {cases, sizeof cases / sizeof *cases};
