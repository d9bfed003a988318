#include "data_alike.h"

#include "data_index.h"
#include "data_open_file.h"

enum {
    MOST_OTHERS = 4
};

/* Only for fields that are whole arrays. What else is opened with HDF5 has more than the bytes of
 * its own file to be compared, or has too much to read. */
static bool suits(const struct data_files *files)
{
    const struct data_sample *sample = files->sample;
    if (!files->one_a_file || files->series || files->joined || files->groups) return false;
    for (size_t s = 0; s < sample->n_arrays; s++)
        if (data_sample_is_read_at_open(sample, s)) return false;
    for (size_t p = 0; p < sample->n_parts; p++)
        if (sample->part[p].kind == DATA_CSR) return false;
    return true;
}

bool data_alike_wants(const struct data_alike *alike, const struct data_files *files)
{
    return !alike->index && !alike->over && !io_witness_is_on() && suits(files);
}

static bool is_plain(const struct data_files *files, const struct data_open_file *open)
{
    if (open->h5) return false;
    for (size_t s = 0; s < files->sample->n_arrays; s++) {
        const struct data_field *field = &open->arrays[s];
        if (!field->direct || field->sources || field->checksums || field->checked_by) return false;
    }
    return true;
}

/* Makes an index that has one entry, that of the open file. */
static shs_status pack(const struct data_files *files, const struct data_open_file *open,
                       const struct io_witness *witness, struct data_index **index)
{
    const struct data_constants none = {0};
    const struct data_files_how how = {.sample = files->sample,
                                       .one_a_file = files->one_a_file,
                                       .unchecked = files->unchecked,
                                       .cf = files->cf};
    struct data_pack bytes;
    data_index_begin(&bytes, files);
    data_index_add(&bytes, files, open, witness);
    data_index_end(&bytes, files->sample, &none);
    shs_status status = bytes.status;
    if (status)
        data_pack_free(&bytes);
    else
        status = data_index_open(&bytes, index);
    if (!status) status = data_index_match(*index, &how);
    return status;
}

shs_status data_alike_learn(struct data_alike *alike, const struct data_files *files,
                            const struct data_open_file *open, const struct io_witness *witness)
{
    size_t described = 0;
    alike->over = true;
    if (!is_plain(files, open)) return SHS_OK;
    shs_status status = pack(files, open, witness, &alike->index);
    if (!status) data_index_files(alike->index, &described);
    if (status || !described) {
        data_index_close(&alike->index);
        return status;
    }
    data_index_name_any(alike->index);
    alike->over = false;
    return SHS_OK;
}

void data_alike_note(struct data_alike *alike, bool found)
{
    alike->found += found;
    alike->others = found ? 0 : alike->others + 1;
    if (alike->others < MOST_OTHERS) return;
    alike->over = true;
    data_index_close(&alike->index);
}

void data_alike_free(struct data_alike *alike)
{
    data_index_close(&alike->index);
}
