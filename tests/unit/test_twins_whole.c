/* The search for twins in whole augmentations of the library's operators: planted faults are found
 * and named, and sound augmentations never are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "augment_mix.h"
#include "augment_operation.h"
#include "core_memory.h"
#include "h5_write.h"
#include "load.h"
#include "message.h"
#include "temporary_folder.h"
#include "twins_run.h"

enum {
    ROWS = 80,
    SIDE = 8,
    CHANNELS = 3,
    POINTS = 32,
    MOST_VALUES = 6 /* a ragged sample has 1 to 6 */
};

static const char fields[] = "images,mask,signal,values(offsets=offsets)";
static char folder[PATH_BYTES], path[PATH_BYTES];

/* ---- The file. */

static bool write_array(struct h5_writer *writer, const char *name, shs_tensor tensor,
                        const void *elements)
{
    static const struct h5_storage plain = {0};
    return !h5_create_array(writer, name, &tensor, &plain) &&
           !h5_write_rows(writer, tensor.shape[0], elements);
}

static bool write_numbers(struct h5_writer *writer)
{
    static float signal[ROWS][POINTS], torn[ROWS][POINTS], values[ROWS * MOST_VALUES];
    uint64_t offsets[ROWS + 1] = {0}, seed = 4;
    for (size_t row = 0; row < ROWS; row++) {
        offsets[row + 1] = offsets[row] + 1 + row % MOST_VALUES;
        for (size_t i = 0; i < POINTS; i++)
            torn[row][i] = signal[row][i] = (float)(judge_random(&seed) % 1000);
    }
    torn[0][0] = NAN;
    for (size_t i = 0; i < offsets[ROWS]; i++)
        values[i] = (float)(judge_random(&seed) % 1000);
    const shs_tensor points = {.type = SHS_F32, .axes = 2, .shape = {ROWS, POINTS}};
    const shs_tensor run = {.type = SHS_F32, .axes = 1, .shape = {offsets[ROWS]}};
    const shs_tensor ends = {.type = SHS_U64, .axes = 1, .shape = {ROWS + 1}};
    return write_array(writer, "signal", points, signal) &&
           write_array(writer, "torn", points, torn) &&
           write_array(writer, "values", run, values) &&
           write_array(writer, "offsets", ends, offsets);
}

static bool make_file(void)
{
    static uint8_t images[ROWS][SIDE][SIDE][CHANNELS], mask[ROWS][SIDE][SIDE];
    struct h5_writer *writer;
    uint64_t seed = 3;
    if (!folder_make(folder)) return false;
    folder_path(folder, "samples.h5", path);
    for (size_t i = 0; i < sizeof images; i++)
        ((uint8_t *)images)[i] = (uint8_t)judge_random(&seed);
    for (size_t i = 0; i < sizeof mask; i++)
        ((uint8_t *)mask)[i] = (uint8_t)(judge_random(&seed) % 3);
    return !h5_create(path, &writer) &&
           write_array(
               writer, "images",
               (shs_tensor){.type = SHS_U8, .axes = 4, .shape = {ROWS, SIDE, SIDE, CHANNELS}},
               images) &&
           write_array(writer, "mask",
                       (shs_tensor){.type = SHS_U8, .axes = 3, .shape = {ROWS, SIDE, SIDE}},
                       mask) &&
           write_numbers(writer) && !h5_finish(&writer);
}

/* ---- A run of three epochs. */

struct scene {
    const char *text, *fields;
    struct run_place place;
    shs_loader_options options;
};

static bool scene_open(const struct scene *scene, struct opened *opened)
{
    shs_loader_options options = scene->options;
    options.augment = scene->text;
    options.epochs = 3;
    if (!options.batch) options.batch = ROWS / vranks_of(&scene->place) / 2 + 1;
    return open_all(&scene->place, path, scene->fields ? scene->fields : fields, &options, opened);
}

/* Loads three epochs, or until the end. Returns the epoch in which twins were told, or 3. */
static uint64_t go_through(struct opened *opened)
{
    shs_batch batch;
    uint64_t epoch = 3;
    while (shs_next(opened->loader, &batch) == SHS_OK)
        if (told.twins && epoch == 3) epoch = batch.epoch;
    CHECK_IS(told.twins, <=, 1);
    return epoch;
}

/* ---- Faults of the library, planted in an operator of an open loader. */

enum heeds {
    OF_SLOT = 1, /* by sample: of the row */
    OF_STEP = 2, /* by sample: of the epoch */
    OF_VRANK = 4,
    OF_CALLS = 8 /* a static counter */
};

static struct augment_kind planted;
static const struct augment_kind *real;
static unsigned heeded;

/* Opens a stream that depends on some parts of the place only. */
static shs_random forge(const shs_random *stream)
{
    static uint32_t calls;
    shs_random forged;
    const shs_place place = {.seed = 9,
                             .rank = heeded & OF_VRANK ? stream->counter[3] & 0xffffff : 0,
                             .step = heeded & OF_CALLS  ? calls++
                                     : heeded & OF_STEP ? stream->counter[2]
                                                        : 0,
                             .slot = heeded & OF_SLOT ? stream->counter[1] : 0};
    CHECK_STATUS(shs_random_at(&place, &forged), SHS_OK);
    return forged;
}

static void draw_forged(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    shs_random forged = forge(stream);
    real->draw(bound, &forged, draw);
}

static void mix_forged(const struct augment_bound *bound, shs_random *stream, uint32_t count,
                       struct augment_mix_draw *draw)
{
    shs_random forged = forge(stream);
    real->draw_mix(bound, &forged, count, draw);
}

static void write_nothing(const struct augment_bound *bound, const void *draw, const void *input,
                          void *output, void *scratch)
{
    (void)bound, (void)draw, (void)input, (void)output, (void)scratch;
}

static void plant(shs_loader *loader, size_t operation, unsigned heeds)
{
    real = loader->augment->operations[operation].kind;
    planted = *real;
    heeded = heeds;
    if (!heeds)
        planted.apply = write_nothing;
    else if (real->draw_mix)
        planted.draw_mix = mix_forged;
    else
        planted.draw = draw_forged;
    loader->augment->operations[operation].kind = &planted;
}

static const char crop[] = "images: random_crop(padding=2) normalize(mean=0, std=1)";

static void planted_faults_are_found(void)
{
    static const struct {
        struct scene scene;
        size_t operation;
        unsigned heeds;
        uint64_t epoch; /* in which it is found at the latest */
        const char *words;
    } cases[] = {
        {{.text = crop},
         0,
         OF_SLOT,
         0,
         "epoch 0, step 0: operators random_crop, normalize together: virtual rank 0, virtual rank "
         "1, virtual rank 2 and 5 more get the same results at 8 places of each: their draws are "
         "the same; this is a fault of the library or of this machine: please report it"},
        {{.text = crop}, 0, OF_SLOT | OF_VRANK, 1, "in epoch 1 and virtual rank"},
        {{.text = crop},
         0,
         OF_VRANK | OF_STEP,
         0,
         "all slots of a batch get the same result: the randomness does not depend on the slot"},
        {{.text = crop},
         0,
         OF_CALLS,
         0,
         "the same place gave other results when it was run again on rank 0: an operator uses a "
         "generator, a clock or memory of its own"},
        {{.text = "images: random_erasing(p=1)"},
         0,
         0,
         0,
         "operator random_erasing: the same place gave other results"},
        {{.text = "images: cast(type=f32) mixup(alpha=1)"},
         1,
         OF_SLOT,
         0,
         "operators cast, mixup together: virtual rank 0, "},
        {{.text = "images: sometimes(random_roll(axes=hw)); signal: random_flip(axis=w, p=0)"},
         1,
         OF_SLOT,
         1,
         "operators sometimes, random_roll, random_flip together: "},
        {{.text = crop, .options = {.augment_by = SHS_BY_SAMPLE}, .place.vranks = 2},
         0,
         OF_SLOT,
         1,
         "samples 0 to 7 in epoch 1 and samples 0 to 7 in epoch 0 get the same"},
        {{.text = "signal: random_scale(factor=0.5..2)", .place.vranks = 1},
         0,
         OF_SLOT,
         1,
         "virtual rank 0 in epoch 1 and virtual rank 0 in epoch 0 get the same"},
        {{.text = crop, .options = {.ahead = 3}}, 0, OF_SLOT, 0, "virtual rank 0, "},
        {{.text = crop, .options = {.shuffle = SHS_SHUFFLE_NONE, .tail = SHS_TAIL_PAD}},
         0,
         OF_SLOT,
         0,
         "virtual rank 0, "},
        {{.text = crop, .place.vranks = 1000000, .options = {.batch = 1}},
         0,
         OF_SLOT,
         0,
         "virtual rank 0, virtual rank 1960, virtual rank 3921 and 507 more get"},
        {{.text = "values: time_flip(p=1) random_scale(factor=0.5..2)"},
         1,
         OF_SLOT,
         0,
         "operators time_flip, random_scale together: virtual rank "},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct opened opened;
        harness_where("fault %zu", i);
        if (!scene_open(&cases[i].scene, &opened)) continue;
        plant(opened.loader, cases[i].operation, cases[i].heeds);
        CHECK_IS(go_through(&opened), <=, cases[i].epoch);
        CHECK_HAS(told.text, cases[i].words);
        close_all(&opened);
    }
    harness_where(NULL);
}

/* Nothing is found where the planted operator heeds the whole place. */
static void the_plant_itself_is_not_found(void)
{
    static const char *const texts[] = {crop, "signal: mixup(alpha=1)"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct opened opened;
        if (!scene_open(&(struct scene){.text = texts[i]}, &opened)) continue;
        plant(opened.loader, 0, OF_SLOT | OF_VRANK | OF_STEP);
        CHECK_EQ(go_through(&opened), 3);
        CHECK_EQ(told.unknown, 0);
        close_all(&opened);
    }
}

static void the_error_names_the_operators(void)
{
    struct opened opened;
    shs_batch batch;
    if (!scene_open(&(struct scene){.text = crop, .options.twins = SHS_TWINS_ERROR}, &opened))
        return;
    plant(opened.loader, 0, OF_SLOT);
    do
        CHECK_STATUS(shs_next(opened.loader, &batch), SHS_OK);
    while (!batch.ends_step);
    CHECK_STATUS(shs_agree(opened.run), SHS_ERROR_ARGUMENT);
    CHECK(message_has("rank 0: shs_next: epoch 0, step 0: operators random_crop, normalize "
                      "together: virtual rank 0"));
    CHECK_EQ(told.twins, 0);
    close_all(&opened);
}

/* ---- The sample. */

static const char scaled[] = "torn: random_scale(factor=0.5..2)";

/* The first batch is read again, because its first row has a NaN. */
static void a_batch_with_replaced_rows_gives_the_sample(void)
{
    struct opened opened;
    const struct scene scene = {
        .text = scaled,
        .fields = "torn",
        .options = {.shuffle = SHS_SHUFFLE_NONE, .failures.nan = SHS_NAN_REPLACE}};
    if (!scene_open(&scene, &opened)) return;
    plant(opened.loader, 0, OF_SLOT);
    CHECK_EQ(go_through(&opened), 0);
    close_all(&opened);
}

/* The short last step of an epoch has no rows for the first ranks. */
static void the_next_step_gives_the_sample(void)
{
    struct opened opened;
    const struct scene scene = {.text = scaled,
                                .fields = "signal,torn",
                                .place.vranks = 9,
                                .options.batch = 1,
                                .place.ranks = 9};
    if (!scene_open(&scene, &opened)) return;
    plant(opened.loader, 0, OF_CALLS);
    CHECK_STATUS(shs_seek(opened.loader, (shs_cursor){0, ROWS / 9, ROWS / 9}), SHS_OK);
    CHECK_EQ(go_through(&opened), 1);
    close_all(&opened);
}

/* A rank without a row for any of its virtual ranks says that it cannot tell. */
static void no_sample_is_said(void)
{
    struct opened opened;
    const struct scene scene = {
        .text = scaled, .fields = "torn", .place.vranks = 90, .place.ranks = 90};
    if (!scene_open(&scene, &opened)) return;
    CHECK_EQ(go_through(&opened), 3);
    CHECK_EQ(told.unknown, 1);
    CHECK_HAS(told.text, "operator random_scale: rank 0 has no row to try the augmentation on");
    close_all(&opened);
}

/* ---- Little randomness. */

static void too_little_randomness_is_said(void)
{
    static const struct {
        const char *text;
        int unknown;
        const char *words;
    } cases[] = {
        {"images: random_flip(axis=w)", 1,
         "epoch 0, step 0: operator random_flip: too little randomness to tell whether virtual "
         "ranks get draws of their own: 64 places gave 2 different results"},
        {"images: random_flip(axis=w, p=0.01)", 1, "too little randomness"},
        {"images: random_crop(padding=2) random_flip(axis=w)", 0, ""},
        {"images,mask[nearest]: random_affine(degrees=-10..10)", 0, ""},
        {"signal: mixup(alpha=0.2)", 0, ""},
        {"mask: cutmix(alpha=1)", 0, ""},
        {"images: cast(type=f32) normalize(mean=0, std=1)", 0, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct opened opened;
        harness_where("text %zu", i);
        if (!scene_open(&(struct scene){.text = cases[i].text}, &opened)) continue;
        CHECK_EQ(opened.loader->twins == NULL, !shs_augment_draws(opened.loader->augment));
        CHECK_EQ(go_through(&opened), 3);
        CHECK_EQ(told.unknown, cases[i].unknown);
        CHECK_HAS(told.text, cases[i].words);
        close_all(&opened);
    }
    harness_where(NULL);
}

/* ---- Sound augmentations. */

static const char *const of_images[] = {"random_crop(padding=2)",
                                        "random_crop(padding=1, mode=reflect)",
                                        "random_flip(axis=w)",
                                        "random_flip(axis=h, p=0.1)",
                                        "random_rot90()",
                                        "d4()",
                                        "random_roll(axes=w)",
                                        "random_roll(axes=hw)",
                                        "random_erasing()",
                                        "random_erasing(p=0.05)",
                                        "color_jitter(brightness=0.6..1.4, hue=-0.1..0.1)",
                                        "brightness(factor=0.8..1.2)",
                                        "grayscale(channels=3, p=0.2)",
                                        "gamma(exponent=0.7..1.5)",
                                        "gaussian_blur(size=3, sigma=0.1..2)",
                                        "random_affine(degrees=-10..10)",
                                        "random_rotation(degrees=-90..90, p=0.3)",
                                        "random_resized_crop(size=8)",
                                        "elastic(alpha=1..3, sigma=2)",
                                        "channel_drop(p=0.1)",
                                        "sometimes(random_flip(axis=w) random_rot90(), p=0.3)",
                                        "one_of(random_flip(axis=w) random_crop(padding=2) d4())"};
static const char *const of_floats[] = {"cast(type=f32)",
                                        "normalize(mean=0.5, std=0.2)",
                                        "cast(type=f32) gaussian_noise(std=1)",
                                        "cast(type=f32) mixup(alpha=0.2)",
                                        "cutmix(alpha=1, p=0.5)",
                                        "to_chw()"};
static const char *const of_both[] = {"random_flip(axis=w)", "random_affine(degrees=-5..5)",
                                      "random_crop(padding=2)", "d4(p=0.5)"};
static const char *const of_signals[] = {
    "random_shift(most=4)",     "random_shift(most=1, mode=wrap)", "random_scale(factor=0.5..2)",
    "noise(snr=10..20, p=0.1)", "time_mask(size=0..0.3)",          "time_flip()",
    "window_crop(size=30)"};
static const char *const of_values[] = {"random_scale(factor=0.9..1.1)", "time_flip()",
                                        "random_roll(axes=w)"};

static void add_some(struct core_text *text, const char *const *from, size_t count, size_t most,
                     uint64_t *seed)
{
    for (size_t some = 1 + judge_random(seed) % most; some; some--)
        core_text_add(text, " %s", from[judge_random(seed) % count]);
}

#define ADD(from, most) add_some(&text, from, COUNT(from), most, seed)

/* Returns an augmentation of one to all fields. */
static char *make_text(uint64_t *seed)
{
    struct core_text text = {0};
    uint64_t which = judge_random(seed);
    char *made = NULL;
    if (which % 4 == 0) {
        core_text_add(&text, "images,mask[nearest]:");
        ADD(of_both, 2);
    }
    if (which % 4 < 3) {
        core_text_add(&text, "%simages:", text.length ? "; " : "");
        ADD(of_images, 3);
        if (which & 16) ADD(of_floats, 1);
    }
    if (which % 4 == 3 || which & 32) {
        core_text_add(&text, "%ssignal:", text.length ? "; " : "");
        ADD(of_signals, 3);
    }
    if (which & 64) {
        core_text_add(&text, "; values:");
        ADD(of_values, 2);
    }
    CHECK_STATUS(core_text_take(&text, &made), SHS_OK);
    return made;
}

/* Mixing needs the places of rank and step. */
static shs_augment_by choose_by(const char *text, uint64_t *seed)
{
    bool mixes = strstr(text, "mixup") || strstr(text, "cutmix");
    return judge_random(seed) % 3 == 0 && !mixes ? SHS_BY_SAMPLE : SHS_BY_RANK_AND_STEP;
}

static void sound_augmentations_are_never_found(void)
{
    uint64_t seed = 12;
    long runs = getenv("SHARDSTEP_LONG") ? 1000 : 60;
    for (long i = 0; i < runs; i++) {
        struct opened opened;
        char *text = make_text(&seed);
        uint64_t vranks = judge_random(&seed) % 16 ? 1 + judge_random(&seed) % 24 : 600;
        const struct scene scene = {
            .text = text,
            .place.seed = judge_random(&seed),
            .place.vranks = vranks,
            .options = {.augment_by = choose_by(text, &seed),
                        .shuffle = judge_random(&seed) % 4 ? SHS_SHUFFLE_FULL : SHS_SHUFFLE_NONE,
                        .ahead = judge_random(&seed) % 4 ? 0 : 2}};
        harness_where("run %ld, %llu virtual ranks, %s", i, (unsigned long long)vranks, text);
        if (scene_open(&scene, &opened)) {
            CHECK_EQ(go_through(&opened), 3);
            if (told.twins) WRONG("%s", told.text);
        }
        close_all(&opened);
        core_free(&text);
    }
    harness_where(NULL);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(planted_faults_are_found),       TEST(the_plant_itself_is_not_found),
        TEST(the_error_names_the_operators),  TEST(a_batch_with_replaced_rows_gives_the_sample),
        TEST(the_next_step_gives_the_sample), TEST(no_sample_is_said),
        TEST(too_little_randomness_is_said),  TEST(sound_augmentations_are_never_found),
    };
    int code = make_file() ? harness_main("twins whole", tests, COUNT(tests), argc, argv) : 1;
    folder_remove(folder);
    return code;
}
