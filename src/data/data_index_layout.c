#include "data_index_layout.h"

#include "core_memory.h"

/* A layout is packed as it is in memory, without what its pointers lead to. Who adds a pointer to
 * it also packs here what it leads to. Then the number is that of the new size. */
#if __SIZEOF_POINTER__ == 8
_Static_assert(sizeof(struct io_layout) == 640, "pack the new member of struct io_layout");
_Static_assert(sizeof(struct io_layout) <= DATA_PACK_STRUCT, "a struct must fit");
#endif

/* ---- packing */

void data_index_layout_pack(struct data_pack *pack, const struct io_reader *reader)
{
    data_pack_number(pack, reader != NULL);
    if (!reader) return;
    const struct io_layout *layout = io_reader_layout(reader);
    data_pack_struct(pack, layout, sizeof *layout);
    if (layout->chunked)
        data_pack_bytes(pack, layout->chunks, layout->n_chunks * sizeof *layout->chunks);
    data_pack_number(pack, layout->sums != NULL);
    if (layout->sums) data_pack_bytes(pack, layout->sums, layout->n_chunks * sizeof *layout->sums);
    data_pack_number(pack, layout->extents ? layout->n_extents : 0);
    if (layout->extents)
        data_pack_bytes(pack, layout->extents, layout->n_extents * sizeof *layout->extents);
}

/* ---- taking */

static shs_status wrong(void)
{
    return core_fail(SHS_ERROR_FORMAT, "an entry of the index contradicts itself");
}

/* Takes the list of chunks, and measures the layout anew. */
static shs_status unpack_chunks(struct data_unpack *unpack, const struct data_field *field,
                                struct io_layout *layout)
{
    uint64_t chunks = layout->n_chunks;
    if (layout->axes < 1 || layout->axes > SHS_MAX_AXES || layout->row_axes > 2 ||
        layout->pipeline.count > IO_MAX_FILTERS || !layout->element_bytes ||
        layout->element_bytes > sizeof layout->fill)
        return wrong();
    shs_status status = io_layout_measure(layout);
    if (!status && (layout->rows != field->rows || layout->row_bytes != field->whole_bytes ||
                    (layout->chunked && layout->n_chunks != chunks)))
        status = wrong();
    if (!status && layout->chunked)
        status = data_unpack_array(unpack, chunks, sizeof *layout->chunks, "a list of chunks",
                                   &layout->chunks);
    return status;
}

/* Takes the checksums of chunks. */
static shs_status unpack_sums(struct data_unpack *unpack, struct io_layout *layout)
{
    uint64_t there;
    shs_status status = data_unpack_number(unpack, &there);
    if (status || !there) return status;
    if (!layout->chunked) return wrong();
    return data_unpack_array(unpack, layout->n_chunks, sizeof *layout->sums, "checksums of chunks",
                             &layout->sums);
}

/* Takes the extents of rows that do not lie together. */
static shs_status unpack_extents(struct data_unpack *unpack, struct io_layout *layout)
{
    uint64_t count;
    shs_status status = data_unpack_number(unpack, &count);
    if (status || !count) return status;
    if (layout->chunked || layout->row_axes > 1) return wrong();
    status = data_unpack_array(unpack, count, sizeof *layout->extents, "extents", &layout->extents);
    if (status) return status;
    layout->n_extents = (size_t)count;
    if (layout->extents[0].first) return wrong();
    for (size_t i = 1; i < layout->n_extents; i++)
        if (layout->extents[i].first <= layout->extents[i - 1].first) return wrong();
    return layout->extents[count - 1].first < layout->rows ? SHS_OK : wrong();
}

shs_status data_index_layout_unpack(struct data_unpack *unpack, const struct io_identity *identity,
                                    struct data_field *field)
{
    struct io_layout layout;
    uint64_t there;
    shs_status status = data_unpack_number(unpack, &there);
    if (status || !there) return status;
    status = data_unpack_struct(unpack, &layout, sizeof layout);
    if (status) return status;
    layout.chunks = NULL;
    layout.sums = NULL;
    layout.extents = NULL;
    layout.n_extents = 0;
    status = unpack_chunks(unpack, field, &layout);
    if (!status) status = unpack_sums(unpack, &layout);
    if (!status) status = unpack_extents(unpack, &layout);
    if (!status) return io_reader_prepare(field->path, identity, &layout, &field->direct);
    io_layout_free(&layout);
    return status;
}
