/* shardstep info --fields: the fields of the samples that one file or several files make. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "cli_advice.h"
#include "cli_all_fields.h"
#include "cli_json.h"
#include "cli_layout.h"
#include "cli_packing.h"
#include "cli_text.h"
#include "core_memory.h"
#include "data_dataset.h"
#include "io_file.h"
#include "io_paths.h"
#include "mpi_job.h"

/* What is printed. */
struct samples {
    const shs_dataset *dataset;
    const shs_augment *augment;
    const struct data_field *arrays; /* of the first file, which speaks for the others */
    const struct load_advice *advice;
    uint64_t vranks;
};

/* ---- as text */

/* Returns true if what a field reads can be compared with checksums. With two axes there is one for
 * each trajectory: held arrays are read by whole trajectories, and so are windows as long. A part
 * of a row has none, unless rows are read whole for that. */
static bool is_checked(const shs_dataset *dataset, const struct data_part *part,
                       const struct data_field *field)
{
    if (data_field_has_chunk_sums(field)) return true;
    if (field->part) return field->compares_whole;
    bool whole = data_part_rows(part) >= field->series_rows && !data_part_reaches(part);
    return field->row_axes != 2 || whole || dataset->resident.holds[part->array];
}

/* Prints how rows are compared with checksums. */
static void print_checks(const shs_dataset *dataset, const struct data_part *part,
                         const struct data_field *field)
{
    if (!data_field_has_checksums(field)) return;
    if (field->compares_whole)
        printf("    rows are read whole, to be compared with their checksums, and then cut\n");
    else if (field->part && field->row_axes == 1)
        printf("    each chunk is compared with its own checksum, and rows are not with theirs\n");
    else if (!is_checked(dataset, part, field))
        printf("    not checked: its checksums are of whole trajectories\n");
}

/* Prints the way in which a field's array is read. The first file speaks for the others. */
static void print_way(const shs_dataset *dataset, const struct data_part *part,
                      const struct data_field *arrays)
{
    const struct data_field *field = &arrays[part->array];
    if (part->kind == DATA_LENGTH)
        printf("    rows of %s that are no padding\n", arrays[part->array].sample.name);
    else if (part->kind == DATA_MASK)
        printf("    1 where a row of %s is no padding\n", arrays[part->array].sample.name);
    else if (part->kind == DATA_VALID)
        printf("    1 where a number of %s is not missing\n", arrays[part->array].sample.name);
    else if (data_field_is_direct(field))
        printf("    read directly, by position%s%s\n", field->sources ? ", from its sources" : "",
               data_field_has_checksums(field) && is_checked(dataset, part, field) ? ", and checked"
                                                                                   : "");
    else
        printf("    read through HDF5: it is %s\n", field->reason);
    if (field->groups)
        printf("    %zu group%s in the first file, in natural order\n", field->n_groups,
               field->n_groups == 1 ? "" : "s");
    if (!data_part_is_beside(part)) print_checks(dataset, part, field);
    if (!data_part_is_beside(part) && dataset->resident.holds[part->array])
        printf("    its %s once they are read\n", part->kind == DATA_IMAGE
                                                      ? "images stay in memory, encoded,"
                                                      : "rows stay in memory, decoded,");
    if (data_part_is_run(part) && !dataset->offsets[part->offsets].all)
        printf("    offsets read as they are wanted: they are too many to be kept\n");
}

/* Prints what the members of a group get of a field. */
static void print_slab(const shs_dataset *dataset, size_t f)
{
    const struct data_slab *slab = &dataset->slab[f];
    uint64_t members = dataset->run->group;
    if (!slab->length) return;
    printf("    a member of a group gets %llu", (ull)(slab->length / members));
    if (slab->length % members) printf(" or %llu", (ull)(slab->length / members + 1));
    printf(" of %llu along axis %u of a sample\n", (ull)slab->length, slab->axis);
}

/* Prints the attributes, such as a scale, that give numbers another meaning. The first file speaks
 * for the others. */
static void print_packing(const struct data_field *field)
{
    struct core_text text = {0};
    cli_packing_add(field->packing, field->unpack, true, &text);
    if (text.length && !text.status) printf("    %s\n", text.bytes);
    core_text_free(&text);
}

static shs_status print_field(const struct samples *samples, size_t f)
{
    const shs_dataset *dataset = samples->dataset;
    const struct data_part *part = &dataset->what.part[f];
    struct core_text text = {0};
    char *line;
    if (data_part_is_own_row(&dataset->what, part))
        core_text_add(&text, "%s", part->name);
    else
        data_part_describe(&dataset->what, part, &text);
    core_text_add(&text, ": ");
    core_text_add_shape(&text, &dataset->sample[f]);
    if (dataset->sample[f].axes) core_text_add(&text, "\n    layout ");
    cli_layout_add(dataset, samples->augment, f, &text);
    shs_status status = core_text_take(&text, &line);
    if (status) return status;
    printf("%s\n", line);
    print_slab(dataset, f);
    if (!data_part_is_beside(part)) print_packing(&samples->arrays[part->array]);
    print_way(dataset, part, samples->arrays);
    core_free(&line);
    return SHS_OK;
}

static shs_status print_constant(const shs_dataset *dataset, size_t c)
{
    struct core_text text = {0};
    char *line;
    data_constant_describe(&dataset->what.constant[c], &text);
    core_text_add(&text, ": ");
    core_text_add_shape(&text, &dataset->constants.constant[c].tensor);
    shs_status status = core_text_take(&text, &line);
    if (status) return status;
    printf("%s\n    one copy a batch, which stays in memory\n", line);
    core_free(&line);
    return SHS_OK;
}

/* Compares files by device and inode, and then by their order in the dataset. */
static int compare_files(const void *a, const void *b)
{
    const struct data_file *left = *(const struct data_file *const *)a;
    const struct data_file *right = *(const struct data_file *const *)b;
    const struct io_identity *one = &left->identity, *other = &right->identity;
    if (one->device != other->device) return one->device < other->device ? -1 : 1;
    if (one->inode != other->inode) return one->inode < other->inode ? -1 : 1;
    return left < right ? -1 : left > right;
}

static bool is_same_file(const struct data_file *one, const struct data_file *other)
{
    return one->known && other->known && one->identity.device == other->identity.device &&
           one->identity.inode == other->identity.inode;
}

/* Names files that give no sample, and files that occur twice. */
static shs_status print_doubtful(const struct data_files *files)
{
    const struct data_file **sorted;
    size_t count = files->paths.count;
    shs_status status = core_new(count, sizeof *sorted, "files", &sorted);
    if (status) return status;
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &files->file[i];
        if (files->file[i + 1].first > files->file[i].first) continue;
        printf("    ");
        cli_print_text(stdout, files->paths.path[i]);
        printf(files->joined ? " gives no sample: none begins in it\n"
               : files->kept.first_window
                   ? " gives no sample: it has too few rows that are valid\n"
                   : " gives no sample: it has fewer rows than a sample needs\n");
    }
    qsort(sorted, count, sizeof *sorted, compare_files);
    for (size_t i = 1; i < count; i++) {
        if (!is_same_file(sorted[i - 1], sorted[i])) continue;
        printf("    ");
        cli_print_text(stdout, files->paths.path[sorted[i] - files->file]);
        printf(" is the same file as ");
        cli_print_text(stdout, files->paths.path[sorted[i - 1] - files->file]);
        printf(": its samples occur once more\n");
    }
    core_free(&sorted);
    return SHS_OK;
}

static void print_samples(const shs_dataset *dataset, uint64_t vranks)
{
    const struct io_paths *paths = &dataset->files.paths;
    printf("%llu samples in %zu file%s: %s", (ull)dataset->samples, paths->count,
           paths->count == 1 ? "" : "s", paths->path[0]);
    if (paths->count > 1) printf(" to %s", paths->path[paths->count - 1]);
    printf("\n");
    if (dataset->files.kept.first_window)
        printf("    those of %llu windows whose rows are all valid\n",
               (ull)dataset->files.kept.first_window[paths->count]);
    if (!vranks) return;
    printf("    a virtual rank of %llu: %llu", (ull)vranks, (ull)(dataset->samples / vranks));
    if (dataset->samples % vranks) printf(" or %llu", (ull)(dataset->samples / vranks + 1));
    printf(" an epoch\n");
}

static shs_status print_text(const struct samples *samples)
{
    const shs_dataset *dataset = samples->dataset;
    print_samples(dataset, samples->vranks);
    shs_status status = print_doubtful(&dataset->files);
    for (size_t f = 0; f < dataset->n_fields && !status; f++)
        status = print_field(samples, f);
    for (size_t c = 0; c < dataset->constants.count && !status; c++)
        status = print_constant(dataset, c);
    return status ? status : cli_advice_print(stdout, "with shuffle full, ", samples->advice);
}

/* ---- as JSON */

static void json_spacing(const shs_dataset *dataset, size_t number)
{
    const struct data_spacing *spacing = &dataset->what.spacing[number];
    cli_json_u64("every", spacing->least);
    cli_json_u64("most_every", spacing->most);
    if (spacing->name) cli_json_text("every_name", spacing->name);
}

static void json_lead(const struct data_part *part)
{
    char lead[32];
    snprintf(lead, sizeof lead, "%s%llu", part->back ? "-" : "",
             (ull)(part->back ? part->back : part->lead));
    cli_json_number("lead", lead);
}

static void json_kind(const shs_dataset *dataset, const struct data_part *part)
{
    static const char *const kinds[] = {
        [DATA_ROW] = "row",       [DATA_WINDOW] = "window", [DATA_RAGGED] = "run",
        [DATA_LENGTH] = "length", [DATA_WHOLE] = "whole",   [DATA_IMAGE] = "image",
        [DATA_CSR] = "csr",       [DATA_MASK] = "mask",     [DATA_VALID] = "valid"};
    cli_json_text("kind", kinds[part->kind]);
    cli_json_text("dataset", dataset->what.array[part->array]);
    if (part->masks) cli_json_text("missing", "mask");
    const struct data_view *view = &dataset->what.view[part->array];
    if (view->row_axes == 2) cli_json_u64("axes", 2);
    if (view->select) cli_json_text("select", view->select);
    if (view->crop) cli_json_text("crop", view->crop);
    if (view->slab) cli_json_text("slab", view->slab);
    if (part->kind == DATA_WINDOW) {
        cli_json_u64("window", part->window);
        cli_json_u64("stride", part->stride);
        json_lead(part);
        if (part->every > 1 && !part->spacing) cli_json_u64("every", part->every);
        if (part->spacing) json_spacing(dataset, part->spacing - 1);
        if (part->pad) cli_json_text("pad", part->pad == DATA_PAD_EDGE ? "edge" : "zero");
        if (part->joins) cli_json_bool("series", true);
        if (part->valid) cli_json_text("valid", dataset->what.array[part->valid - 1]);
    }
    if (part->kind == DATA_CSR) {
        cli_json_text("group", part->group);
        cli_json_u64("width", part->width);
        if (part->columns.select) cli_json_text("select", part->columns.select);
        if (part->columns.crop) cli_json_text("crop", part->columns.crop);
    }
    if (!data_part_is_run(part) && part->kind != DATA_LENGTH) return;
    cli_json_text("offsets", dataset->what.array[part->offsets]);
    if (part->kind == DATA_RAGGED) cli_json_u64("most", part->most);
}

static void json_shape(const shs_tensor *tensor)
{
    cli_json_text("type", shs_type_name(tensor->type));
    cli_json_begin("shape", '[');
    for (uint32_t axis = 0; axis < tensor->axes; axis++)
        cli_json_u64(NULL, tensor->shape[axis]);
    cli_json_end(']');
}

static void json_constant(const shs_dataset *dataset, size_t c)
{
    const struct data_constant_text *constant = &dataset->what.constant[c];
    cli_json_begin(NULL, '{');
    cli_json_text("name", constant->name);
    json_shape(&dataset->constants.constant[c].tensor);
    cli_json_u64("bytes", dataset->constants.constant[c].bytes);
    cli_json_text("kind", "constant");
    cli_json_text("dataset", constant->array);
    if (constant->view.select) cli_json_text("select", constant->view.select);
    if (constant->view.crop) cli_json_text("crop", constant->view.crop);
    cli_json_end('}');
}

static void json_field(const struct samples *samples, size_t f)
{
    const shs_dataset *dataset = samples->dataset;
    const struct data_part *part = &dataset->what.part[f];
    const struct data_field *field = &samples->arrays[part->array];
    const shs_tensor *sample = &dataset->sample[f];
    cli_json_begin(NULL, '{');
    cli_json_text("name", part->name);
    json_shape(sample);
    cli_json_u64("bytes", dataset->sample_bytes[f]);
    cli_layout_json(samples->augment, f);
    json_kind(dataset, part);
    if (dataset->slab[f].length) {
        cli_json_u64("slab_axis", dataset->slab[f].axis);
        cli_json_u64("slab_length", dataset->slab[f].length);
    }
    if (field->groups) cli_json_u64("groups", field->n_groups);
    if (field->packing) cli_json_bool("unpacked", field->unpack);
    cli_json_bool("direct", data_field_is_direct(field));
    cli_json_text("reason", field->reason);
    cli_json_bool("compared", !field->uncompared);
    cli_json_bool("checksums", data_field_has_checksums(field));
    if (data_field_has_checksums(field) && !is_checked(dataset, part, field))
        cli_json_bool("checked", false);
    cli_json_bool("held", !data_part_is_beside(part) && dataset->resident.holds[part->array]);
    cli_json_end('}');
}

static void print_json(const struct samples *samples)
{
    const shs_dataset *dataset = samples->dataset;
    uint64_t vranks = samples->vranks;
    const struct io_paths *paths = &dataset->files.paths;
    cli_json_begin(NULL, '{');
    cli_json_text("file", paths->path[0]);
    cli_json_text("last_file", paths->path[paths->count - 1]);
    cli_json_u64("files", paths->count);
    cli_json_u64("samples", dataset->samples);
    if (dataset->files.kept.first_window)
        cli_json_u64("windows", dataset->files.kept.first_window[paths->count]);
    if (vranks) {
        cli_json_u64("shard_samples_least", dataset->samples / vranks);
        cli_json_u64("shard_samples_most",
                     dataset->samples / vranks + (dataset->samples % vranks != 0));
    }
    cli_json_begin("fields", '[');
    for (size_t f = 0; f < dataset->n_fields; f++)
        json_field(samples, f);
    for (size_t c = 0; c < dataset->constants.count; c++)
        json_constant(dataset, c);
    cli_json_end(']');
    cli_advice_json(samples->advice);
    cli_json_finish();
}

static shs_status print(const struct cli_arguments *arguments, shs_dataset *dataset)
{
    struct data_field *arrays;
    struct load_advice advice;
    shs_status status = cli_advise_default(dataset, &advice);
    if (!status) status = data_files_get(&dataset->files, 0, &arrays);
    if (status) return status;
    if (cli_given(arguments, "--sample")) return cli_print_location(arguments, dataset);
    shs_augment *augment = NULL;
    status = cli_layout_open(dataset, arguments->loader.augment, &augment);
    if (status) return status;
    const struct samples samples = {dataset, augment, arrays, &advice, arguments->vranks};
    if (arguments->json)
        print_json(&samples);
    else
        status = print_text(&samples);
    shs_augment_close(&augment);
    return status;
}

/* Opens a run for member 0 of a group, or for a rank that is alone. */
static shs_status open_run(const struct cli_arguments *arguments, shs_run **run)
{
    const shs_run_options options = {.group = arguments->group};
    if (arguments->group < 2) return mpi_job_open_alone(&options, run);
    return shs_open_ranks(0, (int)arguments->group, NULL, NULL, &options, run);
}

shs_status cli_print_samples(const struct cli_arguments *arguments)
{
    shs_run *run = NULL;
    shs_dataset *dataset = NULL;
    char *fields = NULL;
    shs_dataset_options how = cli_dataset_options(arguments);
    shs_status status = SHS_OK;
    if (!arguments->fields)
        status = cli_all_fields(arguments->plain[0], arguments->one_sample_a_file, &fields);
    if (!status) status = open_run(arguments, &run);
    if (!status)
        status = shs_dataset_open(run, arguments->plain[0],
                                  arguments->fields ? arguments->fields : fields, &how, &dataset);
    if (!status) status = print(arguments, dataset);
    core_free(&fields);
    shs_dataset_close(&dataset);
    shs_status closed = mpi_job_close(&run);
    return status ? status : closed;
}
