/* Turns texts into numbers of any type but f16. Pure. */
#ifndef IMPORT_CSV_NUMBER_H
#define IMPORT_CSV_NUMBER_H

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>

#include "shardstep/tensor.h"

/* Returns true if the whole of a text is an integer. *negative and *size are then its sign and its
 * magnitude. */
bool import_csv_integer(const char *text, bool *negative, uint64_t *size);

/* Returns true if an integer fits the type. *bits then holds its bits; the number in a smaller type
 * is the low bits. */
bool import_csv_fits(shs_type type, bool negative, uint64_t size, uint64_t *bits);

/* Returns true if the whole of a text is a number of the type. NaN and infinity are accepted for
 * floats, and numbers too large for the type are refused. `to` then holds its bytes. `plain` is a
 * locale whose decimal point is a point. */
bool import_csv_number(const char *text, locale_t plain, shs_type type, void *to);

#endif
