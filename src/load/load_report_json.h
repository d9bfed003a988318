/* The accounting of a rank for programs, as members of a JSON object. */
#ifndef LOAD_REPORT_JSON_H
#define LOAD_REPORT_JSON_H

#include "core_json.h"
#include "load.h"

/* Local. Begins anew: the next object is about the time from now on. */
void load_report_json_begin(shs_loader *loader);

/* Local. Adds the members of shs_loader_report_json() to an object that has begun. After an error,
 * which is in json->text.status, the next object is also about this time. */
void load_report_json_add(shs_loader *loader, struct core_json *json);

#endif
