#include "data_files.h"

#include <string.h>

#include "core_memory.h"
#include "data_index.h"
#include "data_joined.h"
#include "data_open_file.h"
#include "data_short.h"
#include "data_sources.h"
#include "io_file.h"
#include "io_host.h"

enum {
    MOST_OPEN = 64
};

/* ---- Has a file changed? */

bool data_files_was_glanced_at(const struct data_files *files, size_t file)
{
    return files->file[file].glanced;
}

/* Counts the samples of an open file. *groups, which the caller releases, becomes its groups, if
 * some fields are windows of groups. */
static shs_status samples_of(const struct data_files *files, const struct data_open_file *open,
                             uint64_t *samples, uint64_t *a_series, struct data_groups *groups)
{
    *groups = (struct data_groups){0};
    *samples = 0; /* with windows that continue in the next file: not known yet */
    if (a_series) *a_series = DATA_ONE_SERIES;
    if (files->joined) return SHS_OK;
    if (files->groups)
        return core_wrap(data_groups_take(files->sample, open->arrays, groups, samples), "%s",
                         files->paths.path[open->number]);
    uint64_t rows[2 * SHS_MAX_FIELDS], series_rows[2 * SHS_MAX_FIELDS];
    for (size_t s = 0; s < files->sample->n_arrays; s++) {
        rows[s] = open->arrays[s].rows;
        series_rows[s] = open->arrays[s].series_rows;
    }
    const char *path = files->paths.path[open->number];
    shs_status status = data_sample_count(files->sample, rows, series_rows, samples, a_series);
    if (status == SHS_ERROR_FORMAT)
        data_short_tell(status, path, open->arrays, files->sample->n_arrays);
    return core_wrap(status, "%s", path);
}

/* Refuses a file that has other rows than it had, if windows continue in the next file. */
static shs_status compare_joined(const struct data_files *files, const struct data_open_file *open)
{
    uint64_t before = files->joined[open->number].rows;
    for (size_t s = 0; s < files->sample->n_arrays; s++)
        if (open->arrays[s].rows != before)
            return core_fail(SHS_ERROR_FILE,
                             "%s has changed since it was opened: it has %llu rows, not %llu; put "
                             "back the file that it was, and start again",
                             files->paths.path[open->number], (ull)open->arrays[s].rows,
                             (ull)before);
    return SHS_OK;
}

/* Returns true if an array has other series than when the file was first opened. Their rows would
 * then be counted otherwise, though there are as many samples. */
static bool has_other_series(const struct data_files *files, const struct data_open_file *open)
{
    for (size_t s = 0; files->series && !files->groups && s < files->sample->n_arrays; s++)
        if (data_files_series(files, open->number, s).rows != open->arrays[s].series_rows)
            return true;
    return false;
}

static shs_status compare_content(const struct data_files *files, const struct data_open_file *open)
{
    const struct data_file *file = &files->file[open->number];
    uint64_t samples = 0;
    struct data_groups groups;
    shs_status status = samples_of(files, open, &samples, NULL, &groups);
    if (!status && files->joined) status = compare_joined(files, open);
    if (status) return status;
    uint64_t before = data_files_windows(files, open->number);
    if (files->joined) samples = before;
    bool others = files->groups && !data_groups_are_same(&groups, &files->groups[open->number]);
    data_groups_free(&groups);
    if (samples == before && (others || has_other_series(files, open)))
        return core_fail(SHS_ERROR_FILE,
                         "%s has changed since it was opened: its trajectories have other lengths; "
                         "put back the file that it was, and start again",
                         files->paths.path[open->number]);
    if (samples != before)
        return core_fail(SHS_ERROR_FILE,
                         "%s has changed since it was opened: it has %llu samples, not %llu; put "
                         "back the file that it was, and start again",
                         files->paths.path[open->number], (ull)samples, (ull)before);
    if (!file->content || open->content == file->content) return SHS_OK;
    return core_fail(SHS_ERROR_FILE,
                     "%s has changed since it was opened: it has the same size, but other content; "
                     "put back the file that it was, and start again",
                     files->paths.path[open->number]);
}

/* Compares the content of a file of which only the time of its last change differs with what it
 * was. `now` identifies the file as it is. The file is closed and opened again, because HDF5 keeps
 * what it has read of a file until then. A fetch that holds the file goes on reading it by position
 * as it was opened. *bytes grows by what is read by position. */
static shs_status look_again(struct data_files *files, size_t number, const struct io_identity *now,
                             uint64_t *bytes)
{
    struct data_file *file = &files->file[number];
    const struct data_open_how how = {.look =
                                          file->content && data_files_was_glanced_at(files, number),
                                      .content = file->content != 0};
    struct data_open_file *open;
    if (file->open) data_open_file_close(files, file->open);
    shs_status status = data_open_file(files, number, &how, &open);
    if (status)
        return core_wrap(status, "looking again at %s, which was touched",
                         files->paths.path[number]);
    status = compare_content(files, open);
    *bytes += data_open_file_bytes(files, open);
    if (!status) file->identity = *now;
    data_open_file_release(files, open);
    return status;
}

/* Compares a file with what it was and, if it is open and `others` is true, also the other files
 * that hold rows of its fields. */
static shs_status compare(struct data_files *files, size_t number, bool others, uint64_t *bytes)
{
    struct data_file *file = &files->file[number];
    const struct data_open_file *open = file->open;
    struct io_identity now;
    bool touched = false, other_touched = false;
    const char *path = files->paths.path[number];
    shs_status status = io_identify_path(path, &now);
    if (!status) status = io_compare(path, &file->identity, &now, &touched);
    for (size_t s = 0; open && others && s < files->sample->n_arrays && !status; s++) {
        if (open->arrays[s].through)
            status = h5_array_check(open->arrays[s].through, &other_touched);
        else
            status = data_sources_check(open->arrays[s].sources, &other_touched);
        touched = touched || other_touched;
    }
    return status || !touched ? status : look_again(files, number, &now, bytes);
}

void data_files_suspect(struct data_files *files)
{
    files->round++;
}

shs_status data_files_check(struct data_files *files, uint32_t since)
{
    uint64_t bytes = 0; /* not added to a loader's counts */
    shs_status status = SHS_OK;
    for (size_t i = 0; i < files->paths.count && !status; i++)
        if (files->file[i].known && files->file[i].checked >= since)
            status = compare(files, i, true, &bytes);
    return status;
}

/* A file that HDF5 reads is compared each time it is wanted, because HDF5 does not report all bytes
 * that are missing. Once a round the other files that hold rows of its fields are compared too. A
 * closed file is compared before it is opened again, so that a change is reported as a change. A
 * file that was never open is not compared: HDF5 says more about what is wrong with it. */
static shs_status compare_if_due(struct data_files *files, size_t number, uint64_t *bytes)
{
    const struct data_file *file = &files->file[number];
    bool new_round = file->checked != files->round;
    bool is_read = file->open && !file->open->h5 && !file->open->late;
    if (!file->known || (is_read && !new_round)) return SHS_OK;
    return compare(files, number, new_round, bytes);
}

/* Opens a file unless it is open. It is compared first. */
static shs_status open_file(struct data_files *files, size_t number, uint64_t *bytes)
{
    struct data_file *file = &files->file[number];
    shs_status status = compare_if_due(files, number, bytes);
    if (!status && !file->open) {
        status = data_open_file_keep(files, number, false);
        if (!status) *bytes += data_open_file_bytes(files, file->open);
    } else if (file->open) {
        data_open_file_first(files, file->open);
    }
    if (!status) status = data_open_file_begin(files, number);
    if (!status) file->checked = files->round;
    return status;
}

shs_status data_files_get(struct data_files *files, size_t number, struct data_field **arrays)
{
    uint64_t bytes = 0;
    shs_status status = open_file(files, number, &bytes);
    if (!status) *arrays = files->file[number].open->arrays;
    return status;
}

const struct data_field *data_files_array(const struct data_open_file *open, size_t array)
{
    return &open->arrays[array];
}

shs_status data_files_hold(struct data_files *files, size_t number, struct data_held *held,
                           uint64_t *bytes)
{
    shs_status status = open_file(files, number, bytes);
    if (status) return status;
    struct data_open_file *open = files->file[number].open;
    data_open_file_hold(open);
    if (open->fetches++ == 0) files->n_held++;
    *held = (struct data_held){open, open->arrays};
    return SHS_OK;
}

bool data_files_has_room(const struct data_files *files, size_t file)
{
    const struct data_open_file *open = files->file[file].open;
    return (open && open->fetches) || files->n_held < files->most_open;
}

void data_files_give_back(struct data_files *files, struct data_held *held)
{
    if (--held->open->fetches == 0) files->n_held--;
    data_open_file_release(files, held->open);
    *held = (struct data_held){0};
}

/* ---- All files. */

static shs_status count_samples(struct data_files *files, const struct data_open_file *open)
{
    uint64_t samples, a_series;
    struct data_file *file = &files->file[open->number];
    for (size_t s = 0; s < files->sample->n_arrays; s++) {
        const struct data_field *array = &open->arrays[s];
        files->rows[s] += array->rows;
        files->members[s] |= array->dataset_bytes != 0;
        if (array->chunk_rows > files->chunk_rows[s]) files->chunk_rows[s] = array->chunk_rows;
        data_axes_join(array->axes, open->number == 0, files->axes[s]);
    }
    struct data_groups groups;
    shs_status status = samples_of(files, open, &samples, &a_series, &groups);
    if (files->groups) files->groups[open->number] = groups;
    if (!status && files->joined) status = data_joined_take(files, open->number, open->arrays);
    for (size_t s = 0; files->series && s < files->sample->n_arrays && !status; s++)
        files->series[data_files_key(files, open->number, s)] =
            (struct data_series){open->arrays[s].series_rows, a_series, NULL};
    if (!status && files->kept.first_window)
        status = core_wrap(data_kept_add(files->sample, open->number, open->arrays, samples,
                                         a_series, file->first, &files->kept, &samples),
                           "valid");
    if (!status && __builtin_add_overflow(file->first, samples, &file[1].first))
        status = core_fail(SHS_ERROR_FORMAT, "%s: more than 2^64 samples",
                           files->paths.path[open->number]);
    return status;
}

/* Takes what an open file tells about its samples. */
static shs_status take_file(struct data_files *files, struct data_open_file *open,
                            data_files_visit *visit, void *user)
{
    files->file[open->number].content = open->content;
    shs_status status = count_samples(files, open);
    return status ? status : visit(user, open->number, open->arrays);
}

/* Looks at a file. A file that can stay open stays open; of any other only the first and the last
 * row are read. */
static shs_status look_at(struct data_files *files, size_t number, data_files_visit *visit,
                          void *user, const struct io_witness *witness)
{
    const struct data_open_how glance = {.look = !files->thorough, .content = true};
    struct data_file *file = &files->file[number];
    struct data_open_file *open = NULL;
    bool stays = number < files->most_open;
    file->glanced = !stays && !files->thorough;
    shs_status status = stays ? data_open_file_keep(files, number, true)
                              : data_open_file(files, number, &glance, &open);
    if (status) return status;
    if (stays) open = file->open;
    status = take_file(files, open, visit, user);
    if (!status && files->pack && witness) data_index_add(files->pack, files, open, witness);
    if (!stays) data_open_file_release(files, open);
    return status;
}

/* Examines a file, and adds it to the index that is being made. */
static shs_status examine(struct data_files *files, size_t number, data_files_visit *visit,
                          void *user)
{
    struct io_witness witness = {0};
    shs_status status = data_open_file_before(files);
    if (!files->examined++) files->first_examined = number;
    files->is_own = true;
    if (status) return status;
    if (!files->pack) return look_at(files, number, visit, user, NULL);
    io_witness_begin(&witness);
    status = look_at(files, number, visit, user, &witness);
    io_witness_end();
    io_witness_free(&witness);
    return status ? status : files->pack->status;
}

/* Takes a file as an index describes it, if it is still as it was then. */
static shs_status take_indexed(struct data_files *files, size_t number, data_files_visit *visit,
                               void *user, bool *taken)
{
    struct data_open_file *open = NULL;
    struct data_file *file = &files->file[number];
    bool stays = number < files->most_open;
    shs_status status = SHS_OK;
    for (size_t i = 0; i < 2 && !open && !status; i++)
        if (files->index[i])
            status = data_open_file_indexed(files, number, files->index[i], stays, &open);
    *taken = open != NULL;
    if (status || !open) return status;
    if (files->pack) data_index_skip(files->pack);
    status = take_file(files, open, visit, user);
    data_open_file_rest(files, open);
    if (file->open != open) data_open_file_release(files, open);
    return status;
}

static shs_status look_at_each(struct data_files *files, size_t number, data_files_visit *visit,
                               void *user)
{
    bool taken;
    shs_status status = take_indexed(files, number, visit, user, &taken);
    if (status) return status;
    return taken ? SHS_OK : examine(files, number, visit, user);
}

/* Returns how many files can be open at a time. Each needs a descriptor for HDF5, one for each
 * field, and one for the checksums of each field. Half of the descriptors are left to others. */
static size_t most_open(const struct data_files *files)
{
    enum {
        RESERVED = 32
    };
    size_t each = files->sample->n_arrays * (files->unchecked ? 1 : 2) + 1;
    size_t allowed = io_files_allowed();
    size_t most = (allowed > (size_t)2 * RESERVED ? allowed - RESERVED : allowed / 2) / 2 / each;
    if (most > MOST_OPEN) most = MOST_OPEN;
    if (most > files->paths.count) most = files->paths.count;
    return most ? most : 1;
}

/* Returns how many sources of virtual arrays a file may have. */
static size_t most_sources(const struct data_files *files)
{
    size_t most = data_sources_allowed();
    return most > files->sample->n_arrays ? most : files->sample->n_arrays;
}

static void set_all_rows(struct data_files *files)
{
    for (size_t s = 0; s < files->sample->n_arrays; s++) {
        if (files->one_a_file &&
            !core_multiply(files->rows[s], files->paths.count, &files->rows[s]))
            files->rows[s] = UINT64_MAX;
        for (struct data_open_file *open = files->newest; open; open = open->older)
            data_field_tell(&open->arrays[s], open->arrays[s].key, files->rows[s]);
    }
}

static shs_status look_at_all(struct data_files *files, data_files_visit *visit, void *user)
{
    size_t n_look = files->one_a_file ? 1 : files->paths.count;
    shs_status status = SHS_OK;
    for (size_t i = 0; i < n_look && !status; i++)
        status = look_at_each(files, i, visit, user);
    for (size_t i = n_look; i < files->paths.count && !status; i++)
        files->file[i + 1].first = files->file[i].first + 1;
    if (!status && files->joined) status = data_joined_settle(files);
    if (!status) set_all_rows(files);
    return status;
}

shs_status data_files_open(const struct data_files_how *how, data_files_visit *visit, void *user,
                           struct data_files *files)
{
    *files = (struct data_files){.sample = how->sample,
                                 .one_a_file = how->one_a_file,
                                 .unchecked = how->unchecked,
                                 .map = how->map,
                                 .member = how->member,
                                 .cf = how->cf,
                                 .cache_bytes = how->cache_bytes,
                                 .index = {how->index[0], how->index[1]},
                                 .pack = how->pack,
                                 .thorough = how->thorough,
                                 .before = how->before,
                                 .before_user = how->before_user};
    shs_status status = io_paths_find(how->path, &files->paths);
    if (!status)
        status = core_new(files->paths.count + 1, sizeof *files->file, "files", &files->file);
    if (!status && data_sample_has_series(how->sample))
        status = core_new(files->paths.count * how->sample->n_arrays, sizeof *files->series,
                          "files", &files->series);
    if (!status) status = data_kept_open(how->sample, files->paths.count, &files->kept);
    if (!status && data_sample_joins(how->sample))
        status = core_new(files->paths.count, sizeof *files->joined, "files", &files->joined);
    if (!status && data_sample_has_groups(how->sample))
        status = core_new(files->paths.count, sizeof *files->groups, "files", &files->groups);
    if (status) return status;
    files->most_open = most_open(files);
    files->most_sources = most_sources(files);
    if (files->pack) data_index_begin(files->pack, files);
    status = look_at_all(files, visit, user);
    if (files->pack && !status) status = files->pack->status;
    files->pack = NULL;
    files->before = NULL;
    return status;
}

void data_files_close(struct data_files *files)
{
    while (files->n_open)
        data_open_file_close(files, files->oldest);
    for (size_t s = 0; files->sample && s < files->sample->n_arrays; s++)
        core_free(&files->packing[s]);
    core_free(&files->file);
    core_free(&files->series);
    core_free(&files->joined);
    data_kept_free(&files->kept);
    data_alike_free(&files->alike);
    for (size_t i = 0; files->groups && i < files->paths.count; i++)
        data_groups_free(&files->groups[i]);
    core_free(&files->groups);
    io_paths_free(&files->paths);
}

size_t data_files_of(const struct data_files *files, uint64_t sample)
{
    size_t low = 0, high = files->paths.count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(files->file[middle].first <= sample ? &low : &high) = middle;
    }
    return low;
}

struct data_series data_files_series(const struct data_files *files, size_t file, size_t array)
{
    if (files->groups)
        return (struct data_series){.samples = DATA_ONE_SERIES, .groups = &files->groups[file]};
    if (!files->series) return (struct data_series){.samples = DATA_ONE_SERIES};
    return files->series[data_files_key(files, file, array)];
}

struct data_stand data_files_stand(const struct data_files *files, const struct data_part *part,
                                   size_t file, uint64_t number)
{
    if (files->joined) return data_joined_stand(files, part, file, number);
    return data_stand_find(part, data_files_series(files, file, part->array), number);
}

/* Returns the number of a file's first window, or for the number of files that of all windows. */
static uint64_t first_window(const struct data_files *files, size_t file)
{
    return files->kept.first_window ? files->kept.first_window[file] : files->file[file].first;
}

uint64_t data_files_number(const struct data_files *files, size_t file, uint64_t sample)
{
    return data_kept_window(&files->kept, sample) - first_window(files, file);
}

struct data_window data_files_window(const struct data_files *files, uint64_t sample)
{
    size_t file = data_files_of(files, sample);
    uint64_t first = first_window(files, file), in_file = data_files_number(files, file, sample);
    struct data_window window = {first + in_file, first, first_window(files, file + 1)};
    if (files->joined) {
        window.first = files->file[files->joined[file].first].first;
        window.end = files->file[files->joined[file].end].first;
        return window;
    }
    uint64_t each = data_files_series(files, file, 0).samples; /* the same of all arrays */
    if (each >= window.end - window.first) return window;
    window.first += in_file - in_file % each;
    window.end = window.first + each;
    return window;
}

struct data_range data_files_samples(const struct data_files *files, size_t file,
                                     struct data_range windows)
{
    uint64_t begin = first_window(files, file) + windows.first;
    uint64_t first = data_kept_below(&files->kept, begin);
    return (struct data_range){first, data_kept_below(&files->kept, begin + windows.count) - first};
}

uint64_t data_files_windows(const struct data_files *files, size_t file)
{
    return first_window(files, file + 1) - first_window(files, file);
}

uint64_t data_files_key(const struct data_files *files, size_t file, size_t array)
{
    return (uint64_t)file * files->sample->n_arrays + array;
}

size_t data_files_of_key(const struct data_files *files, uint64_t key, size_t *array)
{
    key &= DATA_ARRAY_KEY;
    *array = (size_t)(key % files->sample->n_arrays);
    return (size_t)(key / files->sample->n_arrays);
}
