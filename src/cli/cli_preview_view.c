/* How `preview` shows a field: which axes are height, width and channels, and in which colours. */
#include <string.h>

#include "augment_axes.h"
#include "cli_preview.h"
#include "core_text.h"

/* ---- the option --layout */

/* An item of --layout: LETTERS, or FIELD=LETTERS. */
struct item {
    const char *field; /* NULL: any field with as many axes */
    size_t field_length;
    const char *letters;
    size_t length;
};

/* Takes the next item of a list. Returns false at its end, where *at is NULL. */
static bool next_item(const char **at, struct item *item)
{
    if (!*at) return false;
    size_t length = strcspn(*at, ",");
    const char *sign = memchr(*at, '=', length);
    *item = (struct item){.letters = *at, .length = length};
    if (sign) {
        item->field = *at;
        item->field_length = (size_t)(sign - *at);
        item->letters = sign + 1;
        item->length = length - item->field_length - 1;
    }
    *at = (*at)[length] ? *at + length + 1 : NULL;
    return true;
}

/* Returns true if an item names the field. */
static bool names_field(const struct item *item, const shs_tensor *sample)
{
    return item->field && strlen(sample->name) == item->field_length &&
           !memcmp(item->field, sample->name, item->field_length);
}

static shs_status check_letters(const struct item *item)
{
    bool once = item->length >= 1 && item->length <= SHS_MAX_AXES;
    size_t heights = 0, widths = 0;
    for (size_t i = 0; i < item->length && once; i++) {
        char letter = item->letters[i];
        once = letter >= 'a' && letter <= 'z' && memchr(item->letters, letter, i) == NULL;
        heights += letter == 'h' || letter == 'y';
        widths += letter == 'w' || letter == 'x';
    }
    if (once && widths == 1 && heights <= 1) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "--layout has '%.*s'; a layout has a small letter for each axis, each letter "
                     "once: w or x for the width, which it must have, h or y for the height, c for "
                     "the channels, and others, such as chw, cw or tyxc",
                     (int)(item->length < 80 ? item->length : 80), item->letters);
}

/* Refuses an item that no view has taken. */
static shs_status check_taken(const struct item *item, const struct cli_view *views, size_t count)
{
    for (size_t v = 0; v < count; v++)
        if (item->field ? names_field(item, views[v].sample[CLI_BEFORE])
                        : strlen(views[v].layout) == item->length)
            return SHS_OK;
    if (item->field)
        return core_fail(SHS_ERROR_ARGUMENT, "--layout has '%.*s', but no such field is shown",
                         (int)item->field_length, item->field);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "--layout has '%.*s', but no field that is shown has samples of %zu axes",
                     (int)item->length, item->letters, item->length);
}

shs_status cli_view_check_layouts(const char *option, const struct cli_view *views, size_t count)
{
    struct item item;
    shs_status status = SHS_OK;
    for (const char *at = option; !status && next_item(&at, &item);)
        status = check_taken(&item, views, count);
    return status;
}

/* Sets view->layout to the letters that --layout has for the field by its name or, failing that, by
 * the number of its axes. */
static shs_status take_option(const char *option, struct cli_view *view)
{
    const shs_tensor *sample = view->sample[CLI_BEFORE];
    struct item item;
    bool named = false;
    for (const char *at = option; next_item(&at, &item);) {
        bool own = names_field(&item, sample);
        shs_status status = check_letters(&item);
        if (status) return status;
        if (own && item.length != sample->axes)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "--layout has '%.*s' for field %s, whose samples have %u axes",
                             (int)item.length, item.letters, sample->name, sample->axes);
        if (named || !(own || (!item.field && item.length == sample->axes))) continue;
        named = own;
        memcpy(view->layout, item.letters, item.length);
        view->layout[item.length] = '\0';
    }
    return SHS_OK;
}

/* ---- the axes */

/* Returns the axis with one of two letters, or CLI_NO_AXIS. */
static uint32_t find_axis(const char *layout, char letter, char other)
{
    for (uint32_t axis = 0; layout[axis]; axis++)
        if (layout[axis] == letter || layout[axis] == other) return axis;
    return CLI_NO_AXIS;
}

static shs_status no_layout(const shs_tensor *sample)
{
    struct core_text shape = {0};
    core_text_add_shape(&shape, sample);
    core_fail(SHS_ERROR_ARGUMENT,
              "field %s, whose samples are %s: which axes are height and width cannot be told; "
              "give --layout a letter for each of its axes, such as chw, thw or tyxc",
              sample->name, shape.bytes ? shape.bytes : "?");
    core_text_free(&shape);
    return SHS_ERROR_ARGUMENT;
}

static shs_status find_layout(const struct cli_arguments *arguments, const char *augmented,
                              struct cli_view *view)
{
    const shs_tensor *sample = view->sample[CLI_BEFORE];
    shs_status status = take_option(arguments->layout, view);
    const char *usual = augmented ? augmented : augment_usual_layout(sample);
    if (status) return status;
    if (!view->layout[0] && usual && strlen(usual) == sample->axes)
        memcpy(view->layout, usual, strlen(usual) + 1);
    if (!view->layout[0]) return no_layout(sample);
    view->height = find_axis(view->layout, 'h', 'y');
    view->width = find_axis(view->layout, 'w', 'x');
    view->channel = find_axis(view->layout, 'c', 'c');
    return SHS_OK;
}

/* ---- channels and colours */

static uint64_t extent(const struct cli_view *view, enum cli_stage stage, uint32_t axis)
{
    return axis == CLI_NO_AXIS ? 1 : view->sample[stage]->shape[axis];
}

static bool are_colours(uint64_t channels)
{
    return channels == 1 || channels == 3 || channels == CLI_MAX_IMAGE_CHANNELS;
}

/* Finds the channels that both stages have, and of these the channels that are shown. */
static shs_status find_channels(const struct cli_arguments *arguments, struct cli_view *view)
{
    uint64_t before = extent(view, CLI_BEFORE, view->channel);
    uint64_t after = extent(view, CLI_AFTER, view->channel);
    view->channels = before < after ? before : after;
    if (!cli_given(arguments, "--channel") || view->channel == CLI_NO_AXIS) return SHS_OK;
    view->first_channel = arguments->channel;
    if (view->first_channel >= view->channels)
        return core_fail(
            SHS_ERROR_ARGUMENT, "--channel is %llu; field %s has the channels 0 to %llu",
            (ull)arguments->channel, view->sample[CLI_BEFORE]->name, (ull)(view->channels - 1));
    view->channels = 1;
    return SHS_OK;
}

static shs_status find_look(const struct cli_arguments *arguments, struct cli_view *view)
{
    const shs_tensor *sample = view->sample[CLI_BEFORE];
    bool usual = sample->type == SHS_U8 || sample->type == SHS_U16;
    bool image = arguments->colours == CLI_COLOURS_IMAGE ||
                 (usual && arguments->colours == CLI_COLOURS_AUTO);
    if (view->height == CLI_NO_AXIS)
        view->look = CLI_CURVE;
    else if (image && are_colours(view->channels))
        view->look = view->channels == 1 ? CLI_GREY : CLI_RGB;
    else if (arguments->colours != CLI_COLOURS_IMAGE)
        view->look = CLI_MAP;
    else
        return core_fail(SHS_ERROR_ARGUMENT,
                         "--colours is image; field %s has %llu channels, and an image has 1, 3 or "
                         "4: give --channel N or --colours map",
                         sample->name, (ull)view->channels);
    return SHS_OK;
}

/* ---- the size of a tile */

/* Returns the numbers along an axis that a picture has for `numbers` of a sample. */
static uint32_t boxes(const struct cli_view *view, uint64_t numbers)
{
    return (uint32_t)(numbers / view->box + (numbers % view->box != 0));
}

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Makes the longer side of the tile as long as --size allows. Both stages have the same scale. */
static void find_size(uint64_t size, struct cli_view *view)
{
    uint64_t width =
        greater(extent(view, CLI_BEFORE, view->width), extent(view, CLI_AFTER, view->width));
    uint64_t height =
        greater(extent(view, CLI_BEFORE, view->height), extent(view, CLI_AFTER, view->height));
    uint64_t longest = greater(width, height);
    view->box = longest / size + (longest % size != 0);
    view->zoom = (uint32_t)(longest < size ? size / longest : 1);
    view->tile_width = boxes(view, width) * view->zoom;
    view->tile_height = boxes(view, height) * view->zoom;
    if (view->look == CLI_CURVE) view->tile_height = (uint32_t)(size + 1) / 2;
}

/* ---- the view */

static shs_status check_sample(const shs_tensor *sample, uint32_t axes)
{
    if (sample->axes != axes)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "the augmentation changes the number of axes of field %s, which preview "
                         "cannot show; leave the field out of --fields",
                         sample->name);
    for (uint32_t axis = 0; axis < axes; axis++)
        if (!sample->shape[axis])
            return core_fail(SHS_ERROR_ARGUMENT,
                             "a sample of field %s has no numbers, so there is nothing to show; "
                             "leave the field out of --fields",
                             sample->name);
    return SHS_OK;
}

shs_status cli_view_open(const struct cli_arguments *arguments, const shs_tensor *stored,
                         const shs_tensor *output, const char *augmented, struct cli_view *view)
{
    *view = (struct cli_view){.sample = {stored, output}};
    shs_status status = check_sample(stored, stored->axes);
    if (!status) status = check_sample(output, stored->axes);
    if (!status) status = find_layout(arguments, augmented, view);
    if (!status) status = find_channels(arguments, view);
    if (!status) status = find_look(arguments, view);
    if (!status) find_size(arguments->size, view);
    return status;
}

uint64_t cli_view_tiles(const struct cli_view *view)
{
    return view->look == CLI_GREY || view->look == CLI_RGB ? 1 : view->channels;
}
