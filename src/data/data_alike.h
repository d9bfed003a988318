/* Files with one sample each that a program has written alike: they differ in the elements only.
 * One of them is opened with HDF5. Of the others only the bytes that HDF5 has read of it are read,
 * and compared. If they are the same, the arrays lie at the same places. */
#ifndef DATA_ALIKE_H
#define DATA_ALIKE_H

#include <stdbool.h>
#include <stdint.h>

#include "core_status.h"

struct data_files;
struct data_index;
struct data_open_file;
struct io_witness;

/* What is known of such files. A zeroed struct is ready for use. */
struct data_alike {
    struct data_index *index; /* of the file that was opened with HDF5; NULL: of none yet */
    unsigned others;          /* files in a row that were not like that file */
    bool over;                /* true if no more files are compared */
    uint64_t found;           /* files that were like that file */
};

/* Local. Returns true if the next file that is opened should be learned from. Its opening must then
 * be noted with io_witness_begin(). */
bool data_alike_wants(const struct data_alike *alike, const struct data_files *files);

/* Local. Learns from a file that HDF5 has opened. `witness` says what was read of it. If its arrays
 * cannot all be read by position, or if they have checksums, nothing is learned, and no more files
 * are compared. */
shs_status data_alike_learn(struct data_alike *alike, const struct data_files *files,
                            const struct data_open_file *open, const struct io_witness *witness);

/* Notes whether a file that was compared was like the file that is known. After some in a row that
 * were not, no more files are compared. */
void data_alike_note(struct data_alike *alike, bool found);

void data_alike_free(struct data_alike *alike);

#endif
