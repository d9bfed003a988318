/* The operators that move elements, against moves by coordinates that are written from their help
 * alone, in many layouts; and identities of turns, mirrors and rolls. */
#include "augment_refused.h"
#include "augment_scene.h"

enum {
    CUBE = 3,
    MOST = 3000 /* elements of a sample */
};

/* ---- samples by coordinates */

/* An element's coordinates, by axis. Negative coordinates are no elements. */
struct at {
    int64_t k[SHS_MAX_AXES];
};

struct array {
    shs_tensor tensor;
    char layout[SHS_MAX_AXES + 1];
    uint16_t element[MOST];
};

static struct array array_of(const char *layout, const uint64_t *shape)
{
    struct array array = {
        .tensor = {.name = "f", .type = SHS_U16, .axes = (uint32_t)strlen(layout)}};
    memcpy(array.layout, layout, strlen(layout) + 1);
    memcpy(array.tensor.shape, shape, array.tensor.axes * sizeof *shape);
    for (size_t i = 0; i < MOST; i++)
        array.element[i] = (uint16_t)(i + 1);
    return array;
}

static int axis_of(const char *layout, char letter)
{
    const char *found = strchr(layout, letter);
    return found ? (int)(found - layout) : -1;
}

/* Returns an element, or 0 where there is none. */
static uint16_t element_at(const struct array *array, const struct at *at)
{
    int64_t place = 0;
    for (uint32_t axis = 0; axis < array->tensor.axes; axis++) {
        int64_t size = (int64_t)array->tensor.shape[axis];
        if (at->k[axis] < 0 || at->k[axis] >= size) return 0;
        place = place * size + at->k[axis];
    }
    return array->element[place];
}

/* Says where the element of the result at some coordinates comes from. */
typedef struct at find_origin(const struct array *array, struct at at, const int64_t *draws);

static void compare(const char *text, const struct array *array, const shs_tensor *after,
                    const uint16_t *came, find_origin *origin, const int64_t *draws)
{
    size_t elements = 1;
    for (uint32_t axis = 0; axis < after->axes; axis++)
        elements *= (size_t)after->shape[axis];
    for (size_t i = 0; i < elements; i++) {
        struct at at = {{0}};
        size_t rest = i;
        for (uint32_t axis = after->axes; axis-- > 0; rest /= (size_t)after->shape[axis])
            at.k[axis] = (int64_t)(rest % (size_t)after->shape[axis]);
        struct at from = origin(array, at, draws);
        uint16_t expected = element_at(array, &from);
        if (came[i] == expected) continue;
        WRONG("%s in layout %s: element %zu is %u, expected %u", text, array->layout, i, came[i],
              expected);
        return;
    }
}

/* Applies a text at a place, and compares with `origin` for the draws that a copy of the stream
 * gives: below() of each number in `below`, which ends with 0. */
static void check_moves(const char *text, const struct array *array, const uint32_t *below,
                        find_origin *origin)
{
    char whole[200];
    shs_augment *augment;
    snprintf(whole, sizeof whole, "f: %s", text);
    if (shs_augment_open(whole, &array->tensor, 1, &augment)) {
        WRONG("%s: %s", whole, shs_message());
        return;
    }
    const shs_tensor *after = shs_augment_output(augment, 0);
    for (uint64_t slot = 0; slot < 60; slot++) {
        shs_random stream = stream_at(5, slot), own = stream;
        static uint16_t came[MOST];
        static _Alignas(64) char scratch[1 << 18];
        const void *from = array->element;
        void *to = came;
        int64_t draws[8] = {0};
        if (!NEED(shs_augment_scratch(augment) <= sizeof scratch)) break;
        for (size_t d = 0; below[d]; d++)
            draws[d] = (int64_t)shs_random_below(&own, below[d]);
        CHECK_STATUS(shs_augment_apply(augment, &stream, &from, &to, scratch), SHS_OK);
        compare(whole, array, after, came, origin, draws);
        CHECK_EQ(shs_random_u32(&stream), shs_random_u32(&own));
    }
    shs_augment_close(&augment);
}

/* ---- crops */

static const char *const layouts_hw[] = {"hw", "hwc", "chw", "tyxc", "tchw", "wh", "xty"};

static struct array some_array(const char *layout)
{
    static const char letters[] = "ctzhywx";
    static const uint64_t sizes[] = {3, 2, 4, 5, 5, 7, 7};
    uint64_t shape[SHS_MAX_AXES];
    for (size_t i = 0; layout[i]; i++)
        shape[i] = sizes[strchr(letters, layout[i]) - letters];
    return array_of(layout, shape);
}

static int height_of(const struct array *array)
{
    int axis = axis_of(array->layout, 'h');
    return axis < 0 ? axis_of(array->layout, 'y') : axis;
}

static int width_of(const struct array *array)
{
    int axis = axis_of(array->layout, 'w');
    return axis < 0 ? axis_of(array->layout, 'x') : axis;
}

/* Returns the position that stands for position k of an axis of `size` elements. */
static int64_t beyond(int64_t k, int64_t size, char mode)
{
    while ((k < 0 || k >= size) && mode != 'z') {
        if (mode == 'e') k = k < 0 ? 0 : size - 1;
        if (mode == 'w') k += k < 0 ? size : -size;
        if (mode == 'r') k = k < 0 ? -k : 2 * (size - 1) - k;
    }
    return k;
}

static char crop_mode;
static int64_t crop_padding;

static struct at crop_origin(const struct array *array, struct at at, const int64_t *draws)
{
    int h = height_of(array), w = width_of(array);
    at.k[h] = beyond(at.k[h] + draws[0] - crop_padding, (int64_t)array->tensor.shape[h], crop_mode);
    at.k[w] = beyond(at.k[w] + draws[1] - crop_padding, (int64_t)array->tensor.shape[w], crop_mode);
    return at;
}

static void crops_follow_their_words(void)
{
    static const char *const modes[] = {"zero", "edge", "reflect", "wrap"};
    for (size_t l = 0; l < COUNT(layouts_hw); l++)
        for (size_t m = 0; m < COUNT(modes); m++) {
            struct array array = some_array(layouts_hw[l]);
            char text[120];
            crop_mode = modes[m][0];
            crop_padding = 2;
            snprintf(text, sizeof text, "random_crop(padding=2, mode=%s, layout=%s)", modes[m],
                     array.layout);
            check_moves(text, &array, (uint32_t[]){5, 5, 0}, crop_origin);
            snprintf(text, sizeof text, "random_crop(padding=2, size=[3,4], mode=%s, layout=%s)",
                     modes[m], array.layout);
            check_moves(text, &array, (uint32_t[]){5 + 4 - 3 + 1, 7 + 4 - 4 + 1, 0}, crop_origin);
            snprintf(text, sizeof text, "pad(padding=2, mode=%s, layout=%s)", modes[m],
                     array.layout);
            check_moves(text, &array, (uint32_t[]){0}, crop_origin);
        }
}

static struct at center_origin(const struct array *array, struct at at, const int64_t *draws)
{
    (void)draws;
    at.k[height_of(array)] -= 1; /* floor((5 - 6) / 2) */
    at.k[width_of(array)] += 2;  /* floor((7 - 3) / 2) */
    return at;
}

static void the_middle_is_cut_out(void)
{
    for (size_t l = 0; l < COUNT(layouts_hw); l++) {
        struct array array = some_array(layouts_hw[l]);
        char text[120];
        snprintf(text, sizeof text, "center_crop(size=[6,3], layout=%s)", array.layout);
        check_moves(text, &array, (uint32_t[]){0}, center_origin);
    }
}

/* ---- turns and mirrors */

static struct at turn_once(const struct array *array, struct at at, int64_t n)
{
    int i = height_of(array), j = width_of(array);
    int64_t k = at.k[i];
    at.k[i] = at.k[j];
    at.k[j] = n - 1 - k;
    return at;
}

static struct at turn_origin(const struct array *array, struct at at, const int64_t *draws)
{
    int64_t n = (int64_t)array->tensor.shape[height_of(array)];
    if (draws[0] >= 4) at.k[width_of(array)] = n - 1 - at.k[width_of(array)];
    for (int64_t quarter = draws[0] % 4; quarter; quarter--)
        at = turn_once(array, at, n);
    return at;
}

static struct at symmetry_origin(const struct array *array, struct at at, const int64_t *draws)
{
    static const char *const orders[] = {"012", "102", "021", "120", "201", "210"};
    const int axis[CUBE] = {axis_of(array->layout, 'z'), height_of(array), width_of(array)};
    int64_t n = (int64_t)array->tensor.shape[axis[0]];
    struct at from = at;
    for (int k = 0; k < CUBE; k++) {
        int64_t position = at.k[axis[k]];
        if (draws[0] >> k & 1) position = n - 1 - position;
        from.k[axis[orders[draws[0] >> 3][k] - '0']] = position;
    }
    return from;
}

static void squares_and_cubes_are_turned(void)
{
    static const char *const squares[] = {"hw", "chw", "hwc", "tyx", "wh"};
    char text[120];
    for (size_t l = 0; l < COUNT(squares); l++) {
        const uint64_t shape[] = {4, 4, 4};
        struct array array = array_of(squares[l], shape);
        snprintf(text, sizeof text, "random_rot90(layout=%s)", array.layout);
        check_moves(text, &array, (uint32_t[]){4, 0}, turn_origin);
        snprintf(text, sizeof text, "d4(layout=%s)", array.layout);
        check_moves(text, &array, (uint32_t[]){8, 0}, turn_origin);
    }
    struct array cube = array_of("czyx", (const uint64_t[]){2, 3, 3, 3});
    check_moves("random_symmetry(layout=czyx)", &cube, (uint32_t[]){48, 0}, symmetry_origin);
    struct array turned = array_of("xzyc", (const uint64_t[]){3, 3, 3, 2});
    check_moves("random_symmetry(layout=xzyc)", &turned, (uint32_t[]){48, 0}, symmetry_origin);
}

/* Returns the result of a text at the first slot whose draw is `wanted`. */
static void apply_draw(const char *text, const shs_tensor *tensor, uint32_t below, uint32_t wanted,
                       const uint16_t *from, uint16_t *to)
{
    shs_augment *augment;
    static _Alignas(64) char scratch[1 << 16];
    const void *input = from;
    void *output = to;
    uint64_t slot = 0;
    for (;; slot++) {
        shs_random stream = stream_at(5, slot);
        if (shs_random_below(&stream, below) == wanted) break;
    }
    shs_random stream = stream_at(5, slot);
    if (!NEED(!shs_augment_open(text, tensor, 1, &augment))) return;
    CHECK_STATUS(shs_augment_apply(augment, &stream, &input, &output, scratch), SHS_OK);
    shs_augment_close(&augment);
}

/* The 48 symmetries are a group: each pair, one after the other, is one of them, and no two are
 * the same. */
static void symmetries_are_a_group(void)
{
    static const char text[] = "f: random_symmetry(layout=zyx)";
    enum {
        ALL = 48,
        ELEMENTS = CUBE * CUBE * CUBE
    };
    struct array cube = array_of("zyx", (const uint64_t[]){CUBE, CUBE, CUBE});
    static uint16_t result[ALL][ELEMENTS];
    uint16_t twice[ELEMENTS];
    for (uint32_t a = 0; a < ALL; a++)
        apply_draw(text, &cube.tensor, ALL, a, cube.element, result[a]);
    for (uint32_t a = 0; a < ALL; a++)
        for (uint32_t b = 0; b < ALL; b++) {
            unsigned same = 0;
            apply_draw(text, &cube.tensor, ALL, b, result[a], twice);
            for (uint32_t c = 0; c < ALL; c++)
                same += !memcmp(twice, result[c], sizeof twice);
            CHECK_EQ(same, 1);
        }
}

/* Cubes have 48 symmetries and squares 8, so that one number cannot be drawn for both. */
static void squares_and_cubes_share_no_symmetries(void)
{
    const shs_tensor fields[] = {{.name = "a", .type = SHS_U8, .axes = 3, .shape = {3, 3, 3}},
                                 {.name = "b", .type = SHS_U8, .axes = 3, .shape = {2, 3, 3}}};
    shs_augment *augment;
    CHECK(is_refused(&augment_operators,
                     "a: time_flip(layout=zyx); b: time_flip(layout=tyx); a,b: random_symmetry()",
                     fields, 2, SHS_ERROR_ARGUMENT,
                     "a and b cannot share draws: only one has a depth"));
    CHECK_STATUS(shs_augment_open("a: time_flip(layout=zyx); b: time_flip(layout=tyx); "
                                  "a,b: random_symmetry(axes=yx)",
                                  fields, 2, &augment),
                 SHS_OK);
    shs_augment_close(&augment);
}

/* A place that is drawn for a long axis may lie behind the end of a short one. So fields share the
 * draws of such operators only along axes that are equally long, whatever their other axes are. */
static void fields_share_draws_along_equal_axes(void)
{
    const shs_tensor fields[] = {{.name = "a", .type = SHS_U8, .axes = 4, .shape = {6, 5, 4, 7}},
                                 {.name = "b", .type = SHS_U8, .axes = 4, .shape = {3, 5, 4, 7}},
                                 {.name = "c", .type = SHS_U8, .axes = 2, .shape = {3, 7}}};
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"a,b: random_crop(size=2, axes=tyx)",
         "a and b cannot share draws: random_crop draws by the length along t, which is 6 of the "
         "first and 3 of the second"},
        {"b,a: random_crop(size=[2,2], axes=xt)", "which is 3 of the first and 6 of the second"},
        {"a,b: random_roll(axes=xt)", "random_roll draws by the length along t"},
        {"a,b: window_crop(size=2)", "window_crop draws by the length along t"},
        {"a,b: sometimes(p=0.5, random_roll(axes=t))", "random_roll draws by the length along t"},
        {"a,b: random_crop(size=2, axes=yx)", NULL},
        {"a,b: random_crop(size=2, axes=zx)", NULL},
        {"a,b: random_crop(padding=2, axes=tyx)", NULL},
        {"a,b: random_roll(axes=zyx)", NULL},
        {"a,c: random_roll(axes=x)", NULL},
        {"b,c: window_crop(size=2) random_roll(axes=tx)", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[160];
        shs_augment *augment;
        snprintf(text, sizeof text,
                 "a: time_flip(layout=tzyx); b: time_flip(layout=tzyx); "
                 "c: time_flip(layout=tx); %s",
                 cases[i].text);
        if (cases[i].words) {
            CHECK(is_refused(&augment_operators, text, fields, COUNT(fields), SHS_ERROR_ARGUMENT,
                             cases[i].words));
            continue;
        }
        CHECK_STATUS(shs_augment_open(text, fields, COUNT(fields), &augment), SHS_OK);
        shs_augment_close(&augment);
    }
}

/* ---- rolls, shifts and windows */

static struct at roll_origin(const struct array *array, struct at at, const int64_t *draws)
{
    int w = width_of(array), h = height_of(array);
    at.k[w] = beyond(at.k[w] - draws[0], (int64_t)array->tensor.shape[w], 'w');
    at.k[h] = beyond(at.k[h] - draws[1], (int64_t)array->tensor.shape[h], 'w');
    return at;
}

static char shift_mode;

static struct at shift_origin(const struct array *array, struct at at, const int64_t *draws)
{
    int t = axis_of(array->layout, 't');
    if (t < 0) t = width_of(array);
    at.k[t] = beyond(at.k[t] - (draws[0] - 9), (int64_t)array->tensor.shape[t], shift_mode);
    return at;
}

static struct at window_origin(const struct array *array, struct at at, const int64_t *draws)
{
    at.k[axis_of(array->layout, 't')] += draws[0];
    return at;
}

static void samples_roll_and_shift(void)
{
    char text[120];
    for (size_t l = 0; l < COUNT(layouts_hw); l++) {
        struct array array = some_array(layouts_hw[l]);
        snprintf(text, sizeof text, "random_roll(axes=wh, layout=%s)", array.layout);
        check_moves(text, &array, (uint32_t[]){7, 5, 0}, roll_origin);
        shift_mode = 'w';
        snprintf(text, sizeof text, "random_shift(most=9, mode=wrap, layout=%s)", array.layout);
        check_moves(text, &array, (uint32_t[]){19, 0}, shift_origin);
        shift_mode = 'z';
        snprintf(text, sizeof text, "random_shift(most=9, layout=%s)", array.layout);
        check_moves(text, &array, (uint32_t[]){19, 0}, shift_origin);
    }
    struct array signal = array_of("tc", (const uint64_t[]){30, 3});
    check_moves("window_crop(size=8, layout=tc)", &signal, (uint32_t[]){23, 0}, window_origin);
}

/* Windows of other lengths share the draw of a roll along the axes that they have alike: the
 * columns of both move by as many elements. Along axes of other sizes one number cannot be drawn
 * for both.
 */
static void windows_share_a_roll(void)
{
    enum {
        COLUMNS = 5
    };
    const shs_tensor fields[] = {
        {.name = "a", .type = SHS_U8, .axes = 3, .shape = {4, 1, COLUMNS}},
        {.name = "b", .type = SHS_U8, .axes = 3, .shape = {2, 1, COLUMNS}}};
    unsigned char long_window[4 * COLUMNS], short_window[2 * COLUMNS];
    unsigned char rolled_long[sizeof long_window], rolled_short[sizeof short_window];
    unsigned seen = 0;
    max_align_t scratch[200];
    shs_augment *augment;
    for (size_t i = 0; i < sizeof long_window; i++)
        long_window[i] = (unsigned char)(i % COLUMNS);
    memcpy(short_window, long_window, sizeof short_window);
    CHECK_STATUS(shs_augment_open("a,b: random_roll(axes=x, layout=tyx)", fields, 2, &augment),
                 SHS_OK);
    CHECK(shs_augment_scratch(augment) <= sizeof scratch);
    for (uint64_t slot = 0; slot < 40; slot++) {
        shs_random stream;
        const void *from[] = {long_window, short_window};
        void *to[] = {rolled_long, rolled_short};
        harness_where("slot %d", (int)slot);
        CHECK_STATUS(
            shs_random_at(&(shs_place){.purpose = SHS_ROLE_AUGMENT, .slot = slot}, &stream),
            SHS_OK);
        CHECK_STATUS(shs_augment_apply(augment, &stream, from, to, scratch), SHS_OK);
        seen |= 1u << rolled_long[0];
        for (size_t i = 0; i < sizeof long_window; i++)
            CHECK_EQ(rolled_long[i], (rolled_long[0] + i) % COLUMNS);
        CHECK_BYTES(rolled_short, rolled_long, sizeof rolled_short);
    }
    CHECK_EQ(seen, (1u << COLUMNS) - 1);
    shs_augment_close(&augment);
    CHECK(is_refused(
        &augment_operators, "a,b: random_roll(axes=t, layout=tyx)", fields, 2, SHS_ERROR_ARGUMENT,
        "a and b cannot share draws: random_roll draws by the length along t, which is 4 of the "
        "first and 2 of the second; in a statement of its own a field has draws of its own"));
    CHECK(is_refused(&augment_operators, "a,b: window_crop(size=2, layout=tyx)", fields, 2,
                     SHS_ERROR_ARGUMENT, "window_crop draws by the length along t"));
    CHECK_STATUS(
        shs_augment_open("a,b: window_crop(size=2, axes=x, layout=tyx)", fields, 2, &augment),
        SHS_OK);
    shs_augment_close(&augment);
}

/* ---- layouts */

static struct at first_origin(const struct array *array, struct at at, const int64_t *draws)
{
    (void)array, (void)draws;
    return (struct at){{at.k[0], at.k[2], at.k[3], at.k[1]}}; /* tchw of thwc */
}

static struct at last_origin(const struct array *array, struct at at, const int64_t *draws)
{
    (void)array, (void)draws;
    return (struct at){{at.k[0], at.k[3], at.k[1], at.k[2]}}; /* thwc of tchw */
}

/* The layout goes along with the axes, so later operators need none. */
static struct at both_origin(const struct array *array, struct at at, const int64_t *draws)
{
    struct at from = first_origin(array, at, draws);
    from.k[1] += draws[0] - 1;
    from.k[2] += draws[1] - 1;
    return from;
}

static void channels_change_places(void)
{
    struct array last = array_of("thwc", (const uint64_t[]){2, 4, 5, 3});
    struct array first = array_of("tchw", (const uint64_t[]){2, 3, 4, 5});
    check_moves("to_chw(layout=thwc)", &last, (uint32_t[]){0}, first_origin);
    check_moves("to_hwc(layout=tchw)", &first, (uint32_t[]){0}, last_origin);
    check_moves("to_chw(layout=thwc) random_crop(padding=1)", &last, (uint32_t[]){3, 3, 0},
                both_origin);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(crops_follow_their_words),
        TEST(the_middle_is_cut_out),
        TEST(squares_and_cubes_are_turned),
        TEST(symmetries_are_a_group),
        TEST(squares_and_cubes_share_no_symmetries),
        TEST(fields_share_draws_along_equal_axes),
        TEST(samples_roll_and_shift),
        TEST(windows_share_a_roll),
        TEST(channels_change_places),
    };
    return harness_main("operators_moves", tests, COUNT(tests), argc, argv);
}
