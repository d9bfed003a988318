/* Members of compound datasets, and bfloat16: which bytes are read, which names are found, what is
 * refused. Values of random compounds are compared with h5py by tests/cli/parts.sh. */
#include <stddef.h>
#include <unistd.h>

#include "sample_scene.h"

enum {
    EVENTS = 40,
    JETS = 6,
    HITS = 3
};

struct jet {
    float pt;
    int64_t id;
    unsigned char big[4]; /* a float in the other byte order */
    float eta;
    struct {
        double x;
        int16_t hit[HITS];
    } p4;
    float energy[2];
};

static float pt_of(uint64_t jet)
{
    return (float)jet + .25F;
}

static struct jet make_jet(uint64_t jet)
{
    struct jet made = {.pt = pt_of(jet), .id = -(int64_t)jet, .eta = -pt_of(jet)};
    const float big = 3 * pt_of(jet);
    unsigned char bytes[4];
    memcpy(bytes, &big, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        made.big[i] = bytes[sizeof bytes - 1 - i];
    made.p4.x = (double)jet / 3;
    for (size_t i = 0; i < HITS; i++)
        made.p4.hit[i] = (int16_t)(jet * HITS + i);
    made.energy[0] = (float)(2 * jet);
    made.energy[1] = (float)(2 * jet + 1);
    return made;
}

static hid_t jet_type(void)
{
    const hsize_t hits = HITS, two = 2;
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(struct jet));
    hid_t inner = H5Tcreate(H5T_COMPOUND, sizeof((struct jet *)0)->p4);
    hid_t hit = H5Tarray_create2(H5T_NATIVE_INT16, 1, &hits);
    hid_t energy = H5Tarray_create2(H5T_NATIVE_FLOAT, 1, &two);
    H5Tinsert(inner, "x", 0, H5T_NATIVE_DOUBLE);
    H5Tinsert(inner, "hit", sizeof(double), hit);
    H5Tinsert(type, "pt", offsetof(struct jet, pt), H5T_NATIVE_FLOAT);
    H5Tinsert(type, "id", offsetof(struct jet, id), H5T_NATIVE_INT64);
    H5Tinsert(type, "big", offsetof(struct jet, big),
              H5Tget_order(H5T_NATIVE_FLOAT) == H5T_ORDER_LE ? H5T_IEEE_F32BE : H5T_IEEE_F32LE);
    H5Tinsert(type, "eta", offsetof(struct jet, eta), H5T_NATIVE_FLOAT);
    H5Tinsert(type, "p4", offsetof(struct jet, p4), inner);
    H5Tinsert(type, "energy", offsetof(struct jet, energy), energy);
    H5Tclose(inner);
    H5Tclose(hit);
    H5Tclose(energy);
    return type;
}

enum storage {
    CONTIGUOUS,
    CHUNKED,
    DEFLATED,
    SUMMED,
    N_STORAGES
};

/* Adds a dataset of jets. Returns the address of its first element or chunk. */
static haddr_t write_jets(hid_t file, const char *name, enum storage storage)
{
    const hsize_t shape[] = {EVENTS, JETS}, chunk[] = {8, 4};
    struct jet jets[EVENTS * JETS];
    haddr_t address;
    hsize_t bytes;
    unsigned mask;
    for (uint64_t i = 0; i < COUNT(jets); i++)
        jets[i] = make_jet(i);
    hid_t type = jet_type(), space = H5Screate_simple(2, shape, NULL);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    if (storage != CONTIGUOUS) H5Pset_chunk(list, 2, chunk);
    if (storage == DEFLATED) H5Pset_deflate(list, 1);
    if (storage == SUMMED) H5Pset_fletcher32(list);
    hid_t data = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    CHECK(H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, jets) >= 0);
    CHECK(H5Fflush(file, H5F_SCOPE_LOCAL) >= 0);
    if (storage == CONTIGUOUS)
        address = H5Dget_offset(data);
    else
        CHECK(H5Dget_chunk_info_by_coord(data, (hsize_t[]){0, 0}, &mask, &address, &bytes) >= 0);
    H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
    H5Tclose(type);
    return address;
}

static haddr_t make_file(char path[PATH_BYTES], enum storage storage)
{
    folder_path(folder, "jets.h5", path);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    haddr_t address = write_jets(file, "jets", storage);
    CHECK(H5Fclose(file) >= 0);
    return address;
}

/* ---- values */

static const char five_fields[] =
    "pt=jets.pt(window=1), x=jets.{eta, big,pt}(window=2, select=1[4 0]), "
    "hit=jets.p4.hit(window=1, select=2[2 0]), energy=jets.{energy}(window=1), "
    "p=jets.p4.x(window=1)";

static bool is_near(const shs_batch *batch, uint64_t slot, const char *what, double came,
                    double due)
{
    if (came >= due && came <= due) return true;
    return WRONG("slot %llu, row %llu, %s: expected %.17g; came %.17g", (ull)slot,
                 (ull)batch->index[slot], what, due, came);
}

static bool slot_is_right(const shs_batch *batch, uint64_t slot)
{
    const uint64_t first = batch->index[slot] * JETS;
    const float *pt = (const float *)batch->field[0].data + slot * JETS;
    const float *x = (const float *)batch->field[1].data + slot * 12;
    const int16_t *hit = (const int16_t *)batch->field[2].data + slot * JETS * 2;
    const float *energy = (const float *)batch->field[3].data + slot * JETS * 2;
    const double *p = (const double *)batch->field[4].data + slot * JETS;
    bool right = true;
    for (uint64_t jet = 0; jet < JETS && right; jet++) {
        right =
            is_near(batch, slot, "pt", pt[jet], pt_of(first + jet)) &&
            is_near(batch, slot, "p4.x", p[jet], (double)(first + jet) / 3) &&
            is_near(batch, slot, "hit", hit[2 * jet], (double)((first + jet) * HITS + 2)) &&
            is_near(batch, slot, "hit", hit[2 * jet + 1], (double)((first + jet) * HITS)) &&
            is_near(batch, slot, "energy", energy[2 * jet + 1], (double)(2 * (first + jet) + 1));
    }
    for (uint64_t i = 0; i < 4 && right; i++) {
        float due = pt_of(first + i / 2 * JETS + (i % 2 ? 0 : 4));
        right = is_near(batch, slot, "eta", x[3 * i], -due) &&
                is_near(batch, slot, "big", x[3 * i + 1], 3 * due) &&
                is_near(batch, slot, "pt", x[3 * i + 2], due);
    }
    return right;
}

static uint64_t batch_rows = 3;

static shs_status read_epoch(const char *path, const char *fields,
                             const shs_dataset_options *options, shs_loader_statistics *done,
                             bool (*is_right)(const shs_batch *batch, uint64_t slot))
{
    struct reading reading;
    shs_batch batch;
    shs_status status = open_data(&reading, path, fields, options);
    const shs_loader_options how = {.batch = batch_rows, .epochs = 1};
    if (!status) status = shs_loader_open(reading.data, &how, &reading.loader);
    while (!status && (status = shs_next(reading.loader, &batch)) == SHS_OK) {
        for (uint64_t slot = 0; slot < batch.rows && is_right; slot++)
            if (!is_right(&batch, slot)) break;
        status = shs_agree(reading.run);
    }
    if (reading.loader && done) *done = shs_statistics(reading.loader);
    close_data(&reading);
    return status == SHS_END ? SHS_OK : status;
}

static void members_are_read_directly_in_folder(void)
{
    for (int i = 0; i < 2 * N_STORAGES; i++) {
        char path[PATH_BYTES];
        shs_loader_statistics done = {0};
        struct reading reading;
        const shs_dataset_options options = {.cache_bytes = i % 2 ? 1 : 0};
        make_file(path, (enum storage)(i / 2));
        harness_where("storage %d, cache_bytes %zu", i / 2, options.cache_bytes);
        if (NEED_STATUS(open_data(&reading, path, five_fields, &options), SHS_OK)) {
            struct data_field *arrays;
            CHECK_STATUS(data_files_get(&reading.data->files, 0, &arrays), SHS_OK);
            for (size_t array = 0; array < reading.data->what.n_arrays; array++)
                CHECK(data_field_is_direct(&arrays[array]));
        }
        close_data(&reading);
        CHECK_STATUS(read_epoch(path, five_fields, &options, &done, slot_is_right), SHS_OK);
        CHECK_EQ(done.rows, EVENTS - 1);
        harness_where(NULL);
    }
}
IN_FOLDER(members_are_read_directly)

static bool pair_is_right(const shs_batch *batch, uint64_t slot)
{
    const uint64_t first = batch->index[slot] * JETS;
    const float *pt = (const float *)batch->field[0].data + slot * JETS;
    const int64_t *id = (const int64_t *)batch->field[1].data + slot * JETS;
    for (uint64_t jet = 0; jet < JETS; jet++)
        if (!is_near(batch, slot, "pt", pt[jet], pt_of(first + jet)) ||
            !is_near(batch, slot, "id", (double)id[jet], -(double)(first + jet)))
            return false;
    return true;
}

static void members_share_compressed_chunks_in_folder(void)
{
    char path[PATH_BYTES];
    shs_loader_statistics done = {0};
    /* room for chunks, but not for the rows of a field */
    const shs_dataset_options options = {.cache_bytes = 950 + 10 * 8 * 4 * sizeof(struct jet)};
    make_file(path, DEFLATED);
    CHECK_STATUS(read_epoch(path, "pt=jets.pt, id=jets.id", &options, &done, pair_is_right),
                 SHS_OK);
    CHECK_EQ(done.chunks_decoded, 10);
}
IN_FOLDER(members_share_compressed_chunks)

/* ---- names */

static bool eleven(const shs_batch *batch, uint64_t slot)
{
    return is_near(batch, slot, "jets.eta", ((const uint8_t *)batch->field[0].data)[slot], 11);
}

static void whole_names_come_first_in_folder(void)
{
    char path[PATH_BYTES];
    uint8_t elevens[EVENTS];
    const hsize_t rows = EVENTS;
    memset(elevens, 11, sizeof elevens);
    make_file(path, CONTIGUOUS);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &rows, NULL), group;
    hid_t data =
        H5Dcreate2(file, "jets.eta", H5T_STD_U8LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Dwrite(data, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, elevens) >= 0);
    H5Dclose(data);
    H5Sclose(space);
    group = H5Gcreate2(file, "run.1", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    write_jets(group, "all.jets", DEFLATED);
    H5Gclose(group);
    CHECK(H5Fclose(file) >= 0);
    CHECK_STATUS(read_epoch(path, "jets.eta", NULL, NULL, eleven), SHS_OK);
    CHECK_STATUS(
        read_epoch(path, "pt=/run.1/all.jets.pt, run.1//all.jets.id", NULL, NULL, pair_is_right),
        SHS_OK);
}
IN_FOLDER(whole_names_come_first)

static void other_members_are_refused_in_folder(void)
{
    static const char there[] = "pt f32, id i64, big f32, eta f32, p4 compound, energy f32[2]";
    static const struct {
        const char *fields;
        shs_status status;
        const char *words, *more;
    } cases[] = {
        {"jets", SHS_ERROR_UNSUPPORTED, "dataset jets is compound, of pt f32, id i64, big f32",
         "ALIAS=jets.MEMBER, or several of one type, ALIAS=jets.{MEMBER,MEMBER}"},
        {"jets.ptt", SHS_ERROR_ARGUMENT, there, "no member 'ptt'; there are"},
        {"jets.ptt", SHS_ERROR_ARGUMENT, there, "did you mean pt?"},
        {"jets.p4.y", SHS_ERROR_ARGUMENT, "no member 'y'", "there are x f64, hit i16[3]"},
        {"jets.pt.x", SHS_ERROR_ARGUMENT, "no member 'x'", ""},
        {"jets.p4", SHS_ERROR_UNSUPPORTED, "its member p4 is compound", "such as p4.x"},
        {"x=jets.{pt,id}", SHS_ERROR_ARGUMENT, "pt and id are of different types, f32 and i64",
         "a field of its own"},
        {"x=jets.{pt,energy}", SHS_ERROR_ARGUMENT, "different or too many axes", there},
        {"x=jets.{pt,pt}", SHS_ERROR_ARGUMENT, "pt is named twice", ""},
        {"x=jets.{}", SHS_ERROR_ARGUMENT, "a member's name is empty", there},
        {"jets.", SHS_ERROR_ARGUMENT, "a member's name is empty", there},
        {"x=jets.{pt", SHS_ERROR_ARGUMENT, "NAME.{MEMBER,MEMBER}", there},
        {"jets.{pt,eta}", SHS_ERROR_ARGUMENT, "several members need a name of their own", "ALIAS="},
        {"jets/pt", SHS_ERROR_UNSUPPORTED, "'pt' is a member of the compound dataset jets",
         "jets.pt"},
        {"jet.pt", SHS_ERROR_FILE, "holds no dataset 'jet.pt'", ""},
        {"x=jets.pt(select=0[1])", SHS_ERROR_ARGUMENT, "axis 0 counts rows", ""},
        {"x=jets.pt(select=2[1])", SHS_ERROR_ARGUMENT, "axis 2 is not there", "it has 2 axes"},
    };
    char path[PATH_BYTES];
    make_file(path, CONTIGUOUS);
    for (size_t i = 0; i < COUNT(cases); i++)
        refuse_data(path, cases[i].fields, NULL, cases[i].status, cases[i].words, cases[i].more);
}
IN_FOLDER(other_members_are_refused)

/* ---- bfloat16 */

enum {
    HALVES = 1 << 16
};

struct halves {
    unsigned char before;
    uint16_t half[2];
};

static bool halves_are_right(const shs_batch *batch, uint64_t slot)
{
    const uint32_t *plain = (const uint32_t *)batch->field[0].data + slot;
    const uint32_t *member = (const uint32_t *)batch->field[1].data + 2 * slot;
    const uint64_t row = batch->index[slot];
    if (*plain == row << 16 && member[0] == row << 16 && member[1] == (row ^ 0xFFFF) << 16)
        return true;
    return WRONG("row %llu: came %x, %x and %x", (ull)row, *plain, member[0], member[1]);
}

/* Every bfloat16 becomes the single of the same bits, NaNs and subnormal numbers among them. */
static void halves_of_singles_are_widened_in_folder(void)
{
    char path[PATH_BYTES];
    const hsize_t rows = HALVES, two = 2;
    uint16_t *plain = malloc(HALVES * sizeof *plain);
    struct halves *all = calloc(HALVES, sizeof *all);
    hid_t half = H5Tcopy(H5T_NATIVE_FLOAT), compound = H5Tcreate(H5T_COMPOUND, sizeof *all);
    H5Tset_fields(half, 15, 7, 8, 0, 7);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 127);
    hid_t pair = H5Tarray_create2(half, 1, &two), space = H5Screate_simple(1, &rows, NULL);
    H5Tinsert(compound, "half", offsetof(struct halves, half), pair);
    for (uint32_t i = 0; i < HALVES; i++) {
        plain[i] = (uint16_t)i;
        all[i].half[0] = (uint16_t)i;
        all[i].half[1] = (uint16_t)(i ^ 0xFFFF);
    }
    folder_path(folder, "halves.h5", path);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t data = H5Dcreate2(file, "plain", half, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Dwrite(data, half, H5S_ALL, H5S_ALL, H5P_DEFAULT, plain) >= 0);
    H5Dclose(data);
    data = H5Dcreate2(file, "all", compound, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Dwrite(data, compound, H5S_ALL, H5S_ALL, H5P_DEFAULT, all) >= 0);
    H5Dclose(data);
    H5Sclose(space);
    H5Tclose(pair);
    H5Tclose(half);
    H5Tclose(compound);
    CHECK(H5Fclose(file) >= 0);
    batch_rows = HALVES;
    CHECK_STATUS(read_epoch(path, "plain, all.half", NULL, NULL, halves_are_right), SHS_OK);
    free(plain);
    free(all);
}
IN_FOLDER(halves_of_singles_are_widened)

/* ---- damage */

static void damaged_members_are_told_in_folder(void)
{
    static const struct {
        enum storage storage;
        const char *words;
    } cases[] = {{DEFLATED, "chunk 0"}, {SUMMED, "chunk 0"}};
    char path[PATH_BYTES];
    for (size_t i = 0; i < COUNT(cases); i++) {
        haddr_t address = make_file(path, cases[i].storage);
        FILE *file = fopen(path, "r+b");
        fseek(file, (long)address + 40, SEEK_SET);
        int byte = fgetc(file);
        fseek(file, (long)address + 40, SEEK_SET);
        fputc(byte ^ 16, file);
        fclose(file);
        CHECK_STATUS(read_epoch(path, "pt=jets.pt", NULL, NULL, NULL), SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), cases[i].words);
        CHECK_HAS(shs_message(), "jets.pt");
    }
    for (int storage = 0; storage < N_STORAGES; storage++) {
        haddr_t address = make_file(path, (enum storage)storage);
        CHECK(truncate(path, (off_t)address + 100) == 0);
        refuse_data(path, "pt=jets.pt", NULL, SHS_ERROR_FORMAT, "it is not complete", "jets.h5");
    }
}
IN_FOLDER(damaged_members_are_told)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(members_are_read_directly), TEST(members_share_compressed_chunks),
        TEST(whole_names_come_first),    TEST(other_members_are_refused),
        TEST(damaged_members_are_told),  TEST(halves_of_singles_are_widened),
    };
    return harness_main("members", tests, COUNT(tests), argc, argv);
}
