#include "augment_tell.h"

#include <stdarg.h>
#include <stdio.h>

static void begin_words(struct augment_told *told)
{
    if (told->begun) core_text_add(told->text, ", ");
    told->begun = true;
}

void augment_tell_words(struct augment_told *told, const char *format, ...)
{
    char words[128];
    va_list arguments;
    if (!told->text) return;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    begin_words(told);
    core_text_add(told->text, "%s", words);
}

void augment_tell_number_of(struct augment_told *told, const char *name, const char *unit,
                            size_t width, size_t at, double number)
{
    const struct augment_told_number of_value = {told->operation, name, unit, width, at, number};
    if (told->number) told->number(told->user, &of_value);
}

void augment_tell_whole(struct augment_told *told, const char *name, const char *unit,
                        int64_t number)
{
    augment_tell_words(told, "%s=%lld", name, (long long)number);
    augment_tell_number_of(told, name, unit, 1, 0, (double)number);
}

void augment_tell_number(struct augment_told *told, const char *name, const char *unit, int digits,
                         double number)
{
    if (digits != AUGMENT_ALL_DIGITS) {
        augment_tell_words(told, "%s=%.*g", name, digits, number);
    } else if (told->text) {
        augment_tell_words(told, "%s=", name);
        core_text_add_double(told->text, number);
    }
    augment_tell_number_of(told, name, unit, 1, 0, number);
}

void augment_tell_answer(struct augment_told *told, const char *name, bool answer)
{
    augment_tell_words(told, "%s=%s", name, answer ? "yes" : "no");
    augment_tell_number_of(told, name, "yes or no", 1, 0, answer);
}

void augment_tell_axis(struct augment_told *told, char letter, int64_t elements)
{
    const char name[2] = {letter, '\0'};
    augment_tell_whole(told, name, "elements", elements);
}
