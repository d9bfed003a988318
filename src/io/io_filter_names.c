/* The registered filters of HDF5: their names, and what to install if they are missing. */
#include <stdio.h>

#include "io_filter.h"

/* The Debian package of a library with which a new build decodes a filter, NULL if this build has
 * the library. */
#define LIBRARY(has, package) ((has) ? NULL : (package))

#define PYTHON "Python's hdf5plugin"

static const struct known {
    uint32_t id;
    const char *name;
    const char *plugin;  /* the packages with a plug-in of HDF5, NULL if none is known */
    const char *library; /* that this build lacks, or NULL */
} known[] = {
    {1, "deflate", NULL, NULL},
    {2, "shuffle", NULL, NULL},
    {3, "fletcher32", NULL, NULL},
    {4, "szip", NULL, NULL},
    {5, "N-bit", NULL, NULL},
    {6, "scale-offset", NULL, NULL},
    {305, "LZO", NULL, NULL},
    {307, "bzip2", "Debian's hdf5-filter-plugin or " PYTHON, NULL},
    {32000, "LZF", "Debian's hdf5-plugin-lzf", LIBRARY(IO_HAS_LZF, "liblzf-dev")},
    {32001, "Blosc", "Debian's hdf5-filter-plugin-blosc-serial or " PYTHON,
     LIBRARY(IO_HAS_BLOSC, "libblosc-dev")},
    {32002, "MAFISC", NULL, NULL},
    {32003, "Snappy", NULL, NULL},
    {32004, "LZ4", "Debian's hdf5-filter-plugin or " PYTHON, LIBRARY(IO_HAS_LZ4, "liblz4-dev")},
    {32005, "APAX", NULL, NULL},
    {32006, "CBF", NULL, NULL},
    {32007, "JPEG-XR", NULL, NULL},
    {32008, "bitshuffle", "Debian's bitshuffle or " PYTHON,
     LIBRARY(IO_HAS_LZ4 &&IO_HAS_ZSTD, "liblz4-dev and libzstd-dev")},
    {32009, "SPDP", NULL, NULL},
    {32010, "LPC-Rice", NULL, NULL},
    {32011, "CCSDS-123", NULL, NULL},
    {32012, "JPEG-LS", NULL, NULL},
    {32013, "ZFP", "Debian's hdf5-filter-plugin-zfp-serial or " PYTHON, NULL},
    {32014, "Fpzip", NULL, NULL},
    {32015, "Zstandard", PYTHON, LIBRARY(IO_HAS_ZSTD, "libzstd-dev")},
    {32016, "B3D", NULL, NULL},
    {32017, "SZ", PYTHON, NULL},
    {32018, "FCIDECOMP", "Debian's hdf5-filter-plugin-fcidecomp-serial or " PYTHON, NULL},
    {32019, "JPEG", NULL, NULL},
    {32020, "VBZ", NULL, NULL},
    {32021, "FAPEC", NULL, NULL},
    {32022, "BitGroom", NULL, NULL},
    {32023, "Granular BitRound", NULL, NULL},
    {32024, "SZ3", PYTHON, NULL},
    {32025, "Delta-Rice", NULL, NULL},
    {32026, "Blosc2", PYTHON, LIBRARY(IO_HAS_BLOSC2, "libblosc2-dev")},
    {32027, "FLAC", NULL, NULL},
    {32028, "SPERR", PYTHON, NULL},
};

enum {
    SZIP = 4 /* a part of HDF5 itself, as HDF5 was built */
};

static const struct known *find(uint32_t id)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].id == id) return &known[i];
    return NULL;
}

const char *io_filter_name(uint32_t id)
{
    const struct known *filter = find(id);
    return filter ? filter->name : NULL;
}

void io_filter_advise(uint32_t id, char advice[IO_ADVICE_BYTES])
{
    const struct known *filter = find(id);
    const char *library = filter ? filter->library : NULL, *plugin = filter ? filter->plugin : NULL;
    int used = 0;
    if (id == SZIP) {
        snprintf(advice, IO_ADVICE_BYTES, "use an HDF5 that is built with szip (libaec)");
        return;
    }
    if (library) used = snprintf(advice, IO_ADVICE_BYTES, "build Shardstep with %s, or ", library);
    if (plugin)
        snprintf(advice + used, (size_t)(IO_ADVICE_BYTES - used),
                 "install its plug-in (%s) and name the plug-in's folder in HDF5_PLUGIN_PATH",
                 plugin);
    else
        snprintf(advice + used, (size_t)(IO_ADVICE_BYTES - used),
                 "name the folder of its plug-in in HDF5_PLUGIN_PATH");
}
