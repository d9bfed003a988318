#include "data_open.h"

#include "data_index.h"
#include "data_index_share.h"
#include "io_probe.h"

/* What is opened. */
struct opening {
    shs_dataset *dataset;
    const char *fields;
    struct data_files_how how;
};

/* Returns this rank's place in its group. A process that tries a file out has no run. */
static struct data_member member_of(const shs_dataset *dataset)
{
    const shs_run *run = dataset->run;
    return run ? (struct data_member){run->member, run->group} : (struct data_member){0};
}

static struct opening opening_of(shs_dataset *dataset, const char *fields)
{
    const shs_dataset_options *options = &dataset->options;
    return (struct opening){dataset,
                            fields,
                            {.path = dataset->path,
                             .sample = &dataset->what,
                             .one_a_file = options->one_sample_a_file,
                             .unchecked = options->unchecked,
                             .cf = options->cf,
                             .map = options->map,
                             .member = member_of(dataset),
                             .index = {dataset->index, NULL},
                             .cache_bytes = dataset->cache_bytes}};
}

/* Tries the files out in another process, before the first is examined in this process. */
static shs_status probe(void *user)
{
    const struct opening *opening = user;
    const shs_dataset_options *options = &opening->dataset->options;
    const struct io_probe limits = {
        options->probe_program,   options->probe_seconds * UINT64_C(1000),
        options->probe_mebibytes, options->one_sample_a_file,
        options->probe_plugins,   options->cf};
    return io_probe(&limits, opening->dataset->path, opening->fields);
}

static shs_status look(struct opening *opening)
{
    opening->how.before = opening->dataset->options.probe ? probe : NULL;
    opening->how.before_user = opening;
    return data_dataset_look(opening->dataset, &opening->how);
}

/* Takes the constant fields from an index, if it has them and every file is the one that it
 * describes. Otherwise reads them from the files. */
static shs_status take_constants(shs_dataset *dataset, const struct data_index *index)
{
    bool found = false;
    if (index && !dataset->files.is_own) {
        shs_status status =
            data_index_constants(index, &dataset->what, &dataset->constants, &found);
        if (status || found) return status;
        data_constants_free(&dataset->constants);
    }
    const struct data_constants_how how = {dataset->options.unchecked, dataset->options.cf};
    return data_constants_read(&dataset->what, &dataset->files.paths, &how, &dataset->constants);
}

/* ---- A kept index. */

/* Returns the kept index if it tells the constant fields of all files: not if only the first file
 * has been compared with it. */
static const struct data_index *kept_of(const shs_dataset *dataset)
{
    return dataset->options.one_sample_a_file ? NULL : dataset->index;
}

/* Takes the bytes of a kept index for the dataset. */
static shs_status take_index(struct opening *opening, struct data_pack *pack)
{
    shs_dataset *dataset = opening->dataset;
    shs_status status = data_index_open(pack, &dataset->index);
    if (!status) status = data_index_match(dataset->index, &opening->how);
    opening->how.index[0] = dataset->index;
    return core_wrap(status, "%s", dataset->options.index);
}

/* Tells which files are not as the kept index describes them. */
static void tell_examined(const shs_dataset *dataset)
{
    const struct data_files *files = &dataset->files;
    if (!dataset->index || !files->examined) return;
    mpi_report(
        dataset->run, SHS_REPORT_INDEX,
        "the index does not describe %zu of %zu files as they are now, %s the first of them: "
        "they were examined anew; make the index anew with `shardstep index`",
        files->examined, files->one_a_file ? (size_t)1 : files->paths.count,
        files->paths.path[files->first_examined]);
}

/* ---- On a rank by itself. */

shs_status data_open_alone(shs_dataset *dataset, const char *fields)
{
    struct opening opening = opening_of(dataset, fields);
    struct data_pack pack = {0};
    shs_status status = SHS_OK;
    if (dataset->options.index) status = data_index_read(dataset->options.index, &pack);
    if (!status && dataset->options.index) status = take_index(&opening, &pack);
    if (!status) status = look(&opening);
    if (!status) tell_examined(dataset);
    return status ? status : take_constants(dataset, kept_of(dataset));
}

/* Examines the files, and makes an index of what it finds. */
static shs_status find_out(struct opening *opening, struct data_pack *pack)
{
    shs_dataset *dataset = opening->dataset;
    opening->how.pack = pack;
    shs_status status = look(opening);
    if (!status) status = take_constants(dataset, kept_of(dataset));
    if (!status) data_index_end(pack, &dataset->what, &dataset->constants);
    return status ? status : pack->status;
}

shs_status data_open_examine(shs_dataset *dataset, const char *fields, struct data_pack *pack)
{
    struct opening opening = opening_of(dataset, fields);
    opening.how.thorough = true;
    return find_out(&opening, pack);
}

/* ---- On all ranks together. */

/* Opens the files with what rank 0 has found out about them. A rank with other fields or options
 * has no use for that: the ranks' calls differ, as the next agreement tells. */
static shs_status open_from(struct opening *opening, struct data_pack *pack)
{
    struct data_index *index;
    shs_status status = data_index_open(pack, &index);
    bool fits = !status && !data_index_match(index, &opening->how);
    if (fits) opening->how.index[1] = index;
    if (!status) status = look(opening);
    opening->dataset->files.index[1] = NULL;
    if (!status) status = take_constants(opening->dataset, fits ? index : NULL);
    data_index_close(&index);
    return status;
}

/* Collective. Brings the kept index to all ranks, of which rank 0 reads it. *own is this rank's
 * status afterwards. */
static shs_status share_index(struct opening *opening, shs_status *own)
{
    shs_run *run = opening->dataset->run;
    struct data_pack pack = {0};
    if (!run->rank) *own = data_index_read(opening->dataset->options.index, &pack);
    shs_status status = data_index_share(run, *own, &pack);
    if (!status) *own = take_index(opening, &pack);
    return status;
}

shs_status data_open_together(shs_dataset *dataset, const char *fields, bool *agreed)
{
    shs_run *run = dataset->run;
    struct opening opening = opening_of(dataset, fields);
    struct data_pack pack = {0};
    shs_status own = SHS_OK, status = SHS_OK;
    if (dataset->options.index) status = share_index(&opening, &own);
    if (!status && !own && !run->rank) own = find_out(&opening, &pack);
    if (!status) status = data_index_share(run, own, &pack);
    *agreed = status != SHS_OK;
    if (!status && run->rank) status = open_from(&opening, &pack);
    if (!status) tell_examined(dataset);
    data_pack_free(&pack);
    return status;
}
