#include "image/bytecode.h"

#include "base/buf.h"
#include "jail/jail.h"

enum { BYTECODE_WALL_MS = 10 * 60 * 1000, BYTECODE_OUTPUT_MAX = 1 << 20, BYTECODE_TAIL = 500 };

/* Tests and what draws windows are imported by no build. A file of another syntax is skipped. */
static const char bytecode_program[] =
    "import os, sys, py_compile\n"
    "from concurrent.futures import ProcessPoolExecutor\n"
    "top, out, *libraries = sys.argv[1:]\n"
    "skipped = {'test', 'tests', 'idlelib', 'lib2to3', 'tkinter', 'turtledemo', '__pycache__',\n"
    "           'dist-packages', 'site-packages', 'pydoc_data', 'idle_test'}\n"
    "mode = py_compile.PycInvalidationMode.UNCHECKED_HASH\n"
    "def one(path):\n"
    "    inside = path[len(top):]\n"
    "    place, name = os.path.split(inside)\n"
    "    cached = f'{name[:-3]}.{sys.implementation.cache_tag}.pyc'\n"
    "    target = os.path.join(out + place, '__pycache__', cached)\n"
    "    try:\n"
    "        py_compile.compile(path, target, inside, True, invalidation_mode=mode)\n"
    "    except py_compile.PyCompileError as error:\n"
    "        print(error, file=sys.stderr)\n"
    "paths = []\n"
    "for library in libraries:\n"
    "    for directory, names, files in os.walk(top + library):\n"
    "        names[:] = sorted(n for n in names if n not in skipped and not "
    "n.startswith('config-'))\n"
    "        paths += [os.path.join(directory, f) for f in sorted(files) if f.endswith('.py')]\n"
    "with ProcessPoolExecutor() as pool:\n"
    "    list(pool.map(one, paths, chunksize=16))\n";

static void bytecode_output(void *state, struct str chunk)
{
    buf_add(state, chunk);
}

bool bytecode_make(const char *by, const char *root, struct str python, const char *out,
                   struct err *err)
{
    struct arena ARENA_AUTO arena = {0};
    BUF_AUTO struct buf said = {0};
    struct str program = arena_printf(&arena, "/usr/bin/python" STR_FMT, STR_ARG(python));
    struct str library = arena_printf(&arena, "/usr/lib/python" STR_FMT, STR_ARG(python));
    const char *const argv[] = {program.ptr, "-I",   "-c",        bytecode_program,
                                "/sysroot",  "/out", library.ptr, "/usr/lib/python3/dist-packages",
                                NULL};
    static const char *const envp[] = {"PATH=/usr/bin", "LC_ALL=C.UTF-8", "PYTHONHASHSEED=0", NULL};
    const struct jail_mount mounts[] = {{.kind = JAIL_RO, .source = root, .target = "/sysroot"},
                                        {.kind = JAIL_RW, .source = out, .target = "/out"}};
    struct jail_spec spec = {
        .root = by, .mounts = mounts, .mount_count = 2, .argv = argv, .envp = envp};
    spec.uid = spec.gid = 1000;
    spec.limits.wall_ms = BYTECODE_WALL_MS;
    spec.limits.output_bytes = BYTECODE_OUTPUT_MAX;
    struct jail_result result;
    if (!jail_run(&spec, bytecode_output, &said, &result, err))
        return err_wrap(err, "compiling Python's library");
    if (result.end == JAIL_EXITED && result.code == 0)
        return true;
    struct str text = str_trim(buf_str(&said));
    struct str tail = str_from_pos(text, text.len > BYTECODE_TAIL ? text.len - BYTECODE_TAIL : 0);
    return err_set(err, ERR_SYSTEM, "compiling Python's library: " STR_FMT ": " STR_FMT,
                   STR_ARG(jail_describe(&result, &spec.limits, &arena)), STR_ARG(tail));
}
