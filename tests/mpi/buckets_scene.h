/* Ways in which gradients come together, and the mean that each of them must give by the
 * definition. */
#ifndef BUCKETS_SCENE_H
#define BUCKETS_SCENE_H

#include "mpi_link.h"
#include "mpi_run.h"
#include "shardstep/gradient.h"
#include "shardstep/mpi.h"
#include "sums.h"

enum {
    N_TENSORS = 6,
    ELEMENTS = 4000, /* of the longest tensor */
    MOST_VRANKS = 12
};

static const shs_tensor shapes[N_TENSORS] = {
    {"first", SHS_F32, 2, {30, 50}, NULL}, {"pairs", SHS_F64, 1, {700}, NULL},
    {"number", SHS_F32, 0, {0}, NULL},     {"longest", SHS_F32, 1, {ELEMENTS}, NULL},
    {"none", SHS_F64, 2, {3, 0}, NULL},    {"last", SHS_F64, 1, {1200}, NULL},
};

static inline size_t elements_of(size_t t)
{
    size_t elements = 1;
    for (uint32_t axis = 0; axis < shapes[t].axes; axis++)
        elements *= (size_t)shapes[t].shape[axis];
    return elements;
}

/* ---- The definition. */

/* What is added in a step: virtual rank v has 1 + v % 3 rows, and none if it is `empty`. */
struct step {
    uint64_t vranks, group, salt, empty;
};

static inline uint64_t rows_of(const struct step *step, uint64_t vrank)
{
    return vrank == step->empty ? 0 : 1 + vrank % 3;
}

static inline uint64_t all_rows(const struct step *step)
{
    uint64_t rows = 0;
    for (uint64_t vrank = 0; vrank < step->vranks; vrank++)
        rows += rows_of(step, vrank);
    return rows;
}

static inline uint64_t number_of(size_t t, size_t i)
{
    return (uint64_t)t << 32 | i;
}

static inline double value_of(const struct step *step, uint64_t vrank, uint64_t member,
                              uint64_t number)
{
    return mixed_value(vrank * step->group + member, number, step->salt);
}

/* A part of virtual rank `vrank`, or of members [a, z) of it. */
static inline double members_sum(const struct step *step, bool single, uint64_t vrank,
                                 uint64_t number, uint64_t a, uint64_t z)
{
    if (z - a == 1) {
        double value = rows_of(step, vrank) ? value_of(step, vrank, a, number) : 0;
        return single ? (double)(float)value : value;
    }
    double left = members_sum(step, single, vrank, number, a, middle(a, z)),
           right = members_sum(step, single, vrank, number, middle(a, z), z);
    return single ? (double)((float)left + (float)right) : left + right;
}

static inline double tree_sum(const struct step *step, bool single, uint64_t number, uint64_t a,
                              uint64_t z)
{
    if (z - a == 1) return members_sum(step, single, a, number, 0, step->group);
    double left = tree_sum(step, single, number, a, middle(a, z)),
           right = tree_sum(step, single, number, middle(a, z), z);
    return single ? (double)((float)left + (float)right) : left + right;
}

/* The mean of every element. It is computed once for each step that is asked for. */
static inline const double *mean_of(const struct step *step)
{
    enum {
        KEPT = 64
    };
    static struct {
        struct step step;
        double *mean;
    } kept[KEPT];
    size_t k = 0;
    while (k < KEPT && kept[k].mean && memcmp(&kept[k].step, step, sizeof *step) != 0)
        k++;
    need(k < KEPT, "room for another step");
    if (kept[k].mean) return kept[k].mean;
    kept[k].step = *step;
    kept[k].mean = room((size_t)N_TENSORS * ELEMENTS, sizeof(double));
    for (size_t t = 0; t < N_TENSORS; t++)
        for (size_t i = 0; i < elements_of(t); i++) {
            bool single = shapes[t].type == SHS_F32;
            double sum = tree_sum(step, single, number_of(t, i), 0, step->vranks);
            double rows = (double)all_rows(step);
            kept[k].mean[t * ELEMENTS + i] =
                single ? (double)((float)sum / (float)rows) : sum / rows;
        }
    return kept[k].mean;
}

/* ---- Ways. */

/* What nodes a run has. The ranks of this machine can be told to take themselves for several. */
enum nodes {
    ONE_NODE,
    TWO_NODES,    /* of neighbouring ranks */
    ODD_AND_EVEN, /* two nodes whose ranks alternate */
    RANKS_BY_THEMSELVES,
    N_NODES
};

/* Which tensors are told to be ready before the others. */
enum early {
    NONE,
    BACKWARDS, /* all, from the last to the first */
    FORWARDS,
    OTHER_ON_EACH_RANK, /* some of them, in an order of each rank's own; rank 0: none */
    N_EARLY
};

struct way {
    enum nodes nodes;
    enum early early;
    bool provide, borrow;
    uint64_t bucket_bytes;
    uint64_t vranks, group;
    double clip_norm;
    bool fast;
};

static inline int node_of(enum nodes nodes)
{
    switch (nodes) {
    case TWO_NODES:
        return my_rank() >= (all_ranks() + 1) / 2;
    case ODD_AND_EVEN:
        return my_rank() % 2;
    case RANKS_BY_THEMSELVES:
        return my_rank();
    default:
        return 0;
    }
}

/* The node that the run has found. */
static struct {
    MPI_Comm comm;
    int rank, ranks;
} true_node;

/* Collective. Has the run believe that its ranks are on these nodes. */
static inline void pretend(shs_run *run, enum nodes nodes)
{
    struct mpi_link *link = mpi_link_of(run->transport);
    if (nodes == ONE_NODE) return;
    true_node.comm = link->node;
    true_node.rank = run->windows.node_rank;
    true_node.ranks = run->windows.node_ranks;
    MPI_Comm_split(link->comm, node_of(nodes), my_rank(), &link->node);
    MPI_Comm_set_errhandler(link->node, MPI_ERRORS_RETURN);
    MPI_Comm_rank(link->node, &run->windows.node_rank);
    MPI_Comm_size(link->node, &run->windows.node_ranks);
}

/* Collective. Puts the true node back, before the run is closed. */
static inline void pretend_no_more(shs_run *run, enum nodes nodes)
{
    struct mpi_link *link = mpi_link_of(run->transport);
    if (nodes == ONE_NODE) return;
    MPI_Comm_free(&link->node);
    link->node = true_node.comm;
    run->windows.node_rank = true_node.rank;
    run->windows.node_ranks = true_node.ranks;
}

struct scene {
    struct way way;
    shs_run *run;
    shs_gradient *gradient;
    void *data[N_TENSORS];
};

/* Collective. Opens a gradient object in a run. */
static inline struct scene scene_in(shs_run *run, struct way way)
{
    struct scene scene = {.way = way, .run = run};
    shs_tensor tensors[N_TENSORS];
    memcpy(tensors, shapes, sizeof shapes);
    for (size_t t = 0; t < N_TENSORS && !way.provide; t++)
        tensors[t].data = room(elements_of(t), sizeof(double));
    const shs_gradient_options options = {.reduction = way.fast ? SHS_REDUCTION_FAST
                                                                : SHS_REDUCTION_REPRODUCIBLE,
                                          .bucket_bytes = way.bucket_bytes,
                                          .clip_norm = way.clip_norm,
                                          .provide = way.provide,
                                          .borrow = way.borrow};
    need(!shs_gradient_open(scene.run, tensors, N_TENSORS, &options, &scene.gradient),
         "shs_gradient_open");
    for (size_t t = 0; t < N_TENSORS; t++)
        scene.data[t] = shs_gradient_tensor(scene.gradient, t)->data;
    return scene;
}

/* Every failure until the end of the scene has these words. */
static inline void note_way(struct way way)
{
    harness_where(
        "nodes %d, early %d, provide %d, borrow %d, bucket_bytes %llu, vranks %llu, group %llu, "
        "clip_norm %g",
        (int)way.nodes, (int)way.early, way.provide, way.borrow, (ull)way.bucket_bytes,
        (ull)way.vranks, (ull)way.group, way.clip_norm);
}

static inline struct scene scene_begin(MPI_Comm comm, struct way way)
{
    shs_run *run;
    note_way(way);
    need(!shs_open(comm, &(shs_run_options){.vranks = way.vranks, .group = way.group}, &run),
         "shs_open");
    if (comm != MPI_COMM_NULL) pretend(run, way.nodes);
    return scene_in(run, way);
}

static inline void scene_end(struct scene *scene)
{
    shs_gradient_close(&scene->gradient);
    if (scene->run->transport) pretend_no_more(scene->run, scene->way.nodes);
    CHECK_STATUS(shs_close(&scene->run), SHS_OK);
    for (size_t t = 0; t < N_TENSORS && !scene->way.provide; t++)
        free(scene->data[t]);
    harness_where(NULL);
}

static inline void put_element(void *data, size_t t, size_t i, double value)
{
    if (shapes[t].type == SHS_F32)
        ((float *)data)[i] = (float)value;
    else
        ((double *)data)[i] = value;
}

static inline double get_element(const void *data, size_t t, size_t i)
{
    return shapes[t].type == SHS_F32 ? (double)((const float *)data)[i] : ((const double *)data)[i];
}

static inline void fill(struct scene *scene, const struct step *step, uint64_t vrank, size_t t)
{
    for (size_t i = 0; i < elements_of(t); i++)
        put_element(scene->data[t], t, i,
                    rows_of(step, vrank)
                        ? value_of(step, vrank, shs_info(scene->run).member, number_of(t, i))
                        : (double)NAN);
}

/* The number of the tensor that is ready as the k-th, or N_TENSORS for none. */
static inline size_t early_tensor(enum early early, size_t k)
{
    size_t rank = (size_t)my_rank();
    switch (early) {
    case BACKWARDS:
        return N_TENSORS - 1 - k;
    case FORWARDS:
        return k;
    case OTHER_ON_EACH_RANK:
        if (rank == 0 || k >= 2 + rank % N_TENSORS) return N_TENSORS;
        return (5 * k + rank) % N_TENSORS;
    default:
        return N_TENSORS;
    }
}

static inline void make_ready(struct scene *scene, const struct step *step, const shs_batch *batch)
{
    for (size_t k = 0; k < N_TENSORS; k++) {
        size_t t = early_tensor(scene->way.early, k);
        if (t == N_TENSORS) continue;
        fill(scene, step, batch->vrank, t);
        CHECK_STATUS(shs_gradient_ready(scene->gradient, batch, t), SHS_OK);
        if (scene->way.provide || scene->way.borrow) continue;
        for (size_t i = 0; i < elements_of(t); i++) /* it was taken already */
            put_element(scene->data[t], t, i, 12345);
    }
}

static inline bool is_early(const struct scene *scene, size_t t)
{
    for (size_t k = 0; k < N_TENSORS; k++)
        if (early_tensor(scene->way.early, k) == t) return true;
    return false;
}

/* Adds this rank's batches of a step. */
static inline void add_step(struct scene *scene, const struct step *step)
{
    shs_run_info info = shs_info(scene->run);
    for (uint64_t v = info.first_vrank; v < info.first_vrank + info.hosted; v++) {
        const shs_batch batch = {.vrank = v, .step = step->salt, .count = rows_of(step, v)};
        bool last = v + 1 == info.first_vrank + info.hosted;
        if (last) make_ready(scene, step, &batch);
        for (size_t t = 0; t < N_TENSORS; t++)
            if (!last || !is_early(scene, t)) fill(scene, step, v, t);
        CHECK_STATUS(shs_gradient_add(scene->gradient, &batch), SHS_OK);
    }
}

static inline bool is_mean(const struct scene *scene, const struct step *step)
{
    const double *mean = mean_of(step);
    double norm = shs_gradient_norm(scene->gradient), limit = scene->way.clip_norm;
    double factor = limit > 0 && norm > limit ? limit / norm : 1;
    for (size_t t = 0; t < N_TENSORS; t++)
        for (size_t i = 0; i < elements_of(t); i++) {
            double expected = mean[t * ELEMENTS + i] * factor,
                   found = get_element(scene->data[t], t, i);
            if (shapes[t].type == SHS_F32) expected = (double)(float)expected;
            if (memcmp(&expected, &found, sizeof found) != 0)
                return WRONG("expected %a; came %a; tensor %s, element %zu", expected, found,
                             shapes[t].name, i);
        }
    return true;
}

static inline struct step step_of(const struct scene *scene, uint64_t salt)
{
    shs_run_info info = shs_info(scene->run);
    return (struct step){info.vranks, info.group, salt,
                         salt % 2 && info.vranks > 1 ? info.vranks / 2 : UINT64_MAX};
}

static inline void good_steps(struct scene *scene)
{
    for (uint64_t salt = 1; salt <= 2; salt++) {
        struct step step = step_of(scene, salt);
        add_step(scene, &step);
        CHECK_STATUS(shs_gradient_mean(scene->gradient), SHS_OK);
        CHECK(is_mean(scene, &step));
    }
}

static inline void try_way(struct way way)
{
    struct scene scene = scene_begin(MPI_COMM_WORLD, way);
    good_steps(&scene);
    scene_end(&scene);
}

static const uint64_t bucket_sizes[] = {4096, 10000, 0, UINT64_C(1) << 40};

#endif
