#include "augment_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core_memory.h"

struct reader {
    const char *text;
    const char *now; /* the next character */
};

/* The number of the next character, counted from 1. */
static size_t position_of(const struct reader *reader)
{
    return (size_t)(reader->now - reader->text) + 1;
}

static void skip_spaces(struct reader *reader)
{
    while (isspace((unsigned char)*reader->now))
        reader->now++;
}

static shs_status expected(const struct reader *reader, const char *what)
{
    if (!*reader->now)
        return core_fail(SHS_ERROR_ARGUMENT, "augmentation: the text ends where %s is expected",
                         what);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: '%.20s' stands where %s is expected",
                     position_of(reader), reader->now, what);
}

/* The names of things that may be expected, with examples, for messages. */
static const char a_field[] = "a field's name, as in images: random_flip(axis=w),",
                  after_field[] = "',' or ':' after a field's name, as in images: "
                                  "random_flip(axis=w),",
                  an_operator[] = "an operator such as random_flip(axis=w)",
                  a_name[] = "name=value, as in normalize(mean=0.5, std=0.25),",
                  an_equals[] = "'=' after a value's name, with one number or word behind it as in "
                                "mean=0.5, or a list as in mean=[0.4,0.5],",
                  a_value[] = "a value, one number or word as in mean=0.5, or a list as in "
                              "mean=[0.4,0.5],",
                  an_item[] = "a number or word of a list, as in mean=[0.4,0.5],",
                  after_item[] = "',' or ']' after a number or word of a list, as in "
                                 "mean=[0.4,0.5],",
                  an_option[] = "how the field is sampled, as in mask[nearest],",
                  after_option[] = "',' or ']' after how a field is sampled, as in mask[nearest],",
                  a_field_name[] = "a field's name, as in vectors=(u,v),",
                  after_field_name[] = "',' or ')' after a field's name, as in vectors=(u,v),",
                  a_closing[] = "',' or ')' after a value, which is one number or word as in "
                                "mean=0.5, or a list as in mean=[0.4,0.5],";

/* Reads the characters up to a space or to one of the characters in `ends`. */
static shs_status read_word(struct reader *reader, const char *ends, const char *what, char *word,
                            size_t bytes)
{
    skip_spaces(reader);
    size_t length = 0;
    while (reader->now[length] && !isspace((unsigned char)reader->now[length]) &&
           !strchr(ends, reader->now[length]))
        length++;
    if (length == 0) return expected(reader, what);
    if (length >= bytes)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: a word of %zu characters where %s is "
                         "expected; the most is %zu",
                         position_of(reader), length, what, bytes - 1);
    memcpy(word, reader->now, length);
    word[length] = '\0';
    reader->now += length;
    skip_spaces(reader);
    return SHS_OK;
}

static bool take(struct reader *reader, char character)
{
    if (*reader->now != character) return false;
    reader->now++;
    skip_spaces(reader);
    return true;
}

static shs_status read_item(struct reader *reader, const char *ends, const char *what,
                            struct augment_value *value)
{
    shs_status status =
        core_resize(value->n_items + 1, sizeof *value->items, "an operator's value", &value->items);
    if (!status)
        status = read_word(reader, ends, what, value->items[value->n_items], AUGMENT_NAME_BYTES);
    if (!status) value->n_items++;
    return status;
}

/* Returns 0 if the bracket of a list is closed. Otherwise returns the number of characters before
 * the list's presumed end: a parenthesis, the end of the statement, or the comma before the name of
 * another value. */
static size_t unclosed_length(const char *list)
{
    size_t length = strcspn(list, "]();=");
    if (list[length] == ']') return 0;
    if (list[length] == '=')
        while (length > 1 && list[length] != ',')
            length--;
    return length;
}

static shs_status read_list(struct reader *reader, const struct augment_call *call,
                            struct augment_value *value)
{
    size_t unclosed = unclosed_length(reader->now);
    shs_status status = SHS_OK;
    if (unclosed)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: %s's %s is '%.*s%s', a list without ']'; a "
                         "list has brackets around it, as in normalize(mean=0.5, std=[0.2,0.3])",
                         call->at, call->name, value->name, unclosed > 40 ? 40 : (int)unclosed,
                         reader->now, unclosed > 40 ? "..." : "");
    value->is_list = take(reader, '[');
    do {
        status = read_item(reader, "[](),;:=", an_item, value);
        if (status) return status;
    } while (take(reader, ','));
    return take(reader, ']') ? SHS_OK : expected(reader, after_item);
}

static shs_status read_names(struct reader *reader, struct augment_value *value)
{
    value->is_names = take(reader, '(');
    do {
        shs_status status = read_item(reader, "[](),;:=", a_field_name, value);
        if (status) return status;
    } while (take(reader, ','));
    return take(reader, ')') ? SHS_OK : expected(reader, after_field_name);
}

static shs_status read_value(struct reader *reader, struct augment_call *call)
{
    if (call->n_values == AUGMENT_MAX_VALUES)
        return core_fail(SHS_ERROR_ARGUMENT, "augmentation, character %zu: %s has over %d values",
                         call->at, call->name, AUGMENT_MAX_VALUES);
    struct augment_value *value = &call->values[call->n_values++];
    value->at = position_of(reader);
    shs_status status = read_word(reader, "(),;:=", a_name, value->name, sizeof value->name);
    if (status) return status;
    if (!take(reader, '=')) return expected(reader, an_equals);
    if (*reader->now == '(') return read_names(reader, value);
    return *reader->now == '[' ? read_list(reader, call, value)
                               : read_item(reader, "(),;:=", a_value, value);
}

static shs_status read_call(struct reader *reader, unsigned depth, struct augment_call *call);

/* Returns true if a call stands next, and not a value. */
static bool is_call(const struct reader *reader)
{
    size_t length = strcspn(reader->now, "(),;:=[] \t\n");
    if (!length) return false;
    length += strspn(reader->now + length, " \t\n");
    return reader->now[length] == '(';
}

static shs_status read_inner(struct reader *reader, unsigned depth, struct augment_call *call)
{
    if (depth == AUGMENT_MOST_DEPTH)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: operators stand in each other more than %d "
                         "deep",
                         position_of(reader), AUGMENT_MOST_DEPTH);
    shs_status status =
        core_resize(call->n_inner + 1, sizeof *call->inner, "operators", &call->inner);
    if (status) return status;
    struct augment_call *inner = &call->inner[call->n_inner++];
    *inner = (struct augment_call){0};
    return read_call(reader, depth + 1, inner);
}

/* Reads a call. Between the calls within it, commas may be left out. */
static shs_status read_call(struct reader *reader, unsigned depth, struct augment_call *call)
{
    call->at = position_of(reader);
    shs_status status = read_word(reader, "(),;:=", an_operator, call->name, sizeof call->name);
    if (status) return status;
    if (!take(reader, '(')) {
        char opening[2 * sizeof call->name + 64];
        snprintf(opening, sizeof opening, "'(' after %s, as in %s() or random_flip(axis=w),",
                 call->name, call->name);
        return expected(reader, opening);
    }
    if (take(reader, ')')) return SHS_OK;
    do {
        bool inner = is_call(reader);
        status = inner ? read_inner(reader, depth, call) : read_value(reader, call);
        if (status) return status;
    } while (take(reader, ',') || (call->n_inner && is_call(reader)));
    return take(reader, ')') ? SHS_OK : expected(reader, a_closing);
}

/* Reads the layout behind "layout=" in brackets. */
static shs_status read_field_layout(struct reader *reader, size_t at, const char *word,
                                    struct augment_named *field)
{
    if (strcmp(word, "layout") != 0 || *field->layout)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: %s= stands in the brackets of field %s%s; "
                         "the only value there is the layout, once, as in mask[layout=hw]",
                         at, word, field->name, *field->layout ? " again" : "");
    return read_word(reader, "[](),;:=", "a layout, as in mask[layout=hw],", field->layout,
                     sizeof field->layout);
}

/* Reads [word,word,layout=letters] behind the name of a field. */
static shs_status read_options(struct reader *reader, struct augment_named *field)
{
    do {
        char word[AUGMENT_NAME_BYTES];
        size_t at = position_of(reader);
        shs_status status = read_word(reader, "[](),;:=", an_option, word, sizeof word);
        if (status) return status;
        if (take(reader, '=')) {
            status = read_field_layout(reader, at, word, field);
            if (status) return status;
            continue;
        }
        if (field->n_words == sizeof field->words / sizeof *field->words)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "augmentation, character %zu: field %s has over %zu words in brackets",
                             at, field->name, field->n_words);
        memcpy(field->words[field->n_words++], word, sizeof word);
    } while (take(reader, ','));
    return take(reader, ']') ? SHS_OK : expected(reader, after_option);
}

static shs_status read_field(struct reader *reader, struct augment_statement *statement)
{
    shs_status status = core_resize(statement->n_fields + 1, sizeof *statement->fields,
                                    "field names", &statement->fields);
    if (status) return status;
    struct augment_named *field = &statement->fields[statement->n_fields];
    *field = (struct augment_named){.at = position_of(reader)};
    status = read_word(reader, "[,:;()", a_field, field->name, AUGMENT_FIELD_BYTES);
    if (status) return status;
    statement->n_fields++;
    return take(reader, '[') ? read_options(reader, field) : SHS_OK;
}

static shs_status read_fields(struct reader *reader, struct augment_statement *statement)
{
    statement->at = position_of(reader);
    do {
        shs_status status = read_field(reader, statement);
        if (status) return status;
    } while (take(reader, ','));
    return take(reader, ':') ? SHS_OK : expected(reader, after_field);
}

static shs_status read_statement(struct reader *reader, struct augment_statement *statement)
{
    shs_status status = read_fields(reader, statement);
    if (status) return status;
    do {
        status = core_resize(statement->n_calls + 1, sizeof *statement->calls, "operators",
                             &statement->calls);
        if (status) return status;
        struct augment_call *call = &statement->calls[statement->n_calls++];
        *call = (struct augment_call){0};
        status = read_call(reader, 0, call);
        if (status) return status;
    } while (*reader->now && *reader->now != ';');
    return SHS_OK;
}

shs_status augment_parse(const char *text, struct augment_program *program)
{
    struct reader reader = {text, text};
    *program = (struct augment_program){0};
    skip_spaces(&reader);
    while (*reader.now) {
        shs_status status = core_resize(program->n_statements + 1, sizeof *program->statements,
                                        "an augmentation", &program->statements);
        if (!status) {
            struct augment_statement *statement = &program->statements[program->n_statements++];
            *statement = (struct augment_statement){0};
            status = read_statement(&reader, statement);
        }
        if (status) {
            augment_program_free(program);
            return status;
        }
        take(&reader, ';');
    }
    return SHS_OK;
}

static void free_calls(struct augment_call **calls, size_t count)
{
    for (size_t c = 0; c < count; c++) {
        struct augment_call *call = &(*calls)[c];
        for (size_t v = 0; v < call->n_values; v++)
            core_free(&call->values[v].items);
        free_calls(&call->inner, call->n_inner);
    }
    core_free(calls);
}

void augment_program_free(struct augment_program *program)
{
    for (size_t s = 0; s < program->n_statements; s++) {
        core_free(&program->statements[s].fields);
        free_calls(&program->statements[s].calls, program->statements[s].n_calls);
    }
    core_free(&program->statements);
    *program = (struct augment_program){0};
}
