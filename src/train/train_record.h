/* The header of a log of hashes, for those who make a run's batches again. */
#ifndef TRAIN_RECORD_H
#define TRAIN_RECORD_H

#include "load.h"

/* Local. Makes the header of a log of this loader's run: its options and its fingerprint. The
 * caller releases *header with core_free(). */
shs_status train_record_header(const shs_loader *loader, char **header);

#endif
