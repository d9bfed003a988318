#include "data_csr.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "data_pick.h"

/* ---- The text. */

static const char form[] = "csr";

bool data_csr_is_text(const char *text)
{
    const char *open = strchr(text, '(');
    size_t length = sizeof form - 1, spaces;
    spaces = strspn(text, " \t\n");
    if (!open || strncmp(text + spaces, form, length) != 0) return false;
    text += spaces + length;
    if (text + strspn(text, " \t\n") != open) return false;
    return !memchr(open + 1, '=', strcspn(open + 1, ",)"));
}

static shs_status wrong(const char *what)
{
    return core_fail(SHS_ERROR_ARGUMENT,
                     "%s; the form is csr(GROUP, width=COLUMNS), or csr(GROUP) where the group has "
                     "a shape",
                     what);
}

/* Takes what stands behind the form: nothing, or values in parentheses. */
static shs_status take_values(char *rest, struct data_csr_text *csr)
{
    size_t length = strlen(rest);
    if (!length) return SHS_OK;
    if (*rest != '(' || strcspn(rest, ")") != length - 1 || strchr(rest + 1, '('))
        return wrong("behind csr(…) may stand select and crop, in parentheses of their own");
    rest[length - 1] = '\0';
    csr->values = rest + 1;
    return SHS_OK;
}

shs_status data_csr_split(char *text, struct data_csr_text *csr)
{
    char *open = strchr(text, '('), *close = strchr(text, ')');
    *csr = (struct data_csr_text){0};
    if (!close) return wrong("there is no ')' behind 'csr('");
    *close = '\0';
    shs_status status = take_values(core_trim(close + 1), csr);
    char *comma = strchr(open + 1, ','), *equals = comma ? strchr(comma, '=') : NULL;
    csr->group = open + 1;
    if (!status && comma) {
        if (!equals) return wrong("behind the group stands width=COLUMNS");
        *comma = *equals = '\0';
        csr->width = core_trim(equals + 1);
        if (strcmp(core_trim(comma + 1), "width") != 0)
            return wrong("behind the group stands width=COLUMNS and nothing else");
    }
    csr->group = core_trim(csr->group);
    if (!status && !*csr->group) return wrong("csr() has no name of a group");
    return status;
}

/* ---- What a group says. */

static shs_status check_encoding(const char *path, const struct data_part *part,
                                 const struct h5_sparse *sparse)
{
    const char *is = sparse->encoding;
    if (sparse->is_array)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: %s is a dataset, not the group of a sparse matrix; take it as it is: "
                         "%s=%s",
                         path, part->group, part->name, part->group);
    if (!*is || !strcmp(is, "csr_matrix") || !strcmp(is, "csr")) return SHS_OK;
    if (!strncmp(is, "csc", 3))
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "%s: group %s is a %s: it keeps each column together, so a row lies all "
                         "over it; write it as rows first, in Python by X.tocsr()",
                         path, part->group, is);
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "%s: group %s is a '%s' by its attribute; csr() reads a csr_matrix", path,
                     part->group, is);
}

shs_status data_csr_look(struct h5_file *file, const char *path, const struct data_part *part,
                         struct h5_sparse *sparse)
{
    shs_status status = h5_sparse_read(file, part->group, sparse);
    return status ? status : check_encoding(path, part, sparse);
}

shs_status data_csr_width(const char *path, const struct data_part *part,
                          const struct h5_sparse *sparse, uint64_t *width)
{
    *width = sparse->has_shape ? sparse->shape[1] : part->width;
    if (!*width)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "%s: group %s has no attribute that gives its shape; give the number of "
                         "columns: %s=csr(%s, width=COLUMNS)",
                         path, part->group, part->name, part->group);
    if (!part->width || part->width == *width) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "%s: group %s has %llu columns by its shape, but width is %llu; leave width "
                     "out",
                     path, part->group, (ull)*width, (ull)part->width);
}

/* ---- The arrays. */

static shs_status check_axes(const struct data_part *part, const struct data_field *field,
                             bool whole_numbers)
{
    if (!field->sample.axes && (!whole_numbers || field->sample.type <= SHS_I64)) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: dataset %s cannot be that of the sparse matrix %s: it must be %s along "
                     "one axis",
                     field->path, field->sample.name, part->group,
                     whole_numbers ? "whole numbers" : "numbers");
}

shs_status data_csr_check(const struct data_part *part, const struct data_field *arrays,
                          const struct h5_sparse *sparse)
{
    const struct data_field *values = &arrays[part->array], *indices = &arrays[part->indices];
    const struct data_field *offsets = &arrays[part->offsets];
    shs_status status = check_axes(part, values, false);
    if (!status) status = check_axes(part, indices, true);
    if (status) return status;
    if (values->rows != indices->rows)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: the sparse matrix %s contradicts itself: %s has %llu entries and %s "
                         "has %llu; the file is damaged, get it anew",
                         values->path, part->group, values->sample.name, (ull)values->rows,
                         indices->sample.name, (ull)indices->rows);
    if (!sparse->has_shape || offsets->rows == sparse->shape[0] + 1) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: the sparse matrix %s contradicts itself: it has %llu rows by its shape, "
                     "but %s has %llu numbers, not %llu; the file is damaged, get it anew",
                     values->path, part->group, (ull)sparse->shape[0], offsets->sample.name,
                     (ull)offsets->rows, (ull)sparse->shape[0] + 1);
}

shs_status data_csr_check_offsets(const struct data_part *part, const struct data_field *arrays,
                                  const struct data_offsets *offsets)
{
    const struct data_field *field = &arrays[part->offsets], *values = &arrays[part->array];
    if (!offsets->first && offsets->last == values->rows) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: dataset %s goes from %llu to %llu, but the %llu entries of %s begin at 0 "
                     "and end at %llu; write the matrix anew",
                     field->path, field->sample.name, (ull)offsets->first, (ull)offsets->last,
                     (ull)values->rows, values->sample.name, (ull)values->rows);
}

/* ---- The columns. */

static shs_status make_places(const struct io_part_axis *axis, struct data_columns *columns)
{
    uint64_t at = 0;
    shs_status status =
        core_new((size_t)columns->width, sizeof *columns->place, "columns", &columns->place);
    if (status) return status;
    for (uint64_t i = 0; i < columns->width; i++)
        columns->place[i] = DATA_NO_COLUMN;
    for (size_t r = 0; r < axis->ranges; r++)
        for (uint64_t k = 0; k < axis->range[r].count; k++)
            columns->place[axis->range[r].begin + k * axis->range[r].step] = at++;
    return SHS_OK;
}

shs_status data_columns_find(const struct data_part *part, uint64_t width,
                             struct data_columns *columns)
{
    struct io_part *taken;
    char picked[DATA_PICKED_BYTES];
    const shs_tensor matrix = {.type = SHS_U8, .axes = 2, .shape = {1, width}};
    *columns = (struct data_columns){.width = width, .taken = width};
    shs_status status = data_pick_find(&part->columns, NULL, &matrix, &taken, picked);
    if (!status && taken) {
        columns->taken = taken->axis[0].count;
        status = make_places(&taken->axis[0], columns);
    }
    data_pick_free(&taken);
    return core_wrap(status, "field %s", part->name);
}

void data_columns_free(struct data_columns *columns)
{
    core_free(&columns->place);
}
