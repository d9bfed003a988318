#include "cli_json.h"

#include <stdio.h>

#include "core_json.h"

static struct core_json json;

/* Prints what was added, so that a long list is never held in memory. */
static void print(void)
{
    if (json.text.length && !json.text.status) fwrite(json.text.bytes, 1, json.text.length, stdout);
    json.text.length = 0;
}

void cli_json_begin(const char *name, char kind)
{
    core_json_begin(&json, name, kind);
    print();
}

void cli_json_end(char kind)
{
    core_json_end(&json, kind);
    print();
}

void cli_json_finish(void)
{
    core_json_end(&json, '}');
    core_text_add(&json.text, "\n");
    print();
    shs_status status = json.text.status;
    core_text_free(&json.text);
    json = (struct core_json){.text.status = status};
}

shs_status cli_json_status(void)
{
    return json.text.status;
}

void cli_json_text(const char *name, const char *text)
{
    core_json_text(&json, name, text);
    print();
}

void cli_json_u64(const char *name, uint64_t number)
{
    core_json_u64(&json, name, number);
    print();
}

void cli_json_bool(const char *name, bool value)
{
    core_json_bool(&json, name, value);
    print();
}

void cli_json_double(const char *name, double number)
{
    core_json_double(&json, name, number);
    print();
}

void cli_json_number(const char *name, const char *number)
{
    core_json_number(&json, name, number);
    print();
}
