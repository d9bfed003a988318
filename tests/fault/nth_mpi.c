/* The MPI calls of the preloaded library nth_call: NTH_CALL=mpi makes the n-th of those that begin
 * something fail, NTH_CALL=mpi_send the n-th that begins to send something to one rank, and
 * NTH_CALL=mpi_test the n-th that looks whether something is done. Calls that only
 * look up a number, such as MPI_Comm_rank(), are left out: they fail for no reason but a wrong
 * argument. */
#include <mpi.h>

#include "nth_call.h"

/* A function that the program finds before the one of the MPI library. */
#define CALL_OF(kind, name, parameters, arguments)                                                 \
    int name parameters                                                                            \
    {                                                                                              \
        return nth_call_fails(kind, CALLER) ? MPI_ERR_OTHER : NEXT(name) arguments;                \
    }
#define CALL(name, parameters, arguments) CALL_OF("mpi", name, parameters, arguments)

CALL(MPI_Comm_idup, (MPI_Comm comm, MPI_Comm *copy, MPI_Request *request), (comm, copy, request))
CALL(MPI_Comm_split_type, (MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *part),
     (comm, type, key, info, part))
CALL(MPI_Comm_free, (MPI_Comm * comm), (comm))
CALL(MPI_Comm_create_keyval,
     (MPI_Comm_copy_attr_function * copy, MPI_Comm_delete_attr_function *release, int *key,
      void *user),
     (copy, release, key, user))
CALL(MPI_Comm_set_attr, (MPI_Comm comm, int key, void *value), (comm, key, value))
CALL(MPI_Type_contiguous, (int count, MPI_Datatype of, MPI_Datatype *type), (count, of, type))
CALL(MPI_Type_commit, (MPI_Datatype * type), (type))
CALL(MPI_Op_create, (MPI_User_function * function, int commutes, MPI_Op *operation),
     (function, commutes, operation))
CALL(MPI_Ibarrier, (MPI_Comm comm, MPI_Request *request), (comm, request))
CALL(MPI_Ibcast,
     (void *bytes, int count, MPI_Datatype type, int from, MPI_Comm comm, MPI_Request *request),
     (bytes, count, type, from, comm, request))
CALL(MPI_Allreduce,
     (const void *mine, void *all, int count, MPI_Datatype type, MPI_Op operation, MPI_Comm comm),
     (mine, all, count, type, operation, comm))
CALL(MPI_Iallreduce,
     (const void *mine, void *all, int count, MPI_Datatype type, MPI_Op operation, MPI_Comm comm,
      MPI_Request *request),
     (mine, all, count, type, operation, comm, request))
CALL(MPI_Ialltoall,
     (const void *mine, int count, MPI_Datatype of_mine, void *all, int count_of_all,
      MPI_Datatype of_all, MPI_Comm comm, MPI_Request *request),
     (mine, count, of_mine, all, count_of_all, of_all, comm, request))
CALL(MPI_Igatherv,
     (const void *mine, int count, MPI_Datatype of_mine, void *all, const int counts[],
      const int starts[], MPI_Datatype of_all, int to, MPI_Comm comm, MPI_Request *request),
     (mine, count, of_mine, all, counts, starts, of_all, to, comm, request))
CALL(MPI_Send, (const void *bytes, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm),
     (bytes, count, type, to, tag, comm))
CALL(MPI_Recv,
     (void *bytes, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm,
      MPI_Status *status),
     (bytes, count, type, from, tag, comm, status))
CALL_OF("mpi_send", MPI_Isend,
        (const void *bytes, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
         MPI_Request *request),
        (bytes, count, type, to, tag, comm, request))
CALL(MPI_Irecv,
     (void *bytes, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm,
      MPI_Request *request),
     (bytes, count, type, from, tag, comm, request))
CALL(MPI_Improbe,
     (int from, int tag, MPI_Comm comm, int *there, MPI_Message *message, MPI_Status *status),
     (from, tag, comm, there, message, status))
CALL(MPI_Mrecv,
     (void *bytes, int count, MPI_Datatype type, MPI_Message *message, MPI_Status *status),
     (bytes, count, type, message, status))
CALL_OF("mpi_test", MPI_Test, (MPI_Request * request, int *done, MPI_Status *status),
        (request, done, status))
CALL_OF("mpi_test", MPI_Testsome,
        (int count, MPI_Request requests[], int *done, int numbers[], MPI_Status statuses[]),
        (count, requests, done, numbers, statuses))
