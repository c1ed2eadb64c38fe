#include "pkg/marker_tree.h"
#include "pkg/name.h"

static bool is_version_key(enum marker_key key)
{
    return key == MARKER_PYTHON_VERSION || key == MARKER_PYTHON_FULL_VERSION ||
           key == MARKER_IMPLEMENTATION_VERSION || key == MARKER_PLATFORM_RELEASE;
}

static bool is_name_key(enum marker_key key)
{
    return key == MARKER_EXTRA || key == MARKER_EXTRAS || key == MARKER_DEPENDENCY_GROUPS;
}

/* Marker operators up to === are those of version specifiers. */
static bool as_specifier_op(enum marker_op op, enum specifier_op *made)
{
    static const enum specifier_op same[] = {
        [MARKER_COMPATIBLE] = SPECIFIER_COMPATIBLE,
        [MARKER_EQ] = SPECIFIER_EQ,
        [MARKER_NE] = SPECIFIER_NE,
        [MARKER_LE] = SPECIFIER_LE,
        [MARKER_GE] = SPECIFIER_GE,
        [MARKER_LT] = SPECIFIER_LT,
        [MARKER_GT] = SPECIFIER_GT,
        [MARKER_ARBITRARY] = SPECIFIER_ARBITRARY,
    };
    if (op == MARKER_IN || op == MARKER_NOT_IN)
        return false;
    *made = same[op];
    return true;
}

static bool is_set_key(enum marker_key key)
{
    return key == MARKER_EXTRAS || key == MARKER_DEPENDENCY_GROUPS;
}

/* Whose rules a comparison follows: those of its variable; of two, the set's, the name's or
 * version's. */
static enum marker_key ruling_key(const struct marker *m)
{
    if (m->left.literal || m->right.literal)
        return m->left.literal ? m->right.literal ? MARKER_KEYS : m->right.key : m->left.key;
    if (is_set_key(m->left.key))
        return m->left.key;
    return is_version_key(m->right.key) || is_name_key(m->right.key) ? m->right.key : m->left.key;
}

void marker_prepare(struct marker *m, struct arena *arena)
{
    enum marker_key key = ruling_key(m);
    if (is_name_key(key)) {
        m->left.text = name_normal(m->left.text, arena);
        m->right.text = name_normal(m->right.text, arena);
    }
    enum specifier_op op;
    struct specifier made;
    if (!is_version_key(key) || !m->right.literal || !as_specifier_op(m->op, &op) ||
        !specifier_make(op, m->right.text, &made))
        return;
    struct specifier *kept = ARENA_NEW(arena, struct specifier);
    *kept = made;
    m->specifier = kept;
}

static bool in_set(struct str name, const struct str *set, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (str_eq(set[i], name))
            return true;
    return false;
}

/* `"x" in extras` */
static bool is_membership(const struct marker *m)
{
    return m->left.literal && !m->right.literal && (m->op == MARKER_IN || m->op == MARKER_NOT_IN);
}

/* `extras` and `dependency_groups` are sets and know membership alone. */
static bool set_holds(const struct marker *m, const struct marker_wants *wants)
{
    if (!is_membership(m) || !wants)
        return false;
    bool extras = m->right.key == MARKER_EXTRAS;
    bool member = extras ? in_set(m->left.text, wants->extras, wants->extras_len)
                         : in_set(m->left.text, wants->groups, wants->groups_len);
    return member == (m->op == MARKER_IN);
}

static bool contains(struct str text, struct str piece)
{
    return !piece.len || (piece.len <= text.len && str_find(text, piece) < text.len);
}

/* Texts have no order: the specification leaves <= and >= their equality, < and > nothing. */
static bool text_holds(struct str left, enum marker_op op, struct str right)
{
    switch (op) {
    case MARKER_EQ:
    case MARKER_LE:
    case MARKER_GE:
        return str_eq(left, right);
    case MARKER_NE:
        return !str_eq(left, right);
    case MARKER_IN:
        return contains(right, left);
    case MARKER_NOT_IN:
        return !contains(right, left);
    case MARKER_LT:
    case MARKER_GT:
    case MARKER_COMPATIBLE:
    case MARKER_ARBITRARY:
        return false;
    }
    return false;
}

static struct str value_text(const struct marker_value *value, const struct marker_env *env,
                             const struct marker_wants *wants)
{
    if (value->literal)
        return value->text;
    if (value->key == MARKER_EXTRA)
        return wants ? wants->extra : STR("");
    return value->key < MARKER_KEYS_TEXT ? env->text[value->key] : STR("");
}

/* The comparison as one of versions; false where the standard compares texts. */
static bool as_specifier(const struct marker *m, struct str right, struct specifier *made)
{
    enum specifier_op op;
    if (m->specifier) {
        *made = *m->specifier;
        return true;
    }
    return !m->right.literal && is_version_key(ruling_key(m)) && as_specifier_op(m->op, &op) &&
           specifier_make(op, right, made);
}

static bool compare_holds(const struct marker *m, const struct marker_env *env,
                          const struct marker_wants *wants)
{
    if (is_set_key(ruling_key(m)))
        return set_holds(m, wants);
    struct str left = value_text(&m->left, env, wants), right = value_text(&m->right, env, wants);
    struct specifier made;
    if (m->specifier)
        return specifier_match_text(m->specifier, left);
    return as_specifier(m, right, &made) ? specifier_match_text(&made, left)
                                         : text_holds(left, m->op, right);
}

static bool compare_defined(const struct marker *m, const struct marker_env *env,
                            const struct marker_wants *wants)
{
    struct specifier made;
    if (is_set_key(ruling_key(m)))
        return is_membership(m);
    return (m->op != MARKER_COMPATIBLE && m->op != MARKER_ARBITRARY) ||
           as_specifier(m, value_text(&m->right, env, wants), &made);
}

const struct marker *marker_undefined(const struct marker *marker, const struct marker_env *env,
                                      const struct marker_wants *wants)
{
    if (!marker)
        return NULL;
    if (marker->kind == MARKER_COMPARE)
        return compare_defined(marker, env, wants) ? NULL : marker;
    for (const struct marker *m = marker->child; m; m = m->next) {
        const struct marker *found = marker_undefined(m, env, wants);
        if (found)
            return found;
    }
    return NULL;
}

bool marker_holds(const struct marker *marker, const struct marker_env *env,
                  const struct marker_wants *wants)
{
    if (!marker)
        return true;
    if (marker->kind == MARKER_COMPARE)
        return compare_holds(marker, env, wants);
    bool decisive = marker->kind == MARKER_OR;
    for (const struct marker *m = marker->child; m; m = m->next)
        if (marker_holds(m, env, wants) == decisive)
            return decisive;
    return !decisive;
}

bool marker_uses(const struct marker *marker, enum marker_key key)
{
    if (!marker)
        return false;
    if (marker->kind == MARKER_COMPARE)
        return (!marker->left.literal && marker->left.key == key) ||
               (!marker->right.literal && marker->right.key == key);
    for (const struct marker *m = marker->child; m; m = m->next)
        if (marker_uses(m, key))
            return true;
    return false;
}

struct marker_env marker_env_linux(struct str python, struct str machine)
{
    struct marker_env env = {0};
    size_t dots = 0, to = 0;
    while (to < python.len && (python.ptr[to] != '.' || ++dots < 2))
        to++;
    env.text[MARKER_OS_NAME] = STR("posix");
    env.text[MARKER_SYS_PLATFORM] = STR("linux");
    env.text[MARKER_PLATFORM_MACHINE] = machine;
    env.text[MARKER_PLATFORM_PYTHON_IMPLEMENTATION] = STR("CPython");
    env.text[MARKER_PLATFORM_RELEASE] = STR("");
    env.text[MARKER_PLATFORM_SYSTEM] = STR("Linux");
    env.text[MARKER_PLATFORM_VERSION] = STR("");
    env.text[MARKER_PYTHON_VERSION] = str_slice(python, 0, to);
    env.text[MARKER_PYTHON_FULL_VERSION] = python;
    env.text[MARKER_IMPLEMENTATION_NAME] = STR("cpython");
    env.text[MARKER_IMPLEMENTATION_VERSION] = python;
    return env;
}
