/* Writes tables of records. */
#include "core_memory.h"
#include "h5_guard.h"
#include "h5_writer.h"

enum {
    CHUNK_BYTES = 1 << 16
};

static hid_t member_type(const struct h5_member *member)
{
    return member->text_bytes ? h5_writer_text_type(member->text_bytes) : H5Tcopy(H5T_STD_U64LE);
}

static size_t member_bytes(const struct h5_member *member)
{
    return member->text_bytes ? member->text_bytes : sizeof(uint64_t);
}

static hid_t record_type(const struct h5_member *members, size_t n_members, size_t *bytes)
{
    size_t at = 0;
    *bytes = 0;
    for (size_t i = 0; i < n_members; i++)
        *bytes += member_bytes(&members[i]);
    hid_t record = H5Tcreate(H5T_COMPOUND, *bytes);
    bool made = record >= 0;
    for (size_t i = 0; i < n_members && made; i++) {
        hid_t type = member_type(&members[i]);
        made = type >= 0 && H5Tinsert(record, members[i].name, at, type) >= 0;
        if (type >= 0) H5Tclose(type);
        at += member_bytes(&members[i]);
    }
    if (made) return record;
    if (record >= 0) H5Tclose(record);
    return H5I_INVALID_HID;
}

static hid_t create_dataset(struct h5_writer *writer, const char *name, hid_t record, size_t bytes,
                            hsize_t rows)
{
    hsize_t chunk = CHUNK_BYTES / bytes;
    hid_t creation = h5_writer_without_times(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(1, &rows, NULL), dataset = H5I_INVALID_HID;
    if (!chunk) chunk = 1;
    if (chunk > rows) chunk = rows;
    if (creation >= 0 && space >= 0 && H5Pset_chunk(creation, 1, &chunk) >= 0 &&
        H5Pset_fletcher32(creation) >= 0)
        dataset = H5Dcreate2(writer->file, name, record, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (space >= 0) H5Sclose(space);
    if (creation >= 0) H5Pclose(creation);
    return dataset;
}

shs_status h5_create_table(struct h5_writer *writer, const char *name,
                           const struct h5_member *members, size_t n_members, uint64_t rows)
{
    size_t bytes;
    struct h5_guard guard = h5_guard_begin();
    shs_status status = h5_writer_turn_to(writer, name);
    if (status) {
        h5_guard_end(&guard);
        return status;
    }
    hid_t record = record_type(members, n_members, &bytes);
    writer->dataset =
        record >= 0 ? create_dataset(writer, name, record, bytes, rows) : H5I_INVALID_HID;
    if (record >= 0) H5Tclose(record);
    status = h5_writer_check(writer, writer->dataset >= 0, "%s: cannot create dataset %s",
                             writer->path, name);
    h5_guard_end(&guard);
    return status;
}

static herr_t write_records(struct h5_writer *writer, hsize_t first, hsize_t count,
                            const void *records)
{
    hid_t type = H5Dget_type(writer->dataset), space = H5Dget_space(writer->dataset);
    hid_t memory = H5Screate_simple(1, &count, NULL);
    herr_t result = H5Sselect_hyperslab(space, H5S_SELECT_SET, &first, NULL, &count, NULL);
    if (result >= 0) result = H5Dwrite(writer->dataset, type, memory, space, H5P_DEFAULT, records);
    H5Sclose(memory);
    H5Sclose(space);
    H5Tclose(type);
    return result;
}

shs_status h5_write_records(struct h5_writer *writer, uint64_t first, uint64_t count,
                            const void *records)
{
    struct h5_guard guard = h5_guard_begin();
    bool good = write_records(writer, first, count, records) >= 0;
    shs_status status = h5_writer_check(writer, good, "%s: dataset %s: it cannot be written",
                                        writer->path, writer->name);
    h5_guard_end(&guard);
    return status;
}
