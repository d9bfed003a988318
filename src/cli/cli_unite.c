#include "cli_unite.h"

#include <string.h>

#include "core_memory.h"
#include "load.h"
#include "order_plan.h"
#include "order_tree.h"

/* What comes before the row numbers and the fields in a message of a rank. */
struct head {
    uint64_t there; /* 0: the group hosts fewer virtual ranks, and this message is empty */
    uint64_t rows, count;
};

struct cli_unite {
    shs_loader *loader;
    shs_run *run;
    char *message; /* this rank's batch */
    char *room;    /* on rank 0: a message of any rank */
    size_t message_bytes, room_bytes;

    /* On rank 0: the batch that is put together. */
    uint64_t number;             /* among the virtual ranks of its group */
    int rank;                    /* whose message comes next */
    struct head head;            /* of member 0 */
    bool spoilt;                 /* a member could not load it */
    uint64_t *index;             /* the numbers of its rows */
    void *whole[SHS_MAX_FIELDS]; /* the fields' rows */
    shs_tensor field[SHS_MAX_FIELDS];
    size_t fields;
    uint64_t most_rows; /* that there is memory for */
    cli_unite_take *take;
    void *user;
};

shs_status cli_unite_new(shs_loader *loader, struct cli_unite **unite)
{
    shs_status status = core_new(1, sizeof **unite, "putting slabs together", unite);
    if (status) return status;
    (*unite)->loader = loader;
    (*unite)->run = loader->dataset->run;
    (*unite)->fields = shs_dataset_fields(loader->dataset);
    return SHS_OK;
}

void cli_unite_free(struct cli_unite **unite)
{
    if (!*unite) return;
    for (size_t f = 0; f < SHS_MAX_FIELDS; f++)
        core_free(&(*unite)->whole[f]);
    core_free(&(*unite)->index);
    core_free(&(*unite)->message);
    core_free(&(*unite)->room);
    core_free(unite);
}

/* ---- A message. */

static shs_status grow(char **memory, size_t *bytes, size_t wanted)
{
    if (*bytes >= wanted) return SHS_OK;
    shs_status status = core_resize(wanted, 1, "a batch", memory);
    if (!status) *bytes = wanted;
    return status;
}

static char *put(char *at, const void *bytes, size_t count)
{
    if (count) memcpy(at, bytes, count);
    return at + count;
}

/* Writes a batch to this rank's message; NULL: there is none. */
static shs_status write_message(struct cli_unite *unite, const shs_batch *batch, size_t *bytes)
{
    struct head head = {0};
    size_t field_bytes[SHS_MAX_FIELDS];
    *bytes = sizeof head;
    if (batch) {
        head = (struct head){1, batch->rows, batch->count};
        *bytes += batch->rows * sizeof *batch->index;
    }
    for (size_t f = 0; batch && f < batch->fields; f++) {
        shs_status status = shs_tensor_bytes(&batch->field[f], &field_bytes[f]);
        if (status) return status;
        *bytes += field_bytes[f];
    }
    shs_status status = grow(&unite->message, &unite->message_bytes, *bytes);
    if (status) return status;
    char *at = put(unite->message, &head, sizeof head);
    if (batch) at = put(at, batch->index, batch->rows * sizeof *batch->index);
    for (size_t f = 0; batch && f < batch->fields; f++)
        at = put(at, batch->field[f].data, field_bytes[f]);
    return SHS_OK;
}

/* ---- Rank 0. */

/* Sets the shape of a field of a whole batch. Of a constant field there is one copy. */
static void set_shape(const struct cli_unite *unite, size_t f, uint64_t rows, shs_tensor *field)
{
    const shs_dataset *dataset = unite->loader->dataset;
    const shs_slab slab = shs_loader_slab(unite->loader, f);
    if (shs_dataset_is_constant(dataset, f)) {
        *field = *shs_dataset_field(dataset, f);
        return;
    }
    const shs_tensor *sample = shs_augment_output(unite->loader->augment, f);
    *field = *sample;
    memmove(field->shape + 1, sample->shape, sample->axes * sizeof *sample->shape);
    field->axes++;
    field->shape[0] = rows;
    if (slab.length) field->shape[slab.axis + 1] = slab.length;
}

/* Sets the shapes of a whole batch of so many rows, and takes memory for it. */
static shs_status make_whole(struct cli_unite *unite, uint64_t rows)
{
    uint64_t room = rows ? rows : 1;
    bool grows = room > unite->most_rows;
    shs_status status = SHS_OK;
    for (size_t f = 0; f < unite->fields && !status; f++) {
        shs_tensor *field = &unite->field[f];
        size_t bytes = 0;
        set_shape(unite, f, room, field);
        status = shs_tensor_bytes(field, &bytes);
        if (!status && grows) status = core_resize(bytes, 1, "a batch", &unite->whole[f]);
        set_shape(unite, f, rows, field);
        field->data = unite->whole[f];
    }
    if (!status && grows) status = core_resize(room, sizeof *unite->index, "rows", &unite->index);
    if (!status && grows) unite->most_rows = room;
    return status;
}

/* Puts a member's slab of a field into its place. Returns the bytes behind it. */
static const char *put_slab(struct cli_unite *unite, size_t f, uint64_t member, const char *from)
{
    const shs_slab slab = shs_loader_slab(unite->loader, f);
    const shs_tensor *field = &unite->field[f];
    uint64_t outer = 1, inner = 1, length = 1, first = 0, count = 1;
    uint32_t axis = slab.length ? slab.axis + 1 : 0;
    if (slab.length) {
        length = slab.length;
        first = order_share(length, member, unite->run->group);
        count = order_share(length, member + 1, unite->run->group) - first;
    }
    for (uint32_t i = 0; i < field->axes; i++)
        if (i < axis)
            outer *= field->shape[i];
        else if (i > axis || !slab.length)
            inner *= field->shape[i];
    size_t each = (size_t)inner * shs_type_size(field->type), run = (size_t)count * each;
    for (uint64_t o = 0; o < outer; o++, from += run)
        put((char *)field->data + (o * length + first) * each, from, run);
    return from;
}

/* Hands the whole batch out. */
static shs_status finish(struct cli_unite *unite)
{
    const shs_run *run = unite->run;
    uint64_t group = (uint64_t)unite->rank / run->group;
    if (!unite->head.there || unite->spoilt) return SHS_OK;
    const shs_batch batch = {.vrank = order_first_vrank(run->vranks, mpi_groups(run), group) +
                                      unite->number,
                             .rows = unite->head.rows,
                             .count = unite->head.count,
                             .index = unite->index,
                             .fields = unite->fields,
                             .field = unite->field};
    return unite->take(unite->user, &batch);
}

/* Takes a member's message. A member that could not load the batch has no rows. */
static shs_status take_message(void *user, const void *bytes, size_t length)
{
    struct cli_unite *unite = user;
    uint64_t member = (uint64_t)unite->rank % unite->run->group;
    const char *at = bytes;
    struct head head;
    shs_status status = SHS_OK;
    (void)length;
    memcpy(&head, at, sizeof head);
    at += sizeof head;
    if (!member) {
        unite->head = head;
        unite->spoilt = false;
        status = make_whole(unite, head.rows);
        if (!status) put((char *)unite->index, at, head.rows * sizeof *unite->index);
    }
    unite->spoilt |= head.rows != unite->head.rows || head.count != unite->head.count;
    size_t listed = head.rows * sizeof *unite->index;
    if (!status && !unite->spoilt && listed && memcmp(unite->index, at, listed) != 0)
        status = core_fail(SHS_ERROR_ORDER,
                           "rank %d has other rows than the other members of its group; this is a "
                           "defect: report it with the options of the run",
                           unite->rank);
    at += listed;
    for (size_t f = 0; f < unite->fields && !status && !unite->spoilt && head.there; f++)
        at = put_slab(unite, f, member, at);
    if (!status && member + 1 == unite->run->group) status = finish(unite);
    unite->rank++;
    return status;
}

/* ---- All ranks. */

/* Collective. Brings a batch of each group together. */
static shs_status gather(struct cli_unite *unite, const shs_batch *batch)
{
    shs_run *run = unite->run;
    size_t bytes = 0;
    shs_status status = write_message(unite, batch, &bytes);
    status = mpi_agree(run, status, "digest: writing a batch");
    uint64_t most = bytes;
    if (!status) status = mpi_greatest(run, &most, 1);
    if (!status && run->rank == 0) status = grow(&unite->room, &unite->room_bytes, most);
    status = mpi_agree(run, status, "digest: gathering a batch");
    unite->rank = 0;
    if (!status)
        status = mpi_in_order(run, unite->message, bytes, unite->room, take_message, unite);
    return mpi_agree(run, status, "digest: a batch");
}

shs_status cli_unite_step(struct cli_unite *unite, cli_unite_take *take, void *user, uint64_t *step)
{
    const shs_run *run = unite->run;
    uint64_t groups = mpi_groups(run), most = (run->vranks + groups - 1) / groups;
    shs_status status = SHS_OK;
    unite->take = take;
    unite->user = user;
    for (unite->number = 0; unite->number < most && !status; unite->number++) {
        shs_batch batch;
        bool there = unite->number < run->hosted;
        if (there) status = shs_next(unite->loader, &batch);
        if (status) return status;
        if (there) *step = batch.step;
        status = gather(unite, there ? &batch : NULL);
    }
    return status;
}
