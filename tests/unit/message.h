/* What the library's latest message says. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "shardstep/status.h"

/* Whether it has these words; prints it if not. */
static inline bool message_has(const char *words)
{
    bool has = strstr(shs_message(), words) != NULL;
    if (!has) printf("  no «%s» in: %s\n", words, shs_message());
    return has;
}

#endif
