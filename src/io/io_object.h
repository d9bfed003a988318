/* Reads the header of an object in an HDF5 file without HDF5, and finds a part in a version that a
 * release of HDF5 does not know. HDF5 itself says only "bad version number". */
#ifndef IO_OBJECT_H
#define IO_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#include "core_status.h"

/* Where an object's header lies. */
struct io_object {
    const char *path; /* the file */
    uint64_t base;    /* offset in the file that addresses count from */
    uint64_t address; /* address of the header */
    size_t address_bytes,
        length_bytes; /* bytes of an address and of a length in this file, up to 8 */
};

/* A part of an object in a version that is too new. */
struct io_newer_part {
    const char *name;   /* such as "layout"; NULL if all parts are known */
    unsigned version;   /* the part's version */
    const char *writer; /* who writes this version, such as "HDF5 2.0 or newer" */
};

/* Local. Looks for a part that HDF5 `major`.`minor` does not know. If all parts are known,
 * part->name is NULL. */
shs_status io_object_newer_part(const struct io_object *object, unsigned major, unsigned minor,
                                struct io_newer_part *part);

#endif
