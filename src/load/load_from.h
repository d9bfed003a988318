/* Puts the numbers of files into the text of an augmentation: normalize(from=FILE) becomes
 * normalize(mean=..., std=...). So the numbers, and not the name of a file, stand in the run's
 * fingerprint. */
#ifndef LOAD_FROM_H
#define LOAD_FROM_H

#include "data_dataset.h"
#include "shardstep/augment.h"

/* Collective if the text has a call normalize(from=FILE); rank 0 reads the files and hands them on.
 * Otherwise Local: *made is NULL, and the text stays as it is. Ranks of which only some have such a
 * call are told so by the next agreement. A file is refused that is no file of `shardstep stats
 * --write`, or whose field, type or channels are not those of the field that is normalized. A call
 * may name the other field that the figures come from: field=NAME. The caller releases *made with
 * core_free(). `operators` are the program's own, or NULL. */
shs_status load_from_put(const shs_dataset *dataset, shs_augment_table *operators, const char *text,
                         char **made);

#endif
