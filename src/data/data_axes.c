#include "data_axes.h"

#include <string.h>

/* Compares a name with one in small letters. The locale does not count. */
static bool is_name(const char *name, const char *small)
{
    for (; *name && *small; name++, small++)
        if (*name != *small && (*name < 'A' || *name > 'Z' || *name - 'A' + 'a' != *small))
            return false;
    return *name == *small;
}

char data_axis_letter(const char *name)
{
    static const struct {
        const char *name;
        char letter;
    } known[] = {
        {"time", 't'},     {"level", 'z'}, {"lev", 'z'},   {"plev", 'z'},         {"pressure", 'z'},
        {"depth", 'z'},    {"z", 'z'},     {"lat", 'y'},   {"latitude", 'y'},     {"y", 'y'},
        {"row", 'y'},      {"rlat", 'y'},  {"lon", 'x'},   {"longitude", 'x'},    {"x", 'x'},
        {"column", 'x'},   {"rlon", 'x'},  {"c", 'c'},     {"channel", 'c'},      {"channels", 'c'},
        {"variable", 'c'}, {"band", 'c'},  {"bands", 'c'}, {"height_level", 'z'},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is_name(name, known[i].name)) return known[i].letter;
    return DATA_AXIS_UNNAMED;
}

static void take_name(void *user, uint32_t axis, const char *name)
{
    char *now = (char *)user + axis, letter = data_axis_letter(name);
    if (letter == DATA_AXIS_UNNAMED || letter == *now) return;
    *now = (char)(*now == DATA_AXIS_UNNAMED ? letter : DATA_AXIS_DISPUTED);
}

shs_status data_axes_read(struct h5_array *array, uint32_t axes, char letters[SHS_MAX_AXES + 1])
{
    memset(letters, DATA_AXIS_UNNAMED, axes);
    letters[axes] = '\0';
    return h5_axis_names(array, take_name, letters);
}

void data_axes_join(const char *letters, bool first, char all[SHS_MAX_AXES + 1])
{
    if (first) memcpy(all, letters, strlen(letters) + 1);
    for (size_t axis = 0; letters[axis]; axis++)
        if (letters[axis] != all[axis]) all[axis] = DATA_AXIS_DISPUTED;
}

void data_axes_layout(const struct data_part *part, uint32_t row_axes, const char *letters,
                      struct data_layout *layout)
{
    bool named = false, mask = part->kind == DATA_MASK;
    bool run = part->kind == DATA_WINDOW || part->kind == DATA_RAGGED || mask ||
               (part->kind == DATA_VALID && part->window);
    char *made = layout->letters;
    *layout = (struct data_layout){.disputed = false};
    if (part->kind == DATA_IMAGE) memcpy(made, "yxc", part->image.channels == 1 ? 2 : 3);
    if (!*letters || part->kind == DATA_LENGTH || part->kind == DATA_IMAGE) return;
    letters += part->kind == DATA_WHOLE ? 0 : row_axes - run;
    memcpy(made, letters, strlen(letters) + 1);
    if (mask) made[1] = '\0'; /* only rows */
    if (run && *made != 't' && *made != DATA_AXIS_DISPUTED) *made = DATA_AXIS_UNNAMED;
    for (char *letter = made; *letter; letter++) {
        if (*letter == DATA_AXIS_UNNAMED) continue;
        named = true;
        if (*letter == DATA_AXIS_DISPUTED || strchr(letter + 1, *letter)) layout->disputed = true;
    }
    if (!named || layout->disputed) *made = '\0';
}
