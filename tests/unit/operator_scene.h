/* Samples for tests of operators that change values, and hashes of what comes out. */
#ifndef OPERATOR_SCENE_H
#define OPERATOR_SCENE_H

#include "augment_scene.h"
#include "random_kernels.h"

/* Writes an element: a whole number, or for floats a number in [0, 1). Both come of 16 bits. */
static inline void write_element(shs_type type, uint64_t bits, void *elements, size_t i)
{
    float single = (float)(bits & 0xffff) * 0x1p-16f;
    double number = (double)single;
    char *at = (char *)elements + i * shs_type_size(type);
    uint16_t half = (uint16_t)(0x3800 | (bits & 0x3ff));
    uint8_t byte = (uint8_t)bits;
    if (type == SHS_F32)
        memcpy(at, &single, sizeof single);
    else if (type == SHS_F64)
        memcpy(at, &number, sizeof number);
    else if (type == SHS_F16)
        memcpy(at, &half, sizeof half);
    else if (shs_type_size(type) == 1)
        memcpy(at, &byte, 1);
    else { /* small, and the same on machines with either byte order */
        int64_t whole = (int64_t)(bits & 0xffff) - (type >= SHS_I8 ? 0x8000 : 0);
        int16_t i16 = (int16_t)whole;
        uint16_t u16 = (uint16_t)whole;
        int32_t i32 = (int32_t)whole;
        size_t size = shs_type_size(type);
        const void *from = type == SHS_I16   ? (const void *)&i16
                           : type == SHS_U16 ? (const void *)&u16
                           : size == 4       ? (const void *)&i32
                                             : (const void *)&whole;
        memcpy(at, from, size);
    }
}

static inline size_t elements_of(const shs_tensor *tensor)
{
    return bytes_of(tensor) / shs_type_size(tensor->type);
}

static inline void fill_elements(const shs_tensor *tensor, uint64_t seed, void *elements)
{
    for (size_t i = 0; i < elements_of(tensor); i++)
        write_element(tensor->type, judge_random(&seed), elements, i);
}

/* An augmentation of a field f, and the hash of its results at 8 places. */
struct golden {
    const char *text;
    shs_type type;
    uint32_t axes;
    uint64_t shape[4];
    uint64_t hash;
};

/* FNV-1a over numbers by their low bytes first, so that it does not depend on the byte order. */
static inline uint64_t add_to_hash(uint64_t hash, const unsigned char *elements, size_t count,
                                   size_t size)
{
    const uint16_t probe = 1;
    bool low_first = *(const unsigned char *)&probe == 1;
    for (size_t i = 0; i < count; i++)
        for (size_t b = 0; b < size; b++) {
            hash ^= elements[i * size + (low_first ? b : size - 1 - b)];
            hash *= UINT64_C(1099511628211);
        }
    return hash;
}

static inline uint64_t hash_of(const struct golden *golden)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    unsigned char input[MOST_BYTES];
    struct sample sample = {.tensor = {"f", golden->type, golden->axes, {0}, input}};
    memcpy(sample.tensor.shape, golden->shape, sizeof golden->shape);
    shs_augment *augment = open_text(golden->text, &sample, 1);
    if (!augment) return 0;
    for (uint64_t slot = 0; slot < 8; slot++) {
        shs_random stream = stream_at(7, slot);
        fill_elements(&sample.tensor, 300 + slot, input);
        CHECK_STATUS(apply(augment, &sample, 1, &stream), SHS_OK);
        const shs_tensor *output = shs_augment_output(augment, 0);
        hash = add_to_hash(hash, sample.output, elements_of(output), shs_type_size(output->type));
        hash = hash * 31 + shs_random_u32(&stream); /* where the draws have ended */
    }
    shs_augment_close(&augment);
    return hash;
}

/* Results are the same on every machine and with every set of kernels. */
static inline void check_golden(const struct golden *goldens, size_t count)
{
    static const char *const kernels[] = {"plain", "avx2", "avx512"};
    for (size_t k = 0; k < COUNT(kernels); k++) {
        if (!random_kernels_choose(kernels[k])) continue;
        for (size_t g = 0; g < count; g++) {
            uint64_t hash = hash_of(&goldens[g]);
            if (hash != goldens[g].hash)
                WRONG("%s with kernels %s: expected 0x%016llx, came 0x%016llx", goldens[g].text,
                      kernels[k], (unsigned long long)goldens[g].hash, (unsigned long long)hash);
        }
    }
    random_kernels_choose("");
}

static inline bool same_float(float a, float b)
{
    return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof a) == 0;
}

static inline bool same_double(double a, double b)
{
    return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof a) == 0;
}

/* The value of an element, rounded to a double. */
static inline double number_at(shs_type type, const void *elements, size_t i)
{
    struct value value = value_at(type, elements, i);
    return value.is_whole ? (double)value.whole : value.real;
}

/* A real number as an element of u8, u16, i8 or i16 holds it: clamped, and rounded half to even. */
static inline double slow_whole(shs_type type, double x)
{
    double most = type == SHS_U8 ? 255 : type == SHS_U16 ? 65535 : type == SHS_I8 ? 127 : 32767;
    double least = type == SHS_U8 || type == SHS_U16 ? 0 : -most - 1;
    return (x < least ? least : x > most ? most : nearbyint(x)) + 0.0; /* no -0 */
}

#endif
