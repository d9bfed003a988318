/* NULL for what a public function needs is an error that names it, never a crash. Each function of
 * the library is called in a process of its own, without MPI. The calls are in the null_*.c files.
 * --functions prints the names of the functions; package/nulls.sh compares them with those that the
 * library exports. */
#include <sys/wait.h>

#include "h5_write.h"
#include "null_cases.h"

static const struct null_cases *const all_cases[] = {&null_run, &null_data, &null_train,
                                                     &null_augment, &null_random};

char null_folder[PATH_BYTES], null_path[PATH_BYTES];

static float number;
const shs_tensor good_tensor = {.name = "n", .type = SHS_F32, .data = &number};

static bool write_samples(void)
{
    const unsigned char rows[3] = {1, 2, 3};
    const shs_tensor x = {.type = SHS_U8, .axes = 1, .shape = {3}};
    const struct h5_storage contiguous = {0};
    struct h5_writer *writer;
    return !h5_create(folder_path(null_folder, "x.h5", null_path), &writer) &&
           !h5_create_array(writer, "x", &x, &contiguous) && !h5_write_rows(writer, 3, rows) &&
           !h5_finish(&writer);
}

/* A function that dies takes only its own process along. Its case says what it expected, if it can.
 */
static void call_apart(const struct null_case *one)
{
    int ended = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        bool right = one->is_right();
        fflush(stdout);
        _exit(right ? 0 : 1);
    }
    if (!NEED(child > 0) || !NEED_EQ(waitpid(child, &ended, 0), child)) return;
    if (WIFSIGNALED(ended))
        WRONG("expected an answer of %s to NULL; came signal %d", one->function, WTERMSIG(ended));
    else if (WEXITSTATUS(ended))
        WRONG("expected the right answer of %s to NULL; came another", one->function);
}

static void every_function_survives_null(void)
{
    if (!NEED(folder_make(null_folder)) || !NEED(write_samples())) return;
    for (size_t i = 0; i < COUNT(all_cases); i++)
        for (size_t k = 0; k < all_cases[i]->count; k++)
            call_apart(&all_cases[i]->list[k]);
    folder_remove(null_folder);
}

static void print_functions(void)
{
    for (size_t i = 0; i < COUNT(all_cases); i++)
        for (size_t k = 0; k < all_cases[i]->count; k++)
            printf("%s\n", all_cases[i]->list[k].function);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {TEST(every_function_survives_null)};
    if (argc < 2 || strcmp(argv[1], "--functions") != 0)
        return harness_main("null", tests, COUNT(tests), argc, argv);
    print_functions();
    return 0;
}
