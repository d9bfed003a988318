#include "data_decode.h"

#include <string.h>

enum {
    MOST_SIDE = 1 << 20 /* pixels; libpng takes no larger images, and JPEG has no larger ones */
};

static const char *const fits[] = {[DATA_FIT_EXACT] = "exact",
                                   [DATA_FIT_CROP] = "crop",
                                   [DATA_FIT_RESIZE] = "resize",
                                   [DATA_FIT_COVER] = "cover"};

bool data_decode_is(const char *name, const char *values)
{
    if (!values || strcmp(name, "decode") != 0) return false;
    return !memchr(values, '=', strcspn(values, ","));
}

static shs_status wrong(const char *whole, const char *what)
{
    return core_fail(SHS_ERROR_ARGUMENT, "field '%.200s': %s", whole, what);
}

static bool parse_side(const char *text, uint32_t *side)
{
    uint64_t number;
    if (!core_parse_u64(text, &number) || !number || number > MOST_SIDE) return false;
    *side = (uint32_t)number;
    return true;
}

/* Reads S or HxW. */
static shs_status read_size(const char *whole, char *value, struct data_image *image)
{
    char *cross = strchr(value, 'x');
    if (cross) *cross = '\0';
    if (parse_side(value, &image->height) && parse_side(cross ? cross + 1 : value, &image->width))
        return SHS_OK;
    return wrong(whole, "size is a side in pixels, such as size=256, or HEIGHTxWIDTH, such as "
                        "size=240x320; from 1 to 2^20 pixels");
}

static shs_status read_fit(const char *whole, const char *value, struct data_image *image)
{
    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++)
        if (!strcmp(fits[i], value)) {
            image->fit = (enum data_fit)i;
            return SHS_OK;
        }
    return wrong(whole, "fit is exact, crop, resize or cover");
}

static shs_status read_value(const char *whole, char *key, char *value, struct data_decode *decode)
{
    struct data_image *image = &decode->image;
    uint64_t channels;
    bool again = !strcmp(key, "size")       ? decode->sized
                 : !strcmp(key, "fit")      ? decode->fitted
                 : !strcmp(key, "channels") ? image->channels > 0
                                            : !strcmp(key, "offsets") && decode->offsets;
    if (again)
        return core_fail(SHS_ERROR_ARGUMENT, "field '%.200s': %s is given twice", whole, key);
    decode->sized |= !strcmp(key, "size");
    decode->fitted |= !strcmp(key, "fit");
    if (!strcmp(key, "size")) return read_size(whole, value, image);
    if (!strcmp(key, "fit")) return read_fit(whole, value, image);
    if (!strcmp(key, "channels")) {
        if (!core_parse_u64(value, &channels) || (channels != 1 && channels != 3))
            return wrong(whole, "channels is 1, for greys, or 3, for RGB");
        image->channels = (uint32_t)channels;
        return SHS_OK;
    }
    if (strcmp(key, "offsets") != 0)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "field '%.200s': there is no '%.60s'; decode() has size, channels, fit, "
                         "offsets and classes",
                         whole, key);
    if (!*value) return wrong(whole, "offsets is empty; it must be the name of a dataset");
    decode->offsets = value;
    return SHS_OK;
}

/* Reads KEY=VALUE, or the word classes. */
static shs_status read_word(const char *whole, char *word, struct data_decode *decode)
{
    char *value = strchr(word, '=');
    if (value) {
        *value++ = '\0';
        return read_value(whole, core_trim(word), core_trim(value), decode);
    }
    if (strcmp(word, "classes") != 0)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "field '%.200s': '%.60s' is neither KEY=VALUE nor the word classes", whole,
                         word);
    decode->image.classes = true;
    return SHS_OK;
}

static shs_status check(const char *whole, struct data_decode *decode)
{
    struct data_image *image = &decode->image;
    if (!*decode->name) return wrong(whole, "decode() begins with the name of a dataset");
    if (!image->height)
        return wrong(whole, "decode() needs the size of the images, such as size=256 or "
                            "size=240x320");
    if (image->classes && image->channels)
        return wrong(whole, "numbers of classes have no channels; leave out channels or classes");
    if (!image->channels) image->channels = image->classes ? 1 : 3;
    return SHS_OK;
}

shs_status data_decode_parse(const char *whole, char *values, struct data_decode *decode)
{
    shs_status status = SHS_OK;
    *decode = (struct data_decode){0};
    for (char *now = values, *next; now && !status; now = next) {
        next = strchr(now, ',');
        if (next) *next++ = '\0';
        now = core_trim(now);
        if (decode->name)
            status = read_word(whole, now, decode);
        else
            decode->name = now;
    }
    return status ? status : check(whole, decode);
}

void data_decode_describe(const struct data_image *image, struct core_text *text)
{
    core_text_add(text, "size=%ux%u, ", image->height, image->width);
    if (!image->classes) core_text_add(text, "channels=%u, ", image->channels);
    core_text_add(text, "fit=%s%s", fits[image->fit], image->classes ? ", classes" : "");
}

shs_status data_decode_check(const struct data_part *part, const shs_tensor *row)
{
    if (row->type == SHS_U8 && !row->axes) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "field %s: decode() takes the bytes of images, a dataset of u8 along one "
                     "axis; leave out decode() for numbers",
                     part->name);
}

void data_decode_shape(const struct data_image *image, shs_tensor *sample)
{
    bool grey = image->channels == 1;
    *sample = (shs_tensor){.type = SHS_U8,
                           .axes = grey ? 2 : 3,
                           .shape = {image->height, image->width, grey ? 0 : image->channels}};
}
