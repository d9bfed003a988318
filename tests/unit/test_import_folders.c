/* Folders of images that import takes. */
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <zlib.h>

#include "counted_memory.h"
#include "import_origin.h"
#include "import_scene.h"
#include "message.h"
#include "temporary_folder.h"
#include "unit.h"

static void folders_are_sorted_into_classes_in_folder(void)
{
    static const char *const names[] = {"b/2.png", "b/10.png", "a/1.png", "c/0.PNG"};
    static const uint8_t expected[] = {0, 1, 1, 2};
    struct import_origin_options options = {.labels = true};
    struct import_origin *source;
    unsigned char file[512];
    size_t bytes = png_file(file);
    char path[PATH_BYTES];
    uint64_t count;
    uint8_t labels[4];
    for (const char *name = "abcd"; *name; name++) {
        char one[2] = {*name, 0};
        mkdir(in_folder(one, path), 0777);
    }
    for (size_t i = 0; i < COUNT(names); i++)
        CHECK(file_write(in_folder(names[i], path), file, bytes));
    if (!NEED_STATUS(import_origin_open(folder, &options, &source), SHS_OK)) return;
    const char *const *classes = import_origin_classes(source, &count);
    CHECK_EQ(count, 4);
    for (uint64_t i = 0; i < count; i++)
        CHECK(classes[i][0] == (char)('a' + i) && !classes[i][1]);
    CHECK_EQ(import_origin_shape(source)->type, SHS_U8);
    CHECK_STATUS(import_origin_read(source, 0, 4, labels), SHS_OK);
    CHECK(!memcmp(labels, expected, sizeof labels));
    import_origin_close(&source);
}
IN_FOLDER(folders_are_sorted_into_classes)

static shs_status open_folder(bool labels)
{
    struct import_origin_options options = {.labels = labels};
    struct import_origin *source;
    shs_status status = import_origin_open(folder, &options, &source);
    import_origin_close(&source);
    return status;
}

/* Makes the head of a PNG claim 50,000 by 50,000 pixels. */
static void make_wide(unsigned char *file)
{
    static const unsigned char sizes[8] = {0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50};
    memcpy(file + 16, sizes, sizeof sizes);
    uint32_t sum = (uint32_t)crc32(0, file + 12, 17); /* of its type and 13 bytes */
    for (int i = 0; i < 4; i++)
        file[29 + i] = (unsigned char)(sum >> (24 - 8 * i));
}

static void odd_folders_are_refused_in_folder(void)
{
    char path[PATH_BYTES];
    unsigned char file[512];
    size_t bytes = png_file(file);
    if (CHECK_STATUS(open_folder(false), SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "no PNG images");
    CHECK(file_write(in_folder("a.png", path), file, bytes));
    CHECK_STATUS(open_folder(false), SHS_OK);
    if (CHECK_STATUS(open_folder(true), SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "no sub-folders");
    make_wide(file);
    CHECK(file_write(path, file, bytes));
    if (CHECK_STATUS(open_folder(false), SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "more than its");
    CHECK(file_write(path, "no image", 8));
    if (CHECK_STATUS(open_folder(false), SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "is no PNG image");
    bytes = png_file(file);
    CHECK(file_write(path, file, bytes));
    CHECK(file_write(in_folder(".hidden", path), "x", 1));
    CHECK_STATUS(open_folder(false), SHS_OK);
    CHECK(file_write(in_folder("list.txt", path), "x", 1));
    if (CHECK_STATUS(open_folder(false), SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "list.txt is neither");
    CHECK_EQ(remove(path), 0);
    CHECK_EQ(mkdir(in_folder("class", path), 0777), 0);
    if (CHECK_STATUS(open_folder(false), SHS_ERROR_FORMAT)) CHECK_HAS(shs_message(), "holds both");
    CHECK_EQ(remove(in_folder("a.png", path)), 0);
    if (CHECK_STATUS(open_folder(false), SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "no PNG images");
    CHECK_EQ(mkdir(in_folder("class/deeper", path), 0777), 0);
    if (CHECK_STATUS(open_folder(false), SHS_ERROR_FORMAT))
        CHECK_HAS(shs_message(), "deeper is no PNG image");
}
IN_FOLDER(odd_folders_are_refused)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(folders_are_sorted_into_classes),
        TEST(odd_folders_are_refused),
    };
    return harness_main("import_folders", tests, COUNT(tests), argc, argv);
}
