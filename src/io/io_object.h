/* The header of an object in an HDF5 file, read without HDF5: which of its parts are of a version
 * that a release of HDF5 does not know. HDF5 itself says no more than "bad version number". */
#ifndef IO_OBJECT_H
#define IO_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#include "core_status.h"

/* Where an object's header lies. */
struct io_object {
    const char *path;                   /* of the file */
    uint64_t base;                      /* the byte of the file that addresses count from */
    uint64_t address;                   /* of the header */
    size_t address_bytes, length_bytes; /* sizes of addresses and lengths in this file, up to 8 */
};

/* A part that is too new. */
struct io_newer_part {
    const char *name;   /* such as "layout"; NULL: all parts are known */
    unsigned version;   /* that it has */
    const char *writer; /* such as "HDF5 2.0 or newer" */
};

/* Local. Looks for a part that HDF5 `major`.`minor` does not know. */
shs_status io_object_newer_part(const struct io_object *object, unsigned major, unsigned minor,
                                struct io_newer_part *part);

#endif
