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
    case AUGMENT_LAYOUT:
        core_text_add(text, "w, hw, hwc or chw");
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

static void print_value(const struct augment_parameter *parameter, const void *member,
                        struct core_text *text)
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
    case AUGMENT_LAYOUT:
        break;
    }
}

void augment_print_call(const struct augment_kind *kind, const void *setting, const char *layout,
                        struct core_text *text)
{
    const char *between = "";
    core_text_add(text, "%s(", kind->name);
    for (const struct augment_parameter *p = kind->parameters; p->name; p++) {
        bool is_layout = p->form == AUGMENT_LAYOUT;
        if (is_layout && !layout) continue;
        core_text_add(text, "%s%s=%s", between, p->name, is_layout ? layout : "");
        if (!is_layout) print_value(p, (const char *)setting + p->offset, text);
        between = ", ";
    }
    core_text_add(text, ")");
}

void augment_print_example(const struct augment_kind *kind, struct core_text *text)
{
    const char *between = "";
    core_text_add(text, "%s(", kind->name);
    for (const struct augment_parameter *p = kind->parameters; p->name; p++) {
        if (!augment_is_needed(p)) continue;
        core_text_add(text, "%s%s=%s", between, p->name, p->example);
        between = ", ";
    }
    core_text_add(text, ")");
}
