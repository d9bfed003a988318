/* On what a run is opened, and with which options; the signal that asks it to stop. */
#include <signal.h>

#include "agree_scene.h"

/* ---- what a run is opened on */

/* The number of ranks on which it holds. */
static int ranks_where(bool condition)
{
    int mine = condition, all = 0;
    MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    return all;
}

void test_two_groups_are_refused(void)
{
    if (all_ranks() == 1) return;
    MPI_Comm half, both;
    shs_run *run = (shs_run *)1;
    int color = my_rank() % 2;
    MPI_Comm_split(MPI_COMM_WORLD, color, 0, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - color, 7, &both);
    if (CHECK_STATUS(shs_open(both, NULL, &run), SHS_ERROR_ARGUMENT)) CHECK(run == NULL);
    CHECK_HAS(shs_message(), "shs_open: ");
    CHECK_HAS(shs_message(), "inter-communicator");
    CHECK_HAS(shs_message(), "MPI_Intercomm_merge");
    CHECK(shs_message_is_agreed());
    CHECK_EQ(ranks_where(shs_message_is_mine()), 1);
    MPI_Comm_free(&both);
    MPI_Comm_free(&half);
}

void test_a_rank_without_room_for_the_run(void)
{
    for (int failing = 0; failing < all_ranks(); failing++) {
        shs_run *run = (shs_run *)1;
        shs_status status = shs_open(MPI_COMM_WORLD, NULL, my_rank() == failing ? NULL : &run);
        CHECK(agreed_failure(status, SHS_ERROR_ARGUMENT, failing));
        CHECK_HAS(shs_message(), "shs_open: run is NULL");
        CHECK(my_rank() == failing || run == NULL);
    }
}

void test_a_run_knows_its_place(void)
{
    for (uint64_t more = 0; more < 12; more++) {
        uint64_t ranks = (uint64_t)all_ranks(), rank = (uint64_t)my_rank(), vranks = ranks + more;
        shs_run *run = open_run(vranks);
        shs_run_info info = shs_info(run);
        CHECK_EQ(info.seed, 7);
        CHECK_EQ(info.vranks, vranks);
        CHECK_EQ(info.rank, my_rank());
        CHECK_EQ(info.ranks, all_ranks());
        CHECK_EQ(info.first_vrank, rank * vranks / ranks);
        CHECK_EQ(info.first_vrank + info.hosted, (rank + 1) * vranks / ranks);
        CHECK_IS(info.hosted, >=, 1);
        shs_close(&run);
    }
}

void test_vranks_default_to_the_ranks(void)
{
    shs_run *run;
    shs_status status = shs_open(MPI_COMM_WORLD, NULL, &run);
    if (!ALL_STATUS(status, SHS_OK)) return;
    shs_run_info info = shs_info(run);
    CHECK_EQ(info.vranks, (uint64_t)all_ranks());
    CHECK_EQ(info.hosted, 1);
    CHECK_EQ(info.seed, 0);
    shs_close(&run);
}

/* ---- options */

static void refuse_open(shs_run_options options, shs_status expected, int failing)
{
    shs_run *run;
    memset(&run, 1, sizeof run); /* to be cleared on error */
    shs_status status = shs_open(MPI_COMM_WORLD, &options, &run);
    CHECK(agreed_failure(status, expected, failing));
    CHECK(run == NULL);
}

void test_more_ranks_than_vranks_are_refused(void)
{
    if (all_ranks() == 1) return;
    refuse_open((shs_run_options){.vranks = (uint64_t)all_ranks() - 1}, SHS_ERROR_ARGUMENT, 0);
    CHECK_HAS(shs_message(), "shs_open");
    char numbers[64];
    snprintf(numbers, sizeof numbers, "%d ranks for %d virtual ranks", all_ranks(), last_rank());
    CHECK_HAS(shs_message(), numbers);
}

void test_vranks_have_24_bits(void)
{
    shs_run *run = open_run(UINT64_C(1) << 24);
    CHECK_EQ(shs_info(run).vranks, UINT64_C(1) << 24);
    shs_close(&run);
    refuse_open((shs_run_options){.vranks = (UINT64_C(1) << 24) + 1}, SHS_ERROR_ARGUMENT, 0);
}

void test_options_must_be_alike(void)
{
    if (all_ranks() == 1) return;
    uint64_t vranks = (uint64_t)all_ranks(), odd = my_rank() == last_rank();
    refuse_open((shs_run_options){.seed = odd}, SHS_ERROR_DISAGREE, last_rank());
    CHECK_HAS(shs_message(), "seed 0");
    CHECK_HAS(shs_message(), "seed 1");
    refuse_open((shs_run_options){.vranks = vranks + odd}, SHS_ERROR_DISAGREE, last_rank());
    refuse_open((shs_run_options){.stop_signal = odd ? SIGUSR1 : 0}, SHS_ERROR_DISAGREE,
                last_rank());
    refuse_open((shs_run_options){.seed = UINT64_C(1) << 63 | odd}, SHS_ERROR_DISAGREE,
                last_rank());
}

void test_a_bad_signal_of_one_rank_is_refused(void)
{
    for (int failing = 0; failing < all_ranks(); failing++) {
        int number = my_rank() == failing ? SIGKILL : SIGUSR1;
        refuse_open((shs_run_options){.stop_signal = number}, SHS_ERROR_ARGUMENT, failing);
    }
}

/* ---- other runs in the same job */

/* One rank's own run makes no MPI call: nothing here waits for the others. */
void test_a_run_of_one_rank_beside(void)
{
    shs_run *run = open_run(0), *own = NULL;
    if (my_rank() == last_rank()) {
        shs_status status = shs_open(MPI_COMM_NULL, &(shs_run_options){.vranks = 3}, &own);
        CHECK_STATUS(status, SHS_OK);
    }
    if (own) {
        shs_run_info info = shs_info(own);
        CHECK_EQ(info.rank, 0);
        CHECK_EQ(info.ranks, 1);
        CHECK_EQ(info.first_vrank, 0);
        CHECK_EQ(info.hosted, 3);
        struct mpi_member member = {0};
        mpi_member_begin(own, &member, own->opened++);
        mpi_member_fail(own, &member, core_fail(SHS_ERROR_FILE, "no disk"));
        CHECK(agreed_here(shs_agree(own), SHS_ERROR_FILE, 0, 0));
        mpi_member_end(own, &member);
        shs_request_stop(own);
        if (CHECK_STATUS(shs_agree(own), SHS_OK)) CHECK(own->stop_agreed);
    }
    CHECK_STATUS(shs_agree(run), SHS_OK);
    CHECK(!run->stop_agreed);
    shs_close(&own);
    shs_close(&run);
}

/* Two halves of the job, numbered backwards, run at once; what one of them meets is no matter of
 * the other. */
void test_runs_of_subcommunicators(void)
{
    MPI_Comm half;
    int color = my_rank() % 2, rank, ranks;
    MPI_Comm_split(MPI_COMM_WORLD, color, -my_rank(), &half);
    MPI_Comm_rank(half, &rank);
    MPI_Comm_size(half, &ranks);
    shs_run *run;
    shs_status status = shs_open(half, &(shs_run_options){.seed = (uint64_t)color}, &run);
    if (ALL_STATUS(status, SHS_OK)) {
        if (CHECK_EQ(shs_info(run).ranks, ranks)) CHECK_EQ(shs_info(run).rank, rank);
        shs_status mine = SHS_OK;
        if (color && rank == ranks - 1) mine = core_fail(SHS_ERROR_FILE, "no disk");
        status = mpi_agree(run, mine, "half %d", color);
        CHECK(color ? agreed_here(status, SHS_ERROR_FILE, ranks - 1, rank) : status == SHS_OK);
        shs_close(&run);
    }
    MPI_Comm_free(&half);
}

void test_ranks_without_mpi(void)
{
    shs_run *run = (shs_run *)1;
    if (CHECK_STATUS(shs_open_ranks(1, 1, NULL, NULL, NULL, &run), SHS_ERROR_ARGUMENT)) CHECK(!run);
    CHECK_HAS(shs_message(), "there is no rank 1 of 1");
    if (CHECK_STATUS(shs_open_ranks(-1, 2, NULL, NULL, NULL, &run), SHS_ERROR_ARGUMENT))
        CHECK(!run);
    if (CHECK_STATUS(shs_open_ranks(0, 0, NULL, NULL, NULL, &run), SHS_ERROR_ARGUMENT)) CHECK(!run);
    const shs_run_options options = {.seed = 3, .vranks = 4};
    CHECK_STATUS(shs_open_ranks(0, 1, NULL, NULL, &options, &run), SHS_OK);
    shs_run_info info = shs_info(run);
    CHECK_EQ(info.rank, 0);
    CHECK_EQ(info.ranks, 1);
    CHECK_EQ(info.seed, 3);
    CHECK_EQ(info.hosted, 4);
    CHECK_STATUS(shs_agree(run), SHS_OK);
    if (CHECK_STATUS(shs_close(&run), SHS_OK)) CHECK(!run);
}

/* ---- signals that ask for a stop */

/* Collective. Opens a run that SIGUSR1 stops. */
static bool opens_with_signal(shs_run **run)
{
    shs_status status = shs_open(MPI_COMM_WORLD, &(shs_run_options){.stop_signal = SIGUSR1}, run);
    return ALL_STATUS(status, SHS_OK);
}

/* Agrees that all is well, and whether the run is to stop. */
static void agrees_and_stops(shs_run *run, bool expected)
{
    if (CHECK_STATUS(shs_agree(run), SHS_OK)) CHECK_EQ(run->stop_agreed, expected);
}

static volatile sig_atomic_t own_handler_calls;

static void own_handler(int number)
{
    (void)number;
    own_handler_calls++;
}

void test_a_signal_asks_for_a_stop(void)
{
    shs_run *run;
    own_handler_calls = 0;
    signal(SIGUSR1, own_handler);
    if (!opens_with_signal(&run)) return;
    agrees_and_stops(run, false);
    if (my_rank() == last_rank()) raise(SIGUSR1);
    agrees_and_stops(run, true);
    CHECK_EQ(own_handler_calls, 0);
    shs_close(&run);
    raise(SIGUSR1);
    CHECK_EQ(own_handler_calls, 1);
    signal(SIGUSR1, SIG_DFL);
}

void test_an_old_signal_stops_no_later_run(void)
{
    shs_run *run;
    if (!opens_with_signal(&run)) return;
    raise(SIGUSR1);
    shs_close(&run);
    if (!opens_with_signal(&run)) return;
    agrees_and_stops(run, false);
    shs_close(&run);
}

/* A run that listens to no signal is not stopped by another one's. */
void test_a_signal_stops_only_runs_that_asked(void)
{
    shs_run *deaf = open_run(0), *run;
    if (!opens_with_signal(&run)) return;
    raise(SIGUSR1);
    agrees_and_stops(deaf, false);
    agrees_and_stops(run, true);
    shs_close(&run);
    shs_close(&deaf);
}

/* The second run shares the signal: opening it must not make the first one deaf to what came. */
void test_a_signal_survives_the_opening_of_another_run(void)
{
    shs_run *first, *second;
    if (!opens_with_signal(&first)) return;
    if (my_rank() == last_rank()) raise(SIGUSR1);
    if (!opens_with_signal(&second)) return;
    agrees_and_stops(first, true);
    shs_close(&second);
    shs_close(&first);
}

void test_a_refused_run_puts_the_handler_back(void)
{
    if (all_ranks() == 1) return;
    own_handler_calls = 0;
    signal(SIGUSR1, own_handler);
    shs_run_options options = {.stop_signal = SIGUSR1, .seed = (uint64_t)my_rank()};
    refuse_open(options, SHS_ERROR_DISAGREE, 1);
    raise(SIGUSR1);
    CHECK_EQ(own_handler_calls, 1);
    signal(SIGUSR1, SIG_DFL);
}

/* ---- memory that runs out */

static shs_status open_and_close(void *user)
{
    shs_run *run;
    shs_status status = shs_open(MPI_COMM_WORLD, user, &run);
    shs_close(&run);
    return status;
}

void test_memory_runs_out_in_open(void)
{
    CHECK(survives_scarcity(last_rank(), open_and_close, &(shs_run_options){.seed = 1}));
}

void test_memory_runs_out_without_mpi(void)
{
    shs_run *run;
    memory_scarce(0);
    shs_status status = shs_open(MPI_COMM_NULL, NULL, &run);
    memory_plenty();
    CHECK(agreed_here(status, SHS_ERROR_MEMORY, 0, 0));
    CHECK_HAS(shs_message(), "shs_open");
    CHECK(run == NULL);
}
