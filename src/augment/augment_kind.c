#include "augment_kind.h"

#include <stdio.h>
#include <string.h>

#include "core_nearest.h"
#include "core_text.h"

static const struct augment_kind *const kinds[] = {&augment_random_crop, &augment_random_flip,
                                                   &augment_normalize, &augment_cast};

enum {
    N_KINDS = sizeof kinds / sizeof *kinds
};

shs_status augment_unknown(size_t at, const char *what, const char *word, const char *there_are,
                           const char *const *words, size_t count)
{
    char guess[CORE_GUESS_BYTES];
    struct core_text text = {0};
    for (size_t i = 0; i < count; i++)
        core_text_add(&text, "%s%s", i ? ", " : "", words[i]);
    core_fail(SHS_ERROR_ARGUMENT, "augmentation, character %zu: %s '%s'%s %.400s%s%s", at, what,
              word, there_are, text.bytes ? text.bytes : "none", text.length > 400 ? "..." : "",
              core_guess(core_nearest(word, words, count), guess));
    core_text_free(&text);
    return SHS_ERROR_ARGUMENT;
}

static size_t count_values(const struct augment_kind *kind)
{
    size_t count = 0;
    while (count < AUGMENT_MAX_VALUES && kind->values[count])
        count++;
    return count;
}

static bool knows(const struct augment_kind *kind, const char *name)
{
    for (size_t i = 0; i < count_values(kind); i++)
        if (strcmp(kind->values[i], name) == 0) return true;
    return false;
}

static shs_status check_values(const struct augment_kind *kind, const struct augment_call *call)
{
    char what[AUGMENT_NAME_BYTES + 32];
    for (size_t i = 0; i < call->n_values; i++) {
        const struct augment_value *value = &call->values[i];
        if (!knows(kind, value->name)) {
            snprintf(what, sizeof what, "%s has no value", call->name);
            return augment_unknown(value->at, what, value->name, "; it takes", kind->values,
                                   count_values(kind));
        }
        for (size_t other = 0; other < i; other++)
            if (strcmp(call->values[other].name, value->name) == 0)
                return core_fail(SHS_ERROR_ARGUMENT,
                                 "augmentation, character %zu: %s is given '%s' twice", value->at,
                                 call->name, value->name);
    }
    return SHS_OK;
}

static const struct augment_kind *find_kind(const char *name)
{
    for (size_t k = 0; k < N_KINDS; k++)
        if (strcmp(kinds[k]->name, name) == 0) return kinds[k];
    return NULL;
}

const struct augment_kind *augment_kind_find(const struct augment_call *call)
{
    const struct augment_kind *kind = find_kind(call->name);
    const char *names[N_KINDS];
    if (kind) return check_values(kind, call) ? NULL : kind;
    for (size_t k = 0; k < N_KINDS; k++)
        names[k] = kinds[k]->name;
    shs_status status = augment_unknown(call->at, "there is no operator", call->name, "; there are",
                                        names, N_KINDS);
    (void)status;
    return NULL;
}

/* An operator that a call has found, written as it should be. */
static const char *example_of(const struct augment_call *call)
{
    return find_kind(call->name)->example;
}

const char *augment_value(const struct augment_call *call, const char *name)
{
    for (size_t i = 0; i < call->n_values; i++)
        if (strcmp(call->values[i].name, name) == 0) return call->values[i].text;
    return NULL;
}

shs_status augment_number(const struct augment_call *call, const char *name, double least,
                          double most, double otherwise, double *number)
{
    const char *text = augment_value(call, name);
    *number = otherwise;
    if (!text) return SHS_OK;
    if (core_parse_double(text, number) && *number >= least && *number <= most) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: %s's %s is '%s'; it takes one number from %g to "
                     "%g, as in %s",
                     call->at, call->name, name, text, least, most, example_of(call));
}

shs_status augment_needed_number(const struct augment_call *call, const char *name, double least,
                                 double most, double *number)
{
    if (augment_value(call, name)) return augment_number(call, name, least, most, 0, number);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: %s needs a number %s=..., as in %s", call->at,
                     call->name, name, example_of(call));
}

/* Three axes are an image with channels last only if the last one is as short as channels are. */
static const char *usual_layout(const shs_tensor *sample)
{
    enum {
        MOST_CHANNELS = 4
    };
    if (sample->axes == 1) return "w";
    if (sample->axes == 2) return "hw";
    if (sample->axes == 3 && sample->shape[2] >= 1 && sample->shape[2] <= MOST_CHANNELS)
        return "hwc";
    return NULL;
}

static shs_status no_layout(const struct augment_call *call, const shs_tensor *sample)
{
    struct core_text shape = {0};
    core_text_add_shape(&shape, sample);
    const char *name = sample->name, *axes = shape.bytes ? shape.bytes : "";
    if (sample->axes == 3 && !augment_value(call, "layout"))
        core_fail(SHS_ERROR_ARGUMENT,
                  "augmentation, character %zu: %s of field %s, whose samples are %s: which axes "
                  "are height and width cannot be told; add layout=hwc (height, width, channels) "
                  "or layout=chw (channels, height, width) to %s(...)",
                  call->at, call->name, name, axes, call->name);
    else
        core_fail(SHS_ERROR_ARGUMENT,
                  "augmentation, character %zu: %s of field %s, whose samples are %s and have %u "
                  "axes: give a layout of as many axes: w, hw, hwc or chw",
                  call->at, call->name, name, axes, sample->axes);
    core_text_free(&shape);
    return SHS_ERROR_ARGUMENT;
}

static bool is_layout(const char *layout, const shs_tensor *sample)
{
    bool known = layout && (!strcmp(layout, "w") || !strcmp(layout, "hw") ||
                            !strcmp(layout, "hwc") || !strcmp(layout, "chw"));
    return known && strlen(layout) == sample->axes;
}

shs_status augment_bind_grid(const struct augment_call *call, struct augment_bound *bound)
{
    const shs_tensor *sample = &bound->before;
    const char *layout = augment_value(call, "layout");
    if (!layout) layout = usual_layout(sample);
    if (!is_layout(layout, sample)) return no_layout(call, sample);
    const uint64_t *shape = sample->shape;
    size_t size = shs_type_size(sample->type);
    bool channels_first = layout[0] == 'c';
    const uint64_t *spatial = shape + channels_first;
    bound->setting.has_height = strchr(layout, 'h') != NULL;
    bound->grid = (struct augment_grid){
        .outer = channels_first ? (size_t)shape[0] : 1,
        .height = bound->setting.has_height ? (size_t)spatial[0] : 1,
        .width = bound->setting.has_height ? (size_t)spatial[1] : (size_t)spatial[0],
        .inner_bytes = strcmp(layout, "hwc") ? size : (size_t)shape[2] * size,
        .first = channels_first              ? AUGMENT_OUTER
                 : bound->setting.has_height ? AUGMENT_HEIGHT
                                             : AUGMENT_WIDTH,
    };
    bound->after = bound->before;
    return SHS_OK;
}
