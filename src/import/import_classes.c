#include "import_classes.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"

enum {
    MOST_CLASSES = 1 << 16,
    MOST_NOTED = 100 /* classes that the note lists */
};

/* ---- adding */

/* Returns where a name is, or belongs, in the list of sorted numbers. */
static size_t place_of(const struct import_classes *classes, const char *text, bool *found)
{
    size_t begin = 0, end = classes->table.count;
    *found = false;
    while (begin < end && !*found) {
        size_t middle = begin + (end - begin) / 2;
        int order = strcmp(text, classes->table.name[classes->sorted[middle]]);
        *found = order == 0;
        if (order <= 0)
            end = middle;
        else
            begin = middle + 1;
    }
    return end;
}

/* Adds a class, whose number is the next. */
static shs_status add_class(struct import_classes *classes, size_t place, const char *text)
{
    size_t count = classes->table.count;
    shs_status status = SHS_OK;
    if (count == MOST_CLASSES)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "there are more than %d different texts, too many for classes",
                         MOST_CLASSES);
    if (!classes->sorted)
        status = core_new(MOST_CLASSES, sizeof *classes->sorted, "classes", &classes->sorted);
    if (!status) status = import_names_add(&classes->table, text);
    if (status) return status;
    memmove(classes->sorted + place + 1, classes->sorted + place,
            (count - place) * sizeof *classes->sorted);
    classes->sorted[place] = (uint32_t)count;
    return SHS_OK;
}

shs_status import_classes_add(struct import_classes *classes, const char *text)
{
    bool found;
    size_t place = place_of(classes, text, &found);
    shs_status status = found ? SHS_OK : add_class(classes, place, text);
    if (!status && classes->rows == classes->room) {
        size_t room = classes->room ? 2 * classes->room : 1024;
        status = core_resize(room, sizeof *classes->number, "classes of rows", &classes->number);
        if (!status) classes->room = room;
    }
    if (!status) classes->number[classes->rows++] = classes->sorted[place];
    return status;
}

/* ---- the table */

/* Sorts the classes, and numbers the rows anew. */
static shs_status sort(struct import_classes *classes)
{
    struct import_names *table = &classes->table;
    char **names;
    uint32_t *rank;
    shs_status status = core_new(table->count + 1, sizeof *names, "classes", &names);
    if (status) return status;
    status = core_new(table->count + 1, sizeof *rank, "classes", &rank);
    for (size_t i = 0; i < table->count && !status; i++) {
        names[i] = table->name[classes->sorted[i]];
        rank[classes->sorted[i]] = (uint32_t)i;
    }
    if (status) {
        core_free(&names);
        return status;
    }
    for (size_t row = 0; row < classes->rows; row++)
        classes->number[row] = rank[classes->number[row]];
    core_free(&table->name);
    table->name = names;
    core_free(&rank);
    return SHS_OK;
}

/* Appends the classes to what the origin notes already. */
static shs_status note(const struct import_classes *classes, struct import_origin *origin)
{
    struct core_text text = {0};
    size_t count = classes->table.count;
    if (origin->note) core_text_add(&text, "%s", origin->note);
    for (size_t i = 0; i < count && i < MOST_NOTED; i++)
        core_text_add(&text, "%sclass %zu: %s", text.length ? "\n" : "", i, classes->table.name[i]);
    if (count > MOST_NOTED) core_text_add(&text, "\n… and %zu more classes", count - MOST_NOTED);
    if (!text.length) return SHS_OK;
    core_free(&origin->note);
    return core_text_take(&text, &origin->note);
}

shs_status import_classes_finish(struct import_classes *classes, struct import_origin *origin)
{
    shs_status status = sort(classes);
    if (status) return status;
    uint64_t count = classes->table.count;
    origin->shape = (shs_tensor){.axes = 1, .shape = {classes->rows}};
    origin->shape.type = count <= 1 << 8 ? SHS_U8 : SHS_U16;
    origin->classes = (const char *const *)classes->table.name;
    origin->n_classes = count;
    return note(classes, origin);
}

void import_classes_read(const struct import_classes *classes, const struct import_origin *origin,
                         uint64_t first, uint64_t count, void *rows)
{
    for (uint64_t i = 0; i < count; i++) {
        uint32_t number = classes->number[first + i];
        if (origin->shape.type == SHS_U8)
            ((uint8_t *)rows)[i] = (uint8_t)number;
        else
            ((uint16_t *)rows)[i] = (uint16_t)number;
    }
}

void import_classes_free(struct import_classes *classes)
{
    import_names_free(&classes->table);
    core_free(&classes->sorted);
    core_free(&classes->number);
}
