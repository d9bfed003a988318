/* Visits the names of all arrays of a file: at once, or one by one, so that a damaged array does
 * not hide the others. */
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "h5_guard.h"
#include "h5_open.h"

/* ---- at once */

struct visitor {
    shs_status (*visit)(const char *name, void *user);
    void *user;
    shs_status status;
};

static herr_t list_object(hid_t file, const char *name, const H5O_info_t *object, void *user)
{
    struct visitor *visitor = user;
    (void)file;
    if (object->type != H5O_TYPE_DATASET) return 0;
    visitor->status = visitor->visit(name, visitor->user);
    return visitor->status ? 1 : 0;
}

shs_status h5_list(struct h5_file *file, shs_status (*visit)(const char *name, void *user),
                   void *user)
{
    struct visitor visitor = {visit, user, SHS_OK};
    struct h5_guard guard = h5_guard_begin();
    if (H5Ovisit2(file->id, H5_INDEX_NAME, H5_ITER_INC, list_object, &visitor, H5O_INFO_BASIC) < 0)
        visitor.status = h5_fail_damaged("%s: its datasets cannot be listed", file->path);
    h5_guard_end(&guard);
    return visitor.status;
}

/* ---- one by one */

struct walk {
    struct h5_file *file;
    shs_status (*visit)(const char *name, bool readable, void *user);
    shs_status (*visit_link)(const struct h5_link *link, void *user); /* NULL: links are skipped */
    void *user;
    /* A hash table of the groups that were entered, since hard links may make circles. It holds
     * addresses, 1 added to each; 0 is a free slot. */
    uint64_t *groups;
    size_t n_groups, capacity;
    shs_status status;
};

/* The links of one group. `path` is the group's path, "" for the root. */
struct level {
    struct walk *walk;
    const char *path;
};

static shs_status walk_group(struct walk *walk, hid_t from, const char *name, const char *path);

/* Finds the slot of a group in the table, or the free slot where it belongs. */
static size_t find_slot(const struct walk *walk, uint64_t group)
{
    size_t slot = (size_t)(group * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (walk->capacity - 1);
    while (walk->groups[slot] && walk->groups[slot] != group)
        slot = (slot + 1) & (walk->capacity - 1);
    return slot;
}

/* Doubles the table if it would be more than half full. */
static shs_status make_room(struct walk *walk)
{
    struct walk larger = *walk;
    if (2 * (walk->n_groups + 1) <= walk->capacity) return SHS_OK;
    larger.capacity = walk->capacity ? 2 * walk->capacity : 64;
    shs_status status = core_new(larger.capacity, sizeof *walk->groups, "groups", &larger.groups);
    if (status) return status;
    for (size_t i = 0; i < walk->capacity; i++)
        if (walk->groups[i]) larger.groups[find_slot(&larger, walk->groups[i])] = walk->groups[i];
    core_free(&walk->groups);
    *walk = larger;
    return SHS_OK;
}

/* Enters a group. `name` leads to it from the object `from`, `path` from the root. */
static shs_status enter(struct walk *walk, hid_t from, const char *name, const char *path,
                        haddr_t address)
{
    uint64_t group = (uint64_t)address + 1;
    shs_status status = make_room(walk);
    if (status) return status;
    size_t slot = find_slot(walk, group);
    if (walk->groups[slot]) return SHS_OK;
    walk->groups[slot] = group;
    walk->n_groups++;
    return walk_group(walk, from, name, path);
}

static shs_status visit_object(struct walk *walk, hid_t group, const char *name, const char *path)
{
    H5O_info_t object;
    if (H5Oget_info_by_name2(group, name, &object, H5O_INFO_BASIC, H5P_DEFAULT) < 0)
        return walk->visit(path, false, walk->user);
    if (object.type == H5O_TYPE_GROUP) return enter(walk, group, name, path, object.addr);
    return object.type == H5O_TYPE_DATASET ? walk->visit(path, true, walk->user) : SHS_OK;
}

/* Visits a soft or external link that is not followed. */
static shs_status tell_link(const struct walk *walk, hid_t group, const char *name,
                            const char *path, const H5L_info_t *about)
{
    struct h5_link link = {.name = path};
    char *value;
    unsigned flags;
    shs_status status = core_new(about->u.val_size + 1, 1, "a link", &value);
    if (status) return status;
    bool found = H5Lget_val(group, name, value, about->u.val_size, H5P_DEFAULT) >= 0;
    if (found && about->type == H5L_TYPE_SOFT)
        link.target = value;
    else if (found && about->type == H5L_TYPE_EXTERNAL &&
             H5Lunpack_elink_val(value, about->u.val_size, &flags, &link.file, &link.target) < 0)
        link.target = NULL;
    if (link.target) status = walk->visit_link(&link, walk->user);
    core_free(&value);
    return status;
}

/* Visits a link of a group. Arrays behind soft and external links are passed over, because they
 * have other names or lie in other files. */
static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *link, void *user)
{
    struct level *level = user;
    struct core_text text = {0};
    char *path;
    if (link->type != H5L_TYPE_HARD && !level->walk->visit_link) return 0;
    core_text_add(&text, "%s%s%s", level->path, *level->path ? "/" : "", name);
    shs_status status = core_text_take(&text, &path);
    if (!status && link->type == H5L_TYPE_HARD)
        status = visit_object(level->walk, group, name, path);
    else if (!status)
        status = tell_link(level->walk, group, name, path, link);
    core_free(&path);
    level->walk->status = status;
    return status ? 1 : 0;
}

/* Walks through the links of a group. A group whose links cannot be followed is reported as
 * unreadable. */
static shs_status walk_group(struct walk *walk, hid_t from, const char *name, const char *path)
{
    struct level level = {walk, path};
    hid_t group = H5Gopen2(from, name, H5P_DEFAULT);
    bool listed =
        group >= 0 && H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_link, &level) >= 0;
    if (group >= 0) H5Gclose(group);
    if (walk->status || listed) return walk->status;
    if (!*path) return h5_fail_damaged("%s: its datasets cannot be listed", walk->file->path);
    return walk->visit(path, false, walk->user);
}

static shs_status walk_file(struct walk *walk)
{
    struct h5_guard guard = h5_guard_begin();
    struct h5_file *file = walk->file;
    H5O_info_t root;
    shs_status status;
    if (H5Oget_info2(file->id, &root, H5O_INFO_BASIC) < 0)
        status = h5_fail_damaged("%s: its root group cannot be read", file->path);
    else
        status = enter(walk, file->id, "/", "", root.addr);
    h5_guard_end(&guard);
    core_free(&walk->groups);
    return status;
}

shs_status h5_walk(struct h5_file *file,
                   shs_status (*visit)(const char *name, bool readable, void *user), void *user)
{
    struct walk walk = {.file = file, .visit = visit, .user = user};
    return walk_file(&walk);
}

static shs_status pass_over(const char *name, bool readable, void *user)
{
    (void)name;
    (void)readable;
    (void)user;
    return SHS_OK;
}

shs_status h5_walk_links(struct h5_file *file,
                         shs_status (*visit)(const struct h5_link *link, void *user), void *user)
{
    struct walk walk = {.file = file, .visit = pass_over, .visit_link = visit, .user = user};
    return walk_file(&walk);
}
