/* HDF5 files of another program, twenty years of them: those that Debian's python-tables-data holds
 * of PyTables. Each is read by a process of its own, first by HDF5 alone: where that dies, the
 * library cannot help it. */
#include <hdf5.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "data_field.h"
#include "registered_filters.h"
#include "temporary_folder.h"
#include "unit.h"

enum {
    MOST_FILES = 500,
    MOST_BYTES = 64 << 20,
    SECONDS = 60
};

static const char *folder = "/usr/share/python-tables";

static char *files[MOST_FILES];
static size_t n_files;

/* What the processes found, in memory that they share. */
static struct {
    size_t files, unreadable; /* that HDF5 cannot open */
    size_t fields, direct, uncompared, refused;
    size_t wrong;
} * found;

static int note_file(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    size_t length = strlen(path);
    (void)about, (void)place;
    if (kind == FTW_F && length > 3 && !strcmp(path + length - 3, ".h5") && n_files < MOST_FILES)
        files[n_files++] = strdup(path);
    return 0;
}

/* ---- HDF5 alone. */

/* What it says of a dataset; `rows` is released by free(), NULL if it cannot be read. */
struct reference {
    bool plain; /* numbers in an array */
    uint64_t rows;
    size_t bytes;
    void *data;
};

static bool is_plain(hid_t stored, int axes)
{
    size_t size = H5Tget_size(stored);
    H5T_class_t class = H5Tget_class(stored);
    if (axes < 1 || axes > SHS_MAX_AXES) return false;
    if (class == H5T_INTEGER || class == H5T_ENUM)
        return size == 1 || size == 2 || size == 4 || size == 8;
    if (class == H5T_BITFIELD) return size == 1;
    return class == H5T_FLOAT && (size == 2 || size == 4 || size == 8);
}

static void read_numbers(hid_t data, hid_t stored, hssize_t points, struct reference *reference)
{
    /* all enumerations of these files have members of 0 to 255 */
    bool is_enumeration = H5Tget_class(stored) == H5T_ENUM;
    hid_t memory = H5Tcopy(is_enumeration ? H5T_NATIVE_UINT8 : stored);
    if (H5Tget_size(memory) > 1) H5Tset_order(memory, H5Tget_order(H5T_NATIVE_INT));
    reference->bytes = (size_t)points * H5Tget_size(memory);
    if (reference->bytes <= MOST_BYTES) reference->data = malloc(reference->bytes + 1);
    if (reference->data &&
        H5Dread(data, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, reference->data) < 0) {
        free(reference->data);
        reference->data = NULL;
    }
    H5Tclose(memory);
}

static struct reference read_reference(hid_t file, const char *name)
{
    struct reference reference = {0};
    hsize_t shape[H5S_MAX_RANK] = {0};
    hid_t data = H5Dopen2(file, name, H5P_DEFAULT);
    if (data < 0) return reference;
    hid_t stored = H5Dget_type(data), space = H5Dget_space(data);
    int axes = H5Sget_simple_extent_dims(space, shape, NULL);
    reference.plain = is_plain(stored, axes);
    reference.rows = shape[0];
    if (reference.plain)
        read_numbers(data, stored, H5Sget_simple_extent_npoints(space), &reference);
    H5Sclose(space);
    H5Tclose(stored);
    H5Dclose(data);
    return reference;
}

static herr_t read_object(hid_t file, const char *name, const H5O_info_t *object, void *user)
{
    (void)user;
    if (object->type == H5O_TYPE_DATASET) free(read_reference(file, name).data);
    return 0;
}

/* Reads all that the library will read; dies where HDF5 does. */
static int read_by_hdf5(const char *path)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0) return 0;
    H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_NATIVE, read_object, NULL, H5O_INFO_BASIC);
    H5Fclose(file);
    return 0;
}

/* ---- The library. */

#if IO_HAS_BLOSC
/* PyTables' own: its first value is no size. */
static size_t pytables_blosc(unsigned flags, size_t n_values, const unsigned *values, size_t bytes,
                             size_t *buffer_bytes, void **buffer)
{
    size_t size, whole, block;
    (void)n_values, (void)values;
    if (!(flags & H5Z_FLAG_REVERSE)) return 0;
    blosc_cbuffer_sizes(*buffer, &size, &whole, &block);
    return recode_buffer(blosc_decode, size, bytes, buffer_bytes, buffer);
}
#endif

static void wrong(const char *path, const char *name, const char *what)
{
    printf("  %s: %s: %s: %s\n", path, name, what, shs_message());
    found->wrong++;
}

/* The rows in one piece and one by one. */
static void compare_rows(const char *path, const char *name, struct data_field *field, void *all)
{
    char *row = malloc(field->row_bytes + 1);
    for (uint64_t i = 0; i < field->rows; i += 1 + field->rows / 50)
        if (data_field_read(field, i, 1, row) ||
            memcmp(row, (char *)all + i * field->row_bytes, field->row_bytes) != 0) {
            wrong(path, name, "a row is not what it is among all");
            break;
        }
    free(row);
}

/* What HDF5 with hdf5plugin 7.1.0 reads of the only dataset in Blosc2: chunks of 4x4 that count
 * from 0. */
static void *blosc2_numbers(size_t bytes)
{
    enum {
        SIDE = 6,
        CHUNK = 4
    };
    signed char *numbers = bytes == SIDE * SIDE ? malloc(bytes) : NULL;
    for (int i = 0; numbers && i < SIDE * SIDE; i++)
        numbers[i] = (signed char)(i / SIDE % CHUNK * CHUNK + i % SIDE % CHUNK);
    return numbers;
}

/* A field that is open: what HDF5 reads, with all the filters that it can be given. */
static void check_field(const char *path, const char *name, struct data_field *field)
{
    size_t bytes = (size_t)field->rows * field->row_bytes;
    void *all = malloc(bytes + 1);
    shs_status status = field->rows ? data_field_read(field, 0, field->rows, all) : SHS_OK;
    found->fields++;
    found->direct += field->direct != NULL;
    found->uncompared += field->uncompared;
    if (!status && field->rows) compare_rows(path, name, field, all);
#if IO_HAS_BLOSC
    register_filter(BLOSC, pytables_blosc);
#endif
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    struct reference reference = read_reference(file, name);
    H5Fclose(file);
#if IO_HAS_BLOSC
    H5Zunregister(BLOSC);
#endif
    if (IO_HAS_BLOSC2 && strstr(path, "/b2nd-no-chunkshape.h5"))
        reference.data = blosc2_numbers(reference.bytes);
    if (!reference.plain || reference.rows != field->rows || reference.bytes != bytes)
        wrong(path, name, "its shape or type is another one");
    else if ((status == SHS_OK) != (reference.data != NULL))
        wrong(path, name, status ? "HDF5 reads it" : "HDF5 does not read it");
    else if (reference.data && memcmp(all, reference.data, bytes) != 0)
        wrong(path, name, "its rows are not those that HDF5 reads");
    if (status && !*shs_message()) wrong(path, name, "there is no message");
    free(reference.data);
    free(all);
}

struct visit {
    struct h5_file *file;
    const char *path;
};

static shs_status visit_dataset(const char *name, void *user)
{
    struct visit *visit = user;
    struct data_field field;
    shs_status status =
        data_field_open(visit->file, visit->path, name, &(struct data_field_how){0}, &field);
    if (!status) {
        check_field(visit->path, name, &field);
        data_field_close(&field);
        return SHS_OK;
    }
    found->refused++;
    hid_t file = H5Fopen(visit->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    struct reference reference = read_reference(file, name);
    H5Fclose(file);
    if (reference.plain && reference.data)
        wrong(visit->path, name, "it is refused, but HDF5 reads it");
    free(reference.data);
    return SHS_OK;
}

static int read_by_us(const char *path)
{
    struct visit visit = {NULL, path};
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file >= 0) H5Fclose(file);
    shs_status status = h5_open(path, &visit.file);
    found->files++;
    if ((status == SHS_OK) != (file >= 0)) wrong(path, "it", "HDF5 opens it, or does not");
    if (status) {
        found->unreadable++;
        if (!*shs_message()) wrong(path, "it", "there is no message");
        return 0;
    }
    if (h5_list(visit.file, visit_dataset, &visit)) wrong(path, "it", "it cannot be listed");
    h5_close(&visit.file);
    return 0;
}

/* ---- Both, apart. */

/* How a process of its own ended that read a file: 0, or a signal, or -1 for a failure. */
static int read_apart(int (*read)(const char *path), const char *path)
{
    int how = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(SECONDS);
        H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
        int code = read(path);
        fflush(stdout);
        _exit(code);
    }
    if (child < 0 || waitpid(child, &how, 0) != child) return -1;
    return WIFSIGNALED(how) ? WTERMSIG(how) : WEXITSTATUS(how) ? -1 : 0;
}

static void fields_of_foreign_files_are_read_as_hdf5_reads_them(void)
{
    for (size_t i = 0; i < n_files; i++) {
        int how = read_apart(read_by_hdf5, files[i]);
        if (how) {
            printf("  %s: HDF5 itself dies of it (%s)\n", files[i], strsignal(how));
            continue;
        }
        how = read_apart(read_by_us, files[i]);
        if (how) WRONG("%s", files[i]);
        alarm(SECONDS); /* for the next one */
    }
    printf("  %zu files, %zu of which HDF5 cannot open; %zu datasets are refused, %zu read, %zu of "
           "them directly, %zu without HDF5 having the filter\n",
           found->files, found->unreadable, found->refused, found->fields, found->direct,
           found->uncompared);
    CHECK_EQ(found->wrong, 0);
    CHECK_IS(found->fields, >, 20);
    CHECK_IS(found->direct, >, 20);
    CHECK_IS(found->refused, >, 20);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(fields_of_foreign_files_are_read_as_hdf5_reads_them),
    };
    if (argc > 1) folder = argv[1];
    nftw(folder, note_file, 8, FTW_PHYS);
    if (!n_files) {
        printf("skipped: no files in %s; install python-tables-data\n", folder);
        return 77;
    }
    found = mmap(NULL, sizeof *found, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (found == MAP_FAILED) return 2;
    int code = harness_run("foreign", tests, COUNT(tests));
    while (n_files)
        free(files[--n_files]);
    return code;
}
