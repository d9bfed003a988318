#include "augment_pass.h"

#include "augment_axes.h"
#include "grid_linear.h"

/* ---- Samples with fewer rows. */

static uint64_t all_rows(const struct augment_bound *bound)
{
    return bound->before.axes ? bound->before.shape[0] : 1;
}

const struct augment_bound *augment_shorten(const struct augment_bound *bound, uint64_t rows,
                                            struct augment_bound *room)
{
    uint64_t all = all_rows(bound);
    if (rows >= all) return bound;
    *room = *bound;
    room->before.shape[0] = room->after.shape[0] = rows;
    room->elements = bound->elements / (size_t)all * (size_t)rows;
    if (room->grid.is_bound) augment_measure_grid(&room->before, &room->grid);
    return room;
}

void augment_clear_rest(const struct augment_bound *bound, uint64_t rows, void *output)
{
    uint64_t all = all_rows(bound);
    if (rows >= all) return;
    size_t bytes = shs_type_size(bound->after.type);
    for (uint32_t axis = 1; axis < bound->after.axes; axis++)
        bytes *= (size_t)bound->after.shape[axis];
    memset((char *)output + (size_t)rows * bytes, 0, (size_t)(all - rows) * bytes);
}

/* ---- Operators that are put off. */

/* Returns true if moves only change the order of elements or leave some of them out, and channels
 * stay in their order. Zeros from beyond a sample are not what a map makes of zeros. `channel` is
 * the axis of the channels, -1 if there is none. It becomes their axis behind the moves. */
static bool only_turns(const struct grid_view *view, int *channel)
{
    int before = *channel, behind = before;
    for (uint32_t axis = 0; axis < view->axes; axis++) {
        const struct grid_way *way = &view->way[axis];
        if (way->table || way->count != way->size) return false;
        if ((int)way->axis != before) continue;
        if (way->step < 0 || way->size != view->shape[way->axis]) return false;
        behind = (int)axis;
    }
    *channel = behind;
    return true;
}

/* Begins to move behind a run, if the run is a linear map. */
static bool begin_turn(struct augment_pass *pass, int64_t *numbers, size_t n_numbers)
{
    struct grid_linear linear;
    const struct augment_pass_run *run = &pass->run[0];
    if (pass->n_runs > 1) return false;
    if (pass->turned) return true;
    if (!run->kind->linear || !run->kind->linear(run->bound, &linear)) return false;
    pass->channel =
        linear.channels > 1 ? augment_axis_of(run->bound->grid.layout, 'c') : GRID_NO_ELEMENT;
    if (!pass->n_moves) grid_view_begin(&run->bound->before, numbers, n_numbers, &pass->view);
    return true;
}

/* Adds a move behind a run. */
static bool add_turn(struct augment_pass *pass, const struct augment_kind *kind,
                     const struct augment_bound *bound, const void *draw, int64_t *numbers,
                     size_t n_numbers)
{
    struct grid_view alone;
    if (!begin_turn(pass, numbers, n_numbers)) return false;
    grid_view_begin(&bound->before, pass->view.free, pass->view.n_free, &alone);
    kind->move(bound, draw, &alone);
    if (!only_turns(&alone, &pass->channel)) return false;
    kind->move(bound, draw, &pass->view);
    pass->turned = true;
    pass->last = bound;
    pass->n_moves++;
    return true;
}

/* The bound of the first run for elements in the order behind all moves. */
static void turn_bound(const struct augment_pass *pass, struct augment_bound *bound)
{
    *bound = *pass->run[0].bound;
    bound->elements = bound->grid.channel_inner = 1;
    for (uint32_t axis = 0; axis < pass->view.axes; axis++) {
        bound->elements *= pass->view.way[axis].size;
        if ((int)axis > pass->channel) bound->grid.channel_inner *= pass->view.way[axis].size;
    }
}

bool augment_pass_add(struct augment_pass *pass, const struct augment_kind *kind,
                      const struct augment_bound *bound, const void *draw, uint64_t rows,
                      int64_t *numbers, size_t n_numbers)
{
    if (kind->run && pass->n_runs == AUGMENT_PASS_RUNS) return false;
    if (kind->move && pass->n_runs)
        return rows >= all_rows(pass->first) &&
               add_turn(pass, kind, bound, draw, numbers, n_numbers);
    if (!pass->n_moves && !pass->n_runs) pass->first = bound;
    pass->last = bound;
    if (kind->run) {
        pass->run[pass->n_runs++] = (struct augment_pass_run){kind, bound, draw};
        return true;
    }
    struct augment_bound room;
    const struct augment_bound *some = augment_shorten(bound, rows, &room);
    if (!pass->n_moves) grid_view_begin(&some->before, numbers, n_numbers, &pass->view);
    kind->move(some, draw, &pass->view);
    pass->n_moves++;
    return true;
}

/* ---- The general way: some elements at a time, from one operator to the next. */

enum {
    PIECE = GRID_STAGE_BYTES / 8 /* elements of any type that a stage holds */
};

/* The operators of a pass, with memory for the elements between them. */
struct chain {
    const struct augment_pass_run *run; /* their bounds are those of the sample's rows */
    size_t n_runs;
    size_t input_size, output_size; /* bytes of an element before and behind all operators */
    char *output;
    char *stage[3]; /* PIECE elements each: those gathered, and two for results */
    size_t at;      /* the first element that is gathered and not computed yet */
    size_t gathered;
};

/* Computes `count` elements from element `at` on. */
static void chain_compute(const struct chain *chain, size_t at, size_t count, const char *from)
{
    for (size_t some; count; count -= some, at += some, from += some * chain->input_size) {
        const char *now = from;
        some = count < PIECE || chain->n_runs == 1 ? count : PIECE;
        for (size_t r = 0; r < chain->n_runs; r++) {
            const struct augment_pass_run *run = &chain->run[r];
            char *to = r + 1 < chain->n_runs ? chain->stage[1 + r % 2]
                                             : chain->output + at * chain->output_size;
            run->kind->run(run->bound, run->draw, at, some, now, to);
            now = to;
        }
    }
}

static void chain_flush(struct chain *chain)
{
    chain_compute(chain, chain->at, chain->gathered, chain->stage[0]);
    chain->at += chain->gathered;
    chain->gathered = 0;
}

/* Returns memory for the next elements, at most `*count`. Sets *count to how many they may be. */
static char *chain_room(struct chain *chain, size_t *count)
{
    if (chain->gathered == PIECE) chain_flush(chain);
    size_t room = PIECE - chain->gathered;
    if (*count > room) *count = room;
    char *to = chain->stage[0] + chain->gathered * chain->input_size;
    chain->gathered += *count;
    return to;
}

/* Gathers `count` neighbouring elements; zeros if `from` is NULL. */
static void gather_together(struct chain *chain, size_t count, const char *from)
{
    for (size_t some; count; count -= some) {
        some = count;
        char *to = chain_room(chain, &some);
        if (from)
            memcpy(to, from, some * chain->input_size);
        else
            memset(to, 0, some * chain->input_size);
        if (from) from += some * chain->input_size;
    }
}

/* Gathers what the last dimension shows, if its pieces are short. */
static void gather_line(struct chain *chain, const struct grid_walk *walk, const char *from)
{
    size_t size = walk->dimension[walk->dimensions - 1].size;
    size_t elements = walk->piece / chain->input_size;
    for (size_t first = 0, some; first < size; first += some) {
        size_t room = (PIECE - chain->gathered) / elements;
        if (!room) chain_flush(chain);
        room = (PIECE - chain->gathered) / elements;
        some = size - first < room ? size - first : room;
        grid_walk_line(walk, first, some, from,
                       chain->stage[0] + chain->gathered * chain->input_size);
        chain->gathered += some * elements;
    }
}

static void gather(struct chain *chain, const struct grid_walk *walk, uint32_t dimension,
                   const char *from)
{
    const struct grid_dimension *along = &walk->dimension[dimension];
    bool last = dimension + 1 == walk->dimensions;
    if (last && walk->piece <= PIECE * chain->input_size) {
        gather_line(chain, walk, from);
        return;
    }
    for (size_t k = 0; k < along->size; k++) {
        ptrdiff_t at = grid_walk_at(along, k);
        if (at == GRID_NO_ELEMENT)
            gather_together(chain, along->bytes / chain->input_size, NULL);
        else if (last)
            gather_together(chain, walk->piece / chain->input_size, from + at);
        else
            gather(chain, walk, dimension + 1, from + at);
    }
}

/* ---- A pass. */

static void compute_runs(const struct augment_pass *pass, const struct augment_pass_run *run,
                         const char *input, char *output)
{
    _Alignas(64) char stage[3][GRID_STAGE_BYTES];
    size_t elements = run[0].bound->elements;
    struct chain chain = {.run = run,
                          .n_runs = pass->n_runs,
                          .input_size = shs_type_size(run[0].bound->before.type),
                          .output_size = shs_type_size(run[pass->n_runs - 1].bound->after.type),
                          .output = output,
                          .stage = {stage[0], stage[1], stage[2]}};
    struct grid_linear linear;
    struct grid_walk walk;
    if (!elements) return;
    if (pass->n_moves) grid_walk_begin(&pass->view, chain.input_size, &walk);
    if (!pass->n_moves || !walk.dimensions) {
        chain_compute(&chain, 0, elements, input);
        return;
    }
    if (pass->n_runs == 1 && run[0].kind->linear && run[0].kind->linear(run[0].bound, &linear) &&
        grid_linear_walk(&linear, run[0].bound->before.type, &walk, input, (float *)(void *)output,
                         stage[0]))
        return;
    gather(&chain, &walk, 0, input);
    chain_flush(&chain);
}

void augment_pass_do(struct augment_pass *pass, uint64_t rows, const void *input, void *output)
{
    if (pass->n_runs && rows < all_rows(pass->first)) {
        struct augment_bound room[AUGMENT_PASS_RUNS];
        struct augment_pass_run run[AUGMENT_PASS_RUNS];
        for (size_t r = 0; r < pass->n_runs; r++) {
            run[r] = pass->run[r];
            run[r].bound = augment_shorten(run[r].bound, rows, &room[r]);
        }
        compute_runs(pass, run, input, output);
    } else if (pass->turned) {
        struct augment_bound bound;
        turn_bound(pass, &bound);
        pass->run[0].bound = &bound;
        compute_runs(pass, pass->run, input, output);
    } else if (pass->n_runs) {
        compute_runs(pass, pass->run, input, output);
    } else {
        grid_view_copy(&pass->view, shs_type_size(pass->first->before.type), input, output);
    }
    augment_clear_rest(pass->last, rows, output);
    pass->n_moves = pass->n_runs = 0;
    pass->turned = false;
}
