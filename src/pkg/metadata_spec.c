#include "pkg/metadata.h"

/* Core metadata 2.6, field by field. */
static const struct metadata_spec specs[] = {
    {STR_INIT("Metadata-Version"), 1, 0, false},
    {STR_INIT("Name"), 1, 0, false},
    {STR_INIT("Version"), 1, 0, false},
    {STR_INIT("Dynamic"), 2, 2, true},
    {STR_INIT("Platform"), 1, 0, true},
    {STR_INIT("Supported-Platform"), 1, 1, true},
    {STR_INIT("Summary"), 1, 0, false},
    {STR_INIT("Description"), 1, 0, false},
    {STR_INIT("Description-Content-Type"), 2, 1, false},
    {STR_INIT("Keywords"), 1, 0, false},
    {STR_INIT("Author"), 1, 0, false},
    {STR_INIT("Author-Email"), 1, 0, false},
    {STR_INIT("Maintainer"), 1, 2, false},
    {STR_INIT("Maintainer-Email"), 1, 2, false},
    {STR_INIT("License"), 1, 0, false},
    {STR_INIT("License-Expression"), 2, 4, false},
    {STR_INIT("License-File"), 2, 4, true},
    {STR_INIT("Classifier"), 1, 1, true},
    {STR_INIT("Requires-Dist"), 1, 2, true},
    {STR_INIT("Requires-Python"), 1, 2, false},
    {STR_INIT("Requires-External"), 1, 2, true},
    {STR_INIT("Project-URL"), 1, 2, true},
    {STR_INIT("Provides-Extra"), 2, 1, true},
    {STR_INIT("Provides-Dist"), 1, 2, true},
    {STR_INIT("Obsoletes-Dist"), 1, 2, true},
    {STR_INIT("Import-Name"), 2, 5, true},
    {STR_INIT("Import-Namespace"), 2, 5, true},
    {STR_INIT("Home-Page"), 1, 0, false},
    {STR_INIT("Download-URL"), 1, 1, false},
    {STR_INIT("Requires"), 1, 1, true},
    {STR_INIT("Provides"), 1, 1, true},
    {STR_INIT("Obsoletes"), 1, 1, true},
};

const struct metadata_spec *metadata_find_spec(struct str name)
{
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        if (str_eq_nocase(name, specs[i].name))
            return &specs[i];
    return NULL;
}
