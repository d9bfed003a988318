#include "core_json.h"

static void add_string(struct core_text *to, const char *text)
{
    core_text_add(to, "\"");
    for (size_t length; *text; text += length ? length : 1) {
        unsigned char c = (unsigned char)*text;
        length = core_utf8_length(text);
        if (!length)
            core_text_add(to, "\\ufffd");
        else if (c == '"' || c == '\\')
            core_text_add(to, "\\%c", c);
        else if (c < 0x20)
            core_text_add(to, "\\u%04x", c);
        else
            core_text_add(to, "%.*s", (int)length, text);
    }
    core_text_add(to, "\"");
}

static void add_name(struct core_json *json, const char *name)
{
    if (json->follows) core_text_add(&json->text, ", ");
    json->follows = true;
    if (!name) return;
    add_string(&json->text, name);
    core_text_add(&json->text, ": ");
}

void core_json_begin(struct core_json *json, const char *name, char kind)
{
    add_name(json, name);
    core_text_add(&json->text, "%c", kind);
    json->follows = false;
}

void core_json_end(struct core_json *json, char kind)
{
    core_text_add(&json->text, "%c", kind);
    json->follows = true;
}

void core_json_text(struct core_json *json, const char *name, const char *text)
{
    add_name(json, name);
    add_string(&json->text, text);
}

void core_json_u64(struct core_json *json, const char *name, uint64_t number)
{
    add_name(json, name);
    core_text_add(&json->text, "%llu", (ull)number);
}

void core_json_bool(struct core_json *json, const char *name, bool value)
{
    core_json_number(json, name, value ? "true" : "false");
}

void core_json_double(struct core_json *json, const char *name, double number)
{
    bool finite = number - number == 0;
    add_name(json, name);
    if (finite)
        core_text_add_double(&json->text, number);
    else
        core_text_add(&json->text, "null");
}

void core_json_seconds(struct core_json *json, const char *name, uint64_t nanoseconds)
{
    enum {
        SECOND = 1000000000
    };
    add_name(json, name);
    core_text_add(&json->text, "%llu.%09llu", (ull)nanoseconds / SECOND, (ull)nanoseconds % SECOND);
}

void core_json_number(struct core_json *json, const char *name, const char *number)
{
    add_name(json, name);
    core_text_add(&json->text, "%s", number ? number : "null");
}
