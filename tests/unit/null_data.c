/* NULL for what the functions of dataset.h, loader.h and checkpoint.h need. */
#include "null_cases.h"

/* ---- dataset.h */

CASE(shs_dataset_open)
{
    shs_dataset *dataset = (shs_dataset *)1;
    shs_run *run = good_run();
    return REFUSES(shs_dataset_open, (NULL, null_path, "x", NULL, &dataset), "run is NULL") &&
           !dataset && REFUSES(shs_dataset_open, (run, NULL, "x", NULL, &dataset), "NULL") &&
           REFUSES(shs_dataset_open, (run, null_path, NULL, NULL, &dataset), "NULL") &&
           REFUSES(shs_dataset_open, (run, null_path, "x", NULL, NULL), "dataset is NULL");
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
    return REFUSES(shs_locate, (NULL, 0, &at), "dataset is NULL") && all_zero(&at, sizeof at) &&
           REFUSES(shs_locate, (good_dataset(), 0, NULL), "location is NULL");
}

CASE(shs_locate_rows)
{
    shs_rows rows = {.count = 1};
    return REFUSES(shs_locate_rows, (NULL, 0, 0, &rows), "dataset is NULL") &&
           all_zero(&rows, sizeof rows) &&
           REFUSES(shs_locate_rows, (good_dataset(), 0, 0, NULL), "rows is NULL");
}

/* ---- loader.h, checkpoint.h */

CASE(shs_loader_open)
{
    shs_loader *loader = (shs_loader *)1;
    return REFUSES(shs_loader_open, (NULL, NULL, &loader), "dataset is NULL") && !loader &&
           REFUSES(shs_loader_open, (good_dataset(), NULL, NULL), "loader is NULL");
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
    return REFUSES(shs_next, (NULL, &batch), "loader is NULL; open it with shs_loader_open()") &&
           all_zero(&batch, sizeof batch) &&
           REFUSES(shs_next, (good_loader(), NULL), "batch is NULL");
}

CASE(shs_try_next)
{
    shs_batch batch;
    return REFUSES(shs_try_next, (NULL, &batch),
                   "loader is NULL; open it with shs_loader_open()") &&
           all_zero(&batch, sizeof batch) &&
           REFUSES(shs_try_next, (good_loader(), NULL), "batch is NULL");
}

CASE(shs_keep)
{
    shs_batch batch = {0};
    return REFUSES(shs_keep, (NULL), "batch is NULL") &&
           REFUSES(shs_keep, (&batch), "batch->slot is NULL");
}

CASE(shs_give_back)
{
    shs_batch batch = {0};
    return REFUSES(shs_give_back, (NULL), "batch is NULL") && shs_give_back(&batch) == SHS_OK;
}

CASE(shs_tell)
{
    shs_cursor cursor = shs_tell(NULL);
    return all_zero(&cursor, sizeof cursor);
}

CASE(shs_seek)
{
    return REFUSES(shs_seek, (NULL, (shs_cursor){0}), "loader is NULL");
}

CASE(shs_fingerprint)
{
    char text[8] = "before";
    size_t needed = 7;
    return REFUSES(shs_fingerprint, (NULL, text, sizeof text, &needed), "loader is NULL") &&
           !needed && !*text &&
           REFUSES(shs_fingerprint, (good_loader(), text, sizeof text, NULL), "needed is NULL") &&
           REFUSES(shs_fingerprint, (good_loader(), NULL, 8, &needed), "text is NULL");
}

CASE(shs_resume)
{
    return REFUSES(shs_resume, (NULL, (shs_cursor){0}, ""), "loader is NULL") &&
           REFUSES(shs_resume, (good_loader(), (shs_cursor){0}, NULL), "fingerprint is NULL");
}

CASE(shs_replay)
{
    shs_batch batch;
    memset(&batch, 0xff, sizeof batch);
    return REFUSES(shs_replay, (NULL, (shs_cursor){0}, 0, &batch), "loader is NULL") &&
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
    return REFUSES(shs_loader_report, (NULL, text, sizeof text), "loader is NULL") &&
           REFUSES(shs_loader_report, (good_loader(), NULL, 8), "text is NULL");
}

CASE(shs_loader_report_json)
{
    char text[SHS_REPORT_BYTES];
    return REFUSES(shs_loader_report_json, (NULL, text, sizeof text), "loader is NULL") &&
           REFUSES(shs_loader_report_json, (good_loader(), NULL, 8), "text is NULL");
}

CASE(shs_trace_write)
{
    return REFUSES(shs_trace_write, (NULL, "trace.json"), "loader is NULL") &&
           REFUSES(shs_trace_write, (good_loader(), NULL), "path is NULL");
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
    return REFUSES(shs_random_at_batch, (NULL, 0, 0, &stream), "batch is NULL") &&
           shs_random_u32(&stream) == 0 &&
           REFUSES(shs_random_at_batch, (&batch, 0, 0, NULL), "stream is NULL");
}

CASE(shs_batch_draws)
{
    shs_draws *draws = (shs_draws *)(void *)&draws;
    const shs_batch batch = {.rows = 1};
    return REFUSES(shs_batch_draws, (NULL, &batch, &draws), "loader is NULL") && !draws &&
           REFUSES(shs_batch_draws, (good_loader(), NULL, &draws), "batch is NULL") &&
           REFUSES(shs_batch_draws, (good_loader(), &batch, NULL), "draws is NULL");
}

CASE(shs_batch_field)
{
    const shs_tensor here = {0}, *found = &here;
    const shs_batch batch = {.rows = 1};
    return REFUSES(shs_batch_field, (NULL, "x", &found), "batch is NULL") && !found &&
           REFUSES(shs_batch_field, (&batch, NULL, &found), "field is NULL") &&
           REFUSES(shs_batch_field, (&batch, "x", NULL), "found is NULL");
}

#define ELEMENTS_CASE(function, c_type)                                                            \
    CASE(function)                                                                                 \
    {                                                                                              \
        c_type here = 0, *data = &here;                                                            \
        const shs_batch batch = {.rows = 1};                                                       \
        return REFUSES(function, (NULL, "x", 0, &data), "batch is NULL") && !data &&               \
               REFUSES(function, (&batch, NULL, 0, &data), "field is NULL") &&                     \
               REFUSES(function, (&batch, "x", 0, NULL), "data is NULL");                          \
    }
ELEMENTS_CASE(shs_batch_f32, float)
ELEMENTS_CASE(shs_batch_f64, double)
ELEMENTS_CASE(shs_batch_u8, uint8_t)
ELEMENTS_CASE(shs_batch_u16, uint16_t)
ELEMENTS_CASE(shs_batch_u32, uint32_t)
ELEMENTS_CASE(shs_batch_u64, uint64_t)
ELEMENTS_CASE(shs_batch_i8, int8_t)
ELEMENTS_CASE(shs_batch_i16, int16_t)
ELEMENTS_CASE(shs_batch_i32, int32_t)
ELEMENTS_CASE(shs_batch_i64, int64_t)

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
    return REFUSES(shs_save, (NULL, null_folder, NULL, 0), "loader is NULL") &&
           REFUSES(shs_save, (loader, NULL, NULL, 0), "folder") &&
           REFUSES(shs_save, (loader, null_folder, NULL, 1), "state is NULL");
}

CASE(shs_save_with)
{
    shs_loader *loader = good_loader();
    const shs_save_options options = {.keep = 3};
    return refused(shs_save_with(NULL, null_folder, NULL, 0, &options), "shs_save",
                   "loader is NULL") &&
           refused(shs_save_with(loader, NULL, NULL, 0, &options), "shs_save", "folder") &&
           refused(shs_save_with(loader, null_folder, NULL, 1, &options), "shs_save",
                   "state is NULL") &&
           refused(shs_save_with(loader, NULL, NULL, 0, NULL), "shs_save", "folder");
}

CASE(shs_save_wait)
{
    return REFUSES(shs_save_wait, (NULL), "loader is NULL");
}

CASE(shs_restore)
{
    shs_loader *loader = good_loader();
    return REFUSES(shs_restore, (NULL, null_folder, NULL, 0), "loader is NULL") &&
           REFUSES(shs_restore, (loader, NULL, NULL, 0), "folder") &&
           REFUSES(shs_restore, (loader, null_folder, NULL, 1), "state is NULL");
}

static const struct null_case cases[] = {
    NULL_CASE(shs_dataset_open),
    NULL_CASE(shs_dataset_close),
    NULL_CASE(shs_dataset_samples),
    NULL_CASE(shs_dataset_fields),
    NULL_CASE(shs_dataset_is_constant),
    NULL_CASE(shs_dataset_field),
    NULL_CASE(shs_dataset_slab),
    NULL_CASE(shs_locate),
    NULL_CASE(shs_locate_rows),
    NULL_CASE(shs_loader_open),
    NULL_CASE(shs_loader_close),
    NULL_CASE(shs_next),
    NULL_CASE(shs_try_next),
    NULL_CASE(shs_keep),
    NULL_CASE(shs_give_back),
    NULL_CASE(shs_tell),
    NULL_CASE(shs_seek),
    NULL_CASE(shs_fingerprint),
    NULL_CASE(shs_resume),
    NULL_CASE(shs_replay),
    NULL_CASE(shs_statistics),
    NULL_CASE(shs_times),
    NULL_CASE(shs_times_of_lane),
    NULL_CASE(shs_loader_report),
    NULL_CASE(shs_loader_report_json),
    NULL_CASE(shs_trace_write),
    NULL_CASE(shs_loader_slab),
    NULL_CASE(shs_epoch_steps),
    NULL_CASE(shs_loader_memory),
    NULL_CASE(shs_random_at_batch),
    NULL_CASE(shs_batch_draws),
    NULL_CASE(shs_batch_field),
    NULL_CASE(shs_batch_f32),
    NULL_CASE(shs_batch_f64),
    NULL_CASE(shs_batch_u8),
    NULL_CASE(shs_batch_u16),
    NULL_CASE(shs_batch_u32),
    NULL_CASE(shs_batch_u64),
    NULL_CASE(shs_batch_i8),
    NULL_CASE(shs_batch_i16),
    NULL_CASE(shs_batch_i32),
    NULL_CASE(shs_batch_i64),
    NULL_CASE(shs_draws_close),
    NULL_CASE(shs_save),
    NULL_CASE(shs_save_with),
    NULL_CASE(shs_save_wait),
    NULL_CASE(shs_restore),
};

const struct null_cases null_data = {cases, sizeof cases / sizeof *cases};
