#include "jail/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "os/fd.h"
#include "os/file.h"

enum { IDS_USUAL = 100000, IDS_FILE_MAX = 1 << 20 };

/* The ids that the own namespace can name; false at the end of the lines. */
static bool ids_next_range(struct str *map, uint64_t *first, uint64_t *count)
{
    struct str line;
    while (str_next_line(map, &line)) {
        uint64_t numbers[3];
        size_t seen = 0;
        struct str rest = str_trim(line), word;
        while (seen < 3 && str_next(&rest, ' ', &word)) {
            if (!word.len)
                continue;
            if (!str_to_u64(word, &numbers[seen]))
                break;
            seen++;
        }
        if (seen == 3) {
            *first = numbers[0];
            *count = numbers[2];
            return true;
        }
    }
    return false;
}

static bool ids_knows(struct str map, uint64_t id)
{
    uint64_t first, count;
    while (ids_next_range(&map, &first, &count))
        if (id >= first && id - first < count)
            return true;
    return false;
}

static uint64_t ids_reserved(struct str sub, struct str wanted)
{
    struct str line, name, rest, start, count;
    uint64_t first;
    while (str_next_line(&sub, &line))
        if (str_cut(line, ':', &name, &rest) && str_eq(name, wanted) &&
            str_cut(rest, ':', &start, &count) && str_to_u64(start, &first) && first > 0 &&
            first < UINT32_MAX)
            return first;
    return 0;
}

uint32_t ids_pick(struct str map, struct str sub)
{
    const uint64_t wanted[] = {ids_reserved(sub, STR("refinery")), ids_reserved(sub, STR("root")),
                               IDS_USUAL};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (wanted[i] && ids_knows(map, wanted[i]))
            return (uint32_t)wanted[i];
    uint64_t highest = 0, first, count;
    while (ids_next_range(&map, &first, &count))
        if (count && first + count - 1 > highest && first + count - 1 < UINT32_MAX)
            highest = first + count - 1;
    return (uint32_t)highest;
}

static bool ids_pick_from(const char *map_path, const char *sub_path, uint32_t *id, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    struct str map, sub = STR("");
    struct err absent;
    if (!file_read(AT_FDCWD, map_path, IDS_FILE_MAX, &scratch, &map, err))
        return false;
    if (!file_read(AT_FDCWD, sub_path, IDS_FILE_MAX, &scratch, &sub, &absent))
        sub = STR("");
    *id = ids_pick(map, sub);
    return true;
}

bool ids_of_host(uid_t *uid, gid_t *gid, struct err *err)
{
    uint32_t picked_uid = geteuid(), picked_gid = getegid();
    if (picked_uid == 0 && (!ids_pick_from("/proc/self/uid_map", "/etc/subuid", &picked_uid, err) ||
                            !ids_pick_from("/proc/self/gid_map", "/etc/subgid", &picked_gid, err)))
        return err_wrap(err, "jail: choosing the ids to run with");
    *uid = picked_uid;
    *gid = picked_gid;
    return true;
}

static bool ids_write(pid_t pid, const char *file, const char *text, struct err *err)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FD_AUTO int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        return err_errno(err, "jail: writing \"%.*s\" to %s", (int)strcspn(text, "\n"), text, path);
    return true;
}

bool ids_write_maps(pid_t pid, uid_t uid, gid_t gid, struct err *err)
{
    char uids[64], gids[64];
    snprintf(uids, sizeof uids, "0 %u 1\n", (unsigned)uid);
    snprintf(gids, sizeof gids, "0 %u 1\n", (unsigned)gid);
    /* A plain user may map its group only once the child gave up changing groups. */
    if (geteuid() != 0 && !ids_write(pid, "setgroups", "deny", err))
        return false;
    return ids_write(pid, "uid_map", uids, err) && ids_write(pid, "gid_map", gids, err);
}
