/* The header of a log of hashes: the options and the fingerprint of its run. shardstep/record.h
 * describes the log. */
#ifndef TRAIN_HEADER_H
#define TRAIN_HEADER_H

#include "load.h"

/* Local. Makes the header of a log of this loader's run. The caller releases *header with
 * core_free(). */
shs_status train_header_make(const shs_loader *loader, char **header);

/* Returns the bytes of the header that a text begins with, 0 if it begins with no whole header. */
size_t train_header_bytes(const char *text);

/* Compares the fingerprints in two headers. SHS_ERROR_MISMATCH names the first line that differs,
 * the log at `path`, and the advice. */
shs_status train_header_compare_fingerprints(const char *path, const char *stored, const char *own,
                                             const char *advice);

/* Compares the options in two headers. SHS_ERROR_MISMATCH names the first option that differs and
 * both values. A run may learn only from its checkpoint when its batch began: the option --since is
 * left out unless `since` is true. */
shs_status train_header_compare_options(const char *path, const char *stored, const char *own,
                                        bool since);

#endif
