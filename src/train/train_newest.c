#include "train_newest.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_folder.h"
#include "train_file.h"

static void free_contents(const struct train_state *state, struct train_newest *newest)
{
    if (!newest->contents) return;
    for (size_t t = 0; t < state->count; t++)
        core_free(&newest->contents[t]);
    core_free(&newest->contents);
}

void train_newest_free(const struct train_state *state, struct train_newest *newest)
{
    free_contents(state, newest);
    core_free(&newest->damage);
}

/* SHS_ERROR_MISMATCH if the checkpoint is of another run or of other tensors. If the batch differs
 * at an epoch's end, the epochs of the new batch begin here: `progress` then says so. */
static shs_status check_labels(const shs_loader *loader, const struct train_state *state,
                               const struct train_labels *labels,
                               uint64_t progress[TRAIN_PROGRESS_NUMBERS])
{
    char *own = NULL;
    bool other_batch = false, differs;
    shs_status status = load_fingerprint(loader, &own);
    if (!status)
        status = load_fingerprint_check(labels->fingerprint, own, progress[TRAIN_EPOCH_STEP] == 0,
                                        &other_batch);
    if (other_batch) {
        progress[TRAIN_ORIGIN_EPOCH] = progress[TRAIN_EPOCH];
        progress[TRAIN_ORIGIN_STEP] = progress[TRAIN_STEP];
    }
    core_free(&own);
    if (!status) status = train_state_list(state, &own);
    if (!status) status = load_fingerprint_check(labels->tensors, own, false, &differs);
    core_free(&own);
    return status;
}

static shs_status check_progress(const shs_loader *loader,
                                 const uint64_t progress[TRAIN_PROGRESS_NUMBERS])
{
    return order_check_cursor(&loader->plan.order.order.shape, loader->options.epochs,
                              train_progress_origin(progress), train_progress_cursor(progress));
}

static shs_status read_file(const shs_loader *loader, const char *path,
                            const struct train_state *state, struct train_newest *newest)
{
    struct h5_file *file = NULL;
    struct train_labels labels = {0};
    shs_status status = h5_open(path, &file);
    if (!status) status = train_file_read_labels(file, &labels);
    memcpy(newest->progress, labels.progress, sizeof newest->progress);
    if (!status)
        status = core_wrap(check_labels(loader, state, &labels, newest->progress), "%s", path);
    if (!status)
        status = core_new(state->count, sizeof *newest->contents, "a state", &newest->contents);
    if (!status) status = train_file_read_state(file, path, state, &labels, newest->contents);
    if (!status)
        snprintf(newest->identity.checksum, sizeof newest->identity.checksum, "%s",
                 labels.checksum);
    if (!status) status = core_wrap(check_progress(loader, newest->progress), "%s", path);
    train_labels_free(&labels);
    h5_close(&file);
    return status;
}

static shs_status read_one(const shs_loader *loader, const char *folder,
                           const struct train_pointer *pointer, const struct train_state *state,
                           struct train_newest *newest)
{
    char *path;
    memcpy(newest->identity.name, pointer->name, sizeof newest->identity.name);
    shs_status status = io_join(folder, pointer->name, &path);
    if (status) return status;
    status = train_folder_check(path, pointer);
    if (!status) status = read_file(loader, path, state, newest);
    core_free(&path);
    return status;
}

/* Adds the latest message to the list of what is wrong. */
static void add_cause(struct core_text *causes)
{
    core_text_add(causes, "%s%s", causes->length ? "; " : "", shs_message());
}

/* Makes one message of the errors of the `tried` newest checkpoints. The names come first, because
 * a message may be cut. */
static shs_status fail_all(const struct train_latest *latest, size_t tried, const char *causes,
                           shs_status status)
{
    struct core_text text = {0};
    char *names = NULL;
    for (size_t i = 0; i < tried; i++)
        core_text_add(&text, "%s%s", i ? ", " : "", latest->kept[i].name);
    shs_status listed = core_text_take(&text, &names);
    if (listed) return listed;
    core_fail(status, "no checkpoint of %s can be restored: %s", names, causes);
    core_free(&names);
    return status;
}

/* Ends a search that failed with the latest message. */
static shs_status give_up(const char *folder, const struct train_latest *latest, size_t tried,
                          struct core_text *causes, shs_status status)
{
    char *all = NULL;
    if (tried > 1) {
        add_cause(causes);
        shs_status listed = core_text_take(causes, &all);
        status = listed ? listed : fail_all(latest, tried, all, status);
        core_free(&all);
    }
    return train_folder_advise(folder, latest, tried, status);
}

shs_status train_newest_read(const shs_loader *loader, const char *folder,
                             const struct train_latest *latest, const struct train_state *state,
                             struct train_newest *newest)
{
    struct core_text causes = {0};
    shs_status status = SHS_OK;
    newest->found = latest->count > 0;
    for (size_t i = 0; i < latest->count; i++) {
        status = read_one(loader, folder, &latest->kept[i], state, newest);
        if (!status) break;
        free_contents(state, newest);
        if (status != SHS_ERROR_FORMAT || i + 1 == latest->count) {
            status = give_up(folder, latest, i + 1, &causes, status);
            break;
        }
        add_cause(&causes);
    }
    if (!status && causes.length) status = core_text_take(&causes, &newest->damage);
    core_text_free(&causes);
    return status;
}
