/* Whether data keeps up with the program on all ranks and, if not, what holds it up on which rank.
 */
#include <stdio.h>
#include <string.h>

#include "load_figures.h"
#include "shardstep/times.h"

enum {
    FIGURES = sizeof(struct load_figures) / sizeof(uint64_t),
    PARTS = 1000000000, /* a share is exchanged as a whole number of parts */
    RANK_BITS = 24
};

/* Collective. Leaves the figures of the rank that waited for the greatest share of its time, which
 * is the highest of several such ranks. */
static shs_status find_worst(shs_run *run, struct load_figures *worst, uint64_t *rank, double *mean)
{
    uint64_t all[FIGURES + 1] = {0}, share, greatest;
    share = (uint64_t)(load_figures_share(worst) * PARTS);
    greatest = share << RANK_BITS | (uint64_t)run->rank;
    shs_status status = mpi_greatest(run, &greatest, 1);
    *rank = greatest & ((UINT64_C(1) << RANK_BITS) - 1);
    if (*rank == (uint64_t)run->rank) memcpy(all, worst, sizeof *worst);
    all[FIGURES] = share;
    if (!status) status = mpi_sum(run, all, FIGURES + 1);
    memcpy(worst, all, sizeof *worst);
    *mean = (double)all[FIGURES] / PARTS / (mpi_is_apart(run) ? 1 : run->ranks);
    return status;
}

shs_status shs_loader_report(shs_loader *loader, char *text, size_t bytes)
{
    shs_status status =
        core_require(loader, "shs_loader_report", "loader", "open it with shs_loader_open()");
    if (status) return status;
    status = core_require(text, "shs_loader_report", "text", "pass memory for the report");
    shs_run *run = loader->dataset->run;
    status = mpi_agree(run, status, "shs_loader_report");
    if (status) return status;
    struct core_text told = {0};
    struct load_figures worst = load_figures_since(loader, &loader->reported);
    uint64_t rank;
    double mean;
    status = find_worst(run, &worst, &rank, &mean);
    if (!status) load_figures_tell(&worst, rank, &mean, &told);
    if (!status) status = told.status;
    if (bytes) snprintf(text, bytes, "%s", !status && told.bytes ? told.bytes : "");
    core_text_free(&told);
    return mpi_agree(run, status, "shs_loader_report");
}
