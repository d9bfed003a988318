/* The attributes that give stored numbers another meaning, as info and stats show them. */
#ifndef CLI_PACKING_H
#define CLI_PACKING_H

#include "core_text.h"
#include "h5_packing.h"

/* Appends "attributes scale_factor 0.01 are applied: …" or "… are not applied: …", with a hint at
 * --cf if `fits` says that they can be. Appends nothing if there are no attributes. */
void cli_packing_add(const struct h5_packing *packing, bool applied, bool fits,
                     struct core_text *text);

#endif
