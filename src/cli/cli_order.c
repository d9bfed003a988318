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

/* Reads a file of row numbers with spaces or ends of lines between them. The loader checks that the
 * numbers ascend. */
static shs_status read_rows(const char *option, const char *path, uint64_t **rows, uint64_t *count)
{
    static const char spaces[] = " \t\r\n", byte_order_mark[] = "\xef\xbb\xbf";
    char *text;
    shs_status status = io_read_all(path, &text);
    *count = 0;
    if (status) return core_wrap(status, "%s", option);
    const char *numbers = core_without(text, byte_order_mark);
    for (const char *at = numbers; *(at += strspn(at, spaces)); at += strcspn(at, spaces))
        (*count)++;
    status = core_new(*count + 1, sizeof **rows, "a list of rows", rows);
    char *at = text + (numbers - text);
    for (uint64_t i = 0; i < *count && !status; i++) {
        char *word = at + strspn(at, spaces);
        at = word + strcspn(word, spaces);
        if (*at) *at++ = '\0';
        if (!core_parse_u64(word, &(*rows)[i]))
            status = core_fail(SHS_ERROR_FORMAT,
                               "%s: %s has '%.40s' in place of row number %llu; it must hold "
                               "whole numbers, ascending, with spaces or ends of lines between "
                               "them, such as 0 5 7",
                               option, path, word, (ull)i);
    }
    core_free(&text);
    return status;
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
