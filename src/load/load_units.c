#include "load_units.h"

#include <pthread.h>
#include <string.h>

#include "core_memory.h"

enum {
    ALIGNMENT = 64
};

struct load_units {
    pthread_mutex_t lock; /* protects what the program's threads may change: see shs_give_back() */
    struct load_unit *free;
    struct load_unit *latest; /* NULL: none, or it was given back */
    uint64_t held;            /* units that the program holds */
    bool closed;              /* true once the loader is closed */

    /* These do not change. */
    size_t n_units;
    uint32_t keep;
    shs_slot_memory memory;
    size_t bytes; /* bytes of a unit's memory */
    struct load_unit *unit;
    shs_tensor *field; /* the fields of all units, one unit after the other */
    shs_batch *part;   /* the parts of all units */
    char *names;       /* the fields' names, one after the other */
};

/* ---- Memory. */

/* Finds the place of so many bytes in a unit's memory, behind `end` bytes. */
static bool reserve(uint64_t count, uint64_t bytes, uint64_t *place, uint64_t *end)
{
    uint64_t all;
    *place = *end;
    if (!core_multiply(count, bytes, &all) || all > PTRDIFF_MAX - ALIGNMENT) return false;
    all = (all + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return !__builtin_add_overflow(*end, all, end) && *end <= PTRDIFF_MAX - ALIGNMENT;
}

/* Where the parts of a unit lie in its memory. */
struct places {
    uint64_t index, planned, weight, partner, step_partner, partner_weight, data[SHS_MAX_FIELDS];
    uint64_t bytes; /* bytes of all these parts together */
};

static bool reserve_partners(const struct load_units_how *how, struct places *places)
{
    return reserve(how->rows, sizeof(uint64_t), &places->partner, &places->bytes) &&
           reserve(how->parts ? how->rows : 0, sizeof(uint64_t), &places->step_partner,
                   &places->bytes) &&
           reserve(how->rows, sizeof(float), &places->partner_weight, &places->bytes);
}

static shs_status find_places(const struct load_units_how *how, struct places *places)
{
    shs_status status = SHS_OK;
    bool fits = reserve(how->rows, sizeof(uint64_t), &places->index, &places->bytes) &&
                reserve(how->rows, sizeof(uint64_t), &places->planned, &places->bytes);
    if (how->weighs && fits)
        fits = reserve(how->rows, sizeof(float), &places->weight, &places->bytes);
    if (how->mixes && fits) fits = reserve_partners(how, places);
    for (size_t f = 0; f < how->fields && fits && !status; f++) {
        size_t bytes;
        status = shs_tensor_bytes(&how->sample[f], &bytes);
        bool constant = f >= how->fields - how->constants;
        if (!status)
            fits = reserve(constant ? 1 : how->rows, bytes, &places->data[f], &places->bytes);
    }
    if (status || fits) return status;
    return core_fail(SHS_ERROR_MEMORY,
                     "a batch of %llu rows is larger than a process can address; give a smaller "
                     "batch",
                     (ull)how->rows);
}

static char *aligned(void *memory)
{
    return (char *)(((uintptr_t)memory + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

static shs_status take_memory(const struct load_units *units, struct load_unit *unit)
{
    const shs_slot_memory *own = &units->memory;
    if (!own->allocate) {
        shs_status status = core_new(units->bytes + ALIGNMENT, 1, "a batch", &unit->block);
        if (!status) unit->memory = aligned(unit->block);
        return status;
    }
    unit->block = unit->memory = own->allocate(own->user, units->bytes, ALIGNMENT);
    if (!unit->block)
        return core_fail(SHS_ERROR_MEMORY,
                         "the program's memory.allocate gave no memory for a batch of %zu bytes; "
                         "give smaller batches, or a smaller ahead or keep",
                         units->bytes);
    if (aligned(unit->block) == unit->block) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "the program's memory.allocate gave an address that is no multiple of %d; it "
                     "must heed its argument `alignment`",
                     ALIGNMENT);
}

static void release_memory(const struct load_units *units, struct load_unit *unit)
{
    if (!unit->block) return;
    if (units->memory.release)
        units->memory.release(units->memory.user, unit->block, units->bytes);
    else
        core_free(&unit->block);
    unit->block = NULL;
}

static void free_all(struct load_units *units)
{
    for (size_t i = 0; units->unit && i < units->n_units; i++)
        release_memory(units, &units->unit[i]);
    core_free(&units->unit);
    core_free(&units->field);
    core_free(&units->part);
    core_free(&units->names);
    pthread_mutex_destroy(&units->lock);
    core_free(&units);
}

/* ---- A pool. */

/* Makes the fields of a batch in a unit. A batch has the axes of a sample, behind an axis of rows.
 * A constant field has no such axis. */
static void make_fields(const struct load_units *units, const struct load_units_how *how,
                        const struct load_unit *unit, shs_tensor *fields)
{
    const char *name = units->names;
    for (size_t f = 0; f < how->fields; f++) {
        shs_tensor *field = &fields[f];
        *field = how->sample[f];
        if (f < unit->row_fields) {
            memmove(field->shape + 1, field->shape, field->axes * sizeof *field->shape);
            field->axes++;
        }
        field->data = unit->data[f];
        field->name = name;
        name += strlen(name) + 1;
    }
}

static shs_status make_unit(struct load_units *units, const struct load_units_how *how,
                            const struct places *places, struct load_unit *unit)
{
    unit->of = units;
    unit->parts = how->parts;
    unit->row_fields = how->fields - how->constants;
    shs_status status = take_memory(units, unit);
    if (status) return status;
    char *memory = unit->memory;
    unit->index = (uint64_t *)(void *)(memory + places->index);
    unit->planned = (uint64_t *)(void *)(memory + places->planned);
    unit->weight = how->weighs ? (float *)(void *)(memory + places->weight) : NULL;
    if (how->mixes) {
        unit->partner = (uint64_t *)(void *)(memory + places->partner);
        unit->step_partner =
            how->parts ? (uint64_t *)(void *)(memory + places->step_partner) : NULL;
        unit->partner_weight = (float *)(void *)(memory + places->partner_weight);
    }
    for (size_t f = 0; f < how->fields; f++)
        unit->data[f] = memory + places->data[f];
    for (size_t i = 0; i <= how->parts; i++)
        make_fields(units, how, unit, unit->field + i * how->fields);
    unit->next = units->free;
    units->free = unit;
    return SHS_OK;
}

/* The names are copied, because a batch may be kept longer than the dataset is open. */
static shs_status copy_names(const struct load_units_how *how, char **names)
{
    size_t bytes = 0;
    for (size_t f = 0; f < how->fields; f++)
        bytes += strlen(how->sample[f].name) + 1;
    shs_status status = core_new(bytes, 1, "names", names);
    char *to = *names;
    for (size_t f = 0; f < how->fields && !status; f++)
        to = stpcpy(to, how->sample[f].name) + 1;
    return status;
}

static shs_status make_units(struct load_units *units, const struct load_units_how *how)
{
    struct places places = {0};
    shs_status status = find_places(how, &places);
    units->bytes = (size_t)places.bytes;
    if (!status) status = copy_names(how, &units->names);
    if (!status) status = core_new(how->n_units, sizeof *units->unit, "batches", &units->unit);
    size_t fields = (how->parts + 1) * how->fields;
    if (!status)
        status = core_new(how->n_units, fields * sizeof *units->field, "batches", &units->field);
    if (!status)
        status = core_new(how->n_units, how->parts * sizeof *units->part, "batches", &units->part);
    for (size_t i = 0; i < how->n_units && !status; i++) {
        units->unit[i].field = units->field + i * fields;
        units->unit[i].part = units->part + i * how->parts;
        status = make_unit(units, how, &places, &units->unit[i]);
    }
    return status;
}

shs_status load_units_new(const struct load_units_how *how, struct load_units **units)
{
    shs_status status = core_new(1, sizeof **units, "batches", units);
    if (status) return status;
    pthread_mutex_init(&(*units)->lock, NULL);
    (*units)->n_units = how->n_units;
    (*units)->keep = how->keep;
    (*units)->memory = *how->memory;
    status = make_units(*units, how);
    if (status) load_units_close(units);
    return status;
}

size_t load_units_bytes(const struct load_units *units)
{
    return units->bytes;
}

/* Takes a unit back, for good if nobody holds it any more. The lock is held. */
static void settle(struct load_unit *unit)
{
    struct load_units *units = unit->of;
    if (unit->keeps || unit->latest) return;
    units->held--;
    unit->next = units->free;
    units->free = unit;
}

/* Releases the memory of the free units of a closed pool. The lock is held before and afterwards,
 * but not while the program's function runs: there a garbage collector may give another batch back.
 */
static void release_free(struct load_units *units)
{
    struct load_unit *unit = units->free;
    units->free = NULL;
    units->held++; /* so that nobody frees the pool meanwhile */
    pthread_mutex_unlock(&units->lock);
    for (; unit; unit = unit->next)
        release_memory(units, unit);
    pthread_mutex_lock(&units->lock);
    units->held--;
}

/* Gives the lock back. The last holder of a closed pool frees it. */
static void leave(struct load_units *units)
{
    while (units->closed && units->free)
        release_free(units);
    bool last = units->closed && !units->held;
    pthread_mutex_unlock(&units->lock);
    if (last) free_all(units);
}

static void take_latest_back(struct load_units *units)
{
    struct load_unit *unit = units->latest;
    if (!unit) return;
    units->latest = NULL;
    unit->latest = false;
    settle(unit);
}

void load_units_close(struct load_units **units)
{
    struct load_units *closed = *units;
    *units = NULL;
    if (!closed) return;
    pthread_mutex_lock(&closed->lock);
    take_latest_back(closed);
    closed->closed = true;
    leave(closed);
}

struct load_unit *load_units_take(struct load_units *units)
{
    pthread_mutex_lock(&units->lock);
    struct load_unit *unit = units->free;
    if (unit) units->free = unit->next;
    pthread_mutex_unlock(&units->lock);
    return unit;
}

void load_units_put_back(struct load_unit *unit)
{
    struct load_units *units = unit->of;
    pthread_mutex_lock(&units->lock);
    unit->next = units->free;
    units->free = unit;
    pthread_mutex_unlock(&units->lock);
}

void load_units_hand_out(struct load_unit *unit)
{
    struct load_units *units = unit->of;
    pthread_mutex_lock(&units->lock);
    take_latest_back(units);
    units->latest = unit;
    units->held++;
    unit->latest = true;
    pthread_mutex_unlock(&units->lock);
}

shs_status load_units_former(struct load_units *units)
{
    pthread_mutex_lock(&units->lock);
    take_latest_back(units);
    shs_status status = units->held > units->keep ? SHS_NO_SLOT : SHS_OK;
    pthread_mutex_unlock(&units->lock);
    return status;
}

/* ---- What the program holds. */

/* Returns true if the program holds the batch, or the batch that it is a part of. The unit may hold
 * a later batch by now. */
static bool holds(const struct load_unit *unit, const shs_batch *batch)
{
    return (unit->keeps || unit->latest) && unit->what.step == batch->step &&
           batch->vrank - unit->what.vrank < (unit->parts ? unit->parts : 1);
}

static shs_status refuse(const char *function, const shs_batch *batch)
{
    return core_fail(SHS_ERROR_STATE,
                     "%s: the program does not hold the batch of virtual rank %llu, step %llu any "
                     "more; keep a batch before the next shs_next(), and give it back once for "
                     "each shs_keep()",
                     function, (ull)batch->vrank, (ull)batch->step);
}

shs_status load_units_check(const struct load_units *units, const char *function,
                            const shs_batch *batch)
{
    struct load_unit *unit = batch->slot;
    if (!unit && !batch->rows) return SHS_OK;
    if (!unit || unit->of != units)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "%s: the batch of virtual rank %llu, step %llu is not of this loader; "
                         "pass the loader whose shs_next() gave it",
                         function, (ull)batch->vrank, (ull)batch->step);
    pthread_mutex_lock(&unit->of->lock);
    bool held = holds(unit, batch);
    pthread_mutex_unlock(&unit->of->lock);
    return held ? SHS_OK : refuse(function, batch);
}

shs_status shs_keep(const shs_batch *batch)
{
    shs_status status =
        core_require(batch, "shs_keep", "batch", "pass the address of one that shs_next() gave");
    if (!status)
        status = core_require(batch->slot, "shs_keep", "batch->slot",
                              "pass the address of one that shs_next() gave");
    if (status) return status;
    struct load_unit *unit = batch->slot;
    pthread_mutex_lock(&unit->of->lock);
    bool held = holds(unit, batch);
    if (held) unit->keeps++;
    pthread_mutex_unlock(&unit->of->lock);
    return held ? SHS_OK : refuse("shs_keep", batch);
}

shs_status shs_give_back(shs_batch *batch)
{
    shs_status status = core_require(batch, "shs_give_back", "batch",
                                     "pass the address of one that shs_next() gave");
    if (status || !batch->slot) return status;
    struct load_unit *unit = batch->slot;
    struct load_units *units = unit->of;
    pthread_mutex_lock(&units->lock);
    bool held = holds(unit, batch);
    if (held && unit->keeps) {
        unit->keeps--;
        settle(unit);
    } else if (held) {
        take_latest_back(units);
    }
    leave(units);
    if (!held) status = refuse("shs_give_back", batch);
    *batch = (shs_batch){0};
    return status;
}
