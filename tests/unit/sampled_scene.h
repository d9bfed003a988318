/* Images of many types and layouts, and operators on them beside slow functions of coordinates,
 * under every set of kernels. */
#ifndef SAMPLED_SCENE_H
#define SAMPLED_SCENE_H

#include "augment_scene.h"
#include "grid_sample_kernels.h"

enum {
    MOST_ELEMENTS = 24000,
    SCENES = 10
};

/* A sample, seen as outer x height x width x inner elements. */
struct images {
    shs_tensor tensor;
    const char *layout;
    size_t outer, height, width, inner;
    double beyond; /* what zeros beyond the edges are */
    _Alignas(8) unsigned char element[8 * MOST_ELEMENTS];
};

static const struct {
    const char *layout;
    uint64_t shape[5];
} scenes[SCENES] = {{"hw", {7, 11}},          {"hwc", {5, 6, 3}},   {"hwc", {1, 1, 3}},
                    {"chw", {3, 1, 9}},       {"yxc", {43, 37, 3}}, {"tchw", {2, 3, 8, 1}},
                    {"tyxc", {2, 17, 33, 4}}, {"hwc", {9, 10, 2}},  {"zyx_c", {2, 19, 20, 5, 3}},
                    {"hwc", {18, 400, 3}}};

/* The types; those of the elements that are computed in f32 first. */
static const shs_type computed_types[] = {SHS_U8, SHS_U16, SHS_F32, SHS_U32, SHS_U64,
                                          SHS_I8, SHS_I16, SHS_I32, SHS_I64, SHS_F64};

static inline void put_value(shs_type type, double value, void *elements, size_t i)
{
    char *at = (char *)elements + i * shs_type_size(type);
    float single = (float)value;
    if (type == SHS_F32) memcpy(at, &single, sizeof single);
    if (type == SHS_F64) memcpy(at, &value, sizeof value);
}

/* Makes the sample of a scene, filled with noise. */
static inline void make_images(size_t scene, shs_type type, struct images *images)
{
    const uint64_t *shape = scenes[scene].shape;
    uint64_t seed = 100 * scene + (uint64_t)type;
    images->layout = scenes[scene].layout;
    images->tensor = (shs_tensor){.name = "f",
                                  .type = type,
                                  .axes = (uint32_t)strlen(images->layout),
                                  .data = images->element};
    memcpy(images->tensor.shape, shape, sizeof scenes[scene].shape);
    size_t high = strcspn(images->layout, "hy");
    images->beyond = 0;
    images->outer = images->inner = 1;
    images->height = (size_t)shape[high];
    images->width = (size_t)shape[high + 1];
    for (size_t axis = 0; axis < images->tensor.axes; axis++) {
        if (axis < high) images->outer *= (size_t)shape[axis];
        if (axis > high + 1) images->inner *= (size_t)shape[axis];
    }
    size_t count = bytes_of(&images->tensor) / shs_type_size(type);
    fill(images->element, bytes_of(&images->tensor), seed);
    for (size_t i = 0; i < count && type > SHS_I64; i++)
        put_value(type, (double)(int64_t)judge_random(&seed) * 0x1p-60, images->element, i);
}

/* ---- arithmetic of a type: in f64, or in f32 by rounding each operation of f64, which gives the
 * same as f32 itself for + - * / */

static inline bool is_wide(shs_type type)
{
    return type != SHS_U8 && type != SHS_U16 && type != SHS_F32;
}

static inline double real_of(shs_type type, double x)
{
    return is_wide(type) ? x : (double)(float)x;
}

static inline double element_of(const struct images *images, size_t o, size_t y, size_t x, size_t e)
{
    size_t at = ((o * images->height + y) * images->width + x) * images->inner + e;
    struct value value = value_at(images->tensor.type, images->element, at);
    return value.is_whole ? real_of(images->tensor.type, (double)value.whole) : value.real;
}

/* Returns true if element `at` of a result is what a real is rounded to. */
static inline bool is_rounded(shs_type type, double real, const void *elements, size_t at)
{
    struct value came = value_at(type, elements, at);
    if (!came.is_whole) {
        unsigned char wanted[8];
        put_value(type, real, wanted, 0);
        return !memcmp(wanted, (const char *)elements + at * shs_type_size(type),
                       shs_type_size(type));
    }
    int bits = 8 * (int)shs_type_size(type);
    wide least = type >= SHS_I8 ? -((wide)1 << (bits - 1)) : 0;
    wide most = ((wide)1 << (type >= SHS_I8 ? bits - 1 : bits)) - 1;
    wide whole = (wide)nearbyint(real);
    return came.whole == (whole < least ? least : whole > most ? most : whole);
}

/* Returns the position that stands for position k of an axis, or -1.
 * `border` is z, e, r or w: zeros, the edge, a mirror in it, or periodic. */
static inline int64_t slow_beyond(int64_t k, int64_t n, char border)
{
    if (border == 'z') return k >= 0 && k < n ? k : -1;
    if (border == 'r' && n == 1) return 0;
    while (k < 0 || k >= n) {
        if (border == 'e') k = k < 0 ? 0 : n - 1;
        if (border == 'w') k += k < 0 ? n : -n;
        if (border == 'r') k = k < 0 ? -k : 2 * (n - 1) - k;
    }
    return k;
}

static const char *const kernel_names[] = {"plain", "avx2", "avx512"};

/* ---- applying, and comparing */

/* Returns element (y, x) of image o of the result, by the words of the help. */
typedef double slow_element(const struct images *images, const void *about, size_t o, size_t y,
                            size_t x, size_t e);

static inline void compare_images(const char *text, const struct images *images,
                                  const shs_tensor *after, const void *came, slow_element *slow,
                                  const void *about)
{
    size_t high = strcspn(images->layout, "hy"), at = 0;
    for (size_t o = 0; o < images->outer; o++)
        for (size_t y = 0; y < after->shape[high]; y++)
            for (size_t x = 0; x < after->shape[high + 1]; x++)
                for (size_t e = 0; e < images->inner; e++, at++) {
                    double real = slow(images, about, o, y, x, e);
                    if (is_rounded(after->type, real, came, at)) continue;
                    struct value value = value_at(after->type, came, at);
                    WRONG("%s of %s, layout %s: (%zu,%zu,%zu,%zu) is %.17g, expected %.17g", text,
                          shs_type_name(after->type), images->layout, o, y, x, e,
                          value.is_whole ? (double)value.whole : value.real, real);
                    return;
                }
}

/* Opens "f: TEXT, layout=...)" for images; NULL if that failed. `text` has no last parenthesis. */
static inline shs_augment *open_images(const char *text, const struct images *images)
{
    char whole[600];
    shs_augment *augment;
    snprintf(whole, sizeof whole, "%s, layout=%s)", text, images->layout);
    if (!shs_augment_open(whole, &images->tensor, 1, &augment)) return augment;
    WRONG("%s: %s", whole, shs_message());
    return NULL;
}

/* Applies to one sample. The result and the scratch memory have guards. */
static inline void apply_images(const shs_augment *augment, const struct images *images,
                                shs_random *stream, void *result)
{
    const shs_tensor *after = shs_augment_output(augment, 0);
    struct guarded output = guarded_new(bytes_of(after)),
                   input = guarded_new(bytes_of(&images->tensor));
    size_t bytes = shs_augment_scratch(augment) + 64;
    unsigned char *whole = malloc(bytes + 16),
                  *scratch = whole + 16; /* no cache line begins here */
    const void *from = guarded_data(&input);
    void *to = guarded_data(&output);
    if (!whole) abort();
    memset(scratch, 0x5C, bytes);
    memcpy(guarded_data(&input), images->element, input.bytes);
    CHECK_STATUS(shs_augment_apply(augment, stream, &from, &to, scratch), SHS_OK);
    for (size_t i = shs_augment_scratch(augment); i < bytes; i++)
        CHECK_EQ(scratch[i], 0x5C);
    CHECK_BYTES(from, images->element, input.bytes);
    memcpy(result, to, output.bytes);
    CHECK(guarded_free(&output));
    CHECK(guarded_free(&input));
    free(whole);
}

/* FNV-1a of a result, in little-endian order. */
static inline uint64_t hash_of(const shs_tensor *after, const void *elements)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t size = shs_type_size(after->type), bytes = bytes_of(after);
    uint16_t one = 1;
    bool little = *(const unsigned char *)&one;
    for (size_t i = 0; i < bytes; i++) {
        size_t at = little ? i : i / size * size + size - 1 - i % size;
        hash = (hash ^ ((const unsigned char *)elements)[at]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* Checks that a text gives a certain hash under all kernels, for noise of a scene. */
static inline void check_golden(const char *text, size_t scene, shs_type type, uint64_t expected)
{
    static struct images images;
    static unsigned char came[8 * MOST_ELEMENTS];
    make_images(scene, type, &images);
    shs_augment *augment = open_images(text, &images);
    for (size_t k = 0; k < COUNT(kernel_names) && augment; k++) {
        shs_random stream = stream_at(5, 7);
        if (!grid_sample_kernels_choose(kernel_names[k])) continue;
        apply_images(augment, &images, &stream, came);
        uint64_t hash = hash_of(shs_augment_output(augment, 0), came);
        if (hash != expected)
            WRONG("%s of %s with kernels %s: hash 0x%016llx, expected 0x%016llx", text,
                  shs_type_name(type), kernel_names[k], (unsigned long long)hash,
                  (unsigned long long)expected);
    }
    grid_sample_kernels_choose("");
    shs_augment_close(&augment);
}

#endif
