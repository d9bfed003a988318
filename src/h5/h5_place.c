/* Arrays that get their place in a file before they are written. */
#include "h5_guard.h"
#include "h5_writer.h"

/* Finds out whether H5Dget_offset() counts the user block, in which versions of HDF5 differ. The
 * array placed first begins within the first 4,096 bytes behind the block, so its offset is less
 * than the size of the block if the block is not counted. */
static void learn(struct h5_writer *writer, haddr_t offset)
{
    if (writer->placed) return;
    writer->placed = true;
    writer->counts_block = offset >= writer->block_bytes;
}

shs_status h5_place_array(struct h5_writer *writer, const char *name, const shs_tensor *shape,
                          uint64_t *place)
{
    static const struct h5_storage storage = {.early = true};
    size_t bytes;
    *place = 0;
    shs_status status = shs_tensor_bytes(shape, &bytes);
    if (!status) status = h5_create_array(writer, name, shape, &storage);
    if (status || !bytes) return status;
    struct h5_guard guard = h5_guard_begin();
    haddr_t offset = H5Dget_offset(writer->dataset);
    bool good = offset != HADDR_UNDEF && H5Dget_storage_size(writer->dataset) == bytes;
    status = h5_writer_check(writer, good, "%s: dataset %s has no place in the file", writer->path,
                             name);
    h5_guard_end(&guard);
    if (status) return status;
    learn(writer, offset);
    *place = offset + (writer->counts_block ? 0 : writer->block_bytes);
    return SHS_OK;
}
