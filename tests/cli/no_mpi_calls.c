/* To be preloaded: a call of MPI ends the process, with exit code 99 and a line on stderr. HDF5 may
 * ask whether MPI runs, and is told that it does not. plain_ranks.sh checks that no function that
 * the library calls is missing here. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Noreturn static void refuse(const char *function)
{
    dprintf(STDERR_FILENO, "MPI is called: %s\n", function);
    _exit(99);
}

#define REFUSE(function)                                                                           \
    int function(void);                                                                            \
    int function(void)                                                                             \
    {                                                                                              \
        refuse(#function);                                                                         \
    }

REFUSE(MPI_Abort)
REFUSE(MPI_Allreduce)
REFUSE(MPI_Barrier)
REFUSE(MPI_Bcast)
REFUSE(MPI_Cancel)
REFUSE(MPI_Comm_create_keyval)
REFUSE(MPI_Comm_delete_attr)
REFUSE(MPI_Comm_dup)
REFUSE(MPI_Comm_free)
REFUSE(MPI_Comm_free_keyval)
REFUSE(MPI_Comm_get_parent)
REFUSE(MPI_Comm_group)
REFUSE(MPI_Comm_idup)
REFUSE(MPI_Comm_rank)
REFUSE(MPI_Comm_set_attr)
REFUSE(MPI_Comm_set_errhandler)
REFUSE(MPI_Comm_size)
REFUSE(MPI_Comm_split_type)
REFUSE(MPI_Comm_test_inter)
REFUSE(MPI_Error_string)
REFUSE(MPI_Finalize)
REFUSE(MPI_Gatherv)
REFUSE(MPI_Get_count)
REFUSE(MPI_Group_free)
REFUSE(MPI_Group_translate_ranks)
REFUSE(MPI_Iallreduce)
REFUSE(MPI_Ialltoall)
REFUSE(MPI_Ibarrier)
REFUSE(MPI_Ibcast)
REFUSE(MPI_Igatherv)
REFUSE(MPI_Improbe)
REFUSE(MPI_Init)
REFUSE(MPI_Init_thread)
REFUSE(MPI_Intercomm_merge)
REFUSE(MPI_Iprobe)
REFUSE(MPI_Irecv)
REFUSE(MPI_Isend)
REFUSE(MPI_Mrecv)
REFUSE(MPI_Op_create)
REFUSE(MPI_Op_free)
REFUSE(MPI_Query_thread)
REFUSE(MPI_Recv)
REFUSE(MPI_Send)
REFUSE(MPI_Test)
REFUSE(MPI_Testsome)
REFUSE(MPI_Type_commit)
REFUSE(MPI_Type_contiguous)
REFUSE(MPI_Type_free)
REFUSE(MPI_Wait)

/* Says that MPI does not run, if HDF5 asks. */
static int answer(const char *function, const void *caller, int *flag)
{
    Dl_info about = {0};
    if (!dladdr(caller, &about) || !about.dli_fname || !strstr(about.dli_fname, "libhdf5"))
        refuse(function);
    *flag = 0;
    return 0;
}

int MPI_Initialized(int *flag);
int MPI_Initialized(int *flag)
{
    return answer("MPI_Initialized", __builtin_return_address(0), flag);
}

int MPI_Finalized(int *flag);
int MPI_Finalized(int *flag)
{
    return answer("MPI_Finalized", __builtin_return_address(0), flag);
}
