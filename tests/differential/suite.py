#!/usr/bin/env python3
"""The parametrised tests of packaging's own source distribution, asked of `refinery debug pkg`. Their tables are
read from the sdist, nothing of them is kept here. What we answer otherwise is listed below with its reason.

usage: suite.py REFINERY SDIST-DIRECTORY"""
import importlib
import itertools
import json
import operator
import subprocess
import sys

program, root = sys.argv[1:3]
sys.path.insert(0, root)

OPS = {operator.lt: {-1}, operator.le: {-1, 0}, operator.eq: {0}, operator.ne: {-1, 1}, operator.ge: {0, 1}, operator.gt: {1}}


def parts(key, wanted=lambda value: value):
    return lambda version, expected: ({"op": "version.parse", "version": version}, lambda r: r[key], wanted(expected))


def compared(truth):
    def ask(left, right, op):
        if isinstance(op, type(lambda: 0)):  # a lambda of the operator
            op = next(known for known in OPS if all(known(a, b) == op(a, b) for a, b in ((0, 1), (1, 1), (2, 1))))
        return {"op": "version.compare", "a": str(left), "b": str(right)}, lambda r: (r in OPS[op]) == truth, True
    return ask


def valid(op, key):
    return lambda text: ({"op": op, key: text}, lambda r: True, True)


def invalid(op, key):
    return lambda text: ({"op": op, key: text}, lambda r: r, None)


def contains(version, specifier, expected, prereleases=None):
    return {"op": "specifier.contains", "specifier": str(specifier), "version": str(version), "prereleases": prereleases}, bool, expected


def filtered(specifier, configured, prereleases, given, expected):
    policy = configured if prereleases is None else prereleases
    return {"op": "specifier.filter", "specifier": str(specifier), "versions": given, "prereleases": policy}, list, expected


def related(key):
    return lambda left, right, expected: ({"op": "specifier.relation", "a": left, "b": right}, lambda r: r[key], expected)


def satisfiable(truth, prereleases=None):
    return lambda text: ({"op": "specifier.satisfiable", "specifier": text, "prereleases": prereleases}, bool, truth)


def evaluated(marker, environment, expected):
    return {"op": "marker.evaluate", "marker": marker, "env": environment or {}}, bool, expected


def wheel(filename, name, version, build, tags):
    return {"op": "wheel.name", "filename": filename}, \
        lambda r: [r["name"], r["version"], tuple(r["build"] or ()), {t.lower() for t in r["tags"]}], \
        [name, str(version), build, {str(t) for t in tags}]


TESTS = {
    "test_version": {
        "test_valid_versions": valid("version.parse", "version"), "test_invalid_versions": invalid("version.parse", "version"),
        "test_normalized_versions": parts("normal"), "test_version_str_repr": parts("normal"), "test_version_public": parts("public"),
        "test_version_base_version": parts("base"), "test_version_epoch": parts("epoch"), "test_version_release": parts("release", list),
        "test_version_local": parts("local"), "test_version_pre": parts("pre", lambda v: v and list(v)),
        "test_version_is_prerelease": parts("is_prerelease"), "test_version_dev": parts("dev"), "test_version_post": parts("post"),
        "test_version_is_devrelease": parts("is_devrelease"), "test_version_is_postrelease": parts("is_postrelease"),
        "test_comparison_true": compared(True), "test_comparison_false": compared(False),
    },
    "test_specifiers": {
        "test_specifiers_valid": valid("specifier.parse", "specifier"), "test_specifiers_invalid": invalid("specifier.parse", "specifier"),
        "test_specifiers": contains, "test_arbitrary_equality": contains,
        "test_invalid_version": lambda s, v, e: contains(v, s, e),
        "test_arbitrary_equality_normalization": lambda s, v, e: contains(v, s, e),
        "test_specifier_prereleases_detection": lambda s, e: ({"op": "specifier.parse", "specifier": s}, lambda r: r["names_prereleases"], bool(e)),
        "test_specifiers_prereleases": lambda s, v, a, b, e: contains(v, s, e, a if b is None else b),
        "test_specifier_filter": filtered,
        "test_specifier_filter_arbitrary_equality_normalization": lambda s, i, e: filtered(s, None, None, i, e),
        "test_empty_specifier": lambda v: contains(v, "", True),
        "test_empty_specifier_arbitrary_string": lambda p, i, e: filtered("", None, p, i, e),
        "test_empty_specifier_ordering_with_arbitrary": lambda i, e: filtered("", None, None, i, e),
        "test_filter_exclusionary_bridges": lambda s, p, i, e: filtered(s, None, p, i, e),
        "test_contains_exclusionary_bridges": lambda s, p, v, e: contains(v, s, e, p),
        "test_contains_post_release_boundary_intersection": lambda s, v, e: contains(v, s, e),
        "test_contains_arbitrary_equality_contains": contains,
        "test_contains_arbitrary_equality_normalization": lambda s, v, e: contains(v, s, e),
        "test_is_subset": related("subset"), "test_is_superset": related("superset"), "test_is_disjoint": related("disjoint"),
        "test_unsatisfiable": satisfiable(False), "test_satisfiable": satisfiable(True),
        "test_unsatisfiable_prereleases_false": satisfiable(False, False), "test_satisfiable_prereleases_false": satisfiable(True, False),
        "test_post_release_boundary_unsatisfiable": satisfiable(False),
        "test_comparison_ignores_local": contains, "test_boundary_closure_short_release": lambda s, v, e: contains(v, s, e),
    },
    "test_markers": {
        "test_parses_valid": valid("marker.parse", "marker"), "test_parses_invalid": invalid("marker.parse", "marker"),
        "test_parses_invalid_trailing_line_break": lambda b: invalid("marker.parse", "marker")("python_version >= '3'" + b),
        "test_parses_invalid_malformed_quoted_string": lambda m, e: invalid("marker.parse", "marker")(m),
        "test_evaluates": evaluated, "test_evaluate_pep345_markers": evaluated, "test_version_like_equality": evaluated,
        "test_parses_pep345_valid": valid("marker.parse", "marker"), "test_parses_setuptools_legacy_valid": valid("marker.parse", "marker"),
        "test_extras_and_dependency_groups": lambda v, e: evaluated(e[0].format(v) if "{" in e[0] else e[0], {v: ["foo", "bar"]}, e[1]),
    },
    "test_requirements": {
        "test_valid_marker": lambda m: valid("requirement.parse", "requirement")("name; " + m),
        "test_file_url": lambda u: ({"op": "requirement.parse", "requirement": "name @ " + u}, lambda r: r["url"], u),
        "test_equal_reqs_equal_hashes": lambda a, b: valid("requirement.parse", "requirement")(a),
        "test_different_reqs_different_hashes": lambda a, b: valid("requirement.parse", "requirement")(b),
    },
    "test_utils": {
        "test_canonicalize_name": lambda n, e: ({"op": "name.normalize", "name": n}, str, e),
        "test_canonicalize_name_invalid": lambda n, e: ({"op": "name.validate", "name": n}, lambda r: r["valid"], False),
        "test_is_normalized_name": lambda n, e: ({"op": "name.validate", "name": n}, lambda r: r["is_normal"], n == e),
        "test_parse_wheel_filename": wheel, "test_parse_wheel_invalid_filename": invalid("wheel.name", "filename"),
        "test_parse_sdist_filename": lambda f, n, v: ({"op": "sdist.name", "filename": f}, lambda r: [r["name"], r["version"]], [n, str(v)]),
        "test_parse_sdist_invalid_filename": invalid("sdist.name", "filename"),
    },
    "test_licenses": {"test_invalid_spdx_with_or_licenseref_forms": invalid("license.parse", "expression")},
}

# (test, text of the request): why
OTHERWISE = [
    ("test_parse_wheel_filename", "\\u", "names of projects are ASCII (PEP 508)"),
]


def parameters(function):
    """Every row of a test: the product of its parametrize marks, the innermost first."""
    marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
    names, rows = [], []
    for mark in reversed(marks):
        keys = mark.args[0].replace(" ", "").split(",") if isinstance(mark.args[0], str) else list(mark.args[0])
        names.append(keys)
        values = [getattr(row, "values", row) if type(row).__name__ == "ParameterSet" else row for row in mark.args[1]]
        rows.append([tuple(row) if len(keys) > 1 or type(row) is tuple and len(keys) == len(row) == 1 else (row,) for row in values])
    order = function.__code__.co_varnames[:function.__code__.co_argcount]
    for row in itertools.product(*rows):
        given = {key: value for keys, values in zip(names, row) for key, value in zip(keys, values)}
        yield [given[name] for name in order if name in given]


def tests_of(module):
    for holder in [module, *(value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__)]:
        for name, function in vars(holder).items():
            if name.startswith("test_") and callable(function) and getattr(function, "pytestmark", None):
                yield name, function


def main():
    cases, skipped = [], 0
    for name, table in TESTS.items():
        module = importlib.import_module("tests." + name)
        found = set()
        for test, function in tests_of(module):
            if test not in table:
                continue
            found.add(test)
            for row in parameters(function):
                try:
                    cases.append((f"{name}.{test}", *table[test](*row)))
                    json.dumps(cases[-1][1])
                except (TypeError, StopIteration):  # rows about Python's types
                    skipped += 1
                    if cases and cases[-1][0] == f"{name}.{test}":
                        cases.pop()
        for test in table.keys() - found:
            sys.exit(f"{name} has no parametrised {test}")
    text = "".join(json.dumps(case[1]) + "\n" for case in cases).encode()
    answers = subprocess.run([program, "debug", "pkg"], input=text, stdout=subprocess.PIPE, check=True).stdout.split(b"\n")[:-1]
    passed, otherwise, failed = 0, 0, 0
    for (name, request, take, expected), line in zip(cases, answers, strict=True):
        answer = json.loads(line)
        got = take(answer["result"]) if answer["ok"] else None
        if got == expected:
            passed += 1
        elif any(name.endswith(test) and piece in json.dumps(request) for test, piece, _ in OTHERWISE):
            otherwise += 1
        else:
            failed += 1
            print(f"{name}: {json.dumps(request)}: {got!r}, expected {expected!r} {answer.get('error', {}).get('message', '')}")
    print(f"packaging's own tests: {len(cases)} rows of {sum(map(len, TESTS.values()))} tests; {otherwise} answered otherwise, as listed; "
          f"{skipped} about Python's own types left out")
    print(f"{passed + otherwise} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
