/* Operators of the program's own: registered, bound, applied alone and through loaders, refused. */
#include <stdatomic.h>
#include <string.h>

#include "ahead_scene.h"
#include "augment_record.h"
#include "core_memory.h"

/* ---- Operators. */

/* Adds a whole number below `by` to each element of u32 fields, the same to all fields. */
static shs_status add_drawn(void *user, const shs_augment_call *call)
{
    uint32_t added = 0;
    if (user) atomic_fetch_add((_Atomic uint64_t *)user, 1);
    for (size_t v = 0; v < call->n_values; v++)
        if (strcmp(call->values[v].name, "by") == 0 && call->values[v].n_numbers == 1)
            added = shs_random_below(call->stream, (uint32_t)call->values[v].numbers[0]);
    for (size_t f = 0; f < call->fields; f++) {
        const uint32_t *from = call->inputs[f].data;
        uint32_t *to = call->outputs[f].data;
        size_t bytes = 0;
        CHECK_STATUS(shs_tensor_bytes(&call->inputs[f], &bytes), SHS_OK);
        for (size_t i = 0; i < bytes / sizeof *to; i++)
            to[i] = from[i] + added;
    }
    return SHS_OK;
}

/* The mean of a sample, as a single f64. */
static shs_status mean(void *user, const shs_augment_call *call)
{
    const uint32_t *from = call->inputs[0].data;
    double sum = 0;
    (void)user;
    CHECK(call->stream == NULL);
    for (uint64_t i = 0; i < call->inputs[0].shape[0]; i++)
        sum += from[i];
    *(double *)call->outputs[0].data = sum / (double)call->inputs[0].shape[0];
    return SHS_OK;
}

static shs_status bind_mean(void *user, const shs_augment_call *call)
{
    (void)user;
    CHECK(call->stream == NULL && call->fields == 1 && call->inputs[0].data == NULL);
    if (call->n_values) {
        snprintf(call->message, SHS_AUGMENT_MESSAGE_BYTES, "it takes no value %s",
                 call->values[0].name);
        return SHS_ERROR_ARGUMENT;
    }
    call->outputs[0].type = SHS_F64;
    call->outputs[0].axes = 0;
    return SHS_OK;
}

/* Returns the status and writes the message that the values say. */
static shs_status fail_as_told(void *user, const shs_augment_call *call)
{
    (void)user;
    memcpy(call->outputs[0].data, call->inputs[0].data, COLUMNS * sizeof(uint32_t));
    if (call->n_values > 1)
        snprintf(call->message, SHS_AUGMENT_MESSAGE_BYTES, "it is no day for it");
    return (shs_status)call->values[0].numbers[0];
}

static const shs_augment_callback adds = {.apply = add_drawn},
                                  means = {.apply = mean, .bind = bind_mean, .draws_nothing = true},
                                  fails = {.apply = fail_as_told, .draws_nothing = true};

static shs_augment_table *make_table(uint32_t version)
{
    shs_augment_table *table;
    NEED_STATUS(shs_augment_table_open(&table), SHS_OK);
    NEED_STATUS(shs_augment_register(table, "add", version, &adds), SHS_OK);
    NEED_STATUS(shs_augment_register(table, "mean", 1, &means), SHS_OK);
    NEED_STATUS(shs_augment_register(table, "fail", 1, &fails), SHS_OK);
    return table;
}

static const shs_tensor u32s[] = {{.name = "a", .type = SHS_U32, .axes = 1, .shape = {COLUMNS}},
                                  {.name = "b", .type = SHS_U32, .axes = 1, .shape = {3}}};

static shs_status open_u32s(const char *text, shs_augment **augment)
{
    shs_augment_table *table = make_table(4);
    shs_status status = shs_augment_open_table(table, text, u32s, COUNT(u32s), augment);
    shs_augment_table_close(&table); /* the augmentation goes on without it */
    return status;
}

static shs_status apply(const shs_augment *augment, shs_random *stream, const uint32_t a[COLUMNS],
                        const uint32_t b[3], void *of_a, void *of_b)
{
    static _Alignas(64) char scratch[1 << 17];
    if (!NEED(shs_augment_scratch(augment) <= sizeof scratch)) return SHS_ERROR_MEMORY;
    return shs_augment_apply(augment, stream, (const void *const[]){a, b},
                             (void *const[]){of_a, of_b}, scratch);
}

static shs_random stream_at(uint64_t slot)
{
    shs_random stream;
    CHECK_STATUS(shs_random_at(&(shs_place){.seed = 3, .purpose = 1, .slot = slot}, &stream),
                 SHS_OK);
    return stream;
}

/* ---- Bound and applied. */

/* Operators before and behind draw from the same stream, and both fields share the draw. */
static void fields_share_what_it_draws(void)
{
    static const uint32_t a[COLUMNS] = {1, 2, 3, 4, 5, 6}, b[3] = {7, 8, 9};
    uint32_t of_a[COLUMNS], of_b[3];
    shs_augment *augment;
    if (!NEED_STATUS(open_u32s("a,b: random_flip(axis=w, p=0.5) add(by=1000) "
                               "random_flip(axis=w, p=0.5)",
                               &augment),
                     SHS_OK))
        return;
    CHECK(shs_augment_draws(augment));
    for (uint64_t slot = 0; slot < 50; slot++) {
        shs_random stream = stream_at(slot), again = stream;
        CHECK_STATUS(apply(augment, &stream, a, b, of_a, of_b), SHS_OK);
        bool first = shs_random_float(&again) < 0.5F;
        uint32_t added = shs_random_below(&again, 1000);
        bool turned = first != (shs_random_float(&again) < 0.5F);
        for (uint32_t i = 0; i < COLUMNS; i++)
            CHECK_EQ(of_a[i], a[turned ? COLUMNS - 1 - i : i] + added);
        for (uint32_t i = 0; i < 3; i++)
            CHECK_EQ(of_b[i], b[turned ? 2 - i : i] + added);
    }
    shs_augment_close(&augment);
}

static void p_and_groups_work(void)
{
    static const uint32_t a[COLUMNS] = {0}, b[3] = {0};
    uint32_t of_a[COLUMNS], of_b[3], changed = 0;
    shs_augment *augment;
    if (!NEED_STATUS(open_u32s("a: one_of(add(by=9, p=0.5) sometimes(add(by=5)))", &augment),
                     SHS_OK))
        return;
    for (uint64_t slot = 0; slot < 200; slot++) {
        shs_random stream = stream_at(slot), again = stream;
        uint32_t added = 0;
        CHECK_STATUS(apply(augment, &stream, a, b, of_a, of_b), SHS_OK);
        if (shs_random_below(&again, 2))
            added = shs_random_below(&again, 5);
        else if (shs_random_float(&again) < 0.5F)
            added = shs_random_below(&again, 9);
        CHECK_EQ(of_a[5], added);
        changed += added > 0;
    }
    CHECK_IS(changed, >, 80);
    CHECK_IS(changed, <, 180);
    shs_augment_close(&augment);
}

static void bind_gives_type_and_shape(void)
{
    static const uint32_t a[COLUMNS] = {1, 2, 3, 4, 5, 6}, b[3] = {7, 8, 9};
    uint32_t of_b[3];
    double of_a;
    shs_augment *augment;
    if (!NEED_STATUS(open_u32s("a: mean()", &augment), SHS_OK)) return;
    CHECK_EQ(shs_augment_output(augment, 0)->type, SHS_F64);
    CHECK_EQ(shs_augment_output(augment, 0)->axes, 0);
    CHECK(!shs_augment_draws(augment));
    CHECK_STATUS(apply(augment, NULL, a, b, &of_a, of_b), SHS_OK);
    CHECK_EQ(of_a, 3.5);
    shs_augment_close(&augment);
}

/* The canonical text has the version and the values by name, and means the same. */
static void the_canonical_text_has_the_version(void)
{
    static const char canonical[] =
        "a: add(p=0.5, version=4, by=9, far=[1,2.5], mode=soft, of=(u,v)) random_flip(axis=w, "
        "p=0.5, layout=w)";
    const char *texts[] = {"a: add(of=(u, v), mode=soft, far=[1, 2.5], by=9, p=0.50) "
                           "random_flip(axis=w)",
                           canonical};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct core_text text = {0}, record = {0};
        shs_augment *augment;
        if (!NEED_STATUS(open_u32s(texts[i], &augment), SHS_OK)) return;
        augment_print(augment, &text);
        CHECK_TEXT(text.bytes, canonical);
        shs_random stream = stream_at(i);
        augment_record(augment, &stream, &record);
        CHECK(record.bytes && (!strcmp(record.bytes, "add(draws of the program's own)") ||
                               !strncmp(record.bytes, "add(no) random_flip(", 20)));
        core_text_free(&text);
        core_text_free(&record);
        shs_augment_close(&augment);
    }
}

static void wrong_texts_are_refused(void)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"a: add(by=1, by=2)", "character 14: add is given 'by' twice"},
        {"a: add(p=2)", "add's p is '2'; it takes one number from 0 to 1"},
        {"a: add(version=3)", "character 8: the text asks for version 3 of add, and the program "
                              "registered version 4"},
        {"a: add(random_flip(axis=w))", "add takes no operators"},
        {"a: ad(by=1)", "there is no operator 'ad'"},
        {"a: mean(of=all)",
         "character 4, field a: operator mean (version 1): it takes no value of"},
        {"a: mean(p=0.5)", "mean changes the type, the shape or the layout of field a"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        shs_augment *augment;
        CHECK_STATUS(open_u32s(cases[i].text, &augment), SHS_ERROR_ARGUMENT);
        CHECK(augment == NULL && message_has(cases[i].message));
    }
}

/* What is not known may be a program's own operator: the message says what to do. */
static void unknown_names_lead_to_the_program(void)
{
    shs_augment *augment;
    CHECK_STATUS(shs_augment_open("a: my_op(x=1)", u32s, 2, &augment), SHS_ERROR_ARGUMENT);
    CHECK(message_has("there is no operator 'my_op'"));
    CHECK(message_has("an operator of a program's own is known only to that program: it gives its "
                      "table to the loader (option operators), and makes a batch again by "
                      "shs_replay()"));
}

static shs_status bind_badly(void *user, const shs_augment_call *call)
{
    *call->outputs = *(const shs_tensor *)user;
    return SHS_OK;
}

static void bad_results_are_refused(void)
{
    static const struct {
        shs_tensor result;
        const char *message;
    } cases[] = {
        {{.type = (shs_type)77}, "the result of operator bad (version 0): "},
        {{.type = SHS_U8, .axes = 9}, "the result of operator bad (version 0): "},
        {{.type = SHS_U8, .axes = 1}, "the result of operator bad (version 0): an axis is empty"},
        {{.type = SHS_F64, .axes = 2, .shape = {UINT64_MAX, 9}}, "the result of operator bad"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        shs_tensor result = cases[i].result;
        const shs_augment_callback bad = {.apply = mean, .bind = bind_badly, .user = &result};
        shs_augment_table *table;
        shs_augment *augment;
        CHECK_STATUS(shs_augment_table_open(&table), SHS_OK);
        CHECK_STATUS(shs_augment_register(table, "bad", 0, &bad), SHS_OK);
        CHECK_STATUS(shs_augment_open_table(table, "a: bad()", u32s, 1, &augment),
                     SHS_ERROR_ARGUMENT);
        CHECK(augment == NULL && message_has(cases[i].message));
        shs_augment_table_close(&table);
    }
}

static void registration_refuses(void)
{
    static const char *const names[] = {"",
                                        "1st",
                                        "_a",
                                        "my-op",
                                        "my op",
                                        "a:b",
                                        "a(",
                                        "\xc3\xa9",
                                        "random_crop",
                                        "add",
                                        "a23456789012345678901234567890123"};
    shs_augment_table *table = make_table(4);
    for (size_t i = 0; i < COUNT(names); i++) {
        harness_where("name %s", names[i]);
        CHECK_STATUS(shs_augment_register(table, names[i], 1, &adds), SHS_ERROR_ARGUMENT);
        CHECK(message_has("shs_augment_register: "));
    }
    harness_where(NULL);
    CHECK_STATUS(shs_augment_register(table, "random_crop", 1, &adds), SHS_ERROR_ARGUMENT);
    CHECK(message_has("random_crop is the name of an operator of the library; take another name"));
    CHECK_STATUS(shs_augment_register(table, "x", 1, &(shs_augment_callback){0}),
                 SHS_ERROR_ARGUMENT);
    CHECK(message_has("callback->apply is NULL"));
    CHECK_STATUS(shs_augment_register(table, "a234567890123456789012345678901", 1, &adds), SHS_OK);
    shs_augment_table_close(&table);
    CHECK(table == NULL);
}

/* ---- Through loaders. */

static const char text_of_loader[] =
    "images,numbers: add(by=1000); values: add(by=7) random_flip(axis=w, layout=w)";

static void note_batch(struct core_hash *hash, const shs_batch *batch)
{
    core_hash_add(hash, batch->index, batch->rows * sizeof *batch->index);
    for (size_t f = 0; f < batch->fields; f++) {
        size_t bytes = 0;
        CHECK_STATUS(shs_tensor_bytes(&batch->field[f], &bytes), SHS_OK);
        core_hash_add(hash, batch->field[f].data, bytes);
    }
}

/* Hashes all batches of two epochs. The table is closed as soon as the loader is open. */
static void hash_run(const struct data *data, uint32_t ahead, uint32_t threads,
                     char digest[CORE_DIGEST_TEXT])
{
    shs_augment_table *table = make_table(4);
    const shs_loader_options options = {.batch = BATCH,
                                        .epochs = 2,
                                        .augment = text_of_loader,
                                        .operators = table,
                                        .ahead = ahead,
                                        .threads = threads};
    struct core_hash *hash;
    shs_loader *loader;
    shs_batch batch;
    if (!NEED_STATUS(shs_loader_open(data->dataset, &options, &loader), SHS_OK)) return;
    shs_augment_table_close(&table);
    NEED_STATUS(core_hash_new(&hash), SHS_OK);
    while (shs_next(loader, &batch) == SHS_OK)
        note_batch(hash, &batch);
    core_hash_finish(&hash, digest);
    shs_loader_close(&loader);
}

/* Ragged fields among them: the operator sees the rows that a sample has. */
static void loaders_give_the_same_in_every_mode(void)
{
    char one[CORE_DIGEST_TEXT], other[CORE_DIGEST_TEXT];
    struct data data;
    if (!open_fields(&data, all_fields)) return;
    hash_run(&data, 0, 0, one);
    hash_run(&data, 0, 2, other);
    CHECK_TEXT(other, one);
    hash_run(&data, 3, 2, other);
    CHECK_TEXT(other, one);
    data_close(&data);
}

static void the_fingerprint_has_the_version(void)
{
    struct data data;
    shs_augment_table *table = make_table(7);
    const shs_loader_options options = {.augment = "images: add(by=3); numbers: add(by=4)",
                                        .operators = table};
    shs_loader *loader;
    char *fingerprint;
    bool other;
    if (!open_fields(&data, direct_fields)) return;
    CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK);
    CHECK_STATUS(load_fingerprint(loader, &fingerprint), SHS_OK);
    CHECK_HAS(fingerprint, "\noperator add = version 7\norder version");
    char *stored = strdup(fingerprint), *version = strstr(stored, "version 7");
    version[8] = '6';
    CHECK_STATUS(load_fingerprint_check(stored, fingerprint, false, &other), SHS_ERROR_MISMATCH);
    CHECK(message_has("it has «operator add = version 6», this run has «operator add = version "
                      "7»"));
    free(stored);
    core_free(&fingerprint);
    shs_loader_close(&loader);
    shs_augment_table_close(&table);
    data_close(&data);
}

/* An error becomes the batch's error, which the step's agreement returns, whatever is replaced. */
static void errors_name_operator_and_sample(void)
{
    static const struct {
        const char *text;
        shs_status status;
        const char *message;
    } cases[] = {
        {"images: fail(as=-6)", SHS_ERROR_STATE,
         "operator fail (version 1): it returned SHS_ERROR_STATE"},
        {"images: fail(as=-4, why=x)", SHS_ERROR_FORMAT,
         "operator fail (version 1): it is no day for it"},
        {"images: fail(as=1)", SHS_ERROR_ARGUMENT,
         "operator fail (version 1): it returned SHS_END, which is no error of shs_status"},
        {"images: fail(as=-99)", SHS_ERROR_ARGUMENT, "which is no error of shs_status"},
    };
    struct data data;
    shs_augment_table *table = make_table(4);
    if (!open_fields(&data, direct_fields)) return;
    for (uint32_t i = 0; i < 2 * COUNT(cases); i++) {
        const shs_loader_options options = {.batch = BATCH,
                                            .shuffle = SHS_SHUFFLE_NONE,
                                            .augment = cases[i / 2].text,
                                            .operators = table,
                                            .failures.damage = SHS_DAMAGE_REPLACE,
                                            .ahead = i % 2 * 2};
        shs_loader *loader;
        shs_batch batch;
        CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK);
        for (int v = 0; v < VRANKS; v++)
            CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
        CHECK_EQ(batch.rows, 0);
        CHECK_STATUS(shs_agree(data.run), cases[i / 2].status);
        CHECK(message_has(cases[i / 2].message));
        CHECK(message_has("virtual rank 0, epoch 0, step 0: augmentation of sample 0 in slot 0: "));
        CHECK(!strstr(shs_message(), "read once more"));
        shs_loader_close(&loader);
    }
    shs_augment_table_close(&table);
    data_close(&data);
}

/* ---- Replayed. */

static shs_status same_again(shs_loader *loader, const shs_batch *batch, struct core_hash *hash,
                             bool takes)
{
    shs_batch again;
    const shs_cursor cursor = {batch->epoch, batch->epoch_step, batch->step};
    shs_status status = shs_replay(loader, cursor, batch->vrank, takes ? &again : NULL);
    if (status) return status;
    CHECK_EQ(again.vrank, batch->vrank);
    note_batch(hash, &again);
    return SHS_OK;
}

/* Replays, in the middle of steps and epochs, change nothing of what follows: neither batches nor
 * the ledger's verdict. */
static void a_replay_leaves_the_loader_where_it_stood(void)
{
    struct data data;
    shs_augment_table *table = make_table(4);
    if (!open_fields(&data, all_fields)) return;
    for (uint32_t way = 0; way < 4; way++) {
        const shs_loader_options options = {.batch = 40,
                                            .epochs = 3,
                                            .augment = text_of_loader,
                                            .operators = table,
                                            .step_batches = way % 2,
                                            .ahead = way / 2 * 2};
        struct core_hash *hash, *plain;
        struct core_digest first = {0};
        shs_loader *loader;
        shs_batch batch, other;
        CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK);
        CHECK(!core_hash_new(&hash) && !core_hash_new(&plain));
        for (uint64_t number = 0; shs_next(loader, &batch) == SHS_OK; number++) {
            note_batch(plain, &batch);
            if (number == 1) {
                const shs_batch *part = batch.parts ? &batch.part[1] : &batch;
                shs_batch kept = *part;
                core_hash_reset(hash);
                note_batch(hash, part);
                first = core_hash_digest(hash);
                core_hash_reset(hash);
                CHECK_STATUS(same_again(loader, &kept, hash, true), SHS_OK);
                struct core_digest again = core_hash_digest(hash);
                CHECK_BYTES(first.bytes, again.bytes, sizeof first.bytes);
            }
            CHECK_STATUS(shs_replay(loader, (shs_cursor){2, 2, 8}, VRANKS - 1, &other), SHS_OK);
            CHECK(other.ends_epoch);
            if (shs_tell(loader).epoch_step == 0) CHECK_STATUS(shs_agree(data.run), SHS_OK);
        }
        CHECK_STATUS(shs_agree(data.run), SHS_OK);
        CHECK_EQ(shs_statistics(loader).epochs_verified, 3);
        CHECK_EQ(shs_statistics(loader).epochs_unverified, 0);
        core_hash_free(&hash);
        core_hash_free(&plain);
        shs_loader_close(&loader);
    }
    shs_augment_table_close(&table);
    data_close(&data);
}

static void replays_are_refused(void)
{
    struct data data;
    shs_loader *loader;
    shs_batch batch;
    if (!open_fields(&data, direct_fields)) return;
    CHECK_STATUS(shs_loader_open(data.dataset, &(shs_loader_options){.epochs = 1}, &loader),
                 SHS_OK);
    CHECK_STATUS(shs_replay(NULL, (shs_cursor){0}, 0, &batch), SHS_ERROR_ARGUMENT);
    CHECK_STATUS(shs_replay(loader, (shs_cursor){0}, 0, NULL), SHS_ERROR_ARGUMENT);
    CHECK_STATUS(shs_replay(loader, (shs_cursor){0}, VRANKS, &batch), SHS_ERROR_ARGUMENT);
    CHECK(message_has("rank 0: shs_replay: virtual rank 3 is not hosted here; this rank hosts 0 to "
                      "2"));
    CHECK_STATUS(shs_replay(loader, (shs_cursor){0, 1, 0}, 0, &batch), SHS_ERROR_ARGUMENT);
    uint64_t steps = shs_epoch_steps(loader);
    CHECK_STATUS(shs_replay(loader, (shs_cursor){1, 0, steps}, 1, &batch), SHS_END);
    shs_request_stop(data.run);
    CHECK_STATUS(shs_agree(data.run), SHS_OK);
    CHECK_STATUS(shs_replay(loader, (shs_cursor){0}, 0, &batch), SHS_OK);
    CHECK_STATUS(shs_next(loader, &batch), SHS_STOP);
    shs_close(&data.run);
    CHECK_STATUS(shs_replay(loader, (shs_cursor){0}, 0, &batch), SHS_ERROR_STATE);
    shs_loader_close(&loader);
    data_close(&data);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(fields_share_what_it_draws),
        TEST(p_and_groups_work),
        TEST(bind_gives_type_and_shape),
        TEST(the_canonical_text_has_the_version),
        TEST(wrong_texts_are_refused),
        TEST(unknown_names_lead_to_the_program),
        TEST(bad_results_are_refused),
        TEST(registration_refuses),
        TEST(loaders_give_the_same_in_every_mode),
        TEST(the_fingerprint_has_the_version),
        TEST(errors_name_operator_and_sample),
        TEST(a_replay_leaves_the_loader_where_it_stood),
        TEST(replays_are_refused),
    };
    int code = make_all_files() ? harness_main("callbacks", tests, COUNT(tests), argc, argv) : 1;
    folder_remove(folder);
    return code;
}
