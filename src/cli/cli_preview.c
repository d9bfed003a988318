/* shardstep preview: a picture of samples, as they are stored and as they are augmented. */
#include <stdio.h>

#include "cli_batch.h"
#include "cli_output.h"
#include "cli_preview_job.h"
#include "cli_text.h"
#include "core_memory.h"
#include "core_text.h"
#include "io_png_write.h"
#include "mpi_job.h"

/* Copies the arguments with one path in place of several, which it joins by commas, and without
 * --ahead. The caller frees *path. */
static shs_status join_paths(const struct cli_arguments *arguments, struct cli_arguments *joined,
                             char **path)
{
    struct core_text text = {0};
    for (size_t i = 0; i + 1 < arguments->n_plain; i++)
        core_text_add(&text, "%s%s", i ? "," : "", arguments->plain[i]);
    *joined = *arguments;
    joined->loader.ahead = 0;
    joined->loader.pushdown = SHS_PUSHDOWN_OFF; /* whole samples are shown */
    shs_status status = core_text_take(&text, path);
    joined->plain[0] = *path;
    return status;
}

/* ---- the file */

static shs_status write_bytes(void *user, const void *bytes, size_t count)
{
    return io_output_write(user, bytes, count);
}

static shs_status write_sheet(const struct cli_arguments *arguments, const char *path,
                              const struct cli_sheet *sheet)
{
    const struct io_png_image image = {sheet->width, sheet->height, &sheet->pixels->red};
    struct io_output output = {0};
    shs_status status = cli_output_begin(path, arguments->overwrite, &output);
    if (!status) status = io_png_write(&image, write_bytes, &output);
    if (!status) status = io_output_commit(&output);
    cli_output_end(&output);
    return status;
}

static shs_status print_result(const struct cli_preview_job *job, const char *path,
                               const struct cli_sheet *sheet)
{
    cli_print_text(stdout, path);
    printf(": %u x %u pixels, %llu %s%s\n", (unsigned)sheet->width, (unsigned)sheet->height,
           (ull)job->preview.lines, job->arguments->per_rank ? "virtual rank" : "sample",
           job->preview.lines == 1 ? "" : "s");
    return cli_output_printed(path);
}

/* ---- the command */

static shs_status draw_and_write(struct cli_preview_job *job, const char *path)
{
    struct cli_sheet sheet = {0};
    shs_status status = cli_preview_draw(&job->preview, &sheet);
    if (!status) status = write_sheet(job->arguments, path, &sheet);
    if (!status) status = print_result(job, path, &sheet);
    cli_sheet_free(&sheet);
    return status;
}

/* Local. Makes the sheet in a run of this process alone. */
static shs_status make_sheet(const struct cli_arguments *arguments)
{
    const char *path = arguments->plain[arguments->n_plain - 1];
    struct cli_arguments joined;
    struct cli_preview_job job = {.arguments = &joined};
    shs_run_options options = {.seed = arguments->seed,
                               .vranks = arguments->vranks ? arguments->vranks : 1,
                               .report = cli_report};
    char *paths = NULL;
    shs_status status = join_paths(arguments, &joined, &paths);
    if (!status) status = mpi_job_open_alone(&options, &job.run);
    if (!status) status = cli_open_loader(&joined, job.run, &job.dataset, &job.loader);
    if (!status)
        status = cli_output_check(path, arguments->overwrite, &job.dataset->files.paths, "sheet");
    if (!status) status = cli_preview_place(&job);
    if (!status) status = cli_preview_plan(&job);
    if (!status) status = cli_preview_load(&job);
    if (!status) status = draw_and_write(&job, path);
    cli_preview_free(&job.preview);
    shs_loader_close(&job.loader);
    shs_dataset_close(&job.dataset);
    shs_status closed = mpi_job_close(&job.run);
    core_free(&paths);
    return status ? status : closed;
}

/* Rank 0 does all the work, and tells its error in its own words. The other ranks wait for its
 * status. */
static int run(const struct cli_arguments *arguments)
{
    shs_run *job = NULL;
    shs_run_options options = {0};
    int code = CLI_DONE;
    shs_status status = cli_open(&options, &job);
    if (status) return cli_exit_code(status);
    if (job->rank == 0) {
        status = make_sheet(arguments);
        code = cli_exit_code(status);
    }
    status = mpi_agree(job, status, "preview");
    if (code == CLI_DONE) code = cli_exit_code(status);
    return cli_close(&job, code);
}

const struct cli_command cli_preview = {
    .name = "preview",
    .usage = "PATH... OUT.png",
    .summary = "draws samples as they are stored and as they are augmented, in a PNG image",
    .arguments = "  OUT.png\tThe new image. It depends on nothing but the files and the options.",
    .details =
        "A line shows a sample of the batch of --rank at --step (the first batch): first as it is "
        "stored, then as the run augments it, then as the next steps would augment it in the same "
        "slot. With --per-rank a line shows samples of a virtual rank's batch, before and "
        "after.\n\n"
        "Images are shown as they are, other numbers in the colours of the map viridis, and "
        "samples of one axis as curves. The text above a row says which numbers are the darkest "
        "and the lightest: for u8 images 0 and 255, for all others the least and the greatest "
        "number of the row, before and after apart. NaN are magenta. Single numbers, such as "
        "labels, stand in the title of a line.",
    .examples = "preview fashion.h5 sheet.png --augment 'images: random_flip(axis=w)'\n"
                "preview fashion.h5 ranks.png --per-rank --vranks 8 --step 57\n"
                "preview 'year-*.h5' map.png --layout cyx --channel 2 --sample 700",
    .takes = CLI_WITH_ORDER | CLI_WITH_LOADER | CLI_WITH_PROBE,
    .options = "--rank --sample --per-rank --lines --tiles --size --colours --layout --channel "
               "--overwrite",
    .least_plain = 2,
    .most_plain = CLI_MAX_PLAIN,
    .run = run,
};
