/* The index of rank 0 on its way to the other ranks. */
#ifndef DATA_INDEX_SHARE_H
#define DATA_INDEX_SHARE_H

#include "data_pack.h"
#include "mpi_run.h"

/* Local. Returns true if rank 0 examines the files of a dataset for all ranks: they can send each
 * other large data. */
bool data_index_is_shared(const shs_run *run);

/* Local. Reads a kept index from a file. */
shs_status data_index_read(const char *path, struct data_pack *pack);

/* Collective. Copies rank 0's bytes to every rank. `mine` is this rank's status so far. On error
 * *pack is empty on every rank. */
shs_status data_index_share(shs_run *run, shs_status mine, struct data_pack *pack);

#endif
