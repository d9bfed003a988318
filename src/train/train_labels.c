#include "train_labels.h"

#include <string.h>

#include "core_memory.h"

void train_labels_free(struct train_labels *labels)
{
    core_free(&labels->fingerprint);
    core_free(&labels->tensors);
    core_free(&labels->checksum);
}

void train_progress_note(const shs_loader *loader, uint64_t progress[TRAIN_PROGRESS_NUMBERS])
{
    progress[TRAIN_EPOCH] = loader->cursor.epoch;
    progress[TRAIN_EPOCH_STEP] = loader->cursor.epoch_step;
    progress[TRAIN_STEP] = loader->cursor.step;
    progress[TRAIN_ORIGIN_EPOCH] = loader->origin.epoch;
    progress[TRAIN_ORIGIN_STEP] = loader->origin.step;
}

shs_cursor train_progress_cursor(const uint64_t progress[TRAIN_PROGRESS_NUMBERS])
{
    return (shs_cursor){progress[TRAIN_EPOCH], progress[TRAIN_EPOCH_STEP], progress[TRAIN_STEP]};
}

struct order_origin train_progress_origin(const uint64_t progress[TRAIN_PROGRESS_NUMBERS])
{
    return (struct order_origin){progress[TRAIN_ORIGIN_EPOCH], progress[TRAIN_ORIGIN_STEP]};
}

shs_status train_labels_make(const shs_loader *loader, const struct train_state *state,
                             struct train_labels *labels)
{
    shs_status status = load_fingerprint(loader, &labels->fingerprint);
    return status ? status : train_state_list(state, &labels->tensors);
}

shs_status train_labels_digest(const struct train_labels *labels, const struct train_state *state,
                               void *const *contents, char checksum[CORE_DIGEST_TEXT])
{
    struct core_hash *hash;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    train_state_hash(state, contents, hash);
    core_hash_add_elements(hash, labels->progress, TRAIN_PROGRESS_NUMBERS,
                           sizeof *labels->progress);
    core_hash_add(hash, labels->fingerprint, strlen(labels->fingerprint));
    core_hash_finish(&hash, checksum);
    return SHS_OK;
}
