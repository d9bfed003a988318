#include "augment_print.h"

#include <string.h>

bool augment_is_needed(const struct augment_parameter *parameter)
{
    return parameter->otherwise == NULL;
}

size_t augment_word_at(const char *words, int at, const char **word)
{
    for (*word = words; at > 0 && **word; at--)
        *word += strcspn(*word, " ") + ((*word)[strcspn(*word, " ")] == ' ');
    return strcspn(*word, " ");
}

void augment_print_words(const char *words, const char *before, const char *between,
                         struct core_text *text)
{
    const char *word, *next;
    size_t length;
    for (int i = 0; (length = augment_word_at(words, i, &word)) != 0; i++)
        core_text_add(text, "%s%s%s%.*s",
                      i == 0                                 ? ""
                      : augment_word_at(words, i + 1, &next) ? ", "
                                                             : " or ",
                      before, between, (int)length, word);
}

void augment_print_range(const struct augment_parameter *parameter, struct core_text *text)
{
    switch (parameter->form) {
    case AUGMENT_NUMBER:
        core_text_add(text, "one number from %g to %g", parameter->least, parameter->most);
        break;
    case AUGMENT_WHOLE:
        core_text_add(text, "a whole number from %.0f to %.0f", parameter->least, parameter->most);
        break;
    case AUGMENT_WORD:
        augment_print_words(parameter->words, "", "", text);
        break;
    case AUGMENT_NUMBERS:
        core_text_add(text, "one number from %g to %g, or in brackets a number for each channel",
                      parameter->least, parameter->most);
        break;
    case AUGMENT_TYPE:
        core_text_add(text, "u8, u16, u32, u64, i8, i16, i32, i64, f32 or f64");
        break;
    case AUGMENT_RANGE:
        core_text_add(text, "two numbers from %g to %g with two dots between, the lower one first",
                      parameter->least, parameter->most);
        if (parameter->single) core_text_add(text, ", or one number");
        break;
    case AUGMENT_WHOLES:
        core_text_add(text,
                      "a whole number from %.0f to %.0f, or in brackets a number for each axis",
                      parameter->least, parameter->most);
        break;
    case AUGMENT_AXES:
        core_text_add(text, "letters of axes of the layout, each once, such as w or yx");
        break;
    case AUGMENT_NAMES:
        core_text_add(text, "names of fields in parentheses, such as (u,v)");
        break;
    case AUGMENT_CHANCE:
        core_text_add(text, "one number from 0 to 1");
        break;
    case AUGMENT_LAYOUT:
        core_text_add(text, "a letter for each axis, such as w, hw, hwc, chw or tzyxc");
    }
}

static void print_numbers(const struct augment_numbers *numbers, struct core_text *text)
{
    if (numbers->count > 1) core_text_add(text, "[");
    for (size_t i = 0; i < numbers->count; i++) {
        if (i) core_text_add(text, ",");
        core_text_add_double(text, numbers->number[i]);
    }
    if (numbers->count > 1) core_text_add(text, "]");
}

static void print_wholes(const struct augment_wholes *wholes, struct core_text *text)
{
    if (wholes->count > 1) core_text_add(text, "[");
    for (size_t i = 0; i < wholes->count; i++)
        core_text_add(text, "%s%llu", i ? "," : "", (ull)wholes->number[i]);
    if (wholes->count > 1) core_text_add(text, "]");
}

static void print_names(const struct augment_names *names, struct core_text *text)
{
    for (size_t i = 0; i < names->count; i++)
        core_text_add(text, "%c%s", i ? ',' : '(', names->name[i]);
    core_text_add(text, ")");
}

static void print_range(const struct augment_parameter *parameter,
                        const struct augment_range *range, struct core_text *text)
{
    core_text_add_double(text, range->low);
    if (parameter->single && range->low == range->high) return;
    core_text_add(text, "..");
    core_text_add_double(text, range->high);
}

/* Returns true if a value is printed: it has one, and a chance is below 1 or not 1 by default. */
static bool is_printed(const struct augment_parameter *parameter, const void *member,
                       const struct augment_printed *printed)
{
    const char *word;
    size_t length;
    switch (parameter->form) {
    case AUGMENT_WORD:
        length = augment_word_at(parameter->words, *(const int *)member, &word);
        return !parameter->is_later || strlen(parameter->otherwise) != length ||
               strncmp(word, parameter->otherwise, length) != 0;
    case AUGMENT_LAYOUT:
        return printed->layout != NULL;
    case AUGMENT_CHANCE:
        return printed->chance < 1 || strcmp(parameter->otherwise, "1") != 0;
    case AUGMENT_NUMBERS:
        return ((const struct augment_numbers *)member)->count > 0;
    case AUGMENT_RANGE:
        return augment_range_given(member);
    case AUGMENT_WHOLES:
        return ((const struct augment_wholes *)member)->count > 0;
    case AUGMENT_NAMES:
        return ((const struct augment_names *)member)->count > 0;
    case AUGMENT_AXES:
        return ((const struct augment_axes *)member)->letter[0] != '\0';
    default:
        return true;
    }
}

static void print_value(const struct augment_parameter *parameter, const void *member,
                        const struct augment_printed *printed, struct core_text *text)
{
    const char *word;
    size_t length;
    switch (parameter->form) {
    case AUGMENT_NUMBER:
        core_text_add_double(text, *(const double *)member);
        break;
    case AUGMENT_WHOLE:
        core_text_add(text, "%llu", (ull) * (const uint64_t *)member);
        break;
    case AUGMENT_WORD:
        length = augment_word_at(parameter->words, *(const int *)member, &word);
        core_text_add(text, "%.*s", (int)length, word);
        break;
    case AUGMENT_NUMBERS:
        print_numbers(member, text);
        break;
    case AUGMENT_TYPE:
        core_text_add(text, "%s", shs_type_name(*(const shs_type *)member));
        break;
    case AUGMENT_RANGE:
        print_range(parameter, member, text);
        break;
    case AUGMENT_WHOLES:
        print_wholes(member, text);
        break;
    case AUGMENT_AXES:
        core_text_add(text, "%s", ((const struct augment_axes *)member)->letter);
        break;
    case AUGMENT_NAMES:
        print_names(member, text);
        break;
    case AUGMENT_CHANCE:
        core_text_add_double(text, printed->chance);
        break;
    case AUGMENT_LAYOUT:
        core_text_add(text, "%s", printed->layout);
        break;
    }
}

void augment_print_values(const struct augment_kind *kind, const void *setting,
                          const struct augment_printed *printed, struct core_text *text)
{
    const char *between = "";
    for (const struct augment_parameter *p = kind->parameters; p->name; p++) {
        const void *member = (const char *)setting + p->offset;
        if (!is_printed(p, member, printed)) continue;
        core_text_add(text, "%s%s=", between, p->name);
        print_value(p, member, printed, text);
        between = ", ";
    }
}

void augment_print_example(const struct augment_kind *kind, struct core_text *text)
{
    const char *between = "";
    core_text_add(text, "%s(", kind->name);
    for (const struct augment_parameter *p = kind->parameters; p->name; p++) {
        if (!p->example) continue;
        core_text_add(text, "%s%s=%s", between, p->name, p->example);
        between = ", ";
    }
    if (kind->holds) core_text_add(text, "%srandom_flip(axis=w) random_crop(padding=2)", between);
    core_text_add(text, ")");
}
