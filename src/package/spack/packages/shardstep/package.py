"""The recipe of Spack. src/doc/install.md says how to use it: the sources come from a folder."""
from spack.package import *


class Shardstep(CMakePackage):
    """Data-parallel loading with reproducible random augmentation, for MPI and HDF5.

    Every rank reads its shard of an HDF5 dataset, and every random number is a function of a place in
    the run, so augmentation is the same on any number of ranks, and one rank can make it again."""

    license("MIT")

    # No archive: `spack dev-build`, or a `develop` section of an environment, names the folder.
    version("0.1.0")

    variant("mpi", default=True, description="Build with MPI; without it a run has one rank")
    variant("examples", default=True, description="Build the training program that the job scripts start")
    variant("jpeg", default=True, description="Decode JPEG images")
    variant("lz4", default=True, description="Decode LZ4, and bitshuffle with it")
    variant("zstd", default=True, description="Decode Zstandard, and bitshuffle with it")
    variant("blosc", default=True, description="Decode Blosc")
    variant("blosc2", default=False, description="Decode Blosc2")

    depends_on("c", type="build")
    depends_on("cmake@3.18:", type="build")
    depends_on("pkgconfig", type="build")

    depends_on("mpi", when="+mpi")
    depends_on("hdf5@1.10:")
    depends_on("hdf5~mpi", when="~mpi")
    depends_on("random123", type="build")
    depends_on("xxhash")
    depends_on("isa-l")
    depends_on("libdeflate")
    depends_on("libpng")
    depends_on("zlib-api")
    depends_on("libjpeg-turbo", when="+jpeg")
    depends_on("lz4", when="+lz4")
    depends_on("zstd", when="+zstd")
    depends_on("c-blosc", when="+blosc")
    depends_on("c-blosc2", when="+blosc2")
    depends_on("openblas", when="+examples+mpi")

    def cmake_args(self):
        """The options of CMake. LZF is left out: Spack's liblzf has no file for pkg-config."""
        return [
            self.define_from_variant("SHARDSTEP_MPI", "mpi"),
            self.define_from_variant("SHARDSTEP_EXAMPLES", "examples"),
            self.define_from_variant("SHARDSTEP_JPEG", "jpeg"),
            self.define_from_variant("SHARDSTEP_LZ4", "lz4"),
            self.define_from_variant("SHARDSTEP_ZSTD", "zstd"),
            self.define_from_variant("SHARDSTEP_BLOSC", "blosc"),
            self.define_from_variant("SHARDSTEP_BLOSC2", "blosc2"),
            self.define("SHARDSTEP_LZF", False),
            self.define("SHARDSTEP_TESTS", self.run_tests),
            self.define("SHARDSTEP_HDF5", "auto"),
            self.define("HDF5_ROOT", self.spec["hdf5"].prefix),
        ]
