#!/usr/bin/env bash
# Each public header compiles alone, strictly, as C and as C++, without MPI's old C++ bindings. Only
# three of them need MPI, and without MPI two of these do without. A program in C++17 uses the library.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"

compiles() { # HEADER FLAGS
    local name=$1 flags=$2
    printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "$name" "$name" > one.c
    cp one.c one.cpp
    for compiler in gcc clang; do
        command -v $compiler > /dev/null || continue
        $compiler -std=c11 -pedantic -Wall -Wextra -Wconversion -Wshadow -Werror \
            -I"$SOURCE/include" $flags -c one.c -o one.o || fail "$name with $compiler"
    done
    for compiler in g++ clang++; do
        command -v $compiler > /dev/null || continue
        for standard in c++17 c++20; do
            $compiler -std=$standard -pedantic -Wall -Wextra -Wconversion -Wshadow -Werror \
                -I"$SOURCE/include" $flags -c one.cpp -o one.o || fail "$name with $compiler -std=$standard"
        done
        if nm --undefined-only one.o | holds _ZN3MPI; then fail "$name needs MPI's C++ library"; fi
    done
}

mpi=
if [ "$MPI_KIND" != none ]; then
    mpi=$(sed -n 's/^MPI_C_HEADER_DIR:PATH=/-I/p' "$BUILD/CMakeCache.txt")
    [ -n "$mpi" ] || fail "no folder of mpi.h in CMakeCache.txt"
fi
for header in "$SOURCE"/include/shardstep.h "$SOURCE"/include/shardstep/*.h; do
    name=${header#"$SOURCE"/include/}
    case $name in
    shardstep.h | */must.h)
        [ -z "$mpi" ] || compiles "$name" "$mpi"
        compiles "$name" -DSHARDSTEP_NO_MPI
        ;;
    */mpi.h) [ -z "$mpi" ] || compiles "$name" "$mpi" ;;
    *) compiles "$name" "" ;;
    esac
done

# A program in C++17, which has no designated initialisers: options are set member by member, what is
# open is closed by destructors.
cat > use.cpp << 'CPP'
#include <shardstep.h>
#include <shardstep/must.h>

#include <cstdio>
#include <memory>
#include <vector>

namespace {

template <typename Handle, typename Result> struct closes {
    Result (*close)(Handle **);
    void operator()(Handle *handle) const { static_cast<void>(close(&handle)); }
};

shs_tensor tensor_of(const char *name, std::vector<float> &values)
{
    shs_tensor tensor{};
    tensor.name = name;
    tensor.type = SHS_F32;
    tensor.axes = 1;
    tensor.shape[0] = values.size();
    tensor.data = values.data();
    return tensor;
}

} // namespace

int main(int count, char **words)
{
    shs_run_options run_options{};
    run_options.seed = 42;
    run_options.vranks = 2;
    shs_run *opened = nullptr;
    if (count != 2) return 1;
    shs_must(shs_open_ranks(0, 1, nullptr, nullptr, &run_options, &opened));
    std::unique_ptr<shs_run, closes<shs_run, shs_status>> run(opened, {shs_close});
    shs_dataset *data = nullptr;
    shs_must(shs_dataset_open(run.get(), words[1], "x,y", nullptr, &data));
    std::unique_ptr<shs_dataset, closes<shs_dataset, void>> dataset(data, {shs_dataset_close});

    shs_loader_options options{};
    options.batch = 2;
    options.epochs = 1;
    options.subset.from = 0;
    options.augment = "x: normalize(mean=1, std=2)";
    shs_loader *loads = nullptr;
    shs_must(shs_loader_open(dataset.get(), &options, &loads));
    std::unique_ptr<shs_loader, closes<shs_loader, void>> loader(loads, {shs_loader_close});

    std::vector<float> sum(1);
    const shs_tensor gradient = tensor_of("sum", sum);
    shs_gradient *adds = nullptr;
    shs_must(shs_gradient_open(run.get(), &gradient, 1, nullptr, &adds));
    std::unique_ptr<shs_gradient, closes<shs_gradient, void>> mean(adds, {shs_gradient_close});

    double total = 0;
    shs_batch batch{};
    while (shs_must(shs_next(loader.get(), &batch)) == SHS_OK) {
        float *x = nullptr;
        int64_t *y = nullptr;
        shs_must(shs_batch_f32(&batch, batch.field[0].name, 1, &x));
        shs_must(shs_batch_i64(&batch, batch.field[1].name, 1, &y));
        sum[0] = 0;
        for (uint64_t row = 0; row < batch.count; row++)
            sum[0] += x[row] * static_cast<float>(y[row]);
        shs_must(shs_gradient_add(mean.get(), &batch));
        if (!batch.ends_step) continue;
        shs_must(shs_gradient_mean(mean.get()));
        total += static_cast<double>(sum[0]) * static_cast<double>(batch.step_rows);
    }
    std::printf("%g after step %llu\n", total, static_cast<unsigned long long>(shs_tell(loader.get()).step));
    return 0;
}
CPP
printf '1.0,1\n3.0,2\n5.0,3\n7.0,4\n9.0,5\n' > t.csv # (x - 1) / 2 * y: 0 + 2 + 6 + 12 + 20
"$SHARDSTEP" import t.h5 x=csv:f32:1:t.csv y=csv:i64:2:t.csv > /dev/null
echo '40 after step 2' > expected.txt
libraries=$(sed -n 's/^MPI_[A-Za-z_-]*_LIBRARY:FILEPATH=//p' "$BUILD/CMakeCache.txt")
[ -n "$mpi" ] || { mpi=-DSHARDSTEP_NO_MPI; libraries=; }
for compiler in g++ clang++; do
    command -v $compiler > /dev/null || continue
    $compiler -std=c++17 -pedantic -Wall -Wextra -Wconversion -Wshadow -Werror -I"$SOURCE/include" $mpi use.cpp -o use \
        -L"$BUILD" -lshardstep $libraries -Wl,-rpath,"$BUILD" || { fail "a program in C++17 by $compiler"; continue; }
    ./use t.h5 > found.txt || fail "the program in C++17 by $compiler"
    same "the program in C++17 by $compiler" expected.txt found.txt
done
finish
