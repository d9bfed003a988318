/* Mixtures that are refused, on all ranks alike. */
#include "batches.h"
#include "load.h"
#include "mixing_scene.h"
#include "shardstep/checkpoint.h"

/* A checkpoint made with one, by a loader with the other. */
static void check_other(const shs_loader_options *made, const shs_loader_options *other,
                        uint64_t steps, shs_status expected, const char *word)
{
    static int number;
    char checkpoints[PATH_BYTES];
    struct job_options how = {MPI_COMM_WORLD, SEED, VRANKS, paths, *made};
    struct job job = job_open(&how);
    snprintf(checkpoints, sizeof checkpoints, "%.450s/other-%d", folder, number++);
    take_steps(&job, steps);
    CHECK_STATUS(shs_save(job.loader, checkpoints, NULL, 0), SHS_OK);
    job_close(&job);
    how.loader = *other;
    job = job_open(&how);
    CHECK_STATUS(shs_restore(job.loader, checkpoints, NULL, 0), expected);
    CHECK(!expected || message_has(word));
    CHECK_EQ(shs_tell(job.loader).step, expected ? 0 : steps);
    job_close(&job);
}

static void test_a_checkpoint_of_other_epochs_is_refused(void)
{
    const shs_status no = SHS_ERROR_MISMATCH;
    const shs_loader_options
        once = {.batch = BATCH},
        twice = {.batch = BATCH, .sampling = {.repeats = 2}},
        thrice = {.batch = BATCH, .sampling = {.repeats = 3}},
        sixty_two = {.batch = BATCH, .sampling = {.epoch_rows = 62}},
        twenty = {.batch = BATCH, .sampling = {.epoch_rows = 20}},
        even = {.batch = BATCH, .sampling = {.mix = ones, .n_mix = 3}},
        some = {.batch = BATCH, .sampling = {.epoch_rows = 20, .mix = five_two_three, .n_mix = 3}},
        others = {.batch = BATCH,
                  .sampling = {.epoch_rows = 20, .mix = five_three_two, .n_mix = 3}};
    begin();
    check_other(&some, &some, 1, SHS_OK, "");
    check_other(&twice, &sixty_two, 1, SHS_OK, ""); /* the same run by other words */
    check_other(&some, &others, 1, no, "it has «source of 7 rows = 4 an epoch»");
    check_other(&some, &others, 2, no, "this run has «source of 7 rows = 6 an epoch»");
    check_other(&even, &once, 1, no, "it has «source of 13 rows = 10 an epoch», this run has noth");
    check_other(&once, &even, 1, no, "this run has «source of 13 rows = 10 an epoch», it has noth");
    check_other(&some, &twenty, 1, no, "it has «source of 13 rows = 10 an epoch»");
    check_other(&twenty, &some, 1, no, "this run has «source of 13 rows = 10 an epoch»");
    check_other(&twice, &thrice, 1, no, "it has «epoch_rows = 62», this run has «epoch_rows = 93»");
    check_other(&twice, &once, 1, no, "it has «epoch_rows = 62», this run has nothing");
    check_other(&once, &twice, 1, no, "this run has «epoch_rows = 62», it has nothing");
    check_other(&once, &twenty, 4, no, "this run has «epoch_rows = 20», it has nothing");
    end();
}

/* As ever the batch may change between epochs; passes go on. */
static void test_the_batch_may_change_between_epochs(void)
{
    shs_loader_options made = options_of(&mixtures[0], ALL), other = made;
    begin();
    other.batch = 3;
    check_other(&made, &other, 2, SHS_OK, "");
    check_other(&made, &other, 1, SHS_ERROR_MISMATCH, "batch = 2");
    end();
}

static void refuse(const struct pair *pair, const shs_loader_options *options, shs_status expected,
                   int failing, const char *word)
{
    shs_loader *loader;
    memset(&loader, 1, sizeof loader); /* to be cleared on error */
    shs_status status = shs_loader_open(pair->data, options, &loader);
    CHECK(agreed_failure(status, expected, failing));
    CHECK_HAS(shs_message(), word);
    CHECK(loader == NULL);
}

static void test_ranks_must_agree_about_the_mix(void)
{
    if (all_ranks() == 1) return;
    const uint64_t other_mix[] = {5, 2, 4}, same_takes[] = {10, 4, 6};
    const shs_loader_options good = {
        .batch = 1, .sampling = {.epoch_rows = 20, .mix = five_two_three, .n_mix = 3}};
    shs_loader_options others[6] = {good, good, good, good, good, good};
    static const char *const words[] = {"sampling.mix",   "sampling.mix",   "sampling.mix",
                                        "an epoch of 21", "an epoch of 62", "tail drop"};
    struct pair pair = pair_open();
    others[0].sampling.mix = other_mix;
    others[1].sampling.mix = same_takes; /* the same rows, but not the same words */
    others[2].sampling.mix = NULL, others[2].sampling.n_mix = 0;
    others[3].sampling.epoch_rows = 21;
    others[4].sampling.epoch_rows = 0, others[4].sampling.repeats = 2;
    others[5].tail = SHS_TAIL_DROP;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        refuse(&pair, my_rank() == last_rank() ? &others[i] : &good, SHS_ERROR_DISAGREE,
               last_rank(), words[i]);
    pair_close(&pair);
}

static void test_what_cannot_be_is_refused(void)
{
    const shs_status no = SHS_ERROR_ARGUMENT;
    static const uint64_t of_a_and_c[] = {1, 2, 30}, nothing[1];
    static const double weights[ROWS];
    const struct {
        shs_loader_options options;
        const char *word;
    } refused[] = {
        {{.sampling = {.mix = halves, .n_mix = 2}},
         "sampling.mix has 2 numbers, the dataset 3 sources"},
        {{.sampling = {.mix = ones, .n_mix = 0}},
         "sampling.mix has 0 numbers, the dataset 3 sources"},
        {{.sampling = {.mix = ones, .n_mix = SIZE_MAX}},
         "numbers, the dataset 3 sources; give one for each path"},
        {{.sampling = {.mix = ones, .n_mix = 3}, .shard = SHS_SHARD_FIXED},
         "shard fixed gives each of its rows"},
        {{.sampling = {.repeats = 2}, .shard = SHS_SHARD_FIXED},
         "use shard global with what sampling has (mix, repeats"},
        {{.sampling = {.epoch_rows = 20}, .shard = SHS_SHARD_FIXED},
         "use shard global with what sampling has (mix, repeats"},
        {{.sampling = {.repeats = 2, .epoch_rows = 20}},
         "sampling.repeats 2 and sampling.epoch_rows 20; give one of them"},
        {{.sampling = {.mix = ones, .n_mix = 3, .weights = weights}},
         "sampling has more than one of mix, weights"},
        {{.sampling = {.mix = ones, .n_mix = 3, .weight_field = "labels"}},
         "sampling has more than one of mix, weights"},
        {{.sampling = {.mix = ones, .n_mix = 3, .balance = "labels"}},
         "sampling has more than one of mix, weights"},
        {{.sampling = {.mix = zeros, .n_mix = 3}}, "nothing but zeros"},
        {{.sampling = {.mix = huge, .n_mix = 3}}, "add up to 2^64 or more"},
        {{.sampling = {.epoch_rows = (UINT64_C(1) << 56) + 1}},
         "an epoch of 72057594037927937 rows; the most"},
        {{.sampling = {.epoch_rows = UINT64_MAX}},
         "an epoch of 18446744073709551615 rows; the most is 2^56"},
        {{.sampling = {.epoch_rows = UINT64_C(1) << 56}},
         "each of its 31 rows 2^24 times an epoch or more"},
        {{.sampling = {.repeats = UINT64_C(1) << 24}},
         "each of its 31 rows 2^24 times an epoch or more"},
        {{.sampling = {.repeats = UINT64_MAX}},
         "18446744073709551615 repeats of 31 rows are more than 2^56"},
        {{.sampling = {.repeats = (UINT64_C(1) << 24) - 1, .mix = a_alone, .n_mix = 3}, .batch = 1},
         "2^24 times"},
        {{.sampling = {.mix = ones, .n_mix = 3}, .subset = {.rows = of_a_and_c, .n_rows = 3}},
         "source 1 has no rows, but 1 pl"},
        {{.sampling = {.epoch_rows = 5}, .subset = {.rows = nothing, .n_rows = 0}},
         "no steps: N = 0 samples"},
        {{.sampling = {.mix = ones, .n_mix = 3}, .subset = {.rows = nothing, .n_rows = 0}},
         "no steps: N = 0 samples"},
        {{.sampling = {.epoch_rows = 9}, .batch = BATCH, .tail = SHS_TAIL_DROP},
         "no steps: N = 9 samples, V = 5"},
        {{.sampling = {.epoch_rows = 4}, .shuffle = SHS_SHUFFLE_BLOCKS, .tail = SHS_TAIL_PAD},
         "4 samples leave"},
    };
    struct pair pair = pair_open();
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        refuse(&pair, &refused[i].options, no, 0, refused[i].word);
    shs_loader *loader;
    const shs_loader_options without_b = {.sampling = {.mix = outer, .n_mix = 3},
                                          .subset = {.rows = of_a_and_c, .n_rows = 3}};
    CHECK_STATUS(shs_loader_open(pair.data, &without_b, &loader), SHS_OK);
    shs_loader_close(&loader);
    pair_close(&pair);
}

/* Only the last rank's mix is bad. */
static void test_a_bad_mix_of_one_rank_is_told_to_all(void)
{
    const shs_loader_options good = {.sampling = {.mix = ones, .n_mix = 3}},
                             bad = {.sampling = {.mix = ones, .n_mix = 2}};
    struct pair pair = pair_open();
    refuse(&pair, my_rank() == last_rank() ? &bad : &good, SHS_ERROR_ARGUMENT, last_rank(),
           "sampling.mix has 2 numbers");
    pair_close(&pair);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"a checkpoint of other epochs is refused", test_a_checkpoint_of_other_epochs_is_refused},
        {"the batch may change between epochs", test_the_batch_may_change_between_epochs},
        {"ranks must agree about the mix", test_ranks_must_agree_about_the_mix},
        {"what cannot be is refused", test_what_cannot_be_is_refused},
        {"a bad mix of one rank is told to all", test_a_bad_mix_of_one_rank_is_told_to_all},
    };
    return harness_main_ranks("mixing_refused", tests, sizeof tests / sizeof *tests, argc, argv);
}
