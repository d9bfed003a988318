/* JSON: what is escaped, numbers, and commas. */
#include <math.h>

#include "core_json.h"
#include "unit.h"

static void check_json(struct core_json *json, const char *expected)
{
    CHECK_STATUS(json->text.status, SHS_OK);
    CHECK_TEXT(json->text.bytes, expected);
    core_text_free(&json->text);
}

static void members_are_separated(void)
{
    struct core_json json = {0};
    core_json_begin(&json, NULL, '{');
    core_json_begin(&json, "empty", '[');
    core_json_end(&json, ']');
    core_json_begin(&json, "list", '[');
    core_json_u64(&json, NULL, 1);
    core_json_begin(&json, NULL, '{');
    core_json_bool(&json, "a", true);
    core_json_bool(&json, "b", false);
    core_json_end(&json, '}');
    core_json_number(&json, NULL, NULL);
    core_json_end(&json, ']');
    core_json_number(&json, "c", "-7");
    core_json_end(&json, '}');
    check_json(&json,
               "{\"empty\": [], \"list\": [1, {\"a\": true, \"b\": false}, null], \"c\": -7}");
}

static void strings_are_escaped(void)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", "\"\""},
        {"a \"b\" \\c/", "\"a \\\"b\\\" \\\\c/\""},
        {"\n\t\x01\x1f\x7f", "\"\\u000a\\u0009\\u0001\\u001f\x7f\""},
        {"M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x98\x80",
         "\"M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x98\x80\""},
        {"\xff"
         "a\xc3",
         "\"\\ufffda\\ufffd\""},
        {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""}, /* half of a pair of UTF-16 */
        {"100%s", "\"100%s\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct core_json json = {0};
        core_json_text(&json, NULL, cases[i].text);
        check_json(&json, cases[i].expected);
    }
}

static void numbers_are_exact(void)
{
    struct core_json json = {0};
    core_json_begin(&json, NULL, '[');
    core_json_u64(&json, NULL, UINT64_MAX);
    core_json_seconds(&json, NULL, 0);
    core_json_seconds(&json, NULL, 1);
    core_json_seconds(&json, NULL, UINT64_C(12003000000));
    core_json_seconds(&json, NULL, UINT64_MAX);
    core_json_double(&json, NULL, 0.1);
    core_json_double(&json, NULL, -2);
    core_json_double(&json, NULL, (double)NAN);
    core_json_double(&json, NULL, (double)-INFINITY);
    core_json_end(&json, ']');
    check_json(&json, "[18446744073709551615, 0.000000000, 0.000000001, 12.003000000, "
                      "18446744073.709551615, 0.1, -2, null, null]");
}

static void an_error_stays(void)
{
    struct core_json json = {.text.status = SHS_ERROR_MEMORY};
    core_json_text(&json, "a", "b");
    CHECK_STATUS(json.text.status, SHS_ERROR_MEMORY);
    CHECK_EQ(json.text.length, 0);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(members_are_separated),
        TEST(strings_are_escaped),
        TEST(numbers_are_exact),
        TEST(an_error_stays),
    };
    return harness_main("json", tests, COUNT(tests), argc, argv);
}
