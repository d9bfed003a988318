/* Reads the options that say which rows a virtual rank takes. */
#include <string.h>

#include "cli.h"
#include "core_memory.h"
#include "core_text.h"
#include "io_content.h"

static shs_status read_part(const char *text, shs_loader_options *loader)
{
    char from[64];
    const char *comma = strchr(text, ',');
    size_t length = comma ? (size_t)(comma - text) : 0;
    if (comma && length < sizeof from) {
        memcpy(from, text, length);
        from[length] = '\0';
        if (core_parse_double(from, &loader->subset.from) &&
            core_parse_double(comma + 1, &loader->subset.to) && loader->subset.to > 0)
            return SHS_OK; /* to the loader, from 0 to 0 would mean all rows */
    }
    return core_fail(
        SHS_ERROR_ARGUMENT,
        "--part is '%.80s'; give FROM,TO, two numbers from 0 to 1, the smaller one first, "
        "such as 0.8,1",
        text);
}

size_t cli_numbers(const char *text, uint64_t *numbers, size_t most)
{
    char number[32];
    for (size_t count = 0, length; count < most; text += length + 1) {
        length = strcspn(text, ",");
        if (length >= sizeof number) return 0;
        memcpy(number, text, length);
        number[length] = '\0';
        if (!core_parse_u64(number, &numbers[count++])) return 0;
        if (!text[length]) return count;
    }
    return 0;
}

static shs_status read_mix(const char *text, struct cli_order *order)
{
    order->options.sampling.mix = order->mix;
    order->options.sampling.n_mix = cli_numbers(text, order->mix, CLI_MAX_SOURCES);
    if (order->options.sampling.n_mix) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "--mix is '%.80s'; give up to %d whole numbers such as 7,3, one for each "
                     "source",
                     text, CLI_MAX_SOURCES);
}

/* ---- A file of row numbers. */

static const char spaces[] = " \t\r\n";

static uint64_t count_words(const char *text)
{
    uint64_t count = 0;
    for (const char *at = text; *(at += strspn(at, spaces)); at += strcspn(at, spaces))
        count++;
    return count;
}

/* Reads the words of a text as row numbers, which must ascend. Sets *line to the line of the word
 * that it read last. The message of an error names neither the file nor the line. */
static shs_status read_words(char *at, uint64_t *rows, uint64_t count, uint64_t *line)
{
    static const char advice[] = "the file must hold whole numbers, ascending, each once, with "
                                 "spaces or ends of lines between them, such as 0 5 7";
    for (uint64_t i = 0; i < count; i++) {
        for (; strchr(spaces, *at); at++)
            *line += *at == '\n';
        char *word = at, ended_by;
        at += strcspn(at, spaces);
        ended_by = *at;
        *at = '\0';
        if (!core_parse_u64(word, &rows[i]))
            return core_fail(SHS_ERROR_FORMAT, "it has '%.40s' in place of row number %llu; %s",
                             word, (ull)i, advice);
        if (i && rows[i] <= rows[i - 1])
            return core_fail(SHS_ERROR_FORMAT, "it has row %llu after row %llu; %s", (ull)rows[i],
                             (ull)rows[i - 1], advice);
        *at = ended_by;
    }
    return SHS_OK;
}

static shs_status read_rows(const char *option, const char *path, uint64_t **rows, uint64_t *count)
{
    char *text;
    uint64_t line = 1;
    shs_status status = io_read_all(path, &text);
    if (status) return core_wrap(status, "%s", option);
    *count = count_words(text);
    status = core_new(*count + 1, sizeof **rows, "a list of rows", rows);
    if (status) {
        core_free(&text);
        return status;
    }
    status = read_words(text, *rows, *count, &line);
    core_free(&text);
    return core_wrap(status, "%s: %s, line %llu", option, path, (ull)line);
}

void cli_order_free(struct cli_order *order)
{
    core_free(&order->rows);
    core_free(&order->exclude);
}

shs_status cli_order(const struct cli_arguments *arguments, struct cli_order *order)
{
    *order = (struct cli_order){.options = arguments->loader};
    shs_status status = SHS_OK;
    if (arguments->part) status = read_part(arguments->part, &order->options);
    if (!status && arguments->mix) status = read_mix(arguments->mix, order);
    shs_subset *subset = &order->options.subset;
    shs_failures *failures = &order->options.failures;
    if (!status && arguments->rows)
        status = read_rows("--rows", arguments->rows, &order->rows, &subset->n_rows);
    if (!status && arguments->exclude)
        status = read_rows("--exclude", arguments->exclude, &order->exclude, &failures->n_exclude);
    subset->rows = order->rows;
    failures->exclude = order->exclude;
    return status;
}
