/* Augmentations that must not open. */
#ifndef AUGMENT_REFUSED_H
#define AUGMENT_REFUSED_H

#include <stdio.h>
#include <string.h>

#include "augment_table.h"

/* Whether a text is refused with a status and with words in the message; prints what came if not.
 */
static inline bool is_refused(const struct augment_table *table, const char *text,
                              const shs_tensor *samples, size_t fields, shs_status wanted,
                              const char *words)
{
    shs_augment *augment;
    shs_status status = augment_open(table, text, samples, fields, &augment);
    bool good = status == wanted && !augment && strstr(shs_message(), words);
    if (!good)
        printf("  %s\n    expected: %s, \"%s\"\n    came: %s, \"%s\"\n", text,
               shs_status_name(wanted), words, shs_status_name(status),
               status ? shs_message() : "");
    shs_augment_close(&augment);
    return good;
}

#endif
