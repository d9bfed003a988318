#include "import_convert.h"

#include <stdio.h>
#include <string.h>

#include "core_elements.h"
#include "core_half.h"
#include "import_csv_number.h"

/* An element as a number. An integer is `size`, with the sign apart. */
struct number {
    bool is_integer, negative;
    uint64_t size;
    double value; /* of a float */
};

static struct number load(shs_type type, const void *element)
{
    struct number number = {.is_integer = !core_is_float(type)};
    if (number.is_integer) {
        uint64_t key, bias = core_key_bias(type);
        core_load_keys(type, element, 1, 1, &key);
        number.negative = key < bias;
        number.size = number.negative ? bias - key : key - bias;
    } else if (type == SHS_F64) {
        memcpy(&number.value, element, sizeof number.value);
    } else if (type == SHS_F32) {
        float single;
        memcpy(&single, element, sizeof single);
        number.value = (double)single;
    } else {
        uint16_t half;
        memcpy(&half, element, sizeof half);
        number.value = (double)core_half_to_float(half);
    }
    return number;
}

/* Rounds a number from 0 to 2^52 to the nearest whole number, ties to even. */
static uint64_t nearest(double value)
{
    return (uint64_t)((value + 0x1p52) - 0x1p52);
}

/* Rounds a double to the nearest half, ties to even. Numbers too large become infinite. */
static uint16_t half_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 48 & 0x8000u);
    double size = value < 0 ? -value : value;
    if (value != value) return sign | 0x7e00u;
    if (size >= 65520) return sign | 0x7c00u;
    if (size < 0x1p-14) return (uint16_t)(sign | nearest(size * 0x1p24));
    int exponent = (int)(bits >> 52 & 2047u) - 1023;
    double scale = (double)(UINT64_C(1) << (10 + 14)); /* 2^10 * 2^14, divided by 2^(exponent+14) */
    scale /= (double)(UINT64_C(1) << (exponent + 14));
    return (uint16_t)(sign | (((unsigned)(exponent + 14) << 10) + nearest(size * scale)));
}

/* Stores a double as a float of a type, and sets *kept to what the float is. */
static void store_float(shs_type type, double value, void *to, double *kept)
{
    if (type == SHS_F64) {
        *kept = value;
        memcpy(to, &value, sizeof value);
    } else if (type == SHS_F32) {
        float single = (float)value;
        *kept = (double)single;
        memcpy(to, &single, sizeof single);
    } else {
        uint16_t half = half_of(value);
        *kept = (double)core_half_to_float(half);
        memcpy(to, &half, sizeof half);
    }
}

static bool is_finite(double value)
{
    return value - value == 0;
}

static bool to_float(const struct number *number, shs_type type, void *to)
{
    double value = number->value, kept;
    if (!number->is_integer) {
        store_float(type, value, to, &kept);
        return is_finite(kept) || !is_finite(value);
    }
    value = (double)number->size;
    if (value >= 0x1p64 || (uint64_t)value != number->size) return false;
    if (number->negative) value = -value;
    store_float(type, value, to, &kept);
    return kept == value;
}

/* Stores the lowest bytes of a number in the machine's byte order. */
static void store_bits(uint64_t bits, size_t size, void *to)
{
    const uint8_t one = (uint8_t)bits;
    const uint16_t two = (uint16_t)bits;
    const uint32_t four = (uint32_t)bits;
    const void *from = size == 1   ? (const void *)&one
                       : size == 2 ? (const void *)&two
                       : size == 4 ? (const void *)&four
                                   : (const void *)&bits;
    memcpy(to, from, size);
}

static bool to_integer(struct number number, shs_type type, void *to)
{
    uint64_t bits;
    if (!number.is_integer) {
        double size = number.value < 0 ? -number.value : number.value;
        if (!(size < 0x1p64)) return false;
        number.negative = number.value < 0;
        number.size = (uint64_t)size;
        if ((double)number.size != size) return false;
    }
    if (!import_csv_fits(type, number.negative, number.size, &bits)) return false;
    store_bits(bits, shs_type_size(type), to);
    return true;
}

size_t import_convert(shs_type from, const void *elements, shs_type to, void *converted,
                      size_t count)
{
    size_t from_bytes = shs_type_size(from), to_bytes = shs_type_size(to);
    bool to_floats = core_is_float(to);
    for (size_t i = 0; i < count; i++) {
        struct number number = load(from, (const char *)elements + i * from_bytes);
        void *place = (char *)converted + i * to_bytes;
        if (!(to_floats ? to_float(&number, to, place) : to_integer(number, to, place))) return i;
    }
    return count;
}

const char *import_value_text(shs_type type, const void *element, char text[IMPORT_VALUE_BYTES])
{
    struct number number = load(type, element);
    if (number.is_integer)
        snprintf(text, IMPORT_VALUE_BYTES, "%s%llu", number.negative ? "-" : "",
                 (unsigned long long)number.size);
    else
        snprintf(text, IMPORT_VALUE_BYTES, "%.17g", number.value);
    return text;
}
