#include "cli_worst.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_content.h"

static const char heading[] = "# shardstep worst rows 1\n"
                              "epoch\tepoch step\tstep\tvrank\tslot\trow\tloss\n";

/* Reads a number of any kind that the list may have: NaN and infinities, too. */
static bool read_loss(const char *text, double *loss)
{
    *loss = (double)__builtin_inff();
    if (!strcmp(text, "inf")) return true;
    *loss = -*loss;
    if (!strcmp(text, "-inf")) return true;
    *loss = (double)__builtin_nanf("");
    return !strcmp(text, "nan") || core_parse_double(text, loss);
}

/* Reads a line, whose tabs it ends. */
static bool read_row(char *line, struct cli_worst_row *row)
{
    uint64_t *const numbers[] = {&row->epoch, &row->epoch_step, &row->step,
                                 &row->vrank, &row->slot,       &row->row};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char *tab = strchr(line, '\t');
        if (!tab) return false;
        *tab = '\0';
        if (!core_parse_u64(line, numbers[i])) return false;
        line = tab + 1;
    }
    return read_loss(line, &row->loss);
}

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

static shs_status read_lines(const char *path, char *at, const uint64_t *epoch,
                             struct cli_worst *worst)
{
    uint64_t capacity = 0;
    struct cli_worst_row row = {.line = 2};
    shs_status status = SHS_OK;
    for (char *next; *at && !status; at = next) {
        next = at + strcspn(at, "\n");
        if (*next) *next++ = '\0';
        row.line++;
        if (*at == '#') continue;
        if (!read_row(at, &row))
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
    if (!status && strncmp(text, heading, strlen(heading)) != 0)
        status = core_fail(SHS_ERROR_FORMAT,
                           "%s is no list of worst rows; give the file of shs_record_options.worst",
                           path);
    if (!status) status = read_lines(path, text + strlen(heading), epoch, worst);
    core_free(&text);
    if (status) cli_worst_free(worst);
    return status;
}

void cli_worst_free(struct cli_worst *worst)
{
    core_free(&worst->row);
    *worst = (struct cli_worst){0};
}
