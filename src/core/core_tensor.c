/* Types, sizes and shapes of tensors, for shardstep/tensor.h. */
#include "core_memory.h"
#include "shardstep/tensor.h"

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [SHS_U8] = {"u8", 1},   [SHS_U16] = {"u16", 2}, [SHS_U32] = {"u32", 4}, [SHS_U64] = {"u64", 8},
    [SHS_I8] = {"i8", 1},   [SHS_I16] = {"i16", 2}, [SHS_I32] = {"i32", 4}, [SHS_I64] = {"i64", 8},
    [SHS_F16] = {"f16", 2}, [SHS_F32] = {"f32", 4}, [SHS_F64] = {"f64", 8},
};

static bool is_type(shs_type type)
{
    return type >= SHS_U8 && type <= SHS_F64;
}

size_t shs_type_size(shs_type type)
{
    return is_type(type) ? types[type].size : 0;
}

const char *shs_type_name(shs_type type)
{
    return is_type(type) ? types[type].name : "?";
}

shs_status shs_tensor_bytes(const shs_tensor *tensor, size_t *bytes)
{
    shs_status status =
        core_require(bytes, "shs_tensor_bytes", "bytes", "pass the address of a size_t");
    if (status) return status;
    *bytes = 0;
    status = core_require(tensor, "shs_tensor_bytes", "tensor", "pass the address of a tensor");
    if (status) return status;
    const char *name = tensor->name ? tensor->name : "(no name)";
    uint64_t total = shs_type_size(tensor->type);
    if (!total) return core_fail(SHS_ERROR_ARGUMENT, "tensor %s: type is not set", name);
    if (tensor->axes > SHS_MAX_AXES)
        return core_fail(SHS_ERROR_ARGUMENT, "tensor %s has %u axes; the most is %d", name,
                         tensor->axes, SHS_MAX_AXES);
    for (uint32_t axis = 0; axis < tensor->axes; axis++)
        if (tensor->shape[axis] == 0) return SHS_OK;
    for (uint32_t axis = 0; axis < tensor->axes; axis++)
        if (!core_multiply(total, tensor->shape[axis], &total) || total > PTRDIFF_MAX)
            return core_fail(SHS_ERROR_ARGUMENT, "tensor %s is larger than a process can address",
                             name);
    *bytes = (size_t)total;
    return SHS_OK;
}
