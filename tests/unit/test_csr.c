/* Rows of sparse matrices as dense rows, against a dense matrix that was made beforehand. */
#include "data_sample.h"
#include "sample_scene.h"

enum {
    COLUMNS = 21,
    MOST_ROWS = 96,
    MOST_ENTRIES = MOST_ROWS * COLUMNS
};

/* A matrix of whole numbers, dense and sparse. */
struct matrix {
    uint64_t rows, entries;
    int dense[MOST_ROWS][COLUMNS];
    int values[MOST_ENTRIES], indices[MOST_ENTRIES], indptr[MOST_ROWS + 1];
};

/* Lists a row's columns that are not 0: from the first to the last, or the other way round. */
static void list_row(struct matrix *matrix, uint64_t row, bool backwards)
{
    for (int i = 0; i < COLUMNS; i++) {
        int column = backwards ? COLUMNS - 1 - i : i;
        if (!matrix->dense[row][column]) continue;
        matrix->indices[matrix->entries] = column;
        matrix->values[matrix->entries++] = matrix->dense[row][column];
    }
    matrix->indptr[row + 1] = (int)matrix->entries;
}

/* Makes a matrix; every third row is empty, and every fifth row lists its columns backwards. */
static struct matrix *make_matrix(uint64_t rows, uint64_t seed)
{
    struct matrix *matrix = calloc(1, sizeof *matrix);
    matrix->rows = rows;
    for (uint64_t row = 0; row < rows; row++) {
        for (int column = 0; column < COLUMNS && row % 3 != 1; column++)
            if (judge_random(&seed) % 4 == 0)
                matrix->dense[row][column] = 1 + (int)(judge_random(&seed) % 100);
        list_row(matrix, row, row % 5 == 2);
    }
    return matrix;
}

/* How a matrix is written. */
struct form {
    hid_t values, indices, indptr; /* types in the file */
    hsize_t chunk;                 /* 0: contiguous */
    bool deflate;
    const char *encoding; /* NULL: none */
    long long shape[2];   /* columns of 0: none */
    bool old;             /* attributes of the names that old files have */
};

static void write_numbers(hid_t group, const char *name, hid_t type, hsize_t count,
                          const int *numbers, const struct form *form)
{
    hid_t space = H5Screate_simple(1, &count, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    if (form->chunk) H5Pset_chunk(list, 1, &form->chunk);
    if (form->deflate) H5Pset_deflate(list, 1);
    hid_t data = H5Dcreate2(group, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    if (count) CHECK(H5Dwrite(data, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
    H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
}

/* Writes a text of fixed length as an attribute, or with `shape` two numbers. */
static void write_attribute(hid_t group, const char *name, const char *text, const long long *shape)
{
    hsize_t two = 2;
    hid_t space = text ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &two, NULL);
    hid_t type = H5Tcopy(text ? H5T_C_S1 : H5T_STD_I64LE);
    if (text) H5Tset_size(type, strlen(text));
    hid_t attribute = H5Acreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (text)
        CHECK(H5Awrite(attribute, type, text) >= 0);
    else
        CHECK(H5Awrite(attribute, H5T_NATIVE_LLONG, shape) >= 0);
    H5Aclose(attribute);
    H5Tclose(type);
    H5Sclose(space);
}

static void write_matrix(const char *name, const struct matrix *matrix, const struct form *form)
{
    char path[PATH_BYTES];
    hid_t file =
        H5Fcreate(folder_path(folder, name, path), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t group = H5Gcreate2(file, "X", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (form->encoding)
        write_attribute(group, form->old ? "h5sparse_format" : "encoding-type", form->encoding,
                        NULL);
    if (form->shape[1])
        write_attribute(group, form->old ? "h5sparse_shape" : "shape", NULL, form->shape);
    write_numbers(group, "data", form->values, matrix->entries, matrix->values, form);
    write_numbers(group, "indices", form->indices, matrix->entries, matrix->indices, form);
    write_numbers(group, "indptr", form->indptr, matrix->rows + 1, matrix->indptr, form);
    H5Gclose(group);
    CHECK(H5Fclose(file) >= 0);
}

/* ---- Values. */

static const struct matrix *matrices[2];
static size_t value_bytes;
static bool is_float;
static const int *taken; /* the columns of a sample */

static void put_number(int number, unsigned char *to)
{
    const int16_t two = (int16_t)number;
    const int64_t eight = number;
    const float single = (float)number;
    const double twice = number;
    const unsigned char one = (unsigned char)number;
    const void *from = value_bytes == 1   ? (const void *)&one
                       : value_bytes == 2 ? (const void *)&two
                       : value_bytes == 4 ? (const void *)&single
                       : is_float         ? (const void *)&twice
                                          : (const void *)&eight;
    memcpy(to, from, value_bytes);
}

static void find_dense(const struct expectation *this, size_t field, uint64_t i,
                       unsigned char *bytes)
{
    const struct matrix *matrix = matrices[0];
    (void)field;
    if (i >= matrix->rows) {
        i -= matrix->rows;
        matrix = matrices[1];
    }
    for (size_t c = 0; c < this->bytes[0] / value_bytes; c++)
        put_number(matrix->dense[i][taken ? taken[c] : (int)c], bytes + c * value_bytes);
}

static void check_values(const char *fields, size_t columns, hid_t values,
                         const shs_dataset_options *options)
{
    value_bytes = H5Tget_size(values);
    is_float = H5Tget_class(values) == H5T_FLOAT;
    struct expectation expected = {.find = find_dense,
                                   .fields = 1,
                                   .samples = matrices[0]->rows + matrices[1]->rows,
                                   .bytes = {columns * value_bytes}};
    check_reading(folder, fields, options, &expected);
}

static void rows_are_those_of_the_dense_matrix_in_folder(void)
{
    const hid_t values[] = {H5T_STD_U8LE, H5T_STD_I16LE, H5T_IEEE_F32LE, H5T_IEEE_F64LE,
                            H5T_STD_I64BE};
    const hid_t indices[] = {H5T_STD_I8LE,  H5T_STD_U8LE,  H5T_STD_I16LE, H5T_STD_U16BE,
                             H5T_STD_I32LE, H5T_STD_U32LE, H5T_STD_I64LE, H5T_STD_U64LE};
    static const int picked[] = {20, 3, 4, 5, 6, 7};
    static const shs_dataset_options options[] = {{.cache_bytes = 0}, {.cache_bytes = 1}};
    struct matrix *first = make_matrix(77, 1), *second = make_matrix(13, 2);
    matrices[0] = first;
    matrices[1] = second;
    for (size_t i = 0; i < COUNT(indices); i++) {
        struct form form = {.values = values[i % COUNT(values)],
                            .indices = indices[i],
                            .indptr = i % 2 ? H5T_STD_I64LE : H5T_STD_I32LE,
                            .chunk = i % 3 ? 7 + i : 0,
                            .deflate = i % 3 == 2,
                            .encoding = i % 2 ? "csr_matrix" : NULL};
        write_matrix("0.h5", first, &form);
        form.shape[0] = 13;
        form.shape[1] = i % 2 ? COLUMNS : 0;
        write_matrix("1.h5", second, &form);
        taken = NULL;
        check_values("x=csr(X, width=21)", COLUMNS, form.values, &options[i / 2 % 2]);
        taken = picked;
        check_values("csr(X,width=21)(select=1[20 3:8])", COUNT(picked), form.values,
                     &options[i / 2 % 2]);
    }
    free(first);
    free(second);
}
IN_FOLDER(rows_are_those_of_the_dense_matrix)

static struct form plain_form(void)
{
    return (struct form){
        .values = H5T_IEEE_F32LE, .indices = H5T_STD_I32LE, .indptr = H5T_STD_I32LE};
}

/* The attributes of h5ad files, of today and of old, give the width. */
static void the_file_may_give_the_width_in_folder(void)
{
    struct matrix *matrix = make_matrix(30, 3), none = {.rows = 0};
    struct form form = plain_form();
    char path[PATH_BYTES];
    matrices[0] = matrix;
    matrices[1] = &none;
    taken = NULL;
    form.shape[0] = 30;
    form.shape[1] = COLUMNS;
    for (int old = 0; old < 2; old++) {
        form.old = old;
        form.encoding = old ? "csr" : "csr_matrix";
        write_matrix("0.h5", matrix, &form);
        check_values("x=csr(X)", COLUMNS, form.values, NULL);
    }
    refuse_data(folder_path(folder, "0.h5", path), "x=csr(X, width=20)", NULL, SHS_ERROR_ARGUMENT,
                "group X has 21 columns by its shape", "width is 20; leave width out");
    free(matrix);
}
IN_FOLDER(the_file_may_give_the_width)

/* ---- What is refused when the dataset is opened. */

static void groups_that_do_not_fit_are_refused_in_folder(void)
{
    const struct {
        const char *fields, *encoding;
        long long rows;
        shs_status status;
        const char *words, *more;
    } cases[] = {
        {"x=csr(X)", NULL, 0, SHS_ERROR_ARGUMENT, "no attribute that gives its shape",
         "x=csr(X, width=COLUMNS)"},
        {"x=csr(X, width=21)", "csc_matrix", 0, SHS_ERROR_UNSUPPORTED, "group X is a csc_matrix",
         "X.tocsr()"},
        {"x=csr(X, width=21)", "csc", 0, SHS_ERROR_UNSUPPORTED, "is a csc", "write it as rows"},
        {"x=csr(X, width=21)", "dataframe", 0, SHS_ERROR_UNSUPPORTED, "is a 'dataframe'",
         "csr() reads a csr_matrix"},
        {"x=csr(X)", "csr_matrix", 29, SHS_ERROR_FORMAT, "it has 29 rows by its shape",
         "indptr has 31 numbers, not 30"},
        {"x=csr(X/data, width=3)", NULL, 0, SHS_ERROR_FORMAT, "X/data is a dataset",
         "take it as it is: x=X/data"},
        {"x=csr(Y, width=3)", NULL, 0, SHS_ERROR_FILE, "holds no dataset 'Y/data'", ""},
        {"x=csr(X, width=21)(select=1[21])", NULL, 0, SHS_ERROR_ARGUMENT,
         "'21' is outside the axis", "length of 21"},
        {"x=csr(X, width=21)(select=1[TP53])", NULL, 0, SHS_ERROR_ARGUMENT, "'TP53' is no index",
         "field x: select"},
    };
    struct matrix *matrix = make_matrix(30, 3);
    char path[PATH_BYTES];
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct form form = plain_form();
        form.encoding = cases[i].encoding;
        form.shape[0] = cases[i].rows;
        form.shape[1] = cases[i].rows ? COLUMNS : 0;
        write_matrix("0.h5", matrix, &form);
        refuse_data(folder_path(folder, "0.h5", path), cases[i].fields, NULL, cases[i].status,
                    cases[i].words, cases[i].more);
    }
    free(matrix);
}
IN_FOLDER(groups_that_do_not_fit_are_refused)

static void refuse_matrix(const struct matrix *matrix, const char *words, const char *more)
{
    struct form form = plain_form();
    char path[PATH_BYTES];
    write_matrix("0.h5", matrix, &form);
    refuse_data(folder_path(folder, "0.h5", path), "x=csr(X, width=21)", NULL, SHS_ERROR_FORMAT,
                words, more);
}

static void offsets_that_contradict_the_entries_are_refused_in_folder(void)
{
    struct matrix *matrix = make_matrix(30, 3);
    int *indptr = matrix->indptr, third = indptr[3];
    indptr[3] = indptr[5] + 1;
    refuse_matrix(matrix, "dataset X/indptr: offset 4 is", "running sums behind a 0");
    indptr[3] = third;
    indptr[30]++;
    refuse_matrix(matrix, "offset 30 is", "rows only");
    indptr[30] -= 2;
    refuse_matrix(matrix, "dataset X/indptr goes from 0 to", "write the matrix anew");
    indptr[30]++;
    indptr[0] = 1;
    refuse_matrix(matrix, "dataset X/indptr goes from 1 to", "begin at 0");
    free(matrix);
}
IN_FOLDER(offsets_that_contradict_the_entries_are_refused)

static void texts_that_are_no_csr_are_refused_in_folder(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"x=csr(X, width=0)", "width is 0; it must be at least 1"},
        {"x=csr(X, width=two)", "width is 'two'"},
        {"x=csr(X, height=2)", "behind the group stands width=COLUMNS"},
        {"x=csr(X, 2)", "behind the group stands width=COLUMNS"},
        {"x=csr()", "csr() has no name of a group"},
        {"x=csr(X", "there is no ')' behind 'csr('"},
        {"x=csr(X)y", "behind csr(…) may stand select and crop"},
        {"x=csr(X)(window=2)", "a sample of csr() is one row"},
        {"x=csr(X)(axes=2)", "a sample of csr() is one row"},
        {"x=csr(X)(constant)", "a sample of csr() is one row"},
        {"x=csr(X)(offsets=o)", "a sample of csr() is one row"},
        {"x=csr(X), x=csr(X)", "field x is given twice"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        refuse_data(folder, cases[i].text, NULL, SHS_ERROR_ARGUMENT, cases[i].words, "");
    refuse_data(folder, "x=csr(X)", &one_a_file, SHS_ERROR_ARGUMENT, "with one sample a file", "");
}
IN_FOLDER(texts_that_are_no_csr_are_refused)

/* Parentheses with a key belong to a dataset that is called csr. */
static void a_dataset_may_be_called_csr(void)
{
    struct data_sample sample;
    if (!NEED_STATUS(data_sample_parse("csr(window=2)", false, &sample), SHS_OK)) return;
    CHECK_EQ(sample.part[0].kind, DATA_WINDOW);
    CHECK_TEXT(sample.array[0], "csr");
    data_sample_free(&sample);
}

static void describe(const char *fields, const char *expected)
{
    struct data_sample sample;
    struct core_text text = {0};
    if (!NEED_STATUS(data_sample_parse(fields, false, &sample), SHS_OK)) return;
    CHECK(!data_part_is_own_row(&sample, &sample.part[0]));
    data_part_describe(&sample, &sample.part[0], &text);
    CHECK_TEXT(text.bytes, expected);
    CHECK_EQ(sample.n_arrays, 3);
    core_text_free(&text);
    data_sample_free(&sample);
}

static void a_matrix_has_one_description(void)
{
    describe(" x = csr( ./X/ , width = 21 )", "x = csr(X, width=21)");
    describe("csr(g//X,width=21)( select=1[3  4], crop = 2[:7] )",
             "g/X = csr(g/X, width=21)(select=1[3 4], crop=2[:7])");
}

/* ---- What is told when a row is read. */

static void tell_row(const struct matrix *matrix, const char *words, const char *more)
{
    struct form form = plain_form();
    struct reading reading;
    char path[PATH_BYTES];
    shs_batch batch;
    write_matrix("0.h5", matrix, &form);
    if (NEED_STATUS(
            open_data(&reading, folder_path(folder, "0.h5", path), "x=csr(X, width=21)", NULL),
            SHS_OK) &&
        NEED_STATUS(shs_loader_open(
                        reading.data,
                        &(shs_loader_options){.batch = 8, .epochs = 1, .shuffle = SHS_SHUFFLE_NONE},
                        &reading.loader),
                    SHS_OK)) {
        shs_status status = SHS_OK;
        while (!status && shs_next(reading.loader, &batch) == SHS_OK)
            status = shs_agree(reading.run);
        CHECK_EQ(status, SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), words);
        CHECK_HAS(shs_message(), more);
        CHECK_HAS(shs_message(), "sample 12");
    }
    close_data(&reading);
}

static void columns_that_are_wrong_are_told_with_their_row_in_folder(void)
{
    struct matrix *matrix = make_matrix(30, 3);
    int *index = &matrix->indices[matrix->indptr[12]], good = *index;
    CHECK_IS(matrix->indptr[13] - matrix->indptr[12], >, 1);
    *index = COLUMNS;
    tell_row(matrix, "dataset X/indices: row 12 of the sparse matrix X has an entry in column 21",
             "there are 21 columns");
    *index = -1;
    tell_row(matrix, "row 12 of the sparse matrix X has an entry in column -1", "0.h5");
    *index = index[1];
    tell_row(matrix, "row 12 of the sparse matrix X has an entry in column",
             "and a second one there");
    *index = good;
    free(matrix);
}
IN_FOLDER(columns_that_are_wrong_are_told_with_their_row)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(rows_are_those_of_the_dense_matrix),
        TEST(the_file_may_give_the_width),
        TEST(groups_that_do_not_fit_are_refused),
        TEST(offsets_that_contradict_the_entries_are_refused),
        TEST(texts_that_are_no_csr_are_refused),
        TEST(a_dataset_may_be_called_csr),
        TEST(a_matrix_has_one_description),
        TEST(columns_that_are_wrong_are_told_with_their_row),
    };
    return harness_main("csr", tests, COUNT(tests), argc, argv);
}
