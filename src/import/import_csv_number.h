/* Texts as numbers of any type but f16. Pure. */
#ifndef IMPORT_CSV_NUMBER_H
#define IMPORT_CSV_NUMBER_H

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>

#include "shardstep/tensor.h"

/* Whether the whole of a text is an integer; its sign and size then. */
bool import_csv_integer(const char *text, bool *negative, uint64_t *size);

/* Whether an integer is one of the type; its bits then, which those of a smaller type begin with.
 */
bool import_csv_fits(shs_type type, bool negative, uint64_t size, uint64_t *bits);

/* Whether the whole of a text is a number of the type, NaN and infinity among those of floats, and
 * not too large for it; its bytes then. `plain` is a locale in which the point is a point. */
bool import_csv_number(const char *text, locale_t plain, shs_type type, void *to);

#endif
