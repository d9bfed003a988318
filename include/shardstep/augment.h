/* Augmentation: a text that says how a sample is changed, and the means to apply it.
 *
 *     FIELDS: op(name=value, …) op(…); FIELDS: …
 *
 * FIELDS is one field name or several, separated by commas; the fields of one statement are
 * transformed together and share the draws. Statements and operators are applied from left to
 * right. Operators:
 *
 *     random_crop(padding=P, layout=L)  pads height and width with P zeros (1 … 2^20) on each
 *                                       side and cuts the original size out at a random offset.
 *                                       Draws below(2P+1) for the height, then for the width.
 *     random_flip(axis=A, p=0.5, layout=L)
 *                                       mirrors along A, h or w, with probability p. Draws one
 *                                       float and mirrors if it is below p.
 *     normalize(mean=M, std=S, scale=auto)
 *                                       y = (x*s - mean) * r in f32, each operation rounded, with
 *                                       s = 1/max of an unsigned integer type (u8: 1/255; for
 *                                       other types or with scale=none: 1) and r = 1/std, both
 *                                       computed in double and rounded to float.
 *     cast(type=T)                      converts to f32 or f64, or from an integer type to one
 *                                       that holds all its values.
 *
 * The layout names the axes of a sample: w for a signal, hw, hwc (channels last) or chw (channels
 * first). Unless given it is w for one axis, hw for two and, for three, hwc if the last one has 1
 * to 4 elements; other samples of three axes, such as a window of maps, need it written.
 *
 * Of a ragged field (offsets in dataset.h) operators see the rows that a sample really has, not the
 * zeros that it is filled up with: random_flip mirrors these rows, random_crop moves them within
 * their own length, and what lies behind them is zeros, after normalize too. How many random
 * numbers are drawn, and which, does not depend on that length.
 *
 * The loader's option augment_by decides whether draws depend on rank and step (role 1) or on the
 * sample (role 2). No function of libm and no fused multiply-add is used: the bytes are the same on
 * every machine. */
#ifndef SHARDSTEP_AUGMENT_H
#define SHARDSTEP_AUGMENT_H

#include "random.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the operators' bytes, part of a run's fingerprint. */
enum {
    SHS_AUGMENT_VERSION = 1
};

/* A text bound to fields. Never changes once it is open: many threads may apply it at once. */
typedef struct shs_augment shs_augment;

/* Local. Binds a text to `fields` samples, at most SHS_MAX_FIELDS, whose name, type and shape
 * (without the batch axis) are read and copied, data not. text NULL or "" changes nothing.
 * SHS_ERROR_ARGUMENT names the word that is wrong and what was expected. */
SHS_API SHS_MUST_CHECK shs_status shs_augment_open(const char *text, const shs_tensor *samples,
                                                   size_t fields, shs_augment **augment);

/* Local. Accepts NULL and a pointer to NULL; leaves NULL. */
SHS_API void shs_augment_close(shs_augment **augment);

/* Local. Name, type and shape of field 0 … fields-1 as it comes out, data NULL. Borrowed until
 * shs_augment_close(). */
SHS_API const shs_tensor *shs_augment_output(const shs_augment *augment, size_t field);

/* Local. True if applying it draws random numbers. */
SHS_API bool shs_augment_draws(const shs_augment *augment);

/* Local. True if an operator of the text is applied to field 0 … fields-1. A field to which no
 * operator is applied comes out as it went in. */
SHS_API bool shs_augment_changes(const shs_augment *augment, size_t field);

/* Local. Bytes of scratch memory that one shs_augment_apply() needs. */
SHS_API size_t shs_augment_scratch(const shs_augment *augment);

/* Local, any thread. Transforms one sample of every field: inputs[f] and outputs[f] hold field f
 * in its shape and type before and after, and do not overlap; for a field that is not changed they
 * may be the same memory. `scratch` has shs_augment_scratch() bytes, aligned for any type. Returns
 * the stream's status. */
SHS_API SHS_MUST_CHECK shs_status shs_augment_apply(const shs_augment *augment, shs_random *stream,
                                                    const void *const *inputs, void *const *outputs,
                                                    void *scratch);

#ifdef __cplusplus
}
#endif

#endif
