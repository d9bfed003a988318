/* Tensors: a name, a number type, a shape and borrowed memory. A plain value. */
#ifndef SHARDSTEP_TENSOR_H
#define SHARDSTEP_TENSOR_H

#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Number types, in the machine's byte order. */
typedef enum shs_type {
    SHS_U8 = 1,
    SHS_U16,
    SHS_U32,
    SHS_U64,
    SHS_I8,
    SHS_I16,
    SHS_I32,
    SHS_I64,
    SHS_F16, /* IEEE 754 binary16: can be loaded and cast from, never computed in */
    SHS_F32,
    SHS_F64,
} shs_type;

enum {
    SHS_MAX_AXES = 8,
    SHS_MAX_FIELDS = 64
};

typedef struct shs_tensor {
    const char *name; /* borrowed */
    shs_type type;
    uint32_t axes;                /* 0 (a single number) … SHS_MAX_AXES */
    uint64_t shape[SHS_MAX_AXES]; /* elements along each axis, slowest first */
    void *data;                   /* borrowed; row-major and without gaps */
} shs_tensor;

/* Local. Bytes of one element; 0 for a value that is no type. */
SHS_API size_t shs_type_size(shs_type type);

/* Local. "u8" … "f64"; "?" for a value that is no type. Static storage. */
SHS_API const char *shs_type_name(shs_type type);

/* Local. Bytes of all elements. SHS_ERROR_ARGUMENT if the type or the number of axes is not valid
 * or the product does not fit in size_t. */
SHS_API SHS_MUST_CHECK shs_status shs_tensor_bytes(const shs_tensor *tensor, size_t *bytes);

#ifdef __cplusplus
}
#endif

#endif
