"""What is asked of both sides: each kind makes a request of the line protocol, computes the answer of
`packaging` (None for an error), and reduces our answer to what both can say."""

import functools
import json
import re

import generate
from packaging import _manylinux, _musllinux, metadata, tags
from packaging.dependency_groups import resolve_dependency_groups
from packaging.direct_url import DirectUrl, DirectUrlValidationError
from packaging.licenses import canonicalize_license_expression
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, is_normalized_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

KINDS = []


def kind(share):
    def add(cls):
        cls.share, cls.name = share, cls.__name__.lower()
        KINDS.append(cls)
        return cls
    return add


def ours_or_none(answer):
    return answer["result"] if answer["ok"] else None


def set_text(specifier):
    """The clauses as (operator, normal version), sorted: how each side writes them differs."""
    out = set()
    for one in specifier:
        text = one.version
        if one.operator != "===" and not text.endswith(".*"):
            text = str(Version(text))
        elif one.operator != "===":
            text = str(Version(text[:-2])) + ".*"
        out.add(one.operator + text)
    return sorted(out)


@kind(20)
class ParseVersion:
    def make(rng):
        return {"op": "version.parse", "version": generate.damaged(rng, generate.version(rng))}

    def theirs(request):
        v = Version(request["version"])
        return [str(v), v.public, v.base_version, v.epoch, list(v.release), list(v.pre) if v.pre else None, v.post, v.dev, v.local,
                v.is_prerelease, v.is_postrelease, v.is_devrelease]

    def ours(result):
        return [result[key] for key in ("normal", "public", "base", "epoch", "release", "pre", "post", "dev", "local", "is_prerelease",
                                        "is_postrelease", "is_devrelease")]


@kind(20)
class CompareVersions:
    def make(rng):
        a = generate.version(rng)
        return {"op": "version.compare", "a": a, "b": generate.near(rng, "==" + a) if rng.random() < 0.6 else generate.version(rng)}

    def theirs(request):
        a, b = Version(request["a"]), Version(request["b"])
        return (a > b) - (a < b)

    def ours(result):
        return result


@kind(2)
class SortVersions:
    def make(rng):
        return {"op": "version.sort", "versions": [generate.version(rng) for _ in range(rng.randrange(8))]}

    def theirs(request):
        return sorted(request["versions"], key=Version)

    def ours(result):
        return result


@kind(8)
class ParseSpecifier:
    def make(rng):
        return {"op": "specifier.parse", "specifier": generate.damaged(rng, generate.specifier(rng))}

    def theirs(request):
        made = SpecifierSet(request["specifier"])
        return [set_text(made), bool(made.prereleases)]

    def ours(result):
        return [sorted(set(clause for clause in result["normal"].split(",") if clause)), result["names_prereleases"]]


@kind(20)
class Contains:
    def make(rng):
        specifier = generate.specifier(rng)
        version = generate.near(rng, specifier) if rng.random() < 0.7 else generate.version(rng)
        return {"op": "specifier.contains", "specifier": specifier, "version": version, "prereleases": rng.choice([None, None, True, False])}

    def theirs(request):
        return SpecifierSet(request["specifier"]).contains(request["version"], prereleases=request["prereleases"])

    def ours(result):
        return result


@kind(4)
class Filter:
    def make(rng):
        specifier = generate.specifier(rng)
        versions = [generate.near(rng, specifier) if rng.random() < 0.6 else generate.version(rng) for _ in range(rng.randrange(6))]
        return {"op": "specifier.filter", "specifier": specifier, "versions": versions, "prereleases": rng.choice([None, None, True, False])}

    def theirs(request):
        return list(SpecifierSet(request["specifier"]).filter(request["versions"], prereleases=request["prereleases"]))

    def ours(result):
        return result


@kind(3)
class Relation:
    """Of the intervals: what packaging adds about pre-releases that a set asks for is another question."""

    def make(rng):
        pieces = [generate.clause(rng).replace("===", ">=").split("+")[0] for _ in range(3)]
        a = pieces[0] if rng.random() < 0.6 else ",".join(pieces[:2])
        b = rng.choice(["==", "!=", ">=", "<=", "<", ">"]) + generate.near(rng, a).split("+")[0] if rng.random() < 0.7 else pieces[2]
        return {"op": "specifier.relation", "a": a, "b": b}

    def theirs(request):
        a, b = (SpecifierSet(request[key], prereleases=True) for key in "ab")
        return [a.is_subset(b), a.is_superset(b), a.is_disjoint(b)]

    def ours(result):
        return [result["subset"], result["superset"], result["disjoint"]]


@kind(3)
class Satisfiable:
    def make(rng):
        a = generate.specifier(rng)
        extra = rng.choice(["==", "!=", ">=", "<=", "<", ">"]) + generate.near(rng, a).split("+")[0]
        return {"op": "specifier.satisfiable", "specifier": a + "," + extra if rng.random() < 0.7 else a, "prereleases": rng.choice([None, False])}

    def theirs(request):
        return not SpecifierSet(request["specifier"], prereleases=request["prereleases"]).is_unsatisfiable()

    def ours(result):
        return result


@kind(6)
class Names:
    def make(rng):
        return {"op": "name.validate", "name": generate.damaged(rng, generate.name(rng))}

    def theirs(request):
        name = request["name"]
        try:
            canonicalize_name(name, validate=True)
            valid = True
        except ValueError:
            valid = False
        return [valid, is_normalized_name(name), canonicalize_name(name)]

    def ours(result):
        return [result["valid"], result["is_normal"], result["normal"]]


@kind(10)
class Requirements:
    def make(rng):
        return {"op": "requirement.parse", "requirement": generate.damaged(rng, generate.requirement(rng))}

    def theirs(request):
        made = Requirement(request["requirement"])
        return [canonicalize_name(made.name), sorted({canonicalize_name(e) for e in made.extras}), set_text(made.specifier), made.url,
                flat(made.marker._markers) if made.marker else None]

    def ours(result):
        return [result["name"], result["extras"], sorted(set(c for c in result["specifier"].split(",") if c)), result["url"], same_marker(result["marker"])]


def same_marker(text):
    return flat(Marker(text)._markers) if text else None


@kind(6)
class ParseMarker:
    def make(rng):
        return {"op": "marker.parse", "marker": generate.damaged(rng, generate.marker(rng))}

    def theirs(request):
        return flat(Marker(request["marker"])._markers)

    def ours(result):
        return flat(Marker(result["normal"])._markers)


def flat(markers):
    """The tree without needless nesting: lists of one are their item, `or` and `and` lists of alike are one."""
    if isinstance(markers, tuple):
        return " ".join(part.serialize() for part in markers)
    groups = [[]]
    for item in markers:
        if item == "or":
            groups.append([])
        elif item != "and":
            groups[-1].append(flat(item))
    alternatives = []
    for group in groups:
        parts = []
        for part in group:
            parts += part[1:] if isinstance(part, list) and part[0] == "and" else [part]
        one = parts[0] if len(parts) == 1 else ["and"] + parts
        alternatives += one[1:] if isinstance(one, list) and one[0] == "or" else [one]
    return alternatives[0] if len(alternatives) == 1 else ["or"] + alternatives


@kind(14)
class Evaluate:
    def make(rng):
        env = dict(rng.choice(generate.ENVS))
        request = {"op": "marker.evaluate", "marker": generate.marker(rng), "env": env, "extras": [], "dependency_groups": []}
        if rng.random() < 0.5:
            request["extra"] = rng.choice(generate.EXTRAS)
        if rng.random() < 0.5:
            request["extras"] = rng.sample(generate.EXTRAS, 2)
            request["dependency_groups"] = ["x"]
        return request

    def theirs(request):
        env = dict(request["env"], extra=request.get("extra", ""), extras=frozenset(request["extras"]),
                   dependency_groups=frozenset(request["dependency_groups"]))
        return Marker(request["marker"]).evaluate(env)

    def ours(result):
        return result


@kind(6)
class WheelName:
    def make(rng):
        return {"op": "wheel.name", "filename": generate.damaged(rng, generate.wheel(rng))}

    def theirs(request):
        name, version, build, found = parse_wheel_filename(request["filename"])
        return [name, str(version), list(build) or None, sorted(map(str, found))]

    def ours(result):
        return [result["name"], result["version"], result["build"], sorted({tag.lower() for tag in result["tags"]})]


@kind(3)
class SdistName:
    def make(rng):
        return {"op": "sdist.name", "filename": generate.damaged(rng, generate.sdist(rng))}

    def theirs(request):
        name, version = parse_sdist_filename(request["filename"])
        return [name, str(version)]

    def ours(result):
        return [result["name"], result["version"]]


@kind(3)
class ParseTag:
    def make(rng):
        return {"op": "tags.parse", "tag": generate.damaged(rng, generate.tag(rng))}

    def theirs(request):
        return sorted(map(str, tags.parse_tag(request["tag"])))

    def ours(result):
        return sorted({tag.lower() for tag in result})


@functools.cache
def target_tags(minor, threads, arch, libc, libc_minor):
    """What packaging lists for a machine: only its look at the running one is replaced."""
    if libc == "musllinux":
        _musllinux._get_musl_version = lambda _: _musllinux._MuslVersion(1, libc_minor)
        platforms = list(_musllinux.platform_tags([arch]))
    else:
        _manylinux._get_glibc_version = lambda: (2, libc_minor)
        _manylinux._have_compatible_abi = lambda *_: True
        platforms = list(_manylinux.platform_tags([arch]))
    platforms.insert(0, "linux_" + arch)
    abi = f"cp3{minor}" + ("t" if threads else "")
    listed = list(tags.cpython_tags((3, minor), [abi], platforms))
    listed += tags.compatible_tags((3, minor), f"cp3{minor}", platforms)
    return {str(tag): place for place, tag in reversed(list(enumerate(listed)))}, list(map(str, listed))


def random_target(rng):
    libc = rng.choice(["manylinux", "manylinux", "musllinux"])
    target = (rng.randrange(7, 17), rng.random() < 0.3, rng.choice(["s390x", "x86_64", "aarch64", "i686", "ppc64le", "riscv64"]), libc,
              rng.choice([17, 28, 36]) if libc == "manylinux" else rng.randrange(0, 4))
    name = f"{libc}_{2 if libc == 'manylinux' else 1}_{target[4]}_{target[2]}"
    return target, {"python": f"3.{target[0]}", "platform": name, "free_threaded": target[1], "target": target}


@kind(6)
class Compatible:
    def make(rng):
        target, members = random_target(rng)
        tag = rng.choice(target_tags(*target)[1]) if rng.random() < 0.6 else generate.tag(rng)
        return {"op": "tags.compatible", "tag": tag, **members}

    def theirs(request):
        ranks = target_tags(*request["target"])[0]
        return min((ranks[str(tag)] for tag in tags.parse_tag(request["tag"]) if str(tag) in ranks), default=-1)

    def ours(result):
        return -1 if result["rank"] is None else result["rank"]


@kind(0.3)
class ListTags:
    def make(rng):
        return {"op": "tags.list", **random_target(rng)[1]}

    def theirs(request):
        return list(dict.fromkeys(target_tags(*request["target"])[1]))

    def ours(result):
        return list(dict.fromkeys(result))


@kind(4)
class License:
    def make(rng):
        return {"op": "license.parse", "expression": generate.damaged(rng, generate.license_expression(rng))}

    def theirs(request):
        return canonicalize_license_expression(request["expression"])

    def ours(result):
        return result


def stripped(fields):
    """Without the white space at the ends of values, which the e-mail parser of Python leaves."""
    return {key: [v.strip() for v in value] if isinstance(value, list) else value.strip() if value else value for key, value in fields.items()}


@kind(4)
class Metadata:
    """Whether a file is as the specification wants it, and what its fields hold when it is."""

    def make(rng):
        return {"op": "metadata.parse", "text": generate.damaged(rng, generate.metadata(rng), 0.05)}

    def theirs(request):
        made = metadata.Metadata.from_email(request["text"], validate=True)
        fields = {key: getattr(made, key) for key in ("name", "summary", "platforms", "import_names", "classifiers", "license_files", "author")}
        return [stripped(fields), str(made.version), [str(r.name) for r in made.requires_dist or []], made.description or None]

    def ours(result):
        if result["problems"]:
            return None
        fields = result["fields"]
        if fields.get("import_name") == [""]:
            fields["import_name"] = []
        wanted = {"name": "name", "summary": "summary", "platforms": "platform", "import_names": "import_name", "classifiers": "classifier",
                  "license_files": "license_file", "author": "author"}
        return [stripped({theirs: fields.get(ours) for theirs, ours in wanted.items()}), str(Version(fields["version"])),
                [re.match(r"[\w.-]+", r)[0] for r in fields.get("requires_dist", [])], result["description"]]


@kind(3)
class Groups:
    def make(rng):
        made = generate.groups(rng)
        return {"op": "groups.resolve", "groups": made, "group": rng.choice(list(made) + ["none", "DEV"])}

    def theirs(request):
        return [str(Requirement(r)) for r in resolve_dependency_groups(request["groups"], request["group"])]

    def ours(result):
        try:
            return [str(Requirement(r)) for r in result]
        except ValueError:
            return result


@kind(3)
class DirectUrls:
    def make(rng):
        return {"op": "direct_url.parse", "text": json.dumps(generate.direct_url(rng))}

    def theirs(request):
        made = DirectUrl.from_dict(json.loads(request["text"]))
        vcs = made.vcs_info
        return [made.url, made.to_dict()["url"], made.subdirectory or None, dict(made.archive_info.hashes or {}) if made.archive_info else {},
                vcs and vcs.vcs, vcs and vcs.commit_id, vcs and vcs.requested_revision, bool(made.dir_info and made.dir_info.editable)]

    def ours(result):
        return [result[key] for key in ("url", "url_stripped", "subdirectory", "hashes", "vcs", "commit_id", "requested_revision", "editable")]
