/* The gradients of a model, steps of batches that are made up, and the mean that they must give. */
#ifndef GRADIENT_SCENE_H
#define GRADIENT_SCENE_H

#include "shardstep/gradient.h"
#include "shardstep/mpi.h"
#include "sums.h"

enum {
    N_TENSORS = 5,
    MOST_VRANKS = 128
};

/* ---- A model. */

/* The model's gradients: two types mixed, one of no axes, one without elements, and one as long as
 * the test wants. */
struct model {
    float matrix[3][5];
    double vector[7];
    float number;
    double nothing[1];
    float *longest;
    shs_tensor tensors[N_TENSORS];
};

static inline struct model *model_new(uint64_t longest)
{
    struct model *model = room(1, sizeof *model);
    const shs_tensor tensors[N_TENSORS] = {
        {"matrix", SHS_F32, 2, {3, 5}, model->matrix},
        {"vector", SHS_F64, 1, {7}, model->vector},
        {"number", SHS_F32, 0, {0}, &model->number},
        {"nothing", SHS_F64, 2, {4, 0}, model->nothing},
        {"longest", SHS_F32, 1, {longest}, model->longest = room(longest, sizeof(float))}};
    memcpy(model->tensors, tensors, sizeof tensors);
    return model;
}

static inline void model_free(struct model *model)
{
    free(model->longest);
    free(model);
}

static inline uint64_t elements_of(const shs_tensor *tensor)
{
    uint64_t elements = 1;
    for (uint32_t axis = 0; axis < tensor->axes; axis++)
        elements *= tensor->shape[axis];
    return elements;
}

/* Element i of tensor t is number 2^32 t + i of a vrank's values. */
static inline uint64_t number_of(size_t t, uint64_t i)
{
    return (uint64_t)t << 32 | i;
}

static inline void fill_model(struct model *model, uint64_t vrank, uint64_t salt)
{
    for (size_t t = 0; t < N_TENSORS; t++)
        for (uint64_t i = 0; i < elements_of(&model->tensors[t]); i++)
            if (model->tensors[t].type == SHS_F32)
                ((float *)model->tensors[t].data)[i] = mixed_float(vrank, number_of(t, i), salt);
            else
                ((double *)model->tensors[t].data)[i] = mixed_value(vrank, number_of(t, i), salt);
}

/* What is never to be read: a signalling NaN in every element. */
static inline void poison_model(struct model *model)
{
    static const uint32_t single = 0x7fa00001;
    static const uint64_t pair = UINT64_C(0x7ff4000000000001);
    for (size_t t = 0; t < N_TENSORS; t++)
        for (uint64_t i = 0; i < elements_of(&model->tensors[t]); i++)
            if (model->tensors[t].type == SHS_F32)
                memcpy((float *)model->tensors[t].data + i, &single, sizeof single);
            else
                memcpy((double *)model->tensors[t].data + i, &pair, sizeof pair);
}

/* ---- Steps. */

/* How many rows the batches of a step have. */
struct step {
    uint64_t vranks;
    uint64_t counts[MOST_VRANKS];
    uint64_t salt;
};

static inline uint64_t rows_of(const struct step *step)
{
    uint64_t rows = 0;
    for (uint64_t vrank = 0; vrank < step->vranks; vrank++)
        rows += step->counts[vrank];
    return rows;
}

static inline double element_of(const shs_tensor *tensor, uint64_t i)
{
    return tensor->type == SHS_F32 ? (double)((const float *)tensor->data)[i]
                                   : ((const double *)tensor->data)[i];
}

/* The tree's sum, divided once. */
static inline double mean_of(const struct step *step, uint64_t number, bool single)
{
    const struct addends of = {step->salt, step->counts};
    if (!single) return tree_of_doubles(&of, number, 0, step->vranks) / (double)rows_of(step);
    return (double)(tree_of_floats(&of, number, 0, step->vranks) / (float)rows_of(step));
}

/* Bit for bit. */
static inline bool model_is_mean(const struct model *model, const struct step *step)
{
    for (size_t t = 0; t < N_TENSORS; t++)
        for (uint64_t i = 0; i < elements_of(&model->tensors[t]); i++) {
            const shs_tensor *tensor = &model->tensors[t];
            double mean = mean_of(step, number_of(t, i), tensor->type == SHS_F32);
            double found = element_of(tensor, i);
            if (memcmp(&mean, &found, sizeof mean) != 0)
                return WRONG(
                    "expected %a; came %a; tensor %s, element %llu; %llu vranks, salt %llu", mean,
                    found, tensor->name, (ull)i, (ull)step->vranks, (ull)step->salt);
        }
    return true;
}

/* With a row of weight 0 more than counts. */
static inline shs_batch batch_of(uint64_t vrank, uint64_t step, uint64_t count)
{
    return (shs_batch){.vrank = vrank, .step = step, .rows = count + 1, .count = count};
}

/* Adds this rank's batches of a step; empty ones with memory that must not be read. */
static inline bool add_step(shs_run *run, shs_gradient *gradient, struct model *model,
                            const struct step *step)
{
    shs_run_info info = shs_info(run);
    bool added = true;
    for (uint64_t v = info.first_vrank; v < info.first_vrank + info.hosted; v++) {
        shs_batch batch = batch_of(v, step->salt, step->counts[v]);
        if (step->counts[v])
            fill_model(model, v, step->salt);
        else
            poison_model(model);
        added = shs_gradient_add(gradient, &batch) == SHS_OK && added;
    }
    poison_model(model); /* the mean replaces what the tensors hold */
    return added;
}

/* ---- A run. */

/* A run with a gradient of the model. */
struct scene {
    shs_run *run;
    struct model *model;
    shs_gradient *gradient;
};

static inline struct scene scene_begin(MPI_Comm comm, uint64_t vranks, uint64_t longest,
                                       shs_reduction reduction)
{
    struct scene scene = {.model = model_new(longest)};
    need(!shs_open(comm, &(shs_run_options){.vranks = vranks}, &scene.run), "shs_open");
    need(!shs_gradient_open(scene.run, scene.model->tensors, N_TENSORS,
                            &(shs_gradient_options){.reduction = reduction}, &scene.gradient),
         "shs_gradient_open");
    return scene;
}

static inline void scene_end(struct scene *scene)
{
    shs_gradient_close(&scene->gradient);
    CHECK(scene->gradient == NULL);
    shs_gradient_close(&scene->gradient);
    shs_close(&scene->run);
    model_free(scene->model);
}

/* Counts of 0 to 6 rows, as they come; at least one row. */
static inline struct step ragged_step(uint64_t vranks, uint64_t salt)
{
    struct step step = {.vranks = vranks, .salt = salt};
    for (uint64_t v = 0; v < vranks; v++)
        step.counts[v] = scramble(salt * 1000 + v) % 7;
    step.counts[vranks / 2] += step.counts[vranks / 2] == 0;
    return step;
}

static inline void mean_of_step(const struct scene *scene, const struct step *step)
{
    CHECK(add_step(scene->run, scene->gradient, scene->model, step));
    CHECK_STATUS(shs_gradient_mean(scene->gradient), SHS_OK);
    CHECK(model_is_mean(scene->model, step));
}

#endif
