/** @file
 * Tensors: a name, a number type, a shape and borrowed memory. A tensor is a plain value. */
#ifndef SHARDSTEP_TENSOR_H
#define SHARDSTEP_TENSOR_H

#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The type of a tensor's numbers, in the machine's byte order. */
typedef enum shs_type {
    /** Unsigned integer of 8 bits. */
    SHS_U8 = 1,
    /** Unsigned integer of 16 bits. */
    SHS_U16,
    /** Unsigned integer of 32 bits. */
    SHS_U32,
    /** Unsigned integer of 64 bits. */
    SHS_U64,
    /** Signed integer of 8 bits. */
    SHS_I8,
    /** Signed integer of 16 bits. */
    SHS_I16,
    /** Signed integer of 32 bits. */
    SHS_I32,
    /** Signed integer of 64 bits. */
    SHS_I64,
    /** Float of 16 bits (IEEE 754 binary16). It can be loaded and cast from; nothing is computed in
     * it. */
    SHS_F16,
    /** Float of 32 bits (IEEE 754 binary32). */
    SHS_F32,
    /** Float of 64 bits (IEEE 754 binary64). */
    SHS_F64,
} shs_type;

/** Limits of the library. */
enum {
    /** A tensor has at most this many axes. */
    SHS_MAX_AXES = 8,
    /** A dataset has at most this many fields. */
    SHS_MAX_FIELDS = 64
};

/** A tensor. It owns neither its name nor its numbers. */
typedef struct shs_tensor {
    /** The name, borrowed. */
    const char *name;
    /** The type of the numbers. */
    shs_type type;
    /** The number of axes, 0 to SHS_MAX_AXES. A tensor without axes is a single number. */
    uint32_t axes;
    /** The number of elements along each axis. The last axis is the one whose elements are
     * neighbours in memory. */
    uint64_t shape[SHS_MAX_AXES];
    /** The numbers, borrowed: row-major and without gaps. */
    void *data;
} shs_tensor;

/** Local. Returns the bytes of one element, or 0 for a value that is no type. */
SHS_API size_t shs_type_size(shs_type type);

/** Local. Returns the name of a type, "u8" to "f64", or "?" for a value that is no type. The text
 * has static storage. */
SHS_API const char *shs_type_name(shs_type type);

/** Local. Puts the bytes of all elements into *bytes. SHS_ERROR_ARGUMENT if the type or the number
 * of axes is not valid, or if the product does not fit in size_t. */
SHS_API SHS_MUST_CHECK shs_status shs_tensor_bytes(const shs_tensor *tensor, size_t *bytes);

#ifdef __cplusplus
}
#endif

#endif
