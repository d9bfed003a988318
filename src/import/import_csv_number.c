#include "import_csv_number.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core_text.h"

bool import_csv_integer(const char *text, bool *negative, uint64_t *size)
{
    *negative = *text == '-';
    return core_parse_u64(text + (*text == '-' || *text == '+'), size);
}

bool import_csv_fits(shs_type type, bool negative, uint64_t size, uint64_t *bits)
{
    bool is_signed = type >= SHS_I8 && type <= SHS_I64;
    unsigned n_bits = 8 * (unsigned)shs_type_size(type);
    uint64_t most = UINT64_MAX >> (64 - n_bits + is_signed);
    *bits = negative ? 0 - size : size;
    if (negative) return size == 0 || (is_signed && size - 1 <= most);
    return size <= most;
}

/* Reads a number in decimal, NaN or infinity. Returns false for anything else, and for a number too
 * large for the type, a float or a double. */
static bool parse_float(const char *text, locale_t plain, shs_type type, void *to)
{
    char *end;
    double value;
    errno = 0;
    if (type == SHS_F32) {
        float single = strtof_l(text, &end, plain);
        value = (double)single;
        memcpy(to, &single, sizeof single);
    } else {
        value = strtod_l(text, &end, plain);
        memcpy(to, &value, sizeof value);
    }
    if (errno == ERANGE && (value > 1 || value < -1)) return false;
    return end != text && !*end && !strpbrk(text, "xX") && !isspace((unsigned char)*text);
}

static bool is_integer_type(shs_type type)
{
    return type <= SHS_I64;
}

static void store(shs_type type, uint64_t bits, void *to)
{
    uint8_t one = (uint8_t)bits;
    uint16_t two = (uint16_t)bits;
    uint32_t four = (uint32_t)bits;
    switch (shs_type_size(type)) {
    case 1:
        memcpy(to, &one, 1);
        break;
    case 2:
        memcpy(to, &two, 2);
        break;
    case 4:
        memcpy(to, &four, 4);
        break;
    default:
        memcpy(to, &bits, 8);
        break;
    }
}

bool import_csv_number(const char *text, locale_t plain, shs_type type, void *to)
{
    bool negative;
    uint64_t size, bits;
    if (!is_integer_type(type)) return parse_float(text, plain, type, to);
    if (!import_csv_integer(text, &negative, &size) ||
        !import_csv_fits(type, negative, size, &bits))
        return false;
    store(type, bits, to);
    return true;
}
