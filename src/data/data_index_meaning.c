#include "data_index_meaning.h"

#include "core_memory.h"
#include "data_cf.h"
#include "h5_packing.h"
#include "h5_sparse.h"

_Static_assert(sizeof(struct h5_attribute) <= DATA_PACK_STRUCT, "a struct must fit");
_Static_assert(sizeof(struct h5_sparse) <= DATA_PACK_STRUCT, "a struct must fit");

static shs_status wrong(void)
{
    return core_fail(SHS_ERROR_FORMAT, "an entry of the index contradicts itself");
}

/* ---- attributes */

void data_index_packing_pack(struct data_pack *pack, const struct h5_packing *packing)
{
    data_pack_number(pack, packing != NULL);
    for (size_t i = 0; packing && i < H5_PACKINGS; i++)
        data_pack_struct(pack, &packing->attribute[i], sizeof packing->attribute[i]);
}

static bool is_sound(const struct h5_attribute *attribute)
{
    bool numbers = attribute->kind == H5_WHOLE || attribute->kind == H5_REAL;
    return attribute->kind <= H5_OTHER_KIND && !attribute->text[sizeof attribute->text - 1] &&
           (!numbers || attribute->count <= H5_MOST_VALUES);
}

shs_status data_index_packing_unpack(struct data_unpack *unpack, struct h5_packing **packing)
{
    uint64_t there;
    *packing = NULL;
    shs_status status = data_unpack_number(unpack, &there);
    if (status || !there) return status;
    status = core_new(1, sizeof **packing, "attributes", packing);
    for (size_t i = 0; i < H5_PACKINGS && !status; i++) {
        struct h5_attribute *attribute = &(*packing)->attribute[i];
        status = data_unpack_struct(unpack, attribute, sizeof *attribute);
        if (!status && !is_sound(attribute)) status = wrong();
    }
    if (status) core_free(packing);
    return status;
}

/* Takes the attributes, and what they make of stored numbers if they are applied. */
static shs_status unpack_packing(struct data_unpack *unpack, struct data_field *field)
{
    uint64_t applied = 0;
    shs_status status = data_index_packing_unpack(unpack, &field->packing);
    if (!status) status = data_unpack_number(unpack, &applied);
    if (status || !applied) return status;
    if (!field->packing || field->sample.type != SHS_F32) return wrong();
    return core_wrap(data_cf_new(field->packing, field->whole.type, &field->unpack), "dataset %s",
                     field->sample.name);
}

/* ---- sparse matrices */

static void pack_sparse(struct data_pack *pack, const struct h5_sparse *sparse)
{
    data_pack_number(pack, sparse != NULL);
    if (sparse) data_pack_struct(pack, sparse, sizeof *sparse);
}

static shs_status unpack_sparse(struct data_unpack *unpack, struct data_field *field)
{
    uint64_t there;
    shs_status status = data_unpack_number(unpack, &there);
    if (status || !there) return status;
    status = core_new(1, sizeof *field->sparse, "a sparse matrix", &field->sparse);
    if (!status) status = data_unpack_struct(unpack, field->sparse, sizeof *field->sparse);
    if (!status && field->sparse->encoding[sizeof field->sparse->encoding - 1]) status = wrong();
    return status;
}

/* ---- groups */

static void pack_groups(struct data_pack *pack, const struct data_field *field)
{
    data_pack_number(pack, field->groups ? field->n_groups : 0);
    if (field->groups)
        data_pack_bytes(pack, field->groups, (field->n_groups + 1) * sizeof *field->groups);
}

static shs_status unpack_groups(struct data_unpack *unpack, struct data_field *field)
{
    uint64_t count;
    shs_status status = data_unpack_number(unpack, &count);
    if (status || !count) return status;
    if (count == UINT64_MAX) return wrong();
    status = data_unpack_array(unpack, count + 1, sizeof *field->groups, "groups", &field->groups);
    if (status) return status;
    field->n_groups = (size_t)count;
    for (size_t i = 0; i < field->n_groups; i++)
        if (field->groups[i] > field->groups[i + 1]) return wrong();
    return field->groups[0] || field->groups[count] != field->rows ? wrong() : SHS_OK;
}

/* ---- fields */

void data_index_meaning_pack(struct data_pack *pack, const struct data_field *field)
{
    data_index_packing_pack(pack, field->packing);
    data_pack_number(pack, field->unpack != NULL);
    pack_sparse(pack, field->sparse);
    pack_groups(pack, field);
}

shs_status data_index_meaning_unpack(struct data_unpack *unpack, struct data_field *field)
{
    shs_status status = unpack_packing(unpack, field);
    if (!status) status = unpack_sparse(unpack, field);
    return status ? status : unpack_groups(unpack, field);
}
