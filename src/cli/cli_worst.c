#include "cli_worst.h"

#include <string.h>

#include "core_memory.h"
#include "io_content.h"

static shs_status keep(struct cli_worst *worst, uint64_t *capacity, const struct cli_worst_row *row)
{
    if (worst->count == *capacity) {
        uint64_t more = *capacity ? 2 * *capacity : 64;
        shs_status status = core_resize(more, sizeof *worst->row, "a list of rows", &worst->row);
        if (status) return status;
        *capacity = more;
    }
    worst->row[worst->count++] = *row;
    return SHS_OK;
}

static shs_status read_lines(const char *path, const char *at, const uint64_t *epoch,
                             struct cli_worst *worst)
{
    uint64_t capacity = 0;
    struct cli_worst_row row = {.line = 2};
    shs_status status = SHS_OK;
    for (; *at && !status; at += strcspn(at, "\n"), at += *at == '\n') {
        row.line++;
        if (*at == '#') continue;
        if (!train_worst_read_row(at, &row.epoch, &row.noted))
            status = core_fail(SHS_ERROR_FORMAT,
                               "%s, line %llu: it must have six whole numbers and a loss, with a "
                               "tab between them",
                               path, (ull)row.line);
        else if (!epoch || row.epoch == *epoch)
            status = keep(worst, &capacity, &row);
    }
    return status;
}

shs_status cli_worst_read(const char *path, const uint64_t *epoch, struct cli_worst *worst)
{
    char *text = NULL;
    *worst = (struct cli_worst){0};
    shs_status status = io_read_all(path, &text);
    if (!status && strncmp(text, train_worst_heading, strlen(train_worst_heading)) != 0)
        status = core_fail(SHS_ERROR_FORMAT,
                           "%s is no list of worst rows; give the file of shs_record_options.worst",
                           path);
    if (!status) status = read_lines(path, text + strlen(train_worst_heading), epoch, worst);
    if (!status && epoch && !worst->count)
        status = core_fail(SHS_ERROR_ARGUMENT,
                           "%s holds no row of epoch %llu; give an epoch that it has", path,
                           (ull)*epoch);
    core_free(&text);
    if (status) cli_worst_free(worst);
    return status;
}

void cli_worst_free(struct cli_worst *worst)
{
    core_free(&worst->row);
    *worst = (struct cli_worst){0};
}
