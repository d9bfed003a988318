/* Prints texts in lines of 80 characters. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli_help.h"

enum {
    WIDTH = 80,
    COLUMN = 24 /* the column where the description of an item begins */
};

/* A line that is being printed. */
struct line {
    FILE *to;
    size_t at;    /* the column that has been reached */
    size_t begin; /* the column where the next line begins */
};

static void print_spaces(struct line *line, size_t column)
{
    for (; line->at < column; line->at++)
        fputc(' ', line->to);
}

static void end_line(struct line *line)
{
    fputc('\n', line->to);
    line->at = 0;
}

static void print_word(struct line *line, const char *word, size_t length)
{
    if (line->at > line->begin && line->at + 1 + length > WIDTH) end_line(line);
    if (line->at > line->begin)
        print_spaces(line, line->at + 1);
    else
        print_spaces(line, line->begin);
    fwrite(word, 1, length, line->to);
    line->at += length;
}

size_t cli_block_length(const char *text)
{
    size_t length = 0;
    while (text[length] && !(text[length] == '\n' && (isspace((unsigned char)text[length + 1]))))
        length++;
    return length;
}

/* Prints a paragraph, or an item, whose name stands before a tab. */
static void print_block(FILE *to, const char *text, size_t length)
{
    size_t indent = strspn(text, " ");
    struct line line = {to, 0, indent};
    const char *end = text + length, *at = text + indent, *tab = memchr(text, '\t', length);
    if (tab) {
        print_word(&line, at, (size_t)(tab - at));
        at = tab + 1;
        line.begin = COLUMN;
        if (line.at + 2 > COLUMN) end_line(&line);
        print_spaces(&line, COLUMN);
    }
    while (at < end) {
        size_t word = strcspn(at, " \n");
        if (word > (size_t)(end - at)) word = (size_t)(end - at);
        if (word) print_word(&line, at, word);
        at += word + (at + word < end);
    }
    end_line(&line);
}

void cli_print_wrapped(FILE *to, const char *text)
{
    while (*text) {
        size_t length = cli_block_length(text);
        if (length) print_block(to, text, length);
        text += length;
        if (text[0] == '\n' && text[1] == '\n') fputc('\n', to);
        text += strspn(text, "\n");
    }
}
