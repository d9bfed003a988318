/* Texts as classes: the different texts, sorted by name, byte by byte, and numbered from 0 on. */
#ifndef IMPORT_CLASSES_H
#define IMPORT_CLASSES_H

#include "import_folder.h"
#include "import_format.h"

struct import_classes {
    struct import_names table; /* the classes: first as they are found, at last sorted */
    uint32_t *sorted;          /* numbers of the classes found, sorted by name */
    uint32_t *number;          /* of each row's class */
    size_t rows, room;
};

/* Takes the text of the next row. `classes` begins zeroed. More than 65536 different texts are
 * SHS_ERROR_UNSUPPORTED. */
shs_status import_classes_add(struct import_classes *classes, const char *text);

/* Sorts the classes after the last row, and numbers the rows anew. Sets the shape, the type and the
 * classes of the origin, and appends the classes to its note. The origin borrows them. */
shs_status import_classes_finish(struct import_classes *classes, struct import_origin *origin);

/* Gives the numbers of rows [first, first + count), of the type that the origin has. */
void import_classes_read(const struct import_classes *classes, const struct import_origin *origin,
                         uint64_t first, uint64_t count, void *rows);

/* Releases what the others took. */
void import_classes_free(struct import_classes *classes);

#endif
