#include "h5_explain.h"

#include "h5_guard.h"
#include "h5_link.h"

static shs_status explain_object(struct h5_file *file, const char *name, void *user)
{
    H5O_info_t object;
    (void)user;
    if (H5Oget_info_by_name2(file->id, name, &object, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 &&
        object.type != H5O_TYPE_DATASET)
        return core_fail(SHS_ERROR_FILE, "%s holds no dataset '%s': it is a %s", file->path, name,
                         object.type == H5O_TYPE_GROUP ? "group; give a dataset in it" : "type");
    shs_status status = h5_explain_version(file, name);
    if (status) return status;
    return h5_fail_damaged("%s: dataset '%s' cannot be opened", file->path, name);
}

shs_status h5_explain_dataset(struct h5_file *file, const char *name)
{
    if (h5_lacked_memory())
        return h5_fail(SHS_ERROR_MEMORY, "%s: dataset '%s' cannot be opened", file->path, name);
    shs_status status = h5_check_trouble("%s: dataset '%s' cannot be opened", file->path, name);
    if (status && status != SHS_ERROR_FORMAT) return status;
    status = h5_link_follow(file, name, explain_object, NULL);
    if (!h5_is_being_written(file->path)) return status;
    return core_wrap(status, "another program has %s open for writing; wait until it is closed",
                     file->path);
}
