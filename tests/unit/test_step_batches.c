/* A batch of all hosted virtual ranks of a step: its parts are the ordinary batches, in one memory,
 * and gradients take the parts or, where that is right, the whole. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "message.h"
#include "shardstep/gradient.h"
#include "two_files.h"

static const char augmentation[] = "images: random_flip(axis=w, layout=w) cast(type=f32)";

static shs_loader_options options_of(shs_tail tail, bool step_batches)
{
    return (shs_loader_options){.batch = BATCH,
                                .epochs = 2,
                                .tail = tail,
                                .augment = augmentation,
                                .stream = step_batches,
                                .keep = VRANKS,
                                .step_batches = step_batches};
}

struct readers {
    struct data data;
    shs_loader *single, *whole;
};

/* The streams differ, so the loaders draw from stream 0 one after the other. */
static bool readers_open(struct readers *readers, shs_tail tail)
{
    shs_loader_options options = options_of(tail, true);
    if (!data_open(&readers->data)) return false;
    if (!NEED_STATUS(shs_loader_open(readers->data.dataset, &options, &readers->whole), SHS_OK))
        return false;
    options = options_of(tail, false);
    return NEED_STATUS(shs_loader_open(readers->data.dataset, &options, &readers->single), SHS_OK);
}

static void readers_close(struct readers *readers)
{
    shs_loader_close(&readers->single);
    shs_loader_close(&readers->whole);
    data_close(&readers->data);
}

static bool same_tensor(const shs_tensor *a, const shs_tensor *b)
{
    size_t bytes, other;
    if (shs_tensor_bytes(a, &bytes) || shs_tensor_bytes(b, &other)) return CHECK(false);
    return CHECK_EQ(bytes, other) && CHECK_TEXT(a->name, b->name) && CHECK_EQ(a->type, b->type) &&
           CHECK_BYTES((const char *)a->data, b->data, bytes);
}

static void check_part(const shs_batch *part, const shs_batch *due)
{
    CHECK_EQ(part->vrank, due->vrank);
    CHECK_EQ(part->step, due->step);
    CHECK_EQ(part->step_rows, due->step_rows);
    CHECK_EQ(part->rows, due->rows);
    CHECK_EQ(part->count, due->count);
    CHECK_EQ(part->ends_step, due->ends_step);
    CHECK_EQ(part->ends_epoch, due->ends_epoch);
    CHECK_EQ(part->parts, 0);
    CHECK_U64S(part->index, due->index, due->rows);
    for (size_t f = 0; f < due->fields; f++)
        same_tensor(&part->field[f], &due->field[f]);
}

/* The parts lie one behind the other, and their sums are those of the whole. */
static void check_whole(const shs_batch *whole)
{
    uint64_t rows = 0, count = 0;
    for (size_t i = 0; i < whole->parts; i++) {
        const shs_batch *part = &whole->part[i];
        CHECK(part->index == whole->index + rows);
        for (size_t f = 0; f < whole->fields; f++) {
            const shs_tensor *field = &whole->field[f];
            size_t all;
            CHECK_STATUS(shs_tensor_bytes(field, &all), SHS_OK);
            size_t row = whole->rows ? all / whole->rows : 0;
            CHECK(part->field[f].data == (char *)field->data + rows * row);
        }
        for (uint64_t slot = 0; whole->weight && slot < part->rows; slot++)
            CHECK_EQ(whole->weight[rows + slot], slot < part->count);
        rows += part->rows;
        count += part->count;
    }
    CHECK_EQ(whole->rows, rows);
    CHECK_EQ(whole->count, count);
    CHECK_EQ(whole->field[0].shape[0], rows);
}

static void check_steps(shs_tail tail)
{
    struct readers readers = {0};
    shs_batch whole, batch;
    uint64_t steps = 0;
    shs_status status;
    if (!readers_open(&readers, tail)) return;
    readers.whole->plan.stream = 0; /* the same draws */
    readers.whole->plan.order.order.stream = 0;
    while ((status = shs_next(readers.whole, &whole)) == SHS_OK) {
        harness_where("tail %d, step %llu", (int)tail, (ull)whole.step);
        CHECK(whole.parts == VRANKS && whole.vrank == 0 && whole.ends_step);
        CHECK((whole.weight != NULL) == (tail == SHS_TAIL_PAD));
        check_whole(&whole);
        for (size_t i = 0; i < whole.parts; i++) {
            CHECK_STATUS(shs_next(readers.single, &batch), SHS_OK);
            check_part(&whole.part[i], &batch);
        }
        CHECK_EQ(whole.ends_epoch, batch.ends_epoch);
        CHECK_EQ(shs_tell(readers.whole).step, ++steps);
        CHECK_STATUS(shs_agree(readers.data.run), SHS_OK);
    }
    CHECK_EQ(status, SHS_END);
    CHECK_EQ(steps, 2 * shs_epoch_steps(readers.whole));
    CHECK_EQ(shs_statistics(readers.whole).epochs_verified, 2);
    harness_where(NULL);
    readers_close(&readers);
}

static void parts_are_the_ordinary_batches(void)
{
    for (int tail = SHS_TAIL_SHORT; tail <= SHS_TAIL_PAD; tail++)
        check_steps((shs_tail)tail);
}

/* A part is kept with its whole batch. A stream may be asked of either. */
static void a_part_stands_for_its_whole(void)
{
    struct readers readers = {0};
    shs_batch whole, next, part;
    shs_random of_whole, of_part;
    if (!readers_open(&readers, SHS_TAIL_SHORT)) return;
    CHECK_STATUS(shs_next(readers.whole, &whole), SHS_OK);
    part = whole.part[1];
    CHECK_STATUS(shs_random_at_batch(&whole, BATCH + 2, SHS_ROLE_USER, &of_whole), SHS_OK);
    CHECK_STATUS(shs_random_at_batch(&part, 2, SHS_ROLE_USER, &of_part), SHS_OK);
    for (int i = 0; i < 8; i++)
        CHECK_EQ(shs_random_u32(&of_whole), shs_random_u32(&of_part));
    CHECK_STATUS(shs_random_at_batch(&whole, whole.rows, SHS_ROLE_USER, &of_whole),
                 SHS_ERROR_ARGUMENT);
    CHECK_STATUS(shs_keep(&part), SHS_OK);
    CHECK_STATUS(shs_next(readers.whole, &next), SHS_OK);
    CHECK(next.index != whole.index);
    check_whole(&whole);
    CHECK_STATUS(shs_give_back(&part), SHS_OK);
    CHECK_STATUS(shs_give_back(&whole), SHS_ERROR_STATE);
    readers_close(&readers);
}

/* A part that fails takes the rows of all. */
static void a_failed_part_empties_the_step(void)
{
    shs_loader_options options = options_of(SHS_TAIL_PAD, true);
    struct data data;
    shs_loader *loader;
    shs_batch batch;
    options.shuffle = SHS_SHUFFLE_NONE;
    options.batch =
        FIRST_ROWS / VRANKS; /* the last part of step 1 and those after lie in the second file */
    if (!data_open(&data) || !NEED_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK))
        return;
    CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
    CHECK_EQ(batch.rows, VRANKS * options.batch);
    CHECK(truncate(second_path, 100) == 0);
    CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
    CHECK(batch.rows == 0 && batch.count == 0 && batch.parts == VRANKS && batch.ends_step);
    CHECK_EQ(batch.field[0].shape[0], 0);
    for (size_t i = 0; i < batch.parts; i++) {
        CHECK_EQ(batch.part[i].vrank, i);
        CHECK_EQ(batch.part[i].step, 1);
        CHECK(batch.part[i].rows == 0 && batch.part[i].count == 0);
        CHECK_EQ(batch.part[i].field[1].shape[0], 0);
    }
    CHECK_STATUS(shs_agree(data.run), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "step 1");
    CHECK_HAS(shs_message(), second_path);
    CHECK_STATUS(shs_next(loader, &batch), SHS_ERROR_FILE);
    shs_loader_close(&loader);
    data_close(&data);
    CHECK(write_file(second_path, FIRST_ROWS, ROWS - FIRST_ROWS));
}

/* ---- Gradients. */

/* A sum whose bits depend on the order of its additions. */
static float gradient_of(const shs_batch *batch)
{
    float sum = 0;
    for (uint64_t slot = 0; slot < batch->count; slot++)
        sum += 1.0F / (3.0F + (float)batch->index[slot]);
    return sum;
}

static float mean_of_parts(shs_gradient *gradient, float *value, const shs_batch *whole)
{
    for (size_t i = 0; i < whole->parts; i++) {
        *value = gradient_of(&whole->part[i]);
        CHECK_STATUS(shs_gradient_add(gradient, &whole->part[i]), SHS_OK);
    }
    CHECK_STATUS(shs_gradient_mean(gradient), SHS_OK);
    return *value;
}

static void gradients_take_parts_or_the_whole(void)
{
    struct readers readers = {0};
    shs_gradient *tree, *fast;
    shs_batch whole, batch;
    float value;
    const shs_tensor tensor = {.name = "w", .type = SHS_F32, .data = &value};
    if (!readers_open(&readers, SHS_TAIL_SHORT)) return;
    CHECK_STATUS(shs_gradient_open(readers.data.run, &tensor, 1, NULL, &tree), SHS_OK);
    CHECK_STATUS(shs_gradient_open(readers.data.run, &tensor, 1,
                                   &(shs_gradient_options){.reduction = SHS_REDUCTION_FAST}, &fast),
                 SHS_OK);
    while (shs_next(readers.whole, &whole) == SHS_OK) {
        float parts = mean_of_parts(tree, &value, &whole);
        CHECK_STATUS(shs_gradient_add(tree, &whole), SHS_ERROR_ARGUMENT);
        CHECK_HAS(shs_message(), "the batch of step ");
        CHECK_HAS(shs_message(), "holds 3 virtual ranks");
        CHECK_HAS(shs_message(), "batch.part[0] to batch.part[2] in order, or open the gradients "
                                 "with SHS_REDUCTION_FAST");
        value = 0;
        for (size_t i = 0; i < whole.parts; i++)
            value += gradient_of(&whole.part[i]);
        CHECK_STATUS(shs_gradient_add(fast, &whole), SHS_OK);
        CHECK_STATUS(shs_gradient_add(fast, &whole), SHS_ERROR_STATE);
        CHECK_STATUS(shs_gradient_mean(fast), SHS_OK);
        CHECK_IS(value - parts, <, 1e-6F * parts);
        CHECK_IS(parts - value, <, 1e-6F * parts);
    }
    CHECK_STATUS(shs_next(readers.single, &batch), SHS_OK);
    shs_gradient_close(&tree);
    shs_gradient_close(&fast);
    readers_close(&readers);
}

/* The whole batch of one virtual rank is its batch, so the reproducible sum takes it. */
static void one_virtual_rank_is_the_whole(void)
{
    const shs_loader_options options = {.batch = BATCH, .epochs = 1, .step_batches = true};
    struct data data = {0};
    shs_loader *loader;
    shs_gradient *tree;
    shs_batch batch;
    float value;
    const shs_tensor tensor = {.name = "w", .type = SHS_F32, .data = &value};
    CHECK_STATUS(shs_open_ranks(0, 1, NULL, NULL, &(shs_run_options){.vranks = 1}, &data.run),
                 SHS_OK);
    if (!NEED_STATUS(shs_dataset_open(data.run, both_paths, "images", NULL, &data.dataset), SHS_OK))
        return;
    CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK);
    CHECK_STATUS(shs_gradient_open(data.run, &tensor, 1, NULL, &tree), SHS_OK);
    while (shs_next(loader, &batch) == SHS_OK) {
        value = gradient_of(&batch);
        CHECK_EQ(batch.parts, 1);
        CHECK_STATUS(shs_gradient_add(tree, &batch), SHS_OK);
        CHECK_STATUS(shs_gradient_mean(tree), SHS_OK);
    }
    CHECK_EQ(shs_statistics(loader).epochs_verified, 1);
    shs_gradient_close(&tree);
    shs_loader_close(&loader);
    data_close(&data);
}

int main(void)
{
    static const struct harness_test tests[] = {
        TEST(parts_are_the_ordinary_batches), TEST(a_part_stands_for_its_whole),
        TEST(a_failed_part_empties_the_step), TEST(gradients_take_parts_or_the_whole),
        TEST(one_virtual_rank_is_the_whole),
    };
    int code = make_files() ? harness_run("step_batches", tests, COUNT(tests)) : 1;
    folder_remove(folder);
    return code;
}
