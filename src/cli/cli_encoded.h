/* The arrays that import makes of images that it keeps as they are. */
#ifndef CLI_ENCODED_H
#define CLI_ENCODED_H

#include "cli.h"
#include "import_encoded.h"
#include "import_write.h"

enum {
    CLI_ENCODED_OUTPUTS = 2
};

/* A zeroed struct is empty. */
struct cli_encoded {
    struct import_encoded images;
    char *offsets_name, *size_name;
};

/* Local. Makes the outputs NAME, all bytes of the images, and NAME.offsets. Takes over the list of
 * numbers of the images, which becomes NULL. NAME.size is the name for the origin's own rows.
 * `name` and the struct stay until the outputs are written; the caller frees the struct, also after
 * an error. */
shs_status cli_encoded_make(const struct import_origin *origin, const char *name, uint64_t **number,
                            uint64_t count, struct cli_encoded *encoded,
                            struct import_output outputs[CLI_ENCODED_OUTPUTS]);

void cli_encoded_free(struct cli_encoded *encoded);

#endif
