#include "build/place.h"

#include "base/vec.h"
#include "build/machine.h"
#include "build/recipe.h"
#include "image/dnf.h"
#include "image/preset.h"
#include "image/pull.h"

#include <string.h>

struct place_teller {
    const struct slot *slot;
    enum image_stage stage;
    uint64_t shown; /* percent */
    bool started;
};

/* Phases are for people: one per stage and per ten percent is enough. */
static void place_tell(void *state, const struct image_progress *progress)
{
    struct place_teller *teller = state;
    uint64_t percent = progress->total ? progress->done * 100 / progress->total : 0;
    if (progress->stage == IMAGE_NOTE) {
        slot_log(STR_FMT ": " STR_FMT, STR_ARG(progress->what), STR_ARG(progress->detail));
        return;
    }
    if (teller->started && progress->stage == teller->stage && percent / 10 == teller->shown / 10)
        return;
    teller->started = true;
    teller->stage = progress->stage;
    teller->shown = percent;
    ARENA_AUTO struct arena scratch = {0};
    struct str text = arena_printf(
        &scratch, STR_FMT ": %s%s", STR_ARG(progress->what), image_stage_name(progress->stage),
        progress->total ? arena_printf(&scratch, " %llu %%", (unsigned long long)percent).ptr : "");
    slot_phase(teller->slot, text.ptr);
}

/* The image of the build machine: whoever is the target needs no cross compiler. */
static enum preset_role place_machine(const struct slot *slot)
{
    return arch_find(slot->spec->arch) == arch_host() ? PRESET_OWN : PRESET_BUILD;
}

/*
 * Package of an "apt:" word, if the root is to have it: "apt:libfoo-dev" is for what is linked
 * against, "apt:flex:native" (as Debian's own build dependencies say it) a program of the build
 * machine. Where one root is both, it has both.
 */
static bool place_takes_apt(struct str word, enum preset_role role, struct str *name)
{
    static const struct str native = STR_INIT(":native");
    bool program = str_ends(word, native);
    *name = program ? str_slice(word, 0, word.len - native.len) : word;
    return role == PRESET_OWN || program == (role == PRESET_BUILD);
}

static struct pack_wants place_pack_wants(const struct slot *slot)
{
    struct spec_list packs = recipe_values(slot->spec->recipes, STR("pack"), slot->arena);
    return pack_wants((struct image_names){packs.at, packs.len}, slot->spec->packs.dir,
                      slot->arena);
}

/* What the recipes add to a root: its tools' packages and "apt:" ones. */
static bool place_extra(const struct slot *slot, enum preset_role role, struct image_names *extra,
                        struct err *err)
{
    struct arena *arena = slot->arena;
    struct spec_list tools = recipe_values(slot->spec->recipes, STR("tool"), arena);
    struct spec_list apt = recipe_values(slot->spec->recipes, STR("apt"), arena);
    const struct pack_wants packs = place_pack_wants(slot);
    const struct arch *arch = arch_find(slot->spec->arch);
    struct image_names packages = {0};
    VEC(struct str) all = {0}, sets = {0};
    for (size_t i = 0; i < tools.len + (role == PRESET_SYSROOT ? 0 : packs.sets.len); i++)
        *vec_push(&sets, arena) = i < tools.len ? tools.at[i] : packs.sets.at[i - tools.len];
    if (sets.len && !preset_tools(slot->spec->preset, slot->spec->python, arch, role,
                                  (struct image_names){sets.at, sets.len}, arena, &packages, err))
        return false;
    for (size_t i = 0; i < packages.len; i++)
        *vec_push(&all, arena) = packages.at[i];
    for (size_t i = 0; role != PRESET_SYSROOT && i < packs.tools.len; i++)
        *vec_push(&all, arena) = packs.tools.at[i];
    for (size_t i = 0; i < apt.len; i++) {
        struct str name;
        if (!place_takes_apt(apt.at[i], role, &name))
            continue;
        *vec_push(&all, arena) = name;
        if (role == PRESET_BUILD) /* programs of a distribution take it for granted */
            *vec_push(&all, arena) = STR("perl");
    }
    *extra = (struct image_names){all.at, all.len};
    return true;
}

static bool place_image(const struct slot *slot, enum preset_role role, struct image_names extra,
                        struct image_spec *spec, struct err *err)
{
    const struct arch *arch = arch_find(slot->spec->arch);
    if (!arch)
        return err_set(err, ERR_USAGE, "unknown machine " STR_FMT, STR_ARG(slot->spec->arch));
    if (!preset_spec(slot->spec->preset, slot->spec->python, arch, role, extra, slot->arena, spec,
                     err))
        return false;
    spec->mirror = slot->spec->mirror;
    spec->keyring = slot->spec->keyring;
    return true;
}

static bool place_compose(const struct slot *slot, enum preset_role role, struct image_names extra,
                          const char *bytecode_by, struct image_root *root, struct err *err)
{
    struct image_spec spec = {0};
    struct place_teller teller = {.slot = slot};
    if (!place_image(slot, role, extra, &spec, err))
        return false;
    spec.bytecode_by = bytecode_by;
    return image_compose(&spec, slot->cache, place_tell, &teller, slot->arena, root, err);
}

/* The target's own root out of a registry. */
static bool place_pull(const struct slot *slot, const struct arch *arch, struct image_root *root,
                       struct err *err)
{
    struct place_teller teller = {.slot = slot};
    const struct pull pull = {.cas = slot->cas,
                              .cache = slot->cache,
                              .arch = arch,
                              .registry = fetch_registry(&slot->spec->net),
                              .progress = place_tell,
                              .progress_state = &teller};
    return pull_root(&pull, slot->spec->image, slot->arena, root, err);
}

/* What dnf adds to an image: the preset's packages, and for a sysroot the recipes'. */
static struct image_names place_dnf_names(const struct slot *slot, enum preset_role role,
                                          bool recipes)
{
    VEC(struct str) names = {0};
    const struct preset_image *preset = preset_image(slot->spec->preset, slot->spec->python);
    struct spec_list words = recipe_values(slot->spec->recipes, STR("dnf"), slot->arena);
    const char *const *own = !preset ? NULL : role == PRESET_SYSROOT ? preset->build : preset->run;
    for (; own && *own; own++)
        *vec_push(&names, slot->arena) = str_from(*own);
    for (size_t i = 0; recipes && i < words.len; i++)
        *vec_push(&names, slot->arena) = words.at[i];
    return (struct image_names){names.at, names.len};
}

static bool place_extend(const struct slot *slot, const struct place *place,
                         struct image_names names, struct image_root *root, struct err *err)
{
    struct image_root tools, base = *root;
    struct dnf_spec spec = {.base = &base, .arch = place->arch, .names = names};
    if (!names.len)
        return true;
    if (!dnf_is_there(base.path.ptr) && !preset_image(slot->spec->preset, slot->spec->python)) {
        slot_log("the image has no repositories for dnf: it is taken as it is, without "
                 "recipe dnf:" STR_FMT,
                 STR_ARG(names.at[0]));
        return true;
    }
    if (!dnf_is_there(base.path.ptr))
        return err_set(err, ERR_USAGE,
                       "image " STR_FMT " has no repositories for dnf (/etc/yum.repos.d); give "
                       "one of " STR_FMT " or a kin, or leave out --container-preset",
                       STR_ARG(slot->spec->image), STR_ARG(slot->spec->preset));
    if (!place_compose(slot, PRESET_DNF, (struct image_names){0}, IMAGE_OWN_PYTHON, &tools, err))
        return false;
    spec.tools = tools.path.ptr;
    slot_phase(slot, "packages of the image");
    return dnf_extend(&spec, slot->cas, slot->cache, slot->arena, root, err);
}

/*
 * Sysroot or clean root of the target, from the image that was given or from the preset; `recipes`:
 * with what the package's recipes add.
 */
static bool place_target_root(const struct slot *slot, enum preset_role role, bool recipes,
                              struct place *place, const char *bytecode_by, struct image_root *root,
                              struct err *err)
{
    enum layout_use use = role == PRESET_SYSROOT ? LAYOUT_BUILD : LAYOUT_RUN;
    struct str image = slot->spec->image;
    struct image_names extra = {0};
    if (recipes && !image.len && !place_extra(slot, role, &extra, err))
        return false;
    bool ok = image.len
                  ? place_pull(slot, place->arch, root, err) &&
                        place_extend(slot, place, place_dnf_names(slot, role, recipes), root, err)
                  : place_compose(slot, role, extra, bytecode_by, root, err);
    const char *what =
        image.len ? arena_printf(slot->arena, "image " STR_FMT, STR_ARG(image)).ptr : "the preset";
    return ok && layout_find(root->path.ptr, what, place->arch, slot->spec->python, use,
                             slot->arena, &place->layout, err);
}

static bool place_floor(const struct slot *slot, const struct image_root *build,
                        const struct image_root *sysroot, struct place *place, struct err *err)
{
    struct floor_spec spec = {.target = place->arch,
                              .glibc = floor_glibc(slot->spec->platform_tag),
                              .build_root = build->path.ptr,
                              .sysroot = sysroot->path.ptr,
                              .libdir = place->layout.libdir,
                              .build_digest = build->digest,
                              .sysroot_digest = sysroot->digest};
    if (!spec.glibc)
        return err_set(err, ERR_USAGE,
                       "--platform-tag " STR_FMT " names no glibc; use one like "
                       "manylinux2014_" STR_FMT,
                       STR_ARG(slot->spec->platform_tag), STR_ARG(slot->spec->arch));
    return floor_make(&spec, slot->cache, slot->arena, &place->floor, err);
}

static bool place_toolchain(const struct slot *slot, const struct image_root *sysroot,
                            const struct place *place, enum toolchain_strategy strategy,
                            struct toolchain *toolchain, struct err *err)
{
    struct toolchain_spec spec = {
        .target = place->arch,
        .python = slot->spec->python,
        .strategy = strategy,
        .sysroot = sysroot->path,
        .floor = place->floor.path,
        .layout = place->layout,
        .level = machine_level(slot),
        .build_root = place->build_root,
        .source = STR("/work/src"),
        .epoch = 315532800, /* 1980-01-01, the first time a zip member can have */
    };
    return toolchain_make(&spec, slot->cache, slot->arena, toolchain, err);
}

/*
 * What packs are relinked from: a root with their packages alone, so that a pack is the same
 * whatever else a build wants. An image of the user's has its own.
 */
static bool place_relinked(const struct slot *slot, const struct image_root *build,
                           const struct image_root *extended, struct image_root *root,
                           struct err *err)
{
    const struct pack_wants wants = place_pack_wants(slot);
    *root = *extended;
    return slot->spec->image.len || !wants.packages.len ||
           place_compose(slot, PRESET_SYSROOT, wants.packages, build->path.ptr, root, err);
}

/*
 * Native libraries from source, on the floor: the recipes' "pack:" words. The build machine's
 * compiler makes them for every strategy.
 */
static bool place_packs(const struct slot *slot, const struct image_root *build,
                        const struct image_root *sysroot, const struct image_root *extended,
                        struct place *place, struct err *err)
{
    struct spec_list names = recipe_values(slot->spec->recipes, STR("pack"), slot->arena);
    struct image_names none = {0};
    struct image_spec image = {0};
    struct image_root relinked;
    struct toolchain toolchain;
    bool own = place_machine(slot) == PRESET_OWN;
    struct place_teller teller = {.slot = slot};
    if (!names.len)
        return true;
    /* Its release and mirror are what counts: the sources are those of the compiler's image. */
    if (!place_image(slot, place_machine(slot), none, &image, err) ||
        !place_toolchain(slot, own ? build : sysroot, place, own ? TOOLCHAIN_OWN : TOOLCHAIN_CROSS,
                         &toolchain, err) ||
        !place_relinked(slot, build, extended, &relinked, err))
        return false;
    struct pack_spec spec = {.names = {names.at, names.len},
                             .recipes = slot->spec->packs.dir,
                             .origin = {.dir = slot->spec->packs.sources,
                                        .mirror = slot->spec->packs.mirror,
                                        .offline = slot->spec->net.offline},
                             .image = &image,
                             .build_root = build->path.ptr,
                             .toolchain = &toolchain,
                             .floor_digest = place->floor.digest,
                             .linked_root = relinked.path.ptr,
                             .linked_digest = relinked.digest,
                             .linked_exact = relinked.exact};
    fetch_http(&slot->spec->net, &spec.origin.http);
    slot_phase(slot, "native libraries");
    return pack_make(&spec, slot->cache, place_tell, &teller, slot->arena, &place->pack, err);
}

static void place_add_key(struct digest_stream *stream, const struct digest *digest)
{
    digest_add_field(stream, str_of(digest->bytes, DIGEST_SIZE));
}

/* Strategies differ in whose Python and compiler they use: those of `strategy`'s root. */
static const struct {
    struct str strategy;
    enum toolchain_strategy toolchain;
    enum preset_role role; /* of what is linked against */
} place_strategies[] = {
    {STR_INIT("cross"), TOOLCHAIN_CROSS, PRESET_SYSROOT},
    {STR_INIT("hybrid"), TOOLCHAIN_HYBRID, PRESET_SYSROOT},
    {STR_INIT("emulate"), TOOLCHAIN_OWN, PRESET_OWN},
    {STR_INIT("native"), TOOLCHAIN_OWN, PRESET_OWN},
};

/*
 * What is linked against: plain for the floor's kit, and with what the recipes add. A target's own
 * compiler brings its own, of Debian; an image is then where the result is tested.
 */
static bool place_linked_roots(const struct slot *slot, enum preset_role role, struct place *place,
                               const char *bytecode_by, struct image_root *plain,
                               struct image_root *linked, struct err *err)
{
    struct image_names none = {0}, extra;
    if (role == PRESET_SYSROOT)
        return place_target_root(slot, role, false, place, bytecode_by, plain, err) &&
               place_target_root(slot, role, true, place, bytecode_by, linked, err);
    layout_of_debian(place->arch, slot->spec->python, slot->arena, &place->layout);
    return place_compose(slot, PRESET_SYSROOT, none, bytecode_by, plain, err) &&
           place_extra(slot, role, &extra, err) &&
           place_compose(slot, role, extra, bytecode_by, linked, err);
}

/* `tools`: the build image with the recipes' tools, which packs may need too. */
static bool place_for_target(const struct slot *slot, const struct image_root *build,
                             const struct image_root *tools, struct place *place, struct err *err)
{
    struct image_root plain, linked;
    size_t way = 0;
    while (way < sizeof place_strategies / sizeof *place_strategies &&
           !str_eq(place_strategies[way].strategy, slot->spec->strategy))
        way++;
    if (way == sizeof place_strategies / sizeof *place_strategies)
        return err_set(err, ERR_USAGE, "no strategy is called \"" STR_FMT "\"",
                       STR_ARG(slot->spec->strategy));
    enum preset_role role = place_strategies[way].role;
    if (!place_linked_roots(slot, role, place, build->path.ptr, &plain, &linked, err))
        return false;
    slot_phase(slot, "floor");
    /* The floor depends on compiler and C library alone: all images share the plain ones' kit. */
    if (!place_floor(slot, build, &plain, place, err) ||
        !place_toolchain(slot, &linked, place, place_strategies[way].toolchain, &place->toolchain,
                         err) ||
        !place_packs(slot, tools, &plain, &linked, place, err))
        return false;
    if (role == PRESET_OWN)
        place->build_root = linked.path.ptr;
    place->sysroot = linked.path.ptr;
    place->foreign = place->toolchain.foreign;
    struct digest_stream *stream = digest_open();
    place_add_key(stream, &place->key); /* the build image */
    place_add_key(stream, &linked.digest);
    place_add_key(stream, &place->floor.digest);
    place_add_key(stream, &place->toolchain.digest);
    place_add_key(stream, &place->pack.digest);
    place->key = digest_finish(stream);
    return true;
}

bool place_for_build(const struct slot *slot, struct place *place, struct err *err)
{
    struct image_root plain, build;
    struct image_names none = {0}, extra;
    enum preset_role machine = place_machine(slot);
    *place = (struct place){.arch = arch_find(slot->spec->arch)};
    if (!place_compose(slot, machine, none, IMAGE_OWN_PYTHON, &plain, err) ||
        !place_extra(slot, machine, &extra, err))
        return false;
    build = plain;
    if (extra.len && !place_compose(slot, machine, extra, IMAGE_OWN_PYTHON, &build, err))
        return false;
    place->build_root = build.path.ptr;
    place->key = build.digest;
    return slot->spec->for_build_machine || place_for_target(slot, &plain, &build, place, err);
}

bool place_clean_root(const struct slot *slot, struct place *place, struct err *err)
{
    struct image_root build, clean;
    struct image_names none = {0};
    *place = (struct place){.arch = arch_find(slot->spec->arch)};
    if (!place_compose(slot, place_machine(slot), none, IMAGE_OWN_PYTHON, &build, err) ||
        !place_target_root(slot, PRESET_CLEAN, false, place, build.path.ptr, &clean, err))
        return false;
    place->clean_root = clean.path.ptr;
    place->python = arena_printf(slot->arena, "/" STR_FMT, STR_ARG(place->layout.python)).ptr;
    place->key = clean.digest;
    const struct arch *host = arch_host();
    if (place->arch != host)
        place->foreign.machine = place->arch->machine;
    return true;
}

bool image_run(struct slot *slot, struct spec_result *result, struct err *err)
{
    struct place place;
    bool clean = str_eq(slot->spec->name, STR("test-root"));
    if (!(clean ? place_clean_root(slot, &place, err) : place_for_build(slot, &place, err)))
        return false;
    result->file = place.pack.path; /* where recipes asked for packs */
    result->why = str_from(clean ? "clean root of the target is ready"
                                 : "build image, sysroot and floor are ready");
    return true;
}
