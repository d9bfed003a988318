#include "cli_split.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"

static shs_status refuse(const char *text)
{
    return core_fail(SHS_ERROR_ARGUMENT,
                     "--split is '%s'; give 2 or 3 numbers, such as 0.8,0.1,0.1 for train, "
                     "validation and test, or NAME=PART,...",
                     text);
}

static bool is_name(const char *name)
{
    return *name && *name != '/' && name[strlen(name) - 1] != '/';
}

/* Reads the part at *at, and moves *at behind it; NULL behind the last part. Returns false if the
 * text is wrong. */
static bool take_part(char **at, struct cli_split *split, double *fraction)
{
    char *part = *at, *comma = strchr(part, ',');
    if (split->draw.parts == ORDER_MAX_PARTS) return false;
    if (comma) *comma = '\0';
    *at = comma ? comma + 1 : NULL;
    char *equals = strchr(part, '=');
    if (equals) {
        *equals = '\0';
        split->names[split->draw.parts] = part;
        part = equals + 1;
    }
    if (equals && !is_name(split->names[split->draw.parts])) return false;
    return core_parse_double(part, &fraction[split->draw.parts++]);
}

/* Checks that names differ. Gives two or three parts without names their usual names. Returns false
 * for any other number of parts without names. */
static bool name_parts(struct cli_split *split)
{
    static const char *const two[] = {"train", "test"};
    static const char *const three[] = {"train", "validation", "test"};
    uint32_t parts = split->draw.parts, named = 0;
    for (uint32_t part = 0; part < parts; part++) {
        named += split->names[part] != NULL;
        for (uint32_t other = 0; other < part; other++) {
            const char *a = split->names[part], *b = split->names[other];
            if (a && b && !strcmp(a, b)) return false;
        }
    }
    if (named) return named == parts;
    if (parts == 2) memcpy(split->names, two, sizeof two);
    if (parts == 3) memcpy(split->names, three, sizeof three);
    return parts == 2 || parts == 3;
}

shs_status cli_read_split(const char *text, uint64_t seed, struct cli_split *split)
{
    double fractions[ORDER_MAX_PARTS];
    *split = (struct cli_split){0};
    shs_status status = core_copy(text, &split->text);
    if (status) return status;
    bool good = true;
    for (char *at = split->text; at && good;)
        good = take_part(&at, split, fractions);
    status = good && name_parts(split) ? SHS_OK : refuse(text);
    if (!status)
        status = core_wrap(order_split_make(seed, fractions, split->draw.parts, &split->draw),
                           "--split %s", text);
    if (status) cli_free_split(split);
    return status;
}

void cli_free_split(struct cli_split *split)
{
    core_free(&split->text);
    *split = (struct cli_split){0};
}
