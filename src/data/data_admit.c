#include "data_admit.h"

#include <string.h>

#include "core_memory.h"
#include "data_csr.h"
#include "data_packing.h"

/* Returns the type and shape of a row, or of the part that is taken of it. With one_a_file it is
 * that of all rows. */
static shs_tensor shape_of(const struct data_files *files, const struct data_field *field,
                           bool whole)
{
    shs_tensor shape = whole ? field->whole : field->sample;
    shape.name = NULL;
    if (!files->one_a_file || field->is_single) return shape;
    memmove(shape.shape + 1, shape.shape, shape.axes * sizeof *shape.shape);
    shape.shape[0] = field->rows;
    shape.axes++;
    return shape;
}

static shs_status compare_shape(struct data_files *files, size_t array, size_t number,
                                const struct data_field *field)
{
    shs_tensor first = files->whole[array], shape = shape_of(files, field, true);
    first.type = files->shape[array].type; /* packed files may store numbers of several types */
    shape.type = field->sample.type;
    if (first.type == shape.type && first.axes == shape.axes &&
        !memcmp(first.shape, shape.shape, shape.axes * sizeof *shape.shape))
        return SHS_OK;
    struct core_text texts = {0};
    files->unfit = true;
    core_text_add_shape(&texts, &shape);
    core_text_add(&texts, ", but in %s ", files->paths.path[0]);
    core_text_add_shape(&texts, &first);
    core_fail(SHS_ERROR_FORMAT,
              "%s: dataset %s is of %s; it must be alike in all files: leave this file out, or "
              "write it anew",
              files->paths.path[number], files->sample->array[array],
              texts.status ? "another shape" : texts.bytes);
    core_text_free(&texts);
    return SHS_ERROR_FORMAT;
}

/* Refuses a file in which an axis that select, crop or slab names is another axis than in the first
 * file: the axes of a sample would come in another order. */
static shs_status compare_picked(struct data_files *files, size_t array, size_t number,
                                 const struct data_field *field)
{
    if (!strcmp(files->picked[array], field->picked)) return SHS_OK;
    files->unfit = true;
    return core_fail(
        SHS_ERROR_FORMAT,
        "%s: dataset %s: the axes that select, crop and slab name have the numbers %s, but "
        "%s in %s; the axes must have the same order in all files: leave this file "
        "out, or write it anew",
        files->paths.path[number], files->sample->array[array], field->picked, files->picked[array],
        files->paths.path[0]);
}

/* Refuses a file whose numbers mean something else than the same numbers of the first file. */
static shs_status compare_packing(struct data_files *files, size_t array, size_t number,
                                  const struct data_field *field)
{
    if (field->unpack) return SHS_OK;
    shs_status status =
        data_packing_compare(field, field->packing, files->packing[array], files->paths.path[0]);
    if (status && number == 0)
        return core_fail(SHS_ERROR_FILE,
                         "%s has changed since it was opened: dataset %s has other attributes; put "
                         "back the file that it was, and start again",
                         field->path, field->sample.name);
    files->unfit = files->unfit || status;
    return status;
}

/* Takes what an array is in the first file that is opened. */
static shs_status take_first(struct data_files *files, size_t array, const struct data_field *field)
{
    files->shape[array] = shape_of(files, field, false);
    files->whole[array] = shape_of(files, field, true);
    memcpy(files->picked[array], field->picked, sizeof field->picked);
    files->slab[array] = field->slab;
    files->unpacked[array] = field->unpack != NULL;
    if (!field->packing) return SHS_OK;
    shs_status status = core_new(1, sizeof *field->packing, "attributes", &files->packing[array]);
    if (!status) *files->packing[array] = *field->packing;
    return status;
}

/* Refuses samples without elements. A file of one sample may have no rows. */
static shs_status refuse_empty(const struct data_files *files, size_t array, const char *path,
                               const struct data_field *field)
{
    if (field->row_bytes) return SHS_OK;
    struct core_text shape = {0};
    core_text_add_shape(&shape, &field->sample);
    core_fail(SHS_ERROR_UNSUPPORTED,
              "%s: dataset %s: its %llu rows have no elements%s%s; leave it out of the fields, or "
              "write it anew",
              path, files->sample->array[array], (ull)field->rows, shape.status ? "" : ": each is ",
              shape.status ? "" : shape.bytes);
    core_text_free(&shape);
    return SHS_ERROR_UNSUPPORTED;
}

shs_status data_admit_array(struct data_files *files, const struct data_open_file *open,
                            size_t array)
{
    const struct data_field *field = &open->arrays[array];
    shs_status status = refuse_empty(files, array, files->paths.path[open->number], field);
    if (!status && !files->shape[array].type) status = take_first(files, array, field);
    if (!status) status = compare_shape(files, array, open->number, field);
    if (!status) status = compare_picked(files, array, open->number, field);
    if (!status) status = compare_packing(files, array, open->number, field);
    return status;
}

/* ---- Sparse matrices. */

/* Compares the columns of a matrix with those of the first file. */
static shs_status admit_width(struct data_files *files, size_t p, const char *path,
                              const struct h5_sparse *sparse)
{
    const struct data_part *part = &files->sample->part[p];
    uint64_t width;
    shs_status status = data_csr_width(path, part, sparse, &width);
    if (status) return status;
    if (!files->width[p]) files->width[p] = width;
    if (files->width[p] == width) return SHS_OK;
    files->unfit = true;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: group %s has %llu columns, but %llu in %s; it must be alike in all "
                     "files: leave this file out, or write it anew",
                     path, part->group, (ull)width, (ull)files->width[p], files->paths.path[0]);
}

shs_status data_admit_look_at_csr(struct data_files *files, const struct data_open_file *open,
                                  struct h5_sparse *sparse)
{
    const struct data_sample *sample = files->sample;
    const char *path = files->paths.path[open->number];
    shs_status status = SHS_OK;
    for (size_t p = 0; p < sample->n_parts && !status; p++) {
        if (sample->part[p].kind != DATA_CSR) continue;
        status = data_csr_look(open->h5, path, &sample->part[p], &sparse[p]);
        if (!status) status = admit_width(files, p, path, &sparse[p]);
    }
    return status;
}

static shs_status keep_sparse(struct data_field *values, const struct h5_sparse *sparse)
{
    if (values->sparse) return SHS_OK;
    shs_status status = core_new(1, sizeof *sparse, "a sparse matrix", &values->sparse);
    if (!status) *values->sparse = *sparse;
    return status;
}

shs_status data_admit_check_csr(const struct data_files *files, struct data_open_file *open,
                                const struct h5_sparse *sparse)
{
    const struct data_sample *sample = files->sample;
    shs_status status = SHS_OK;
    for (size_t p = 0; p < sample->n_parts && !status; p++) {
        const struct data_part *part = &sample->part[p];
        if (part->kind != DATA_CSR) continue;
        status = keep_sparse(&open->arrays[part->array], &sparse[p]);
        if (!status) status = data_csr_check(part, open->arrays, &sparse[p]);
    }
    return status;
}

shs_status data_admit_indexed_csr(struct data_files *files, const struct data_open_file *open)
{
    const struct data_sample *sample = files->sample;
    shs_status status = SHS_OK;
    for (size_t p = 0; p < sample->n_parts && !status; p++) {
        const struct data_part *part = &sample->part[p];
        if (part->kind != DATA_CSR) continue;
        const struct h5_sparse *sparse = open->arrays[part->array].sparse;
        if (!sparse) continue; /* the file will be examined */
        status = admit_width(files, p, files->paths.path[open->number], sparse);
        if (!status) status = data_csr_check(part, open->arrays, sparse);
    }
    return status;
}
