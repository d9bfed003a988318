#include "load_pushdown.h"

#include <stdio.h>
#include <string.h>

#include "core_text.h"
#include "data_sources.h"
#include "fetch_box.h"

/* ---- The file. */

/* Returns the field's array in the first file that is open; NULL if none is. */
static const struct data_field *array_of(const shs_dataset *dataset, size_t f)
{
    for (size_t i = 0; i < dataset->files.paths.count; i++)
        if (dataset->files.file[i].open)
            return data_files_array(dataset->files.file[i].open, dataset->what.part[f].array);
    return NULL;
}

/* Returns how many chunks have some of `count` neighbouring positions of an axis, on the average.
 */
static double chunks_along(uint64_t count, uint64_t chunk, uint64_t length)
{
    double chunks = (double)(count - 1) / (double)chunk + 1;
    uint64_t all = (length - 1) / chunk + 1;
    return chunks < (double)all ? chunks : (double)all;
}

/* What a sample takes: chunks that are decoded, or elements. */
struct taken {
    double box, whole;
};

/* Counts what a box and a whole sample take. Windows of a batch are taken to share no chunks. */
static struct taken count_taken(const shs_dataset *dataset, size_t f, const uint64_t *size,
                                const struct data_field *field)
{
    const shs_tensor *sample = &dataset->sample[f];
    const struct io_layout *layout =
        field && field->direct ? io_reader_layout(field->direct) : NULL;
    enum data_kind kind = dataset->what.part[f].kind;
    bool rows = kind == DATA_ROW || kind == DATA_WINDOW || kind == DATA_WHOLE; /* of the array */
    bool decodes = rows && layout && layout->chunked && layout->pipeline.count && !field->part;
    uint32_t before = field ? field->row_axes : 1; /* axes of the array before those of a sample */
    struct taken taken = {1, 1};
    if (dataset->what.part[f].kind != DATA_ROW) before--;
    for (uint32_t axis = 0; axis < sample->axes; axis++) {
        uint64_t length = sample->shape[axis], chunk = decodes ? layout->chunk[before + axis] : 1;
        taken.box *= chunks_along(size[axis], chunk, length);
        taken.whole *= chunks_along(length, chunk, length);
    }
    return taken;
}

/* ---- The decision. */

static bool cuts_rows_only(const shs_dataset *dataset, size_t f, const bool *cuts)
{
    const shs_tensor *sample = &dataset->sample[f];
    for (uint32_t axis = dataset->what.part[f].kind != DATA_ROW; axis < sample->axes; axis++)
        if (cuts[axis]) return false;
    return true;
}

/* Returns true if a sample has all rows of a series, which are compared with the series's checksum.
 * A series of which a part is taken is not compared. */
static bool compares_series(const struct data_part *part, const struct data_field *field)
{
    bool summed = field->direct && io_layout_is_summed(io_reader_layout(field->direct));
    return field->row_axes == 2 && data_field_has_checksums(field) && !field->part && !summed &&
           part->kind == DATA_WINDOW && part->window >= field->series_rows;
}

/* The same of a field of images: those that are not resized may be decoded in part. */
static const char *why_whole_images(const shs_dataset *dataset, size_t f, const bool *cuts)
{
    enum data_fit fit = dataset->what.part[f].image.fit;
    if (fit == DATA_FIT_RESIZE || fit == DATA_FIT_COVER) return "its images are resized";
    if (dataset->sample[f].axes == 3 && cuts[2]) return "channels of its images are cut";
    return NULL;
}

/* Returns why whole samples of a field that is cut first are read all the same; NULL: boxes may be
 * read. */
static const char *why_whole(const shs_dataset *dataset, size_t f, const bool *cuts,
                             const struct data_field *field)
{
    const struct data_part *part = &dataset->what.part[f];
    if (part->kind == DATA_RAGGED || part->kind == DATA_LENGTH) return "its samples are ragged";
    if (part->kind == DATA_MASK || part->kind == DATA_VALID) return "no rows are read for it";
    if (part->pad) return "its samples are padded";
    if (part->masks) return "a mask tells of all its elements";
    if (part->joins) return "its samples continue in the next file";
    if (part->kind == DATA_CSR) return "its samples are rows of a sparse matrix";
    if (part->kind == DATA_IMAGE) return why_whole_images(dataset, f, cuts);
    if (dataset->slab[f].length) return "the members of a group share its samples";
    if (dataset->resident.holds[part->array]) return "its rows are held decoded in memory";
    if (!field) return "no file is open yet";
    if (dataset->files.members[part->array]) return "its elements are members of a compound";
    if (!data_sources_are_alike(field->sources))
        return "the datasets that its array is of have rows of another shape";
    if (part->kind == DATA_WHOLE && (field->row_axes == 2 || field->is_single))
        return "its samples are whole arrays along two axes";
    if ((field->sums_whole && !cuts_rows_only(dataset, f, cuts)) || compares_series(part, field))
        return "rows are compared whole: they have checksums, but their chunks have none; import "
               "the file anew, or set unchecked";
    return NULL;
}

/* Returns true if boxes are worth while: they save a quarter. */
static bool is_worth(const struct taken *taken)
{
    return 4 * taken->box <= 3 * taken->whole;
}

/* Decides for a field that is cut first. */
static void decide(const shs_dataset *dataset, size_t f, const shs_loader_options *options,
                   struct load_pushdown *pushdown)
{
    struct augment_needs_of *needs = &pushdown->needs[f];
    const struct data_field *field = array_of(dataset, f);
    const char *why = why_whole(dataset, f, needs->cuts, field);
    const struct taken taken = count_taken(dataset, f, needs->size, field);
    if (options->failures.nan) why = "failures.nan looks at whole samples";
    if (options->failures.damage)
        why = "failures.damage replaces samples that are damaged anywhere";
    if (!why && options->pushdown == SHS_PUSHDOWN_AUTO && !is_worth(&taken))
        why = "the crop keeps most of what must be read";
    if (options->pushdown == SHS_PUSHDOWN_OFF) why = "the option pushdown is off";
    pushdown->boxed[f] = !why;
    if (why) snprintf(needs->why, sizeof needs->why, "%s", why);
    pushdown->any |= !why;
}

void load_pushdown_open(const shs_dataset *dataset, const shs_augment *augment,
                        const shs_loader_options *options, struct load_pushdown *pushdown)
{
    *pushdown = (struct load_pushdown){0};
    for (size_t f = 0; f < dataset->n_fields; f++) {
        struct augment_needs_of *needs = &pushdown->needs[f];
        augment_find_needs(augment, f, needs);
        if (!needs->cut) continue;
        pushdown->bytes[f] = (size_t)needs->elements * shs_type_size(dataset->sample[f].type);
        decide(dataset, f, options, pushdown);
    }
}

void load_pushdown_describe(const shs_dataset *dataset, const struct load_pushdown *pushdown,
                            struct core_text *text)
{
    for (size_t f = 0; f < dataset->n_fields; f++) {
        const struct augment_needs_of *needs = &pushdown->needs[f];
        const char *name = dataset->sample[f].name;
        size_t whole = dataset->sample_bytes[f] / shs_type_size(dataset->sample[f].type);
        if (pushdown->boxed[f])
            core_text_add(text,
                          "push-down: of %s only what %s keeps is %s, at most %llu of the %zu "
                          "elements of a sample\n",
                          name, needs->crop,
                          dataset->what.part[f].kind == DATA_IMAGE ? "decoded" : "read",
                          (ull)needs->elements, whole);
        else if (needs->crops)
            core_text_add(text, "no push-down: whole samples of %s are read: %s\n", name,
                          needs->why);
    }
}

/* ---- A stand-in. */

void load_pushdown_stand_in(const shs_dataset *dataset, size_t f, const void *elements,
                            const struct core_box *box, void *sample)
{
    const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15); /* 2^64 by the golden ratio, odd */
    size_t size = shs_type_size(dataset->sample[f].type);
    uint64_t count = fetch_box_elements(box, 0, dataset->sample[f].axes);
    for (uint64_t i = 0; i < dataset->sample_bytes[f] / size; i++) {
        uint64_t mixed = (i + 1) * golden;
        mixed = (mixed ^ mixed >> 29) * golden;
        memcpy((char *)sample + i * size, (const char *)elements + (mixed >> 32) % count * size,
               size);
    }
}
