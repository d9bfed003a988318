#include "mpi_launcher.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core_text.h"

static const struct mpi_launcher of_open_mpi = {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"};
static const struct mpi_launcher of_mpich = {"PMI_SIZE", "PMI_RANK"};
static const struct mpi_launcher of_slurm = {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID"};

uint64_t mpi_launcher_count(const struct mpi_launcher *launcher)
{
    uint64_t count;
    const char *text = getenv(launcher->size);
    return text && core_parse_u64(text, &count) ? count : 0;
}

/* Variables of several launchers are set where one launcher started another. An mpirun inside a
 * Slurm job starts its daemons by srun, so Slurm's variables count the daemons. Of Open MPI and
 * MPICH, the launcher that was started by a process of the other has started fewer processes. */
const struct mpi_launcher *mpi_launcher_nearest(void)
{
    uint64_t open_mpi = mpi_launcher_count(&of_open_mpi), mpich = mpi_launcher_count(&of_mpich);
    if (open_mpi && (!mpich || open_mpi <= mpich)) return &of_open_mpi;
    if (mpich) return &of_mpich;
    return mpi_launcher_count(&of_slurm) ? &of_slurm : NULL;
}

bool mpi_is_launched(void)
{
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMI_RANK") || getenv("PMIX_RANK") ||
           mpi_launcher_count(&of_slurm) > 1;
}

shs_status mpi_launcher_tell(shs_status status, const char *message, const char *rank)
{
    const char *own = getenv(rank);
    bool speaks = !own || !strcmp(own, "0");
    /* An mpirun ends all processes as soon as one fails. The silent processes give the message time
     * to be printed. */
    if (!speaks) sleep(1);
    return core_tell(status, message, speaks, false);
}
