/* The search for twins in one process: planted faults are found, and sound operators never are. */
#include <string.h>

#include "ahead_scene.h"
#include "load_twins_judge.h"
#include "twins_run.h"

static struct program program;

/* What an operator is run in. */
struct scene {
    shs_status (*apply)(void *user, const shs_augment_call *call);
    struct run_place place;
    const char *text; /* NULL: the operator alone */
    shs_augment_by by;
    shs_twins twins;
    uint32_t ahead;
};

static bool scene_open(const struct scene *scene, struct opened *opened)
{
    const uint64_t vranks = vranks_of(&scene->place);
    const shs_augment_callback callback = {.apply = scene->apply, .user = &program};
    shs_augment_table *table;
    program = (struct program){0};
    bool good = NEED_STATUS(shs_augment_table_open(&table), SHS_OK) &&
                NEED_STATUS(shs_augment_register(table, "own", 3, &callback), SHS_OK);
    const shs_loader_options options = {.batch = (ROWS + vranks - 1) / vranks / 2 + 1,
                                        .epochs = 3,
                                        .operators = table,
                                        .augment = scene->text ? scene->text : "images: own()",
                                        .augment_by = scene->by,
                                        .twins = scene->twins,
                                        .ahead = scene->ahead};
    good = good && open_all(&scene->place, both_paths, "images,numbers", &options, opened);
    shs_augment_table_close(&table);
    return good;
}

/* Loads until something is found, at most three epochs. Returns the epoch, or 3. */
static uint64_t found_in(const struct scene *scene)
{
    struct opened opened;
    shs_batch batch;
    uint64_t epoch = 3;
    if (!scene_open(scene, &opened)) return 99;
    while (shs_next(opened.loader, &batch) == SHS_OK) {
        program.epoch = shs_tell(opened.loader).epoch;
        program.second = program.epoch;
        if (told.twins && epoch == 3) epoch = batch.epoch;
    }
    CHECK_IS(told.twins, <=, 1);
    close_all(&opened);
    return epoch;
}

/* ---- Faults. */

static void planted_faults_are_found(void)
{
    static const struct {
        struct scene scene;
        uint64_t epoch; /* in which it is found at the latest */
        const char *words;
    } cases[] = {
        {{.apply = by_rand},
         0,
         "the same place gave other results when it was run again on rank 0"},
        {{.apply = by_random}, 0, "it uses a generator, a clock or memory of its own"},
        {{.apply = by_drand48}, 0, "run again"},
        {{.apply = by_clock_once}, 0, "run again"},
        {{.apply = by_counter}, 0, "run again"},
        {{.apply = by_static_state}, 0, "run again"},
        {{.apply = by_thread_state}, 0, "run again"},
        {{.apply = by_time_of_day}, 0, "run again"},
        {{.apply = by_old_memory}, 0, "or does not write every element"},
        {{.apply = by_second}, 1, "and 5 more get the same results at 8 places of each"},
        {{.apply = by_slot},
         0,
         "operator own (version 3): virtual rank 0, virtual rank 1, virtual rank 2 and 5 more get "
         "the same results at 8 places of each: its randomness is "
         "seeded alike; draw from call->stream only"},
        {{.apply = by_vrank},
         0,
         "all slots of a batch get the same result: its randomness does not "
         "depend on the slot"},
        {{.apply = by_slot_and_vrank}, 1, "in epoch 1 and virtual rank"},
        {{.apply = by_sum},
         1,
         "virtual rank 0 in epoch 1 and virtual rank 1 in epoch 0 get the same"},
        {{.apply = by_process_rank}, 0, "virtual rank 0, virtual rank 1, "},
        {{.apply = by_rand, .by = SHS_BY_SAMPLE}, 0, "run again"},
        {{.apply = by_slot, .by = SHS_BY_SAMPLE, .place.vranks = 2},
         1,
         "samples 0 to 7 in epoch 1"},
        {{.apply = by_process_rank, .place.vranks = 2}, 0, "virtual rank 0 and virtual rank 1 get"},
        {{.apply = by_slot_and_vrank, .place.vranks = 1},
         1,
         "virtual rank 0 in epoch 1 and virtual rank "
         "0 in epoch 0"},
        /* other operators around it do not hide it, nor does a chance */
        {{.apply = by_slot,
          .text = "images: random_roll(axes=x, layout=x) own(p=0.01) normalize(mean=0, std=1)"},
         0,
         "virtual rank 0, "},
        {{.apply = by_slot,
          .text = "images,numbers: one_of(sometimes(own(p=0.1)) own()); numbers: cast(type=f32)"},
         0,
         "virtual rank 0, "},
        {{.apply = by_rand, .ahead = 3}, 0, "run again"},
        {{.apply = by_slot, .place = {.vranks = 11, .rank = 2, .ranks = 3}},
         0,
         "virtual rank 7 (rank 2), virtual rank 8 (rank 2), virtual rank 9 (rank 2) and virtual "
         "rank 10 (rank 2) get"},
        {{.apply = by_sum, .place = {.vranks = 11, .rank = 2, .ranks = 3}},
         1,
         "virtual rank 7 (rank 2) in epoch 1 and virtual rank 8 (rank 2) in epoch 0 get"},
        {{.apply = by_slot, .place.vranks = 5000}, 0, "virtual rank 19, "},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        harness_where("fault %zu", i);
        CHECK_IS(found_in(&cases[i].scene), <=, cases[i].epoch);
        CHECK_HAS(told.text, cases[i].words);
        CHECK_HAS(told.text, cases[i].scene.place.rank ? "rank 2: epoch " : "rank 0: epoch ");
    }
    harness_where(NULL);
}

/* With twins error the step's agreement returns it, and names the operator; off finds nothing. */
static void the_option_is_heeded(void)
{
    struct scene scene = {.apply = by_slot, .twins = SHS_TWINS_ERROR};
    struct opened opened;
    shs_batch batch;
    if (!scene_open(&scene, &opened)) return;
    do
        CHECK_STATUS(shs_next(opened.loader, &batch), SHS_OK);
    while (!batch.ends_step);
    CHECK_STATUS(shs_agree(opened.run), SHS_ERROR_ARGUMENT);
    CHECK(
        message_has("rank 0: shs_next: epoch 0, step 0: operator own (version 3): virtual rank 0"));
    CHECK_STATUS(shs_next(opened.loader, &batch), SHS_ERROR_ARGUMENT);
    CHECK_EQ(told.twins, 0);
    close_all(&opened);
    scene.twins = SHS_TWINS_OFF;
    CHECK_EQ(found_in(&scene), 3);
    CHECK_EQ(told.twins + told.unknown, 0);
}

/* An operator whose every sample is alike is not accused, but this is said once. */
static void too_little_randomness_is_said(void)
{
    CHECK_EQ(found_in(&(struct scene){.apply = by_fixed_seed}), 3);
    CHECK_EQ(told.unknown, 1);
    CHECK_HAS(told.text, "epoch 0, step 0: operator own (version 3): too little randomness to tell "
                         "whether virtual ranks get draws of their own: 64 places gave 1 different "
                         "result");
    CHECK_EQ(found_in(&(struct scene){.apply = sound_noise}), 3);
    CHECK_EQ(told.unknown, 0);
}

/* Draws, but refuses slots that no batch of four rows has. */
static shs_status four_slots_only(void *user, const shs_augment_call *call)
{
    return call->stream->counter[1] < 4 ? sound_noise(user, call) : SHS_ERROR_ARGUMENT;
}

static void an_error_of_a_probe_is_said(void)
{
    CHECK_EQ(found_in(&(struct scene){.apply = four_slots_only, .place.vranks = 40}), 3);
    CHECK_EQ(told.unknown, 1);
    CHECK_HAS(told.text, "epoch 0, step 0: operator own (version 3): an error came when the first "
                         "sample was tried at 8 places of each virtual rank, so nobody can tell "
                         "whether virtual ranks get draws of their own");
}

static void seeks_and_replays_do_not_compare_a_place_with_itself(void)
{
    struct opened opened;
    shs_batch batch;
    if (!scene_open(&(struct scene){.apply = sound_noise}, &opened)) return;
    for (int round = 0; round < 4; round++) {
        CHECK_STATUS(shs_seek(opened.loader, (shs_cursor){0}), SHS_OK);
        do
            CHECK_STATUS(shs_next(opened.loader, &batch), SHS_OK);
        while (!batch.ends_step);
        CHECK_STATUS(shs_replay(opened.loader, (shs_cursor){0}, 1, &batch), SHS_OK);
    }
    CHECK_EQ(told.twins, 0);
    close_all(&opened);
}

/* ---- Sound operators. */

/* 50 runs, or 1,000 with SHARDSTEP_LONG. */
static void sound_operators_are_never_found(void)
{
    static shs_status (*const sound[])(void *, const shs_augment_call *) = {
        sound_noise, sound_coin, sound_die, sound_cards, sound_rare, sound_nothing};
    static const char *const texts[] = {
        "images: own()", "images: own(p=0.5)", "images,numbers: own()",
        "images: random_flip(axis=w, layout=w) own() cast(type=f32)",
        "images: one_of(own() random_flip(axis=w, layout=w))"};
    uint64_t seed = 11;
    long runs = getenv("SHARDSTEP_LONG") ? 1000 : 50;
    for (long i = 0; i < runs; i++) {
        const struct scene scene = {
            .apply = sound[judge_random(&seed) % COUNT(sound)],
            .text = texts[judge_random(&seed) % COUNT(texts)],
            .place = {.seed = judge_random(&seed), .vranks = 1 + judge_random(&seed) % 24},
            .by = judge_random(&seed) % 3 == 0};
        harness_where("run %ld, %llu virtual ranks", i, (unsigned long long)scene.place.vranks);
        CHECK_EQ(found_in(&scene), 3);
        if (told.twins) WRONG("%s", told.text);
    }
    harness_where(NULL);
}

/* ---- The judge alone. */

enum {
    MOST = 2 * 64 * 8
};

static struct load_twins_verdict judge_of(size_t vectors, size_t now, const uint64_t *results)
{
    static uint64_t sorted[MOST];
    static const uint64_t *order[2 * 64];
    return load_twins_judge(&(struct load_twins_sheet){.places = 8,
                                                       .vectors = vectors,
                                                       .now = now,
                                                       .results = results,
                                                       .sorted = sorted,
                                                       .order = order});
}

/* Fair draws among few results, and twins planted in them. */
static void the_judge_weighs_chances(void)
{
    uint64_t results[MOST], seed = 5;
    for (uint64_t values = 1; values <= 64; values *= 2)
        for (int round = 0; round < 200; round++) {
            size_t vectors = 2 + judge_random(&seed) % 63;
            for (size_t i = 0; i < vectors * 8; i++)
                results[i] = judge_random(&seed) % values;
            struct load_twins_verdict verdict = judge_of(vectors, vectors, results);
            CHECK(verdict.kind == LOAD_TWINS_NONE || verdict.kind == LOAD_TWINS_UNKNOWN);
            CHECK(values > 1 || verdict.kind == LOAD_TWINS_UNKNOWN);
            if (values < 64) continue;
            size_t twin = 1 + judge_random(&seed) % (vectors - 1);
            memcpy(results + twin * 8, results, 8 * sizeof *results);
            verdict = judge_of(vectors, vectors, results);
            if (vectors < 8) continue; /* too few to know how rare each result is */
            CHECK_EQ(verdict.kind, LOAD_TWINS_VECTORS);
            CHECK_EQ(verdict.count, 2);
            CHECK(verdict.member[0] == results && verdict.member[1] == results + twin * 8);
        }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(planted_faults_are_found),
        TEST(the_option_is_heeded),
        TEST(too_little_randomness_is_said),
        TEST(an_error_of_a_probe_is_said),
        TEST(seeks_and_replays_do_not_compare_a_place_with_itself),
        TEST(sound_operators_are_never_found),
        TEST(the_judge_weighs_chances),
    };
    int code = make_all_files() ? harness_main("twins", tests, COUNT(tests), argc, argv) : 1;
    folder_remove(folder);
    return code;
}
