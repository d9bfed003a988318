/** @file
 * The elements of a batch's fields, for programs that know which fields they need.
 *
 * A field's `data` is a void pointer, and C converts it to a pointer of any type in silence: a
 * table that was imported without a type is f64, and a program that reads it as float trains on
 * other numbers. These functions look at what a field is first:
 *
 *     float *image;
 *     shs_must(shs_batch_f32(&batch, "train/images", 784, &image));
 *
 * A field has the type that `shardstep info` prints, or the type that the last operator of the
 * augmentation gives: f32 behind `normalize`. For f16 there is no type of C: add cast(type=f32) to
 * the field's augmentation. */
#ifndef SHARDSTEP_BATCH_H
#define SHARDSTEP_BATCH_H

#include <stdint.h>

#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The batch of a step: see loader.h. */
typedef struct shs_batch shs_batch;

/** Local, any thread. Finds a field of a batch by its name.
 *
 * @param batch  a batch that is valid; with step_batches the whole batch or a part
 * @param field  the field's name in the dataset: its alias, or the name of its array
 * @param found  gets the field, which is one of batch->field[] and valid as long; NULL on error
 * @return SHS_OK; SHS_ERROR_ARGUMENT for NULL and if there is no such field: the message names
 * those that are there */
SHS_API SHS_MUST_CHECK shs_status shs_batch_field(const shs_batch *batch, const char *field,
                                                  const shs_tensor **found);

/** Local, any thread. Gives the elements of a field, if they are of the function's type: here
 * floats of 32 bits. The other functions do the same for other types.
 *
 * @param batch     a batch that is valid; with step_batches the whole batch or a part
 * @param field     the field's name in the dataset: its alias, or the name of its array
 * @param elements  the elements that each row must have, such as 784 of rows of 28x28; of a
 * constant field, those of its one copy. 0: any number
 * @param data      gets the elements, batch->rows * `elements` of them, row after row. They are
 * valid as long as the batch is, and the program may change them. NULL on error
 * @return SHS_OK, also for a batch without rows; SHS_ERROR_ARGUMENT for NULL, if there is no such
 *         field, and if it has another type or rows of another size: the message says what it has,
 *         and what to do */
SHS_API SHS_MUST_CHECK shs_status shs_batch_f32(const shs_batch *batch, const char *field,
                                                uint64_t elements, float **data);
/** Local, any thread. Does what shs_batch_f32() does, for SHS_F64. */
SHS_API SHS_MUST_CHECK shs_status shs_batch_f64(const shs_batch *batch, const char *field,
                                                uint64_t elements, double **data);
/** Local, any thread. Does what shs_batch_f32() does, for SHS_U8. */
SHS_API SHS_MUST_CHECK shs_status shs_batch_u8(const shs_batch *batch, const char *field,
                                               uint64_t elements, uint8_t **data);
/** Local, any thread. Does what shs_batch_f32() does, for SHS_U16. */
SHS_API SHS_MUST_CHECK shs_status shs_batch_u16(const shs_batch *batch, const char *field,
                                                uint64_t elements, uint16_t **data);
/** Local, any thread. Does what shs_batch_f32() does, for SHS_U32. */
SHS_API SHS_MUST_CHECK shs_status shs_batch_u32(const shs_batch *batch, const char *field,
                                                uint64_t elements, uint32_t **data);
/** Local, any thread. Does what shs_batch_f32() does, for SHS_U64. */
SHS_API SHS_MUST_CHECK shs_status shs_batch_u64(const shs_batch *batch, const char *field,
                                                uint64_t elements, uint64_t **data);
/** Local, any thread. Does what shs_batch_f32() does, for SHS_I8. */
SHS_API SHS_MUST_CHECK shs_status shs_batch_i8(const shs_batch *batch, const char *field,
                                               uint64_t elements, int8_t **data);
/** Local, any thread. Does what shs_batch_f32() does, for SHS_I16. */
SHS_API SHS_MUST_CHECK shs_status shs_batch_i16(const shs_batch *batch, const char *field,
                                                uint64_t elements, int16_t **data);
/** Local, any thread. Does what shs_batch_f32() does, for SHS_I32. */
SHS_API SHS_MUST_CHECK shs_status shs_batch_i32(const shs_batch *batch, const char *field,
                                                uint64_t elements, int32_t **data);
/** Local, any thread. Does what shs_batch_f32() does, for SHS_I64. */
SHS_API SHS_MUST_CHECK shs_status shs_batch_i64(const shs_batch *batch, const char *field,
                                                uint64_t elements, int64_t **data);

#ifdef __cplusplus
}
#endif

#endif
