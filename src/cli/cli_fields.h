/* The fields of an import, and their origins: the files and folders that they come from. */
#ifndef CLI_FIELDS_H
#define CLI_FIELDS_H

#include "cli.h"
#include "import_origin.h"

struct cli_field {
    char *name;
    const char *argument; /* the argument of the command that names the field */
    struct import_origin *origin;
};

struct cli_fields {
    struct cli_field field[2 * CLI_MAX_PLAIN];
    size_t count;
};

/* Local. Opens the origins that the arguments of `import` name. Pairs images of several folders by
 * name, and gives all folders the same table of classes. SHS_ERROR_ARGUMENT if fields of a group
 * have different numbers of rows. The caller closes the fields, also after an error. */
shs_status cli_open_fields(const struct cli_arguments *arguments, struct cli_fields *fields);

void cli_close_fields(struct cli_fields *fields);

/* Local. Prints each assumption that was made about the origins, and each of them once. */
void cli_print_notes(const struct cli_fields *fields);

#endif
