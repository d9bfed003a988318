/* What import takes: fields, and the files and folders that they come from. */
#ifndef CLI_FIELDS_H
#define CLI_FIELDS_H

#include "cli.h"
#include "import_origin.h"

struct cli_field {
    char *name;
    const char *argument; /* that it comes from */
    struct import_origin *source;
};

struct cli_fields {
    struct cli_field field[2 * CLI_MAX_PLAIN];
    size_t count;
};

/* Local. Opens the sources that import's arguments name, and checks that fields which belong
 * together do: those of one group have equally many rows, images of several folders are paired by
 * name, and all folders have one table of classes. To be closed even on error. */
shs_status cli_open_fields(const struct cli_arguments *arguments, struct cli_fields *fields);

void cli_close_fields(struct cli_fields *fields);

/* Local. Prints what was taken for granted of the sources, each fact once. */
void cli_print_notes(const struct cli_fields *fields);

#endif
