/* The reference of the operators, made from their table. */
#include <string.h>

#include "augment_print.h"
#include "augment_table.h"

/* Appends a parameter with a symbol for its value: the possible words, as in scale=auto|none, or a
 * letter, as in padding=N. */
static void add_value(const struct augment_parameter *parameter, struct core_text *text)
{
    static const char *const letters[] = {
        [AUGMENT_NUMBER] = "X", [AUGMENT_WHOLE] = "N",         [AUGMENT_NUMBERS] = "X|[X,X,...]",
        [AUGMENT_TYPE] = "T",   [AUGMENT_RANGE] = "X..X",      [AUGMENT_WHOLES] = "N|[N,N,...]",
        [AUGMENT_AXES] = "A",   [AUGMENT_NAMES] = "(F,F,...)", [AUGMENT_CHANCE] = "X",
        [AUGMENT_LAYOUT] = "L"};
    core_text_add(text, "%s=", parameter->name);
    if (parameter->form != AUGMENT_WORD) {
        core_text_add(text, "%s", letters[parameter->form]);
        return;
    }
    for (const char *at = parameter->words; *at; at++)
        core_text_add(text, "%c", *at == ' ' ? '|' : *at);
}

/* Appends a parameter, its range and, in parentheses, its default. */
static void add_parameter(const struct augment_parameter *parameter, struct core_text *text)
{
    core_text_add(text, "    ");
    add_value(parameter, text);
    core_text_add(text, "\t%s", parameter->help);
    if (parameter->form != AUGMENT_LAYOUT) {
        core_text_add(text, " It takes ");
        augment_print_range(parameter, text);
        if (!augment_is_needed(parameter) && *parameter->otherwise)
            core_text_add(text, " (%s)", parameter->otherwise);
        core_text_add(text, ".");
    }
    core_text_add(text, "\n");
}

/* Parameters that many operators have are described once, at the end. */
static bool is_common(const struct augment_parameter *parameter)
{
    return parameter->form == AUGMENT_LAYOUT || parameter->form == AUGMENT_CHANCE;
}

/* Appends the names of the parameters that are described at the end. */
static void add_common_names(const struct augment_kind *kind, struct core_text *text)
{
    for (const struct augment_parameter *p = kind->parameters; p->name; p++)
        if (p->form == AUGMENT_CHANCE)
            core_text_add(text, "    p=X\tas for many operators (%s).\n", p->otherwise);
        else if (is_common(p))
            core_text_add(text, "    layout=L\tas for many operators.\n");
}

static void add_details(const struct augment_kind *kind, struct core_text *text)
{
    for (const struct augment_parameter *p = kind->parameters; p->name; p++)
        if (!is_common(p)) add_parameter(p, text);
    add_common_names(kind, text);
    if (kind->computes) core_text_add(text, "    computes\t%s\n", kind->computes);
    if (kind->volumes) core_text_add(text, "    of volumes\t%s\n", kind->volumes);
    core_text_add(text, "    draws\t%s", kind->draws ? kind->draws : "nothing.");
    if (kind->aspects & AUGMENT_BY_HEIGHT)
        core_text_add(text, " Fields that share the draws all have a height, or none has.");
    if (kind->aspects & AUGMENT_BY_EXTENT)
        core_text_add(text, " Fields that share the draws have the same height and width.");
    if (kind->aspects & AUGMENT_BY_CHANNELS)
        core_text_add(text, " Fields that share the draws have as many channels.");
    if (kind->aspects & AUGMENT_BY_SHAPE)
        core_text_add(text, " Fields that share the draws have the same shape.");
    if (kind->aspects & AUGMENT_BY_LENGTHS)
        core_text_add(text, " Fields that share the draws are equally long along these axes.");
    core_text_add(text, "\n    example\t");
    augment_print_example(kind, text);
    core_text_add(text, "\n");
}

void augment_names(const struct augment_table *table, struct core_text *text)
{
    for (size_t k = 0; k < table->count; k++)
        core_text_add(text, "%s%s",
                      k == 0                 ? ""
                      : k + 1 < table->count ? ", "
                                             : " and ",
                      table->kinds[k]->name);
}

/* Appends a line with the operator's name, and what it does. */
static void add_operator(const struct augment_kind *kind, struct core_text *text)
{
    core_text_add(text, "  %s(%s)\t%s\n", kind->name,
                  kind->parameters->name || kind->holds ? "..." : "", kind->help);
}

void augment_list(const struct augment_table *table, struct core_text *text)
{
    for (size_t k = 0; k < table->count; k++)
        add_operator(table->kinds[k], text);
}

/* Appends the parameters that many operators have. */
static void add_common(struct core_text *text)
{
    static const struct augment_parameter chance = AUGMENT_CHANCE_PARAMETER,
                                          layout = AUGMENT_LAYOUT_PARAMETER;
    core_text_add(text, "\n  of many operators:\t\n");
    add_parameter(&chance, text);
    add_parameter(&layout, text);
}

void augment_describe_one(const struct augment_kind *kind, struct core_text *text)
{
    add_operator(kind, text);
    add_details(kind, text);
}

void augment_describe(const struct augment_table *table, struct core_text *text)
{
    for (size_t k = 0; k < table->count; k++) {
        if (k) core_text_add(text, "\n");
        augment_describe_one(table->kinds[k], text);
    }
    add_common(text);
}
