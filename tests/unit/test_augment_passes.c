/* Operators that are done in one pass, by each set of kernels, give the bytes of one operator after
 * the other. */
#include "augment_scene.h"
#include "augment_table.h"
#include "each_kernels.h"

static size_t below(uint64_t *state, size_t n)
{
    return (size_t)(judge_random(state) % n);
}

/* ---- operators that only tests have */

static const struct augment_parameter only_p[] = {AUGMENT_CHANCE_PARAMETER, {0}};

struct wander_draw {
    uint32_t how[SHS_MAX_AXES], from[SHS_MAX_AXES];
};

static void draw_wander(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    struct wander_draw *drawn = draw;
    for (uint32_t axis = 0; axis < bound->before.axes; axis++) {
        drawn->how[axis] = shs_random_below(stream, 8);
        drawn->from[axis] = shs_random_below(stream, 5);
    }
}

/* Flips some axes, and cuts others in each way beyond their ends. */
static void move_wander(const struct augment_bound *bound, const void *draw, struct grid_view *view)
{
    const struct wander_draw *drawn = draw;
    for (uint32_t axis = 0; axis < bound->before.axes; axis++)
        if (drawn->how[axis] >= 6)
            grid_view_flip(view, axis);
        else if (drawn->how[axis] >= 2)
            grid_view_cut(view, axis, (int64_t)drawn->from[axis] - 2, view->way[axis].size,
                          (enum grid_beyond)(drawn->how[axis] - 2));
}

static const struct augment_kind wander = {.name = "wander",
                                           .help = "Moves.",
                                           .draws = "numbers.",
                                           .draw_bytes = sizeof(struct wander_draw),
                                           .parameters = only_p,
                                           .draw = draw_wander,
                                           .move = move_wander};

struct turn_setting {
    int to; /* 0: the last axis first; 1: the first axis last; 2: all axes reversed */
};

static uint32_t axis_before(int to, uint32_t axes, uint32_t axis)
{
    return to == 0 ? (axis + axes - 1) % axes : to == 1 ? (axis + 1) % axes : axes - 1 - axis;
}

static shs_status bind_turn(const struct augment_call *call, void *setting,
                            struct augment_bound *bound)
{
    const struct turn_setting *turn = setting;
    (void)call;
    for (uint32_t axis = 0; axis < bound->before.axes; axis++) {
        uint32_t from = axis_before(turn->to, bound->before.axes, axis);
        bound->after.shape[axis] = bound->before.shape[from];
        bound->after_layout[axis] = bound->grid.layout[from];
    }
    return SHS_OK;
}

static void move_turn(const struct augment_bound *bound, const void *draw, struct grid_view *view)
{
    const struct turn_setting *turn = bound->setting;
    uint32_t order[SHS_MAX_AXES];
    (void)draw;
    for (uint32_t axis = 0; axis < view->axes; axis++)
        order[axis] = axis_before(turn->to, view->axes, axis);
    grid_view_permute(view, order);
}

static const struct augment_parameter turn_parameters[] = {{.name = "to",
                                                            AUGMENT_MEMBER(struct turn_setting, to),
                                                            .words = "front back reverse",
                                                            .otherwise = "front",
                                                            .help = "Where axes go."},
                                                           {0}};

static const struct augment_kind turn = {.name = "turn",
                                         .help = "Permutes.",
                                         .setting_bytes = sizeof(struct turn_setting),
                                         .parameters = turn_parameters,
                                         .bind = bind_turn,
                                         .move = move_turn};

static void draw_rise(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    (void)bound;
    *(uint32_t *)draw = shs_random_below(stream, 200);
}

/* Adds to the first byte of each element what its place and the draw say. */
static void rise(const struct augment_bound *bound, const void *draw, size_t at, size_t count,
                 const void *input, void *output)
{
    size_t size = shs_type_size(bound->before.type);
    unsigned char *to = output;
    memcpy(to, input, count * size);
    for (size_t i = 0; i < count; i++)
        to[i * size] = (unsigned char)(to[i * size] + *(const uint32_t *)draw + 3 * (at + i));
}

static const struct augment_kind a_rise = {.name = "rise",
                                           .help = "Adds.",
                                           .draws = "below(200).",
                                           .draw_bytes = sizeof(uint32_t),
                                           .parameters = only_p,
                                           .draw = draw_rise,
                                           .run = rise};

static void keep(const struct augment_bound *bound, const void *draw, const void *input,
                 void *output, void *scratch)
{
    (void)draw;
    (void)scratch;
    memcpy(output, input, bound->elements * shs_type_size(bound->before.type));
}

static const struct augment_kind a_keep = {
    .name = "keep", .help = "Copies.", .parameters = only_p, .apply = keep};

static const struct augment_kind *const kinds[] = {&wander,
                                                   &turn,
                                                   &a_rise,
                                                   &a_keep,
                                                   &augment_random_crop,
                                                   &augment_random_flip,
                                                   &augment_normalize,
                                                   &augment_cast,
                                                   &augment_sometimes,
                                                   &augment_one_of};
static const struct augment_table table = {kinds, COUNT(kinds)};

/* ---- random texts, shapes, layouts and types */

enum {
    FIELDS = 2,
    MOST_ELEMENTS = 8000
};

struct scene {
    char text[400];
    shs_tensor samples[FIELDS];
    const char *layouts[FIELDS];
    bool ragged[FIELDS];
    uint64_t rows[FIELDS];
};

static void make_text(uint64_t *state, struct scene *scene)
{
    static const char *const operators[] = {"wander()",
                                            "wander(p=0.6)",
                                            "random_crop(padding=2)",
                                            "random_flip(axis=w)",
                                            "random_flip(axis=w, p=1)",
                                            "turn()",
                                            "turn(to=back)",
                                            "turn(to=reverse)",
                                            "rise()",
                                            "rise(p=0.5)",
                                            "keep()",
                                            "normalize(mean=0.3, std=0.7)",
                                            "normalize(mean=[0.1,0.2,0.3], std=[0.4,0.5,0.6])",
                                            "cast(type=f32)",
                                            "sometimes(p=0.5, wander() rise())",
                                            "one_of(rise() wander() keep(p=0.5))"};
    scene->text[0] = 0;
    strcat(scene->text, below(state, 2) ? "f,g: " : "f: ");
    for (size_t n = 1 + below(state, 6); n; n--) {
        strcat(scene->text, operators[below(state, COUNT(operators))]);
        strcat(scene->text, below(state, 5) ? " " : "; f: ");
    }
}

static void make_scene(uint64_t *state, struct scene *scene)
{
    static const char *const shapes[] = {"hw", "hwc", "chw", "w", "tchw", "hwc", "chw", "hw"};
    static const shs_type types[] = {SHS_U8, SHS_U16, SHS_F32, SHS_U8, SHS_I16, SHS_F64};
    static const uint64_t sizes[] = {1, 2, 3, 5, 8, 16, 17, 28, 33, 60, 1200};
    const char *layout = shapes[below(state, COUNT(shapes))];
    shs_tensor sample = {.axes = (uint32_t)strlen(layout)};
    uint64_t elements;
    do {
        elements = 1;
        for (uint32_t axis = 0; axis < sample.axes; axis++) {
            sample.shape[axis] = layout[axis] == 'c' ? 3 : sizes[below(state, COUNT(sizes))];
            elements *= sample.shape[axis];
        }
    } while (elements > MOST_ELEMENTS);
    make_text(state, scene);
    for (size_t f = 0; f < FIELDS; f++) {
        scene->samples[f] = sample;
        scene->samples[f].name = f ? "g" : "f";
        scene->samples[f].type = types[below(state, COUNT(types))];
        scene->layouts[f] = layout;
        scene->ragged[f] = below(state, 4) == 0;
        scene->rows[f] = scene->ragged[f] ? below(state, (size_t)sample.shape[0] + 1) : UINT64_MAX;
    }
}

/* Applies to both fields, and returns the stream's next word. */
static uint32_t apply_scene(const struct scene *scene, const shs_augment *augment, uint64_t slot,
                            const void *const *inputs, void *const *outputs)
{
    size_t bytes = shs_augment_scratch(augment);
    struct guarded scratch = guarded_new(bytes);
    shs_random stream = stream_at(3, slot);
    for (size_t f = 0; f < FIELDS; f++)
        memset(outputs[f], 0xA5, bytes_of(shs_augment_output(augment, f)) + GUARD);
    CHECK_STATUS(
        augment_apply_rows(augment, &stream, scene->rows, inputs, outputs, guarded_data(&scratch)),
        SHS_OK);
    CHECK(guarded_free(&scratch));
    return shs_random_u32(&stream);
}

/* Compares passes with operators that are applied one after the other by plain kernels. */
static bool check_scene(const struct scene *scene, uint64_t round)
{
    static char inputs[FIELDS][8 * MOST_ELEMENTS], expected[FIELDS][8 * MOST_ELEMENTS + GUARD],
        outputs[FIELDS][8 * MOST_ELEMENTS + GUARD];
    const struct augment_how how = {
        .table = &table, .layouts = scene->layouts, .ragged = scene->ragged};
    const void *from[FIELDS] = {inputs[0], inputs[1]};
    void *right[FIELDS] = {expected[0], expected[1]}, *to[FIELDS] = {outputs[0], outputs[1]};
    shs_augment *augment;
    if (augment_open_how(&how, scene->text, scene->samples, FIELDS, &augment)) return false;
    for (size_t f = 0; f < FIELDS; f++)
        fill(inputs[f], bytes_of(&scene->samples[f]), round + f);
    for (uint64_t slot = 0; slot < 3; slot++) {
        CHECK(grid_kernels_choose("plain"));
        augment_apply_apart(augment, true);
        uint32_t next = apply_scene(scene, augment, slot, from, right);
        augment_apply_apart(augment, false);
        for (size_t k = 0; k < COUNT(kernel_names); k++) {
            if (!grid_kernels_choose(kernel_names[k])) continue;
            harness_where("%s, layout %s, slot %llu, %s", scene->text, scene->layouts[0],
                          (unsigned long long)slot, kernel_names[k]);
            CHECK_EQ(apply_scene(scene, augment, slot, from, to), next);
            for (size_t f = 0; f < FIELDS; f++) {
                size_t bytes = bytes_of(shs_augment_output(augment, f)) + GUARD;
                CHECK_BYTES(outputs[f], expected[f], bytes);
            }
        }
    }
    shs_augment_close(&augment);
    return true;
}

static void passes_are_one_operator_after_the_other(void)
{
    uint64_t state = 2;
    size_t taken = 0;
    for (uint64_t round = 0; round < 4000; round++) {
        struct scene scene;
        make_scene(&state, &scene);
        taken += check_scene(&scene, round);
    }
    CHECK(grid_kernels_choose(""));
    harness_where("texts that fit their fields");
    CHECK_IS(taken, >, 1500);
}

/* ---- the slots of a batch */

enum {
    SLOTS = 37,
    PIXELS = 9 * 10
};

struct batch {
    unsigned char inputs[SLOTS][PIXELS];
    float outputs[SLOTS][PIXELS];
    bool ended; /* streams are at their end */
};

static void stream_of_slot(const void *user, uint64_t slot, shs_random *stream)
{
    const struct batch *batch = user;
    *stream = stream_at(9, slot);
    if (batch->ended && shs_random_seek(stream, (UINT64_C(1) << 34) - 2)) abort();
}

static void sample_of_slot(const void *user, uint64_t slot, const void **inputs, void **outputs,
                           uint64_t *rows)
{
    const struct batch *batch = user;
    inputs[0] = batch->inputs[slot];
    outputs[0] = (void *)(uintptr_t)batch->outputs[slot];
    rows[0] = slot % 3 ? UINT64_MAX : slot % 9;
}

static void slots_are_samples_with_their_streams(void)
{
    static struct batch batch;
    const struct augment_slots slots = {&batch, stream_of_slot, sample_of_slot, NULL, NULL};
    const shs_tensor sample = {"f", SHS_U8, 2, {9, 10}, NULL};
    shs_augment *augment;
    if (!NEED(!shs_augment_open("f: random_crop(padding=3) random_flip(axis=w) random_flip(axis=h) "
                                "sometimes(p=0.5, random_crop(padding=1)) "
                                "normalize(mean=0.3, std=0.2)",
                                &sample, 1, &augment)))
        return;
    fill(batch.inputs, sizeof batch.inputs, 6);
    struct guarded scratch = guarded_new(shs_augment_scratch(augment));
    for (uint64_t first = 0; first < SLOTS; first += 5)
        for (uint64_t end = first; end <= SLOTS; end += 4) {
            memset(batch.outputs, 0xA5, sizeof batch.outputs);
            CHECK_STATUS(augment_apply_slots(augment, &slots, first, end, guarded_data(&scratch)),
                         SHS_OK);
            for (uint64_t slot = 0; slot < SLOTS; slot++) {
                float expected[PIXELS];
                const void *input;
                void *output, *to = expected;
                uint64_t rows;
                shs_random stream = stream_at(9, slot);
                memset(expected, 0xA5, sizeof expected);
                sample_of_slot(&batch, slot, &input, &output, &rows);
                if (slot >= first && slot < end)
                    CHECK(!augment_apply_rows(augment, &stream, &rows, &input, &to,
                                              guarded_data(&scratch)));
                CHECK_BYTES(batch.outputs[slot], expected, sizeof expected);
            }
        }
    batch.ended = true;
    CHECK_STATUS(augment_apply_slots(augment, &slots, 0, SLOTS, guarded_data(&scratch)),
                 SHS_ERROR_EXHAUSTED);
    CHECK(guarded_free(&scratch));
    shs_augment_close(&augment);
}

/* ---- golden bytes */

static const struct {
    const char *text, *layout;
    shs_type type;
    uint64_t shape[3], hash;
} golden[] = {
    {"f: random_crop(padding=2) random_flip(axis=w) normalize(mean=0.286, std=0.353)",
     "hw",
     SHS_U8,
     {28, 28},
     UINT64_C(0xD5A236E07C26E98F)},
    {"f: random_crop(padding=4) random_flip(axis=w) normalize(mean=[0.49,0.48,0.45], "
     "std=[0.25,0.24,0.26])",
     "hwc",
     SHS_U8,
     {32, 32, 3},
     UINT64_C(0xDDFD8F5D73C68ED8)},
    {"f: random_flip(axis=w) turn() normalize(mean=[0.49,0.48,0.45], std=[0.25,0.24,0.26])",
     "hwc",
     SHS_U8,
     {31, 37, 3},
     UINT64_C(0xF0566A605D75864D)},
    {"f: random_crop(padding=3) normalize(mean=[1,2,3], std=[4,5,6])",
     "chw",
     SHS_U16,
     {3, 19, 40},
     UINT64_C(0x6EF9757B00627173)},
    {"f: wander() normalize(mean=0.5, std=0.1)",
     "chw",
     SHS_F32,
     {5, 20, 21},
     UINT64_C(0x3313B209C03009CF)},
    {"f: random_flip(axis=h) random_flip(axis=w)",
     "hwc",
     SHS_U16,
     {20, 21, 3},
     UINT64_C(0x4CC22E187E806B55)},
};

/* FNV-1a of 64 bits over elements of `size` bytes, the lowest byte of each first. */
static uint64_t hash_of(const unsigned char *elements, size_t size, size_t count, uint64_t hash)
{
    for (size_t i = 0; i < count; i++, elements += size) {
        uint8_t one = elements[0];
        uint16_t two = 0;
        uint32_t four = 0;
        if (size == 2) memcpy(&two, elements, sizeof two);
        if (size == 4) memcpy(&four, elements, sizeof four);
        uint32_t value = size == 1 ? one : size == 2 ? two : four;
        for (size_t byte = 0; byte < size; byte++)
            hash = (hash ^ (value >> 8 * byte & 0xFF)) * UINT64_C(0x100000001B3);
    }
    return hash;
}

static uint64_t golden_hash(size_t g)
{
    static unsigned char input[MOST_ELEMENTS * 4], output[MOST_ELEMENTS * 4];
    const shs_tensor sample = {
        .name = "f",
        .type = golden[g].type,
        .axes = (uint32_t)strlen(golden[g].layout),
        .shape = {golden[g].shape[0], golden[g].shape[1], golden[g].shape[2]}};
    const struct augment_how how = {.table = &table, .layouts = &golden[g].layout};
    const void *from = input;
    void *to = output;
    shs_augment *augment;
    uint64_t hash = UINT64_C(0xCBF29CE484222325), state = g;
    if (!NEED(!augment_open_how(&how, golden[g].text, &sample, 1, &augment))) return 0;
    for (size_t i = 0; i < bytes_of(&sample) / shs_type_size(sample.type); i++) {
        uint64_t any = judge_random(&state);
        float single = (float)(any >> 40);
        if (sample.type == SHS_F32)
            memcpy(input + 4 * i, &single, sizeof single);
        else if (sample.type == SHS_U16)
            ((uint16_t *)(void *)input)[i] = (uint16_t)any;
        else
            input[i] = (unsigned char)any;
    }
    struct guarded scratch = guarded_new(shs_augment_scratch(augment));
    for (uint64_t slot = 0; slot < 20; slot++) {
        shs_random stream = stream_at(5, slot);
        CHECK(!shs_augment_apply(augment, &stream, &from, &to, guarded_data(&scratch)));
        size_t size = shs_type_size(shs_augment_output(augment, 0)->type);
        hash = hash_of(output, size, bytes_of(shs_augment_output(augment, 0)) / size, hash);
    }
    CHECK(guarded_free(&scratch));
    shs_augment_close(&augment);
    return hash;
}

static void check_golden(void)
{
    for (size_t g = 0; g < COUNT(golden); g++) {
        uint64_t hash = golden_hash(g);
        harness_where("%s, %s", golden[g].text, grid_kernels_now()->name);
        CHECK_EQ(hash, golden[g].hash);
    }
}

static void bytes_are_golden(void)
{
    with_each_kernels(check_golden);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(passes_are_one_operator_after_the_other),
        TEST(slots_are_samples_with_their_streams),
        TEST(bytes_are_golden),
    };
    return harness_main("augment_passes", tests, COUNT(tests), argc, argv);
}
