/* Keeps beside an array where its rows come from, as src/h5/h5_origins.h describes. */
#ifndef IMPORT_INDEX_H
#define IMPORT_INDEX_H

#include "import_write.h"

/* Local. Writes the tables of an output that has an origin to keep. */
shs_status import_index_write(struct h5_writer *writer, const struct import_output *output);

#endif
