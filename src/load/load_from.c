#include "load_from.h"

#include <string.h>

#include "augment_axes.h"
#include "augment_from.h"
#include "augment_kind.h"
#include "augment_operation.h"
#include "core_hash.h"
#include "core_memory.h"
#include "core_text.h"
#include "io_content.h"
#include "io_figures.h"
#include "load_batch.h"

enum {
    NAME = 1024 /* bytes of a name with control characters written as \xNN, at most */
};

/* What goes on while the text is made. */
struct making {
    const shs_dataset *dataset;
    shs_augment_table *operators; /* the program's own; NULL: none */
    const char *text;             /* as the program gave it */
    struct core_text made;        /* the text so far */
    struct augment_from from;     /* the present call */
    char *file;                   /* its file */
    char *named;                  /* its other field, or NULL */
    struct io_figures figures;
};

static shs_status copy_span(const char *text, struct augment_span span, char **copy)
{
    shs_status status = core_new(span.length + 1, 1, "a text", copy);
    if (!status) memcpy(*copy, text + span.at, span.length);
    return status;
}

/* Puts the place of the call before the message of an error. */
static shs_status wrap(shs_status status, const struct making *making)
{
    return core_wrap(status, "augmentation, character %zu: normalize's from",
                     making->from.call + 1);
}

/* ---- one file, for all ranks */

static shs_status hash_text(const char *text, char digits[CORE_DIGEST_TEXT])
{
    struct core_hash *hash;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    core_hash_add(hash, text, strlen(text));
    core_hash_finish(&hash, digits);
    return SHS_OK;
}

/* Collective. Hands rank 0's text on. */
static shs_status hand_on(shs_run *run, char **text)
{
    uint64_t bytes = *text ? strlen(*text) + 1 : 0;
    shs_status status = mpi_broadcast(run, &bytes, sizeof bytes);
    if (!status && run->rank) status = core_new(bytes, 1, "a file of statistics", text);
    status = mpi_agree(run, status, "shs_loader_open: room for statistics");
    return status ? status : mpi_broadcast(run, *text, bytes);
}

/* Collective. Reads a file on rank 0. Where the ranks cannot hand large data on, each reads it, and
 * they compare what they read. */
static shs_status read_file(struct making *making, char **text)
{
    shs_run *run = making->dataset->run;
    bool large = mpi_moves_large_data(run);
    char digits[CORE_DIGEST_TEXT] = "";
    shs_status status = SHS_OK;
    *text = NULL;
    if (run->rank == 0 || !large) status = io_read_all(making->file, text);
    if (!status && !large) status = hash_text(*text, digits);
    status = mpi_agree(run, core_wrap(wrap(status, making), "shs_loader_open"),
                       "shs_loader_open: statistics %s", digits);
    return status || !large ? status : hand_on(run, text);
}

/* ---- whether the figures fit */

/* Compares the array of a field, and its type, with those of the figures. */
static shs_status check_source(const struct making *making, size_t field)
{
    const shs_dataset *dataset = making->dataset;
    const struct io_figures *figures = &making->figures;
    const shs_tensor *sample = &dataset->sample[field];
    char array[NAME];
    core_escape(dataset->what.array[dataset->what.part[field].array], array, sizeof array);
    if (strcmp(making->named ? making->named : array, figures->field) != 0)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "the file has the figures of %s, not of %s; if they are meant for field "
                         "%s, say so: normalize(from=%s, field=%s)",
                         figures->field, making->named ? making->named : array, sample->name,
                         making->file, figures->field);
    if (sample->type == figures->sample.type) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "the file has the figures of %s in %s, but field %s is %s; make the figures "
                     "from these data with shardstep stats --write",
                     figures->field, shs_type_name(figures->sample.type), sample->name,
                     shs_type_name(sample->type));
}

/* The axis of a field's sample that has the channels, from 0. A window or a run of rows has an axis
 * before those of a row. */
static size_t channel_axis(const struct making *making, const shs_tensor *sample)
{
    const struct io_figures *figures = &making->figures;
    return (size_t)figures->channel_axis - 1 + sample->axes - figures->sample.axes;
}

/* Refuses figures of stored numbers for numbers that an operator before has given another scale.
 * The last operation of `known` stands for the call. */
static shs_status check_scale(const struct making *making, const shs_augment *known, size_t field)
{
    const char *name = augment_remapped(known, known->n_operations - 1, field);
    if (!name) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "the file has the figures of %s as it is stored, but %s comes first and makes "
                     "other numbers of field %s; give the mean and std of these numbers: "
                     "normalize(mean=..., std=...)",
                     making->figures.field, name, making->dataset->sample[field].name);
}

/* Compares the channels of a field's samples with those of the figures. */
static shs_status check_channels(const struct making *making, size_t field)
{
    const shs_tensor *sample = &making->dataset->sample[field];
    const struct io_figures *figures = &making->figures;
    struct core_text shapes = {0};
    if (!figures->channel_axis) return SHS_OK;
    if (sample->axes >= figures->sample.axes &&
        sample->shape[channel_axis(making, sample)] == figures->count)
        return SHS_OK;
    core_text_add_shape(&shapes, sample);
    core_text_add(&shapes, ", but the figures are of %s, with %zu channels in axis %llu",
                  figures->field, figures->count, (ull)figures->channel_axis);
    shs_status status =
        core_fail(SHS_ERROR_ARGUMENT,
                  "samples of field %s are %s; make the figures from these data, or without "
                  "channels: shardstep stats --channel-axis none --write",
                  sample->name, shapes.status ? "others" : shapes.bytes);
    core_text_free(&shapes);
    return status;
}

/* Refuses figures that normalize cannot divide by. */
static shs_status check_numbers(const struct making *making)
{
    const struct io_figures *figures = &making->figures;
    if (figures->count > AUGMENT_MOST_NUMBERS)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "the file has %zu channels; the most for normalize are %d: make the "
                         "figures with --channel-axis none",
                         figures->count, AUGMENT_MOST_NUMBERS);
    for (size_t i = 0; i < figures->count; i++) {
        if (figures->deviation[i] > 0) continue;
        return core_fail(SHS_ERROR_ARGUMENT,
                         "channel %zu of %s %s, so nothing can be divided by its deviation; give "
                         "the numbers as mean and std, with a std of 1 for this channel",
                         i, figures->field,
                         figures->deviation[i] == 0 ? "has one value everywhere"
                                                    : "has no values but missing ones");
    }
    return SHS_OK;
}

/* ---- the numbers in the text */

/* Opens the text up to the present call, with a call of any numbers in its place: the last
 * operation knows what samples reach the call. */
static shs_status open_up_to(const struct making *making, shs_augment **augment)
{
    struct core_text text = {0};
    core_text_add(&text, "%snormalize(mean=0, std=1)", making->made.bytes);
    for (size_t around = making->from.depth; around; around--)
        core_text_add(&text, ")");
    shs_status status = text.status;
    if (!status)
        status = load_open_augment(making->dataset, making->operators, text.bytes, augment);
    core_text_free(&text);
    return status;
}

/* Appends the list of means, or of deviations, as `stats` prints them. */
static void add_numbers(struct making *making, const char *name, const double *numbers,
                        double scale)
{
    size_t count = making->figures.count;
    bool is_list = making->figures.channel_axis != 0;
    core_text_add(&making->made, "%s=%s", name, is_list ? "[" : "");
    for (size_t i = 0; i < count; i++)
        core_text_add(&making->made, "%s%.9g", i ? "," : "", numbers[i] / scale);
    core_text_add(&making->made, "%s", is_list ? "]" : "");
}

/* The samples that reach the present call. Its fields share the numbers, so they share this type.
 */
struct reached {
    const shs_tensor *stored, *now; /* of the last field */
    struct augment_layouts layouts; /* of the last field, before the call */
    bool differ;                    /* the fields have different layouts */
};

/* The layout of samples of three axes that have their channels in an axis; NULL if it need not be
 * given, or if there is none. */
static const char *layout_of_three(const shs_tensor *sample, size_t axis)
{
    enum {
        MOST_CHANNELS = 4 /* that are taken for channels without a layout */
    };
    if (sample->axes != 3) return NULL;
    if (axis == 0) return "chw";
    return axis == 2 && sample->shape[2] > MOST_CHANNELS ? "hwc" : NULL;
}

/* Appends a layout that says which axis has the channels of the figures, unless the text or the
 * file names an axis of channels, or an operator has moved the axes. */
static void add_layout(struct making *making, const struct reached *reached)
{
    const struct augment_from *from = &making->from;
    const char *head = making->text + from->statement, *known = reached->layouts.after;
    size_t axis = channel_axis(making, reached->stored);
    const char *three = layout_of_three(reached->now, axis);
    char layout[SHS_MAX_AXES + 1] = "";
    if (augment_from_value(making->text, from, "layout") || reached->differ ||
        memchr(head, '=', from->calls - from->statement) || strcmp(known, reached->layouts.before))
        return;
    if (reached->layouts.origin == AUGMENT_GIVEN || reached->layouts.origin == AUGMENT_OF_FILE) {
        memcpy(layout, known, strlen(known) + 1);
        if (!strchr(layout, 'c')) layout[axis] = 'c';
        if (three && augment_same_layout(layout, three)) memcpy(layout, three, strlen(three) + 1);
        if (strcmp(layout, known) == 0) return;
    } else if (three) {
        memcpy(layout, three, strlen(three) + 1);
    }
    if (*layout) core_text_add(&making->made, ", layout=%s", layout);
}

/* Appends the values that the file gives. Samples of the type that the figures have get scaled
 * numbers, as `stats` prints them. Samples that an operator has given another type get the numbers
 * of the elements as they are stored, and no scale. */
static void add_values(struct making *making, const struct reached *reached)
{
    const struct io_figures *figures = &making->figures;
    bool same = reached->now->type == reached->stored->type;
    double scale = same ? augment_whole_scale(reached->now->type) : 1;
    add_numbers(making, "mean", figures->mean, scale);
    add_numbers(making, ", std", figures->deviation, scale);
    if (!same) core_text_add(&making->made, ", scale=none");
    if (figures->channel_axis && reached->now->axes == reached->stored->axes)
        add_layout(making, reached);
}

/* Appends the call with numbers in place of the file. Its other values stay. */
static shs_status add_call(struct making *making, const struct reached *reached)
{
    const struct augment_from *from = &making->from;
    core_text_add(&making->made, "normalize(");
    add_values(making, reached);
    for (size_t i = 0; i < from->n_values; i++) {
        const struct augment_from_value *value = &from->values[i];
        if (value == augment_from_value(making->text, from, "from") ||
            value == augment_from_value(making->text, from, "field"))
            continue;
        core_text_add(&making->made, ", %.*s", (int)value->all.length,
                      making->text + value->all.at);
    }
    core_text_add(&making->made, ")");
    return making->made.status;
}

/* Checks every field of the statement, and finds what samples reach the call, which the last
 * operation of `known` stands for. */
static shs_status check_fields(const struct making *making, const shs_augment *known,
                               struct reached *reached)
{
    const struct augment_operation *call = &known->operations[known->n_operations - 1];
    const shs_tensor **now = &reached->now;
    shs_status status = SHS_OK;
    *reached = (struct reached){.now = NULL};
    for (size_t t = 0; t < call->n_targets && !status; t++) {
        size_t field = call->targets[t].field;
        const shs_tensor *other = &call->targets[t].bound.before;
        status = check_source(making, field);
        if (!status) status = check_scale(making, known, field);
        if (!status) status = check_channels(making, field);
        if (!status && *now && (*now)->type != other->type)
            status = core_fail(SHS_ERROR_ARGUMENT,
                               "fields %s and %s are %s and %s here, which needs other numbers; "
                               "give each a statement of its own",
                               (*now)->name, other->name, shs_type_name((*now)->type),
                               shs_type_name(other->type));
        struct augment_layouts layouts = augment_layouts(known, field);
        reached->differ =
            reached->differ || (*now && strcmp(reached->layouts.after, layouts.after) != 0);
        *reached =
            (struct reached){&making->dataset->sample[field], other, layouts, reached->differ};
    }
    return status;
}

static shs_status replace(struct making *making)
{
    shs_augment *known = NULL;
    struct reached reached;
    shs_status status = open_up_to(making, &known);
    if (!status) status = wrap(check_numbers(making), making);
    if (!status) status = wrap(check_fields(making, known, &reached), making);
    if (!status) status = add_call(making, &reached);
    shs_augment_close(&known);
    return status;
}

/* ---- one call after the other */

/* Reads the values of the present call. */
static shs_status read_call(struct making *making)
{
    static const char *const others[] = {"mean", "std", "scale"};
    const char *text = making->text;
    const struct augment_from *from = &making->from;
    const struct augment_from_value *field = augment_from_value(text, from, "field");
    shs_status status =
        copy_span(text, augment_from_value(text, from, "from")->value, &making->file);
    if (!status && field) status = copy_span(text, field->value, &making->named);
    for (size_t i = 0; i < sizeof others / sizeof *others && !status; i++)
        if (augment_from_value(text, from, others[i]))
            status = wrap(core_fail(SHS_ERROR_ARGUMENT,
                                    "the file gives mean, std and scale; leave %s out, or from",
                                    others[i]),
                          making);
    return status;
}

/* Collective. Replaces the present call, whose text before it begins at `at`. */
static shs_status do_call(struct making *making, size_t at)
{
    shs_run *run = making->dataset->run;
    char *text = NULL;
    shs_status status = read_call(making);
    core_text_add(&making->made, "%.*s", (int)(making->from.call - at), making->text + at);
    if (!status) status = making->made.status;
    status = mpi_agree(run, core_wrap(status, "shs_loader_open"), "shs_loader_open: from");
    if (!status) status = read_file(making, &text);
    if (!status) {
        status = wrap(io_figures_parse(making->file, text, &making->figures), making);
        if (!status) status = replace(making);
        status = mpi_agree(run, core_wrap(status, "shs_loader_open"), "shs_loader_open: numbers");
    }
    core_free(&text);
    core_free(&making->file);
    core_free(&making->named);
    io_figures_free(&making->figures);
    return status;
}

/* Local. Opens the whole text, so that the message of an error shows the text that it is about. */
static shs_status try_out(const struct making *making)
{
    shs_augment *augment = NULL;
    const shs_dataset *dataset = making->dataset;
    shs_status status = load_open_augment(dataset, making->operators, making->made.bytes, &augment);
    shs_augment_close(&augment);
    return core_wrap(status, "shs_loader_open: with its numbers the augmentation is '%.400s'",
                     making->made.bytes);
}

shs_status load_from_put(const shs_dataset *dataset, shs_augment_table *operators, const char *text,
                         char **made)
{
    struct making making = {.dataset = dataset, .operators = operators, .text = text};
    size_t at = 0;
    char digits[CORE_DIGEST_TEXT] = "";
    *made = NULL;
    if (!text || !augment_from_find(text, 0, &making.from)) return SHS_OK;
    shs_status status = core_wrap(hash_text(text, digits), "shs_loader_open");
    status = mpi_agree(dataset->run, status, "shs_loader_open(augment with from=: %s)", digits);
    while (!status && augment_from_find(text, at, &making.from)) {
        status = do_call(&making, at);
        at = making.from.end + 1;
    }
    if (!status) core_text_add(&making.made, "%s", text + at);
    if (!status) {
        status = making.made.status ? making.made.status : try_out(&making);
        if (!status) status = core_text_take(&making.made, made);
        status = mpi_agree(dataset->run, status, "shs_loader_open(augment)");
    }
    if (status) core_free(made);
    core_text_free(&making.made);
    return status;
}
