/* Files, as far as MPI opens them for parallel HDF5. */
#include "mpi_link.h"

shs_status mpi_try_file(const shs_run *run, const char *path)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    MPI_File file;
    if (!run->link) return SHS_OK;
    int code = MPI_File_open(MPI_COMM_SELF, path, MPI_MODE_RDWR, MPI_INFO_NULL, &file);
    if (code == MPI_SUCCESS) code = MPI_File_close(&file);
    if (code == MPI_SUCCESS) return SHS_OK;
    MPI_Error_string(code, text, &length);
    return core_fail(SHS_ERROR_FILE,
                     "MPI cannot open %s on this rank: %s; it needs some file descriptors (ulimit "
                     "-n), and room in the folder for temporary files",
                     path, text);
}
