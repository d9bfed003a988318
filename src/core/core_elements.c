#include "core_elements.h"

#include <stdio.h>
#include <string.h>

#include "core_half.h"
#include "core_status.h"
#include "core_stream.h"

#define TOP_BIT (UINT64_C(1) << 63)

bool core_is_float(shs_type type)
{
    return type == SHS_F16 || type == SHS_F32 || type == SHS_F64;
}

uint64_t core_key_bias(shs_type type)
{
    return type >= SHS_I8 && type <= SHS_I64 ? TOP_BIT : 0;
}

#define LOAD_KEYS(C, WIDE)                                                                         \
    {                                                                                              \
        const C *element = from;                                                                   \
        for (size_t i = 0; i < count; i++)                                                         \
            to[i] = (uint64_t)(WIDE)element[i * stride] + bias;                                    \
        return;                                                                                    \
    }

void core_load_keys(shs_type type, const void *from, size_t stride, size_t count, uint64_t *to)
{
    const uint64_t bias = core_key_bias(type);
    switch (type) {
    case SHS_U8:
        LOAD_KEYS(uint8_t, uint64_t)
    case SHS_U16:
        LOAD_KEYS(uint16_t, uint64_t)
    case SHS_U32:
        LOAD_KEYS(uint32_t, uint64_t)
    case SHS_U64:
        LOAD_KEYS(uint64_t, uint64_t)
    case SHS_I8:
        LOAD_KEYS(int8_t, int64_t)
    case SHS_I16:
        LOAD_KEYS(int16_t, int64_t)
    case SHS_I32:
        LOAD_KEYS(int32_t, int64_t)
    case SHS_I64:
        LOAD_KEYS(int64_t, int64_t)
    default:
        return;
    }
}

#define LOAD_DOUBLES(C, CONVERT)                                                                   \
    {                                                                                              \
        const C *element = from;                                                                   \
        for (size_t i = 0; i < count; i++)                                                         \
            to[i] = (double)CONVERT(element[i * stride]) + 0.0;                                    \
        return;                                                                                    \
    }

void core_load_doubles(shs_type type, const void *from, size_t stride, size_t count, double *to)
{
    switch (type) {
    case SHS_F16:
        LOAD_DOUBLES(uint16_t, core_half_to_float)
    case SHS_F32:
        LOAD_DOUBLES(float, )
    case SHS_F64:
        LOAD_DOUBLES(double, )
    default:
        return;
    }
}

uint64_t core_double_key(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & TOP_BIT ? ~bits : bits | TOP_BIT;
}

double core_key_double(uint64_t key)
{
    uint64_t bits = key & TOP_BIT ? key ^ TOP_BIT : ~key;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

void core_key_text(shs_type type, uint64_t key, int digits, char *text, size_t bytes)
{
    uint64_t bias = core_key_bias(type);
    if (core_is_float(type))
        snprintf(text, bytes, "%.*g", digits, core_key_double(key));
    else if (key >= bias)
        snprintf(text, bytes, "%llu", (ull)(key - bias));
    else
        snprintf(text, bytes, "-%llu", (ull)(bias - key));
}

void core_copy_little(void *to, const void *from, size_t count, size_t size)
{
    unsigned char *bytes = to;
    core_stream(to, from, count * size);
    for (size_t element = 0; element < count && !core_is_little(); element++, bytes += size)
        for (size_t i = 0; i < size / 2; i++) {
            unsigned char swap = bytes[i];
            bytes[i] = bytes[size - 1 - i];
            bytes[size - 1 - i] = swap;
        }
}
