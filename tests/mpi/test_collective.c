/* Sums, broadcasts and comparisons of arrays over all ranks: their bits, and what goes wrong on one
 * rank. */
#include "gathered.h"
#include "shardstep/collective.h"
#include "sums.h"

enum {
    ROWS = 3, /* elements along the axes of a matrix */
    COLUMNS = 5,
    LONG = (1 << 20) + 3, /* floats of more than one message */
    MOST_MEMBERS = 8
};

static shs_run *run_begin(uint64_t vranks, uint64_t group)
{
    shs_run *run;
    need(!shs_open(MPI_COMM_WORLD, &(shs_run_options){.vranks = vranks, .group = group}, &run),
         "shs_open");
    return run;
}

/* ---- sums */

/* The parts of a rank and the sums: a matrix of floats, a number, and a vector of doubles. */
struct arrays {
    shs_tensor parts[3];
    shs_tensor sums[3];
};

static struct arrays arrays_new(uint64_t hosted, uint64_t longest)
{
    struct arrays arrays = {
        {{"matrix", SHS_F32, 3, {hosted, ROWS, COLUMNS}, room(hosted, ROWS * COLUMNS * 4)},
         {NULL, SHS_F64, 1, {hosted}, room(hosted, 8)},
         {"longest", SHS_F64, 2, {hosted, longest}, room(hosted * longest, 8)}},
        {{"matrix", SHS_F32, 2, {ROWS, COLUMNS}, room(ROWS * COLUMNS, 4)},
         {NULL, SHS_F64, 0, {0}, room(1, 8)},
         {"longest", SHS_F64, 1, {longest}, room(longest, 8)}}};
    return arrays;
}

static void arrays_free(struct arrays *arrays)
{
    for (size_t t = 0; t < 3; t++) {
        free(arrays->parts[t].data);
        free(arrays->sums[t].data);
    }
}

static uint64_t elements_of(const shs_tensor *tensor)
{
    uint64_t elements = 1;
    for (uint32_t axis = 0; axis < tensor->axes; axis++)
        elements *= tensor->shape[axis];
    return elements;
}

/* Element i of tensor t is number 2^32 t + i of a virtual rank's values. Member m of a group has
 * the values of virtual rank v * MOST_MEMBERS + m. */
static void arrays_fill(const struct arrays *arrays, const shs_run_info *info)
{
    for (size_t t = 0; t < 3; t++) {
        uint64_t elements = elements_of(&arrays->sums[t]);
        for (uint64_t i = 0; i < info->hosted * elements; i++) {
            uint64_t v = info->first_vrank + i / elements;
            if (info->group > 1) v = v * MOST_MEMBERS + info->member;
            double value = mixed_value(v, (uint64_t)t << 32 | i % elements, 1);
            if (arrays->parts[t].type == SHS_F32)
                ((float *)arrays->parts[t].data)[i] = (float)value;
            else
                ((double *)arrays->parts[t].data)[i] = value;
        }
    }
}

/* The tree over virtual ranks [a,z), each of which is the tree over its members. */
static double tree(bool single, uint64_t number, uint64_t members, uint64_t a, uint64_t z)
{
    const struct addends of = {.salt = 1};
    if (z - a > 1) {
        double left = tree(single, number, members, a, middle(a, z));
        double right = tree(single, number, members, middle(a, z), z);
        return single ? (double)((float)left + (float)right) : left + right;
    }
    uint64_t first = members > 1 ? a * MOST_MEMBERS : a;
    if (members < 2) return single ? (double)mixed_float(a, number, 1) : mixed_value(a, number, 1);
    double sum = 0;
    /* a tree over [0, members) has the form of a tree over [8v, 8v + members) */
    if (single)
        sum = (double)tree_of_floats(&of, number, first, first + members);
    else
        sum = tree_of_doubles(&of, number, first, first + members);
    return sum;
}

static bool is_tree(const shs_tensor *sum, uint64_t t, const shs_run_info *info)
{
    bool single = sum->type == SHS_F32;
    for (uint64_t i = 0; i < elements_of(sum); i++) {
        double expected = tree(single, t << 32 | i, info->group, 0, info->vranks);
        double came =
            single ? (double)((const float *)sum->data)[i] : ((const double *)sum->data)[i];
        if (memcmp(&came, &expected, sizeof came) != 0)
            return WRONG("element %llu of tensor %llu: expected %a, came %a", (ull)i, (ull)t,
                         expected, came);
    }
    return true;
}

static void sum_in(uint64_t vranks, uint64_t group, uint64_t longest)
{
    shs_run *run = run_begin(vranks, group);
    shs_run_info info = shs_info(run);
    struct arrays arrays = arrays_new(info.hosted, longest);
    harness_where("%llu virtual ranks, groups of %llu", (ull)vranks, (ull)group);
    for (int again = 0; again < 2; again++) {
        arrays_fill(&arrays, &info);
        CHECK_STATUS(shs_sum(run, arrays.parts, 3, arrays.sums), SHS_OK);
        for (size_t t = 0; t < 3; t++)
            CHECK(is_tree(&arrays.sums[t], t, &info));
    }
    arrays_free(&arrays);
    CHECK_STATUS(shs_close(&run), SHS_OK);
}

static void test_a_sum_is_the_tree(void)
{
    uint64_t ranks = (uint64_t)all_ranks();
    for (uint64_t vranks = ranks; vranks <= 13; vranks++)
        sum_in(vranks, 0, vranks % 4);
    sum_in(ranks + 2, 0, LONG / 8);
    for (uint64_t vranks = 1; vranks < 4; vranks++)
        sum_in(vranks, ranks, 2);
}

static void test_a_sum_may_take_the_place_of_its_part(void)
{
    shs_run *run = run_begin(0, 0);
    shs_run_info info = shs_info(run);
    struct arrays arrays = arrays_new(info.hosted, 7);
    void *apart = arrays.sums[2].data;
    arrays_fill(&arrays, &info);
    arrays.sums[2].data = arrays.parts[2].data;
    CHECK_STATUS(shs_sum(run, arrays.parts, 3, arrays.sums), SHS_OK);
    for (size_t t = 0; t < 3; t++)
        CHECK(is_tree(&arrays.sums[t], t, &info));
    arrays.sums[2].data = apart;
    arrays_free(&arrays);
    shs_close(&run);
}

/* The parts of x and y lie one behind the other. On odd ranks the sum of x begins in the middle of
 * its part and ends in the middle of that of y. */
static void test_a_sum_may_lie_over_other_parts(void)
{
    enum {
        ELEMENTS = 30000
    };
    shs_run *run = run_begin(0, 0);
    uint64_t rank = (uint64_t)my_rank(), ranks = (uint64_t)all_ranks(), wrong = 0;
    double *parts = room((size_t)2 * ELEMENTS, sizeof *parts),
           *sums = room((size_t)2 * ELEMENTS, sizeof *sums);
    double *x = rank % 2 ? parts + ELEMENTS / 2 : sums, *y = sums + ELEMENTS;
    for (size_t i = 0; i < (size_t)2 * ELEMENTS; i++)
        parts[i] = (double)(i + rank);
    const shs_tensor from[] = {{"x", SHS_F64, 2, {1, ELEMENTS}, parts},
                               {"y", SHS_F64, 2, {1, ELEMENTS / 2}, parts + ELEMENTS}},
                     to[] = {{"x", SHS_F64, 1, {ELEMENTS}, x},
                             {"y", SHS_F64, 1, {ELEMENTS / 2}, y}};
    CHECK_STATUS(shs_sum(run, from, 2, to), SHS_OK);
    for (size_t i = 0; i < ELEMENTS; i++)
        wrong += x[i] != (double)(i * ranks + ranks * (ranks - 1) / 2);
    for (size_t i = 0; i < ELEMENTS / 2; i++)
        wrong += y[i] != (double)((i + ELEMENTS) * ranks + ranks * (ranks - 1) / 2);
    CHECK_EQ(wrong, 0);
    free(parts);
    free(sums);
    shs_close(&run);
}

/* A mistake of one rank in a call of shs_sum(). */
struct mistake {
    const char *words; /* of the message */
    void (*make)(struct arrays *arrays);
};

static void another_type(struct arrays *arrays)
{
    arrays->sums[0].type = SHS_F64;
}

static void no_floats(struct arrays *arrays)
{
    arrays->sums[0].type = arrays->parts[0].type = SHS_I32;
}

static void another_axis(struct arrays *arrays)
{
    arrays->parts[0].shape[0]++;
}

static void another_shape(struct arrays *arrays)
{
    arrays->parts[0].shape[1]++;
}

static void too_few_axes(struct arrays *arrays)
{
    arrays->parts[0].axes--;
}

static void too_many_axes(struct arrays *arrays)
{
    arrays->parts[0].axes = SHS_MAX_AXES + 1;
}

static void no_parts(struct arrays *arrays)
{
    arrays->parts[1].data = NULL;
}

static void no_sum(struct arrays *arrays)
{
    arrays->sums[1].data = NULL;
}

static const struct mistake mistakes[] = {
    {"tensor 0 (matrix) has parts of f32 and a sum of f64", another_type},
    {"tensor 0 (matrix) has parts of i32 and a sum of i32", no_floats},
    {"tensor 0 (matrix): the shape of its parts is not that of its sum", another_axis},
    {"tensor 0 (matrix): the shape of its parts is not that of its sum", another_shape},
    {"tensor 0 (matrix): the shape of its parts is not that of its sum", too_few_axes},
    {"tensor 0 (matrix)", too_many_axes},
    {"tensor 1 (no name) has no data for its parts", no_parts},
    {"tensor 1 (no name) has no data for its sum", no_sum},
};

static void test_mistakes_in_a_sum(void)
{
    shs_run *run = run_begin(0, 0);
    shs_run_info info = shs_info(run);
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct arrays arrays = arrays_new(info.hosted, 2), wrong = arrays;
        harness_where("mistake %zu", i);
        if (my_rank() == last_rank()) mistakes[i].make(&wrong);
        shs_status status = shs_sum(run, wrong.parts, 3, wrong.sums);
        CHECK(agreed_failure(status, SHS_ERROR_ARGUMENT, last_rank()));
        CHECK_HAS(shs_message(), "shs_sum: ");
        CHECK_HAS(shs_message(), mistakes[i].words);
        arrays_free(&arrays);
    }
    CHECK(agreed_failure(shs_sum(run, NULL, 1, NULL), SHS_ERROR_ARGUMENT, 0));
    CHECK_HAS(shs_message(), "parts is NULL");
    shs_close(&run);
}

static void test_ranks_with_other_sums(void)
{
    shs_run *run = run_begin(0, 0);
    struct arrays arrays = arrays_new(shs_info(run).hosted, my_rank() == last_rank() ? 4 : 5);
    shs_status status = shs_sum(run, arrays.parts, 3, arrays.sums);
    if (all_ranks() > 1) {
        CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, last_rank()));
        CHECK_HAS(shs_message(), "tensor 2 is longest f64 4 here and longest f64 5 on rank 0");
        status = shs_sum(run, arrays.parts, my_rank() ? 2 : 1, arrays.sums);
        CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, 1));
        CHECK_HAS(shs_message(),
                  "called shs_sum(2 tensors) where rank 0 called shs_sum(1 tensors)");
    }
    arrays_free(&arrays);
    shs_close(&run);
}

/* ---- broadcasts */

static void fill(const shs_tensor *tensor, size_t bytes, uint64_t salt)
{
    unsigned char *to = tensor->data;
    for (size_t i = 0; i < bytes; i++)
        to[i] = (unsigned char)scramble(salt ^ i);
}

static void broadcast_in(bool gathered, uint64_t longest)
{
    shs_run *run;
    need(!open_either(MPI_COMM_WORLD, gathered, NULL, &run), "a run");
    for (int type = SHS_U8; type <= SHS_F64; type++) {
        size_t bytes = shs_type_size((shs_type)type), all = longest * bytes;
        const shs_tensor tensors[] = {
            {"number", (shs_type)type, 0, {0}, room(1, bytes)},
            {"nothing", (shs_type)type, 2, {3, 0}, room(1, 1)},
            {"longest", (shs_type)type, 1, {longest}, room(longest, bytes)}};
        fill(&tensors[0], bytes, 1000 + (uint64_t)my_rank());
        fill(&tensors[2], all, 2000 + (uint64_t)my_rank());
        CHECK_STATUS(shs_broadcast(run, tensors, 3), SHS_OK);
        const shs_tensor expected = {.data = room(longest, bytes)};
        fill(&expected, bytes, 1000);
        CHECK_BYTES(tensors[0].data, expected.data, bytes);
        fill(&expected, all, 2000);
        CHECK_BYTES(tensors[2].data, expected.data, all);
        CHECK_STATUS(shs_same(run, "what was broadcast", tensors, 3), SHS_OK);
        for (size_t t = 0; t < 3; t++)
            free(tensors[t].data);
        free(expected.data);
    }
    CHECK_STATUS(shs_close(&run), SHS_OK);
}

static void test_rank_0_gives_all(void)
{
    broadcast_in(false, 7);
    broadcast_in(false, LONG / 4);
    broadcast_in(true, 1500);
}

static void test_mistakes_in_a_broadcast(void)
{
    shs_run *run = run_begin(0, 0);
    float numbers[4] = {0};
    bool wrong = my_rank() == last_rank();
    shs_tensor tensors[] = {{"a", SHS_F32, 1, {2}, numbers}, {"b", SHS_F32, 1, {2}, numbers + 2}};
    tensors[1].name = wrong ? "a" : "b";
    CHECK(agreed_failure(shs_broadcast(run, tensors, 2), SHS_ERROR_ARGUMENT, last_rank()));
    CHECK_HAS(shs_message(), "shs_broadcast: tensors 0 and 1 are both named a");
    tensors[1].name = wrong ? NULL : "b";
    CHECK(agreed_failure(shs_broadcast(run, tensors, 2), SHS_ERROR_ARGUMENT, last_rank()));
    CHECK_HAS(shs_message(), "shs_broadcast: tensor 1 (no name) needs a name of 1 to 255 bytes");
    tensors[1].name = "b";
    tensors[1].data = wrong ? NULL : numbers + 2;
    CHECK(agreed_failure(shs_broadcast(run, tensors, 2), SHS_ERROR_ARGUMENT, last_rank()));
    CHECK_HAS(shs_message(), "shs_broadcast: tensor 1 (b) has no data");
    tensors[1].data = numbers + 2;
    CHECK(agreed_failure(shs_broadcast(run, tensors, 0), SHS_ERROR_ARGUMENT, 0));
    CHECK_HAS(shs_message(), "their count is 0");
    tensors[1].name = wrong ? "c" : "b";
    tensors[1].type = wrong ? SHS_I32 : SHS_F32;
    shs_status status = shs_broadcast(run, tensors, 2);
    if (all_ranks() > 1) {
        CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, last_rank()));
        CHECK_HAS(shs_message(), "shs_broadcast: tensor 1 is c i32 2 here and b f32 2 on rank 0");
        status = shs_same(run, "weights", tensors, 2);
        CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, last_rank()));
        CHECK_HAS(shs_message(), "shs_same: tensor 1 is c i32 2 here and b f32 2 on rank 0");
        status = shs_same(run, my_rank() ? "weights" : "moments", tensors, 2);
        CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, 1));
        CHECK_HAS(shs_message(), "where rank 0 called shs_same(moments, 2 tensors)");
    }
    shs_close(&run);
}

/* ---- comparisons */

/* A model of two tensors, the same on every rank. */
struct model {
    shs_run *run;
    double *weights;
    int16_t steps[3];
    shs_tensor tensors[2];
};

enum {
    WEIGHTS = 1000
};

static struct model model_begin(bool gathered)
{
    struct model model = {.weights = room(WEIGHTS, sizeof(double)), .steps = {-1, -2, -3}};
    need(!open_either(MPI_COMM_WORLD, gathered, NULL, &model.run), "a run");
    for (uint64_t i = 0; i < WEIGHTS; i++)
        model.weights[i] = (double)i / 4;
    return model;
}

static shs_status compare(struct model *model)
{
    const shs_tensor tensors[] = {{"weights", SHS_F64, 2, {WEIGHTS / 4, 4}, model->weights},
                                  {"steps", SHS_I16, 1, {3}, model->steps}};
    return shs_same(model->run, "the state", tensors, 2);
}

static void model_end(struct model *model)
{
    CHECK_STATUS(shs_close(&model->run), SHS_OK);
    free(model->weights);
}

/* One element differs on one rank. Of two ranks rank 1 is the other one, of more ranks it is the
 * rank that stands alone. */
static void one_element_differs(bool gathered, int where, uint64_t element)
{
    struct model model = model_begin(gathered);
    char words[256];
    int named = all_ranks() == 2 ? 1 : where, like = named == 0 ? 1 : 0;
    CHECK_STATUS(compare(&model), SHS_OK);
    double before = model.weights[element], after = before + 0.125;
    if (my_rank() == where) model.weights[element] = after;
    shs_status status = compare(&model);
    harness_where("element %llu on rank %d", (ull)element, where);
    CHECK(agreed_failure(status, SHS_ERROR_DISAGREE, named));
    snprintf(words, sizeof words,
             "shs_same: the state: element %llu of tensor weights is %.17g here and %.17g on rank "
             "%d; %d of %d ranks hold what rank %d holds",
             (ull)element, named == where ? after : before, named == where ? before : after, like,
             all_ranks() == 2 ? 1 : all_ranks() - 1, all_ranks(), like);
    CHECK_HAS(shs_message(), words);
    model.weights[element] = before;
    CHECK_STATUS(compare(&model), SHS_OK);
    model_end(&model);
}

static void test_the_rank_and_the_element_are_named(void)
{
    if (all_ranks() == 1) return;
    for (int rank = 0; rank < all_ranks(); rank++)
        for (int gathered = 0; gathered < 2; gathered++) {
            one_element_differs(gathered, rank, 0);
            one_element_differs(gathered, rank, WEIGHTS - 1);
            one_element_differs(gathered, rank, scramble((uint64_t)rank) % WEIGHTS);
        }
}

static void test_the_first_tensor_and_other_bits(void)
{
    if (all_ranks() == 1) return;
    struct model model = model_begin(false);
    if (my_rank() == last_rank()) model.steps[2] = 77;
    CHECK(agreed_failure(compare(&model), SHS_ERROR_DISAGREE, last_rank()));
    CHECK_HAS(shs_message(), "element 2 of tensor steps is 77 here and -3 on rank 0");
    if (my_rank() == last_rank()) model.weights[5] = NAN, model.weights[900] = 0;
    CHECK(agreed_failure(compare(&model), SHS_ERROR_DISAGREE, last_rank()));
    CHECK_HAS(shs_message(), "element 5 of tensor weights is NaN here and 1.25 on rank 0");
    model.weights[5] = model.weights[900] = model.steps[2] = 0;
    model.weights[0] = my_rank() == last_rank() ? -0.0 : 0.0;
    CHECK(agreed_failure(compare(&model), SHS_ERROR_DISAGREE, last_rank()));
    CHECK_HAS(shs_message(),
              "is 0 (bits 8000000000000000) here and 0 (bits 0000000000000000) on rank 0;");
    static const uint64_t payloads[] = {0x7ff8000000000000, 0x7ff8000000000123};
    memcpy(&model.weights[0], &payloads[my_rank() == last_rank()], sizeof *model.weights);
    CHECK(agreed_failure(compare(&model), SHS_ERROR_DISAGREE, last_rank()));
    CHECK_HAS(shs_message(), "is NaN (bits 7ff8000000000123) here and NaN (bits 7ff8000000000000)");
    model_end(&model);
}

/* All hold something else: the first is taken for the content of most. */
static void test_all_differ(void)
{
    if (all_ranks() == 1) return;
    struct model model = model_begin(false);
    model.weights[3] = 100 + my_rank();
    CHECK(agreed_failure(compare(&model), SHS_ERROR_DISAGREE, 1));
    CHECK_HAS(shs_message(), "element 3 of tensor weights is 101 here and 100 on rank 0; 1 of");
    model_end(&model);
}

/* ---- ranks without MPI */

/* Ranks that cannot talk to each other refuse each for itself; over a function of the program only
 * sums are refused. */
static void test_ranks_without_mpi(void)
{
    if (all_ranks() == 1) return;
    double numbers[8] = {0};
    const shs_tensor tensor = {"n", SHS_F64, 0, {0}, numbers},
                     part = {"n", SHS_F64, 1, {1}, numbers + 1};
    for (int gathered = 0; gathered < 2; gathered++) {
        shs_run *run;
        need(!shs_open_ranks(my_rank(), all_ranks(), gathered ? gather_by_mpi : NULL, NULL, NULL,
                             &run),
             "shs_open_ranks");
        CHECK_STATUS(shs_sum(run, &part, 1, &tensor), SHS_ERROR_UNSUPPORTED);
        CHECK_HAS(shs_message(), "shs_sum: arrays of several ranks are added over MPI only");
        shs_status expected = gathered ? SHS_OK : SHS_ERROR_UNSUPPORTED;
        CHECK_STATUS(shs_broadcast(run, &tensor, 1), expected);
        CHECK_STATUS(shs_same(run, "n", &tensor, 1), expected);
        if (!gathered) CHECK_HAS(shs_message(), "the ranks of this run cannot talk to each other");
        CHECK_STATUS(shs_close(&run), SHS_OK);
    }
}

/* ---- memory, and a closed run */

/* What all three functions are called with while memory runs out. */
struct calls {
    shs_run *run;
    struct arrays arrays;
};

static shs_status call_all(void *user)
{
    struct calls *calls = user;
    const shs_tensor *longest = &calls->arrays.sums[2];
    shs_status status = shs_sum(calls->run, calls->arrays.parts, 3, calls->arrays.sums);
    if (!status) status = shs_broadcast(calls->run, longest, 1);
    if (!status) status = shs_same(calls->run, "longest", longest, 1);
    return status;
}

static void test_memory_that_runs_out(void)
{
    struct calls calls = {.run = run_begin((uint64_t)all_ranks() + 2, 0)};
    calls.arrays = arrays_new(shs_info(calls.run).hosted, 3);
    CHECK(survives_scarcity(last_rank(), call_all, &calls));
    arrays_free(&calls.arrays);
    shs_close(&calls.run);
}

static void test_a_run_that_others_close(void)
{
    if (all_ranks() == 1) return;
    struct calls calls = {.run = run_begin(0, 0)};
    calls.arrays = arrays_new(shs_info(calls.run).hosted, 3);
    if (my_rank() == 0) {
        CHECK_STATUS(shs_close(&calls.run), SHS_ERROR_DISAGREE);
    } else {
        const shs_tensor *longest = &calls.arrays.sums[2];
        CHECK_STATUS(shs_broadcast(calls.run, longest, 1), SHS_ERROR_DISAGREE);
        CHECK_STATUS(shs_same(calls.run, "longest", longest, 1), SHS_ERROR_STATE);
        CHECK_STATUS(shs_sum(calls.run, calls.arrays.parts, 3, calls.arrays.sums), SHS_ERROR_STATE);
        shs_close(&calls.run);
    }
    arrays_free(&calls.arrays);
}

#define TEST(name)                                                                                 \
    {                                                                                              \
#name, test_##name                                                                         \
    }

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(a_sum_is_the_tree),
        TEST(a_sum_may_take_the_place_of_its_part),
        TEST(a_sum_may_lie_over_other_parts),
        TEST(mistakes_in_a_sum),
        TEST(ranks_with_other_sums),
        TEST(rank_0_gives_all),
        TEST(mistakes_in_a_broadcast),
        TEST(the_rank_and_the_element_are_named),
        TEST(the_first_tensor_and_other_bits),
        TEST(all_differ),
        TEST(ranks_without_mpi),
        TEST(memory_that_runs_out),
        TEST(a_run_that_others_close),
    };
    return harness_main_ranks("collective", tests, sizeof tests / sizeof *tests, argc, argv);
}
