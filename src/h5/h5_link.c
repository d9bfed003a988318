#include "h5_link.h"

#include <string.h>

#include "core_memory.h"
#include "core_nearest.h"
#include "core_text.h"
#include "h5_guard.h"
#include "h5_open.h"

enum {
    MOST_LINKS =
        16 /* links that HDF5 follows on the way to an object, unless it is told otherwise */
};

/* A name while it is followed to its object. */
struct way {
    struct h5_file *file;
    char *name; /* the part that has been followed, without a slash at its beginning */
    unsigned links;
    shs_status (*visit)(struct h5_file *file, const char *name, void *user);
    void *user;
};

/* ---- names */

shs_status h5_normal_name(const char *name, char **normal)
{
    struct core_text text = {0};
    if (*name == '/') core_text_add(&text, "/");
    for (const char *at = name; *at;) {
        size_t length = strcspn(at, "/");
        bool empty = length == 0 || (length == 1 && *at == '.');
        const char *between = text.length && text.bytes[text.length - 1] != '/' ? "/" : "";
        if (!empty) core_text_add(&text, "%s%.*s", between, (int)length, at);
        at += length + (at[length] == '/');
    }
    if (!text.length) core_text_add(&text, "/");
    return core_text_take(&text, normal);
}

/* What the message offers to a user who asked for a name that the file does not hold. */
struct offer {
    const char *name;
    struct core_text names;
    char *nearest; /* the name that may be meant, or NULL */
    char *broken;  /* the first group or array that cannot be read, or NULL */
};

static shs_status compare_name(struct offer *offer, const char *name)
{
    const char *const words[] = {offer->nearest, name};
    size_t known = offer->nearest != NULL;
    char *copy;
    if (core_nearest(offer->name, words + !known, 1 + known) != name) return SHS_OK;
    shs_status status = core_copy(name, &copy);
    if (status) return status;
    core_free(&offer->nearest);
    offer->nearest = copy;
    return SHS_OK;
}

static shs_status add_name(const char *name, bool readable, void *user)
{
    struct offer *offer = user;
    struct core_text *text = &offer->names;
    enum {
        LONG = 400
    }; /* names take at most a part of the message */
    if (!readable) return offer->broken ? SHS_OK : core_copy(name, &offer->broken);
    if (text->length < LONG)
        core_text_add(text, "%s%s", text->length ? ", " : "", name);
    else if (text->bytes[text->length - 1] != '.')
        core_text_add(text, ", ...");
    return text->status ? text->status : compare_name(offer, name);
}

/* Reports a name that does not exist. The file is listed only for such a name, because listing a
 * damaged file crashes HDF5 1.10. */
shs_status h5_link_fail(struct h5_file *file, const char *name)
{
    struct offer offer = {.name = name};
    char guess[CORE_GUESS_BYTES];
    shs_status status = h5_walk(file, add_name, &offer);
    if (!status && offer.broken)
        status = core_fail(SHS_ERROR_FORMAT,
                           "%s: whether it holds a dataset '%s' cannot be told, since its '%s' "
                           "cannot be read; the file is damaged, get it anew",
                           file->path, name, offer.broken);
    else if (!status)
        status = core_fail(SHS_ERROR_FILE, "%s holds no dataset '%s'; it holds %s%s", file->path,
                           name, offer.names.bytes ? offer.names.bytes : "none",
                           core_guess(offer.nearest, guess));
    core_free(&offer.nearest);
    core_free(&offer.broken);
    core_text_free(&offer.names);
    return status;
}

/* ---- links */

static shs_status follow(struct way *way);

/* Refuses a parent of the name `child` that is not a group. */
static shs_status check_parent(const struct way *way, const char *parent, const char *child)
{
    H5O_info_t object;
    if (H5Oget_info_by_name2(way->file->id, parent, &object, H5O_INFO_BASIC, H5P_DEFAULT) < 0 ||
        object.type == H5O_TYPE_GROUP)
        return SHS_OK;
    if (object.type != H5O_TYPE_DATASET) return h5_link_fail(way->file, way->name);
    hid_t dataset = H5Dopen2(way->file->id, parent, H5P_DEFAULT);
    hid_t type = dataset < 0 ? H5I_INVALID_HID : H5Dget_type(dataset);
    bool is_member =
        type >= 0 && H5Tget_class(type) == H5T_COMPOUND && H5Tget_member_index(type, child) >= 0;
    if (type >= 0) H5Tclose(type);
    if (dataset >= 0) H5Dclose(dataset);
    if (is_member)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "%s: '%s' is a member of the compound dataset %s; a point stands before "
                         "a member: %s.%s",
                         way->file->path, child, parent, parent, child);
    return core_fail(SHS_ERROR_FILE, "%s holds no dataset '%s': %s is a dataset, not a group",
                     way->file->path, way->name, parent);
}

/* Puts the target of a link and the rest of the name in place of the name. */
static shs_status replace(struct way *way, const char *link, const char *target, const char *rest)
{
    struct core_text text = {0};
    const char *slash = strrchr(link, '/');
    char *name, *normal;
    if (*target != '/' && slash) core_text_add(&text, "%.*s/", (int)(slash - link), link);
    core_text_add(&text, "%s%s%s", target, *rest ? "/" : "", rest);
    shs_status status = core_text_take(&text, &name);
    if (status) return status;
    status = h5_normal_name(name + (*name == '/'), &normal);
    core_free(&name);
    if (status) return status;
    if (!strcmp(normal, "/")) *normal = '\0';
    core_free(&way->name);
    way->name = normal;
    return SHS_OK;
}

static shs_status follow_soft(struct way *way, const char *link, const char *target,
                              const char *rest)
{
    struct h5_file *file = way->file;
    shs_status status = replace(way, link, target, rest);
    if (status) return status;
    bool outermost = way->links == 1;
    status = follow(way);
    if (!outermost) return status;
    return core_wrap(status, "%s: '%s' is a soft link to '%s'", file->path, link, target);
}

static shs_status follow_external(struct way *way, const char *link, const char *path,
                                  const char *target, const char *rest)
{
    struct way other = {.links = way->links, .visit = way->visit, .user = way->user};
    const char *own = way->file->path;
    shs_status status = h5_link_open(way->file, path, "HDF5_EXT_PREFIX", &other.file);
    if (!status && !other.file)
        return core_fail(SHS_ERROR_FILE,
                         "%s: '%s' is an external link to '%s' in %s, which is missing; put that "
                         "file back beside it, or name its folder in HDF5_EXT_PREFIX",
                         own, link, target, path);
    if (!status) status = replace(&other, "", target, rest);
    if (!status) status = follow(&other);
    core_free(&other.name);
    h5_close(&other.file);
    if (way->links > 1) return status;
    return core_wrap(status, "%s: '%s' is an external link to '%s' in %s", own, link, target, path);
}

static shs_status follow_link(struct way *way, const char *link, const char *rest,
                              const H5L_info_t *about)
{
    const char *path = NULL, *target = NULL;
    char *value;
    unsigned flags;
    if (way->links++ == MOST_LINKS)
        return core_fail(SHS_ERROR_FILE,
                         "%s: '%s' is one of more than %d links on the way: they lead in a circle; "
                         "give the dataset's own name",
                         way->file->path, link, MOST_LINKS);
    shs_status status = core_new(about->u.val_size + 1, 1, "a link", &value);
    if (status) return status;
    if (H5Lget_val(way->file->id, link, value, about->u.val_size, H5P_DEFAULT) < 0)
        status = h5_fail_damaged("%s: link '%s' cannot be read", way->file->path, link);
    else if (about->type == H5L_TYPE_SOFT)
        status = follow_soft(way, link, value, rest);
    else if (about->type == H5L_TYPE_EXTERNAL &&
             H5Lunpack_elink_val(value, about->u.val_size, &flags, &path, &target) >= 0)
        status = follow_external(way, link, path, target, rest);
    else
        status = core_fail(SHS_ERROR_UNSUPPORTED, "%s: '%s' is a link of a kind of its own, %d",
                           way->file->path, link, (int)about->type);
    core_free(&value);
    return status;
}

/* Says why a part of the name does not exist. */
static shs_status explain_part(const struct way *way, const char *link, const char *parent,
                               const char *child)
{
    shs_status status = *parent ? check_parent(way, parent, child) : SHS_OK;
    if (status) return status;
    if (H5Lexists(way->file->id, link, H5P_DEFAULT) == 0)
        return h5_failed_otherwise() ? h5_fail_damaged("%s: dataset '%s' cannot be looked for",
                                                       way->file->path, way->name)
                                     : h5_link_fail(way->file, way->name);
    return h5_fail_damaged("%s: link '%s' cannot be read", way->file->path, link);
}

/* Follows the part of the name that ends at `end`. Its parent is `parent`, which exists. */
static shs_status follow_part(struct way *way, char *link, const char *parent, const char *rest,
                              bool *linked)
{
    H5L_info_t about;
    const char *child = *parent ? link + strlen(parent) + 1 : link;
    *linked = false;
    if (H5Lget_info(way->file->id, link, &about, H5P_DEFAULT) < 0)
        return explain_part(way, link, parent, child);
    *linked = about.type != H5L_TYPE_HARD;
    return *linked ? follow_link(way, link, rest, &about) : SHS_OK;
}

/* Follows a name part by part. After a soft or external link it follows the link's target. */
static shs_status follow(struct way *way)
{
    char *link = NULL, *parent = NULL;
    bool linked = false;
    if (!*way->name) return h5_link_fail(way->file, "/");
    shs_status status = core_copy(way->name, &link);
    if (!status) status = core_copy("", &parent);
    for (char *end = link; !status && !linked && end;) {
        end = strchr(end, '/');
        if (end) *end = '\0';
        status = follow_part(way, link, parent, end ? end + 1 : "", &linked);
        core_free(&parent);
        if (!status) status = core_copy(link, &parent);
        if (end) *end++ = '/';
    }
    core_free(&link);
    core_free(&parent);
    return status || linked ? status : way->visit(way->file, way->name, way->user);
}

shs_status h5_link_follow(struct h5_file *file, const char *name,
                          shs_status (*visit)(struct h5_file *file, const char *name, void *user),
                          void *user)
{
    struct way way = {.file = file, .visit = visit, .user = user};
    shs_status status = replace(&way, "", name, "");
    if (!status) status = follow(&way);
    core_free(&way.name);
    return status;
}

shs_status h5_follow(struct h5_file *file, const char *name,
                     shs_status (*visit)(struct h5_file *file, const char *name, void *user),
                     void *user)
{
    struct h5_guard guard = h5_guard_begin();
    shs_status status = h5_link_follow(file, name, visit, user);
    h5_guard_end(&guard);
    return status;
}
