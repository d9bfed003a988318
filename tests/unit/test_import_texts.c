/* Formats that import takes: how a file is named, NPY heads, CSV, and damage to all. */
#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <zlib.h>

#include "counted_memory.h"
#include "h5_write.h"
#include "import_origin.h"
#include "import_scene.h"
#include "message.h"
#include "temporary_folder.h"
#include "unit.h"

/* ---- texts */

static void formats_are_told_by_content_and_name_in_folder(void)
{
    static const struct {
        const char *name, *content;
        size_t bytes;
        shs_status status;
        const char *message;
    } cases[] = {
        {"a.bin", "\0\0\10\1\0\0\0\1x", 9, SHS_OK, ""},
        {"a.csv", "1\n2\n", 4, SHS_OK, ""},
        {"a.txt", "1\n2\n", 4, SHS_OK, ""},
        {"a.bin", "1\n2\n", 4, SHS_ERROR_FORMAT, "no format that can be told"},
        {"a.npy", "1\n2\n", 4, SHS_ERROR_FORMAT, "ends 8 bytes too early, in its head"},
        {"a-ubyte", "1\n2\n", 4, SHS_ERROR_FORMAT, "no IDX file"},
        {"a.csv.gz", "1\n2\n", 4, SHS_ERROR_FORMAT, "no gzip file"},
        {"a.csv", "", 0, SHS_ERROR_FORMAT, "no rows of numbers"},
        {"a.png", "\x89PNG\r\n\x1a\n", 8, SHS_ERROR_FORMAT, "single PNG image"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[PATH_BYTES];
        struct import_origin *source;
        shs_tensor shape;
        CHECK(file_write(in_folder(cases[i].name, path), cases[i].content, cases[i].bytes));
        CHECK_STATUS(open_text(path, &source, &shape), cases[i].status);
        CHECK(!cases[i].status || message_has(cases[i].message));
        import_origin_close(&source);
    }
}
IN_FOLDER(formats_are_told_by_content_and_name)

static void texts_are_taken_apart_in_folder(void)
{
    static const struct {
        const char *prefix;
        shs_status status;
    } cases[] = {
        {"raw:u8:4:", SHS_OK},
        {"raw:u16be:2:", SHS_OK},
        {"raw:f32:1x1x1x1x1x1x1x1:", SHS_OK},
        {"raw:f32:1x1x1x1x1x1x1x1x1:", SHS_ERROR_ARGUMENT},
        {"raw:", SHS_ERROR_ARGUMENT},
        {"raw:u8:", SHS_ERROR_ARGUMENT},
        {"raw:u9:4:", SHS_ERROR_ARGUMENT},
        {"raw:u8le:4:", SHS_ERROR_ARGUMENT},
        {"raw:be:4:", SHS_ERROR_ARGUMENT},
        {"raw:u8:4x:", SHS_ERROR_ARGUMENT},
        {"raw:u8:x4:", SHS_ERROR_ARGUMENT},
        {"raw:u8::", SHS_ERROR_ARGUMENT},
        {"raw:u8:-4:", SHS_ERROR_ARGUMENT},
        {"raw:u8:0:", SHS_ERROR_FORMAT},
        {"raw:u8:4x0:", SHS_ERROR_FORMAT},
        {"raw:u8:99999999999999999999:", SHS_ERROR_ARGUMENT},
        {"raw:u8:4294967296x4294967296:", SHS_ERROR_ARGUMENT},
        {"raw:f64:4611686018427387904:", SHS_ERROR_ARGUMENT},
        {"raw:u8:9223372036854775808:", SHS_ERROR_ARGUMENT},
        {"raw:u8:3:", SHS_ERROR_FORMAT},
        {"raw:u8:5:", SHS_ERROR_FORMAT},
        {"csv:", SHS_OK},
        {"csv:u8:", SHS_OK},
        {"csv:1:", SHS_OK},
        {"csv:u8:1:", SHS_OK},
        {"csv:1:u8:", SHS_ERROR_FILE}, /* a file of that name */
        {"csv:2:", SHS_ERROR_ARGUMENT},
        {"csv:0:", SHS_ERROR_ARGUMENT},
        {"csv:1,1:", SHS_ERROR_ARGUMENT},
        {"csv:1,:", SHS_ERROR_ARGUMENT},
        {"csv:1--2:", SHS_ERROR_ARGUMENT},
        {"csv:2-1:", SHS_ERROR_ARGUMENT},
        {"csv:1-99999999999999999999:", SHS_ERROR_ARGUMENT},
        {"csv:f16:", SHS_ERROR_UNSUPPORTED},
        {"csv:u8be:", SHS_ERROR_FILE},
        {"csv:classes:1:", SHS_OK}, /* texts of digits are texts */
        {"csv:classes:2:", SHS_ERROR_ARGUMENT},
        {"csv:u8:classes:", SHS_ERROR_FILE}, /* a file of that name */
        {"csv:classes:u8:", SHS_ERROR_FILE},
        {"png:", SHS_ERROR_FILE},
        {"idx:", SHS_ERROR_FORMAT},
    };
    char path[PATH_BYTES];
    CHECK(file_write(in_folder("file.csv", path), "1\n2\n", 4));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct import_origin *source;
        shs_tensor shape;
        shs_status status = open_as(cases[i].prefix, path, &source, &shape);
        if (status != cases[i].status)
            printf("  %s: %s: %s\n", cases[i].prefix, shs_status_name(status), shs_message());
        CHECK_STATUS(status, cases[i].status);
        CHECK_EQ(source == NULL, status != SHS_OK);
        import_origin_close(&source);
    }
}
IN_FOLDER(texts_are_taken_apart)

/* ---- NPY heads */

/* A file of that head and 24 bytes of elements; its length. */
static size_t npy_file(const char *head, unsigned char *file)
{
    size_t length = strlen(head);
    memcpy(file, "\x93NUMPY\1\0", 8);
    file[8] = (unsigned char)length;
    file[9] = 0;
    memcpy(file + 10, head, length);
    for (size_t i = 0; i < 24; i++)
        file[10 + length + i] = (unsigned char)(i + 1);
    return 10 + length + 24;
}

static void heads_of_npy_files_are_understood_in_folder(void)
{
    static const struct {
        const char *head;
        shs_status status;
        const char *message;
    } cases[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }   \n", SHS_OK, ""},
        {"{\"shape\":(3,2),\"fortran_order\":True,\"descr\":\"<f4\"}", SHS_OK, ""},
        {"{'descr': '>u2', 'fortran_order': False, 'shape': (3L, 4L)}", SHS_OK, ""},
        {"{'descr': '|b1', 'fortran_order': False, 'shape': (24,)}", SHS_OK, ""},
        {"{'descr': '=i8', 'fortran_order': True, 'shape': (3,)}", SHS_OK, ""},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (7,)}", SHS_ERROR_FORMAT,
         "ends 4 bytes too early"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (5,1)}", SHS_ERROR_FORMAT, "goes on"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': ()}", SHS_ERROR_FORMAT,
         "single number"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3)}", SHS_ERROR_FORMAT,
         "no elements"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT, "pickled"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT, "complex"},
        {"{'descr': '<U2', 'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT, "texts"},
        {"{'descr': '<M8[s]', 'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT, "times"},
        {"{'descr': '<f16', 'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT, "elements"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT,
         "structured"},
        {"{'descr': '', 'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT, "elements"},
        {"{'descr': '<f4', 'fortran_order': False}", SHS_ERROR_FORMAT, "not understood"},
        {"{'descr': '<f4', 'shape': (3,)}", SHS_ERROR_FORMAT, "not understood"},
        {"{'fortran_order': False, 'shape': (3,)}", SHS_ERROR_FORMAT, "not understood"},
        {"{'descr': '<f4', 'fortran_order': Maybe, 'shape': (3,)}", SHS_ERROR_FORMAT,
         "not understood"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,-2)}", SHS_ERROR_FORMAT,
         "not understood"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3", SHS_ERROR_FORMAT,
         "not understood"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,6)}", SHS_ERROR_FORMAT,
         "not understood"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
         SHS_ERROR_FORMAT, "not understood"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
         SHS_ERROR_ARGUMENT, "file.npy"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1152921504606846976)}",
         SHS_ERROR_ARGUMENT, "file.npy"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 100000000000000)}", SHS_ERROR_FORMAT,
         "too early"},
        {"{'descr': '<f4', 'other': 1}", SHS_ERROR_FORMAT, "not understood"},
        {"", SHS_ERROR_FORMAT, "not understood"},
    };
    char path[PATH_BYTES];
    unsigned char file[256];
    in_folder("file.npy", path);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct import_origin *source;
        shs_tensor shape;
        CHECK(file_write(path, file, npy_file(cases[i].head, file)));
        shs_status status = open_text(path, &source, &shape);
        if (status != cases[i].status)
            printf("  %s: %s: %s\n", cases[i].head, shs_status_name(status), shs_message());
        CHECK_STATUS(status, cases[i].status);
        CHECK(!status || message_has(cases[i].message));
        import_origin_close(&source);
    }
}
IN_FOLDER(heads_of_npy_files_are_understood)

/* Element (r, i, j) of a Fortran file lies at r + 3 i + 6 j; here it has that value. Rows are asked
 * for in every way. */
static void fortran_order_is_turned_round_in_folder(void)
{
    char path[PATH_BYTES];
    unsigned char file[256];
    struct import_origin *source;
    shs_tensor shape;
    size_t count = npy_file("{'descr': '|u1', 'fortran_order': True, 'shape': (3, 2, 4)}", file);
    for (size_t i = 0; i < 24; i++)
        file[count - 24 + i] = (unsigned char)i;
    CHECK(file_write(in_folder("file.npy", path), file, count));
    if (!NEED_STATUS(open_text(path, &source, &shape), SHS_OK)) return;
    for (uint64_t first = 0; first < 3; first++)
        for (uint64_t rows = 1; first + rows <= 3; rows++) {
            unsigned char got[24];
            CHECK_STATUS(import_origin_read(source, first, rows, got), SHS_OK);
            for (uint64_t at = 0; at < 8 * rows; at++)
                CHECK_EQ(got[at], first + at / 8 + 3 * (at / 4 % 2) + 6 * (at % 4));
        }
    import_origin_close(&source);
}
IN_FOLDER(fortran_order_is_turned_round)

/* ---- CSV */

static void lines_and_columns_are_named_in_folder(void)
{
    static const struct {
        const char *prefix, *content, *message; /* "": it is read */
    } cases[] = {
        {"csv:", "1,2\n3,x\n",
         "line 2, column 2: 'x' is no number; a missing number is written nan, and texts become "
         "numbers of classes by csv:classes:2:FILE"},
        {"csv:", "a,b\n1,2\n3\n", "line 3 has 1 columns, where the first has 2"},
        {"csv:", "1,2\n3,4,5\n", "line 2 has 3 columns, where the first has 2"},
        {"csv:", "1,2\n\n3,4\n", "line 2 is empty, and rows follow it"},
        {"csv:", "1,2\n3,\n", "line 2, column 2 is empty; fill in a number"},
        {"csv:", "1,\"2\n3,4\n", "line 1, column 2: a quote that is opened here is never closed"},
        {"csv:", "1,\"2\"3\n", "line 1, column 2: something follows the closing quote"},
        {"csv:", "a,b\n", "no rows of numbers"},
        {"csv:", "\n\n", "no rows of numbers"},
        {"csv:", "a\n1\n9223372036854775808\n", "not all of its whole numbers are of type i64"},
        {"csv:", "1\n-9223372036854775809\n", "csv:f64:FILE, which rounds them"},
        {"csv:", "1.5\n9223372036854775808\n", ""},
        {"csv:2:", "9223372036854775808,1\n0,2\n", ""},
        {"csv:u8:", "1\n256\n", "line 2, column 1: '256' is no number of type u8"},
        {"csv:u8:", "1\n-1\n", "line 2, column 1: '-1' is no number of type u8"},
        {"csv:i8:", "1\n-129\n", "'-129' is no number of type i8"},
        {"csv:i8:", "127\n-128\n", ""},
        {"csv:u64:", "18446744073709551615\n0\n", ""},
        {"csv:u64:", "18446744073709551616\n0\n", "no number of type u64"},
        {"csv:i64:", "-9223372036854775808\n9223372036854775807\n", ""},
        {"csv:i64:", "1\n-9223372036854775809\n", "no number of type i64"},
        {"csv:i32:", "1\n1.0\n", "'1.0' is no number of type i32"},
        {"csv:i32:", "1\n0x10\n", "'0x10' is no number"},
        {"csv:f32:", "1\n1e39\n", "'1e39' is no number of type f32"},
        {"csv:f64:", "1\n1e309\n", "'1e309' is no number of type f64"},
        {"csv:f64:", "1\n0x1p3\n", "'0x1p3' is no number of type f64"},
        {"csv:f64:", "1\n1 2\n", "'1 2' is no number"},
        {"csv:", "1\n2e-400\n", ""},
        {"csv:", "a;b\n1;2,5\n", "line 2, column 2: '2,5' is no number"},
        {"csv:3:", "1,2\n", "has 2 columns, and no column 3"},
        /* all columns of line 1 are asked, whichever are taken */
        {"csv:2:", "label,0,1\n7,2,3\n",
         "line 1 may be a heading or a row: column 2 is '0', a number"},
        {"csv:1:", "label,0,1\n7,2,3\n",
         "column 1 is 'label', none; say --heading yes or --heading no"},
        {"csv:", "1,,3\n4,5,6\n", "column 2 is '', none"},
        {"csv:u8:1:", "1,x3\n4,5\n", "column 2 is 'x3', none"},
        {"csv:2:", "a,b\n7,2\n", ""},
        {"csv:", "NA\n7\n",
         "column 1 is 'NA', which may have been meant as a number; say --heading"},
        {"csv:", "0x10\n7\n", "column 1 is '0x10', which may have been meant as a number"},
        {"csv:", "1e400\n7\n", "--heading yes or --heading no, or write nan for a missing number"},
        {"csv:", "1,NA\n7,8\n",
         "none; say --heading yes or --heading no, or write nan for a missing"},
        {"csv:", ",\n7,8\n", "column 1 is '', which may have been meant as a number"},
        {"csv:", ",b\n7,8\n", ""}, /* as pandas heads a column of its index */
        {"csv:classes:2:", "n,kind\n1,cat\n2,\n",
         "line 3, column 2 is empty; fill in the row's class"},
        {"csv:classes:2:", "n,kind\n1,cat\n2,\"\"\n", ""},
        {"csv:classes:2:", "1,cat\n2,dog\n", "line 1 may be a heading or a row: column 1 is '1'"},
        {"csv:classes:", "cat\ndog\n", "line 1 may be a heading or a row: neither it nor line 2"},
        {"csv:classes:1-2:", "n,kind\n1,cat\n",
         "classes are the texts of one column, of 2; name it"},
        {"csv:classes:", "n,kind\n1,cat\n", "classes are the texts of one column, of 2; name it"},
        {"csv:classes:2:", "n,kind\n", "file.csv has no rows"},
        {"csv:classes:2:", "n,kind\n1,cat\n2\n", "line 3 has 1 columns, where the first has 2"},
    };
    char path[PATH_BYTES];
    in_folder("file.csv", path);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct import_origin *source;
        shs_tensor shape;
        double rows[4];
        CHECK(file_write(path, cases[i].content, strlen(cases[i].content)));
        shs_status status = open_as(cases[i].prefix, path, &source, &shape);
        if (!status) status = import_origin_read(source, 0, shape.shape[0], rows);
        bool right = *cases[i].message ? status && message_has(cases[i].message) : !status;
        if (!right) printf("  %s: %s\n", cases[i].message, shs_message());
        CHECK(right);
        import_origin_close(&source);
    }
}
IN_FOLDER(lines_and_columns_are_named)

static void a_heading_is_what_is_said_in_folder(void)
{
    static const struct {
        enum import_heading heading;
        const char *text, *content;
        uint64_t rows; /* 0: refused */
        const char *words;
    } cases[] = {
        {IMPORT_HEADING_NOT_SAID, "csv:1:", "a,b\n1,2\n", 1, ": line 1 is a heading"},
        {IMPORT_HEADING_NOT_SAID, "csv:2:", "0,1\n1,2\n", 2, ": line 1 is a row of numbers"},
        {IMPORT_HEADING_YES, "csv:2:", "0,1\n1,2\n", 1, ": line 1 is a heading"},
        {IMPORT_HEADING_YES, "csv:u8:2:", "label,0\n1,2\n", 1, ": line 1 is a heading"},
        {IMPORT_HEADING_NO, "csv:2:", "cat,0\ndog,2\n", 2, ": line 1 is a row of numbers"},
        {IMPORT_HEADING_NO, "csv:", "1,,3\n4,5,6\n", 0, "line 1, column 2 is empty"},
        {IMPORT_HEADING_NO, "csv:i16:", "1,x,3\n4,5,6\n", 0, "line 1, column 2: 'x' is no number"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[PATH_BYTES], text[2 * PATH_BYTES];
        struct import_origin *csv;
        struct import_origin_options options = {.heading = cases[i].heading};
        int64_t rows[6];
        CHECK(file_write(in_folder("file.csv", path), cases[i].content, strlen(cases[i].content)));
        snprintf(text, sizeof text, "%s%s", cases[i].text, path);
        shs_status status = import_origin_open(text, &options, &csv);
        if (!status) status = import_origin_read(csv, 0, import_origin_shape(csv)->shape[0], rows);
        CHECK_STATUS(status, cases[i].rows ? SHS_OK : SHS_ERROR_FORMAT);
        if (!status) {
            CHECK_EQ(import_origin_shape(csv)->shape[0], cases[i].rows);
            CHECK_HAS(import_origin_note(csv), cases[i].words);
        } else {
            CHECK_HAS(shs_message(), cases[i].words);
        }
        import_origin_close(&csv);
    }
}
IN_FOLDER(a_heading_is_what_is_said)

/* Rows are found from the places that are kept of every 1024th, in any order. */
static void rows_of_a_long_csv_file_are_found_in_folder(void)
{
    enum {
        ROWS = 5000
    };
    static char text[ROWS * 16];
    static const uint64_t firsts[] = {4999, 0, 1023, 1024, 1025, 2047, 2048, 3000, 2999, 4096};
    char path[PATH_BYTES];
    struct import_origin *source;
    shs_tensor shape;
    size_t length = 0;
    for (int row = 0; row < ROWS; row++)
        length += (size_t)snprintf(text + length, 16, "%d,%d\n", row, -row);
    CHECK(file_write(in_folder("file.csv", path), text, length));
    if (!NEED_STATUS(open_text(path, &source, &shape), SHS_OK)) return;
    CHECK_EQ(shape.type, SHS_I64);
    CHECK_EQ(shape.axes, 2);
    CHECK_EQ(shape.shape[0], ROWS);
    for (size_t i = 0; i < COUNT(firsts); i++) {
        int64_t row[2];
        CHECK_STATUS(import_origin_read(source, firsts[i], 1, row), SHS_OK);
        CHECK_EQ(row[0], (int64_t)firsts[i]);
        CHECK_EQ(row[1], -(int64_t)firsts[i]);
    }
    import_origin_close(&source);
}
IN_FOLDER(rows_of_a_long_csv_file_are_found)

static void the_type_is_that_of_all_rows_in_folder(void)
{
    static const struct {
        const char *content;
        shs_type type;
    } cases[] = {
        {"1\n2\n", SHS_I64},     {"x\n2\n", SHS_I64},   {"1.5\n2\n", SHS_F64},
        {"1\n2.5\n", SHS_F64},   {"1.5\n", SHS_F64},    {"x\n1.5\n", SHS_F64},
        {"a,b\n1,2\n", SHS_I64}, {"1\nnan\n", SHS_F64}, {"9223372036854775808.0\n", SHS_F64}};
    char path[PATH_BYTES];
    in_folder("file.csv", path);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct import_origin *source;
        shs_tensor shape;
        CHECK(file_write(path, cases[i].content, strlen(cases[i].content)));
        CHECK_STATUS(open_text(path, &source, &shape), SHS_OK);
        CHECK_EQ(shape.type, cases[i].type);
        import_origin_close(&source);
    }
}
IN_FOLDER(the_type_is_that_of_all_rows)

/* ---- damage */

struct example {
    const char *prefix;
    const char *name; /* of the file */
    const char *path; /* that is opened */
    unsigned char file[512];
    size_t count;
};

enum {
    EXAMPLES = 6
};

static void make_examples(struct example examples[EXAMPLES])
{
    static const char csv[] = "a,\"b\"\n1,2\n30,\"4.5\"\n-6,7e1\n";
    static const char *const c_head =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }\n";
    static const char *const f_head =
        "{'descr': '>f4', 'fortran_order': True, 'shape': (3, 2), }\n";
    size_t packed_count = 0;
    for (size_t i = 0; i < EXAMPLES; i++)
        examples[i] = (struct example){.prefix = "", .name = "file", .path = "file"};
    examples[0].prefix = "idx:";
    examples[0].count = idx_file(3, examples[0].file);
    examples[1].prefix = "npy:";
    examples[1].count = npy_file(c_head, examples[1].file);
    examples[2].prefix = "npy:";
    examples[2].count = npy_file(f_head, examples[2].file);
    examples[3].prefix = "csv:";
    examples[3].count = sizeof csv - 1;
    memcpy(examples[3].file, csv, sizeof csv - 1);
    examples[4].prefix = "png:";
    examples[4].name = "images/a.png";
    examples[4].path = "images";
    examples[4].count = png_file(examples[4].file);
    examples[5].prefix = "raw:u16:12:";
    unsigned char *packed = gzipped(examples[1].file, 24, &packed_count);
    if (packed && packed_count < sizeof examples[5].file) {
        memcpy(examples[5].file, packed, packed_count);
        examples[5].count = packed_count;
    }
    free(packed);
}

/* Opens, reads all rows in two ways and finishes. */
static shs_status read_example(const struct example *example)
{
    char path[PATH_BYTES];
    struct import_origin *source;
    shs_tensor shape;
    size_t bytes = 0;
    shs_status status = open_as(example->prefix, in_folder(example->path, path), &source, &shape);
    if (!status) status = shs_tensor_bytes(&shape, &bytes);
    unsigned char *rows = bytes < 1 << 20 ? malloc(bytes + 1) : NULL;
    if (!status && rows) status = import_origin_read(source, 0, shape.shape[0], rows);
    if (!status && rows) status = import_origin_read(source, shape.shape[0] - 1, 1, rows);
    if (!status) status = import_origin_finish(source);
    free(rows);
    import_origin_close(&source);
    return status;
}

static bool write_example(const struct example *example, size_t count)
{
    char path[PATH_BYTES];
    mkdir(in_folder("images", path), 0777);
    return file_write(in_folder(example->name, path), example->file, count);
}

/* Every cut is refused, but where what is left is a whole file: a CSV file that ends after a row.
 */
static void files_that_are_cut_off_are_refused_in_folder(void)
{
    struct example examples[EXAMPLES];
    make_examples(examples);
    for (size_t i = 0; i < EXAMPLES; i++) {
        bool text = !strcmp(examples[i].prefix, "csv:");
        CHECK(write_example(&examples[i], examples[i].count));
        if (CHECK(examples[i].count)) CHECK_STATUS(read_example(&examples[i]), SHS_OK);
        for (size_t count = 0; count < examples[i].count; count++) {
            CHECK(write_example(&examples[i], count));
            shs_status status = read_example(&examples[i]);
            if (!text && status != SHS_ERROR_FORMAT)
                printf("  %s cut after %d bytes: %s\n", examples[i].prefix, (int)count,
                       shs_status_name(status));
            CHECK(text || status == SHS_ERROR_FORMAT);
        }
    }
}
IN_FOLDER(files_that_are_cut_off_are_refused)

/* Each byte takes other values: whatever comes, it is a status. A PNG or gzip file has checksums,
 * so that its content is never taken for another. */
static void damaged_files_give_statuses_in_folder(void)
{
    static const unsigned char other[] = {0x01, 0x80, 0xff, 0x0a, 0x20};
    struct example examples[EXAMPLES];
    make_examples(examples);
    for (size_t i = 0; i < EXAMPLES; i++)
        for (size_t at = 0; at < examples[i].count; at++)
            for (size_t k = 0; k < COUNT(other); k++) {
                examples[i].file[at] ^= other[k];
                CHECK(write_example(&examples[i], examples[i].count));
                shs_status status = read_example(&examples[i]);
                CHECK(status == SHS_OK || (status < 0 && *shs_message()));
                examples[i].file[at] ^= other[k];
            }
}
IN_FOLDER(damaged_files_give_statuses)

/* The n-th allocation fails, for every n: no leak, and a clear status. */
static void any_allocation_may_fail_in_folder(void)
{
    struct example examples[EXAMPLES];
    make_examples(examples);
    for (size_t i = 0; i < EXAMPLES; i++) {
        struct counted_memory counted = {.failed = 1};
        CHECK(write_example(&examples[i], examples[i].count));
        for (long fail_at = 1; counted.failed; fail_at++) {
            counted_begin(&counted, fail_at);
            shs_status status = read_example(&examples[i]);
            CHECK_EQ(counted_end(&counted), 0);
            CHECK_STATUS(status, counted.failed ? SHS_ERROR_MEMORY : SHS_OK);
        }
    }
}
IN_FOLDER(any_allocation_may_fail)

static bool write_h5(const char *path, shs_type type)
{
    static const double rows[4] = {1, 2, 3, 4};
    const shs_tensor tensor = {.type = type, .axes = 2, .shape = {2, 2}};
    const struct h5_storage contiguous = {0};
    struct h5_writer *writer;
    if (h5_create(path, &writer)) return false;
    if (!h5_create_array(writer, "x", &tensor, &contiguous) && !h5_write_rows(writer, 2, rows))
        return !h5_finish(&writer);
    h5_abandon(&writer);
    return false;
}

/* A file that changes between its opening and its end. The first of two HDF5 files is opened again
 * when its rows are read. */
static void files_that_change_are_refused_in_folder(void)
{
    char path[PATH_BYTES], other[PATH_BYTES], raw[PATH_BYTES], text[3 * PATH_BYTES];
    float rows[8];
    shs_tensor shape;
    struct import_origin *origin;
    snprintf(text, sizeof text, "h5:%s,%s:x", in_folder("a.h5", path), in_folder("b.h5", other));
    CHECK(write_h5(path, SHS_F32) && write_h5(other, SHS_F32));
    CHECK_STATUS(open_text(text, &origin, &shape), SHS_OK);
    CHECK(write_h5(path, SHS_F64));
    CHECK_STATUS(import_origin_read(origin, 0, 4, rows), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "has another type or shape than when it was opened first");
    CHECK_STATUS(import_origin_finish(origin), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "has changed since it was opened");
    import_origin_close(&origin);

    CHECK(file_write(in_folder("x.bin", raw), "abcdef", 6));
    snprintf(text, sizeof text, "raw:u8:6:%s", raw);
    CHECK_STATUS(open_text(text, &origin, &shape), SHS_OK);
    CHECK_STATUS(import_origin_read(origin, 0, 6, rows), SHS_OK);
    CHECK_STATUS(import_origin_finish(origin), SHS_OK);
    CHECK_EQ(utimensat(AT_FDCWD, raw, (const struct timespec[]){{0}, {0}}, 0), 0);
    CHECK_STATUS(import_origin_finish(origin), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "was written to, or touched, while it was imported");
    import_origin_close(&origin);
}
IN_FOLDER(files_that_change_are_refused)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(formats_are_told_by_content_and_name),
        TEST(texts_are_taken_apart),
        TEST(heads_of_npy_files_are_understood),
        TEST(fortran_order_is_turned_round),
        TEST(lines_and_columns_are_named),
        TEST(a_heading_is_what_is_said),
        TEST(rows_of_a_long_csv_file_are_found),
        TEST(the_type_is_that_of_all_rows),
        TEST(files_that_are_cut_off_are_refused),
        TEST(damaged_files_give_statuses),
        TEST(any_allocation_may_fail),
        TEST(files_that_change_are_refused),
    };
    return harness_main("import_texts", tests, COUNT(tests), argc, argv);
}
