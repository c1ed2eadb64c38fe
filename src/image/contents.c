#include "image/contents.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/embedded.h"
#include "image/apt.h"
#include "image/contents_read.h"
#include "os/fd.h"
#include "os/file.h"

/* Changes with what is taken out of the indexes, so that maps of an older program are made anew. */
#define CONTENTS_RULES "refinery-capability-map-1"

enum {
    CONTENTS_MAP_MAX = 1 << 30,
    CONTENTS_AGE_S = 24 * 3600,
};

extern const struct embedded_file contents_excerpts[]; /* of data/contents, by release */

struct contents_work {
    const struct contents_spec *spec;
    const char *cache; /* absolute */
    struct arena *arena;
    struct str path; /* of the map */
    struct apt apt;
    struct apt_indexes indexes;
    struct str release; /* that the map is of */
    struct digest source;
};

static void contents_tell(const struct contents_work *work, struct str detail)
{
    if (work->spec->progress)
        work->spec->progress(work->spec->state,
                             &(struct image_progress){IMAGE_INDEX, work->apt.what, detail, 0, 0});
}

bool contents_open(const char *path, struct contents *contents, struct err *err)
{
    struct contents opened = {.origin = CONTENTS_KEPT};
    if (!file_map(AT_FDCWD, path, CONTENTS_MAP_MAX, &opened.bytes, err))
        return false;
    if (!capability_open(opened.bytes, &opened.map, err)) {
        file_unmap(opened.bytes);
        return err_wrap(err, "%s", path);
    }
    *contents = opened;
    return true;
}

void contents_close(struct contents *contents)
{
    if (contents->bytes.len && contents->origin != CONTENTS_SHIPPED)
        file_unmap(contents->bytes);
    *contents = (struct contents){0};
}

/* ---- of apt's indexes ---- */

/* A state directory of its own: a build that needs no map fetches no Contents. */
static bool contents_apt(struct contents_work *work, int *lock, struct err *err)
{
    const struct image_spec *image = work->spec->image;
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, image->mirror);
    digest_add_field(stream, image->keyring);
    struct digest from = digest_finish(stream);
    work->apt.dir =
        arena_printf(work->arena, "%s/apt/contents-" STR_FMT "-" STR_FMT "-%.8s", work->cache,
                     STR_ARG(image->release), STR_ARG(image->arch), digest_to_hex(&from).text)
            .ptr;
    return file_mkdirs(AT_FDCWD, work->apt.dir, 0755, err) &&
           file_lock(AT_FDCWD, arena_printf(work->arena, "%s/lock", work->apt.dir).ptr, true, lock,
                     err);
}

static struct digest_stream *contents_digest_open(void)
{
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, STR(CONTENTS_RULES));
    return stream;
}

static bool contents_digest(struct contents_work *work, struct err *err)
{
    struct digest_stream *stream = contents_digest_open();
    bool ok = true;
    for (size_t i = 0; ok && i < work->indexes.len; i++) {
        struct digest digest;
        const char *path = work->indexes.at[i].path.ptr;
        int FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        ok = fd >= 0 ? digest_fd(fd, &digest, err) : err_errno(err, "cannot open %s", path);
        if (ok)
            digest_add_field(stream, str_of(digest.bytes, DIGEST_SIZE));
    }
    work->source = digest_finish(stream);
    return ok;
}

static bool contents_finish(const struct contents_work *work, struct capability_maker *maker,
                            struct buf *bytes, struct err *err)
{
    const struct image_spec *image = work->spec->image;
    const struct capability_facts facts = {.distro = image->distro,
                                           .release = work->release,
                                           .arch = image->arch,
                                           .triplet = str_from(work->spec->arch->triplet),
                                           .source = work->source};
    return capability_make_finish(maker, &facts, bytes, err);
}

static bool contents_write(const struct contents_work *work, struct capability_maker *maker,
                           struct err *err)
{
    BUF_AUTO struct buf bytes = {0};
    return contents_finish(work, maker, &bytes, err) &&
           file_write(AT_FDCWD, work->path.ptr, 0644, buf_str(&bytes), err);
}

static bool contents_make(struct contents_work *work, struct err *err)
{
    ARENA_AUTO struct arena arena = {0};
    struct capability_maker *maker = capability_make_open(&arena);
    contents_tell(work, STR("reading which file is in which package"));
    bool ok = true;
    for (size_t i = 0; ok && i < work->indexes.len; i++) {
        const struct apt_index *index = &work->indexes.at[i];
        ok = contents_read(index->path.ptr, index->is_contents ? CONTENTS_FILES : CONTENTS_PACKAGES,
                           maker, err);
    }
    return ok && contents_write(work, maker, err);
}

/* The map in the cache is of these very indexes. */
static bool contents_recall(const struct contents_work *work, struct contents *contents)
{
    struct err ignored;
    struct contents CONTENTS_AUTO kept = {0};
    if (!contents_open(work->path.ptr, &kept, &ignored) ||
        !digest_eq(&kept.map.facts.source, &work->source))
        return false;
    *contents = kept;
    kept = (struct contents){0};
    return true;
}

static bool contents_by_apt(struct contents_work *work, struct contents *contents, struct err *err)
{
    int FD_AUTO lock = -1;
    if (!contents_apt(work, &lock, err) ||
        !apt_update(&work->apt, work->spec->image->refresh, work->arena, err) ||
        !apt_indexes(&work->apt, work->arena, &work->indexes, err) || !contents_digest(work, err))
        return false;
    if (contents_recall(work, contents))
        return true;
    if (!contents_make(work, err) || !contents_open(work->path.ptr, contents, err))
        return false;
    contents->origin = CONTENTS_MADE;
    return true;
}

/* ---- by dnf ---- */

static bool contents_hear(void *state, struct str piece, struct err *err)
{
    return contents_text_add(state, piece, err);
}

/* What the repositories say today is what they said this morning: they are asked once a day. */
static bool contents_is_recent(const struct contents_work *work)
{
    struct stat info;
    int64_t now_s = clock_wall_ms(clock_system()) / 1000;
    return !work->spec->image->refresh && stat(work->path.ptr, &info) == 0 &&
           now_s - info.st_mtime < CONTENTS_AGE_S;
}

static bool contents_make_by_dnf(struct contents_work *work, struct err *err)
{
    ARENA_AUTO struct arena arena = {0};
    struct contents_text *text = ARENA_NEW(&arena, struct contents_text);
    text->maker = capability_make_open(&arena);
    text->form = CONTENTS_DNF;
    contents_tell(work, STR("reading which file is in which package"));
    if (!dnf_list(work->spec->dnf, work->cache, contents_hear, text, &arena, err))
        return false;
    contents_text_end(text);
    return contents_write(work, text->maker, err);
}

static bool contents_by_dnf(struct contents_work *work, struct contents *contents, struct err *err)
{
    struct digest_stream *stream = contents_digest_open();
    digest_add_field(stream, str_of(work->spec->dnf->base->digest.bytes, DIGEST_SIZE));
    work->source = digest_finish(stream);
    if (contents_is_recent(work) && contents_recall(work, contents))
        return true;
    if (!contents_make_by_dnf(work, err) || !contents_open(work->path.ptr, contents, err))
        return false;
    contents->origin = CONTENTS_MADE;
    return true;
}

/* ---- without a network ---- */

static bool contents_fall_back(struct contents_work *work, const struct err *why,
                               struct contents *contents)
{
    struct err ignored;
    if (!contents_open(work->path.ptr, contents, &ignored))
        return false;
    contents->origin = CONTENTS_OLD;
    contents->note = arena_str(work->arena, str_from(why->text));
    return true;
}

/*
 * The excerpt of the release that travels with the program, else that of another release: most
 * names are the same. It is small enough to be made into a map each time.
 */
static bool contents_ship(struct contents_work *work, const struct err *why,
                          struct contents *contents)
{
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf bytes = {0};
    struct err ignored;
    const struct embedded_file *excerpt = contents_excerpts;
    struct str release = work->spec->image->release, name;
    struct str text =
        embedded_find(contents_excerpts, arena_printf(&arena, STR_FMT ".gz", STR_ARG(release)));
    if (work->spec->dnf || !str_eq(work->spec->image->distro, STR("debian")))
        return false;
    if (!text.len) {
        text = str_of(excerpt->bytes, excerpt->len);
        str_cut(str_from(excerpt->name), '.', &work->release, &name);
    }
    struct capability_maker *maker = capability_make_open(&arena);
    work->source = digest_of(text);
    if (!contents_read_shipped(text, str_from(work->spec->arch->triplet), maker, &ignored) ||
        !contents_finish(work, maker, &bytes, &ignored))
        return false;
    contents->origin = CONTENTS_SHIPPED;
    contents->bytes = arena_str(work->arena, buf_str(&bytes));
    contents->note = arena_str(work->arena, str_from(why->text));
    return capability_open(contents->bytes, &contents->map, &ignored);
}

static bool contents_prepare(struct contents_work *work, const char *cache, struct err *err)
{
    const struct image_spec *image = work->spec->image;
    struct arena *arena = work->arena;
    struct str absolute;
    if (!file_absolute(str_from(cache), arena, &absolute, err))
        return false;
    work->cache = absolute.ptr;
    work->release = image->release;
    work->apt = (struct apt){.spec = image,
                             .progress = work->spec->progress,
                             .state = work->spec->state,
                             .what = arena_printf(arena, STR_FMT " " STR_FMT,
                                                  STR_ARG(image->release), STR_ARG(image->arch)),
                             .use = APT_CONTENTS};
    work->path =
        arena_printf(arena, "%s/maps/" STR_FMT "-" STR_FMT "-" STR_FMT ".map", work->cache,
                     STR_ARG(image->distro), STR_ARG(image->release), STR_ARG(image->arch));
    return file_mkdirs(AT_FDCWD, arena_printf(arena, "%s/maps", work->cache).ptr, 0755, err);
}

bool contents_map(const struct contents_spec *spec, const char *cache, struct arena *arena,
                  struct contents *contents, struct err *err)
{
    struct contents_work work = {.spec = spec, .arena = arena};
    if (!contents_prepare(&work, cache, err))
        return false;
    struct err why = {0};
    if (spec->offline)
        err_set(&why, ERR_NETWORK, "no network was allowed (--offline)");
    else if (spec->dnf ? contents_by_dnf(&work, contents, &why)
                       : contents_by_apt(&work, contents, &why))
        return true;
    bool out_of_reach = why.code == ERR_NETWORK || why.code == ERR_NOT_FOUND;
    if (out_of_reach &&
        (contents_fall_back(&work, &why, contents) || contents_ship(&work, &why, contents)))
        return true;
    *err = why;
    return err_wrap(err, "no capability map of " STR_FMT, STR_ARG(work.apt.what));
}
