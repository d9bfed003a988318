#!/usr/bin/python3
"""For recipes.sh. `spack RECIPE` prints the options of CMake that a Spack recipe gives, for all variants on
and for all off, with a stand-in for Spack; `section FILE STAGE NAME` prints a section of an Apptainer
definition file, without its indentation."""
import sys
import textwrap
import types


class Recipe:
    """What the recipe uses of Spack's CMakePackage."""
    run_tests = False

    def __init__(self, on):
        self.on = on
        self.spec = {'hdf5': types.SimpleNamespace(prefix='/hdf5')}

    def define(self, name, value):
        return f'-D{name}:STRING=' + ({True: 'ON', False: 'OFF'}.get(value, value))

    def define_from_variant(self, name, variant):
        if variant not in VARIANTS:
            sys.exit(f'the recipe has no variant {variant}')
        return self.define(name, self.on)


VARIANTS = {}
VERSIONS = []
NEEDS = []


def depends_on(spec, type=None, when=None):
    for word in (when or '').replace('~', '+').split('+')[1:]:
        if word not in VARIANTS:
            sys.exit(f'depends_on({spec!r}) is for a variant that is not there: {when}')
    NEEDS.append(spec)


def spack(path):
    module = types.ModuleType('spack.package')
    module.CMakePackage = Recipe
    module.variant = lambda name, default, description: VARIANTS.setdefault(name, default)
    module.version = VERSIONS.append
    module.depends_on = depends_on
    module.license = lambda name: None
    sys.modules['spack'] = types.ModuleType('spack')
    sys.modules['spack.package'] = module
    names = {}
    exec(compile(open(path).read(), path, 'exec'), names)
    print('versions', *VERSIONS)
    print('needs', *NEEDS)
    for on in (True, False):
        print('on' if on else 'off', *names['Shardstep'](on).cmake_args())


def section(path, stage, name):
    found, stages, inside = [], '', False
    for line in open(path):
        if line.startswith('Bootstrap:'):
            stages, inside = '', False
        elif line.startswith('Stage:'):
            stages = line.split()[1]
        elif line.startswith('%'):
            inside = stages == stage and line.split()[0] == '%' + name
            if inside and line.split()[1:]:
                found.append('# ' + ' '.join(line.split()[1:]) + '\n')
        elif inside and line.strip() and not line.startswith('#'):
            found.append(line)
    print(textwrap.dedent(''.join(found)), end='')


if __name__ == '__main__':
    {'spack': spack, 'section': section}[sys.argv[1]](*sys.argv[2:])
