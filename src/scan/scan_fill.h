/* The values of an array that mean "missing". */
#ifndef SCAN_FILL_H
#define SCAN_FILL_H

#include "core_text.h"
#include "h5_fill.h"
#include "shardstep/tensor.h"

enum {
    SCAN_MOST_FILLS = H5_MOST_FILLS
};

/* A zeroed struct says that no value means "missing". */
struct scan_fill {
    shs_type type;
    size_t count;
    uint64_t key[SCAN_MOST_FILLS];  /* keys of the values, see core_elements.h */
    double number[SCAN_MOST_FILLS]; /* the values, if the type is a float */
    bool given;                     /* true if the values come from a text */
    bool has[H5_FILLS];             /* has[i]: the array has the attribute h5_fills[i] */
};

/* Reads values from a text: "none", or numbers with commas between them. A float is rounded to the
 * type. SHS_ERROR_ARGUMENT if an element of the type cannot have a value; the message names the
 * option --fill. */
shs_status scan_fill_parse(const char *text, shs_type type, struct scan_fill *fill);

/* Takes the values of an array's attributes. Values that no element of the type can have are left
 * out, and so are NaN and infinities, which are left out of statistics anyway. */
shs_status scan_fill_read(struct h5_file *file, const char *name, shs_type type,
                          struct scan_fill *fill);

/* Returns true if both have the same values. */
bool scan_fill_equal(const struct scan_fill *a, const struct scan_fill *b);

/* Appends the values, with commas between them, and where they come from, as in "-999 (attribute
 * _FillValue)". Appends "none" if there are none. */
void scan_fill_print(const struct scan_fill *fill, struct core_text *text);

/* Appends the values alone, with commas between them. */
void scan_fill_list(const struct scan_fill *fill, struct core_text *text);

/* Returns true if a key is that of a value. */
static inline bool scan_fill_has(const struct scan_fill *fill, uint64_t key)
{
    for (size_t i = 0; i < fill->count; i++)
        if (fill->key[i] == key) return true;
    return false;
}

#endif
