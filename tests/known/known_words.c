/* Every check fails here on purpose, and another of its kind passes: known.sh compares the lines.
 */
#include <math.h>

#include "core_status.h"
#include "harness.h"

static void numbers(void)
{
    const uint64_t rows = 5, most = UINT64_MAX;
    const int below = -1;
    const bool yes = true;
    CHECK(CHECK_EQ(rows, 5) && CHECK_EQ(below, -1) && CHECK_EQ(yes, 1) && CHECK_EQ(0.5f, 0.5));
    CHECK(CHECK_IS(below, <, rows) && CHECK_IS(most, >, below) && CHECK_IS(rows, !=, most));
    CHECK_EQ(rows, 7);
    CHECK_EQ(rows, most);
    CHECK_EQ(below, most);
    CHECK_EQ(below + 0.5, 0);
    CHECK_EQ(NAN, 0);
    CHECK_IS(rows, >=, rows + 1);
    CHECK_IS(rows, !=, 5);
}

static void texts(void)
{
    const char *const name = "crop", *const none = NULL;
    CHECK(CHECK_TEXT(name, "crop") && CHECK_TEXT(none, NULL) && CHECK_HAS(name, "ro"));
    CHECK_TEXT(name, "crown\n");
    CHECK_TEXT(none, "crop");
    CHECK_HAS(name, "flip");
}

static void arrays(void)
{
    const unsigned char bytes[] = {1, 2, 3}, other_bytes[] = {1, 2, 4};
    const uint32_t words[] = {1, 2}, other_words[] = {1, 3};
    const uint64_t longs[] = {1, 2}, other_longs[] = {0, 2};
    const float floats[] = {0}, other_floats[] = {-0.0f};
    const double doubles[] = {1, 2}, other_doubles[] = {1, 0.1};
    CHECK(CHECK_BYTES(bytes, other_bytes, 2) && CHECK_U32S(words, other_words, 1));
    CHECK_BYTES(bytes, other_bytes, 3);
    CHECK_U32S(words, other_words, 2);
    CHECK_U64S(longs, other_longs, 2);
    CHECK_FLOATS(floats, other_floats, 1);
    CHECK_DOUBLES(doubles, other_doubles, 2);
}

static void statuses_and_places(void)
{
    harness_where("case %s, step %d", "drop", 3);
    if (CHECK_STATUS(SHS_OK, SHS_OK)) CHECK(1 + 1 == 3);
    CHECK_STATUS(core_fail(SHS_ERROR_FORMAT, "chunk %d", 4), SHS_ERROR_FILE);
    harness_where(NULL);
    WRONG("row %d of %s", 3, "shard 1");
    CHECK(!CHECK(false));
}

static void many_failures(void)
{
    for (int i = 0; i < 25; i++)
        CHECK_EQ(i, 99);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"numbers", numbers},
        {"texts", texts},
        {"arrays", arrays},
        {"statuses and places", statuses_and_places},
        {"many failures", many_failures},
    };
    return harness_main("known words", tests, sizeof tests / sizeof *tests, argc, argv);
}
