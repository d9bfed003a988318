/* The loops for one type of number. The including file defines REAL, the type, ROOT, its square
 * root, and NAME(x), the name of a function for this type. */

/* Without momentum the velocity would be the direction itself. */
static void NAME(descend)(const struct optimize_sgd *step, REAL *restrict p, const REAL *restrict g,
                          size_t count)
{
    const REAL rate = (REAL)step->rate, decay = (REAL)step->decay;
    for (size_t i = 0; i < count; i++) {
        const REAL direction = g[i] + decay * p[i];
        p[i] = p[i] - rate * direction;
    }
}

static inline __attribute__((always_inline)) void
NAME(descend_with_momentum)(const struct optimize_sgd *step, bool nesterov, REAL *restrict p,
                            const REAL *restrict g, REAL *restrict v, size_t count)
{
    const REAL rate = (REAL)step->rate, decay = (REAL)step->decay;
    const REAL momentum = (REAL)step->momentum;
    for (size_t i = 0; i < count; i++) {
        const REAL direction = g[i] + decay * p[i];
        const REAL velocity = momentum * v[i] + direction;
        v[i] = velocity;
        p[i] = p[i] - rate * (nesterov ? direction + momentum * velocity : velocity);
    }
}

void NAME(optimize_sgd)(const struct optimize_sgd *step, const struct optimize_arrays *arrays)
{
    REAL *p = arrays->parameter, *v = arrays->state[0];
    const REAL *g = arrays->gradient;
    if (!v)
        NAME(descend)(step, p, g, arrays->count);
    else if (step->nesterov)
        NAME(descend_with_momentum)(step, true, p, g, v, arrays->count);
    else
        NAME(descend_with_momentum)(step, false, p, g, v, arrays->count);
}

static inline __attribute__((always_inline)) void
NAME(adapt)(const struct optimize_adam *step, bool decoupled, REAL *restrict p,
            const REAL *restrict g, REAL *restrict m, REAL *restrict s, size_t count)
{
    const REAL rate = (REAL)step->rate, root = (REAL)step->root, epsilon = (REAL)step->epsilon;
    const REAL beta1 = (REAL)step->beta1, rest1 = (REAL)step->rest1;
    const REAL beta2 = (REAL)step->beta2, rest2 = (REAL)step->rest2;
    const REAL decay = (REAL)step->decay, keep = (REAL)step->keep;
    for (size_t i = 0; i < count; i++) {
        const REAL direction = decoupled ? g[i] : g[i] + decay * p[i];
        const REAL from = decoupled ? keep * p[i] : p[i];
        const REAL mean = beta1 * m[i] + rest1 * direction;
        const REAL square = beta2 * s[i] + rest2 * (direction * direction);
        m[i] = mean;
        s[i] = square;
        p[i] = from - rate * (mean / (ROOT(square) * root + epsilon));
    }
}

void NAME(optimize_adam)(const struct optimize_adam *step, const struct optimize_arrays *arrays)
{
    REAL *p = arrays->parameter, *m = arrays->state[0], *s = arrays->state[1];
    const REAL *g = arrays->gradient;
    if (step->decoupled)
        NAME(adapt)(step, true, p, g, m, s, arrays->count);
    else
        NAME(adapt)(step, false, p, g, m, s, arrays->count);
}
