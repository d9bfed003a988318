/** @file
 * The memory of the public structs and the values of the constants, as this library has them: for
 * modules of other languages, which cannot include these headers. The Python module reads the table
 * once, and refuses a library whose structs are not those that it was written for. */
#ifndef SHARDSTEP_LAYOUT_H
#define SHARDSTEP_LAYOUT_H

#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A struct, a member of a struct, or a constant. This struct itself stays as it is in all versions
 * of the library: three members of 8 bytes each where pointers have 64 bits. */
typedef struct shs_layout {
    /** The name: "shs_cursor" for a struct, "shs_cursor.step" for a member of it, "SHS_F32" for a
     * constant. */
    const char *name;
    /** The bytes from the beginning of the struct to the member; 0 for a struct. The value of a
     * constant. */
    int64_t place;
    /** The bytes of the struct or of the member; 0 for a constant. */
    uint64_t bytes;
} shs_layout;

/** Local, any thread. Returns the layouts of all structs of the public headers, except those whose
 * members are not public, and all constants of their enumerations. The members of a struct follow
 * it in the order of the header. The last entry has the name NULL. The table has static storage. */
SHS_API const shs_layout *shs_layouts(void);

#ifdef __cplusplus
}
#endif

#endif
