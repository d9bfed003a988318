/* Members of compounds: what a name such as jets.pt or jets.{pt,eta} takes of each element of the
 * dataset jets. */
#ifndef H5_MEMBERS_H
#define H5_MEMBERS_H

#include "core_text.h"
#include "h5_open.h"
#include "io_part.h"

/* A member that is taken. Its numbers have axes of their own if it is an array, or lies in one. */
struct h5_member {
    size_t at;                 /* the byte of an element at which its first number begins */
    size_t step[SHS_MAX_AXES]; /* bytes from an index of each axis to the next */
    bool swapped; /* true if its bytes are in the order that the machine does not use */
};

/* The members that a name takes, in its order. They have the same type and the same axes. An
 * element is read as a whole, and the bytes of the members are then taken out of it. */
struct h5_members {
    shs_type type;
    uint32_t axes; /* of what is taken of an element */
    uint64_t shape[SHS_MAX_AXES];
    bool stacked;        /* true if the last axis is that of the members, named in braces */
    bool plain;          /* true if an element is read as it is stored */
    bool narrowed;       /* true if some are enumerations stored in wider integers */
    bool widened;        /* true if they are widened after they are read, see h5_type.h */
    size_t bytes;        /* of an element, as it is read */
    size_t number_bytes; /* of a number in it; widened numbers have twice as many later */
    size_t count;
    struct h5_member *member;
    hid_t memory_type; /* of an element, as it is read */
};

/* Inside a guard. Returns what a name says behind the name of a compound dataset: "pt" of
 * "jets.pt". Returns NULL if the whole name is that of an array, or no beginning of it is that of a
 * compound dataset. */
const char *h5_members_of(const struct h5_file *file, const char *name);

/* Inside a guard. Finds the members that `text` names, such as "pt", "p4.{pt,eta}" or
 * "{pt,p4.eta}". A member that is not there, members of different types or axes, and members that
 * are no numbers are errors; the message names the members that are there. The caller releases
 * *members with h5_members_free(). */
shs_status h5_members_find(const struct h5_file *file, hid_t dataset, const char *name,
                           const char *text, struct h5_members **members);

void h5_members_free(struct h5_members **members);

/* Finds the bytes of an element that hold what is taken of it, in the order of delivery. `picked`
 * has what is taken of each axis of the members; NULL: all. The caller releases taken->range with
 * core_free(). */
shs_status h5_members_bytes(const struct h5_members *members, const struct io_part_axis *picked,
                            struct io_part_axis *taken);

/* Inside a guard. Adds the names and types of a compound's members, such as "pt f32, id i64[3]". */
void h5_members_tell(hid_t type, struct core_text *text);

#endif
