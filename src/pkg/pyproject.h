/*
 * What a build needs of pyproject.toml: [build-system] (PEP 517, 518) with the
 * defaults for projects without one, the static part of [project] (PEP 621, 639) and the dependency
 * groups (PEP 735).
 * Everything lives in the arena. An empty text is a project without the file.
 */
#ifndef REFINERY_PKG_PYPROJECT_H
#define REFINERY_PKG_PYPROJECT_H

#include "pkg/groups.h"

struct pyproject_extra {
    struct str name; /* as written */
    const struct str *dependencies;
    size_t dependencies_len;
};

struct pyproject {
    const struct toml *root; /* NULL: no file */
    bool has_build_system, has_project;

    /* What to install and call; filled with setuptools' legacy entry where the file says nothing.
     */
    const struct str *requires;
    size_t requires_len;
    struct str backend;
    const struct str *backend_path; /* relative paths without "..", inside the project */
    size_t backend_path_len;

    struct str name, version, requires_python; /* of [project]; empty when absent or dynamic */
    const struct str *dependencies;
    size_t dependencies_len;
    const struct pyproject_extra *extras; /* optional-dependencies */
    size_t extras_len;
    const struct str *dynamic;
    size_t dynamic_len;
    /* One of these at most: an expression (PEP 639), or the older table's text or file. */
    struct str license_expression, license_text, license_file;
    const struct str *license_files; /* patterns (PEP 639) */
    size_t license_files_len;
    bool has_license_files;
    const struct str *import_names; /* of metadata 2.5, as written */
    size_t import_names_len;
    const struct str *import_namespaces;
    size_t import_namespaces_len;

    struct groups groups; /* [dependency-groups] (PEP 735) */
};

/* `what` names the file in errors. A wrong type or a backend-path that leaves the project is
 * ERR_FORMAT. */
CHECKED bool pyproject_parse(struct str text, const char *what, struct arena *arena,
                             struct pyproject *pyproject, struct err *err);

bool pyproject_is_dynamic(const struct pyproject *pyproject, struct str field);

#endif
