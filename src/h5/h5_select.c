#include "h5_select.h"

/* What a read takes: rows, and of each inner axis all or a range of indices. */
struct box {
    struct h5_array *array;
    const struct io_range *range[SHS_MAX_AXES]; /* NULL: all of an axis */
    bool begun;                                 /* true if some rows are selected */
};

/* Adds a block of rows to the selection: of `n[0]` indices of the first axis from at[0] on and,
 * with two leading axes, as many of the second. */
static herr_t add_block(struct box *box, const uint64_t at[2], const uint64_t n[2])
{
    const struct h5_array *array = box->array;
    hsize_t start[SHS_MAX_AXES], step[SHS_MAX_AXES], count[SHS_MAX_AXES];
    for (uint32_t axis = 0; axis < array->axes; axis++) {
        bool inner = axis >= array->row_axes;
        const struct io_range *range = inner ? box->range[axis - array->row_axes] : NULL;
        start[axis] = range ? range->begin : inner ? 0 : at[axis];
        count[axis] = range ? range->count : inner ? array->shape[axis] : n[axis];
        step[axis] = range ? range->step : 1;
    }
    H5S_seloper_t how = box->begun ? H5S_SELECT_OR : H5S_SELECT_SET;
    box->begun = true;
    return H5Sselect_hyperslab(array->file_space, how, start, step, count, NULL);
}

/* Adds rows of several series: the rest of the first series, whole series, and the beginning of the
 * last one. */
static herr_t add_series(struct box *box, uint64_t first, uint64_t count)
{
    uint64_t rows = box->array->shape[1];
    herr_t result = 0;
    while (count && result >= 0) {
        uint64_t at[2] = {first / rows, first % rows}, n[2] = {1, rows - first % rows};
        if (n[1] == rows && count >= rows) n[0] = count / rows;
        if (n[1] > count) n[1] = count;
        result = add_block(box, at, n);
        first += n[0] * n[1];
        count -= n[0] * n[1];
    }
    return result;
}

static herr_t add_run(struct box *box, uint64_t first, uint64_t count)
{
    if (box->array->axes == 0) return first || count != 1 ? -1 : 0;
    if (box->array->row_axes == 2) return add_series(box, first, count);
    return add_block(box, (uint64_t[]){first, 0}, (uint64_t[]){count, 0});
}

static herr_t select_rows(struct box *box, const struct h5_wanted *wanted)
{
    box->begun = false;
    if (!wanted->list) return add_run(box, wanted->first, wanted->count);
    herr_t result = 0;
    for (uint64_t i = 0; i < wanted->count && result >= 0; i++)
        result = add_run(box, wanted->list[i], 1);
    return result;
}

/* Reads what the box has of the rows. */
static herr_t read_box(struct box *box, const struct h5_wanted *wanted, hid_t memory_space,
                       void *rows)
{
    const struct h5_array *array = box->array;
    if (select_rows(box, wanted) < 0) return -1;
    return H5Dread(array->dataset, array->memory_type, memory_space, array->file_space,
                   array->transfer, rows);
}

/* Selects in memory where a box of a part belongs. */
static herr_t select_place(const struct box *box, const struct h5_wanted *wanted,
                           hid_t memory_space)
{
    hsize_t start[SHS_MAX_AXES] = {0}, count[SHS_MAX_AXES] = {wanted->count};
    uint32_t axes = box->array->axes - box->array->row_axes;
    for (uint32_t axis = 0; axis < axes; axis++) {
        start[1 + axis] = box->range[axis]->at;
        count[1 + axis] = box->range[axis]->count;
    }
    return H5Sselect_hyperslab(memory_space, H5S_SELECT_SET, start, NULL, count, NULL);
}

/* Moves on to the next box of a part. Returns false if there is none. */
static bool next_box(const struct io_part *part, uint32_t axes, size_t *index)
{
    for (uint32_t axis = axes; axis-- > 0; index[axis] = 0)
        if (++index[axis] < part->axis[axis].ranges) return true;
    return false;
}

/* Reads a part box by box, because a selection of HDF5 has an order of its own. */
static herr_t read_part(struct box *box, const struct h5_wanted *wanted, hid_t memory_space,
                        void *rows)
{
    const struct io_part *part = box->array->part;
    uint32_t axes = box->array->axes - box->array->row_axes;
    size_t index[SHS_MAX_AXES] = {0};
    herr_t result = 0;
    do {
        for (uint32_t axis = 0; axis < axes; axis++)
            box->range[axis] = &part->axis[axis].range[index[axis]];
        result = select_place(box, wanted, memory_space);
        if (result >= 0) result = read_box(box, wanted, memory_space, rows);
    } while (result >= 0 && next_box(part, axes, index));
    return result;
}

herr_t h5_read_selection(struct h5_array *array, const struct h5_wanted *wanted, void *rows)
{
    struct box box = {.array = array};
    bool own = wanted->count != 1 || array->part;
    hid_t memory_space = own ? h5_space_of_rows(array, wanted->count) : array->row_space;
    if (memory_space < 0) return -1;
    herr_t result = array->part ? read_part(&box, wanted, memory_space, rows)
                                : read_box(&box, wanted, memory_space, rows);
    if (own) H5Sclose(memory_space);
    return result;
}
