#include "h5_type.h"

#include <stdint.h>
#include <string.h>

static const struct {
    shs_type type;
    size_t exponent_bits, fraction_bits, bias;
} floats[] = {{SHS_F16, 5, 10, 15}, {SHS_F32, 8, 23, 127}, {SHS_F64, 11, 52, 1023}};

enum {
    N_FLOATS = sizeof floats / sizeof *floats
};

/* The bits of a float, without gaps between its parts. */
struct bits {
    size_t bytes, exponent, fraction, bias;
};

/* Returns false for floats with gaps, or without a hidden first bit. */
static bool bits_of(hid_t stored, struct bits *bits)
{
    size_t sign, exponent, fraction;
    if (H5Tget_class(stored) != H5T_FLOAT ||
        H5Tget_fields(stored, &sign, &exponent, &bits->exponent, &fraction, &bits->fraction) < 0)
        return false;
    bits->bytes = H5Tget_size(stored);
    bits->bias = H5Tget_ebias(stored);
    return fraction == 0 && exponent == bits->fraction && sign == exponent + bits->exponent &&
           sign + 1 == 8 * bits->bytes && H5Tget_norm(stored) == H5T_NORM_IMPLIED;
}

static shs_type plain_float(hid_t stored)
{
    struct bits bits;
    if (!bits_of(stored, &bits)) return 0;
    for (size_t i = 0; i < N_FLOATS; i++)
        if (bits.bytes == shs_type_size(floats[i].type) &&
            bits.exponent == floats[i].exponent_bits && bits.fraction == floats[i].fraction_bits &&
            bits.bias == floats[i].bias)
            return floats[i].type;
    return 0;
}

static shs_type plain_integer(hid_t stored)
{
    static const shs_type of_size[2][9] = {
        {[1] = SHS_U8, [2] = SHS_U16, [4] = SHS_U32, [8] = SHS_U64},
        {[1] = SHS_I8, [2] = SHS_I16, [4] = SHS_I32, [8] = SHS_I64}};
    size_t size = H5Tget_size(stored);
    if (size > 8 || H5Tget_precision(stored) != 8 * size || H5Tget_offset(stored) != 0) return 0;
    return of_size[H5Tget_sign(stored) == H5T_SGN_2][size];
}

static shs_type plain_type(hid_t stored)
{
    H5T_order_t order = H5Tget_order(stored);
    if (order != H5T_ORDER_LE && order != H5T_ORDER_BE) return 0;
    switch (H5Tget_class(stored)) {
    case H5T_INTEGER:
        return plain_integer(stored);
    case H5T_FLOAT:
        return plain_float(stored);
    default:
        return 0;
    }
}

/* ---- halves of singles */

static bool is_bfloat16(hid_t stored)
{
    struct bits bits;
    H5T_order_t order = H5Tget_order(stored);
    return bits_of(stored, &bits) && bits.bytes == 2 && bits.exponent == 8 && bits.bias == 127 &&
           (order == H5T_ORDER_LE || order == H5T_ORDER_BE);
}

static struct h5_numbers take_float(hid_t stored)
{
    if (is_bfloat16(stored))
        return (struct h5_numbers){.type = SHS_F32, .widened = true, .of = "bfloat16"};
    return (struct h5_numbers){.type = plain_type(stored), .of = ""};
}

void *h5_widened_place(void *to, size_t bytes)
{
    return (char *)to + bytes / 2;
}

void h5_widen(void *to, size_t bytes)
{
    const char *from = h5_widened_place(to, bytes);
    for (size_t at = 0; at < bytes; at += sizeof(uint32_t), from += sizeof(uint16_t)) {
        uint16_t half;
        memcpy(&half, from, sizeof half);
        const uint32_t single = (uint32_t)half << 16;
        memcpy((char *)to + at, &single, sizeof single);
    }
}

/* ---- enumerations */

/* Returns true if all members of an enumeration of these integers have values from 0 to `most`. */
static bool is_within(hid_t stored, hid_t base, int64_t most)
{
    int count = H5Tget_nmembers(stored);
    for (int i = 0; i < count; i++) {
        int64_t value[2] = {0};
        if (H5Tget_member_value(stored, (unsigned)i, value) < 0 ||
            H5Tconvert(base, H5T_NATIVE_INT64, 1, value, NULL, H5P_DEFAULT) < 0 || *value < 0 ||
            *value > most)
            return false;
    }
    return count > 0;
}

static struct h5_numbers take_enumeration(hid_t stored)
{
    hid_t base = H5Tget_super(stored);
    if (base < 0) return (struct h5_numbers){.of = ""};
    struct h5_numbers numbers = {.type = plain_type(base), .of = "enumeration"};
    if (numbers.type && is_within(stored, base, UINT8_MAX)) {
        numbers.narrowed = H5Tget_size(base) > 1;
        numbers.type = SHS_U8;
        if (H5Tget_nmembers(stored) == 2 && is_within(stored, base, 1)) numbers.of = "bool";
    }
    H5Tclose(base);
    return numbers;
}

/* ---- bit fields */

/* Fields of 8 whole bits are bytes, as PyTables stores bools. Other fields are no numbers. */
static struct h5_numbers take_bits(hid_t stored)
{
    bool byte = H5Tget_size(stored) == 1 && H5Tget_precision(stored) == 8;
    return (struct h5_numbers){.type = byte ? SHS_U8 : 0, .of = byte ? "bit field" : ""};
}

/* ---- complex numbers */

static const char *const parts[][2] = {{"r", "i"}, {"real", "imag"}};

/* Returns the names of the parts of a complex number, NULL if the type is none. */
static const char *const *names_of_parts(hid_t stored)
{
    if (H5Tget_class(stored) != H5T_COMPOUND || H5Tget_nmembers(stored) != 2) return NULL;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (H5Tget_member_index(stored, parts[i][0]) >= 0 &&
            H5Tget_member_index(stored, parts[i][1]) >= 0)
            return parts[i];
    return NULL;
}

/* Returns the float type of a part, 0 for another type. *offset is the part's offset in an element.
 */
static shs_type type_of_part(hid_t stored, const char *name, size_t *offset)
{
    unsigned member = (unsigned)H5Tget_member_index(stored, name);
    hid_t type = H5Tget_member_type(stored, member);
    bool is_float = type >= 0 && H5Tget_class(type) == H5T_FLOAT;
    shs_type part = is_float ? plain_type(type) : 0;
    *offset = H5Tget_member_offset(stored, member);
    if (type >= 0) H5Tclose(type);
    return part;
}

static struct h5_numbers take_complex(hid_t stored)
{
    const char *const *names = names_of_parts(stored);
    struct h5_numbers none = {.of = ""};
    size_t offset;
    if (!names) return none;
    shs_type type = type_of_part(stored, names[0], &offset);
    if (!type || type != type_of_part(stored, names[1], &offset)) return none;
    return (struct h5_numbers){.type = type, .pair = true, .of = "complex"};
}

struct h5_numbers h5_numbers_of(hid_t stored)
{
    switch (H5Tget_class(stored)) {
    case H5T_ENUM:
        return take_enumeration(stored);
    case H5T_COMPOUND:
        return take_complex(stored);
    case H5T_FLOAT:
        return take_float(stored);
    case H5T_BITFIELD:
        return take_bits(stored);
    default:
        return (struct h5_numbers){.type = plain_type(stored), .of = ""};
    }
}

bool h5_numbers_lie_plain(hid_t stored)
{
    struct h5_numbers numbers = h5_numbers_of(stored);
    size_t size = shs_type_size(numbers.type), first, second;
    if (!numbers.pair) return !numbers.narrowed && !numbers.widened;
    const char *const *names = names_of_parts(stored);
    if (!names) return false;
    type_of_part(stored, names[0], &first);
    type_of_part(stored, names[1], &second);
    H5T_order_t order = H5Tget_order(stored); /* the order of both parts, unless they differ */
    return first == 0 && second == size && H5Tget_size(stored) == 2 * size &&
           (order == H5T_ORDER_LE || order == H5T_ORDER_BE);
}

/* Makes a half precision type, which HDF5 1.10 lacks, from a single: the sizes of its parts are
 * set. */
static hid_t half_type(H5T_order_t order)
{
    hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    if (half < 0) return half;
    if (H5Tset_fields(half, 15, 10, 5, 0, 10) < 0 || H5Tset_size(half, 2) < 0 ||
        H5Tset_ebias(half, 15) < 0 || H5Tset_order(half, order) < 0) {
        H5Tclose(half);
        return H5I_INVALID_HID;
    }
    return half;
}

hid_t h5_memory_type(shs_type type)
{
    switch (type) {
    case SHS_U8:
        return H5Tcopy(H5T_NATIVE_UINT8);
    case SHS_U16:
        return H5Tcopy(H5T_NATIVE_UINT16);
    case SHS_U32:
        return H5Tcopy(H5T_NATIVE_UINT32);
    case SHS_U64:
        return H5Tcopy(H5T_NATIVE_UINT64);
    case SHS_I8:
        return H5Tcopy(H5T_NATIVE_INT8);
    case SHS_I16:
        return H5Tcopy(H5T_NATIVE_INT16);
    case SHS_I32:
        return H5Tcopy(H5T_NATIVE_INT32);
    case SHS_I64:
        return H5Tcopy(H5T_NATIVE_INT64);
    case SHS_F16:
        return half_type(H5Tget_order(H5T_NATIVE_FLOAT));
    case SHS_F32:
        return H5Tcopy(H5T_NATIVE_FLOAT);
    case SHS_F64:
        return H5Tcopy(H5T_NATIVE_DOUBLE);
    }
    return H5I_INVALID_HID;
}

static hid_t pair_in_memory(hid_t stored, shs_type type)
{
    const char *const *names = names_of_parts(stored);
    size_t size = shs_type_size(type);
    hid_t part = h5_memory_type(type), pair = H5Tcreate(H5T_COMPOUND, 2 * size);
    bool made = part >= 0 && pair >= 0 && H5Tinsert(pair, names[0], 0, part) >= 0 &&
                H5Tinsert(pair, names[1], size, part) >= 0;
    if (part >= 0) H5Tclose(part);
    if (made) return pair;
    if (pair >= 0) H5Tclose(pair);
    return H5I_INVALID_HID;
}

static hid_t in_machine_order(hid_t stored)
{
    hid_t copy = H5Tcopy(stored);
    if (copy >= 0 && H5Tset_order(copy, H5Tget_order(H5T_NATIVE_FLOAT)) < 0) {
        H5Tclose(copy);
        return H5I_INVALID_HID;
    }
    return copy;
}

hid_t h5_numbers_in_memory(hid_t stored)
{
    struct h5_numbers numbers = h5_numbers_of(stored);
    if (numbers.widened) return in_machine_order(stored);
    if (numbers.pair) return pair_in_memory(stored, numbers.type);
    if (numbers.type && H5Tget_class(stored) == H5T_BITFIELD) return H5Tcopy(H5T_NATIVE_B8);
    if (H5Tget_class(stored) == H5T_ENUM && H5Tget_size(stored) == 1) {
        hid_t base = H5Tget_super(stored);
        bool is_signed = H5Tget_sign(base) == H5T_SGN_2;
        H5Tclose(base);
        return h5_memory_type(is_signed ? SHS_I8 : SHS_U8);
    }
    return h5_memory_type(numbers.type);
}

hid_t h5_file_type(shs_type type)
{
    hid_t copy = h5_memory_type(type);
    if (copy >= 0 && H5Tset_order(copy, H5T_ORDER_LE) < 0) {
        H5Tclose(copy);
        return H5I_INVALID_HID;
    }
    return copy;
}

static const char *float_text(hid_t stored)
{
    struct bits bits;
    bool is_byte = bits_of(stored, &bits) && bits.bytes == 1;
    if (is_byte && bits.exponent == 4) return "8-bit float e4m3";
    if (is_byte && bits.exponent == 5) return "8-bit float e5m2";
    if (is_byte && bits.exponent == 3) return "8-bit float e3m4";
    return "float of another format";
}

const char *h5_type_text(hid_t stored)
{
    struct h5_numbers numbers = h5_numbers_of(stored);
    if (numbers.type) return shs_type_name(numbers.type);
    switch (H5Tget_class(stored)) {
    case H5T_STRING:
        return "text";
    case H5T_COMPOUND:
        return "compound";
    case H5T_ENUM:
        return "enumeration";
    case H5T_VLEN:
        return "variable-length sequence";
    case H5T_ARRAY:
        return "array element";
    case H5T_OPAQUE:
        return "opaque";
    case H5T_BITFIELD:
        return "bit field";
    case H5T_REFERENCE:
        return "reference";
    case H5T_INTEGER:
        return "integer of odd width";
    case H5T_FLOAT:
        return float_text(stored);
    default:
        return "unknown type";
    }
}
