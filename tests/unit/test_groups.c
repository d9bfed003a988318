/* Groups, whose members each get a slab of every sample. Each member is a run of its own here,
 * which does not talk to the others: the slabs of all members, put together, must be the batch of a
 * run without groups. */
#include "sample_scene.h"

enum {
    TIMES = 14,
    LEVELS = 5, /* rows of x are so small that gaps between slabs are read, too */
    LATITUDES = 12,
    LONGITUDES = 18,
    MOST_BATCHES = 64
};

/* What lies in the file, in groups of rows. Element e is a number made of e. */
struct array {
    const char *name;
    int axes;
    hsize_t shape[5], chunk[5]; /* chunk[0] 0: contiguous */
};

static const struct array arrays[] = {
    {"x", 4, {TIMES, LEVELS, LATITUDES, LONGITUDES}, {0}},
    {"z", 4, {TIMES, LEVELS, LATITUDES, LONGITUDES}, {2, LEVELS, 1, LONGITUDES}},
    {"u", 4, {TIMES, LATITUDES, LATITUDES, 3}, {0}},
    {"s", 5, {3, TIMES, 2, LATITUDES, 7}, {0}},
    {"y", 1, {TIMES}, {0}},
    {"wide", 4, {TIMES, 3, LATITUDES, 512}, {0}},
    {"packed", 4, {TIMES, 3, LATITUDES, 512}, {2, 3, 1, 512}},
};

static void write_array(hid_t file, const struct array *array)
{
    hsize_t count = 1;
    hid_t space = H5Screate_simple(array->axes, array->shape, NULL);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    bool image = *array->name == 'u';
    for (int axis = 0; axis < array->axes; axis++)
        count *= array->shape[axis];
    float *numbers = malloc(count * sizeof *numbers);
    uint64_t seed = (uint64_t)*array->name;
    for (hsize_t i = 0; i < count; i++)
        numbers[i] = (float)(judge_random(&seed) % 251);
    if (array->chunk[0]) H5Pset_chunk(list, array->axes, array->chunk);
    if (array->chunk[0]) H5Pset_deflate(list, 1);
    hid_t data = H5Dcreate2(file, array->name, image ? H5T_STD_U8LE : H5T_IEEE_F32LE, space,
                            H5P_DEFAULT, list, H5P_DEFAULT);
    CHECK(H5Dwrite(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
    H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
    free(numbers);
}

static void make_file(char path[PATH_BYTES])
{
    folder_path(folder, "groups.h5", path);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    for (size_t i = 0; i < COUNT(arrays); i++)
        write_array(file, &arrays[i]);
    CHECK(H5Fclose(file) >= 0);
}

/* How a run is read. */
struct way {
    const char *fields, *augment;
    size_t cache_bytes;
    shs_shuffle shuffle;
    uint32_t ahead;
};

/* The batches of a rank, copied. */
struct course {
    size_t batches, fields;
    struct {
        uint64_t rows, index[8];
        shs_tensor field[4];
    } batch[MOST_BATCHES];
    shs_slab slab[4];
    shs_loader_statistics done;
};

static void keep_batch(const shs_batch *batch, struct course *course)
{
    size_t at = course->batches++;
    course->fields = batch->fields;
    course->batch[at].rows = batch->rows;
    memcpy(course->batch[at].index, batch->index, batch->rows * sizeof *batch->index);
    for (size_t f = 0; f < batch->fields; f++) {
        shs_tensor *field = &course->batch[at].field[f];
        size_t bytes = 0;
        *field = batch->field[f];
        CHECK_STATUS(shs_tensor_bytes(field, &bytes), SHS_OK);
        field->data = malloc(bytes + 1);
        memcpy(field->data, batch->field[f].data, bytes);
    }
}

static void free_course(struct course *course)
{
    for (size_t b = 0; b < course->batches; b++)
        for (size_t f = 0; f < course->fields; f++)
            free(course->batch[b].field[f].data);
    free(course);
}

/* Opens a run of one group of `members` ranks as one of them, with two virtual ranks. */
static shs_status open_member(struct reading *reading, const char *path, const struct way *way,
                              uint64_t member, uint64_t members)
{
    const shs_run_options run = {.seed = 9, .vranks = 2, .group = members};
    const shs_dataset_options data = {.cache_bytes = way->cache_bytes};
    const shs_loader_options loader = {.batch = 3,
                                       .epochs = 2,
                                       .augment = way->augment,
                                       .shuffle = way->shuffle,
                                       .ahead = way->ahead};
    *reading = (struct reading){0};
    shs_status status = shs_open_ranks((int)member, (int)members, NULL, NULL, &run, &reading->run);
    if (!status) status = shs_dataset_open(reading->run, path, way->fields, &data, &reading->data);
    if (!status) status = shs_loader_open(reading->data, &loader, &reading->loader);
    return status;
}

/* Reads two epochs as a member of a group. NULL after an error. */
static struct course *read_course(const char *path, const struct way *way, uint64_t member,
                                  uint64_t members)
{
    struct course *course = calloc(1, sizeof *course);
    struct reading reading;
    shs_batch batch;
    shs_status status = open_member(&reading, path, way, member, members);
    while (!status && course->batches < MOST_BATCHES &&
           (status = shs_next(reading.loader, &batch)) == SHS_OK) {
        keep_batch(&batch, course);
        if (batch.ends_step) status = shs_agree(reading.run);
    }
    bool good = CHECK_EQ(status, SHS_END);
    if (!good) printf("  %s\n", shs_message());
    for (size_t f = 0; good && f < course->fields; f++)
        course->slab[f] = shs_loader_slab(reading.loader, f);
    if (good) course->done = shs_statistics(reading.loader);
    close_data(&reading);
    if (good) return course;
    free_course(course);
    return NULL;
}

/* True if a member has its slab of a whole batch's field, or all of it. */
static bool is_slab(const shs_tensor *whole, const shs_tensor *found, const shs_slab *slab)
{
    uint32_t axis = slab->length ? slab->axis + 1 : 0;
    uint64_t outer = 1, inner = 1, length = slab->length, first = slab->first, count = slab->count;
    bool right = CHECK_EQ(found->axes, whole->axes) && CHECK_EQ(found->type, whole->type);
    if (!slab->length) length = count = whole->shape[0];
    for (uint32_t i = 0; i < whole->axes && right; i++) {
        right = CHECK_EQ(found->shape[i], i == axis ? count : whole->shape[i]);
        if (i < axis) outer *= whole->shape[i];
        if (i > axis) inner *= whole->shape[i];
    }
    size_t each = inner * shs_type_size(whole->type);
    right = right && CHECK_EQ(whole->shape[axis], length);
    for (uint64_t o = 0; o < outer && right; o++)
        right = CHECK_BYTES((char *)found->data + o * count * each,
                            (char *)whole->data + (o * length + first) * each, count * each);
    return right;
}

static bool is_part_of(const struct course *whole, const struct course *member)
{
    bool right =
        CHECK_EQ(member->batches, whole->batches) && CHECK_EQ(member->fields, whole->fields);
    for (size_t b = 0; b < whole->batches && right; b++) {
        right = CHECK_EQ(member->batch[b].rows, whole->batch[b].rows) &&
                CHECK_U64S(member->batch[b].index, whole->batch[b].index, whole->batch[b].rows);
        for (size_t f = 0; f < whole->fields && right; f++)
            right =
                is_slab(&whole->batch[b].field[f], &member->batch[b].field[f], &member->slab[f]);
    }
    return right;
}

/* True if the slabs of all members are all of an axis, one behind the other. */
static void slabs_fit(const shs_slab *slab, uint64_t member, uint64_t members, uint64_t *end)
{
    if (!slab->length) return;
    CHECK_EQ(slab->first, *end);
    CHECK_EQ(slab->first, slab->length * member / members);
    *end = slab->first + slab->count;
    if (member + 1 == members) CHECK_EQ(*end, slab->length);
}

/* With one member, the text of a slab must change nothing. */
static const uint64_t sizes[] = {1, 2, 3, 4, 6};

static void compare_groups(const char *path, const struct way *way)
{
    struct course *whole = read_course(path, way, 0, 1);
    for (size_t i = 0; whole && i < COUNT(sizes); i++) {
        uint64_t end[4] = {0};
        for (uint64_t member = 0; member < sizes[i]; member++) {
            harness_where("%s, %s, member %llu of %llu", way->fields,
                          way->augment ? way->augment : "not augmented", (ull)member,
                          (ull)sizes[i]);
            struct course *course = read_course(path, way, member, sizes[i]);
            if (!course) continue;
            if (!is_part_of(whole, course)) printf("  with %s\n", way->fields);
            for (size_t f = 0; f < course->fields; f++)
                slabs_fit(&course->slab[f], member, sizes[i], &end[f]);
            free_course(course);
        }
    }
    harness_where(NULL);
    if (whole) free_course(whole);
}

static void slabs_together_are_the_batch_in_folder(void)
{
    static const struct way ways[] = {
        {.fields = "x(slab=2),y"},
        {.fields = "x(slab=2),y", .cache_bytes = 1, .shuffle = SHS_SHUFFLE_BLOCKS},
        {.fields = "z(slab=2),y", .cache_bytes = 1, .shuffle = SHS_SHUFFLE_BLOCKS},
        {.fields = "x(slab=3,select=1[4 0 2],crop=2[1:9]),z(slab=3)", .ahead = 2},
        {.fields = "a=x(select=3[17 0:12:2 3],slab=3),b=x(slab=2),c=x", .cache_bytes = 1},
        {.fields = "a=s(axes=2,window=2,stride=3,slab=3),b=s(axes=2,window=1,lead=2,stride=3,"
                   "slab=4)"},
        {.fields = "x(slab=2),u(slab=1)",
         .augment =
             "x[layout=cyx]: normalize(mean=[1,2,3,4,5], std=3) gaussian_noise(std=0.1..0.3)"},
        {.fields = "x(slab=2),u(slab=2)",
         .augment = "x[layout=tyx]: random_flip(axis=t) random_flip(axis=x) random_roll(axes=tx) "
                    "random_crop(axes=x, padding=3, mode=wrap) window_crop(size=4, axes=t); "
                    "u[layout=hwc]: random_flip(axis=h) random_shift(most=2, axes=h) "
                    "sometimes(gaussian_noise(std=9), p=0.5) to_chw() cast(type=f32) "
                    "gaussian_noise(std=1) pad(padding=2, axes=h) center_crop(size=11, axes=h)"},
        {.fields = "u(slab=1)",
         .augment = "u[layout=hwc]: brightness(factor=0.5..1.5) saturation(factor=0.6..1.4) "
                    "gamma(exponent=0.5..2) hue(turns=-0.1..0.1) channel_drop(p=0.3) "
                    "time_mask(axis=w, size=0.2..0.4) one_of(clip(min=3, max=200) "
                    "random_scale(factor=0.5..1)) grayscale()"},
        {.fields = "s(axes=2,slab=3)",
         .augment = "s[layout=zyx]: random_flip(axis=z) asinh(scale=2) gaussian_noise(std=2)"},
    };
    char path[PATH_BYTES];
    make_file(path);
    for (size_t i = 0; i < COUNT(ways); i++)
        compare_groups(path, &ways[i]);
}
IN_FOLDER(slabs_together_are_the_batch)

/* An operator of images takes slabs of other axes than height and width. */
static void images_are_cut_along_other_axes_in_folder(void)
{
    const struct way way = {
        .fields = "x=s(axes=2,slab=4),y=s(axes=2,slab=4)",
        .augment = "x[layout=yx_]: random_rotation(degrees=-20..20) gaussian_blur(size=5) "
                   "elastic(alpha=2..3, sigma=2) random_erasing(p=0.9) resize(size=6) "
                   "random_resized_crop(size=5)"};
    char path[PATH_BYTES];
    make_file(path);
    compare_groups(path, &way);
}
IN_FOLDER(images_are_cut_along_other_axes)

static void members_read_their_slab_only_in_folder(void)
{
    static const struct way ways[] = {{.fields = "wide(slab=2)", .cache_bytes = 1},
                                      {.fields = "wide(slab=2)"},
                                      {.fields = "packed(slab=2)", .cache_bytes = 1},
                                      {.fields = "packed(slab=2)"}};
    char path[PATH_BYTES];
    make_file(path);
    for (size_t w = 0; w < COUNT(ways); w++) {
        struct course *whole = read_course(path, &ways[w], 0, 1);
        for (size_t i = 0; whole && i < COUNT(sizes); i++)
            for (uint64_t member = 0; member < sizes[i]; member++) {
                struct course *course = read_course(path, &ways[w], member, sizes[i]);
                if (!course) continue;
                harness_where("%s, cache_bytes %zu, member %llu of %llu", ways[w].fields,
                              ways[w].cache_bytes, (ull)member, (ull)sizes[i]);
                CHECK_EQ(course->done.rows, whole->done.rows);
                CHECK_IS(course->done.bytes, >, 0);
                CHECK_IS(10 * sizes[i] * course->done.bytes, <=, 11 * whole->done.bytes);
                free_course(course);
            }
        harness_where(NULL);
        if (whole) free_course(whole);
    }
}
IN_FOLDER(members_read_their_slab_only)

/* ---- What is refused. */

static void refuse(const char *path, const struct way *way, uint64_t members, const char *words,
                   const char *more)
{
    struct reading reading;
    harness_where("%s, %s, %llu members", way->fields,
                  way->augment ? way->augment : "not augmented", (ull)members);
    CHECK_STATUS(open_member(&reading, path, way, members - 1, members), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), words);
    CHECK_HAS(shs_message(), more);
    close_data(&reading);
    harness_where(NULL);
}

static void operators_that_need_more_are_refused_in_folder(void)
{
    static const struct {
        const char *augment, *operator;
    } cases[] = {
        {"x[layout=tyx]: random_flip(axis=y)", "random_flip of field x"},
        {"x[layout=tyx]: random_roll(axes=yx)", "random_roll of field x"},
        {"x[layout=tyx]: random_crop(size=4)", "random_crop of field x"},
        {"x[layout=tyx]: random_rotation(degrees=-9..9)", "random_rotation of field x"},
        {"x[layout=tyx]: gaussian_blur(size=3)", "gaussian_blur of field x"},
        {"x[layout=tyx]: elastic(alpha=2..3, sigma=2)", "elastic of field x"},
        {"x[layout=tyx]: resize(size=4)", "resize of field x"},
        {"x[layout=tyx]: sometimes(time_mask(axis=y, size=0.1..0.2), p=0.5)",
         "time_mask of field x"},
        {"x[layout=tyx]: one_of(noise(snr=3) noise(snr=9))", "noise of field x"},
        {"x[layout=tcx]: normalize(mean=[1,2,3,4,5,6,7,8,9,10,11,12], std=1)",
         "normalize of field x"},
    };
    char path[PATH_BYTES];
    make_file(path);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct way way = {.fields = "x(slab=2)", .augment = cases[i].augment};
        refuse(path, &way, 3, cases[i].operator, "a slab along axis 1 of a sample (");
    }
    refuse(path, &(struct way){.fields = "x(slab=2)", .augment = "x: mixup(alpha=0.3)"}, 2,
           "mixup mixes the samples of a batch", "field x");
}
IN_FOLDER(operators_that_need_more_are_refused)

static void axes_that_cannot_be_shared_are_refused_in_folder(void)
{
    static const struct {
        const char *fields, *words, *more;
    } cases[] = {
        {"x,y", "groups of 4 ranks", "no field says along which axis"},
        {"x(slab=0)", "slab: axis 0 counts rows", "name an axis of a row"},
        {"s(axes=2,slab=1)", "slab: axis 1 counts rows", "name an axis of a row"},
        {"u(slab=3)", "dataset u: slab: axis 3 has a length of 3", "4 members"},
        {"x(slab=2,crop=2[0:3])", "axis 2 has a length of 3", "4 members"},
        {"x(slab=lat)", "slab: no axis is named 'lat'", "from 0 to 3"},
        {"x(slab=4)", "axis 4 is not there", "it has 4 axes"},
        {"x(slab=)", "slab is ''", "one axis"},
        {"x(slab=2 3)", "slab is '2 3'", "one axis"},
        {"x(slab=2, slab=2)", "slab is given twice", ""},
        {"x,y=y(constant, slab=0)", "a constant field comes whole to each member",
         "leave out slab"},
        {"x,c=csr(X, width=9)(slab=1)", "a sample of csr() is one row", "only select and crop"},
    };
    char path[PATH_BYTES];
    make_file(path);
    for (size_t i = 0; i < COUNT(cases); i++)
        refuse(path, &(struct way){.fields = cases[i].fields}, 4, cases[i].words, cases[i].more);
}
IN_FOLDER(axes_that_cannot_be_shared_are_refused)

/* A member that replaces a row that is bad in its slab would have other rows than the others. */
static void replacing_is_refused_in_folder(void)
{
    static const shs_failures failures[] = {{.damage = SHS_DAMAGE_REPLACE},
                                            {.nan = SHS_NAN_REPLACE}};
    struct reading reading;
    char path[PATH_BYTES];
    make_file(path);
    for (size_t i = 0; i < COUNT(failures); i++) {
        const shs_loader_options how = {.batch = 2, .failures = failures[i]};
        CHECK_STATUS(open_member(&reading, path, &(struct way){.fields = "x(slab=2)"}, 0, 2),
                     SHS_OK);
        shs_loader_close(&reading.loader);
        CHECK_STATUS(shs_loader_open(reading.data, &how, &reading.loader), SHS_ERROR_ARGUMENT);
        CHECK_HAS(shs_message(), "would replace a row that is bad in its slab");
        close_data(&reading);
    }
}
IN_FOLDER(replacing_is_refused)

static void ranks_are_divided_into_groups(void)
{
    static const struct {
        int rank, ranks;
        uint64_t vranks, group;
        uint64_t member, first, hosted;
    } cases[] = {{0, 1, 3, 0, 0, 0, 3}, {5, 6, 0, 3, 2, 1, 1}, {5, 6, 7, 2, 1, 4, 3},
                 {2, 6, 7, 2, 0, 2, 2}, {3, 4, 9, 4, 3, 0, 9}, {3, 4, 9, 1, 0, 6, 3}};
    static const struct {
        int ranks;
        uint64_t vranks, group;
        const char *words;
    } refused[] = {{3, 0, 2, "3 ranks cannot be divided into groups of 2"},
                   {1, 0, 2, "1 rank cannot be divided into groups of 2"},
                   {6, 2, 2, "3 groups of 2 ranks for 2 virtual ranks"}};
    shs_run *run = NULL;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const shs_run_options options = {.vranks = cases[i].vranks, .group = cases[i].group};
        CHECK_STATUS(shs_open_ranks(cases[i].rank, cases[i].ranks, NULL, NULL, &options, &run),
                     SHS_OK);
        shs_run_info info = shs_info(run);
        CHECK_EQ(info.group, cases[i].group ? cases[i].group : 1);
        CHECK_EQ(info.member, cases[i].member);
        CHECK_EQ(info.first_vrank, cases[i].first);
        CHECK_EQ(info.hosted, cases[i].hosted);
        shs_close(&run);
    }
    for (size_t i = 0; i < COUNT(refused); i++) {
        const shs_run_options options = {.vranks = refused[i].vranks, .group = refused[i].group};
        CHECK_STATUS(shs_open_ranks(0, refused[i].ranks, NULL, NULL, &options, &run),
                     SHS_ERROR_ARGUMENT);
        CHECK_HAS(shs_message(), refused[i].words);
    }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(ranks_are_divided_into_groups),
        TEST(slabs_together_are_the_batch),
        TEST(images_are_cut_along_other_axes),
        TEST(members_read_their_slab_only),
        TEST(operators_that_need_more_are_refused),
        TEST(axes_that_cannot_be_shared_are_refused),
        TEST(replacing_is_refused),
    };
    return harness_main("groups", tests, COUNT(tests), argc, argv);
}
