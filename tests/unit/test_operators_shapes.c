/* Every operator over samples of every type and of odd shapes. Each is refused with a message that
 * names the operator, the field, and the layout, the shape or the type; or it is computed within
 * its memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "augment_print.h"
#include "augment_scene.h"
#include "augment_table.h"

/* Shapes, and the layouts that the file names; NULL: none. */
static const struct {
    const char *layout;
    uint32_t axes;
    uint64_t shape[SHS_MAX_AXES];
} shapes[] = {
    {NULL, 0, {0}},
    {NULL, 1, {0}},
    {NULL, 2, {0, 3}},
    {NULL, 2, {3, 0}},
    {"hwc", 3, {3, 3, 0}},
    {"chw", 3, {0, 3, 3}},
    {NULL, 1, {1}},
    {NULL, 2, {1, 1}},
    {NULL, 3, {1, 1, 1}},
    {NULL, 3, {1, 1, 3}},
    {"chw", 3, {3, 1, 1}},
    {"zyx", 3, {1, 1, 1}},
    {"c", 1, {1}},
    {"ij", 2, {2, 2}},
    {"hcw", 3, {2, 3, 2}},
    {NULL, 3, {2, 3, 5}},
    {NULL, 8, {1, 1, 1, 1, 1, 1, 1, 1}},
    {"____tzyx", 8, {1, 1, 1, 1, 1, 1, 1, 1}},
    {"ijtzyxc_", 8, {2, 1, 2, 1, 2, 2, 3, 1}},
};

enum {
    SHAPES = COUNT(shapes)
};

static const char *text_of(const struct augment_kind *kind, struct core_text *text)
{
    core_text_add(text, "f: ");
    augment_print_example(kind, text);
    if (text->status) abort();
    return text->bytes;
}

static bool has(const char *words)
{
    return strstr(shs_message(), words) != NULL;
}

/* Whether the message of a refusal says what, where and why. */
static bool is_complete(const struct augment_kind *kind, const shs_tensor *tensor,
                        const char *layout)
{
    const char *name = kind->holds ? "random_flip" : kind->name; /* it stands in the example */
    bool why = has("layout") || has(shs_type_name(tensor->type)) || (layout && has(layout));
    return has("augmentation, character ") && has(name) && has("field f") && why;
}

/* Applies what opened, with guards around all memory. */
static void compute(const shs_augment *augment, const shs_tensor *tensor)
{
    unsigned char input[MOST_BYTES];
    struct sample sample = {.tensor = *tensor};
    if (!NEED(bytes_of(shs_augment_output(augment, 0)) <= MOST_BYTES)) return;
    sample.tensor.data = input;
    for (uint64_t slot = 0; slot < 3; slot++) {
        shs_random stream = stream_at(3, slot);
        fill(input, bytes_of(tensor), 5 + slot);
        CHECK_STATUS(apply(augment, &sample, 1, &stream), SHS_OK);
    }
}

static bool check(const struct augment_kind *kind, const char *text, size_t s, shs_type type)
{
    shs_tensor tensor = {"f", type, shapes[s].axes, {0}, NULL};
    const struct augment_how how = {.table = &augment_operators, .layouts = &shapes[s].layout};
    shs_augment *augment;
    memcpy(tensor.shape, shapes[s].shape, sizeof tensor.shape);
    shs_status status = augment_open_how(&how, text, &tensor, 1, &augment);
    if (!status) {
        /* shs_augment_apply() has no batch; test_mixup computes these */
        if (kind->scope == AUGMENT_OF_SAMPLE) compute(augment, &tensor);
    } else {
        CHECK(!augment);
        if ((status != SHS_ERROR_ARGUMENT && status != SHS_ERROR_UNSUPPORTED) ||
            !is_complete(kind, &tensor, shapes[s].layout))
            WRONG("%s, shape %zu of %s: %s, \"%s\"", text, s, shs_type_name(type),
                  shs_status_name(status), shs_message());
    }
    shs_augment_close(&augment);
    return !status;
}

static void odd_shapes_are_refused_or_computed(void)
{
    for (size_t k = 0; k < augment_operators.count; k++) {
        struct core_text text = {0};
        const char *words = text_of(augment_operators.kinds[k], &text);
        for (size_t s = 0; s < SHAPES; s++)
            for (shs_type type = SHS_U8; type <= SHS_F64; type++)
                check(augment_operators.kinds[k], words, s, type);
        core_text_free(&text);
    }
}

/* Operators that do not compute in f16 say what helps, and it does. */
static void halves_are_taken_or_cast_first(void)
{
    static const shs_tensor samples[] = {{"f", SHS_F16, 2, {8, 8}, NULL},
                                         {"f", SHS_F16, 3, {8, 8, 3}, NULL}};
    size_t refused = 0;
    for (size_t k = 0; k < augment_operators.count; k++)
        for (size_t s = 0; s < COUNT(samples); s++) {
            struct core_text text = {0};
            shs_augment *augment;
            const char *words = text_of(augment_operators.kinds[k], &text);
            char cast[512];
            snprintf(cast, sizeof cast, "f: cast(type=f32) %s", words + strlen("f: "));
            bool halves = !shs_augment_open(words, &samples[s], 1, &augment);
            bool helps = halves || (has("f16") && has("cast(type="));
            shs_augment_close(&augment);
            bool floats = !shs_augment_open(cast, &samples[s], 1, &augment);
            shs_augment_close(&augment);
            if (!halves && floats && !helps) WRONG("%s of f16 does not say what helps", words);
            refused += !halves && floats;
            core_text_free(&text);
        }
    CHECK(refused > 0);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(odd_shapes_are_refused_or_computed),
        TEST(halves_are_taken_or_cast_first),
    };
    return harness_main("operators_shapes", tests, COUNT(tests), argc, argv);
}
