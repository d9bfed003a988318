/* What commands say of an order that decodes the same chunks again and again. */
#ifndef CLI_ADVICE_H
#define CLI_ADVICE_H

#include <stdio.h>

#include "load_advice.h"

/* Prints the advice as a line that begins with `begin` and the array's name. Prints nothing if
 * there is none. */
shs_status cli_advice_print(FILE *to, const char *begin, const struct load_advice *advice);

/* Adds the member "advice": an object, or null if there is none. */
void cli_advice_json(const struct load_advice *advice);

/* Local. Finds the advice for the default order of a dataset: shuffle full, batches of 32. */
shs_status cli_advise_default(shs_dataset *dataset, struct load_advice *advice);

#endif
