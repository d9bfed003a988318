/* The attributes by which the conventions of netCDF and CF give stored numbers another meaning.
 * They are read and compared here. data_packing.h applies them. */
#ifndef H5_PACKING_H
#define H5_PACKING_H

#include "core_exact.h"
#include "core_text.h"
#include "h5_file.h"

enum h5_packing_name {
    H5_SCALE_FACTOR,
    H5_ADD_OFFSET,
    H5_FILL_VALUE,
    H5_MISSING_VALUE,
    H5_VALID_RANGE,
    H5_VALID_MIN,
    H5_VALID_MAX,
    H5_UNSIGNED,
    H5_PACKINGS
};

/* The attributes' names, such as scale_factor. */
extern const char *const h5_packings[H5_PACKINGS];

enum h5_attribute_kind {
    H5_ABSENT,
    H5_WHOLE, /* integers */
    H5_REAL,  /* floats */
    H5_TEXT,
    H5_OTHER_KIND
};

enum {
    H5_MOST_VALUES = 8,
    H5_ATTRIBUTE_TEXT = 32
};

struct h5_attribute {
    enum h5_attribute_kind kind;
    uint64_t count;                  /* its values */
    core_i128 whole[H5_MOST_VALUES]; /* for H5_WHOLE */
    double number[H5_MOST_VALUES];   /* for H5_WHOLE, rounded, and H5_REAL */
    bool single;                     /* true if the floats are stored in single precision or less */
    /* The beginning of a single text, escaped; what an attribute of another kind is, in words. It
     * is of another kind, too, if it has no value or more than H5_MOST_VALUES. */
    char text[H5_ATTRIBUTE_TEXT];
};

/* A zeroed struct is that of an array without such attributes. */
struct h5_packing {
    struct h5_attribute attribute[H5_PACKINGS];
};

/* Reads the attributes of an array. An attribute of an unexpected type is no error here. One that
 * cannot be read is. */
shs_status h5_packing_read(const struct h5_array *array, struct h5_packing *packing);

/* Returns true if the elements are stored as plain numbers, which attributes can give another
 * meaning: enumerations and complex numbers are not. */
bool h5_packing_fits(const struct h5_array *array);

/* Returns true if the array has any of the attributes. */
bool h5_packing_has_any(const struct h5_packing *packing);

/* Returns the first attribute that gives the same stored number another meaning in two arrays,
 * H5_PACKINGS if there is none. A scale of 1 and an offset of 0 are like none. */
enum h5_packing_name h5_packing_differs(const struct h5_packing *packing,
                                        const struct h5_packing *other);

/* An array of a file, and its attributes. */
struct h5_packed {
    const char *path, *name;
    const struct h5_packing *packing; /* NULL: it has none of the attributes */
};

/* Refuses an array that is joined to another as both are stored, if their attributes differ: the
 * same stored number would have two meanings. `advice` says what to do. */
shs_status h5_packing_compare(const struct h5_packed *packed, const struct h5_packed *first,
                              const char *advice);

/* Appends an attribute's values, as in "0.01", "0.01f" if it is single, "-32767 32767" or "text".
 */
void h5_attribute_print(const struct h5_attribute *attribute, struct core_text *text);

/* Appends all attributes that are there, as in "scale_factor 0.01, add_offset 273.15". */
void h5_packing_print(const struct h5_packing *packing, struct core_text *text);

#endif
