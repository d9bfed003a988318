/* Samples that are augmented with watch kept over memory, and moves of elements by coordinates. */
#ifndef AUGMENT_SCENE_H
#define AUGMENT_SCENE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "augment_apply.h"
#include "core_status.h"
#include "judge.h"
#include "message.h"
#include "shardstep/augment.h"
#include "unit.h"

__extension__ typedef __int128 wide;

enum {
    MOST_BYTES = 4096, /* of a field's sample in these tests */
    MOST_FIELDS = 4,
    GUARD = 64
};

/* ---- applying an augmentation, with watch kept over what it may touch */

/* Memory with guards around it, aligned for any type and never to a cache line: callers need not
 * give more. */
struct guarded {
    unsigned char *whole; /* what was allocated */
    unsigned char *begin; /* the first guard */
    size_t bytes;
};

static inline struct guarded guarded_new(size_t bytes)
{
    struct guarded guarded = {malloc(bytes + 2 * GUARD + 64), NULL, bytes};
    if (!guarded.whole) abort();
    guarded.begin = guarded.whole;
    while ((uintptr_t)guarded.begin % 64 != 16)
        guarded.begin++;
    memset(guarded.begin, 0x5C, bytes + 2 * GUARD);
    return guarded;
}

static inline void *guarded_data(const struct guarded *guarded)
{
    return guarded->begin + GUARD;
}

/* True if the guards are as they were; releases the memory. */
static inline bool guarded_free(struct guarded *guarded)
{
    bool good = true;
    for (size_t i = 0; i < GUARD; i++)
        good =
            good && guarded->begin[i] == 0x5C && guarded->begin[GUARD + guarded->bytes + i] == 0x5C;
    free(guarded->whole);
    return good;
}

struct sample {
    shs_tensor tensor; /* data is the input */
    unsigned char output[MOST_BYTES];
};

static inline size_t bytes_of(const shs_tensor *tensor)
{
    size_t bytes = 0;
    if (shs_tensor_bytes(tensor, &bytes)) abort();
    return bytes;
}

/* Applies to all fields. Inputs must stay, outputs and scratch must not be left. */
static inline shs_status apply(const shs_augment *augment, struct sample *samples, size_t fields,
                               shs_random *stream)
{
    struct guarded outputs[MOST_FIELDS], scratch = guarded_new(shs_augment_scratch(augment));
    unsigned char inputs[MOST_FIELDS][MOST_BYTES];
    const void *from[MOST_FIELDS];
    void *to[MOST_FIELDS];
    for (size_t f = 0; f < fields; f++) {
        memcpy(inputs[f], samples[f].tensor.data, bytes_of(&samples[f].tensor));
        outputs[f] = guarded_new(bytes_of(shs_augment_output(augment, f)));
        from[f] = samples[f].tensor.data;
        to[f] = guarded_data(&outputs[f]);
    }
    shs_status status = shs_augment_apply(augment, stream, from, to, guarded_data(&scratch));
    for (size_t f = 0; f < fields; f++) {
        CHECK_BYTES(inputs[f], samples[f].tensor.data, bytes_of(&samples[f].tensor));
        memcpy(samples[f].output, to[f], outputs[f].bytes);
        CHECK(guarded_free(&outputs[f]));
    }
    CHECK(guarded_free(&scratch));
    return status;
}

static inline shs_augment *open_text(const char *text, const struct sample *samples, size_t fields)
{
    shs_tensor tensors[MOST_FIELDS];
    shs_augment *augment;
    for (size_t f = 0; f < fields; f++)
        tensors[f] = samples[f].tensor;
    if (shs_augment_open(text, tensors, fields, &augment)) {
        printf("  %s: %s\n", text, shs_message());
        WRONG("the text is taken");
        return NULL;
    }
    return augment;
}

/* Opens, applies and closes; the type that the first field got, 0 if that failed. */
static inline shs_type run(const char *text, struct sample *samples, size_t fields,
                           shs_random *stream)
{
    shs_augment *augment = open_text(text, samples, fields);
    if (!augment) return 0;
    CHECK_STATUS(apply(augment, samples, fields, stream), SHS_OK);
    shs_type type = shs_augment_output(augment, 0)->type;
    shs_augment_close(&augment);
    return type;
}

static inline void fill(void *bytes, size_t count, uint64_t seed)
{
    unsigned char *to = bytes;
    for (size_t i = 0; i < count; i++)
        to[i] = (unsigned char)judge_random(&seed);
}

static inline shs_random stream_at(uint64_t seed, uint64_t slot)
{
    shs_random stream;
    if (shs_random_at(&(shs_place){.seed = seed, .purpose = 1, .slot = slot}, &stream)) abort();
    return stream;
}

/* ---- geometry, by coordinates */

/* Where element (channel, y, x) of a sample lies, in elements. */
struct picture {
    size_t channels, height, width;
    size_t channel_step, y_step, x_step;
    size_t size; /* of an element */
};

static inline struct picture picture_of(const shs_tensor *tensor, const char *layout)
{
    struct picture picture = {1, 1, 1, 0, 0, 0, shs_type_size(tensor->type)};
    size_t step = 1;
    for (size_t axis = tensor->axes; axis-- > 0; step *= (size_t)tensor->shape[axis]) {
        size_t extent = (size_t)tensor->shape[axis];
        if (layout[axis] == 'c') picture.channels = extent, picture.channel_step = step;
        if (layout[axis] == 'h') picture.height = extent, picture.y_step = step;
        if (layout[axis] == 'w') picture.width = extent, picture.x_step = step;
    }
    return picture;
}

/* Copies element (c, fy, fx) to (c, y, x); zero if there is no such element. */
static inline void move_element(const struct picture *picture, const unsigned char *from, size_t c,
                                long fy, long fx, unsigned char *to, size_t y, size_t x)
{
    size_t at = c * picture->channel_step + y * picture->y_step + x * picture->x_step;
    if (fy < 0 || fx < 0 || fy >= (long)picture->height || fx >= (long)picture->width) {
        memset(to + at * picture->size, 0, picture->size);
        return;
    }
    size_t source =
        c * picture->channel_step + (size_t)fy * picture->y_step + (size_t)fx * picture->x_step;
    memcpy(to + at * picture->size, from + source * picture->size, picture->size);
}

/* Element (y, x) comes from (a*y + b, c*x + d). */
struct motion {
    long a, b, c, d;
};

static inline void slow_move(const struct picture *picture, struct motion motion, const void *from,
                             void *to)
{
    for (size_t c = 0; c < picture->channels; c++)
        for (size_t y = 0; y < picture->height; y++)
            for (size_t x = 0; x < picture->width; x++)
                move_element(picture, from, c, motion.a * (long)y + motion.b,
                             motion.c * (long)x + motion.d, to, y, x);
}

/* Padding by P and cutting at (down, right): position y is row y + down of the padded picture,
 * which is row y + down - P of the picture itself. */
static inline struct motion slow_crop(bool high, uint32_t padding, shs_random *stream)
{
    long down = padding, right;
    if (high) down = (long)shs_random_below(stream, 2 * padding + 1);
    right = (long)shs_random_below(stream, 2 * padding + 1);
    return (struct motion){1, down - (long)padding, 1, right - (long)padding};
}

static inline struct motion slow_flip(const struct picture *picture, char axis, double p,
                                      shs_random *stream)
{
    struct motion motion = {1, 0, 1, 0};
    if ((double)shs_random_float(stream) >= p) return motion;
    if (axis == 'w')
        motion.c = -1, motion.d = (long)picture->width - 1;
    else
        motion.a = -1, motion.b = (long)picture->height - 1;
    return motion;
}

static const struct {
    const char *layout, *value; /* the value to write, "" where it is understood */
    uint32_t axes;
    uint64_t shape[3];
} layouts[] = {{"w", "", 1, {11}},
               {"w", ", layout=w", 1, {1}},
               {"hw", "", 2, {5, 7}},
               {"hw", ", layout=hw", 2, {1, 4}},
               {"hw", "", 2, {6, 1}},
               {"hwc", "", 3, {4, 5, 3}},
               {"hwc", ",layout=hwc", 3, {5, 2, 1}},
               {"chw", ", layout=chw", 3, {3, 4, 5}},
               {"chw", ", layout=chw", 3, {2, 7, 2}}};

static inline bool has_height(size_t layout)
{
    return layouts[layout].axes > 1;
}

static inline struct sample sample_of(size_t layout, shs_type type, unsigned char *input)
{
    struct sample sample = {
        .tensor = {.name = "f", .type = type, .axes = layouts[layout].axes, .data = input}};
    memcpy(sample.tensor.shape, layouts[layout].shape, sizeof layouts[layout].shape);
    fill(input, bytes_of(&sample.tensor), 100 * layout + (size_t)type);
    return sample;
}

/* ---- values */

/* IEEE 754 binary16 by its definition; infinities and what is no number left to the caller. */
static inline double slow_half(uint16_t half)
{
    int exponent = half / 1024 % 32;
    double value = half % 1024;
    if (exponent > 0) value += 1024;
    for (int i = exponent > 0 ? exponent : 1; i < 25; i++)
        value /= 2;
    for (int i = 25; i < exponent; i++)
        value *= 2;
    return half >= 32768 ? -value : value;
}

static inline bool half_is_finite(uint16_t half)
{
    return half / 1024 % 32 != 31;
}

/* The value of an element: exactly in `whole` for integers, else in `real`. */
struct value {
    bool is_whole;
    wide whole;
    double real;
};

static inline struct value value_at(shs_type type, const void *elements, size_t i)
{
    struct value value = {.is_whole = type <= SHS_I64};
    const char *at = (const char *)elements + i * shs_type_size(type);
    uint64_t bits = 0;
    memcpy(&bits, at, shs_type_size(type));
    size_t width = 8 * shs_type_size(type);
    value.whole = bits;
    if (type >= SHS_I8 && bits >> (width - 1)) value.whole -= (wide)1 << width;
    if (type == SHS_F16)
        value.real = half_is_finite((uint16_t)bits) ? slow_half((uint16_t)bits)
                     : bits & 1023                  ? (double)NAN
                     : bits >> 15                   ? -(double)INFINITY
                                                    : (double)INFINITY;
    float single;
    memcpy(&single, at, 4 < shs_type_size(type) ? 4 : shs_type_size(type));
    if (type == SHS_F32) value.real = (double)single;
    if (type == SHS_F64) memcpy(&value.real, at, 8);
    return value;
}

#endif
