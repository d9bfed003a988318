/* Tells how the text of an origin was taken apart, where that may be why its file is not found. */
#ifndef IMPORT_HINT_H
#define IMPORT_HINT_H

#include "import_format.h"

/* Local. Adds to the message of an error that the origin's file is not there, which word before
 * the file's name is not known, or which file the beginning of that name is. Does nothing if the
 * error is another one, or if neither is certain. `format` is NULL if none was given or recognised.
 * Returns `status`. */
shs_status import_hint(shs_status status, const struct import_request *request,
                       const struct import_format *format);

#endif
