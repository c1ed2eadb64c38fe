#include "pkg/marker.h"
#include "pkg/marker_tree.h"

#include <assert.h>
#include <string.h>

/* The grammar needs one token of look-ahead. */
enum token_kind { TOKEN_END, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_AND, TOKEN_OR, TOKEN_OP, TOKEN_VALUE };

struct token {
    enum token_kind kind;
    size_t at; /* from 0 in the text */
    enum marker_op op;
    struct marker_value value;
};

struct parser {
    struct str text;
    size_t at;
    struct token token;
    struct arena *arena;
    struct err *err;
    unsigned depth;
};

static const struct {
    struct str name;
    enum marker_key key;
} key_names[] = {
    {STR_INIT("os_name"), MARKER_OS_NAME},
    {STR_INIT("sys_platform"), MARKER_SYS_PLATFORM},
    {STR_INIT("platform_machine"), MARKER_PLATFORM_MACHINE},
    {STR_INIT("platform_python_implementation"), MARKER_PLATFORM_PYTHON_IMPLEMENTATION},
    {STR_INIT("platform_release"), MARKER_PLATFORM_RELEASE},
    {STR_INIT("platform_system"), MARKER_PLATFORM_SYSTEM},
    {STR_INIT("platform_version"), MARKER_PLATFORM_VERSION},
    {STR_INIT("python_version"), MARKER_PYTHON_VERSION},
    {STR_INIT("python_full_version"), MARKER_PYTHON_FULL_VERSION},
    {STR_INIT("implementation_name"), MARKER_IMPLEMENTATION_NAME},
    {STR_INIT("implementation_version"), MARKER_IMPLEMENTATION_VERSION},
    {STR_INIT("extra"), MARKER_EXTRA},
    {STR_INIT("extras"), MARKER_EXTRAS},
    {STR_INIT("dependency_groups"), MARKER_DEPENDENCY_GROUPS},
    /* Names of setuptools' time, still in METADATA files. */
    {STR_INIT("os.name"), MARKER_OS_NAME},
    {STR_INIT("sys.platform"), MARKER_SYS_PLATFORM},
    {STR_INIT("platform.version"), MARKER_PLATFORM_VERSION},
    {STR_INIT("platform.machine"), MARKER_PLATFORM_MACHINE},
    {STR_INIT("platform.python_implementation"), MARKER_PLATFORM_PYTHON_IMPLEMENTATION},
    {STR_INIT("python_implementation"), MARKER_PLATFORM_PYTHON_IMPLEMENTATION},
};
enum { KEY_NAMES = sizeof key_names / sizeof *key_names };

static const struct {
    struct str text;
    enum marker_op op;
} symbols[] = {
    {STR_INIT("==="), MARKER_ARBITRARY}, {STR_INIT("~="), MARKER_COMPATIBLE},
    {STR_INIT("=="), MARKER_EQ},         {STR_INIT("!="), MARKER_NE},
    {STR_INIT("<="), MARKER_LE},         {STR_INIT(">="), MARKER_GE},
    {STR_INIT("<"), MARKER_LT},          {STR_INIT(">"), MARKER_GT},
};
enum { SYMBOLS = sizeof symbols / sizeof *symbols };

struct str marker_key_name(enum marker_key key)
{
    size_t i = 0;
    while (key_names[i].key != key)
        i++;
    return key_names[i].name;
}

struct str marker_op_text(enum marker_op op)
{
    if (op == MARKER_IN)
        return STR("in");
    if (op == MARKER_NOT_IN)
        return STR("not in");
    size_t i = 0;
    while (symbols[i].op != op)
        i++;
    return symbols[i].text;
}

static bool complain(struct parser *p, size_t at, const char *what)
{
    if (at >= p->text.len)
        return err_set_at(p->err, ERR_FORMAT, 0, at + 1,
                          "marker, position %zu: %s, but the text ends here", at + 1, what);
    return err_set_at(p->err, ERR_FORMAT, 0, at + 1, "marker, position %zu: %s, not \"%.*s\"",
                      at + 1, what, STR_ARG(str_slice(p->text, at, at + 30)));
}

static void skip_space(struct parser *p)
{
    while (p->at < p->text.len && (p->text.ptr[p->at] == ' ' || p->text.ptr[p->at] == '\t'))
        p->at++;
}

static bool is_word_char(char c)
{
    return char_is_alnum(c) || c == '_' || c == '.';
}

static struct str peek_word(struct parser *p)
{
    size_t to = p->at;
    while (to < p->text.len && is_word_char(p->text.ptr[to]))
        to++;
    return str_slice(p->text, p->at, to);
}

static bool scan_string(struct parser *p, char quote)
{
    size_t from = p->at + 1;
    struct str rest = str_from_pos(p->text, from);
    size_t len = str_find_char(rest, quote);
    if (len == rest.len)
        return complain(p, p->at, "the closing quote is missing");
    /* Neither control bytes nor escapes: the grammar's python_str has no backslash. */
    for (size_t i = 0; i < len; i++) {
        char c = rest.ptr[i];
        if (c == '\\' || ((unsigned char)c < ' ' && c != '\t') || c == 0x7f)
            return complain(p, from + i, "expected a character that a quoted text may hold");
    }
    p->token.kind = TOKEN_VALUE;
    p->token.value = (struct marker_value){.literal = true, .text = str_slice(rest, 0, len)};
    p->at = from + len + 1;
    return true;
}

static bool scan_not_in(struct parser *p)
{
    size_t at = p->at;
    p->at += 3;
    skip_space(p);
    if (p->at == at + 3 || !str_eq(peek_word(p), STR("in")))
        return complain(p, at, "expected \"not in\"");
    p->at += 2;
    p->token.kind = TOKEN_OP;
    p->token.op = MARKER_NOT_IN;
    return true;
}

static bool scan_word(struct parser *p)
{
    struct str word = peek_word(p);
    if (str_eq(word, STR("not")))
        return scan_not_in(p);
    size_t at = p->at;
    p->at += word.len;
    if (str_eq(word, STR("and")) || str_eq(word, STR("or"))) {
        p->token.kind = word.len == 3 ? TOKEN_AND : TOKEN_OR;
        return true;
    }
    if (str_eq(word, STR("in"))) {
        p->token.kind = TOKEN_OP;
        p->token.op = MARKER_IN;
        return true;
    }
    for (size_t i = 0; i < KEY_NAMES; i++)
        if (str_eq(word, key_names[i].name)) {
            p->token.kind = TOKEN_VALUE;
            p->token.value = (struct marker_value){.key = key_names[i].key};
            return true;
        }
    return complain(p, at, "expected the name of a marker or a quoted text");
}

static bool scan(struct parser *p)
{
    skip_space(p);
    p->token = (struct token){.at = p->at};
    if (p->at == p->text.len)
        return true;
    char c = p->text.ptr[p->at];
    if (c == '(' || c == ')') {
        p->token.kind = c == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
        p->at++;
        return true;
    }
    if (c == '"' || c == '\'')
        return scan_string(p, c);
    for (size_t i = 0; i < SYMBOLS; i++)
        if (str_starts(str_from_pos(p->text, p->at), symbols[i].text)) {
            p->token.kind = TOKEN_OP;
            p->token.op = symbols[i].op;
            p->at += symbols[i].text.len;
            return true;
        }
    return scan_word(p);
}

static bool parse_list(struct parser *p, enum marker_kind kind, struct marker **made);

static bool parse_value(struct parser *p, struct marker_value *value)
{
    if (p->token.kind != TOKEN_VALUE)
        return complain(p, p->token.at, "expected the name of a marker or a quoted text");
    *value = p->token.value;
    return scan(p);
}

static bool parse_compare(struct parser *p, struct marker **made)
{
    struct marker *m = ARENA_NEW(p->arena, struct marker);
    m->kind = MARKER_COMPARE;
    if (!parse_value(p, &m->left))
        return false;
    if (p->token.kind != TOKEN_OP)
        return complain(p, p->token.at, "expected a comparison");
    m->op = p->token.op;
    if (!scan(p) || !parse_value(p, &m->right))
        return false;
    marker_prepare(m, p->arena);
    *made = m;
    return true;
}

static bool parse_item(struct parser *p, struct marker **made)
{
    if (p->token.kind != TOKEN_OPEN)
        return parse_compare(p, made);
    size_t at = p->token.at;
    if (++p->depth > MARKER_DEPTH_LIMIT)
        return err_set(p->err, ERR_LIMIT, "marker, position %zu: more than %d parentheses deep",
                       at + 1, MARKER_DEPTH_LIMIT);
    if (!scan(p) || !parse_list(p, MARKER_OR, made))
        return false;
    if (p->token.kind != TOKEN_CLOSE)
        return complain(p, p->token.at, "expected \")\"");
    p->depth--;
    return scan(p);
}

/* Items joined by one operator; a list of one item is that item. */
static bool parse_list(struct parser *p, enum marker_kind kind, struct marker **made)
{
    struct marker *first = NULL, **last = &first;
    enum token_kind joins = kind == MARKER_OR ? TOKEN_OR : TOKEN_AND;
    for (;;) {
        if (!(kind == MARKER_OR ? parse_list(p, MARKER_AND, last) : parse_item(p, last)))
            return false;
        assert(*last);
        last = &(*last)->next;
        if (p->token.kind != joins)
            break;
        if (!scan(p))
            return false;
    }
    *made = first;
    if (first->next) {
        struct marker *list = ARENA_NEW(p->arena, struct marker);
        list->kind = kind;
        list->child = first;
        *made = list;
    }
    return true;
}

bool marker_parse_from(struct str text, size_t from, struct arena *arena,
                       const struct marker **marker, struct err *err)
{
    struct parser p = {.text = text, .at = from, .arena = arena, .err = err};
    struct marker *made = NULL;
    if (text.len - from > MARKER_TEXT_LIMIT)
        return err_set(err, ERR_LIMIT, "a marker of %zu bytes; at most %d are read",
                       text.len - from, MARKER_TEXT_LIMIT);
    if (!scan(&p) || !parse_list(&p, MARKER_OR, &made))
        return false;
    if (p.token.kind != TOKEN_END)
        return complain(&p, p.token.at, "expected \"and\", \"or\" or the end");
    *marker = made;
    return true;
}

bool marker_parse(struct str text, struct arena *arena, const struct marker **marker,
                  struct err *err)
{
    return marker_parse_from(text, 0, arena, marker, err);
}

static void write_value(const struct marker_value *value, struct buf *out)
{
    if (!value->literal) {
        buf_add(out, marker_key_name(value->key));
        return;
    }
    char quote = str_has_char(value->text, '"') ? '\'' : '"';
    buf_add_char(out, quote);
    buf_add(out, value->text);
    buf_add_char(out, quote);
}

void marker_write(const struct marker *marker, struct buf *out)
{
    if (!marker)
        return;
    if (marker->kind == MARKER_COMPARE) {
        write_value(&marker->left, out);
        buf_add_char(out, ' ');
        buf_add(out, marker_op_text(marker->op));
        buf_add_char(out, ' ');
        write_value(&marker->right, out);
        return;
    }
    for (const struct marker *m = marker->child; m; m = m->next) {
        bool wrap = marker->kind == MARKER_AND && m->kind == MARKER_OR;
        if (m != marker->child)
            buf_add(out, marker->kind == MARKER_AND ? STR(" and ") : STR(" or "));
        if (wrap)
            buf_add_char(out, '(');
        marker_write(m, out);
        if (wrap)
            buf_add_char(out, ')');
    }
}
