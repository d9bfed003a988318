/* Fields of a batch by their names, and their elements by their types: what is there is given, and
 * what is not is refused with a message that says what is. */
#include <string.h>

#include "h5_type.h"
#include "sample_scene.h"

enum {
    ROWS = 6,
    EACH = 6 /* elements of a row of 2 x 3 */
};

static const shs_type types[] = {SHS_F32, SHS_F64, SHS_U8,  SHS_U16, SHS_U32, SHS_U64,
                                 SHS_I8,  SHS_I16, SHS_I32, SHS_I64, SHS_F16};

/* A file with a dataset of each type, named by it, whose elements are the numbers 0, 1, …, and a
 * dataset "label" of one number a row. */
static void make_file(char path[PATH_BYTES])
{
    const hsize_t shape[] = {ROWS, 2, 3};
    double numbers[ROWS * EACH];
    for (size_t i = 0; i < COUNT(numbers); i++)
        numbers[i] = (double)i;
    folder_path(folder, "types.h5", path);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    for (size_t t = 0; t <= COUNT(types); t++) {
        bool label = t == COUNT(types);
        hid_t space = H5Screate_simple(label ? 1 : 3, shape, NULL);
        hid_t type = h5_file_type(label ? SHS_U8 : types[t]);
        hid_t set = H5Dcreate2(file, label ? "label" : shs_type_name(types[t]), type, space,
                               H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        CHECK(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
        CHECK(H5Dclose(set) >= 0 && H5Tclose(type) >= 0 && H5Sclose(space) >= 0);
    }
    CHECK(H5Fclose(file) >= 0);
}

static bool open_fields(struct reading *reading, const char *fields,
                        const shs_loader_options *options)
{
    char path[PATH_BYTES];
    make_file(path);
    return NEED_STATUS(open_data(reading, path, fields, NULL), SHS_OK) &&
           NEED_STATUS(shs_loader_open(reading->data, options, &reading->loader), SHS_OK);
}

/* Element 0 of row r is EACH * r. */
#define GIVES(name, c_type)                                                                        \
    do {                                                                                           \
        c_type *data;                                                                              \
        harness_where("%s", #name);                                                                \
        if (!CHECK_STATUS(shs_batch_##name(batch, #name, EACH, &data), SHS_OK)) break;             \
        for (uint64_t row = 0; row < batch->rows; row++)                                           \
            CHECK(data[row * EACH] == (c_type)(EACH * batch->index[row]));                         \
        c_type *any;                                                                               \
        CHECK_STATUS(shs_batch_##name(batch, #name, 0, &any), SHS_OK);                             \
        CHECK(any == data);                                                                        \
    } while (0)

static void check_types(const shs_batch *batch)
{
    const shs_tensor *found;
    uint8_t *label;
    GIVES(f32, float);
    GIVES(f64, double);
    GIVES(u8, uint8_t);
    GIVES(u16, uint16_t);
    GIVES(u32, uint32_t);
    GIVES(u64, uint64_t);
    GIVES(i8, int8_t);
    GIVES(i16, int16_t);
    GIVES(i32, int32_t);
    GIVES(i64, int64_t);
    harness_where(NULL);
    CHECK_STATUS(shs_batch_u8(batch, "label", 1, &label), SHS_OK);
    for (uint64_t row = 0; row < batch->rows; row++)
        CHECK_EQ(label[row], batch->index[row]);
    CHECK_STATUS(shs_batch_field(batch, "f16", &found), SHS_OK);
    CHECK_EQ(found - batch->field, 10);
    CHECK_EQ(found->type, SHS_F16);
}

static void each_type_has_a_function_in_folder(void)
{
    const shs_loader_options options[] = {{.batch = 4, .epochs = 1},
                                          {.batch = 4, .epochs = 1, .step_batches = true}};
    struct reading reading;
    shs_batch batch;
    for (size_t i = 0; i < COUNT(options); i++) {
        if (!open_fields(&reading, "f32,f64,u8,u16,u32,u64,i8,i16,i32,i64,f16,label", &options[i]))
            return;
        while (shs_next(reading.loader, &batch) == SHS_OK) {
            check_types(&batch);
            for (size_t part = 0; part < batch.parts; part++)
                check_types(&batch.part[part]);
        }
        close_data(&reading);
    }
}
IN_FOLDER(each_type_has_a_function)

static void what_is_not_there_is_refused_in_folder(void)
{
    struct reading reading;
    shs_batch batch;
    const shs_tensor *found;
    float here = 0, *data = &here;
    uint8_t *bytes;
    const shs_loader_options options = {.batch = 4, .augment = "cast: cast(type=f32)"};
    if (!open_fields(&reading, "x=f64,half=f16,u8,cast=i32,all=u8(constant)", &options) ||
        !NEED_STATUS(shs_next(reading.loader, &batch), SHS_OK))
        return;
    CHECK_STATUS(shs_batch_f32(&batch, "x", EACH, &data), SHS_ERROR_ARGUMENT);
    CHECK(!data);
    CHECK(message_has("shs_batch_f32: field x has elements of type f64, not f32; take them by "
                      "shs_batch_f64(), or have them converted: .augment = \"x: cast(type=f32)\""));
    CHECK_STATUS(shs_batch_f32(&batch, "half", EACH, &data), SHS_ERROR_ARGUMENT);
    CHECK(message_has("of type f16, not f32; have them converted: .augment = \"half: cast"));
    CHECK_STATUS(shs_batch_u8(&batch, "x", EACH, &bytes), SHS_ERROR_ARGUMENT);
    CHECK(message_has("shs_batch_f64(), or import the data with the type u8"));
    CHECK_STATUS(shs_batch_u8(&batch, "u8", 4, &bytes), SHS_ERROR_ARGUMENT);
    CHECK(message_has("shs_batch_u8: field u8 has 6 elements in each row (u8 2x3), not 4; make the "
                      "model for 6, or change the samples by an operator such as resize"));
    CHECK_STATUS(shs_batch_u8(&batch, "all", EACH, &bytes), SHS_ERROR_ARGUMENT);
    CHECK(message_has("field all has 36 elements in its one copy (u8 6x2x3), not 6; make the model "
                      "for 36"));
    CHECK_STATUS(shs_batch_f32(&batch, "all", 0, &data), SHS_ERROR_ARGUMENT);
    CHECK(message_has("by shs_batch_u8(), or import the data with the type f32"));
    CHECK_STATUS(shs_batch_u8(&batch, "all", ROWS * EACH, &bytes), SHS_OK);
    CHECK_STATUS(shs_batch_f32(&batch, "cast", EACH, &data), SHS_OK);
    CHECK_EQ(data[EACH], EACH * batch.index[1]);
    CHECK_STATUS(shs_batch_f32(&batch, "haf", 0, &data), SHS_ERROR_ARGUMENT);
    CHECK(message_has("shs_batch_f32: the batch has no field haf; it has x, half, u8, cast, all; "
                      "did you mean half?"));
    CHECK_STATUS(shs_batch_field(&batch, "y", &found), SHS_ERROR_ARGUMENT);
    CHECK(!found && message_has("shs_batch_field: the batch has no field y; it has x, half,"));
    batch = (shs_batch){0};
    CHECK_STATUS(shs_batch_f32(&batch, "x", EACH, &data), SHS_ERROR_ARGUMENT);
    CHECK(message_has("the batch has no field x; it has none"));
    close_data(&reading);
}
IN_FOLDER(what_is_not_there_is_refused)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {TEST(each_type_has_a_function),
                                                TEST(what_is_not_there_is_refused)};
    return harness_main("batch_field", tests, COUNT(tests), argc, argv);
}
