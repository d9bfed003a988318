#include "data_index.h"

#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "data_index_field.h"
#include "data_index_head.h"

/* An array of the index. */
struct array {
    char *name;
    struct data_view view;
    bool takes_values; /* data_sample_takes_values() */
    size_t number;     /* among the arrays of the files; SIZE_MAX: none of them */
};

struct entry {
    char *path;       /* of the file when it was examined; NULL for an empty entry */
    const char *name; /* without folders */
    size_t number;    /* among the files of the index */
    struct data_unpack rest;
};

struct data_index {
    struct data_pack pack;
    struct array *array;
    size_t arrays;
    bool one_a_file, unchecked, cf, packed;
    /* True if the only entry may describe a file of another name. The index was made while the
     * files were open, and messages do not name it. */
    bool any_name;
    struct data_unpack constants;
    struct entry *entry; /* sorted by name */
    size_t entries;
};

/* ---- opening */

static shs_status check_head(const struct data_pack *pack, bool *packed)
{
    const struct data_index_head own = data_index_head_of_this();
    struct data_index_head head;
    struct core_digest digest = {{0}};
    if (pack->length < sizeof head || memcmp(pack->bytes, own.mark, sizeof own.mark) != 0)
        return core_fail(SHS_ERROR_FORMAT, "it is no index; make one with `shardstep index`");
    memcpy(&head, pack->bytes, sizeof head);
    if (head.byte_order != own.byte_order || head.version != own.version ||
        head.field_bytes != own.field_bytes || head.layout_bytes != own.layout_bytes ||
        head.part_bytes != own.part_bytes)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "this index was made by another version of the library or on another kind "
                         "of machine; make it anew with `shardstep index`");
    if (head.bytes != pack->length)
        return core_fail(SHS_ERROR_FORMAT,
                         "the index has %zu bytes, not %llu: it is not complete; make it anew with "
                         "`shardstep index`",
                         pack->length, (ull)head.bytes);
    *packed = head.packed != 0;
    shs_status status = data_index_digest(pack, &digest);
    if (!status && memcmp(digest.bytes, head.digest.bytes, sizeof digest.bytes) != 0)
        status = core_fail(SHS_ERROR_FORMAT,
                           "the index is damaged: its bytes do not have its checksum; make it anew "
                           "with `shardstep index`");
    return status;
}

static shs_status read_array(struct data_unpack *unpack, struct array *array)
{
    uint64_t takes_values = 0, row_axes = 0, runs = 0;
    shs_status status = data_unpack_text(unpack, &array->name);
    if (!status) status = data_unpack_number(unpack, &takes_values);
    if (!status) status = data_unpack_number(unpack, &row_axes);
    if (!status) status = data_unpack_number(unpack, &runs);
    if (!status) status = data_unpack_text(unpack, &array->view.slab);
    if (!status) status = data_unpack_text(unpack, &array->view.select);
    if (!status) status = data_unpack_text(unpack, &array->view.crop);
    array->takes_values = takes_values != 0;
    array->view.row_axes = (uint32_t)row_axes;
    array->view.runs = (enum data_runs)runs;
    if (status || array->name) return status;
    return core_fail(SHS_ERROR_FORMAT, "the index contradicts itself");
}

static shs_status read_arrays(struct data_unpack *unpack, struct data_index *index)
{
    uint64_t one_a_file, unchecked = 0, cf = 0, arrays = 0;
    shs_status status = data_unpack_number(unpack, &one_a_file);
    if (!status) status = data_unpack_number(unpack, &unchecked);
    if (!status) status = data_unpack_number(unpack, &cf);
    if (!status) status = data_unpack_number(unpack, &arrays);
    if (!status && arrays > (uint64_t)2 * SHS_MAX_FIELDS)
        status = core_fail(SHS_ERROR_FORMAT, "the index contradicts itself");
    if (!status) status = core_new((size_t)arrays, sizeof *index->array, "arrays", &index->array);
    if (status) return status;
    index->arrays = (size_t)arrays;
    index->one_a_file = one_a_file != 0;
    index->unchecked = unchecked != 0;
    index->cf = cf != 0;
    for (size_t i = 0; i < index->arrays && !status; i++)
        status = read_array(unpack, &index->array[i]);
    return status;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    if (order) return order;
    return a->number < b->number ? -1 : a->number > b->number;
}

static shs_status read_entry(struct data_unpack *unpack, struct entry *entry)
{
    uint64_t bytes;
    shs_status status = data_unpack_number(unpack, &bytes);
    entry->name = "";
    if (status || !bytes) return status;
    if (bytes > unpack->left) return core_fail(SHS_ERROR_FORMAT, "the index contradicts itself");
    entry->rest = (struct data_unpack){unpack->at, (size_t)bytes};
    unpack->at += bytes;
    unpack->left -= bytes;
    status = data_unpack_text(&entry->rest, &entry->path);
    if (!status && entry->path) entry->name = name_of(entry->path);
    return status;
}

static shs_status read_entries(struct data_unpack *unpack, struct data_index *index)
{
    uint64_t entries;
    shs_status status = data_unpack_number(unpack, &entries);
    if (!status && entries > unpack->left / sizeof entries)
        status = core_fail(SHS_ERROR_FORMAT, "the index contradicts itself");
    if (!status) status = core_new((size_t)entries, sizeof *index->entry, "files", &index->entry);
    if (status) return status;
    index->entries = (size_t)entries;
    for (size_t i = 0; i < index->entries; i++) {
        index->entry[i].number = i;
        index->entry[i].name = "";
    }
    for (size_t i = 0; i < index->entries && !status; i++)
        status = read_entry(unpack, &index->entry[i]);
    qsort(index->entry, index->entries, sizeof *index->entry, compare_entries);
    return status;
}

shs_status data_index_open(struct data_pack *pack, struct data_index **index)
{
    shs_status status = core_new(1, sizeof **index, "an index", index);
    if (status) {
        data_pack_free(pack);
        return status;
    }
    (*index)->pack = *pack;
    *pack = (struct data_pack){0};
    status = check_head(&(*index)->pack, &(*index)->packed);
    struct data_unpack unpack = {(*index)->pack.bytes + sizeof(struct data_index_head),
                                 (*index)->pack.length - sizeof(struct data_index_head)};
    if (!status) status = read_arrays(&unpack, *index);
    if (!status) status = read_entries(&unpack, *index);
    (*index)->constants = unpack;
    if (status) data_index_close(index);
    return status;
}

void data_index_close(struct data_index **index)
{
    if (!*index) return;
    for (size_t i = 0; i < (*index)->arrays; i++) {
        core_free(&(*index)->array[i].name);
        data_view_free(&(*index)->array[i].view);
    }
    for (size_t i = 0; i < (*index)->entries; i++)
        core_free(&(*index)->entry[i].path);
    core_free(&(*index)->array);
    core_free(&(*index)->entry);
    data_pack_free(&(*index)->pack);
    core_free(index);
}

/* ---- use */

static shs_status match_array(struct data_index *index, const struct data_sample *sample, size_t s)
{
    bool named = false;
    for (size_t i = 0; i < index->arrays; i++) {
        struct array *array = &index->array[i];
        bool is_named = !strcmp(array->name, sample->array[s]);
        named |= is_named;
        if (!is_named || array->number != SIZE_MAX) continue;
        if (!data_view_is_same(&array->view, &sample->view[s])) continue;
        /* numbers are unpacked where they are values, and not where they are offsets */
        if (index->packed && index->cf &&
            array->takes_values != data_sample_takes_values(sample, s))
            continue;
        array->number = s;
        return SHS_OK;
    }
    return core_fail(SHS_ERROR_ARGUMENT,
                     "the index has no dataset %s%s; make it anew with `shardstep index` and "
                     "--fields",
                     sample->array[s],
                     named ? " with what the fields take of it (axes, select, crop)" : "");
}

shs_status data_index_match(struct data_index *index, const struct data_files_how *how)
{
    shs_status status = SHS_OK;
    const char *other = NULL;
    if (index->one_a_file != how->one_a_file) other = "one_sample_a_file";
    if (index->unchecked != how->unchecked) other = "unchecked";
    if (index->packed && index->cf != how->cf) other = "cf";
    if (other)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "the index was made with other options: %s; give the same, or make it "
                         "anew with `shardstep index`",
                         other);
    for (size_t i = 0; i < index->arrays; i++)
        index->array[i].number = SIZE_MAX;
    for (size_t s = 0; s < how->sample->n_arrays && !status; s++)
        status = match_array(index, how->sample, s);
    return status;
}

void data_index_name_any(struct data_index *index)
{
    index->any_name = true;
}

size_t data_index_arrays(const struct data_index *index)
{
    return index->arrays;
}

static bool has_name(const struct data_index *index, size_t i, const char *name)
{
    return i < index->entries && !strcmp(index->entry[i].name, name);
}

/* Finds the entry of a file: that of the same name, without folders, and with the same number among
 * the files, or the only one of the name. A single file may have another name. Returns NULL if
 * there is none. */
static const struct entry *find_entry(const struct data_index *index,
                                      const struct data_files *files, size_t number)
{
    const struct entry wanted = {.name = name_of(files->paths.path[number]), .number = number};
    size_t low = 0, high = index->entries;
    if (index->entries == 1 && (index->any_name || files->paths.count == 1)) return index->entry;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_entries(&index->entry[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (has_name(index, low, wanted.name) && index->entry[low].number == number)
        return &index->entry[low];
    bool before = low > 0 && has_name(index, low - 1, wanted.name);
    bool here = has_name(index, low, wanted.name);
    if (before == here) return NULL;
    size_t only = before ? low - 1 : low;
    bool more = before ? only > 0 && has_name(index, only - 1, wanted.name)
                       : has_name(index, only + 1, wanted.name);
    return more ? NULL : &index->entry[only];
}

/* What an entry tells about the files that were read. */
struct seen {
    struct io_identity identity;
    bool glanced, compared, partial;
    bool others;      /* true if other files were read, too */
    bool others_same; /* true if they are as they were */
    struct io_extent *read;
    uint64_t reads;
    struct core_digest digest;
    struct data_unpack rest;
};

/* Takes another file that was read, and compares it with what it is. */
static shs_status look_at_other(struct seen *seen)
{
    struct io_identity then, now;
    char *path;
    shs_status status = data_unpack_text(&seen->rest, &path);
    if (!status) status = data_unpack_bytes(&seen->rest, &then, sizeof then);
    if (!status && (!path || io_identify_path(path, &now) || memcmp(&then, &now, sizeof now) != 0))
        seen->others_same = false;
    core_free(&path);
    return status;
}

static shs_status read_seen(const struct entry *entry, struct seen *seen)
{
    uint64_t glanced = 0, compared = 0, others = 0, partial = 0;
    *seen = (struct seen){.others_same = true, .rest = entry->rest};
    struct data_unpack *rest = &seen->rest;
    shs_status status = data_unpack_bytes(rest, &seen->identity, sizeof seen->identity);
    if (!status) status = data_unpack_number(rest, &glanced);
    if (!status) status = data_unpack_number(rest, &compared);
    if (!status) status = data_unpack_number(rest, &others);
    seen->glanced = glanced != 0;
    seen->compared = compared != 0;
    seen->others = others != 0;
    for (; others && !status; others--)
        status = look_at_other(seen);
    if (!status) status = data_unpack_number(rest, &partial);
    if (!status) status = data_unpack_number(rest, &seen->reads);
    seen->partial = partial != 0;
    if (!status)
        status = data_unpack_array(rest, seen->reads, sizeof *seen->read, "reads", &seen->read);
    if (!status) status = data_unpack_bytes(rest, seen->digest.bytes, sizeof seen->digest.bytes);
    return status;
}

/* Finds whether an entry is that of a file. */
static shs_status compare(const struct seen *seen, const char *path, const struct io_identity *now,
                          bool *fits)
{
    const struct io_identity *then = &seen->identity;
    struct io_identity after;
    *fits = false;
    if (!memcmp(then, now, sizeof *now)) {
        *fits = seen->others_same;
        return SHS_OK;
    }
    bool is_other = then->device != now->device || then->inode != now->inode;
    if (then->bytes != now->bytes || !is_other || seen->partial || seen->others) return SHS_OK;
    shs_status status =
        io_witness_compare(path, seen->read, (size_t)seen->reads, &seen->digest, fits);
    if (status || !*fits) return status;
    status = io_identify_path(path, &after);
    *fits = !status && !memcmp(&after, now, sizeof after);
    return status;
}

shs_status data_index_find(const struct data_index *index, const struct data_files *files,
                           size_t number, struct data_index_file *file, bool *fits)
{
    const char *path = files->paths.path[number];
    const struct entry *entry = find_entry(index, files, number);
    struct io_identity now;
    struct seen seen;
    *fits = false;
    /* a file that cannot be looked at is opened, which tells what is wrong */
    if (!entry || !entry->path || io_identify_path(path, &now)) return SHS_OK;
    shs_status status = read_seen(entry, &seen);
    if (!status) status = compare(&seen, path, &now, fits);
    core_free(&seen.read);
    if (!status)
        *file = (struct data_index_file){.identity = now,
                                         .is_copy = memcmp(&now, &seen.identity, sizeof now) != 0,
                                         .glanced = seen.glanced,
                                         .compared = seen.compared,
                                         .arrays = seen.rest};
    return index->any_name ? status : core_wrap(status, "%s: the index", path);
}

shs_status data_index_constants(const struct data_index *index, const struct data_sample *sample,
                                struct data_constants *constants, bool *found)
{
    struct data_unpack unpack = index->constants;
    return data_constants_unpack(&unpack, sample, constants, found);
}

size_t data_index_files(const struct data_index *index, size_t *described)
{
    *described = 0;
    for (size_t i = 0; i < index->entries; i++)
        *described += index->entry[i].path != NULL;
    return index->entries;
}

size_t data_index_array_number(const struct data_index *index, size_t array)
{
    return index->array[array].number;
}

shs_status data_index_take(const char *path, struct data_index_file *file, struct data_field *field,
                           bool *needs_hdf5)
{
    return core_wrap(
        data_index_field_unpack(&file->arrays, path, &file->identity, field, needs_hdf5),
        "%s: the index", path);
}
