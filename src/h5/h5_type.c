#include "h5_type.h"

static const struct {
    shs_type type;
    size_t sign, exponent, exponent_bits, fraction_bits, bias;
} floats[] = {
    {SHS_F16, 15, 10, 5, 10, 15}, {SHS_F32, 31, 23, 8, 23, 127}, {SHS_F64, 63, 52, 11, 52, 1023}};

enum {
    N_FLOATS = sizeof floats / sizeof *floats
};

static shs_type plain_float(hid_t stored)
{
    size_t sign, exponent, exponent_bits, fraction, fraction_bits;
    if (H5Tget_fields(stored, &sign, &exponent, &exponent_bits, &fraction, &fraction_bits) < 0)
        return 0;
    for (size_t i = 0; i < N_FLOATS; i++)
        if (H5Tget_size(stored) == shs_type_size(floats[i].type) && sign == floats[i].sign &&
            exponent == floats[i].exponent && exponent_bits == floats[i].exponent_bits &&
            fraction == 0 && fraction_bits == floats[i].fraction_bits &&
            H5Tget_ebias(stored) == floats[i].bias && H5Tget_norm(stored) == H5T_NORM_IMPLIED)
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

shs_type h5_plain_type(hid_t stored)
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

/* HDF5 1.10 has no half precision of its own: a single cut down to its fields. */
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

hid_t h5_file_type(shs_type type)
{
    hid_t copy = h5_memory_type(type);
    if (copy >= 0 && H5Tset_order(copy, H5T_ORDER_LE) < 0) {
        H5Tclose(copy);
        return H5I_INVALID_HID;
    }
    return copy;
}

const char *h5_type_text(hid_t stored)
{
    shs_type plain = h5_plain_type(stored);
    if (plain) return shs_type_name(plain);
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
        return "float of another format";
    default:
        return "unknown type";
    }
}
