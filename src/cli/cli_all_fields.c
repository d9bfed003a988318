#include "cli_all_fields.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "data_decode.h"
#include "h5_file.h"
#include "io_crc32c.h"
#include "io_paths.h"

shs_status cli_first_file(const char *path, char **first, size_t *count)
{
    struct io_paths paths;
    *first = NULL;
    shs_status status = io_paths_find(path, &paths);
    if (!status) status = core_copy(paths.path[0], first);
    *count = paths.count;
    io_paths_free(&paths);
    return status;
}

bool cli_is_field(const struct h5_about *about)
{
    return about->plain && about->axes >= 1 && about->axes <= SHS_MAX_AXES;
}

shs_status cli_find_checksums(struct h5_file *file, const char *name, bool *are)
{
    char *field;
    *are = false;
    size_t suffix = io_crc32c_suffix(name);
    if (!suffix) return SHS_OK;
    shs_status status = core_copy(name, &field);
    if (status) return status;
    field[strlen(name) - suffix] = '\0';
    *are = h5_has(file, field);
    core_free(&field);
    return SHS_OK;
}

struct listing {
    struct h5_file *file;
    char *path;
    bool singles;             /* datasets of a single number are fields, too */
    struct core_text *fields; /* the names so far, separated by commas */
};

/* Returns true for an array whose rows have no elements, from which nothing can be loaded. */
static bool has_empty_rows(const struct h5_about *about)
{
    for (uint32_t axis = 1; axis < about->axes; axis++)
        if (!about->shape[axis]) return true;
    return false;
}

/* Refuses an array of which a row is no sample: NAME.offsets lies beside it, and says where its
 * samples begin. */
static shs_status check_offsets(const struct listing *listing, const char *name,
                                const struct h5_about *about)
{
    struct core_text text = {0};
    struct h5_about offsets;
    char *beside;
    core_text_add(&text, "%s" DATA_OFFSETS_SUFFIX, name);
    shs_status status = core_text_take(&text, &beside);
    if (status) return status;
    bool found = !listing->singles && h5_has(listing->file, beside);
    if (found) status = h5_describe(listing->file, beside, &offsets);
    if (!status && found && cli_is_field(&offsets) && offsets.shape[0] != about->shape[0])
        status = core_fail(SHS_ERROR_ARGUMENT,
                           "%s: a row of dataset %s is no sample, since %s lies beside it; give "
                           "--fields: for images that import has kept --encoded 'x=decode(%s, "
                           "size=256)', else 'x=%s(offsets=%s)'",
                           listing->path, name, beside, name, name, beside);
    core_free(&beside);
    return status;
}

static shs_status add_field(const char *name, void *user)
{
    struct listing *listing = user;
    struct h5_about about;
    bool are_checksums;
    shs_status status = cli_find_checksums(listing->file, name, &are_checksums);
    if (status || are_checksums) return status;
    status = h5_describe(listing->file, name, &about);
    if (status || !(cli_is_field(&about) || (listing->singles && about.plain && !about.axes)))
        return status;
    if (has_empty_rows(&about)) return SHS_OK;
    status = about.axes ? check_offsets(listing, name, &about) : SHS_OK;
    if (status) return status;
    if (strpbrk(name, ",=();:"))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "%s: dataset '%s' has a name that cannot be a field's by itself; give "
                         "--fields: those that are wanted, without it or, if the name has none of "
                         ", ( ) in it, as ALIAS=NAME",
                         listing->path, name);
    core_text_add(listing->fields, "%s%s", listing->fields->length ? "," : "", name);
    return listing->fields->status;
}

shs_status cli_all_fields(const char *path, bool one_sample_a_file, char **fields)
{
    struct core_text text = {0};
    struct listing listing = {.fields = &text, .singles = one_sample_a_file};
    size_t files;
    shs_status status = cli_first_file(path, &listing.path, &files);
    if (!status) status = h5_open(listing.path, &listing.file);
    if (!status) status = h5_list(listing.file, add_field, &listing);
    if (!status && !text.length)
        status = core_fail(SHS_ERROR_FORMAT, "%s holds no array of plain numbers", listing.path);
    h5_close(&listing.file);
    core_free(&listing.path);
    if (!status) return core_text_take(&text, fields);
    core_text_free(&text);
    return status;
}
