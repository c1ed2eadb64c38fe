#include "unit.h"

#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/map.h"
#include "base/vec.h"

static void large_and_small_objects_share_an_arena(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    char *large = arena_alloc(&arena, 3 << 20);
    memset(large, 'x', 3 << 20);
    for (int i = 0; i < 10000; i++) {
        uint64_t *small = ARENA_NEW(&arena, uint64_t);
        assert_int_equal(*small, 0);
        *small = 1;
    }
    assert_int_equal(large[(3 << 20) - 1], 'x');
}

static void an_adopted_arena_lives_on(void **state)
{
    (void)state;
    ARENA_AUTO struct arena to = {0};
    struct arena from = {0};
    struct str before = arena_str(&to, STR("to")), moved = {0};
    for (int i = 0; i < 1000; i++)
        moved = arena_printf(&from, "from %d", i);
    arena_adopt(&to, &from);
    assert_null(from.newest);
    arena_adopt(&to, &from);
    for (int i = 0; i < 1000; i++)
        arena_alloc(&to, 100);
    assert_true(str_eq(moved, STR("from 999")) && str_eq(before, STR("to")));
}

static void map_keeps_insertion_order(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct map map = {0};
    for (uintptr_t i = 1; i <= 5000; i++)
        *map_at(&map, &arena, arena_printf(&arena, "key-%zu", (size_t)(i * 7919 % 5003))) =
            (void *)i;
    assert_int_equal(map.len, 5000);
    for (uintptr_t i = 1; i <= 5000; i++) {
        assert_ptr_equal(map.entries[i - 1].value, (void *)i);
        assert_ptr_equal(map_get(&map, map.entries[i - 1].key), (void *)i);
    }
    assert_null(map_get(&map, STR("absent")));
}

static void digest_matches_the_standard(void **state)
{
    (void)state;
    struct digest digest = digest_of(STR("abc")), parsed;
    struct digest_hex hex = digest_to_hex(&digest);
    assert_string_equal(hex.text,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(digest_from_hex(str_from(hex.text), &parsed));
    assert_true(digest_eq(&digest, &parsed));
    assert_false(digest_from_hex(STR("ba78"), &parsed));
}

static void vec_grows(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    VEC(size_t) numbers = {0};
    for (size_t i = 0; i < 1000; i++)
        *vec_push(&numbers, &arena) = i;
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(numbers.at[i], i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_and_small_objects_share_an_arena),
        cmocka_unit_test(an_adopted_arena_lives_on),
        cmocka_unit_test(map_keeps_insertion_order),
        cmocka_unit_test(digest_matches_the_standard),
        cmocka_unit_test(vec_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
