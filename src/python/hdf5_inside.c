/* Linked with the static HDF5 of a wheel. Debian compiles libhdf5.a for programs, not for shared
 * libraries: its objects reach the variables of the C library in a way that a shared library
 * cannot. python.cmake gives these variables other names, which are defined here. */
#include <stdint.h>
#include <stdio.h>

extern FILE *shs_hdf5_stderr, *shs_hdf5_stdout;
__attribute__((visibility("hidden"))) FILE *shs_hdf5_stderr, *shs_hdf5_stdout;

/* Before any other constructor of the library. */
__attribute__((constructor(101))) static void take_streams(void)
{
    shs_hdf5_stderr = stderr;
    shs_hdf5_stdout = stdout;
}

/* HDF5 1.14 looks for its driver of S3 if a program names it. The wheel is without this driver. */
int64_t shs_hdf5_no_s3(void);
__attribute__((visibility("hidden"))) int64_t shs_hdf5_no_s3(void)
{
    return -1;
}
