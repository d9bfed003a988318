/* The ways in which gradients come together: in memory that the ranks of a node share, by letters
 * between nodes, bucket by bucket, early or late. All give the bits of the tree. */
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

static size_t elements_of(size_t t)
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

static uint64_t rows_of(const struct step *step, uint64_t vrank)
{
    return vrank == step->empty ? 0 : 1 + vrank % 3;
}

static uint64_t all_rows(const struct step *step)
{
    uint64_t rows = 0;
    for (uint64_t vrank = 0; vrank < step->vranks; vrank++)
        rows += rows_of(step, vrank);
    return rows;
}

static uint64_t number_of(size_t t, size_t i)
{
    return (uint64_t)t << 32 | i;
}

static double value_of(const struct step *step, uint64_t vrank, uint64_t member, uint64_t number)
{
    return mixed_value(vrank * step->group + member, number, step->salt);
}

/* A part of virtual rank `vrank`, or of members [a, z) of it. */
static double members_sum(const struct step *step, bool single, uint64_t vrank, uint64_t number,
                          uint64_t a, uint64_t z)
{
    if (z - a == 1) {
        double value = rows_of(step, vrank) ? value_of(step, vrank, a, number) : 0;
        return single ? (double)(float)value : value;
    }
    double left = members_sum(step, single, vrank, number, a, middle(a, z)),
           right = members_sum(step, single, vrank, number, middle(a, z), z);
    return single ? (double)((float)left + (float)right) : left + right;
}

static double tree_sum(const struct step *step, bool single, uint64_t number, uint64_t a,
                       uint64_t z)
{
    if (z - a == 1) return members_sum(step, single, a, number, 0, step->group);
    double left = tree_sum(step, single, number, a, middle(a, z)),
           right = tree_sum(step, single, number, middle(a, z), z);
    return single ? (double)((float)left + (float)right) : left + right;
}

/* The mean of every element. It is computed once for each step that is asked for. */
static const double *mean_of(const struct step *step)
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

static int node_of(enum nodes nodes)
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
static void pretend(shs_run *run, enum nodes nodes)
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
static void pretend_no_more(shs_run *run, enum nodes nodes)
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
static struct scene scene_in(shs_run *run, struct way way)
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

static struct scene scene_begin(MPI_Comm comm, struct way way)
{
    shs_run *run;
    need(!shs_open(comm, &(shs_run_options){.vranks = way.vranks, .group = way.group}, &run),
         "shs_open");
    if (comm != MPI_COMM_NULL) pretend(run, way.nodes);
    return scene_in(run, way);
}

static void scene_end(struct scene *scene)
{
    shs_gradient_close(&scene->gradient);
    if (scene->run->transport) pretend_no_more(scene->run, scene->way.nodes);
    CHECK_STATUS(shs_close(&scene->run), SHS_OK);
    for (size_t t = 0; t < N_TENSORS && !scene->way.provide; t++)
        free(scene->data[t]);
}

static void put_element(void *data, size_t t, size_t i, double value)
{
    if (shapes[t].type == SHS_F32)
        ((float *)data)[i] = (float)value;
    else
        ((double *)data)[i] = value;
}

static double get_element(const void *data, size_t t, size_t i)
{
    return shapes[t].type == SHS_F32 ? (double)((const float *)data)[i] : ((const double *)data)[i];
}

static void fill(struct scene *scene, const struct step *step, uint64_t vrank, size_t t)
{
    for (size_t i = 0; i < elements_of(t); i++)
        put_element(scene->data[t], t, i,
                    rows_of(step, vrank)
                        ? value_of(step, vrank, shs_info(scene->run).member, number_of(t, i))
                        : (double)NAN);
}

/* The number of the tensor that is ready as the k-th, or N_TENSORS for none. */
static size_t early_tensor(enum early early, size_t k)
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

static void make_ready(struct scene *scene, const struct step *step, const shs_batch *batch)
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

static bool is_early(const struct scene *scene, size_t t)
{
    for (size_t k = 0; k < N_TENSORS; k++)
        if (early_tensor(scene->way.early, k) == t) return true;
    return false;
}

/* Adds this rank's batches of a step. */
static void add_step(struct scene *scene, const struct step *step)
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

static bool is_mean(const struct scene *scene, const struct step *step)
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
                return WRONG("%s, element %zu: expected %a, got %a", shapes[t].name, i, expected,
                             found);
        }
    return true;
}

static struct step step_of(const struct scene *scene, uint64_t salt)
{
    shs_run_info info = shs_info(scene->run);
    return (struct step){info.vranks, info.group, salt,
                         salt % 2 && info.vranks > 1 ? info.vranks / 2 : UINT64_MAX};
}

static void good_steps(struct scene *scene)
{
    for (uint64_t salt = 1; salt <= 2; salt++) {
        struct step step = step_of(scene, salt);
        add_step(scene, &step);
        CHECK_STATUS(shs_gradient_mean(scene->gradient), SHS_OK);
        CHECK(is_mean(scene, &step));
    }
}

static void note_way(struct way way)
{
    harness_where(
        "nodes %d, early %d, provide %d, borrow %d, bucket_bytes %llu, vranks %llu, group %llu, "
        "clip_norm %g",
        (int)way.nodes, (int)way.early, way.provide, way.borrow, (ull)way.bucket_bytes,
        (ull)way.vranks, (ull)way.group, way.clip_norm);
}

static void try_way(struct way way)
{
    note_way(way);
    struct scene scene = scene_begin(MPI_COMM_WORLD, way);
    good_steps(&scene);
    scene_end(&scene);
    harness_where(NULL);
}

/* ---- The bits. */

static const uint64_t bucket_sizes[] = {4096, 10000, 0, UINT64_C(1) << 40};

/* Virtual ranks, and how large the buckets are, change from way to way, so that few ways show all.
 */
static void test_every_way_gives_the_bits_of_the_tree(void)
{
    const uint64_t vranks[] = {(uint64_t)all_ranks(), 8, MOST_VRANKS};
    size_t number = 0;
    for (int nodes = 0; nodes < N_NODES; nodes++)
        for (int early = 0; early < N_EARLY; early++)
            for (int memory = 0; memory < 3; memory++, number++)
                try_way((struct way){.nodes = (enum nodes)nodes,
                                     .early = (enum early)early,
                                     .provide = memory == 1,
                                     .borrow = memory == 2,
                                     .bucket_bytes = bucket_sizes[(number + number / 4) % 4],
                                     .vranks = vranks[number % 3]});
}

static void test_groups(void)
{
    for (uint64_t group = 2; group <= (uint64_t)all_ranks(); group++) {
        if ((uint64_t)all_ranks() % group) continue;
        for (int nodes = 0; nodes < N_NODES; nodes++)
            for (int early = 0; early < N_EARLY; early += 1 + nodes % 2)
                try_way((struct way){.nodes = (enum nodes)nodes,
                                     .early = (enum early)early,
                                     .provide = early % 2,
                                     .borrow = early > 1,
                                     .bucket_bytes = bucket_sizes[early],
                                     .vranks = (uint64_t)all_ranks() / group + (uint64_t)nodes,
                                     .group = group});
    }
}

static void test_one_rank_without_mpi(void)
{
    for (int memory = 0; memory < 6; memory++) {
        struct way way = {.provide = memory % 3 == 1,
                          .borrow = memory % 3 == 2,
                          .early = BACKWARDS,
                          .vranks = 1 + 7 * (memory > 2)};
        struct scene scene = scene_begin(MPI_COMM_NULL, way);
        good_steps(&scene);
        scene_end(&scene);
    }
}

/* Small whole numbers, whose sums are exact in any order. */
static void test_fast_in_memory_of_its_own(void)
{
    for (uint64_t hosted = 1; hosted <= 2; hosted++) {
        struct way way = {.provide = true, .fast = true, .vranks = hosted * (uint64_t)all_ranks()};
        struct scene scene = scene_begin(MPI_COMM_WORLD, way);
        uint64_t first = shs_info(scene.run).first_vrank, wrong = 0;
        for (uint64_t v = first; v < first + hosted; v++) {
            const shs_batch batch = {.vrank = v, .count = 1};
            for (size_t t = 0; t < N_TENSORS; t++)
                for (size_t i = 0; i < elements_of(t); i++)
                    put_element(scene.data[t], t, i, (double)(i % 1000 * way.vranks));
            if (v + 1 == first + hosted)
                CHECK_STATUS(shs_gradient_ready(scene.gradient, &batch, 2), SHS_OK);
            CHECK_STATUS(shs_gradient_add(scene.gradient, &batch), SHS_OK);
        }
        CHECK_STATUS(shs_gradient_mean(scene.gradient), SHS_OK);
        for (size_t t = 0; t < N_TENSORS; t++)
            for (size_t i = 0; i < elements_of(t); i++)
                wrong += get_element(scene.data[t], t, i) != (double)(i % 1000 * way.vranks);
        CHECK_EQ(wrong, 0);
        scene_end(&scene);
    }
}

/* A slice is longer than a message between nodes may be. */
static void sum_of_long_slices(enum nodes nodes, const shs_gradient_options *options)
{
    enum {
        LONG = 150000
    };
    uint64_t ranks = (uint64_t)all_ranks(), rank = (uint64_t)my_rank(), wrong = 0;
    shs_run *run;
    shs_gradient *gradient;
    need(!shs_open(MPI_COMM_WORLD, NULL, &run), "shs_open");
    pretend(run, nodes);
    shs_tensor tensor = {.type = SHS_F32, .axes = 1, .shape = {LONG}};
    tensor.data = room(LONG, sizeof(float));
    need(!shs_gradient_open(run, &tensor, 1, options, &gradient), "shs_gradient_open");
    for (uint64_t step = 0; step < 2; step++) {
        const shs_batch batch = {.vrank = rank, .step = step, .rows = 1, .count = 1};
        float *floats = tensor.data;
        for (size_t i = 0; i < LONG; i++)
            floats[i] = (float)((i % 1000 + rank + step) * ranks);
        CHECK_STATUS(shs_gradient_add(gradient, &batch), SHS_OK);
        CHECK_STATUS(shs_gradient_mean(gradient), SHS_OK);
        for (size_t i = 0; i < LONG; i++)
            wrong += floats[i] != (float)((i % 1000 + step) * ranks + ranks * (ranks - 1) / 2);
    }
    CHECK_EQ(wrong, 0);
    shs_gradient_close(&gradient);
    pretend_no_more(run, nodes);
    CHECK_STATUS(shs_close(&run), SHS_OK);
    free(tensor.data);
}

static void test_long_slices(void)
{
    for (int nodes = 0; nodes < N_NODES; nodes++) {
        sum_of_long_slices((enum nodes)nodes, &(shs_gradient_options){.borrow = true});
        sum_of_long_slices((enum nodes)nodes,
                           &(shs_gradient_options){.bucket_bytes = bucket_sizes[3]});
    }
}

/* ---- The norm. */

static double norm_in(MPI_Comm comm, struct way way)
{
    note_way(way);
    struct scene scene = scene_begin(comm, way);
    good_steps(&scene);
    double norm = shs_gradient_norm(scene.gradient);
    scene_end(&scene);
    harness_where(NULL);
    return norm;
}

/* The norm of step 2, in another order and with more digits. */
static double norm_of(uint64_t vranks)
{
    const struct step step = {vranks, 1, 2, UINT64_MAX};
    const double *mean = mean_of(&step);
    long double squares = 0;
    for (size_t t = N_TENSORS; t-- > 0;)
        for (size_t i = elements_of(t); i-- > 0;)
            squares += (long double)mean[t * ELEMENTS + i] * (long double)mean[t * ELEMENTS + i];
    return (double)sqrtl(squares);
}

static void test_the_norm_is_the_same_everywhere(void)
{
    struct way way = {.vranks = MOST_VRANKS, .clip_norm = 1};
    double alone = norm_in(MPI_COMM_NULL, way), expected = norm_of(MOST_VRANKS);
    CHECK(fabs(alone - expected) <= 1e-13 * expected);
    for (int nodes = 0; nodes < N_NODES; nodes++) {
        way.nodes = (enum nodes)nodes;
        way.provide = nodes % 2;
        way.bucket_bytes = bucket_sizes[nodes];
        way.clip_norm = nodes ? expected * 2 : 1e-3; /* larger than the norm: nothing is clipped */
        CHECK_EQ(norm_in(MPI_COMM_WORLD, way), alone);
    }
    way.clip_norm = 0;
    CHECK_EQ(norm_in(MPI_COMM_WORLD, way), alone);
}

/* ---- Errors. */

/* Local. An error of this rank alone, with these words. */
static bool told_here(shs_status status, shs_status expected, const char *words)
{
    return CHECK_STATUS(status, expected) && !shs_message_is_agreed() && message_has(words);
}

static void test_tensors_that_are_not_ready(void)
{
    struct scene scene =
        scene_begin(MPI_COMM_WORLD, (struct way){.vranks = 2 * (uint64_t)all_ranks()});
    uint64_t first = shs_info(scene.run).first_vrank;
    const shs_batch one = {.vrank = first, .count = 1}, two = {.vrank = first + 1, .count = 1},
                    other = {.vrank = first + 1, .count = 2};
    shs_gradient *gradient = scene.gradient;
    CHECK(told_here(shs_gradient_ready(gradient, &one, 0), SHS_ERROR_STATE,
                    "is not this rank's last one of the step"));
    CHECK_STATUS(shs_gradient_add(gradient, &one), SHS_OK);
    CHECK(
        told_here(shs_gradient_ready(gradient, &one, 0), SHS_ERROR_STATE, "give each batch once"));
    CHECK(told_here(shs_gradient_ready(gradient, &two, N_TENSORS), SHS_ERROR_ARGUMENT,
                    "tensor 6 is none of the 6 tensors"));
    CHECK_STATUS(shs_gradient_ready(gradient, &two, 5), SHS_OK);
    CHECK(told_here(shs_gradient_ready(gradient, &two, 5), SHS_ERROR_STATE,
                    "tensor 5 was ready before"));
    CHECK(
        told_here(shs_gradient_ready(gradient, &other, 3), SHS_ERROR_STATE, "give the same batch"));
    CHECK(told_here(shs_gradient_add(gradient, &other), SHS_ERROR_STATE, "give the same batch"));
    CHECK_STATUS(shs_gradient_add(gradient, &two), SHS_OK);
    CHECK_STATUS(shs_gradient_mean(gradient), SHS_OK);
    good_steps(&scene);
    scene_end(&scene);
}

/* One rank makes another call where the others take the mean, whose exchange has begun. */
static void unlike_calls(enum nodes nodes, enum early early, bool adds)
{
    struct way way = {.nodes = nodes, .early = early, .vranks = 8, .bucket_bytes = 4096};
    note_way(way);
    struct scene scene = scene_begin(MPI_COMM_WORLD, way);
    struct step step = step_of(&scene, 1);
    bool odd = my_rank() == last_rank();
    if (adds || !odd) add_step(&scene, &step);
    shs_status status = odd ? shs_agree(scene.run) : shs_gradient_mean(scene.gradient);
    CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, last_rank()));
    CHECK_HAS(shs_message(), "shs_gradient_mean");
    CHECK_STATUS(shs_agree(scene.run), SHS_OK);
    good_steps(&scene);
    scene_end(&scene);
    harness_where(NULL);
}

static void test_another_call_in_the_place_of_the_mean(void)
{
    if (all_ranks() == 1) return;
    for (int nodes = 0; nodes < N_NODES; nodes++) {
        unlike_calls((enum nodes)nodes, BACKWARDS, true);
        unlike_calls((enum nodes)nodes, OTHER_ON_EACH_RANK, false);
        unlike_calls((enum nodes)nodes, NONE, false);
    }
}

/* A loading error of one rank, or no rows at all, after the exchange has begun. */
static void failing_step(enum nodes nodes, bool loading)
{
    struct way way = {.nodes = nodes,
                      .early = OTHER_ON_EACH_RANK,
                      .vranks = MOST_VRANKS,
                      .provide = !loading,
                      .bucket_bytes = 4096};
    note_way(way);
    struct scene scene = scene_begin(MPI_COMM_WORLD, way);
    struct step step = step_of(&scene, 2);
    struct mpi_member member = {0}; /* a loader */
    mpi_member_begin(scene.run, &member, 1000);
    add_step(&scene, &step);
    if (my_rank() == last_rank() && loading)
        mpi_member_fail(scene.run, &member, core_fail(SHS_ERROR_FORMAT, "chunk 3 is damaged"));
    if (loading)
        CHECK(agreed_failure(shs_gradient_mean(scene.gradient), SHS_ERROR_FORMAT, last_rank()));
    else
        CHECK_STATUS(shs_gradient_mean(scene.gradient), SHS_OK);
    mpi_member_end(scene.run, &member);
    good_steps(&scene);
    scene_end(&scene);
    harness_where(NULL);
}

static void test_a_step_that_fails_after_it_has_begun(void)
{
    for (int nodes = 0; nodes < N_NODES; nodes++) {
        failing_step((enum nodes)nodes, true);
        failing_step((enum nodes)nodes, false);
    }
}

/* A program that stops after some tensors were ready: letters are under way that nobody awaits. */
static void leave(enum nodes nodes, bool again)
{
    struct way way = {.nodes = nodes, .early = BACKWARDS, .vranks = 8, .bucket_bytes = 4096};
    struct scene scene = scene_begin(MPI_COMM_WORLD, way);
    struct step step = step_of(&scene, 1);
    if (my_rank() != last_rank()) add_step(&scene, &step);
    if (again) {
        shs_tensor small = {"small", SHS_F32, 1, {5}, room(5, sizeof(float))};
        shs_gradient *other;
        shs_gradient_close(&scene.gradient);
        CHECK_STATUS(shs_gradient_open(scene.run, &small, 1, NULL, &other), SHS_OK);
        shs_gradient_close(&other);
        free(small.data);
    }
    scene_end(&scene);
}

static void test_leaving_when_the_exchange_has_begun(void)
{
    for (int nodes = 0; nodes < N_NODES; nodes++) {
        leave((enum nodes)nodes, false);
        leave((enum nodes)nodes, true);
    }
}

/* Two objects whose steps are under way at the same time. The ranks begin them in other orders. One
 * is closed before its mean is taken. */
static void two_at_once(enum nodes nodes)
{
    struct way way = {
        .nodes = nodes, .early = BACKWARDS, .vranks = MOST_VRANKS, .bucket_bytes = 4096};
    note_way(way);
    struct scene one = scene_begin(MPI_COMM_WORLD, way);
    way.provide = true;
    way.bucket_bytes = 10000;
    struct scene other = scene_in(one.run, way);
    for (uint64_t salt = 1; salt <= 3; salt++) {
        struct step step = step_of(&one, salt), other_step = step_of(&other, salt + 1);
        if (my_rank() % 2) add_step(&other, &other_step);
        add_step(&one, &step);
        if (my_rank() % 2 == 0) add_step(&other, &other_step);
        if (salt == 3) shs_gradient_close(&other.gradient);
        CHECK_STATUS(shs_gradient_mean(one.gradient), SHS_OK);
        CHECK(is_mean(&one, &step));
        if (salt == 3) break;
        CHECK_STATUS(shs_gradient_mean(other.gradient), SHS_OK);
        CHECK(is_mean(&other, &other_step));
    }
    good_steps(&one);
    scene_end(&one);
    harness_where(NULL);
}

static void test_two_objects_at_once(void)
{
    for (int nodes = 0; nodes < N_NODES; nodes++)
        two_at_once((enum nodes)nodes);
}

/* A run that this rank has closed, or that is over because another rank has. */
static void ready_too_late(enum nodes nodes, bool all_close)
{
    struct way way = {.nodes = nodes, .early = NONE, .vranks = (uint64_t)all_ranks()};
    note_way(way);
    struct scene scene = scene_begin(MPI_COMM_WORLD, way);
    shs_run *run = scene.run;
    const shs_batch batch = {.vrank = (uint64_t)my_rank(), .count = 1};
    bool closes = all_close || my_rank() == last_rank();
    pretend_no_more(run, nodes);
    shs_status status = closes ? shs_close(&scene.run) : shs_agree(run);
    CHECK_STATUS(status, all_close ? SHS_OK : SHS_ERROR_DISAGREE);
    CHECK(told_here(shs_gradient_ready(scene.gradient, &batch, 5), SHS_ERROR_STATE,
                    closes ? "the run is closed" : "the run is over"));
    shs_gradient_close(&scene.gradient);
    shs_close(&scene.run);
    for (size_t t = 0; t < N_TENSORS; t++)
        free(scene.data[t]);
    harness_where(NULL);
}

static void test_ready_in_a_run_that_is_over(void)
{
    for (int nodes = 0; nodes < N_NODES; nodes++)
        for (int all = all_ranks() == 1; all < 2; all++)
            ready_too_late((enum nodes)nodes, all);
}

static void refuse(const shs_tensor *tensor, shs_gradient_options options, const char *words)
{
    shs_run *run;
    shs_gradient *gradient;
    need(!shs_open(MPI_COMM_WORLD, NULL, &run), "shs_open");
    shs_status status = shs_gradient_open(run, tensor, 1, &options, &gradient);
    CHECK(agreed_failure(status, SHS_ERROR_ARGUMENT, 0));
    CHECK_HAS(shs_message(), words);
    shs_close(&run);
}

static void test_options_that_are_refused(void)
{
    float numbers[5] = {0};
    const shs_tensor tensor = {"numbers", SHS_F32, 1, {5}, numbers};
    refuse(&tensor, (shs_gradient_options){.bucket_bytes = 4095}, "bucket_bytes is 4095");
    refuse(&tensor, (shs_gradient_options){.clip_norm = -1}, "clip_norm is -1");
    refuse(&tensor, (shs_gradient_options){.clip_norm = (double)NAN}, "clip_norm is");
    refuse(&tensor, (shs_gradient_options){.provide = true}, "leave its data NULL");
}

static void test_options_must_be_alike(void)
{
    if (all_ranks() == 1) return;
    float numbers[5] = {0};
    const shs_tensor tensor = {"numbers", SHS_F32, 1, {5}, numbers};
    const shs_gradient_options others[] = {{.bucket_bytes = 8192}, {.clip_norm = 2}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        shs_run *run;
        shs_gradient *gradient;
        need(!shs_open(MPI_COMM_WORLD, NULL, &run), "shs_open");
        bool odd = my_rank() == last_rank();
        shs_status status = shs_gradient_open(run, &tensor, 1, odd ? &others[i] : NULL, &gradient);
        CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, last_rank()));
        shs_close(&run);
    }
}

static void test_provided_memory(void)
{
    struct scene scene = scene_begin(MPI_COMM_WORLD, (struct way){.provide = true});
    for (size_t t = 0; t < N_TENSORS; t++)
        for (size_t i = 0; i < elements_of(t); i++)
            CHECK_EQ(get_element(scene.data[t], t, i), 0);
    const shs_tensor *longest = shs_gradient_tensor(scene.gradient, 3);
    CHECK_EQ(longest->type, SHS_F32);
    CHECK_EQ(longest->shape[0], ELEMENTS);
    CHECK(shs_gradient_tensor(scene.gradient, N_TENSORS) == NULL);
    scene_end(&scene);
}

static shs_status open_and_close(void *user)
{
    shs_gradient *gradient;
    shs_status status =
        shs_gradient_open(user, shapes, N_TENSORS,
                          &(shs_gradient_options){.provide = true, .clip_norm = 1}, &gradient);
    shs_gradient_close(&gradient);
    return status;
}

static void test_memory_runs_out_in_open(void)
{
    for (int nodes = 0; nodes < N_NODES; nodes++) {
        shs_run *run;
        need(!shs_open(MPI_COMM_WORLD, &(shs_run_options){.vranks = MOST_VRANKS}, &run),
             "shs_open");
        pretend(run, (enum nodes)nodes);
        CHECK(survives_scarcity(last_rank(), open_and_close, run));
        pretend_no_more(run, (enum nodes)nodes);
        shs_close(&run);
    }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"every way gives the bits of the tree", test_every_way_gives_the_bits_of_the_tree},
        {"groups", test_groups},
        {"one rank without MPI", test_one_rank_without_mpi},
        {"fast in memory of its own", test_fast_in_memory_of_its_own},
        {"the norm is the same everywhere", test_the_norm_is_the_same_everywhere},
        {"tensors that are not ready", test_tensors_that_are_not_ready},
        {"another call in the place of the mean", test_another_call_in_the_place_of_the_mean},
        {"a step that fails after it has begun", test_a_step_that_fails_after_it_has_begun},
        {"leaving when the exchange has begun", test_leaving_when_the_exchange_has_begun},
        {"two objects at once", test_two_objects_at_once},
        {"ready in a run that is over", test_ready_in_a_run_that_is_over},
        {"options that are refused", test_options_that_are_refused},
        {"options must be alike", test_options_must_be_alike},
        {"provided memory", test_provided_memory},
        {"slices longer than a message", test_long_slices},
        {"memory runs out in open", test_memory_runs_out_in_open},
    };
    return harness_main_ranks("buckets", tests, sizeof tests / sizeof *tests, argc, argv);
}
