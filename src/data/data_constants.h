/* Constant fields: arrays that are the same for every sample, such as an orography. They are read
 * once, when the dataset is opened, and stay in memory. */
#ifndef DATA_CONSTANTS_H
#define DATA_CONSTANTS_H

#include "data_pack.h"
#include "data_sample.h"
#include "io_paths.h"

struct h5_packing;

struct data_constant {
    shs_tensor tensor; /* owns its data; the name is the sample's */
    size_t bytes;
    struct h5_packing *packing; /* attributes such as scale_factor; NULL: none */
    bool unpacked;              /* true if they are applied */
    uint64_t rows;              /* of the array along its first axis; 1 for a single number */
};

struct data_constants {
    size_t count; /* as many as the sample has */
    struct data_constant constant[SHS_MAX_FIELDS];
};

/* How constants are read. */
struct data_constants_how {
    bool unchecked; /* true to compare no rows with checksums */
    bool cf;        /* true to unpack packed numbers */
};

/* Local. Reads the constants of all files. They must be the same in all files, byte for byte:
 * others are SHS_ERROR_FORMAT. The constants must be freed, also after an error. */
shs_status data_constants_read(const struct data_sample *sample, const struct io_paths *paths,
                               const struct data_constants_how *how,
                               struct data_constants *constants);

/* Local. The first function packs constants that were read. The second takes those of a sample.
 * *all is set to false if some are missing. They must be freed, also after an error. */
void data_constants_pack(struct data_pack *pack, const struct data_sample *sample,
                         const struct data_constants *constants);
shs_status data_constants_unpack(struct data_unpack *unpack, const struct data_sample *sample,
                                 struct data_constants *constants, bool *all);

void data_constants_free(struct data_constants *constants);

/* Describes a constant as data_part_describe() does a field. */
void data_constant_describe(const struct data_constant_text *constant, struct core_text *text);

#endif
