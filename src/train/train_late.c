#include "train_late.h"

#include <stdio.h>
#include <string.h>

#include "core_later.h"
#include "core_memory.h"
#include "io_durable.h"
#include "train_saving.h"

/* What a run has for its saves. One save at a time uses it. */
struct train_late {
    struct train_copy copy; /* on rank 0 with the elements */
    struct train_content
        *contents; /* digests of the elements; NULL until rank 0's thread made them */
    bool compares; /* there are other ranks to compare the digests with */
    uint64_t step;
    bool follows; /* another save follows at once */

    /* For rank 0. */
    struct train_saving saving;
    struct core_later *thread;
};

shs_status train_contents_compare(shs_run *run, const struct train_state *state,
                                  const struct train_content *contents)
{
    shs_status differs = SHS_OK;
    for (size_t t = 0; t < state->count; t++) {
        struct train_content first = contents[t];
        shs_status status = mpi_broadcast(run, &first, sizeof first);
        if (status) return status;
        if (!differs && memcmp(&first, &contents[t], sizeof first) != 0)
            differs = core_fail(SHS_ERROR_DISAGREE,
                                "shs_save: the tensor %s has other content here than on rank 0; "
                                "every rank must hold the same: save no time and nothing else that "
                                "a rank has for itself",
                                state->tensors[t].name);
    }
    return mpi_agree(run, differs, "shs_save");
}

/* ---- The thread of rank 0. */

static shs_status write_all(void *user)
{
    struct train_late *late = user;
    shs_status status = train_saving_prune(&late->saving);
    if (!status) status = train_job_do(&late->saving.job);
    if (!status && late->compares && !late->contents)
        status = train_state_digest(&late->copy.state, &late->contents);
    return status;
}

/* Waits for the thread, whose status is dropped. */
static void wait_in_silence(struct train_late *late)
{
    char message[CORE_MESSAGE_BYTES];
    bool mine = shs_message_is_mine(), agreed = shs_message_is_agreed();
    if (!late->thread) return;
    snprintf(message, sizeof message, "%s", shs_message());
    shs_status status = core_later_end(&late->thread);
    if (status) core_tell(status, message, mine, agreed);
}

/* Releases all that a save had. Its file is removed unless the save has ended well. */
static void clear(struct train_late *late)
{
    wait_in_silence(late);
    train_saving_free(&late->saving);
    train_copy_drop(&late->copy);
    core_free(&late->contents);
}

/* ---- The end. */

static shs_status explain(const struct train_late *late, shs_status status)
{
    return core_wrap(status, "shs_save: the checkpoint of step %llu, written in the background",
                     (ull)late->step);
}

/* Returns true if the next save may remove old checkpoints: it begins before it does so, and needs
 * room for its own beside them. */
static bool leaves_old(const struct train_late *late)
{
    return late->follows &&
           !io_check_room(late->saving.folder, train_state_bytes(&late->copy.state));
}

static shs_status end(struct train_late *late)
{
    shs_status status = train_saving_end(&late->saving);
    return status || leaves_old(late) ? status : train_saving_prune(&late->saving);
}

/* Collective. The checkpoint becomes the newest only after all ranks have agreed that it is whole,
 * and that they have the same content. */
static shs_status finish(shs_run *run, void *user)
{
    struct train_late *late = user;
    shs_status status = SHS_OK;
    if (late->thread) status = explain(late, core_later_end(&late->thread));
    status = mpi_agree(run, status, "shs_save");
    if (!status && late->compares)
        status = train_contents_compare(run, &late->copy.state, late->contents);
    if (!status) {
        if (run->rank == 0) status = explain(late, end(late));
        status = mpi_agree(run, status, "shs_save");
    }
    clear(late);
    return status;
}

void train_late_finish(shs_run *run, bool follows)
{
    struct train_late *late = run->late.user;
    if (late) late->follows = follows;
    mpi_late_finish(run);
    if (late) late->follows = false;
}

static void release(void *user)
{
    struct train_late *late = user;
    clear(late);
    train_copy_free(&late->copy);
    core_free(&late);
}

/* ---- The beginning. */

static shs_status late_of(shs_run *run, struct train_late **late)
{
    shs_status status = SHS_OK;
    if (!run->late.user) status = core_new(1, sizeof **late, "a save", &run->late.user);
    *late = run->late.user;
    run->late.finish = finish;
    run->late.release = release;
    return status;
}

/* Local. On rank 0 copies the tensors, of which the thread makes the digests, too. The other ranks
 * make the digests of their own tensors in the meantime. */
static shs_status begin(shs_loader *loader, const char *folder, const struct train_state *state,
                        const uint64_t *ledger, uint64_t keep, struct train_late *late)
{
    bool writes = loader->dataset->run->rank == 0;
    shs_status status = train_copy_take(&late->copy, state, writes);
    if (!status && !writes) status = train_state_digest(state, &late->contents);
    if (status || !writes) return status;
    status = train_saving_begin(&late->saving, loader, folder, &late->copy.state, ledger, keep);
    return status ? status : core_later_begin(write_all, late, &late->thread);
}

shs_status train_late_begin(shs_loader *loader, const char *folder, const struct train_state *state,
                            const uint64_t *ledger, uint64_t keep)
{
    shs_run *run = loader->dataset->run;
    struct train_late *late;
    shs_status status = late_of(run, &late);
    if (!status) {
        late->compares = run->ranks > 1;
        late->step = loader->cursor.step;
        status = begin(loader, folder, state, ledger, keep, late);
    }
    status = mpi_agree(run, core_wrap(status, "shs_save"), "shs_save");
    if (status) {
        if (late) clear(late);
        return status;
    }
    run->late.waits = true;
    snprintf(run->late.what, sizeof run->late.what, "the checkpoint of step %llu", (ull)late->step);
    return SHS_OK;
}
