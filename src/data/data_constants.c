#include "data_constants.h"

#include <string.h>

#include "core_memory.h"
#include "data_field.h"
#include "data_index_meaning.h"
#include "data_packing.h"
#include "data_pick.h"

/* ---- Reading. */

/* Compares the rows of an array in memory with their checksums. */
static shs_status compare_sums(struct data_field *field, const void *rows)
{
    uint32_t *sums;
    if (!data_field_has_checksums(field)) return SHS_OK;
    shs_status status = core_new(field->rows, sizeof *sums, "checksums", &sums);
    if (!status) status = data_field_checksums(field, 0, field->rows, sums);
    if (!status) status = data_field_check(field, 0, field->rows, rows, sums);
    core_free(&sums);
    return status;
}

/* Reads rows as they are stored, compares and unpacks them. */
static shs_status read_packed(struct data_field *field, void *rows)
{
    char *stored;
    shs_status status = core_new(field->rows, field->stored_bytes, "a constant field", &stored);
    if (!status) status = data_field_read_whole(field, 0, field->rows, stored);
    if (!status) status = compare_sums(field, stored);
    if (!status) data_field_unpack(field, stored, (size_t)field->rows * field->stored_bytes, rows);
    core_free(&stored);
    return status;
}

static shs_status read_rows(struct data_field *field, void **rows)
{
    if (!field->rows || !field->row_bytes)
        return core_fail(SHS_ERROR_UNSUPPORTED, "%s: dataset %s has no elements; leave it out",
                         field->path, field->sample.name);
    shs_status status = core_new(field->rows, field->row_bytes, "a constant field", rows);
    if (!status && field->unpack) return read_packed(field, *rows);
    if (!status) status = data_field_read(field, 0, field->rows, *rows);
    return status ? status : compare_sums(field, *rows);
}

/* Type and shape of all of an array. */
static shs_tensor shape_of(const struct data_field *field)
{
    shs_tensor shape = field->sample;
    shape.name = NULL;
    if (field->is_single) return shape;
    memmove(shape.shape + 1, shape.shape, shape.axes * sizeof *shape.shape);
    shape.shape[0] = field->rows;
    shape.axes++;
    return shape;
}

/* Leaves only what the text picks of an array, whose bytes are replaced. */
static shs_status cut(struct h5_file *file, const struct data_constant_text *text,
                      struct data_constant *constant)
{
    struct h5_array *array;
    struct io_part *part = NULL;
    shs_tensor whole;
    char picked[DATA_PICKED_BYTES];
    void *left = NULL;
    if (!text->view.select && !text->view.crop) return SHS_OK;
    shs_status status = h5_array_open(file, text->array, 0, true, &array, &whole);
    whole.type = constant->tensor.type; /* of packed numbers the values are cut */
    if (!status) status = data_pick_find(&text->view, array, &whole, &part, picked);
    if (!status && part) status = core_new(1, part->bytes, "a constant field", &left);
    if (!status && part) {
        io_part_cut(part, constant->tensor.data, 1, left);
        core_free(&constant->tensor.data);
        constant->tensor.data = left;
        for (uint32_t axis = 0; axis < part->axes; axis++)
            constant->tensor.shape[axis] = part->axis[axis].count;
    }
    data_pick_free(&part);
    h5_array_close(&array);
    return status;
}

static shs_status read_one(struct h5_file *file, const char *path,
                           const struct data_constant_text *text,
                           const struct data_constants_how *opened, struct data_constant *constant)
{
    const struct data_field_how how = {.single = true, .packing = true, .cf = opened->cf};
    struct data_field field;
    shs_status status = data_field_open(file, path, text->array, &how, &field);
    if (status) return status;
    if (!opened->unchecked) status = data_field_find_checksums(file, path, SIZE_MAX, &field);
    if (!status) status = read_rows(&field, &constant->tensor.data);
    if (!status) {
        void *data = constant->tensor.data;
        constant->tensor = shape_of(&field);
        constant->tensor.data = data;
        constant->rows = field.rows;
        constant->unpacked = field.unpack;
        constant->packing = field.packing;
        field.packing = NULL;
        status = core_wrap(cut(file, text, constant), "%s: dataset %s", path, text->array);
    }
    data_field_close(&field);
    constant->tensor.name = text->name;
    if (!status) status = shs_tensor_bytes(&constant->tensor, &constant->bytes);
    return status;
}

/* ---- All files. */

/* Refuses a constant that is stored alike and means something else. */
static shs_status compare_packing(const struct data_constant *first,
                                  const struct data_constant *other,
                                  const struct data_constant_text *text, const char *path,
                                  const char *first_path)
{
    if (other->unpacked) return SHS_OK;
    return h5_packing_compare(&(struct h5_packed){path, text->array, other->packing},
                              &(struct h5_packed){first_path, text->array, first->packing},
                              DATA_PACKING_ADVICE);
}

static shs_status compare(const struct data_constant *first, const struct data_constant *other,
                          const char *path, const char *first_path)
{
    const shs_tensor *one = &first->tensor, *two = &other->tensor;
    bool alike = one->type == two->type && one->axes == two->axes &&
                 !memcmp(one->shape, two->shape, one->axes * sizeof *one->shape);
    if (alike && !memcmp(one->data, two->data, first->bytes)) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: constant field %s has %s than in %s; it must be the same in all files: "
                     "leave this file out, or give the field as rows",
                     path, one->name, alike ? "other values" : "another type or shape", first_path);
}

static shs_status read_file(const struct data_sample *sample, const struct io_paths *paths,
                            size_t number, const struct data_constants_how *how,
                            struct data_constants *constants)
{
    struct h5_file *file;
    const char *path = paths->path[number];
    shs_status status = h5_open(path, &file);
    for (size_t c = 0; c < constants->count && !status; c++) {
        struct data_constant *first = &constants->constant[c], other = {0};
        struct data_constant *now = number ? &other : first;
        status = read_one(file, path, &sample->constant[c], how, now);
        if (!status && number) status = compare(first, now, path, paths->path[0]);
        if (!status && number)
            status = compare_packing(first, now, &sample->constant[c], path, paths->path[0]);
        core_free(&other.tensor.data);
        core_free(&other.packing);
    }
    h5_close(&file);
    return status;
}

shs_status data_constants_read(const struct data_sample *sample, const struct io_paths *paths,
                               const struct data_constants_how *how,
                               struct data_constants *constants)
{
    shs_status status = SHS_OK;
    *constants = (struct data_constants){.count = sample->n_constants};
    for (size_t i = 0; i < paths->count && constants->count && !status; i++)
        status = io_paths_wrap(paths, i, read_file(sample, paths, i, how, constants));
    return status;
}

static void free_one(struct data_constant *constant)
{
    core_free(&constant->tensor.data);
    core_free(&constant->packing);
    *constant = (struct data_constant){0};
}

void data_constants_free(struct data_constants *constants)
{
    for (size_t c = 0; c < constants->count; c++)
        free_one(&constants->constant[c]);
    *constants = (struct data_constants){0};
}

/* ---- In an index. */

static void pack_one(struct data_pack *pack, const struct data_constant_text *text,
                     const struct data_constant *constant)
{
    data_pack_text(pack, text->array);
    data_pack_text(pack, text->view.select);
    data_pack_text(pack, text->view.crop);
    data_pack_number(pack, constant->rows);
    data_pack_number(pack, constant->unpacked);
    data_index_packing_pack(pack, constant->packing);
    data_pack_struct(pack, &constant->tensor, sizeof constant->tensor);
    data_pack_number(pack, constant->bytes);
    data_pack_bytes(pack, constant->tensor.data, constant->bytes);
}

void data_constants_pack(struct data_pack *pack, const struct data_sample *sample,
                         const struct data_constants *constants)
{
    data_pack_number(pack, constants->count);
    for (size_t c = 0; c < constants->count; c++)
        pack_one(pack, &sample->constant[c], &constants->constant[c]);
}

static shs_status unpack_text(struct data_unpack *unpack, struct data_constant_text *text)
{
    shs_status status = data_unpack_text(unpack, &text->array);
    if (!status) status = data_unpack_text(unpack, &text->view.select);
    if (!status) status = data_unpack_text(unpack, &text->view.crop);
    text->view.constant = true;
    return status || text->array
               ? status
               : core_fail(SHS_ERROR_FORMAT, "a constant field of the index has no name");
}

static shs_status unpack_tensor(struct data_unpack *unpack, struct data_constant *constant)
{
    uint64_t bytes = 0, unpacked = 0;
    shs_tensor *tensor = &constant->tensor;
    shs_status status = data_unpack_number(unpack, &constant->rows);
    if (!status) status = data_unpack_number(unpack, &unpacked);
    if (!status) status = data_index_packing_unpack(unpack, &constant->packing);
    if (!status) status = data_unpack_struct(unpack, tensor, sizeof *tensor);
    tensor->name = NULL;
    tensor->data = NULL;
    constant->unpacked = unpacked != 0;
    if (!status) status = data_unpack_number(unpack, &bytes);
    if (!status && tensor->axes <= SHS_MAX_AXES)
        status = shs_tensor_bytes(tensor, &constant->bytes);
    if (!status && (tensor->axes > SHS_MAX_AXES || constant->bytes != bytes))
        status = core_fail(SHS_ERROR_FORMAT, "a constant field of the index contradicts itself");
    if (status) return status;
    return data_unpack_array(unpack, bytes, 1, "a constant field", &tensor->data);
}

/* Takes a constant, as the first of the sample's that it is and that is not there yet. */
static shs_status unpack_one(struct data_unpack *unpack, const struct data_sample *sample,
                             struct data_constants *constants)
{
    struct data_constant_text text = {0};
    struct data_constant constant = {0};
    shs_status status = unpack_text(unpack, &text);
    if (!status) status = unpack_tensor(unpack, &constant);
    for (size_t c = 0; c < sample->n_constants && !status; c++) {
        const struct data_constant_text *wanted = &sample->constant[c];
        if (constants->constant[c].tensor.data || strcmp(wanted->array, text.array) != 0 ||
            !data_view_is_same(&wanted->view, &text.view))
            continue;
        constants->constant[c] = constant;
        constants->constant[c].tensor.name = wanted->name;
        constant = (struct data_constant){0};
        break;
    }
    free_one(&constant);
    core_free(&text.array);
    data_view_free(&text.view);
    return status;
}

shs_status data_constants_unpack(struct data_unpack *unpack, const struct data_sample *sample,
                                 struct data_constants *constants, bool *all)
{
    uint64_t count;
    *constants = (struct data_constants){.count = sample->n_constants};
    shs_status status = data_unpack_number(unpack, &count);
    for (; !status && count; count--)
        status = unpack_one(unpack, sample, constants);
    *all = !status;
    for (size_t c = 0; c < constants->count; c++)
        *all = *all && constants->constant[c].tensor.data;
    return status;
}

/* ---- Words. */

void data_constant_describe(const struct data_constant_text *constant, struct core_text *text)
{
    core_text_add(text, "%s = %s(constant", constant->name, constant->array);
    if (constant->view.select) core_text_add(text, ", select=%s", constant->view.select);
    if (constant->view.crop) core_text_add(text, ", crop=%s", constant->view.crop);
    core_text_add(text, ")");
}
