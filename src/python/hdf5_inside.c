/* Linked with the static HDF5 of a wheel. Debian compiles libhdf5.a for programs, not for shared
 * libraries: its objects reach the variables of the C library in a way that a shared library
 * cannot. python.cmake gives these variables other names, which are defined here. */
#include <stdio.h>

extern FILE *shs_hdf5_stderr, *shs_hdf5_stdout;
__attribute__((visibility("hidden"))) FILE *shs_hdf5_stderr, *shs_hdf5_stdout;

/* Before any other constructor of the library. */
__attribute__((constructor(101))) static void take_streams(void)
{
    shs_hdf5_stderr = stderr;
    shs_hdf5_stdout = stdout;
}
