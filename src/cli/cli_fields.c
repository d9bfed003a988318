#include "cli_fields.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "h5_origins.h"
#include "io_crc32c.h"

/* True if two names are equal, or if one is a group in which the other lies. */
static bool collide(const char *a, const char *b)
{
    size_t length = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    return !strncmp(a, b, length) && (!a[length] || a[length] == '/') &&
           (!b[length] || b[length] == '/');
}

/* Refuses names that HDF5 would refuse later, when the file has been begun. */
static shs_status check_name(const struct cli_fields *fields, const struct cli_field *field)
{
    const char *name = field->name;
    if (*name == '/' || name[strlen(name) - 1] == '/' || strstr(name, "//"))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "'%s' is no name of a field: it has a '/' with no name beside it", name);
    if (io_crc32c_suffix(name))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "names that end in %s belong to checksums; choose another one",
                         name + strlen(name) - io_crc32c_suffix(name));
    if (core_ends_in(name, H5_ORIGIN) || core_ends_in(name, H5_ORIGIN_ROW))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "names that end in " H5_ORIGIN " and " H5_ORIGIN_ROW
                         " belong to the names of files that rows come from; choose another one");
    for (const struct cli_field *other = fields->field; other < field; other++)
        if (collide(other->name, name))
            return core_fail(SHS_ERROR_ARGUMENT,
                             "there is a field %s already, beside which there cannot be a field "
                             "%s; choose another name",
                             other->name, name);
    return SHS_OK;
}

/* Reads the options that hold for all origins. */
static shs_status read_options(const struct cli_arguments *arguments,
                               struct import_origin_options *options)
{
    int type = -1, heading = -1;
    shs_status status = SHS_OK;
    if (arguments->type)
        status =
            cli_word("--type", arguments->type, "u8 u16 u32 u64 i8 i16 i32 i64 f16 f32 f64", &type);
    if (!status && arguments->heading)
        status = cli_word("--heading", arguments->heading, "yes no", &heading);
    *options = (struct import_origin_options){.type = (shs_type)(type + 1),
                                              .encoded = arguments->encoded,
                                              .heading = (enum import_heading)(heading + 1)};
    return status;
}

static shs_status open_field(struct cli_fields *fields, const struct import_origin_options *options,
                             const char *argument, const char *name, size_t length)
{
    struct cli_field *field = &fields->field[fields->count++];
    field->argument = argument;
    shs_status status = core_copy(name, &field->name);
    if (status) return status;
    field->name[length] = '\0';
    status = check_name(fields, field);
    if (status) return status;
    return import_origin_open(strchr(argument, '=') + 1, options, &field->origin);
}

/* Opens the origin of an argument NAME=ORIGIN, or both origins of IMAGES,LABELS=FOLDER. */
static shs_status open_argument(struct cli_fields *fields, struct import_origin_options *options,
                                const char *argument)
{
    size_t length = strcspn(argument, "="), first = strcspn(argument, ",=");
    bool two = first < length;
    if (!first || !argument[length] || !argument[length + 1] ||
        (two && (first + 1 == length || memchr(argument + first + 1, ',', length - first - 1))))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "'%s' is not NAME=ORIGIN, such as train/images=images.idx.gz, nor "
                         "IMAGES,LABELS=FOLDER",
                         argument);
    options->labels = false;
    shs_status status = open_field(fields, options, argument, argument, first);
    options->labels = true;
    if (!status && two)
        status = open_field(fields, options, argument, argument + first + 1, length - first - 1);
    return core_wrap(status, "importing %s", argument);
}

/* ---- fields of a group */

/* The length of the group in a name; 0 for the root. */
static size_t group_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? (size_t)(slash - name) : 0;
}

/* The first field of a field's group; with `folder` the first of them whose origin is a folder.
 * Returns the field itself if no such field comes before it. */
static struct cli_field *first_of_group(struct cli_fields *fields, struct cli_field *field,
                                        bool folder)
{
    struct cli_field *first = fields->field;
    size_t length = group_of(field->name);
    while (first < field &&
           (group_of(first->name) != length || strncmp(first->name, field->name, length) != 0 ||
            (folder && !import_origin_is_folder(first->origin))))
        first++;
    return first;
}

static shs_status check_rows(const struct cli_field *first, const struct cli_field *field)
{
    uint64_t rows = import_origin_shape(first->origin)->shape[0];
    uint64_t others = import_origin_shape(field->origin)->shape[0];
    if (rows == others) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "%s has %llu rows and %s %llu, in one group; rows of a group belong together: "
                     "mend the files, choose another group (GROUP/NAME), or say --any-rows",
                     first->name, (ull)rows, field->name, (ull)others);
}

static shs_status check_groups(struct cli_fields *fields)
{
    shs_status status = SHS_OK;
    for (size_t i = 1; i < fields->count && !status; i++) {
        struct cli_field *field = &fields->field[i];
        struct cli_field *folder = first_of_group(fields, field, true);
        if (import_origin_is_folder(field->origin) && folder != field)
            status = core_wrap(import_origin_pair(folder->origin, field->origin), "importing %s",
                               field->argument);
        if (!status) status = check_rows(first_of_group(fields, field, false), field);
    }
    return status;
}

static shs_status share_classes(struct cli_fields *fields)
{
    struct import_origin *origins[2 * CLI_MAX_PLAIN];
    for (size_t i = 0; i < fields->count; i++)
        origins[i] = fields->field[i].origin;
    return import_origin_share_classes(origins, fields->count);
}

/* Refuses --encoded without images that it could be for. */
static shs_status check_encoded(const struct cli_arguments *arguments,
                                const struct cli_fields *fields)
{
    if (!arguments->encoded) return SHS_OK;
    for (size_t i = 0; i < fields->count; i++)
        if (import_origin_is_encoded(fields->field[i].origin)) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "--encoded keeps the images of folders as they are, and none of the origins "
                     "is a folder of images; leave it out");
}

shs_status cli_open_fields(const struct cli_arguments *arguments, struct cli_fields *fields)
{
    struct import_origin_options options;
    shs_status status = read_options(arguments, &options);
    for (size_t i = 1; i < arguments->n_plain && !status; i++)
        status = open_argument(fields, &options, arguments->plain[i]);
    if (!status) status = check_encoded(arguments, fields);
    if (!status && !arguments->any_rows) status = check_groups(fields);
    return status ? status : share_classes(fields);
}

void cli_close_fields(struct cli_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        import_origin_close(&fields->field[i].origin);
        core_free(&fields->field[i].name);
    }
}

/* Prints an assumption about a field's origin, unless it was printed for an earlier field. */
static void print_note(const struct cli_fields *fields, size_t number)
{
    const char *note = import_origin_note(fields->field[number].origin);
    for (size_t i = 0; i < number && note; i++) {
        const char *before = import_origin_note(fields->field[i].origin);
        if (before && !strcmp(before, note)) note = NULL;
    }
    if (note) printf("%s\n", note);
}

void cli_print_notes(const struct cli_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        print_note(fields, i);
}
