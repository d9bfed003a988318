#include "load_nan.h"

#include <string.h>

/* Without its sign bit a NaN is above infinity, as an unsigned integer. The loops have no exit, so
 * that they are vectorised. */
#define HAS_NAN(name, bits_type, infinity)                                                         \
    static bool name(const void *elements, uint64_t count)                                         \
    {                                                                                              \
        const bits_type most = (bits_type)(infinity);                                              \
        const bits_type unsigned_bits = (bits_type)((bits_type)-1 >> 1);                           \
        bits_type found = 0;                                                                       \
        for (uint64_t i = 0; i < count; i++) {                                                     \
            bits_type bits;                                                                        \
            memcpy(&bits, (const char *)elements + i * sizeof bits, sizeof bits);                  \
            found |= (bits_type)((bits & unsigned_bits) > most);                                   \
        }                                                                                          \
        return found != 0;                                                                         \
    }

HAS_NAN(has_nan_f16, uint16_t, 0x7c00)
HAS_NAN(has_nan_f32, uint32_t, 0x7f800000)
HAS_NAN(has_nan_f64, uint64_t, UINT64_C(0x7ff0000000000000))

bool load_nan_in(shs_type type, const void *elements, uint64_t count)
{
    if (type == SHS_F16) return has_nan_f16(elements, count);
    if (type == SHS_F32) return has_nan_f32(elements, count);
    return type == SHS_F64 && has_nan_f64(elements, count);
}

bool load_nan_in_row(const shs_dataset *dataset, const struct load_batch *batch, uint64_t slot,
                     size_t *field)
{
    for (size_t f = 0; f < batch->fields; f++) {
        shs_type type = dataset->sample[f].type;
        size_t bytes = dataset->sample_bytes[f];
        *field = f;
        if (load_nan_in(type, load_batch_row(batch, f, slot), bytes / shs_type_size(type)))
            return true;
    }
    return false;
}

shs_status load_nan_check(const shs_dataset *dataset, const struct load_batch *batch)
{
    size_t field;
    for (uint64_t slot = 0; slot < batch->what->rows; slot++)
        if (load_nan_in_row(dataset, batch, slot, &field))
            return core_fail(SHS_ERROR_FORMAT, "sample %llu: field %s has a NaN",
                             (ull)batch->index[slot], dataset->sample[field].name);
    return SHS_OK;
}
