#include "data_pick.h"

#include <ctype.h>
#include <string.h>

#include "core_memory.h"
#include "core_nearest.h"
#include "data_axes.h"
#include "h5_coordinates.h"

enum {
    WORD_BYTES = 256 /* most bytes of an axis or of an index in the text */
};

/* ---- The text. */

/* Reads a text word by word: the word ends at a space, at a bracket or at the end. */
static shs_status read_word(const char **text, char word[WORD_BYTES])
{
    size_t length = strcspn(*text, " \t\n[]");
    *word = '\0';
    if (length >= WORD_BYTES)
        return core_fail(SHS_ERROR_ARGUMENT, "'%.60s…' is too long for a name", *text);
    memcpy(word, *text, length);
    word[length] = '\0';
    *text += length;
    return SHS_OK;
}

static void skip_spaces(const char **text)
{
    while (isspace((unsigned char)**text))
        ++*text;
}

/* Reads the axis before a bracket. Returns an empty word at the end of the text. */
static shs_status read_axis(const char **text, char word[WORD_BYTES])
{
    skip_spaces(text);
    shs_status status = read_word(text, word);
    if (status || (!*word && !**text)) return status;
    if (*word && **text == '[') {
        ++*text;
        return SHS_OK;
    }
    return core_fail(SHS_ERROR_ARGUMENT,
                     "'%s%.20s' is not AXIS[INDICES], such as c[0 3 5:9] or y[0:45]", word, *text);
}

/* Reads the next index, slice or name. Returns an empty word at the closing bracket, and goes
 * behind it. */
static shs_status read_item(const char **text, char word[WORD_BYTES])
{
    skip_spaces(text);
    shs_status status = read_word(text, word);
    if (status || *word) return status;
    if (**text != ']') return core_fail(SHS_ERROR_ARGUMENT, "a '[' has no ']'");
    ++*text;
    return SHS_OK;
}

/* The indices begin, begin + step, … before `end`. */
struct slice {
    uint64_t begin, end, step;
    bool open; /* true if the text gives no end */
};

/* Reads an index or a slice a:b or a:b:step, of which a and b may be left out. Returns false if the
 * word is neither. */
static bool read_slice(const char *word, struct slice *slice)
{
    char copy[WORD_BYTES], *end, *step = NULL;
    *slice = (struct slice){.step = 1, .open = true};
    memcpy(copy, word, strlen(word) + 1);
    end = strchr(copy, ':');
    if (!end) {
        if (!core_parse_u64(word, &slice->begin) || slice->begin == UINT64_MAX) return false;
        slice->end = slice->begin + 1;
        slice->open = false;
        return true;
    }
    *end++ = '\0';
    step = strchr(end, ':');
    if (step) *step++ = '\0';
    if (*end) slice->open = false;
    return (!*copy || core_parse_u64(copy, &slice->begin)) &&
           (!*end || core_parse_u64(end, &slice->end)) &&
           (!step || (core_parse_u64(step, &slice->step) && slice->step));
}

/* Refuses an item that cannot be right in any file. */
static shs_status check_item(const char *word, bool crop)
{
    struct slice slice;
    bool is_slice = strchr(word, ':') != NULL;
    if (is_slice && !read_slice(word, &slice))
        return core_fail(
            SHS_ERROR_ARGUMENT,
            "'%.60s' is no range: write a:b or a:b:step, whole numbers from 0 on, step "
            "at least 1",
            word);
    if (crop && (!is_slice || slice.step != 1 || strchr(strchr(word, ':') + 1, ':')))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "'%.60s' is no range a:b; crop takes one range of each axis, and select "
                         "takes indices and names",
                         word);
    return SHS_OK;
}

/* Adds one axis and its items. */
static shs_status add_axis(const char **at, const char *axis, bool crop, struct core_text *text)
{
    char word[WORD_BYTES];
    size_t items = 0;
    core_text_add(text, "%s%s[", text->length ? " " : "", axis);
    for (;; items++) {
        shs_status status = read_item(at, word);
        if (status) return status;
        if (!*word) break;
        status = check_item(word, crop);
        if (status) return status;
        core_text_add(text, "%s%s", items ? " " : "", word);
    }
    core_text_add(text, "]");
    if (!items || (crop && items > 1))
        return core_fail(SHS_ERROR_ARGUMENT, "%s[…] has %s", axis,
                         items ? "several ranges; crop takes one of each axis"
                               : "nothing between its brackets");
    return SHS_OK;
}

shs_status data_pick_normal(const char *text, bool crop, char **normal)
{
    struct core_text made = {0};
    char axis[WORD_BYTES];
    shs_status status = read_axis(&text, axis);
    if (!status && !*axis)
        status = core_fail(SHS_ERROR_ARGUMENT, "it is empty; give AXIS[INDICES], such as c[0 3]");
    while (!status && *axis) {
        status = add_axis(&text, axis, crop, &made);
        if (!status) status = read_axis(&text, axis);
    }
    if (!status) return core_text_take(&made, normal);
    core_text_free(&made);
    return status;
}

/* ---- Axes. */

/* The search for an axis of an array. */
struct axis_search {
    const char *word;
    uint32_t found, times;
    char letters[SHS_MAX_AXES + 1];
    struct core_text names; /* for messages: "1 channel, 2 lat, …" */
};

static bool equals(const char *word, const char *name)
{
    for (; *word && *name; word++, name++)
        if (tolower((unsigned char)*word) != tolower((unsigned char)*name)) return false;
    return *word == *name;
}

static void match(struct axis_search *search, uint32_t axis)
{
    if (search->times && search->found == axis) return;
    search->found = axis;
    search->times++;
}

static void look_at_name(void *user, uint32_t axis, const char *name)
{
    struct axis_search *search = user;
    core_text_add(&search->names, "%s%u %.60s", search->names.length ? ", " : "", axis, name);
    if (equals(search->word, name)) match(search, axis);
}

/* Returns how many leading axes count rows. */
static uint32_t row_axes_of(const struct data_view *view)
{
    if (view && view->constant) return 0;
    return view && view->row_axes ? view->row_axes : 1;
}

/* Finds an axis by its number. */
static shs_status number_axis(const char *word, const shs_tensor *whole, uint32_t *axis)
{
    uint64_t number;
    if (!core_parse_u64(word, &number) || number >= whole->axes)
        return core_fail(SHS_ERROR_ARGUMENT, "axis %s is not there: it has %u axes, from 0 on",
                         word, whole->axes);
    *axis = (uint32_t)number;
    return SHS_OK;
}

/* Finds an axis by its name or its letter. */
static shs_status name_axis(const char *word, struct h5_array *array, const shs_tensor *whole,
                            uint32_t *axis)
{
    struct axis_search search = {.word = word};
    shs_status status = array ? h5_axis_names(array, look_at_name, &search) : SHS_OK;
    if (array && !status && !search.times && strlen(word) == 1)
        status = data_axes_read(array, whole->axes, search.letters);
    for (uint32_t i = 0; i < whole->axes && *search.letters && !status; i++)
        if (strchr("tzyxc", search.letters[i]) &&
            search.letters[i] == tolower((unsigned char)*word))
            match(&search, i);
    *axis = search.found;
    if (!status && search.times != 1)
        status = core_fail(SHS_ERROR_ARGUMENT,
                           "%s axis is named '%s': the file names %s; give the number of the axis, "
                           "from 0 to %u",
                           search.times ? "more than one" : "no", word,
                           search.names.length ? search.names.bytes : "none of its axes",
                           whole->axes - 1);
    core_text_free(&search.names);
    return status;
}

/* What is looked for in a file, and what is found. */
struct finding {
    const struct data_view *view;
    struct h5_array *array;
    const shs_tensor *whole;
    struct io_part *part;
    char *picked; /* the numbers of the axes that were found */
};

/* Finds an axis of a row. `of_rows` says what to do instead with an axis that counts rows. */
static shs_status find_axis(const char *word, const struct finding *finding, const char *of_rows,
                            uint32_t *axis)
{
    shs_status status = strspn(word, "0123456789") == strlen(word)
                            ? number_axis(word, finding->whole, axis)
                            : name_axis(word, finding->array, finding->whole, axis);
    if (status) return status;
    if (*axis < row_axes_of(finding->view))
        return core_fail(SHS_ERROR_ARGUMENT, "axis %s counts rows; %s", word, of_rows);
    if (finding->array && *axis >= h5_array_axes(finding->array) &&
        !h5_array_has_members(finding->array))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "axis %s is that of the real and the imaginary part of complex numbers, "
                         "which come together; leave it out",
                         word);
    return SHS_OK;
}

/* Adds the number of an axis, a digit, to those that were found. select and crop name each at most
 * once. */
static void note_axis(char *picked, uint32_t axis)
{
    size_t length = strlen(picked);
    if (length) picked[length++] = ' ';
    picked[length++] = (char)('0' + axis);
    picked[length] = '\0';
}

/* ---- Indices. */

/* The ranges of one axis, as they are found. */
struct picking {
    struct h5_array *array;
    uint32_t axis; /* of the array */
    struct io_part_axis *taken;
    size_t capacity;
};

static shs_status add_range(struct picking *picking, uint64_t begin, uint64_t count, uint64_t step)
{
    struct io_part_axis *taken = picking->taken;
    struct io_range *last = taken->ranges ? &taken->range[taken->ranges - 1] : NULL;
    if (count == 1) step = 1;
    if (last && last->step == 1 && step == 1 && last->begin + last->count == begin) {
        last->count += count;
        return SHS_OK;
    }
    if (taken->ranges == picking->capacity) {
        size_t more = picking->capacity ? 2 * picking->capacity : 4;
        shs_status status = core_resize(more, sizeof *taken->range, "indices", &taken->range);
        if (status) return status;
        picking->capacity = more;
    }
    taken->range[taken->ranges++] = (struct io_range){begin, count, step, 0};
    return SHS_OK;
}

/* Refuses what is no index of the axis. The number may be meant as a value of the coordinate. */
static shs_status outside(const struct picking *picking, const char *word)
{
    struct h5_coordinates names = {0};
    ull length = picking->taken->length;
    if (picking->array && !strchr(word, ':') &&
        h5_coordinates_read(picking->array, picking->axis, &names))
        names = (struct h5_coordinates){0};
    bool values = names.count && names.number;
    h5_coordinates_free(&names);
    if (values)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "'%s' is outside the axis, which has a length of %llu; for the index that "
                         "has this value write %s.0",
                         word, length, word);
    return core_fail(SHS_ERROR_ARGUMENT, "'%s' is outside the axis, which has a length of %llu",
                     word, length);
}

static shs_status add_slice(struct picking *picking, const char *word, struct slice slice)
{
    uint64_t length = picking->taken->length;
    if (slice.open) slice.end = length;
    if (slice.end > length || slice.begin >= length) return outside(picking, word);
    if (slice.begin >= slice.end) return core_fail(SHS_ERROR_ARGUMENT, "'%s' takes nothing", word);
    return add_range(picking, slice.begin, (slice.end - slice.begin - 1) / slice.step + 1,
                     slice.step);
}

/* Refuses a name that the axis does not have. */
static shs_status no_name(const struct h5_coordinates *names, const char *word)
{
    char guess[CORE_GUESS_BYTES];
    if (!names->count)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "'%s' is no index, and the file gives the axis no coordinate that would "
                         "name its indices; give whole numbers from 0 on",
                         word);
    if (!names->text)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "'%s' is no index, and no coordinate of the axis; they are %g to %g", word,
                         names->number[0], names->number[names->count - 1]);
    const char *nearest = core_nearest(word, (const char *const *)names->text, names->count);
    return core_fail(SHS_ERROR_ARGUMENT, "the axis has no '%s'%s", word,
                     core_guess(nearest, guess));
}

/* Adds the index at which the axis' coordinate has a name or a value. */
static shs_status add_name(struct picking *picking, const char *word)
{
    struct h5_coordinates names = {0};
    double number;
    uint64_t found = 0;
    size_t times = 0;
    shs_status status =
        picking->array ? h5_coordinates_read(picking->array, picking->axis, &names) : SHS_OK;
    bool is_number = core_parse_double(word, &number);
    if (is_number && names.single) number = (float)number; /* 52.3 is stored as 52.2999992 */
    for (uint64_t i = 0; i < names.count && !status; i++) {
        bool same = names.text
                        ? !strcmp(names.text[i], word)
                        : is_number && names.number[i] >= number && names.number[i] <= number;
        if (!same) continue;
        if (!times++) found = i;
    }
    if (!status && !times) status = no_name(&names, word);
    if (!status && times > 1)
        status = core_fail(SHS_ERROR_ARGUMENT,
                           "'%s' is the name of %zu indices of the axis; give one as a number",
                           word, times);
    h5_coordinates_free(&names);
    return status ? status : add_range(picking, found, 1, 1);
}

static bool only_grows(const struct io_part_axis *taken)
{
    for (size_t i = 1; i < taken->ranges; i++) {
        const struct io_range *before = &taken->range[i - 1];
        if (taken->range[i].begin <= before->begin + (before->count - 1) * before->step)
            return false;
    }
    return true;
}

/* Refuses an index that comes twice. */
static shs_status check_once(const struct io_part_axis *taken)
{
    unsigned char *seen;
    if (only_grows(taken)) return SHS_OK;
    shs_status status = core_new(taken->length / 8 + 1, 1, "indices", &seen);
    for (size_t i = 0; i < taken->ranges && !status; i++)
        for (uint64_t k = 0; k < taken->range[i].count && !status; k++) {
            uint64_t index = taken->range[i].begin + k * taken->range[i].step;
            if (seen[index / 8] >> index % 8 & 1)
                status = core_fail(SHS_ERROR_ARGUMENT, "index %llu comes twice", (ull)index);
            seen[index / 8] = (unsigned char)(seen[index / 8] | 1U << index % 8);
        }
    core_free(&seen);
    return status;
}

static shs_status read_items(struct picking *picking, const char **text)
{
    char word[WORD_BYTES];
    shs_status status = read_item(text, word);
    for (; !status && *word;) {
        struct slice slice;
        status =
            read_slice(word, &slice) ? add_slice(picking, word, slice) : add_name(picking, word);
        if (!status) status = read_item(text, word);
    }
    return status ? status : check_once(picking->taken);
}

/* Takes what a text picks. */
static shs_status read_picks(const char *text, const struct finding *finding)
{
    static const char of_rows[] =
        "choose rows by the loader's subset, or by window, stride and lead";
    uint32_t rows = row_axes_of(finding->view), axis = 0;
    char word[WORD_BYTES];
    shs_status status = read_axis(&text, word);
    while (!status && *word) {
        status = find_axis(word, finding, of_rows, &axis);
        if (status) return status;
        struct picking picking = {finding->array, axis, &finding->part->axis[axis - rows], 0};
        if (picking.taken->ranges)
            return core_fail(SHS_ERROR_ARGUMENT, "axis %s is given twice", word);
        note_axis(finding->picked, axis);
        status = core_wrap(read_items(&picking, &text), "axis %s", word);
        if (!status) status = read_axis(&text, word);
    }
    return status;
}

/* Takes the axes that are not picked from as a whole. */
static shs_status fill_up(struct io_part *part)
{
    shs_status status = SHS_OK;
    for (uint32_t i = 0; i < part->axes && !status; i++) {
        struct picking picking = {.taken = &part->axis[i]};
        if (!part->axis[i].ranges) status = add_range(&picking, 0, part->axis[i].length, 1);
    }
    return status;
}

shs_status data_pick_find(const struct data_view *view, struct h5_array *array,
                          const shs_tensor *whole, struct io_part **part,
                          char picked[DATA_PICKED_BYTES])
{
    uint32_t rows = row_axes_of(view);
    *part = NULL;
    *picked = '\0';
    if (!view || (!view->select && !view->crop)) return SHS_OK;
    if (whole->axes <= rows)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "a row is a single number, of which nothing can be selected; leave out "
                         "select and crop");
    shs_status status = core_new(1, sizeof **part, "a part", part);
    if (status) return status;
    (*part)->axes = whole->axes - rows;
    (*part)->element_bytes = shs_type_size(whole->type);
    for (uint32_t i = 0; i < (*part)->axes; i++) {
        (*part)->axis[i].length = whole->shape[rows + i];
        if (whole->shape[rows + i]) continue;
        data_pick_free(part); /* there are no elements */
        return SHS_OK;
    }
    const struct finding finding = {view, array, whole, *part, picked};
    if (view->select) status = core_wrap(read_picks(view->select, &finding), "select");
    if (!status && view->crop) status = core_wrap(read_picks(view->crop, &finding), "crop");
    if (!status) status = fill_up(*part);
    if (!status) io_part_measure(*part);
    if (status || (*part)->whole) data_pick_free(part);
    return status;
}

shs_status data_pick_axis(const struct data_view *view, struct h5_array *array,
                          const shs_tensor *whole, uint32_t *axis, char picked[DATA_PICKED_BYTES])
{
    static const char of_rows[] = "virtual ranks share out rows: name an axis of a row";
    const struct finding finding = {view, array, whole, NULL, picked};
    shs_status status = find_axis(view->slab, &finding, of_rows, axis);
    if (status) return status;
    if (*axis >= h5_array_axes(array))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "axis %s is that of the members of the elements, which come together; "
                         "name an axis of the dataset",
                         view->slab);
    note_axis(picked, *axis);
    *axis -= row_axes_of(view);
    return SHS_OK;
}

void data_pick_free(struct io_part **part)
{
    for (uint32_t i = 0; *part && i < (*part)->axes; i++)
        core_free(&(*part)->axis[i].range);
    core_free(part);
}
