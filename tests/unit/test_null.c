/* NULL for what a public function needs is an error that names it, never a crash. Each function of
 * the library is called in a process of its own, without MPI: --list prints their names, which
 * package/nulls.sh compares with those that the library exports. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "h5_write.h"
#include "message.h"
#include "shardstep.h"
#include "temporary_folder.h"
#include "unit.h"

static char folder[PATH_BYTES], path[PATH_BYTES];

/* ---- What functions are called with where they are not given NULL. */

static shs_random good_stream(void)
{
    shs_random stream;
    CHECK_STATUS(shs_random_at(&(shs_place){.seed = 1}, &stream), SHS_OK);
    return stream;
}

static shs_run *good_run(void)
{
    shs_run *run;
    CHECK_STATUS(shs_open_ranks(0, 1, NULL, NULL, NULL, &run), SHS_OK);
    return run;
}

static shs_dataset *good_dataset(void)
{
    shs_dataset *dataset;
    CHECK_STATUS(shs_dataset_open(good_run(), path, "x", NULL, &dataset), SHS_OK);
    return dataset;
}

static shs_loader *good_loader(void)
{
    shs_loader *loader;
    CHECK_STATUS(shs_loader_open(good_dataset(), NULL, &loader), SHS_OK);
    return loader;
}

static float number;
static const shs_tensor good_tensor = {.name = "n", .type = SHS_F32, .data = &number};

static shs_gradient *good_gradient(void)
{
    shs_gradient *gradient;
    CHECK_STATUS(shs_gradient_open(good_run(), &good_tensor, 1, NULL, &gradient), SHS_OK);
    return gradient;
}

static shs_augment *good_augment(void)
{
    shs_augment *augment;
    const shs_tensor x = {.name = "x", .type = SHS_U8, .axes = 2, .shape = {2, 2}};
    CHECK_STATUS(shs_augment_open("x: random_crop(padding=1)", &x, 1, &augment), SHS_OK);
    return augment;
}

static shs_record *good_record(void)
{
    shs_record *record;
    CHECK_STATUS(shs_record_open(good_loader(), NULL, &record), SHS_OK);
    return record;
}

/* ---- What is expected of them. */

/* An error that names the function and what is NULL. */
static bool refused(shs_status status, const char *function, const char *what)
{
    bool right = status == SHS_ERROR_ARGUMENT && message_has(function) && message_has(what);
    if (!right) printf("  %s: %s: %s\n", function, shs_status_name(status), shs_message());
    return right;
}

static bool all_zero(const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (((const unsigned char *)bytes)[i]) return false;
    return true;
}

/* A draw gives 0. */
#define DRAW(function, arguments)                                                                  \
    static bool null_##function(void)                                                              \
    {                                                                                              \
        return function arguments == 0;                                                            \
    }

/* A bulk fill needs a stream, and memory, which is 0 without one. */
#define FILL(function, type, without_stream, without_memory)                                       \
    static bool null_##function(void)                                                              \
    {                                                                                              \
        shs_random stream = good_stream();                                                         \
        type out[4] = {1, 1, 1, 1};                                                                \
        return refused(function without_stream, #function, "stream is NULL") &&                    \
               all_zero(out, sizeof out) &&                                                        \
               refused(function without_memory, #function, "the memory to fill is NULL") &&        \
               shs_random_status(&stream) == SHS_OK;                                               \
    }

#define CASE(function) static bool null_##function(void)

/* ---- status.h, tensor.h */

CASE(shs_status_name)
{
    return shs_status_name((shs_status)99) != NULL;
}

CASE(shs_status_text)
{
    return shs_status_text((shs_status)99) != NULL;
}

CASE(shs_version)
{
    return shs_version() != NULL;
}

CASE(shs_layouts)
{
    return shs_layouts() != NULL && shs_layouts()->name != NULL;
}

CASE(shs_message)
{
    return shs_message() != NULL;
}

CASE(shs_notice)
{
    return shs_notice() == NULL;
}

CASE(shs_message_is_mine)
{
    return refused(shs_agree(NULL), "shs_agree", "run is NULL") && shs_message_is_mine();
}

CASE(shs_message_is_agreed)
{
    return refused(shs_agree(NULL), "shs_agree", "run is NULL") && !shs_message_is_agreed();
}

CASE(shs_memory_use)
{
    shs_memory_use(NULL);
    return true;
}

CASE(shs_type_size)
{
    return shs_type_size((shs_type)0) == 0;
}

CASE(shs_type_name)
{
    return shs_type_name((shs_type)0) != NULL;
}

CASE(shs_tensor_bytes)
{
    size_t bytes = 1;
    return refused(shs_tensor_bytes(NULL, &bytes), "shs_tensor_bytes", "tensor is NULL") &&
           bytes == 0 &&
           refused(shs_tensor_bytes(&good_tensor, NULL), "shs_tensor_bytes", "bytes is NULL");
}

/* ---- context.h */

CASE(shs_open_ranks)
{
    return refused(shs_open_ranks(0, 1, NULL, NULL, NULL, NULL), "shs_open_ranks", "run is NULL");
}

#ifndef SHARDSTEP_NO_MPI
CASE(shs_open)
{
    return refused(shs_open(MPI_COMM_NULL, NULL, NULL), "shs_open", "run is NULL");
}
#endif

CASE(shs_close)
{
    return shs_close(NULL) == SHS_OK && shs_close(&(shs_run *){NULL}) == SHS_OK;
}

CASE(shs_info)
{
    shs_run_info info = shs_info(NULL);
    return all_zero(&info, sizeof info);
}

CASE(shs_agree)
{
    return refused(shs_agree(NULL), "shs_agree", "run is NULL; open it with shs_open()");
}

CASE(shs_request_stop)
{
    shs_request_stop(NULL);
    return true;
}

/* ---- dataset.h */

CASE(shs_dataset_open)
{
    shs_dataset *dataset = (shs_dataset *)1;
    shs_run *run = good_run();
    return refused(shs_dataset_open(NULL, path, "x", NULL, &dataset), "shs_dataset_open",
                   "run is NULL") &&
           !dataset &&
           refused(shs_dataset_open(run, NULL, "x", NULL, &dataset), "shs_dataset_open", "NULL") &&
           refused(shs_dataset_open(run, path, NULL, NULL, &dataset), "shs_dataset_open", "NULL") &&
           refused(shs_dataset_open(run, path, "x", NULL, NULL), "shs_dataset_open",
                   "dataset is NULL");
}

CASE(shs_dataset_close)
{
    shs_dataset_close(NULL);
    shs_dataset_close(&(shs_dataset *){NULL});
    return true;
}

CASE(shs_dataset_samples)
{
    return shs_dataset_samples(NULL) == 0;
}

CASE(shs_dataset_fields)
{
    return shs_dataset_fields(NULL) == 0;
}

CASE(shs_dataset_is_constant)
{
    return !shs_dataset_is_constant(NULL, 0);
}

CASE(shs_dataset_field)
{
    return shs_dataset_field(NULL, 0) == NULL;
}

CASE(shs_dataset_slab)
{
    return shs_dataset_slab(NULL, 0).length == 0;
}

CASE(shs_locate)
{
    shs_location at = {.row = 1};
    return refused(shs_locate(NULL, 0, &at), "shs_locate", "dataset is NULL") &&
           all_zero(&at, sizeof at) &&
           refused(shs_locate(good_dataset(), 0, NULL), "shs_locate", "location is NULL");
}

CASE(shs_locate_rows)
{
    shs_rows rows = {.count = 1};
    return refused(shs_locate_rows(NULL, 0, 0, &rows), "shs_locate_rows", "dataset is NULL") &&
           all_zero(&rows, sizeof rows) &&
           refused(shs_locate_rows(good_dataset(), 0, 0, NULL), "shs_locate_rows", "rows is NULL");
}

/* ---- loader.h, checkpoint.h */

CASE(shs_loader_open)
{
    shs_loader *loader = (shs_loader *)1;
    return refused(shs_loader_open(NULL, NULL, &loader), "shs_loader_open", "dataset is NULL") &&
           !loader &&
           refused(shs_loader_open(good_dataset(), NULL, NULL), "shs_loader_open",
                   "loader is NULL");
}

CASE(shs_loader_close)
{
    shs_loader_close(NULL);
    shs_loader_close(&(shs_loader *){NULL});
    return true;
}

CASE(shs_next)
{
    shs_batch batch = {.rows = 7};
    return refused(shs_next(NULL, &batch), "shs_next",
                   "loader is NULL; open it with shs_loader_open()") &&
           all_zero(&batch, sizeof batch) &&
           refused(shs_next(good_loader(), NULL), "shs_next", "batch is NULL");
}

CASE(shs_try_next)
{
    shs_batch batch;
    return refused(shs_try_next(NULL, &batch), "shs_try_next",
                   "loader is NULL; open it with shs_loader_open()") &&
           all_zero(&batch, sizeof batch) &&
           refused(shs_try_next(good_loader(), NULL), "shs_try_next", "batch is NULL");
}

CASE(shs_keep)
{
    shs_batch batch = {0};
    return refused(shs_keep(NULL), "shs_keep", "batch is NULL") &&
           refused(shs_keep(&batch), "shs_keep", "batch->slot is NULL");
}

CASE(shs_give_back)
{
    shs_batch batch = {0};
    return refused(shs_give_back(NULL), "shs_give_back", "batch is NULL") &&
           shs_give_back(&batch) == SHS_OK;
}

CASE(shs_tell)
{
    shs_cursor cursor = shs_tell(NULL);
    return all_zero(&cursor, sizeof cursor);
}

CASE(shs_seek)
{
    return refused(shs_seek(NULL, (shs_cursor){0}), "shs_seek", "loader is NULL");
}

CASE(shs_fingerprint)
{
    char text[8] = "before";
    size_t needed = 7;
    return refused(shs_fingerprint(NULL, text, sizeof text, &needed), "shs_fingerprint",
                   "loader is NULL") &&
           !needed && !*text &&
           refused(shs_fingerprint(good_loader(), text, sizeof text, NULL), "shs_fingerprint",
                   "needed is NULL") &&
           refused(shs_fingerprint(good_loader(), NULL, 8, &needed), "shs_fingerprint",
                   "text is NULL");
}

CASE(shs_resume)
{
    return refused(shs_resume(NULL, (shs_cursor){0}, ""), "shs_resume", "loader is NULL") &&
           refused(shs_resume(good_loader(), (shs_cursor){0}, NULL), "shs_resume",
                   "fingerprint is NULL");
}

CASE(shs_replay)
{
    shs_batch batch;
    memset(&batch, 0xff, sizeof batch);
    return refused(shs_replay(NULL, (shs_cursor){0}, 0, &batch), "shs_replay", "loader is NULL") &&
           all_zero(&batch, sizeof batch);
}

CASE(shs_statistics)
{
    shs_loader_statistics statistics = shs_statistics(NULL);
    return all_zero(&statistics, sizeof statistics);
}

CASE(shs_times)
{
    shs_loader_times times = shs_times(NULL);
    return all_zero(&times, sizeof times);
}

CASE(shs_times_of_lane)
{
    shs_lane_times times = shs_times_of_lane(NULL, 0);
    return all_zero(&times, sizeof times);
}

CASE(shs_loader_report)
{
    char text[SHS_REPORT_BYTES];
    return refused(shs_loader_report(NULL, text, sizeof text), "shs_loader_report",
                   "loader is NULL") &&
           refused(shs_loader_report(good_loader(), NULL, 8), "shs_loader_report", "text is NULL");
}

CASE(shs_loader_report_json)
{
    char text[SHS_REPORT_BYTES];
    return refused(shs_loader_report_json(NULL, text, sizeof text), "shs_loader_report_json",
                   "loader is NULL") &&
           refused(shs_loader_report_json(good_loader(), NULL, 8), "shs_loader_report_json",
                   "text is NULL");
}

CASE(shs_trace_write)
{
    return refused(shs_trace_write(NULL, "trace.json"), "shs_trace_write", "loader is NULL") &&
           refused(shs_trace_write(good_loader(), NULL), "shs_trace_write", "path is NULL");
}

CASE(shs_loader_slab)
{
    return shs_loader_slab(NULL, 0).length == 0;
}

CASE(shs_epoch_steps)
{
    return shs_epoch_steps(NULL) == 0;
}

CASE(shs_loader_memory)
{
    shs_loader_memory_use use = shs_loader_memory(NULL);
    return use.total == 0 && use.counted == 0 && !use.resident_shared;
}

CASE(shs_random_at_batch)
{
    shs_random stream;
    const shs_batch batch = {.rows = 1};
    return refused(shs_random_at_batch(NULL, 0, 0, &stream), "shs_random_at_batch",
                   "batch is NULL") &&
           shs_random_u32(&stream) == 0 &&
           refused(shs_random_at_batch(&batch, 0, 0, NULL), "shs_random_at_batch",
                   "stream is NULL");
}

CASE(shs_batch_draws)
{
    shs_draws *draws = (shs_draws *)(void *)&draws;
    const shs_batch batch = {.rows = 1};
    return refused(shs_batch_draws(NULL, &batch, &draws), "shs_batch_draws", "loader is NULL") &&
           !draws &&
           refused(shs_batch_draws(good_loader(), NULL, &draws), "shs_batch_draws",
                   "batch is NULL") &&
           refused(shs_batch_draws(good_loader(), &batch, NULL), "shs_batch_draws",
                   "draws is NULL");
}

CASE(shs_draws_close)
{
    shs_draws *draws = NULL;
    shs_draws_close(NULL);
    shs_draws_close(&draws);
    return !draws;
}

CASE(shs_save)
{
    shs_loader *loader = good_loader();
    return refused(shs_save(NULL, folder, NULL, 0), "shs_save", "loader is NULL") &&
           refused(shs_save(loader, NULL, NULL, 0), "shs_save", "folder") &&
           refused(shs_save(loader, folder, NULL, 1), "shs_save", "state is NULL");
}

CASE(shs_save_with)
{
    shs_loader *loader = good_loader();
    const shs_save_options options = {.keep = 3};
    return refused(shs_save_with(NULL, folder, NULL, 0, &options), "shs_save", "loader is NULL") &&
           refused(shs_save_with(loader, NULL, NULL, 0, &options), "shs_save", "folder") &&
           refused(shs_save_with(loader, folder, NULL, 1, &options), "shs_save", "state is NULL") &&
           refused(shs_save_with(loader, NULL, NULL, 0, NULL), "shs_save", "folder");
}

CASE(shs_save_wait)
{
    return refused(shs_save_wait(NULL), "shs_save_wait", "loader is NULL");
}

CASE(shs_restore)
{
    shs_loader *loader = good_loader();
    return refused(shs_restore(NULL, folder, NULL, 0), "shs_restore", "loader is NULL") &&
           refused(shs_restore(loader, NULL, NULL, 0), "shs_restore", "folder") &&
           refused(shs_restore(loader, folder, NULL, 1), "shs_restore", "state is NULL");
}

/* ---- gradient.h */

CASE(shs_record_open)
{
    shs_record *record = (shs_record *)1;
    return refused(shs_record_open(NULL, NULL, &record), "shs_record_open", "loader is NULL") &&
           !record &&
           refused(shs_record_open(good_loader(), NULL, NULL), "shs_record_open", "record is NULL");
}

CASE(shs_note)
{
    const shs_batch batch = {.count = 1};
    return refused(shs_note(NULL, &batch, NULL), "shs_note", "loader is NULL") &&
           refused(shs_note(good_loader(), NULL, NULL), "shs_note", "batch is NULL") &&
           refused(shs_note(good_loader(), &batch, NULL), "shs_note", "losses is NULL");
}

CASE(shs_record_step)
{
    return refused(shs_record_step(NULL, NULL, 0, NULL, 0), "shs_record_step", "record is NULL") &&
           refused(shs_record_step(good_record(), NULL, 1, NULL, 0), "shs_record_step",
                   "mean is NULL") &&
           refused(shs_record_step(good_record(), NULL, 0, NULL, 1), "shs_record_step",
                   "weights is NULL");
}

CASE(shs_record_close)
{
    shs_record *record = NULL;
    return shs_record_close(NULL) == SHS_OK && shs_record_close(&record) == SHS_OK;
}

CASE(shs_gradient_open)
{
    shs_gradient *gradient = (shs_gradient *)1;
    shs_run *run = good_run();
    return refused(shs_gradient_open(NULL, &good_tensor, 1, NULL, &gradient), "shs_gradient_open",
                   "run is NULL") &&
           !gradient &&
           refused(shs_gradient_open(run, NULL, 1, NULL, &gradient), "shs_gradient_open",
                   "tensors is NULL") &&
           refused(shs_gradient_open(run, &good_tensor, 1, NULL, NULL), "shs_gradient_open",
                   "gradient is NULL");
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
    return refused(shs_gradient_add(NULL, &batch), "shs_gradient_add", "gradient is NULL") &&
           refused(shs_gradient_add(good_gradient(), NULL), "shs_gradient_add", "batch is NULL");
}

CASE(shs_gradient_ready)
{
    const shs_batch batch = {0};
    return refused(shs_gradient_ready(NULL, &batch, 0), "shs_gradient_ready", "gradient is NULL") &&
           refused(shs_gradient_ready(good_gradient(), NULL, 0), "shs_gradient_ready",
                   "batch is NULL");
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
    return refused(shs_gradient_mean(NULL), "shs_gradient_mean", "gradient is NULL");
}

/* ---- collective.h */

CASE(shs_sum)
{
    shs_run *run = good_run();
    return refused(shs_sum(NULL, &good_tensor, 1, &good_tensor), "shs_sum", "run is NULL") &&
           refused(shs_sum(run, NULL, 1, &good_tensor), "shs_sum", "parts is NULL") &&
           refused(shs_sum(run, &good_tensor, 1, NULL), "shs_sum", "sums is NULL");
}

CASE(shs_broadcast)
{
    return refused(shs_broadcast(NULL, &good_tensor, 1), "shs_broadcast", "run is NULL") &&
           refused(shs_broadcast(good_run(), NULL, 1), "shs_broadcast", "tensors is NULL");
}

CASE(shs_same)
{
    shs_run *run = good_run();
    return refused(shs_same(NULL, "n", &good_tensor, 1), "shs_same", "run is NULL") &&
           refused(shs_same(run, NULL, &good_tensor, 1), "shs_same", "what is NULL") &&
           refused(shs_same(run, "n", NULL, 1), "shs_same", "tensors is NULL");
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
    return refused(shs_metrics_open(NULL, &good_metric, 1, &metrics), "shs_metrics_open",
                   "run is NULL") &&
           !metrics &&
           refused(shs_metrics_open(run, NULL, 1, &metrics), "shs_metrics_open", "list is NULL") &&
           refused(shs_metrics_open(run, &good_metric, 1, NULL), "shs_metrics_open",
                   "metrics is NULL");
}

CASE(shs_metrics_close)
{
    shs_metrics_close(NULL);
    shs_metrics_close(&(shs_metrics *){NULL});
    return true;
}

CASE(shs_metrics_add)
{
    return refused(shs_metrics_add(NULL, 0, 1, 1), "shs_metrics_add", "metrics is NULL");
}

CASE(shs_metrics_add_total)
{
    return refused(shs_metrics_add_total(NULL, 0, 1, 1), "shs_metrics_add_total",
                   "metrics is NULL");
}

CASE(shs_metrics_add_batch)
{
    const shs_batch batch = {.count = 1};
    return refused(shs_metrics_add_batch(NULL, 0, &batch, &(double){1}), "shs_metrics_add_batch",
                   "metrics is NULL") &&
           refused(shs_metrics_add_batch(good_metrics(), 0, NULL, &(double){1}),
                   "shs_metrics_add_batch", "batch is NULL") &&
           refused(shs_metrics_add_batch(good_metrics(), 0, &batch, NULL), "shs_metrics_add_batch",
                   "values is NULL");
}

CASE(shs_metrics_reduce)
{
    double result;
    return refused(shs_metrics_reduce(NULL, &result), "shs_metrics_reduce", "metrics is NULL") &&
           refused(shs_metrics_reduce(good_metrics(), NULL), "shs_metrics_reduce",
                   "results is NULL");
}

/* ---- optimizer.h */

CASE(shs_sgd)
{
    const shs_sgd_options options = {.rate = 1, .momentum = 0.5};
    const shs_tensor *good = &good_tensor;
    return refused(shs_sgd(NULL, good, good, good, 1), "shs_sgd", "options is NULL") &&
           refused(shs_sgd(&options, NULL, good, good, 1), "shs_sgd", "parameters is NULL") &&
           refused(shs_sgd(&options, good, NULL, good, 1), "shs_sgd", "gradients is NULL") &&
           refused(shs_sgd(&options, good, good, NULL, 1), "shs_sgd", "velocities is NULL");
}

#define ADAM(function)                                                                             \
    CASE(function)                                                                                 \
    {                                                                                              \
        const shs_adam_options options = {.rate = 1};                                              \
        const shs_tensor *good = &good_tensor;                                                     \
        return refused(function(NULL, 0, good, good, good, good, 1), #function,                    \
                       "options is NULL") &&                                                       \
               refused(function(&options, 0, NULL, good, good, good, 1), #function,                \
                       "parameters is NULL") &&                                                    \
               refused(function(&options, 0, good, NULL, good, good, 1), #function,                \
                       "gradients is NULL") &&                                                     \
               refused(function(&options, 0, good, good, NULL, good, 1), #function,                \
                       "means is NULL") &&                                                         \
               refused(function(&options, 0, good, good, good, NULL, 1), #function,                \
                       "squares is NULL");                                                         \
    }

ADAM(shs_adam)
ADAM(shs_adamw)

CASE(shs_rate_at)
{
    double rate = 1;
    return refused(shs_rate_at(NULL, 0, &rate), "shs_rate_at", "schedule is NULL") && rate == 0 &&
           refused(shs_rate_at(&(shs_rate){.peak = 1}, 0, NULL), "shs_rate_at", "rate is NULL");
}

/* ---- augment.h */

CASE(shs_augment_open)
{
    shs_augment *augment = (shs_augment *)1;
    return refused(shs_augment_open("", NULL, 1, &augment), "shs_augment_open",
                   "samples is NULL") &&
           !augment &&
           refused(shs_augment_open("", &good_tensor, 1, NULL), "shs_augment_open",
                   "augment is NULL");
}

CASE(shs_augment_table_open)
{
    return refused(shs_augment_table_open(NULL), "shs_augment_table_open", "table is NULL");
}

CASE(shs_augment_table_close)
{
    shs_augment_table *none = NULL;
    shs_augment_table_close(NULL);
    shs_augment_table_close(&none);
    return !none;
}

CASE(shs_augment_register)
{
    const shs_augment_callback callback = {0};
    shs_augment_table *table;
    CHECK_STATUS(shs_augment_table_open(&table), SHS_OK);
    bool good = refused(shs_augment_register(NULL, "x", 1, &callback), "shs_augment_register",
                        "table is NULL") &&
                refused(shs_augment_register(table, NULL, 1, &callback), "shs_augment_register",
                        "name is NULL") &&
                refused(shs_augment_register(table, "x", 1, NULL), "shs_augment_register",
                        "callback is NULL") &&
                refused(shs_augment_register(table, "x", 1, &callback), "shs_augment_register",
                        "callback->apply is NULL");
    shs_augment_table_close(&table);
    return good;
}

CASE(shs_augment_open_table)
{
    shs_augment *augment = (shs_augment *)1;
    return refused(shs_augment_open_table(NULL, "", &good_tensor, 1, &augment),
                   "shs_augment_open_table", "table is NULL") &&
           !augment;
}

CASE(shs_augment_close)
{
    shs_augment_close(NULL);
    shs_augment_close(&(shs_augment *){NULL});
    return true;
}

CASE(shs_augment_output)
{
    return shs_augment_output(NULL, 0) == NULL;
}

DRAW(shs_augment_draws, (NULL))
DRAW(shs_augment_changes, (NULL, 0))
DRAW(shs_augment_scratch, (NULL))

CASE(shs_augment_apply)
{
    static const char function[] = "shs_augment_apply";
    unsigned char in[4] = {0}, out[4], scratch[1024];
    const void *const inputs[] = {in};
    void *const outputs[] = {out};
    const shs_augment *augment = good_augment();
    shs_random stream = good_stream();
    return refused(shs_augment_apply(NULL, &stream, inputs, outputs, scratch), function,
                   "augment is NULL") &&
           refused(shs_augment_apply(augment, NULL, inputs, outputs, scratch), function,
                   "stream is NULL") &&
           refused(shs_augment_apply(augment, &stream, NULL, outputs, scratch), function,
                   "inputs is NULL") &&
           refused(shs_augment_apply(augment, &stream, inputs, NULL, scratch), function,
                   "outputs is NULL") &&
           refused(shs_augment_apply(augment, &stream, inputs, outputs, NULL), function,
                   "scratch is NULL");
}

/* ---- random.h */

CASE(shs_random_at)
{
    shs_random stream;
    return refused(shs_random_at(&(shs_place){0}, NULL), "shs_random_at", "stream is NULL") &&
           refused(shs_random_at(NULL, &stream), "shs_random_at", "place is NULL") &&
           shs_random_u32(&stream) == 0;
}

CASE(shs_random_at_sample)
{
    return refused(shs_random_at_sample(0, 0, 0, 0, NULL), "shs_random_at_sample",
                   "stream is NULL");
}

CASE(shs_random_own_purpose)
{
    return refused(shs_random_own_purpose(0, NULL), "shs_random_own_purpose", "purpose is NULL");
}

CASE(shs_random_seek)
{
    return refused(shs_random_seek(NULL, 0), "shs_random_seek", "stream is NULL");
}

CASE(shs_random_status)
{
    return refused(shs_random_status(NULL), "shs_random_status", "stream is NULL");
}

DRAW(shs_random_u32, (NULL))
DRAW(shs_random_u64, (NULL))
DRAW(shs_random_float, (NULL))
DRAW(shs_random_double, (NULL))
DRAW(shs_random_float_in, (NULL, 0, 1))
DRAW(shs_random_double_in, (NULL, 0, 1))
DRAW(shs_random_below, (NULL, 5))
DRAW(shs_random_below64, (NULL, 5))
DRAW(shs_random_bernoulli, (NULL, 1))
DRAW(shs_random_normal_float, (NULL, 1, 1))
DRAW(shs_random_normal_double, (NULL, 1, 1))
DRAW(shs_random_truncated_normal, (NULL, 1, 1, 0, 2))
DRAW(shs_random_exponential, (NULL, 1))
DRAW(shs_random_gamma, (NULL, 1, 1))
DRAW(shs_random_beta, (NULL, 1, 1))
DRAW(shs_random_poisson, (NULL, 5))
DRAW(shs_random_binomial, (NULL, 5, 1))

FILL(shs_random_fill_u32, uint32_t, (NULL, out, 4), (&stream, NULL, 4))
FILL(shs_random_fill_u64, uint64_t, (NULL, out, 4), (&stream, NULL, 4))
FILL(shs_random_fill_float, float, (NULL, out, 4), (&stream, NULL, 4))
FILL(shs_random_fill_double, double, (NULL, out, 4), (&stream, NULL, 4))
FILL(shs_random_fill_float_in, float, (NULL, 0, 1, out, 4), (&stream, 0, 1, NULL, 4))
FILL(shs_random_fill_double_in, double, (NULL, 0, 1, out, 4), (&stream, 0, 1, NULL, 4))
FILL(shs_random_fill_below, uint32_t, (NULL, 5, out, 4), (&stream, 5, NULL, 4))
FILL(shs_random_fill_below64, uint64_t, (NULL, 5, out, 4), (&stream, 5, NULL, 4))
FILL(shs_random_fill_bernoulli, bool, (NULL, 1, out, 4), (&stream, 1, NULL, 4))
FILL(shs_random_fill_normal_float, float, (NULL, 0, 1, out, 4), (&stream, 0, 1, NULL, 4))
FILL(shs_random_fill_normal_double, double, (NULL, 0, 1, out, 4), (&stream, 0, 1, NULL, 4))
FILL(shs_random_fill_truncated_normal, double, (NULL, 0, 1, 0, 1, out, 4),
     (&stream, 0, 1, 0, 1, NULL, 4))
FILL(shs_random_fill_exponential, double, (NULL, 1, out, 4), (&stream, 1, NULL, 4))
FILL(shs_random_fill_gamma, double, (NULL, 1, 1, out, 4), (&stream, 1, 1, NULL, 4))
FILL(shs_random_fill_beta, double, (NULL, 1, 1, out, 4), (&stream, 1, 1, NULL, 4))
FILL(shs_random_fill_poisson, uint64_t, (NULL, 1, out, 4), (&stream, 1, NULL, 4))
FILL(shs_random_fill_binomial, uint64_t, (NULL, 5, 1, out, 4), (&stream, 5, 1, NULL, 4))
FILL(shs_random_permutation, uint64_t, (NULL, out, 4), (&stream, NULL, 4))
FILL(shs_random_choose, uint64_t, (NULL, 9, 4, out), (&stream, 9, 4, NULL))

CASE(shs_alias_open)
{
    shs_alias *alias = (shs_alias *)1;
    return refused(shs_alias_open(NULL, 2, &alias), "shs_alias_open", "weights is NULL") &&
           !alias &&
           refused(shs_alias_open((double[]){1, 2}, 2, NULL), "shs_alias_open", "alias is NULL");
}

CASE(shs_alias_close)
{
    shs_alias_close(NULL);
    shs_alias_close(&(shs_alias *){NULL});
    return true;
}

CASE(shs_random_categorical)
{
    shs_random stream = good_stream();
    return shs_random_categorical(NULL, NULL) == 0 && shs_random_categorical(&stream, NULL) == 0 &&
           shs_random_status(&stream) == SHS_ERROR_ARGUMENT;
}

CASE(shs_random_fill_categorical)
{
    static const char function[] = "shs_random_fill_categorical";
    uint32_t out[4];
    shs_random stream = good_stream();
    return refused(shs_random_fill_categorical(NULL, NULL, out, 4), function, "stream is NULL") &&
           refused(shs_random_fill_categorical(&stream, NULL, NULL, 4), function,
                   "the memory to fill is NULL") &&
           refused(shs_random_fill_categorical(&stream, NULL, out, 4), function, "alias is NULL");
}

/* ---- All of them. */

#define ENTRY(function)                                                                            \
    {                                                                                              \
#function, null_##function                                                                 \
    }

static const struct {
    const char *name;
    bool (*is_right)(void);
} functions[] = {
    ENTRY(shs_status_name),
    ENTRY(shs_status_text),
    ENTRY(shs_version),
    ENTRY(shs_layouts),
    ENTRY(shs_message),
    ENTRY(shs_notice),
    ENTRY(shs_message_is_mine),
    ENTRY(shs_message_is_agreed),
    ENTRY(shs_memory_use),
    ENTRY(shs_type_size),
    ENTRY(shs_type_name),
    ENTRY(shs_tensor_bytes),
    ENTRY(shs_open_ranks),
#ifndef SHARDSTEP_NO_MPI
    ENTRY(shs_open),
#endif
    ENTRY(shs_close),
    ENTRY(shs_info),
    ENTRY(shs_agree),
    ENTRY(shs_request_stop),
    ENTRY(shs_dataset_open),
    ENTRY(shs_dataset_close),
    ENTRY(shs_dataset_samples),
    ENTRY(shs_dataset_fields),
    ENTRY(shs_dataset_field),
    ENTRY(shs_dataset_is_constant),
    ENTRY(shs_dataset_slab),
    ENTRY(shs_locate),
    ENTRY(shs_locate_rows),
    ENTRY(shs_loader_open),
    ENTRY(shs_loader_close),
    ENTRY(shs_next),
    ENTRY(shs_try_next),
    ENTRY(shs_keep),
    ENTRY(shs_give_back),
    ENTRY(shs_tell),
    ENTRY(shs_seek),
    ENTRY(shs_fingerprint),
    ENTRY(shs_resume),
    ENTRY(shs_replay),
    ENTRY(shs_statistics),
    ENTRY(shs_times),
    ENTRY(shs_times_of_lane),
    ENTRY(shs_loader_report),
    ENTRY(shs_loader_report_json),
    ENTRY(shs_trace_write),
    ENTRY(shs_loader_slab),
    ENTRY(shs_epoch_steps),
    ENTRY(shs_loader_memory),
    ENTRY(shs_random_at_batch),
    ENTRY(shs_batch_draws),
    ENTRY(shs_draws_close),
    ENTRY(shs_save),
    ENTRY(shs_save_with),
    ENTRY(shs_save_wait),
    ENTRY(shs_restore),
    ENTRY(shs_record_open),
    ENTRY(shs_note),
    ENTRY(shs_record_step),
    ENTRY(shs_record_close),
    ENTRY(shs_gradient_open),
    ENTRY(shs_gradient_close),
    ENTRY(shs_gradient_add),
    ENTRY(shs_gradient_ready),
    ENTRY(shs_gradient_tensor),
    ENTRY(shs_gradient_norm),
    ENTRY(shs_gradient_mean),
    ENTRY(shs_sum),
    ENTRY(shs_broadcast),
    ENTRY(shs_same),
    ENTRY(shs_metrics_open),
    ENTRY(shs_metrics_close),
    ENTRY(shs_metrics_add),
    ENTRY(shs_metrics_add_total),
    ENTRY(shs_metrics_add_batch),
    ENTRY(shs_metrics_reduce),
    ENTRY(shs_sgd),
    ENTRY(shs_adam),
    ENTRY(shs_adamw),
    ENTRY(shs_rate_at),
    ENTRY(shs_augment_open),
    ENTRY(shs_augment_table_open),
    ENTRY(shs_augment_table_close),
    ENTRY(shs_augment_register),
    ENTRY(shs_augment_open_table),
    ENTRY(shs_augment_close),
    ENTRY(shs_augment_output),
    ENTRY(shs_augment_draws),
    ENTRY(shs_augment_changes),
    ENTRY(shs_augment_scratch),
    ENTRY(shs_augment_apply),
    ENTRY(shs_random_at),
    ENTRY(shs_random_at_sample),
    ENTRY(shs_random_own_purpose),
    ENTRY(shs_random_seek),
    ENTRY(shs_random_status),
    ENTRY(shs_random_u32),
    ENTRY(shs_random_u64),
    ENTRY(shs_random_float),
    ENTRY(shs_random_double),
    ENTRY(shs_random_float_in),
    ENTRY(shs_random_double_in),
    ENTRY(shs_random_below),
    ENTRY(shs_random_below64),
    ENTRY(shs_random_bernoulli),
    ENTRY(shs_random_normal_float),
    ENTRY(shs_random_normal_double),
    ENTRY(shs_random_truncated_normal),
    ENTRY(shs_random_exponential),
    ENTRY(shs_random_gamma),
    ENTRY(shs_random_beta),
    ENTRY(shs_random_poisson),
    ENTRY(shs_random_binomial),
    ENTRY(shs_random_fill_u32),
    ENTRY(shs_random_fill_u64),
    ENTRY(shs_random_fill_float),
    ENTRY(shs_random_fill_double),
    ENTRY(shs_random_fill_float_in),
    ENTRY(shs_random_fill_double_in),
    ENTRY(shs_random_fill_below),
    ENTRY(shs_random_fill_below64),
    ENTRY(shs_random_fill_bernoulli),
    ENTRY(shs_random_fill_normal_float),
    ENTRY(shs_random_fill_normal_double),
    ENTRY(shs_random_fill_truncated_normal),
    ENTRY(shs_random_fill_exponential),
    ENTRY(shs_random_fill_gamma),
    ENTRY(shs_random_fill_beta),
    ENTRY(shs_random_fill_poisson),
    ENTRY(shs_random_fill_binomial),
    ENTRY(shs_random_permutation),
    ENTRY(shs_random_choose),
    ENTRY(shs_alias_open),
    ENTRY(shs_alias_close),
    ENTRY(shs_random_categorical),
    ENTRY(shs_random_fill_categorical),
};

static bool write_samples(void)
{
    const unsigned char rows[3] = {1, 2, 3};
    const shs_tensor x = {.type = SHS_U8, .axes = 1, .shape = {3}};
    const struct h5_storage contiguous = {0};
    struct h5_writer *writer;
    return !h5_create(folder_path(folder, "x.h5", path), &writer) &&
           !h5_create_array(writer, "x", &x, &contiguous) && !h5_write_rows(writer, 3, rows) &&
           !h5_finish(&writer);
}

/* A function that dies takes only its own process along. */
static bool survives(bool (*is_right)(void))
{
    int ended = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        bool right = is_right();
        fflush(stdout);
        _exit(right ? 0 : 1);
    }
    return child > 0 && waitpid(child, &ended, 0) == child && WIFEXITED(ended) &&
           WEXITSTATUS(ended) == 0;
}

static void every_function_survives_null(void)
{
    if (!NEED(folder_make(folder)) || !NEED(write_samples())) return;
    for (size_t i = 0; i < COUNT(functions); i++) {
        if (survives(functions[i].is_right)) continue;
        WRONG("%s with NULL died, or did not say so", functions[i].name);
    }
    folder_remove(folder);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {TEST(every_function_survives_null)};
    if (argc < 2 || strcmp(argv[1], "--functions") != 0)
        return harness_main("null", tests, COUNT(tests), argc, argv);
    for (size_t i = 0; i < COUNT(functions); i++)
        printf("%s\n", functions[i].name);
    return 0;
}
