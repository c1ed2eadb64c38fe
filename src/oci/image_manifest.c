#include "oci/image_manifest.h"

#include "base/json.h"

#define OCI "application/vnd.oci.image."
#define DOCKER "application/vnd.docker.distribution."

const char IMAGE_MANIFEST_ACCEPT[] = OCI "index.v1+json, " OCI "manifest.v1+json, " DOCKER
                                         "manifest.list.v2+json, " DOCKER "manifest.v2+json";

static const struct {
    const char *name;
    enum image_manifest_kind kind;
} image_manifest_types[] = {
    {OCI "index.v1+json", IMAGE_MANIFEST_INDEX},
    {DOCKER "manifest.list.v2+json", IMAGE_MANIFEST_INDEX},
    {OCI "manifest.v1+json", IMAGE_MANIFEST_ONE},
    {DOCKER "manifest.v2+json", IMAGE_MANIFEST_ONE},
};

/* Layers that unpack to a part of a root; others (signatures, models, foreign ones) do not. */
static const char *const image_manifest_layer_types[] = {
    OCI "layer.v1.tar",
    OCI "layer.v1.tar+gzip",
    OCI "layer.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
};

static bool image_manifest_kind_of(struct str media_type, enum image_manifest_kind *kind)
{
    for (size_t i = 0; i < sizeof image_manifest_types / sizeof *image_manifest_types; i++)
        if (str_eq(media_type, str_from(image_manifest_types[i].name))) {
            *kind = image_manifest_types[i].kind;
            return true;
        }
    return false;
}

static bool image_manifest_layer_ok(struct str media_type)
{
    for (size_t i = 0; i < sizeof image_manifest_layer_types / sizeof *image_manifest_layer_types;
         i++)
        if (str_eq(media_type, str_from(image_manifest_layer_types[i])))
            return true;
    return false;
}

static bool image_manifest_read_descriptor(yyjson_val *value, const char *what, struct arena *arena,
                                           struct image_manifest_descriptor *descriptor,
                                           struct err *err)
{
    yyjson_val *platform = json_get_object(value, "platform");
    struct str digest = json_get_str(value, "digest");
    struct image_manifest_descriptor made = {
        .media_type = arena_str(arena, json_get_str(value, "mediaType")),
        .size = json_get_int(value, "size", -1),
        .os = arena_str(arena, json_get_str(platform, "os")),
        .architecture = arena_str(arena, json_get_str(platform, "architecture")),
        .variant = arena_str(arena, json_get_str(platform, "variant")),
    };
    if (!str_starts(digest, STR(DIGEST_PREFIX)) || !digest_from_hex(digest, &made.digest))
        return err_set(err, ERR_FORMAT,
                       "the manifest names %s by \"" STR_FMT "\", no sha256 digest", what,
                       STR_ARG(str_slice(digest, 0, 100)));
    if (made.size < 0)
        return err_set(err, ERR_FORMAT, "the manifest says no size of %s", what);
    *descriptor = made;
    return true;
}

static bool image_manifest_read_list(yyjson_val *list, size_t limit, const char *what,
                                     struct arena *arena,
                                     struct image_manifest_descriptors *descriptors,
                                     struct err *err)
{
    size_t index, max, len = yyjson_arr_size(list);
    yyjson_val *value;
    if (!len)
        return err_set(err, ERR_FORMAT, "the manifest has no %s", what);
    if (len > limit)
        return err_set(err, ERR_LIMIT, "the manifest has %zu %s, more than the %zu allowed", len,
                       what, limit);
    struct image_manifest_descriptor *at =
        ARENA_ARRAY(arena, struct image_manifest_descriptor, len);
    yyjson_arr_foreach(list, index, max, value)
    {
        if (!image_manifest_read_descriptor(value, what, arena, &at[index], err))
            return false;
    }
    *descriptors = (struct image_manifest_descriptors){at, len};
    return true;
}

static bool image_manifest_read_image(yyjson_val *root, struct arena *arena,
                                      struct image_manifest *manifest, struct err *err)
{
    if (!image_manifest_read_descriptor(json_get_object(root, "config"), "its config", arena,
                                        &manifest->config, err) ||
        !image_manifest_read_list(json_get_array(root, "layers"), IMAGE_MANIFEST_LAYERS_MAX,
                                  "layers", arena, &manifest->layers, err))
        return false;
    for (size_t i = 0; i < manifest->layers.len; i++) {
        struct str type = manifest->layers.at[i].media_type;
        if (!image_manifest_layer_ok(type))
            return err_set(err, ERR_FORMAT,
                           "layer %zu is of the type \"" STR_FMT
                           "\", which is no layer of a file system",
                           i + 1, STR_ARG(str_slice(type, 0, 200)));
    }
    return true;
}

bool image_manifest_parse(struct str json, struct str content_type, struct arena *arena,
                          struct image_manifest *manifest, struct err *err)
{
    JSON_AUTO yyjson_doc *doc = NULL;
    struct image_manifest made = {0};
    if (json.len > IMAGE_MANIFEST_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a manifest of %zu bytes, more than the %d allowed",
                       json.len, IMAGE_MANIFEST_BYTES_MAX);
    if (!json_parse(json, "the manifest", &doc, err))
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct str type = json_get_str(root, "mediaType"), parameters;
    if (!type.len) /* optional in OCI documents */
        str_cut(content_type, ';', &type, &parameters);
    bool lists = json_get_array(root, "manifests"), layers = json_get_array(root, "layers");
    if (lists && layers) /* one digest, two meanings: whoever reads it decides what is run */
        return err_set(err, ERR_FORMAT, "a manifest that is an index as well");
    if (!type.len)
        type = str_from(lists ? OCI "index.v1+json" : OCI "manifest.v1+json");
    if (json_get_int(root, "schemaVersion", 0) != 2 ||
        !image_manifest_kind_of(str_trim(type), &made.kind))
        return err_set(err, ERR_FORMAT,
                       "a manifest of the type \"" STR_FMT "\" and schema %lld; images are "
                       "wanted whose schema is 2",
                       STR_ARG(str_slice(type, 0, 200)),
                       (long long)json_get_int(root, "schemaVersion", 0));
    bool ok = made.kind == IMAGE_MANIFEST_INDEX
                  ? image_manifest_read_list(json_get_array(root, "manifests"),
                                             IMAGE_MANIFEST_ENTRIES_MAX, "entries", arena,
                                             &made.entries, err)
                  : image_manifest_read_image(root, arena, &made, err);
    if (ok)
        *manifest = made;
    return ok;
}

bool image_manifest_choose(const struct image_manifest *index, struct str architecture,
                           struct image_manifest_descriptor *entry, struct err *err)
{
    BUF_AUTO struct buf known = {0};
    enum image_manifest_kind kind;
    for (size_t i = 0; i < index->entries.len; i++) {
        const struct image_manifest_descriptor *at = &index->entries.at[i];
        /* Attestations stand beside images, for the platform "unknown". */
        if (!image_manifest_kind_of(at->media_type, &kind) || str_eq(at->os, STR("unknown")))
            continue;
        if (str_eq(at->os, STR("linux")) && str_eq(at->architecture, architecture)) {
            *entry = *at;
            return true;
        }
        buf_printf(&known, "%s" STR_FMT "/" STR_FMT, known.len ? ", " : "", STR_ARG(at->os),
                   STR_ARG(at->architecture));
    }
    return err_set(err, ERR_NOT_FOUND, "has no image for linux/" STR_FMT "; it has " STR_FMT,
                   STR_ARG(architecture), STR_ARG(known.len ? buf_str(&known) : STR("none")));
}

bool image_manifest_check_config(struct str json, struct str architecture, struct err *err)
{
    JSON_AUTO yyjson_doc *doc = NULL;
    if (!json_parse(json, "the image's config", &doc, err))
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct str os = json_get_str(root, "os"), machine = json_get_str(root, "architecture");
    if (str_eq(os, STR("linux")) && str_eq(machine, architecture))
        return true;
    return err_set(
        err, ERR_NOT_FOUND, "is an image for " STR_FMT "/" STR_FMT ", not for linux/" STR_FMT,
        STR_ARG(str_slice(os, 0, 40)), STR_ARG(str_slice(machine, 0, 40)), STR_ARG(architecture));
}
