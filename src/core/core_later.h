/* Work that a thread does while the caller goes on. */
#ifndef CORE_LATER_H
#define CORE_LATER_H

#include "core_status.h"

struct core_later;

/* Begins work in a thread that takes no signals. If the system gives no thread, the caller does the
 * work at once. On error *later is NULL, and the work has not begun. */
shs_status core_later_begin(shs_status (*work)(void *user), void *user, struct core_later **later);

/* Waits for the end of the work, and sets *later to NULL. Returns the status of the work, with its
 * message. */
shs_status core_later_end(struct core_later **later);

#endif
