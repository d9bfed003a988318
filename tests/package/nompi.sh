#!/usr/bin/env bash
# A build without MPI (-DSHARDSTEP_MPI=OFF): the digest of the other builds, programs that use the
# library, and a clear refusal to be several processes. In a build with MPI there is nothing to test.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
if [ "$MPI_KIND" != none ]; then
    echo "skipped: this build has MPI ($MPI_KIND); tests/run.sh nompi makes a build without"
    exit 77
fi

for binary in "$SHARDSTEP" "$BUILD/libshardstep.so"; do
    ldd "$binary" > needs.txt
    grep -E 'libmpi|libpmix|open-rte' needs.txt && fail "$binary needs an MPI library"
done

# several processes would each do all of the work
plan="$SHARDSTEP plan --samples 40 --vranks 4"
why='but this Shardstep was built without MPI: each would do all of the work; start one process, or build Shardstep with MPI \(-DSHARDSTEP_MPI=ON\)'
for variables in "OMPI_COMM_WORLD_SIZE OMPI_COMM_WORLD_RANK" "PMI_SIZE PMI_RANK" "SLURM_STEP_NUM_TASKS SLURM_PROCID"; do
    read -r size rank <<< "$variables"
    refused 0 "^shardstep: 3 processes were started together \($size\), $why" env $size=3 $rank=0 $plan
    code=0
    env $size=3 $rank=2 $plan > out.txt 2>&1 || code=$?
    [ "$code" = 2 ] && [ ! -s out.txt ] || fail "a process that is not the first ($rank): $code, $(cat out.txt)"
    env $size=1 $rank=0 $plan > out.txt || fail "one process under a launcher ($size)"
done
for launcher in mpiexec.openmpi mpiexec.mpich; do
    command -v $launcher > /dev/null || continue
    MPIRUN=$launcher
    [ $launcher = mpiexec.mpich ] || MPIRUN="$launcher --oversubscribe"
    refused 2 "2 processes were started together .*$why" $plan
done

# sums over ranks have nothing to be compared with
"$SHARDSTEP" bench --reduce 1 --quick > out.txt || fail "bench --reduce"
grep -qx 'MPI_Allreduce was not measured: this Shardstep was built without MPI' out.txt || fail "bench --reduce: $(cat out.txt)"

# programs: the library's own public interface without mpi.h
prefix=$work/prefix
cmake --install "$BUILD" --prefix "$prefix" > /dev/null
mkdir use && cd use
cat > main.c << 'C'
#include <shardstep.h>
#include <shardstep/must.h>
#ifdef MPI_VERSION
#error "mpi.h was included"
#endif

int main(void)
{
    float number = 6;
    shs_batch batch = {.rows = 2, .count = 2};
    const shs_tensor tensor = {.name = "number", .type = SHS_F32, .data = &number};
    shs_run *run;
    shs_gradient *gradient;
    shs_must(shs_open_ranks(1, 3, NULL, NULL, NULL, &run));
    printf("rank %d of %d\n", shs_info(run).rank, shs_info(run).ranks);
    if (shs_gradient_open(run, &tensor, 1, NULL, &gradient) != SHS_ERROR_UNSUPPORTED) return 1;
    printf("%s\n", shs_message());
    shs_must(shs_close(&run));
    if (shs_open_ranks(2, 1, NULL, NULL, NULL, &run) != SHS_ERROR_ARGUMENT || run) return 1;
    printf("%s\n", shs_message());
    shs_must(shs_open_ranks(0, 1, NULL, NULL, NULL, &run));
    shs_must(shs_gradient_open(run, &tensor, 1, NULL, &gradient));
    shs_must(shs_gradient_add(gradient, &batch));
    shs_must(shs_gradient_mean(gradient));
    printf("mean %g of rank %d of %d\n", (double)number, shs_info(run).rank, shs_info(run).ranks);
    shs_gradient_close(&gradient);
    shs_must(shs_close(&run));
    return 0;
}
C
cat > known.txt << 'TEXT'
rank 1 of 3
rank 1: shs_gradient_open: this is rank 1 of 3 without MPI, and gradients of several ranks are added over MPI only; add them by the means of your program, and end each step by shs_agree(); or open the run by shs_open()
rank 0: shs_open_ranks: there is no rank 2 of 1; a rank is 0 or more and less than the number of ranks
mean 3 of rank 0 of 1
TEXT
cat > CMakeLists.txt << 'CMAKE'
cmake_minimum_required(VERSION 3.18)
project(use C)
find_package(shardstep 0.1 REQUIRED COMPONENTS static)
add_executable(shared main.c)
target_link_libraries(shared shardstep::shardstep)
add_executable(static main.c)
target_link_libraries(static shardstep::shardstep_static)
CMAKE
cmake -S . -B build -DCMAKE_PREFIX_PATH="$prefix" > cmake.txt 2>&1 || { cat cmake.txt; fail "find_package"; }
cmake --build build > build.txt 2>&1 || { cat build.txt; fail "building against the package"; }
export PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name shardstep.pc)")
gcc main.c -o build/by_pkg_config $(pkg-config --cflags --libs shardstep) \
    -Wl,-rpath,"$(pkg-config --variable=libdir shardstep)" || fail "a program by pkg-config"
for program in shared static by_pkg_config; do
    build/$program > said.txt || fail "the program $program"
    same "the program $program" known.txt said.txt
done
printf '#include <shardstep/mpi.h>\n' > wrong.c
gcc $(pkg-config --cflags shardstep) -c wrong.c 2> err.txt && fail "shardstep/mpi.h can be included"
grep -q 'this Shardstep was built without MPI: open a run by shs_open_ranks()' err.txt ||
    fail "shardstep/mpi.h says: $(cat err.txt)"
cd ..

# the digest that package/platform.sh asserts of builds with MPI
if [ -e $fashion ]; then
    import_fashion fashion.h5
    "$SHARDSTEP" digest fashion.h5 --fields train/images,train/labels --vranks 6 --steps 5 --seed 42 \
        --augment 'train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)' > digest.txt
    digest=$(tail -n 1 digest.txt | awk '{ print $2 }')
    [ "$digest" = 8505cb090facfb1ebb05b2e961473f02 ] || fail "the digest is $digest"
else
    echo "skipped in part: no Fashion-MNIST (dataset-fashion-mnist)"
fi
finish
