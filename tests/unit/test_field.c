/* Fields in every layout that can be read directly and in some that cannot: the rows are those that
 * H5Dread gives in this test, and the way chosen is the one that the file allows. */
#include "field_scene.h"

static size_t indexes[H5D_CHUNK_IDX_NTYPES], direct, through;

static void check_kind(void)
{
    struct h5_file *file;
    struct data_field field;
    if (!NEED(write_sample())) return;
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    if (NEED_STATUS(open_field(file, path, "data", &field), SHS_OK)) {
        check_way(&field);
        check_rows(&field);
        if (!sample.gaps && sample.readable) check_fetch(&field);
        direct += field.direct != NULL;
        through += field.direct == NULL;
        if (is_chunked(&sample.kind) && field.direct) indexes[sample.index]++;
        data_field_close(&field);
    }
    h5_close(&file);
}

static void check_drawn(const struct kind *kind)
{
    unsigned failures = CU_get_number_of_failures();
    sample.kind = *kind;
    check_kind();
    if (CU_get_number_of_failures() != failures)
        WRONG("these failures are of %s", kind_text(&sample.kind));
}

static void rows_are_those_of_hdf5(void)
{
    static struct met possible, met;
    uint64_t state = 2024, scan = 1;
    size_t files = 0, least = CORE_SANITIZED ? 120 : 700;
    for (int i = 0; i < 100000; i++) {
        struct kind kind = draw_kind(&scan);
        meet(&possible, &kind, true);
    }
    for (; files < least || (met.count < possible.count && !CORE_SANITIZED && files < 2000);
         files++) {
        struct kind kind = choose_kind(&state, &met);
        check_drawn(&kind);
    }
    CHECK(met.count >= possible.count || CORE_SANITIZED);
    CHECK_IS(direct, >, files / 2);
    CHECK_IS(through, >, files / 8);
}

/* Chunks that lie one after the other have no index; many conditions must meet for it. */
static void every_kind_of_index_is_read(void)
{
    uint64_t state = 77;
    for (unsigned axes = 0; axes < choices_of[AXES]; axes++)
        for (unsigned layout = WHOLE_ROWS; layout <= ONE_CHUNK; layout++) {
            struct kind kind = draw_kind(&state);
            kind.of[AXES] = axes;
            kind.of[LAYOUT] = layout;
            kind.of[FORMAT] = LATEST;
            kind.of[GROWTH] = FIXED;
            kind.of[ALLOCATION] = EARLY;
            kind.of[FILTERS] = kind.of[EDGES] = 0;
            make_possible(&kind);
            check_drawn(&kind);
        }
    for (int index = 0; index < H5D_CHUNK_IDX_NTYPES; index++)
        CHECK_IS(indexes[index], >, 2);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(rows_are_those_of_hdf5),
        TEST(every_kind_of_index_is_read),
    };
    return field_main("field", tests, COUNT(tests), argc, argv);
}
