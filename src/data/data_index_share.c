#include "data_index_share.h"

#include "core_memory.h"
#include "io_content.h"
#include "io_file.h"

bool data_index_is_shared(const shs_run *run)
{
    return run->ranks > 1 && !mpi_is_apart(run) && mpi_moves_large_data(run);
}

shs_status data_index_read(const char *path, struct data_pack *pack)
{
    struct io_identity identity;
    size_t got = 0;
    int file;
    *pack = (struct data_pack){0};
    shs_status status = io_open(path, &file);
    if (status) return status;
    status = io_identify(file, path, &identity);
    if (!status) status = core_resize((size_t)identity.bytes, 1, "an index", &pack->bytes);
    if (!status)
        status =
            core_wrap(io_read_at(file, 0, pack->bytes, (size_t)identity.bytes, &got), "%s", path);
    io_close(file);
    pack->length = pack->capacity = got;
    if (status) data_pack_free(pack);
    return status;
}

/* A rank without memory must not leave the others waiting in the second broadcast. */
shs_status data_index_share(shs_run *run, shs_status mine, struct data_pack *pack)
{
    uint64_t bytes = mine ? 0 : pack->length;
    shs_status status = mpi_broadcast(run, &bytes, sizeof bytes), taken = mine;
    if (!status && !taken && run->rank)
        taken = core_resize((size_t)bytes, 1, "an index", &pack->bytes);
    if (!status) status = mpi_agree(run, core_wrap(taken, "shs_dataset_open"), "shs_dataset_open");
    pack->length = pack->capacity = (size_t)bytes;
    if (!status) status = mpi_broadcast(run, pack->bytes, (size_t)bytes);
    if (status) data_pack_free(pack);
    return status;
}
