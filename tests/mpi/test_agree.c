/* What the ranks of a run agree on: errors, calls, stops, its end; and how plain data moves between
 * them. How a run is opened is in agree_opening.c. */
#include "agree_scene.h"

/* ---- errors, calls, stops */

static void test_success_is_agreed_on(void)
{
    shs_run *run = open_run(0);
    CHECK_STATUS(mpi_agree(run, SHS_OK, "work"), SHS_OK);
    CHECK_STATUS(mpi_agree(run, SHS_END, "work"), SHS_END);
    CHECK(!run->stop_agreed);
    shs_close(&run);
    CHECK(run == NULL);
}

static void test_one_failing_rank_fails_all(void)
{
    shs_run *run = open_run(0);
    for (int failing = 0; failing < all_ranks(); failing++) {
        shs_status mine = SHS_OK;
        if (my_rank() == failing) mine = core_fail(SHS_ERROR_FILE, "disk %d is gone", failing);
        CHECK(agreed_failure(mpi_agree(run, mine, "work"), SHS_ERROR_FILE, failing));
        CHECK_HAS(shs_message(), "disk");
        CHECK_STATUS(mpi_agree(run, SHS_OK, "more work"), SHS_OK);
    }
    shs_close(&run);
}

static void test_lowest_failing_rank_speaks(void)
{
    static const shs_status codes[] = {SHS_ERROR_MPI, SHS_ERROR_MEMORY, SHS_ERROR_ARGUMENT,
                                       SHS_ERROR_FORMAT, SHS_ERROR_STATE};
    shs_run *run = open_run(0);
    for (int low = 0; low < all_ranks(); low++)
        for (int high = low + 1; high < all_ranks(); high++) {
            shs_status mine = SHS_OK;
            if (my_rank() == low) mine = core_fail(codes[low % 5], "the low one");
            if (my_rank() == high) mine = core_fail(codes[high % 5], "the high one");
            CHECK(agreed_failure(mpi_agree(run, mine, "work"), codes[low % 5], low));
            CHECK_HAS(shs_message(), "the low one");
        }
    shs_close(&run);
}

/* An error counts for more than calls that differ: the failing rank may have failed before it knew
 * what to call. */
static void test_an_error_outweighs_different_calls(void)
{
    shs_run *run = open_run(0);
    bool failing = my_rank() == last_rank();
    shs_status mine = failing ? core_fail(SHS_ERROR_FILE, "no disk") : SHS_OK;
    shs_status status = mpi_agree(run, mine, "work(%d)", failing);
    CHECK(agreed_failure(status, SHS_ERROR_FILE, last_rank()));
    shs_close(&run);
}

static void test_different_calls_are_named(void)
{
    shs_run *run = open_run(0);
    for (int other = 1; other < all_ranks(); other++) {
        bool same = my_rank() < other;
        shs_status status = mpi_agree(run, SHS_OK, "step(%d)", same ? 0 : 100 + my_rank());
        char named[32];
        snprintf(named, sizeof named, "step(%d)", 100 + other);
        CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, other));
        CHECK_HAS(shs_message(), "step(0)");
        CHECK_HAS(shs_message(), named);
    }
    shs_close(&run);
}

static void test_a_stop_of_one_rank_reaches_all(void)
{
    for (int asking = 0; asking < all_ranks(); asking++) {
        shs_run *run = open_run(0);
        if (my_rank() == asking) shs_request_stop(run);
        CHECK(!run->stop_agreed);
        CHECK_STATUS(shs_agree(run), SHS_OK);
        CHECK(run->stop_agreed);
        CHECK_STATUS(shs_agree(run), SHS_OK);
        CHECK(run->stop_agreed);
        shs_close(&run);
    }
}

static void test_a_stop_outlives_an_error(void)
{
    shs_run *run = open_run(0);
    shs_status mine = SHS_OK;
    if (my_rank() == 0) shs_request_stop(run);
    if (my_rank() == last_rank()) mine = core_fail(SHS_ERROR_FILE, "no disk");
    CHECK(agreed_failure(mpi_agree(run, mine, "work"), SHS_ERROR_FILE, last_rank()));
    CHECK_STATUS(shs_agree(run), SHS_OK);
    CHECK(run->stop_agreed);
    shs_close(&run);
}

static void test_a_kept_error_is_handed_over_once(void)
{
    shs_run *run = open_run(0);
    struct mpi_member first = {0}, second = {0};
    mpi_member_begin(run, &first, run->opened++);
    mpi_member_begin(run, &second, run->opened++);
    if (my_rank() == last_rank()) {
        mpi_member_fail(run, &first, core_fail(SHS_ERROR_FORMAT, "chunk 3 is damaged"));
        mpi_member_fail(run, &second, core_fail(SHS_ERROR_FILE, "a consequence"));
    }
    core_tell(SHS_OK, "", false, false);
    CHECK(agreed_failure(shs_agree(run), SHS_ERROR_FORMAT, last_rank()));
    CHECK_HAS(shs_message(), "chunk 3 is damaged");
    CHECK_STATUS(first.failed, SHS_ERROR_FORMAT); /* on every rank */
    CHECK_STATUS(shs_agree(run), SHS_OK);
    mpi_member_forget(run, &first);
    CHECK_STATUS(first.failed, SHS_OK);
    mpi_member_end(run, &second);
    mpi_member_end(run, &first);
    shs_close(&run);
}

/* ---- closing */

static bool named(const char *format, int rank)
{
    char words[64];
    snprintf(words, sizeof words, format, rank);
    return message_has(words);
}

static void test_closing_is_agreed_on(void)
{
    shs_run *run = open_run(0);
    if (CHECK_STATUS(shs_close(&run), SHS_OK)) CHECK(run == NULL);
    CHECK_STATUS(shs_close(&run), SHS_OK);
    CHECK_STATUS(shs_close(NULL), SHS_OK);
}

/* A rank that leaves the loop alone: it is told, the others are told, and nobody waits. */
static void test_a_rank_that_closes_alone(void)
{
    for (int leaving = 0; leaving < all_ranks() && all_ranks() > 1; leaving++) {
        shs_run *run = open_run(0);
        int speaker = leaving == 0;
        bool leaves = my_rank() == leaving;
        CHECK_STATUS(shs_agree(run), SHS_OK);
        shs_status status = leaves ? shs_close(&run) : mpi_agree(run, SHS_OK, "work(%d)", 17);
        CHECK_STATUS(status, SHS_ERROR_DISAGREE);
        CHECK(shs_message_is_agreed());
        CHECK_EQ(shs_message_is_mine(), my_rank() == speaker);
        CHECK(named("rank %d: called shs_close", leaving));
        CHECK(named("where rank %d called work(17)", speaker));
        CHECK(!leaves || run == NULL);
        for (int i = 0; i < 2 && !leaves; i++) {
            if (CHECK_STATUS(shs_agree(run), SHS_ERROR_STATE)) CHECK(shs_message_is_agreed());
            CHECK_EQ(shs_message_is_mine(), my_rank() == speaker);
            if (CHECK_HAS(shs_message(), "shs_agree: "))
                CHECK(named("rank %d has closed the run", leaving));
        }
        CHECK(leaves || shs_close(&run) == SHS_ERROR_STATE);
        CHECK(run == NULL);
    }
}

/* Errors of a loader that was closed before anybody was told, which is what the end of a program
 * without gradients does. */
static void test_closing_hands_over_a_kept_error(void)
{
    shs_run *run = open_run(0);
    struct mpi_member member = {0};
    mpi_member_begin(run, &member, run->opened++);
    if (my_rank() == last_rank())
        mpi_member_fail(run, &member, core_fail(SHS_ERROR_FORMAT, "chunk 3 is damaged"));
    mpi_member_end(run, &member);
    core_tell(SHS_OK, "", false, false);
    CHECK(agreed_failure(shs_close(&run), SHS_ERROR_FORMAT, last_rank()));
    CHECK_HAS(shs_message(), "chunk 3 is damaged");
    CHECK(run == NULL);
}

static void test_a_rank_that_closes_alone_tells_its_error(void)
{
    if (all_ranks() == 1) return;
    shs_run *run = open_run(0);
    struct mpi_member member = {0};
    bool leaves = my_rank() == last_rank();
    mpi_member_begin(run, &member, run->opened++);
    if (leaves) mpi_member_fail(run, &member, core_fail(SHS_ERROR_FORMAT, "chunk 3 is damaged"));
    mpi_member_end(run, &member);
    shs_status status = leaves ? shs_close(&run) : shs_agree(run);
    CHECK_STATUS(status, SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "chunk 3 is damaged");
    CHECK(named("rank %d: ", last_rank()));
    CHECK_EQ(shs_message_is_mine(), my_rank() == 0); /* the other one may not look */
    CHECK(leaves || shs_agree(run) == SHS_ERROR_STATE);
    CHECK(leaves || shs_close(&run) == SHS_ERROR_STATE);
}

/* Told of an error, a program may close the loader and open another one. */
static void test_a_loader_opened_anew_forgets_the_error(void)
{
    shs_run *run = open_run(0);
    struct mpi_member first = {0}, second = {0};
    mpi_member_begin(run, &first, run->opened++);
    if (my_rank() == last_rank()) {
        mpi_member_fail(run, &first, core_fail(SHS_ERROR_FORMAT, "chunk 3 is damaged"));
        first.told = true;
    }
    mpi_member_end(run, &first);
    mpi_member_begin(run, &second, run->opened++);
    CHECK_STATUS(shs_agree(run), SHS_OK);
    mpi_member_end(run, &second);
    CHECK_STATUS(shs_close(&run), SHS_OK);
}

/* ---- how plain data moves */

struct record {
    uint64_t vrank;
    unsigned char rest[5];
};

static struct record record_of(uint64_t vrank)
{
    struct record record = {.vrank = vrank}; /* padding is compared by nobody */
    for (size_t i = 0; i < sizeof record.rest; i++)
        record.rest[i] = (unsigned char)scramble(vrank * 8 + i);
    return record;
}

static bool same_record(const struct record *record, uint64_t vrank)
{
    struct record expected = record_of(vrank);
    harness_where("vrank %llu", (ull)vrank);
    return CHECK_EQ(record->vrank, vrank) &&
           CHECK_BYTES(record->rest, expected.rest, sizeof expected.rest);
}

static void gather_in(shs_run *run)
{
    shs_run_info info = shs_info(run);
    struct record *mine = room(info.hosted, sizeof *mine);
    struct record *all = room(info.vranks, sizeof *all);
    for (uint64_t i = 0; i < info.hosted; i++)
        mine[i] = record_of(info.first_vrank + i);
    CHECK_STATUS(mpi_gather_vranks(run, mine, sizeof *mine, all), SHS_OK);
    bool right = true;
    for (uint64_t v = 0; v < info.vranks && info.rank == 0; v++)
        right = right && same_record(&all[v], v);
    CHECK(right);
    free(mine);
    free(all);
}

static void test_records_are_gathered_in_order(void)
{
    for (uint64_t more = 0; more < 9; more++) {
        shs_run *run = open_run((uint64_t)all_ranks() + more), *own;
        gather_in(run);
        shs_close(&run);
        need(!shs_open(MPI_COMM_NULL, &(shs_run_options){.vranks = 1 + more}, &own), "shs_open");
        gather_in(own);
        shs_close(&own);
    }
}

static void test_records_of_different_sizes_are_refused(void)
{
    if (all_ranks() == 1) return;
    shs_run *run = open_run(0);
    char mine[16] = "", *all = room((size_t)all_ranks(), 16);
    shs_status status = mpi_gather_vranks(run, mine, my_rank() == 1 ? 8 : 16, all);
    CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, 1));
    free(all);
    shs_close(&run);
}

/* Longer than two messages, with a rest. */
static void test_a_long_broadcast(void)
{
    const size_t bytes = (9 << 20) + 3;
    shs_run *run = open_run(0);
    unsigned char *data = room(bytes, 1);
    for (size_t i = 0; i < bytes && my_rank() == 0; i++)
        data[i] = (unsigned char)scramble(i);
    CHECK_STATUS(mpi_broadcast(run, data, bytes), SHS_OK);
    size_t wrong = 0;
    for (size_t i = 0; i < bytes; i++)
        wrong += data[i] != (unsigned char)scramble(i);
    CHECK_EQ(wrong, 0);
    CHECK_STATUS(mpi_broadcast(run, NULL, 0), SHS_OK);
    free(data);
    shs_close(&run);
}

static void test_numbers_are_summed(void)
{
    shs_run *run = open_run(0);
    uint64_t ranks = (uint64_t)all_ranks(), number = (UINT64_C(1) << 40) + (uint64_t)my_rank();
    CHECK_STATUS(mpi_sum(run, &number, 1), SHS_OK);
    CHECK_EQ(number, (ranks << 40) + ranks * (ranks - 1) / 2);
    shs_close(&run);
}

/* More than travel in one message; sums go round at 2^64, as those of two's complement must. */
static void test_many_numbers_are_reduced(void)
{
    const size_t count = (1 << 19) + 3;
    shs_run *run = open_run(0);
    uint64_t *sums = room(count, sizeof *sums), *greatest = room(count, sizeof *greatest);
    uint64_t ranks = (uint64_t)all_ranks(), rank = (uint64_t)my_rank();
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        sums[i] = scramble(i) + rank;
        greatest[i] = i % ranks == rank ? UINT64_MAX - i : rank;
    }
    if (CHECK_STATUS(mpi_sum(run, sums, count), SHS_OK))
        CHECK_STATUS(mpi_greatest(run, greatest, count), SHS_OK);
    for (size_t i = 0; i < count; i++)
        wrong += sums[i] != ranks * scramble(i) + ranks * (ranks - 1) / 2 ||
                 greatest[i] != UINT64_MAX - i;
    CHECK_EQ(wrong, 0);
    free(sums);
    free(greatest);
    shs_close(&run);
}

static shs_status gather_nothing_much(void *user)
{
    char mine[8] = "", all[8 * 64];
    need(all_ranks() <= 64, "at most 64 ranks");
    return mpi_gather_vranks(user, mine, sizeof mine, all);
}

static void test_memory_runs_out_in_a_gather(void)
{
    if (all_ranks() == 1) return;
    shs_run *run = open_run(0);
    CHECK(survives_scarcity(last_rank(), gather_nothing_much, run));
    shs_close(&run);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"success is agreed on", test_success_is_agreed_on},
        {"one failing rank fails all", test_one_failing_rank_fails_all},
        {"the lowest failing rank speaks", test_lowest_failing_rank_speaks},
        {"an error outweighs different calls", test_an_error_outweighs_different_calls},
        {"different calls are named", test_different_calls_are_named},
        {"a stop of one rank reaches all", test_a_stop_of_one_rank_reaches_all},
        {"a stop outlives an error", test_a_stop_outlives_an_error},
        {"a kept error is handed over once", test_a_kept_error_is_handed_over_once},
        {"closing is agreed on", test_closing_is_agreed_on},
        {"a rank that closes alone", test_a_rank_that_closes_alone},
        {"closing hands over a kept error", test_closing_hands_over_a_kept_error},
        {"a rank that closes alone tells its error", test_a_rank_that_closes_alone_tells_its_error},
        {"a loader opened anew forgets the error", test_a_loader_opened_anew_forgets_the_error},
        {"two groups are refused", test_two_groups_are_refused},
        {"a rank without room for the run", test_a_rank_without_room_for_the_run},
        {"a run knows its place", test_a_run_knows_its_place},
        {"vranks default to the ranks", test_vranks_default_to_the_ranks},
        {"more ranks than vranks are refused", test_more_ranks_than_vranks_are_refused},
        {"vranks have 24 bits", test_vranks_have_24_bits},
        {"options must be alike", test_options_must_be_alike},
        {"a bad signal of one rank is refused", test_a_bad_signal_of_one_rank_is_refused},
        {"a run of one rank beside", test_a_run_of_one_rank_beside},
        {"runs of subcommunicators", test_runs_of_subcommunicators},
        {"a signal asks for a stop", test_a_signal_asks_for_a_stop},
        {"an old signal stops no later run", test_an_old_signal_stops_no_later_run},
        {"a signal stops only runs that asked", test_a_signal_stops_only_runs_that_asked},
        {"a signal survives the opening of another run",
         test_a_signal_survives_the_opening_of_another_run},
        {"a refused run puts the handler back", test_a_refused_run_puts_the_handler_back},
        {"records are gathered in order", test_records_are_gathered_in_order},
        {"records of different sizes are refused", test_records_of_different_sizes_are_refused},
        {"a long broadcast", test_a_long_broadcast},
        {"numbers are summed", test_numbers_are_summed},
        {"many numbers are reduced", test_many_numbers_are_reduced},
        {"ranks without MPI", test_ranks_without_mpi},
        {"memory runs out in a gather", test_memory_runs_out_in_a_gather},
        {"memory runs out in shs_open", test_memory_runs_out_in_open},
        {"memory runs out without MPI", test_memory_runs_out_without_mpi},
    };
    return harness_main_ranks("agree", tests, sizeof tests / sizeof *tests, argc, argv);
}
