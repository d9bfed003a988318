/* io_figures_parse() of any text with its right checksum, and augment_from_find() in any text. What
 * is read must be read again from what is written of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "augment_from.h"
#include "core_memory.h"
#include "io_figures.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void need(bool condition)
{
    if (!condition) abort();
}

static void read_again(const struct io_figures *figures)
{
    struct core_text text = {0};
    struct io_figures again;
    io_figures_print(figures, "", &text);
    need(!text.status && !io_figures_parse("again", text.bytes, &again));
    need(again.count == figures->count && again.channel_axis == figures->channel_axis);
    need(!strcmp(again.field, figures->field));
    core_text_free(&text);
    io_figures_free(&again);
}

static void find_calls(const char *text)
{
    struct augment_from from;
    size_t length = strlen(text);
    for (size_t at = 0; augment_from_find(text, at, &from); at = from.end + 1) {
        need(from.call >= at && from.end < length && text[from.end] == ')');
        need(from.statement <= from.call);
        const struct augment_from_value *file = augment_from_value(text, &from, "from");
        need(file && file->value.at + file->value.length <= from.end);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *copy;
    struct core_text text = {0};
    struct io_figures figures;
    if (core_new(bytes + 1, 1, "an input", &copy)) return 0;
    if (bytes) memcpy(copy, data, bytes);
    find_calls(copy);
    io_figures_seal(copy, &text);
    if (!text.status && !io_figures_parse("input", text.bytes, &figures)) {
        read_again(&figures);
        io_figures_free(&figures);
    }
    core_text_free(&text);
    core_free(&copy);
    return 0;
}
