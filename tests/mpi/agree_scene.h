/* What the files of test_agree share. */
#ifndef AGREE_SCENE_H
#define AGREE_SCENE_H

#include "mpi_run.h"
#include "ranks.h"
#include "shardstep/mpi.h"

static inline shs_run *open_run(uint64_t vranks)
{
    shs_run *run;
    need(!shs_open(MPI_COMM_WORLD, &(shs_run_options){.seed = 7, .vranks = vranks}, &run),
         "shs_open");
    return run;
}

/* ---- The tests of agree_opening.c. */

void test_two_groups_are_refused(void);
void test_a_rank_without_room_for_the_run(void);
void test_a_run_knows_its_place(void);
void test_vranks_default_to_the_ranks(void);
void test_more_ranks_than_vranks_are_refused(void);
void test_vranks_have_24_bits(void);
void test_options_must_be_alike(void);
void test_a_bad_signal_of_one_rank_is_refused(void);
void test_a_run_of_one_rank_beside(void);
void test_runs_of_subcommunicators(void);
void test_a_signal_asks_for_a_stop(void);
void test_an_old_signal_stops_no_later_run(void);
void test_a_signal_stops_only_runs_that_asked(void);
void test_a_signal_survives_the_opening_of_another_run(void);
void test_a_refused_run_puts_the_handler_back(void);
void test_ranks_without_mpi(void);
void test_memory_runs_out_in_open(void);
void test_memory_runs_out_without_mpi(void);

#endif
