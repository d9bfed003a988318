/* What files a path stands for: folders, lists and patterns, in one order everywhere. */
#include <locale.h>
#include <string.h>
#include <sys/stat.h>

#include "core_memory.h"
#include "counted_memory.h"
#include "io_paths.h"
#include "temporary_folder.h"
#include "unit.h"

static char folder[PATH_BYTES], here[PATH_BYTES];

/* Each test stands in a folder of its own. */
#define IN_FOLDER(test)                                                                            \
    static void test(void)                                                                         \
    {                                                                                              \
        if (!NEED(getcwd(here, sizeof here)) || !NEED(folder_make(folder)) ||                      \
            !NEED_EQ(chdir(folder), 0))                                                            \
            return;                                                                                \
        test##_in_folder();                                                                        \
        CHECK_EQ(chdir(here), 0);                                                                  \
        folder_remove(folder);                                                                     \
    }

static void touch(const char *name)
{
    CHECK(file_write(name, "", 0));
}

/* `expected`: paths separated by spaces. */
static void check_found(const char *path, const char *expected)
{
    char found[4096] = "";
    struct io_paths paths;
    if (io_paths_find(path, &paths)) {
        WRONG("paths were not found");
        printf("  %s\n", shs_message());
        return;
    }
    for (size_t i = 0; i < paths.count; i++) {
        if (i) strcat(found, " ");
        strcat(found, paths.path[i]);
    }
    io_paths_free(&paths);
    CHECK_TEXT(found, expected);
    if (strcmp(found, expected) != 0) printf("  %s: found %s\n", path, found);
}

static void check_refused(const char *path, shs_status expected, const char *words)
{
    struct io_paths paths;
    CHECK_STATUS(io_paths_find(path, &paths), expected);
    if (CHECK(paths.path == NULL)) CHECK_EQ(paths.count, 0);
    CHECK_HAS(shs_message(), words);
    if (!strstr(shs_message(), words)) printf("  %s\n", shs_message());
}

static void a_file_is_itself_in_folder(void)
{
    touch("a.h5");
    touch("what*ever[");
    touch("@list");
    touch("what a name?");
    check_found("a.h5", "a.h5");
    check_found("./a.h5", "./a.h5");
    check_found("what*ever[", "what*ever[");
    check_found("@list", "@list");
    check_found("what a name?", "what a name?");
    check_found("nothing.h5", "nothing.h5"); /* opening it tells why it cannot be */
}
IN_FOLDER(a_file_is_itself)

static void the_files_of_a_folder_in_folder(void)
{
    if (CHECK_EQ(mkdir("data", 0700), 0)) CHECK_EQ(mkdir("data/inner", 0700), 0);
    check_refused("data", SHS_ERROR_FILE,
                  "the folder data holds no file *.h5, *.hdf5, *.he5, *.nc or *.nc4; give another "
                  "one, a pattern such as 'data/*' or a list, and bring images and files of other "
                  "formats to HDF5 by shardstep import");
    touch("data/readme.txt");
    touch("data/h5");
    touch("data/.h5");
    touch("data/.b.h5");
    touch("data/a.h5.tmp");
    touch("data/inner/x.h5");
    check_refused("data/", SHS_ERROR_FILE, "the folder data/ holds no file");
    touch("data/b.h5");
    touch("data/a10.h5");
    touch("data/a9.hdf5");
    touch("data/B.h5");
    touch("data/\303\244.h5");
    touch("data/a.h5");
    check_found("data", "data/B.h5 data/a.h5 data/a10.h5 data/a9.hdf5 data/b.h5 data/\303\244.h5");
    check_found("data//",
                "data/B.h5 data/a.h5 data/a10.h5 data/a9.hdf5 data/b.h5 data/\303\244.h5");
    CHECK_EQ(chdir("data"), 0);
    check_found(".", "./B.h5 ./a.h5 ./a10.h5 ./a9.hdf5 ./b.h5 ./\303\244.h5");
}
IN_FOLDER(the_files_of_a_folder)

static void the_files_of_a_list_in_folder(void)
{
    static const char list[] =
        "# files\n\n  b.h5  \r\na file.h5\n/there/c.h5\n\t# d.h5\nb.h5\nsub/e#.h5";
    CHECK_EQ(mkdir("data", 0700), 0);
    CHECK(file_write("data/list.txt", list, strlen(list)));
    check_found("@data/list.txt", "data/b.h5 data/a file.h5 /there/c.h5 data/b.h5 data/sub/e#.h5");
    CHECK(file_write("list", list, strlen(list)));
    check_found("@list", "b.h5 a file.h5 /there/c.h5 b.h5 sub/e#.h5");
    check_refused("@nothing", SHS_ERROR_FILE, "cannot open nothing: No such file");
    CHECK(file_write("empty", "\n # \n", 5));
    check_refused("@empty", SHS_ERROR_FILE, "the list empty names no file");
    CHECK(file_write("binary", "a.h5\n\0b.h5\n", 11));
    check_refused("@binary", SHS_ERROR_FORMAT, "binary is no text");
    check_refused("@data", SHS_ERROR_FILE, "data");
    check_refused("@", SHS_ERROR_FILE, "cannot open");
}
IN_FOLDER(the_files_of_a_list)

/* The message of a path's error, and its status. */
static void check_wrapped(const struct io_paths *paths, size_t number, const char *message)
{
    CHECK_STATUS(io_paths_wrap(paths, number, core_fail(SHS_ERROR_FILE, "cannot open it")),
                 SHS_ERROR_FILE);
    CHECK_TEXT(shs_message(), message);
}

/* Lines of several lists, beside a path of none. */
static void errors_name_the_line_of_a_list_in_folder(void)
{
    struct io_paths paths;
    CHECK(file_write("one", "\n# files\na.h5\n", 14));
    CHECK(file_write("two", "b.h5\n\nc.h5", 10));
    if (!NEED_STATUS(io_paths_find("@one,d.h5,@two", &paths), SHS_OK)) return;
    check_wrapped(&paths, 0, "one, line 3: cannot open it");
    check_wrapped(&paths, 1, "cannot open it");
    check_wrapped(&paths, 2, "two, line 1: cannot open it");
    check_wrapped(&paths, 3, "two, line 3: cannot open it");
    CHECK_STATUS(io_paths_wrap(&paths, 0, SHS_OK), SHS_OK);
    io_paths_free(&paths);
}
IN_FOLDER(errors_name_the_line_of_a_list)

static void the_files_of_a_pattern_in_folder(void)
{
    static const char *const names[] = {"a/1.h5",  "b/2.h5", "b/10.h5",
                                        "b/x.txt", "c/3.h5", "C/4.h5"};
    for (char *part = (char[]){"abcC"}; *part; part++) {
        char name[2] = {*part, '\0'};
        CHECK_EQ(mkdir(name, 0700), 0);
    }
    for (size_t i = 0; i < COUNT(names); i++)
        touch(names[i]);
    check_found("*/*.h5", "C/4.h5 a/1.h5 b/10.h5 b/2.h5 c/3.h5");
    check_found("[a-b]/?.h5", "a/1.h5 b/2.h5");
    check_found("b/[!x]*", "b/10.h5 b/2.h5");
    check_found("[a-c]/*.h5", "a/1.h5 b/10.h5 b/2.h5 c/3.h5");
    check_refused("d/*.h5", SHS_ERROR_FILE, "no file matches 'd/*.h5'");
    check_refused("?", SHS_ERROR_FILE, "no file matches '?', only folders do");
    touch("d");
    check_found("?", "d");
}
IN_FOLDER(the_files_of_a_pattern)

/* `expected`: the number of paths that each source has. */
static void check_sources(const char *path, const char *files, const size_t *expected, size_t count)
{
    struct io_paths paths;
    check_found(path, files);
    if (!NEED_STATUS(io_paths_find(path, &paths), SHS_OK)) return;
    CHECK_EQ(paths.sources, count);
    CHECK_EQ(paths.source[0], 0);
    for (size_t i = 0; i < count && i < paths.sources; i++)
        CHECK_EQ(paths.source[i + 1] - paths.source[i], expected[i]);
    io_paths_free(&paths);
}

static void commas_separate_sources_in_folder(void)
{
    if (CHECK_EQ(mkdir("data", 0700), 0)) CHECK_EQ(mkdir("other", 0700), 0);
    CHECK(file_write("data/list", "z.h5\ny.h5\n", 10));
    touch("data/b.h5");
    touch("data/a.h5");
    touch("other/c.h5");
    touch("1.h5");
    touch("2.h5");
    touch("x,y.h5");
    check_sources("data", "data/a.h5 data/b.h5", (size_t[]){2}, 1);
    check_sources("other,data", "other/c.h5 data/a.h5 data/b.h5", (size_t[]){1, 2}, 2);
    check_sources("data,1.h5,@data/list,[1,2].h5,data/*.h5",
                  "data/a.h5 data/b.h5 1.h5 data/z.h5 data/y.h5 1.h5 2.h5 data/a.h5 data/b.h5",
                  (size_t[]){2, 1, 2, 2, 2}, 5);
    check_sources("x,y.h5", "x,y.h5", (size_t[]){1}, 1); /* a name that exists is what it is */
    check_sources("x,z.h5", "x z.h5", (size_t[]){1, 1}, 2);
    check_refused("", SHS_ERROR_ARGUMENT, "the path is empty; give a file, a folder");
    check_refused("1.h5,", SHS_ERROR_ARGUMENT, "'1.h5,' has an empty path beside a comma");
    check_refused(",1.h5", SHS_ERROR_ARGUMENT, "an empty path");
    check_refused("1.h5,none*", SHS_ERROR_FILE, "no file matches 'none*'");
}
IN_FOLDER(commas_separate_sources)

/* The order of a dictionary would be a A b B; only bytes are the same everywhere. */
static void no_locale_changes_the_order_in_folder(void)
{
    static const char *const locales[] = {"en_US.UTF-8", "de_DE.UTF-8", "C.UTF-8"};
    touch("a.h5");
    touch("B.h5");
    touch("b.h5");
    touch("A.h5");
    for (size_t i = 0; i < COUNT(locales); i++) {
        setlocale(LC_ALL, locales[i]);
        check_found("*.h5", "A.h5 B.h5 a.h5 b.h5");
        check_found("[a-z].h5", "a.h5 b.h5");
        check_found(".", "./A.h5 ./B.h5 ./a.h5 ./b.h5");
    }
    setlocale(LC_ALL, "C");
}
IN_FOLDER(no_locale_changes_the_order)

static void every_allocation_may_fail_in_folder(void)
{
    static const char *const paths[] = {"a.h5", ".", "@list", "*.h5", "*.h5,a.h5,@list"};
    char name[32];
    CHECK(file_write("list", "a.h5\nb.h5\n", 10));
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "%d.h5", i);
        touch(name);
    }
    touch("a.h5");
    for (size_t i = 0; i < COUNT(paths); i++) {
        shs_status status = SHS_ERROR_MEMORY;
        for (long at = 1; status && at < 1000; at++) {
            struct io_paths found;
            struct counted_memory counted;
            counted_begin(&counted, at);
            status = io_paths_find(paths[i], &found);
            CHECK_STATUS(status, counted.failed ? SHS_ERROR_MEMORY : SHS_OK);
            io_paths_free(&found);
            CHECK_EQ(counted_end(&counted), 0);
        }
        CHECK_STATUS(status, SHS_OK);
    }
}
IN_FOLDER(every_allocation_may_fail)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(a_file_is_itself),
        TEST(the_files_of_a_folder),
        TEST(the_files_of_a_list),
        TEST(errors_name_the_line_of_a_list),
        TEST(the_files_of_a_pattern),
        TEST(commas_separate_sources),
        TEST(no_locale_changes_the_order),
        TEST(every_allocation_may_fail),
    };
    return harness_main("paths", tests, COUNT(tests), argc, argv);
}
