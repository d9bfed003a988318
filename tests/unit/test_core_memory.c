/* Bytes: memory that is got, copied and hashed, and the sizes of types and tensors. */
#include <stdint.h>
#include <string.h>

#include "core_elements.h"
#include "core_hash.h"
#include "core_memory.h"
#include "core_stream.h"
#include "counted_memory.h"
#include "unit.h"

/* ---- memory */

static void sizes_that_overflow_are_refused(void)
{
    static const size_t sizes[][2] = {{SIZE_MAX, 2},
                                      {2, SIZE_MAX},
                                      {(size_t)1 << 32, (size_t)1 << 32},
                                      {((size_t)1 << 32) + 1, (size_t)1 << 32},
                                      {(size_t)PTRDIFF_MAX + 1, 1},
                                      {SIZE_MAX, 1}};
    struct counted_memory counted;
    counted_begin(&counted, 0);
    char here, *memory = &here;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        CHECK_STATUS(core_resize(sizes[i][0], sizes[i][1], "a whale", &memory), SHS_ERROR_MEMORY);
        CHECK(memory == &here);
        CHECK_HAS(shs_message(), "a whale");
        char *fresh = &here;
        CHECK_STATUS(core_new(sizes[i][0], sizes[i][1], "a whale", &fresh), SHS_ERROR_MEMORY);
        CHECK(fresh == NULL);
    }
    CHECK_EQ(counted.calls, 0);
    CHECK_EQ(counted_end(&counted), 0);
}

static void new_memory_is_zeroed(void)
{
    struct counted_memory counted;
    counted_begin(&counted, 0);
    uint64_t *memory;
    unsigned char *nothing;
    if (NEED_STATUS(core_new(100, sizeof *memory, "numbers", &memory), SHS_OK))
        for (size_t i = 0; i < 100; i++)
            CHECK_EQ(memory[i], 0);
    CHECK_STATUS(core_new(0, 8, "nothing", &nothing), SHS_OK);
    CHECK(nothing != NULL);
    CHECK_EQ(counted.live, 2);
    core_free(&memory);
    core_free(&nothing);
    if (CHECK(memory == NULL)) CHECK(nothing == NULL);
    core_free(&memory);
    CHECK_EQ(counted_end(&counted), 0);
}

static void resizing_keeps_the_content(void)
{
    struct counted_memory counted;
    uint32_t *memory = NULL, sum = 0;
    counted_begin(&counted, 0);
    for (uint32_t count = 1; count <= 50; count++) {
        if (!NEED_STATUS(core_resize(count, sizeof *memory, "numbers", &memory), SHS_OK)) break;
        memory[count - 1] = count;
    }
    for (uint32_t i = 0; i < 50; i++)
        sum += memory[i];
    CHECK_EQ(sum, 1275);
    counted.fail_at = counted.calls + 1;
    uint32_t *before = memory;
    CHECK_STATUS(core_resize(51, sizeof *memory, "numbers", &memory), SHS_ERROR_MEMORY);
    CHECK(memory == before);
    CHECK_EQ(memory[49], 50);
    CHECK_HAS(shs_message(), "numbers");
    core_free(&memory);
    CHECK_EQ(counted_end(&counted), 0);
}

static void a_copy_stands_alone(void)
{
    char text[] = "train/images", *copy, *empty;
    if (!NEED_STATUS(core_copy(text, &copy), SHS_OK)) return;
    text[0] = 'X';
    CHECK_TEXT(copy, "train/images");
    if (CHECK_STATUS(core_copy("", &empty), SHS_OK)) CHECK_EQ(*empty, '\0');
    core_free(&copy);
    core_free(&empty);
}

/* A thread's balance has what blocks ask for, and is what it was when all are released. */
static void the_balance_of_memory_is_kept(void)
{
    const int64_t before = core_memory_balance();
    char *bytes, *text;
    CHECK_STATUS(core_new(10, 10, "bytes", &bytes), SHS_OK);
    CHECK_EQ(core_memory_balance() - before, 100 + CORE_MEMORY_HEAD);
    CHECK_STATUS(core_resize(0, 0, "bytes", &bytes), SHS_OK);
    CHECK_EQ(core_memory_balance() - before, 1 + CORE_MEMORY_HEAD);
    CHECK_STATUS(core_copy("four", &text), SHS_OK);
    CHECK_EQ(core_memory_balance() - before, 1 + 5 + 2 * CORE_MEMORY_HEAD);
    core_free(&bytes);
    core_free(&text);
    CHECK_EQ(core_memory_balance(), before);
}

static void products_are_checked(void)
{
    uint64_t product = 1;
    CHECK(core_multiply(UINT64_C(0xffffffff), UINT64_C(0x100000001), &product));
    CHECK_EQ(product, UINT64_MAX);
    CHECK(!core_multiply(UINT64_C(1) << 32, UINT64_C(1) << 32, &product));
    if (CHECK(core_multiply(0, UINT64_MAX, &product))) CHECK_EQ(product, 0);
    if (CHECK(core_multiply(UINT64_MAX, 1, &product))) CHECK_EQ(product, UINT64_MAX);
    CHECK(!core_multiply(UINT64_MAX, 2, &product));
}

/* ---- copies of large memory */

static void streams_copy_every_byte(void)
{
    enum {
        MOST = 200000
    };
    static const size_t counts[] = {0, 1, 63, 4096, 32767, 32768, 32769, 65536, 131072 + 77};
    static _Alignas(64) unsigned char from[MOST], to[MOST];
    for (size_t i = 0; i < MOST; i++)
        from[i] = (unsigned char)(i * 7 + i / 251);
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (size_t shift = 0; shift < 4; shift++) {
            size_t target = shift % 2 * 13 + 64, source = shift / 2 * 5 + 1;
            memset(to, 0xee, sizeof to);
            harness_where("%zu bytes from %zu to %zu", counts[c], source, target);
            core_stream(to + target, from + source, counts[c]);
            CHECK_BYTES(to + target, from + source, counts[c]);
            CHECK_EQ(to[target - 1], 0xee);
            CHECK_EQ(to[target + counts[c]], 0xee);
        }
    harness_where(NULL);
}

static void elements_become_little_endian(void)
{
    static const uint32_t number = 0x01020304;
    static const unsigned char little[] = {4, 3, 2, 1};
    unsigned char bytes[4];
    core_copy_little(bytes, &number, 1, 4);
    CHECK_BYTES(bytes, little, 4);
}

/* ---- hashes */

/* By the xxHash authors' library through Python, of bytes 31i + i/256 + 7. */
static const struct {
    size_t count;
    const char *text;
} digests[] = {
    {0, "99aa06d3014798d86001c324468d497f"},    {1, "495b62073ef70ca44c5cca45d0f4811f"},
    {3, "46f66cb93538156515f7093b173d005c"},    {4, "7fefeeffb4d0eab3b987ca5d9241572a"},
    {8, "803c675a846cc6c256bb836ceb6d4baa"},    {9, "d46556872d230f224376673580310154"},
    {16, "650fe308c566747df853dd94614dfa07"},   {17, "18217300b5132d5a78c349fe81b2f26c"},
    {128, "b4f87b99d2db8a511e04fad9f0cacb4d"},  {129, "6881633650cd8924c51bc887976aef63"},
    {240, "de57aab31e77a2ff93e173833f75ab66"},  {241, "92b991a7192f3f080b3b630948ce4a00"},
    {1024, "e697787d9642d5c3802a7b75d723b480"}, {1025, "8fb11f8185e8aa7443bd4cafe515b9da"},
    {4096, "08f59afd280021890d8c6a22f49cd045"}, {100000, "0695c6e3ddcfb8e00d217f471e936c8c"}};

static bool digest_is(const struct core_hash *hash, const char *expected)
{
    char text[CORE_DIGEST_TEXT];
    struct core_digest digest = core_hash_digest(hash);
    core_digest_text(&digest, text);
    return strcmp(text, expected) == 0;
}

static void add_in_pieces(struct core_hash *hash, const unsigned char *bytes, size_t count,
                          size_t piece)
{
    for (size_t now; count; bytes += now, count -= now) {
        now = count < piece ? count : piece;
        core_hash_add(hash, bytes, now);
    }
}

static void digests_are_those_published(void)
{
    static unsigned char bytes[100000];
    struct core_hash *hash;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(31 * i + (i >> 8) + 7);
    if (!NEED_STATUS(core_hash_new(&hash), SHS_OK)) return;
    for (size_t i = 0; i < COUNT(digests); i++)
        for (size_t piece = 1; piece < 2000; piece = piece * 3 + 1) {
            core_hash_reset(hash);
            add_in_pieces(hash, bytes, digests[i].count, piece);
            CHECK(digest_is(hash, digests[i].text));
        }
    core_hash_free(&hash);
    CHECK(hash == NULL);
    core_hash_free(&hash);
}

static void elements_are_hashed_little_endian(void)
{
    const uint16_t halves[] = {1, 0x0203, 0xfffe, 7};
    const uint32_t words[] = {1, 0x02030405, 0xfffffffe};
    const uint64_t longs[] = {UINT64_C(0x0102030405060708), UINT64_C(0xfffffffffffffffe)};
    struct core_hash *hash;
    if (!NEED_STATUS(core_hash_new(&hash), SHS_OK)) return;
    core_hash_add_elements(hash, halves, 4, 2);
    CHECK(digest_is(hash, "ab6542602772e9ea53072c5512f03e9c"));
    core_hash_reset(hash);
    core_hash_add_elements(hash, words, 3, 4);
    CHECK(digest_is(hash, "2a42b67ed45d30b1e76c3d9a8ac2fa28"));
    core_hash_reset(hash);
    core_hash_add_elements(hash, longs, 2, 8);
    CHECK(digest_is(hash, "3860efd4149bb13619010caa6687b335"));
    core_hash_reset(hash);
    core_hash_add_elements(hash, "abc", 3, 1);
    CHECK(digest_is(hash, "06b05ab6733a618578af5f94892f3950"));
    core_hash_free(&hash);
}

static void a_hash_without_memory_is_an_error(void)
{
    struct counted_memory counted;
    struct core_hash *hash;
    counted_begin(&counted, 1);
    CHECK_STATUS(core_hash_new(&hash), SHS_ERROR_MEMORY);
    CHECK(hash == NULL);
    CHECK_EQ(counted_end(&counted), 0);
}

/* Vectors of the authors: Fowler, Noll, Vo, Eastlake: The FNV Non-Cryptographic Hash Algorithm. */
static void texts_have_fnv_hashes(void)
{
    CHECK_EQ(core_hash_text(""), UINT64_C(0xcbf29ce484222325));
    CHECK_EQ(core_hash_text("a"), UINT64_C(0xaf63dc4c8601ec8c));
    CHECK_EQ(core_hash_text("foobar"), UINT64_C(0x85944171f73967e8));
}

/* ---- tensors */

static void types_have_sizes_and_names(void)
{
    static const struct {
        int value;
        const char *name;
        size_t size;
    } types[] = {{1, "u8", 1},  {2, "u16", 2},  {3, "u32", 4}, {4, "u64", 8},
                 {5, "i8", 1},  {6, "i16", 2},  {7, "i32", 4}, {8, "i64", 8},
                 {9, "f16", 2}, {10, "f32", 4}, {11, "f64", 8}};
    for (size_t i = 0; i < COUNT(types); i++) {
        CHECK_EQ(shs_type_size((shs_type)types[i].value), types[i].size);
        CHECK_TEXT(shs_type_name((shs_type)types[i].value), types[i].name);
    }
    for (int value = 12; value < 20; value++) {
        CHECK_EQ(shs_type_size((shs_type)value), 0);
        CHECK_TEXT(shs_type_name((shs_type)value), "?");
    }
    CHECK_EQ(shs_type_size((shs_type)0), 0);
    CHECK_TEXT(shs_type_name((shs_type)0), "?");
}

static void tensors_have_sizes(void)
{
    size_t bytes = 7;
    shs_tensor tensor = {"t", SHS_F64, 3, {3, 5, 7}, NULL};
    if (CHECK_STATUS(shs_tensor_bytes(&tensor, &bytes), SHS_OK)) CHECK_EQ(bytes, 840);
    tensor.axes = 0;
    if (CHECK_STATUS(shs_tensor_bytes(&tensor, &bytes), SHS_OK)) CHECK_EQ(bytes, 8);
    tensor = (shs_tensor){"t", SHS_U8, 8, {2, 2, 2, 2, 2, 2, 2, 2}, NULL};
    if (CHECK_STATUS(shs_tensor_bytes(&tensor, &bytes), SHS_OK)) CHECK_EQ(bytes, 256);
    tensor.shape[7] = 0;
    if (CHECK_STATUS(shs_tensor_bytes(&tensor, &bytes), SHS_OK)) CHECK_EQ(bytes, 0);
    tensor = (shs_tensor){"t", SHS_U8, 1, {PTRDIFF_MAX}, NULL};
    if (CHECK_STATUS(shs_tensor_bytes(&tensor, &bytes), SHS_OK)) CHECK_EQ(bytes, PTRDIFF_MAX);
}

static void impossible_tensors_are_refused(void)
{
    const uint64_t top = UINT64_C(1) << 63;
    const shs_tensor bad[] = {
        {"whale", SHS_U8, 1, {top}, NULL},
        {"whale", SHS_F64, 1, {UINT64_C(1) << 60}, NULL},
        {"whale", SHS_F64, 1, {UINT64_C(1) << 61}, NULL},
        {"whale", SHS_U8, 2, {UINT64_C(1) << 32, UINT64_C(1) << 32}, NULL},
        {"whale", SHS_U8, 2, {UINT64_MAX, UINT64_MAX}, NULL},
        {"whale", SHS_U8, 9, {1, 1, 1, 1, 1, 1, 1, 1}, NULL},
        {"whale", SHS_U8, UINT32_MAX, {1}, NULL},
        {"whale", (shs_type)0, 1, {1}, NULL},
        {"whale", (shs_type)12, 1, {1}, NULL},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        size_t bytes = 7;
        CHECK_STATUS(shs_tensor_bytes(&bad[i], &bytes), SHS_ERROR_ARGUMENT);
        CHECK_EQ(bytes, 0);
        CHECK_HAS(shs_message(), "whale");
    }
    size_t bytes;
    shs_tensor nameless = {NULL, SHS_U8, 1, {top}, NULL};
    CHECK_STATUS(shs_tensor_bytes(&nameless, &bytes), SHS_ERROR_ARGUMENT);
}

/* A product with a factor of zero is zero, wherever the zero stands. */
static void a_tensor_with_an_empty_axis_is_empty(void)
{
    size_t bytes = 7;
    shs_tensor tensor = {"t", SHS_F64, 3, {0, UINT64_C(1) << 40, UINT64_C(1) << 40}, NULL};
    if (CHECK_STATUS(shs_tensor_bytes(&tensor, &bytes), SHS_OK)) CHECK_EQ(bytes, 0);
    tensor = (shs_tensor){"t", SHS_F64, 3, {UINT64_C(1) << 40, UINT64_C(1) << 40, 0}, NULL};
    if (CHECK_STATUS(shs_tensor_bytes(&tensor, &bytes), SHS_OK)) CHECK_EQ(bytes, 0);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(sizes_that_overflow_are_refused),
        TEST(new_memory_is_zeroed),
        TEST(resizing_keeps_the_content),
        TEST(a_copy_stands_alone),
        TEST(the_balance_of_memory_is_kept),
        TEST(products_are_checked),
        TEST(streams_copy_every_byte),
        TEST(elements_become_little_endian),
        TEST(digests_are_those_published),
        TEST(elements_are_hashed_little_endian),
        TEST(a_hash_without_memory_is_an_error),
        TEST(types_have_sizes_and_names),
        TEST(texts_have_fnv_hashes),
        TEST(tensors_have_sizes),
        TEST(impossible_tensors_are_refused),
        TEST(a_tensor_with_an_empty_axis_is_empty),
    };
    return harness_main("core_memory", tests, COUNT(tests), argc, argv);
}
