/* Prices an Asian call option by simulation: an estimate with the same bits on any number of ranks.
 *
 *     ./monte_carlo            or: mpirun -n 3 ./monte_carlo [VRANKS [STEPS]]
 *
 * The payoff depends on the average of 32 prices on the way, so that there is no closed form. Each
 * virtual rank simulates PATHS paths a step, with normals from its own place, and the mean over all
 * of them is taken as the mean of gradients is. No loader and no dataset take part. */
#include <mpi.h>
#include <shardstep.h>
#include <shardstep/must.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PATHS = 4096,
    PRICES = 32,
    SEED = 42
};

/* Geometric Brownian motion, a year in PRICES steps by Euler's scheme: only + and *, no libm, whose
 * bits differ between machines. */
#define START  100.0
#define STRIKE 100.0
#define DRIFT  (0.05 / PRICES)
#define SPREAD (0.2 * 0.17677669529663687) /* volatility times sqrt(1 / PRICES) */

static double payoff(const double normal[PRICES])
{
    double price = START, sum = 0;
    for (int i = 0; i < PRICES; i++) {
        price += price * (DRIFT + SPREAD * normal[i]);
        sum += price;
    }
    return sum / PRICES > STRIKE ? sum / PRICES - STRIKE : 0;
}

/* Sums of the payoffs and of their squares over the paths of one virtual rank at one step. */
static void simulate(uint64_t vrank, uint64_t step, double sums[2])
{
    static double normals[PATHS][PRICES];
    shs_place place = {.seed = SEED, .rank = vrank, .step = step};
    shs_random stream;
    shs_must(shs_random_own_purpose(0, &place.purpose));
    shs_must(shs_random_at(&place, &stream));
    shs_must(shs_random_fill_normal_double(&stream, 0, 1, normals[0], (size_t)PATHS * PRICES));
    sums[0] = sums[1] = 0;
    for (int path = 0; path < PATHS; path++) {
        double value = payoff(normals[path]);
        sums[0] += value;
        sums[1] += value * value;
    }
}

/* The mean over all virtual ranks of one step, on every rank. */
static void do_step(shs_run_info info, shs_gradient *mean, uint64_t step, double sums[2])
{
    for (uint64_t i = 0; i < info.hosted; i++) {
        shs_batch batch = {
            .vrank = info.first_vrank + i, .step = step, .rows = PATHS, .count = PATHS};
        simulate(batch.vrank, step, sums);
        shs_must(shs_gradient_add(mean, &batch));
    }
    shs_must(shs_gradient_mean(mean));
}

/* A whole number from 1 on; all ranks see the same mistake and leave together. */
static uint64_t argument(int argc, char **argv, int which, uint64_t otherwise)
{
    char *end;
    if (argc <= which) return otherwise;
    uint64_t value = strtoull(argv[which], &end, 10);
    if (value > 0 && *end == '\0') return value;
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0) fprintf(stderr, "monte_carlo: '%s' is no number from 1 on\n", argv[which]);
    MPI_Finalize();
    exit(SHS_EXIT_ERROR);
}

int main(int argc, char **argv)
{
    int provided;
    double sums[2], total[2] = {0};
    const shs_tensor tensor = {
        .name = "payoff", .type = SHS_F64, .axes = 1, .shape = {2}, .data = sums};
    shs_run *run;
    shs_gradient *mean;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    uint64_t vranks = argument(argc, argv, 1, 8), steps = argument(argc, argv, 2, 16);
    shs_must(shs_open(MPI_COMM_WORLD, &(shs_run_options){.seed = SEED, .vranks = vranks}, &run));
    shs_must(shs_gradient_open(run, &tensor, 1, NULL, &mean));
    for (uint64_t step = 0; step < steps; step++) {
        do_step(shs_info(run), mean, step, sums);
        total[0] += sums[0];
        total[1] += sums[1];
    }
    double price = total[0] / (double)steps, square = total[1] / (double)steps;
    double paths = (double)(steps * shs_info(run).vranks * PATHS);
    if (shs_info(run).rank == 0)
        printf("%.0f paths: price %.5f, variance of the estimate %.3g, bits %a\n", paths, price,
               (square - price * price) / paths, price);
    shs_gradient_close(&mean);
    shs_must(shs_close(&run));
    MPI_Finalize();
    return 0;
}
