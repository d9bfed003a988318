#include "io_figures.h"

#include <string.h>

#include "core_hash.h"
#include "core_memory.h"

static const char first[] = "shardstep stats ", version[] = "1", last[] = "xxh3 = ";

/* ---- writing */

static void print_list(const char *name, const double *numbers, size_t count,
                       struct core_text *text)
{
    core_text_add(text, "%s = ", name);
    for (size_t i = 0; i < count; i++) {
        if (i) core_text_add(text, ",");
        if (numbers[i] - numbers[i] == 0)
            core_text_add_double(text, numbers[i]);
        else
            core_text_add(text, "none");
    }
    core_text_add(text, "\n");
}

static shs_status digest(const char *text, size_t length, char digits[CORE_DIGEST_TEXT])
{
    struct core_hash *hash;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    core_hash_add(hash, text, length);
    core_hash_finish(&hash, digits);
    return SHS_OK;
}

void io_figures_seal(const char *lines, struct core_text *text)
{
    char digits[CORE_DIGEST_TEXT] = "";
    core_text_add(text, "%s", lines);
    if (!text->status) text->status = digest(lines, strlen(lines), digits);
    core_text_add(text, "%s%s\n", last, digits);
}

void io_figures_print(const struct io_figures *figures, const char *notes, struct core_text *text)
{
    const shs_tensor *sample = &figures->sample;
    struct core_text lines = {0};
    core_text_add(&lines, "%s%s\nfield = %s\ntype = %s\nsample = ", first, version, figures->field,
                  shs_type_name(sample->type));
    for (uint32_t axis = 0; axis < sample->axes; axis++)
        core_text_add(&lines, "%s%llu", axis ? "x" : "", (ull)sample->shape[axis]);
    core_text_add(&lines, "%s\nchannel_axis = ", sample->axes ? "" : "none");
    if (figures->channel_axis)
        core_text_add(&lines, "%llu\n", (ull)figures->channel_axis);
    else
        core_text_add(&lines, "none\n");
    core_text_add(&lines, "%s", notes);
    print_list("mean", figures->mean, figures->count, &lines);
    print_list("std", figures->deviation, figures->count, &lines);
    if (lines.status)
        text->status = lines.status;
    else
        io_figures_seal(lines.bytes, text);
    core_text_free(&lines);
}

/* ---- reading */

struct reading {
    const char *path;
    const char *text;
    struct io_figures *figures;
};

static shs_status check_version(const struct reading *reading)
{
    if (strncmp(reading->text, first, strlen(first)) != 0)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s is no file of statistics: it does not begin with '%s%s'; make it with "
                         "shardstep stats --write",
                         reading->path, first, version);
    const char *number = reading->text + strlen(first);
    size_t length = strcspn(number, "\n");
    if (!number[length] || (length == strlen(version) && !strncmp(number, version, length)))
        return SHS_OK;
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "%s has version '%.*s' of the files of statistics, but this program reads "
                     "version %s; write it again with this program",
                     reading->path, length > 20 ? 20 : (int)length, number, version);
}

/* Compares the checksum, which tells whether the text is whole. */
static shs_status check_whole(const struct reading *reading)
{
    enum {
        DIGITS = CORE_DIGEST_TEXT - 1
    };
    const char *text = reading->text;
    char digits[CORE_DIGEST_TEXT];
    size_t line = strlen(last) + DIGITS + 1, length = strlen(text);
    size_t before = length > line ? length - line : 0;
    if (!before || strncmp(text + before, last, strlen(last)) != 0 || text[length - 1] != '\n')
        return core_fail(SHS_ERROR_FORMAT,
                         "%s is cut short: its last line, '%s' and a checksum, is not there; write "
                         "it again with shardstep stats --write",
                         reading->path, last);
    shs_status status = digest(text, before, digits);
    if (status || !strncmp(text + before + strlen(last), digits, DIGITS)) return status;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s is damaged, or was changed by hand: its checksum is %s, but its last line "
                     "says %.*s; write it again with shardstep stats --write, or give other "
                     "numbers as mean and std",
                     reading->path, digits, (int)DIGITS, text + before + strlen(last));
}

/* Copies the value of a line. The caller releases *value. */
static shs_status find(const struct reading *reading, const char *name, char **value)
{
    size_t length = strlen(name);
    *value = NULL;
    for (const char *line = reading->text; *line; line += strspn(line, "\n")) {
        size_t end = strcspn(line, "\n");
        bool same = !strncmp(line, name, length) && !strncmp(line + length, " = ", 3);
        if (same && end >= length + 3) {
            size_t bytes = end - length - 3;
            shs_status status = core_new(bytes + 1, 1, "a line of statistics", value);
            if (!status) memcpy(*value, line + length + 3, bytes);
            return status;
        }
        line += end;
    }
    return core_fail(SHS_ERROR_FORMAT,
                     "%s lacks the line '%s = ...'; write it again with "
                     "shardstep stats --write",
                     reading->path, name);
}

static shs_status refuse(const struct reading *reading, const char *name, const char *value)
{
    return core_fail(SHS_ERROR_FORMAT,
                     "%s has '%.60s' as %s, which no file of statistics can have; write it again "
                     "with shardstep stats --write",
                     reading->path, value, name);
}

static bool take_type(char *text, struct io_figures *figures)
{
    for (shs_type type = SHS_U8; type <= SHS_F64; type++)
        if (!strcmp(text, shs_type_name(type))) {
            figures->sample.type = type;
            return true;
        }
    return false;
}

/* Cuts the next word off a text at a character. Returns NULL behind the last word. */
static char *cut(char **text, char at)
{
    char *word = *text, *end = word ? strchr(word, at) : NULL;
    if (end) *end = '\0';
    *text = end ? end + 1 : NULL;
    return word;
}

static bool take_shape(char *text, struct io_figures *figures)
{
    shs_tensor *sample = &figures->sample;
    if (!strcmp(text, "none")) return true;
    for (char *word; (word = cut(&text, 'x')) != NULL; sample->axes++)
        if (sample->axes == SHS_MAX_AXES || !core_parse_u64(word, &sample->shape[sample->axes]))
            return false;
    return true;
}

/* Reads the axis of the channels and finds how many they are. */
static bool take_axis(char *text, struct io_figures *figures)
{
    figures->count = 1;
    if (!strcmp(text, "none")) return true;
    if (!core_parse_u64(text, &figures->channel_axis) || !figures->channel_axis ||
        figures->channel_axis > figures->sample.axes)
        return false;
    uint64_t channels = figures->sample.shape[figures->channel_axis - 1];
    figures->count = (size_t)channels;
    return channels >= 1 && channels <= IO_FIGURES_MOST;
}

static bool parse_list(char *text, size_t count, double *numbers)
{
    for (size_t i = 0; i < count; i++) {
        const char *word = cut(&text, ',');
        if (!word) return false;
        if (!strcmp(word, "none"))
            numbers[i] = __builtin_nan("");
        else if (!core_parse_double(word, &numbers[i]))
            return false;
    }
    return !text;
}

static shs_status read_line(const struct reading *reading, const char *name,
                            bool parse(char *text, struct io_figures *figures))
{
    char *value, *copy = NULL;
    shs_status status = find(reading, name, &value);
    if (!status) status = core_copy(value, &copy);
    if (!status && !parse(value, reading->figures)) status = refuse(reading, name, copy);
    core_free(&value);
    core_free(&copy);
    return status;
}

static bool take_means(char *text, struct io_figures *figures)
{
    return parse_list(text, figures->count, figures->mean);
}

static bool take_deviations(char *text, struct io_figures *figures)
{
    return parse_list(text, figures->count, figures->deviation);
}

static shs_status make_room(struct io_figures *figures)
{
    shs_status status =
        core_new(figures->count, sizeof *figures->mean, "statistics", &figures->mean);
    return status ? status
                  : core_new(figures->count, sizeof *figures->deviation, "statistics",
                             &figures->deviation);
}

shs_status io_figures_parse(const char *path, const char *text, struct io_figures *figures)
{
    const struct reading reading = {path, text, figures};
    *figures = (struct io_figures){.field = NULL};
    shs_status status = check_version(&reading);
    if (!status) status = check_whole(&reading);
    if (!status) status = find(&reading, "field", &figures->field);
    if (!status) status = read_line(&reading, "type", take_type);
    if (!status) status = read_line(&reading, "sample", take_shape);
    if (!status) status = read_line(&reading, "channel_axis", take_axis);
    if (!status) status = make_room(figures);
    if (!status) status = read_line(&reading, "mean", take_means);
    if (!status) status = read_line(&reading, "std", take_deviations);
    if (status) io_figures_free(figures);
    return status;
}

void io_figures_free(struct io_figures *figures)
{
    core_free(&figures->field);
    core_free(&figures->mean);
    core_free(&figures->deviation);
    *figures = (struct io_figures){.field = NULL};
}
