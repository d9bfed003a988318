#include "cli_replay_file.h"

#include <string.h>

#include "augment_record.h"
#include "core_memory.h"
#include "h5_file.h"
#include "h5_write.h"
#include "load.h"

static bool records_draws(const struct cli_replay_file *file)
{
    return file->loader->plan.what->n_spacings ||
           (file->loader->augment && augment_has_record(file->loader->augment));
}

/* ---- Names. */

/* Gives the path of a field from the root group on. Slashes and dots that mean nothing in the
 * field's name are left out. */
static shs_status path_of(const char *field, char **path)
{
    shs_status status = h5_normal_name(field, path);
    if (!status && **path == '/') memmove(*path, *path + 1, strlen(*path));
    return status;
}

/* Returns true if a path leads to or through an object. */
static bool is_at(const char *path, const char *object)
{
    size_t length = strlen(object);
    return !strncmp(path, object, length) && (!path[length] || path[length] == '/');
}

/* Compares a field's path with what else the file holds. */
static shs_status check_own(const struct cli_replay_file *file, const char *field, const char *path)
{
    bool draws = records_draws(file) && is_at(path, "draws");
    if (!*path)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "-o cannot write field %s, whose name is that of the root group; give it "
                         "another name, as in --fields x=DATASET",
                         field);
    if (file->worst && is_at(path, "places"))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "-o writes the places of the rows to places of the new file, where field "
                         "%s would lie; leave this field out by --fields",
                         field);
    if (!draws && !is_at(path, "index")) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "-o writes the %s of the batch to %s of the new file, where field %s would "
                     "lie; leave this field out by --fields",
                     draws ? "draws" : "row numbers", draws ? "draws" : "index", field);
}

/* Compares the paths of the fields with one another. */
static shs_status check_paths(const struct cli_replay_file *file, char *const *paths)
{
    const shs_tensor *field = file->batch->field;
    shs_status status = SHS_OK;
    for (size_t f = 0; f < file->batch->fields && !status; f++) {
        status = check_own(file, field[f].name, paths[f]);
        for (size_t g = 0; g < f && !status; g++)
            if (is_at(paths[f], paths[g]) || is_at(paths[g], paths[f]))
                status = core_fail(SHS_ERROR_ARGUMENT,
                                   "-o cannot write both field %s and field %s to one file: their "
                                   "names %s; give one of them another name, as in --fields "
                                   "x=DATASET, or leave it out",
                                   field[g].name, field[f].name,
                                   strcmp(paths[f], paths[g]) ? "make an array a group"
                                                              : "mean the same");
    }
    return status;
}

shs_status cli_replay_file_check(const struct cli_replay_file *file)
{
    char *paths[SHS_MAX_FIELDS] = {0};
    shs_status status = SHS_OK;
    for (size_t f = 0; f < file->batch->fields && !status; f++)
        status = path_of(file->batch->field[f].name, &paths[f]);
    if (!status) status = check_paths(file, paths);
    for (size_t f = 0; f < file->batch->fields; f++)
        core_free(&paths[f]);
    return status;
}

static shs_status write_array(struct h5_writer *writer, const char *name, const shs_tensor *tensor)
{
    static const struct h5_storage contiguous = {0};
    shs_status status = h5_create_array(writer, name, tensor, &contiguous);
    if (!status && tensor->shape[0]) status = h5_write_rows(writer, tensor->shape[0], tensor->data);
    return status;
}

/* ---- Draws. */

/* The group of an operator, for a field of its statement. */
struct group {
    struct h5_writer *writer;
    const shs_drawn *drawn;
    uint64_t rows;
    char *path;
};

/* Writes an array of the group. h5_write_rows() only reads the data. */
static shs_status write_member(const struct group *group, const char *name, const shs_tensor *shape,
                               const void *data, char **path)
{
    struct core_text text = {0};
    shs_tensor tensor = *shape;
    tensor.data = (void *)(uintptr_t)data;
    core_text_add(&text, "%s/%s", group->path, name);
    shs_status status = core_text_take(&text, path);
    return status ? status : write_array(group->writer, *path, &tensor);
}

static shs_status write_applied(const struct group *group)
{
    const shs_tensor shape = {.type = SHS_U8, .axes = 1, .shape = {group->rows}};
    uint8_t *applied;
    char *path = NULL;
    shs_status status = core_new(group->rows, sizeof *applied, "draws", &applied);
    for (uint64_t row = 0; row < group->rows && !status; row++)
        applied[row] = group->drawn->applied[row] == 1;
    if (!status) status = write_member(group, "applied", &shape, applied, &path);
    core_free(&path);
    core_free(&applied);
    return status;
}

static shs_status write_value(const struct group *group, const shs_drawn_value *value)
{
    const shs_tensor shape = {
        .type = SHS_F64, .axes = value->width == 1 ? 1 : 2, .shape = {group->rows, value->width}};
    char *path = NULL;
    shs_status status = write_member(group, value->name, &shape, value->numbers, &path);
    if (!status) status = h5_write_label(group->writer, path, "unit", value->unit);
    core_free(&path);
    return status;
}

static shs_status write_drawn(struct h5_writer *writer, const shs_drawn *drawn, uint64_t rows,
                              size_t f)
{
    struct group group = {.writer = writer, .drawn = drawn, .rows = rows};
    struct core_text text = {0};
    char *path;
    shs_status status = path_of(drawn->field[f], &path);
    if (status) return status;
    core_text_add(&text, "draws/%s/%zu_%s", path, drawn->place, drawn->name);
    core_free(&path);
    status = core_text_take(&text, &group.path);
    if (!status) status = write_applied(&group);
    for (size_t v = 0; v < drawn->n_values && !status; v++)
        status = write_value(&group, &drawn->values[v]);
    if (!status) status = h5_write_label(writer, group.path, "text", drawn->text);
    if (!status) status = h5_write_label(writer, group.path, "layout", drawn->layout[f]);
    core_free(&group.path);
    return status;
}

static shs_status write_every(struct h5_writer *writer, const shs_drawn_every *every, uint64_t rows)
{
    const shs_tensor tensor = {.type = SHS_U64,
                               .axes = 1,
                               .shape = {rows},
                               .data = (void *)(uintptr_t)every->every}; /* it is only read */
    struct core_text text = {0};
    char *path;
    shs_status status = path_of(every->name, &path);
    if (status) return status;
    core_text_add(&text, "draws/%s/every", path);
    core_free(&path);
    status = core_text_take(&text, &path);
    if (!status) status = write_array(writer, path, &tensor);
    core_free(&path);
    return status;
}

static shs_status write_draws(struct h5_writer *writer, const struct cli_replay_file *file)
{
    shs_draws *own = NULL;
    const shs_draws *draws = file->draws;
    shs_status status = SHS_OK;
    if (!draws) status = shs_batch_draws(file->loader, file->batch, &own);
    if (!draws) draws = own;
    for (size_t i = 0; !status && i < draws->n_every; i++)
        status = write_every(writer, &draws->every[i], draws->rows);
    for (size_t o = 0; !status && o < draws->n_operators; o++)
        for (size_t f = 0; f < draws->operators[o].fields && !status; f++)
            status = write_drawn(writer, &draws->operators[o], draws->rows, f);
    shs_draws_close(&own);
    return status;
}

/* ---- The place. */

static shs_status write_augmentation(struct h5_writer *writer, const shs_loader *loader)
{
    bool by_sample = loader->plan.augment_by == SHS_BY_SAMPLE;
    struct core_text text = {0};
    char *words;
    augment_print(loader->augment, &text);
    shs_status status = core_text_take(&text, &words);
    if (!status) status = h5_write_label(writer, "/", "augment", words);
    if (!status) status = h5_write_label(writer, "/", "augment_by", by_sample ? "sample" : "rank");
    core_free(&words);
    return status;
}

/* Writes a member of the place of each row. */
static shs_status write_member_of_places(struct h5_writer *writer, const char *name,
                                         const struct cli_worst *worst, size_t offset,
                                         shs_type type)
{
    shs_tensor tensor = {.type = type, .axes = 1, .shape = {worst->count}};
    struct core_text path = {0};
    char *bytes;
    const size_t size = sizeof(uint64_t); /* that of a double, too */
    shs_status status = core_new(worst->count, size, "places", &bytes);
    if (status) return status;
    for (uint64_t i = 0; i < worst->count; i++)
        memcpy(bytes + i * size, (const char *)&worst->row[i] + offset, size);
    tensor.data = bytes;
    core_text_add(&path, "places/%s", name);
    status = path.status;
    if (!status) status = write_array(writer, path.bytes, &tensor);
    core_text_free(&path);
    core_free(&bytes);
    return status;
}

static shs_status write_places(struct h5_writer *writer, const struct cli_worst *worst)
{
    static const struct {
        const char *name;
        size_t offset;
        shs_type type;
    } members[] = {{"epoch", offsetof(struct cli_worst_row, epoch), SHS_U64},
                   {"epoch_step", offsetof(struct cli_worst_row, noted.epoch_step), SHS_U64},
                   {"step", offsetof(struct cli_worst_row, noted.step), SHS_U64},
                   {"vrank", offsetof(struct cli_worst_row, noted.vrank), SHS_U64},
                   {"slot", offsetof(struct cli_worst_row, noted.slot), SHS_U64},
                   {"loss", offsetof(struct cli_worst_row, noted.loss), SHS_F64}};
    shs_status status = SHS_OK;
    for (size_t i = 0; i < sizeof members / sizeof *members && !status; i++)
        status = write_member_of_places(writer, members[i].name, worst, members[i].offset,
                                        members[i].type);
    return status;
}

static shs_status write_place(struct h5_writer *writer, const struct cli_replay_file *file)
{
    const shs_batch *batch = file->batch;
    const struct {
        const char *name;
        uint64_t number;
    } numbers[] = {{"seed", batch->seed},
                   {"stream", file->loader->plan.stream},
                   {"vranks", file->loader->dataset->run->vranks},
                   /* the rest is of one batch */
                   {"vrank", batch->vrank},
                   {"epoch", batch->epoch},
                   {"epoch_step", batch->epoch_step},
                   {"step", batch->step},
                   {"count", batch->count}};
    const size_t of_run = 3, of_batch = sizeof numbers / sizeof *numbers;
    shs_status status = SHS_OK;
    if (!file->worst) status = h5_write_label(writer, "/", "hash", file->hash);
    for (size_t i = 0; i < (file->worst ? of_run : of_batch) && !status; i++)
        status = h5_write_number(writer, "/", numbers[i].name, numbers[i].number);
    return status ? status : write_augmentation(writer, file->loader);
}

/* ---- The file. */

static shs_status write_field(struct h5_writer *writer, const shs_tensor *field)
{
    char *path;
    shs_tensor array = *field;
    if (!array.axes) array.shape[array.axes++] = 1; /* a constant that is a single number */
    shs_status status = path_of(field->name, &path);
    if (!status) status = write_array(writer, path, &array);
    core_free(&path);
    return status;
}

static shs_status write_all(struct h5_writer *writer, const struct cli_replay_file *file)
{
    const shs_batch *batch = file->batch;
    const shs_tensor index = {.type = SHS_U64,
                              .axes = 1,
                              .shape = {batch->rows},
                              .data = (void *)(uintptr_t)batch->index}; /* it is only read */
    shs_status status = write_array(writer, "index", &index);
    for (size_t f = 0; f < batch->fields && !status; f++)
        status = write_field(writer, &batch->field[f]);
    if (!status) status = write_place(writer, file);
    if (!status && file->worst) status = write_places(writer, file->worst);
    return status || !records_draws(file) ? status : write_draws(writer, file);
}

shs_status cli_replay_file_write(const struct cli_replay_file *file, const char *path)
{
    struct h5_writer *writer;
    shs_status status = h5_create(path, &writer);
    if (status) return status;
    status = write_all(writer, file);
    if (!status) return h5_finish(&writer);
    h5_abandon(&writer);
    return status;
}
