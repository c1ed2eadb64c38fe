#!/bin/bash
# The sandbox for real: attempts to escape, limits, clean-up, foreign programs; as root and as a
# plain user where this runs as root, else as the user it is.
set -u
cd "$(dirname "$0")/../.." || exit 1
refinery=${REFINERY:-$PWD/build/refinery}
passed=0 failed=0 notes=
work=$(mktemp -d "${TMPDIR:-/tmp}/refinery-jail-XXXXXX")
host_pid='' listener=''
finish() {
    [ -n "$listener" ] && kill "$listener" 2>/dev/null
    [ -n "$host_pid" ] && kill "$host_pid" 2>/dev/null
    chmod -R u+rwx "$work" 2>/dev/null
    rm -rf "$work"
    [ -n "$notes" ] && printf 'not tried here:%b\n' "$notes"
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] || exit 1
}
trap finish EXIT
chmod 755 "$work"
# Groups of launchers that are gone; another run of the machine may have been killed before this.
left_behind() {
    find /sys/fs/cgroup -type d -name 'refinery-jail-*' 2>/dev/null | while read -r dir; do
        pid=$(basename "$dir" | cut -d- -f3)
        [ -d "/proc/$pid" ] || echo "$dir"
    done | sort
}
left_behind >"$work/left-before"
mkdir -p "$work/root/bin" "$work/root/etc"
cc -O1 -static -D_GNU_SOURCE -o "$work/root/bin/payload" tests/fixtures/jail_payload.c || exit 1
foreign=
if command -v s390x-linux-gnu-gcc >/dev/null && [ -x /usr/bin/qemu-s390x-static ]; then
    s390x-linux-gnu-gcc -O1 -static -D_GNU_SOURCE -o "$work/root/bin/payload-s390x" \
        tests/fixtures/jail_payload.c && foreign=yes
fi
chmod -R a+rX "$work/root"
echo secret >"$work/secret"
tail -f /dev/null &
host_pid=$!
python3 -c 'import socket,signal
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(5); print(s.getsockname()[1], flush=True)
signal.pause()' >"$work/port" &
listener=$!
for _ in $(seq 200); do [ -s "$work/port" ] && break; read -rt 0.02 <> <(:) || true; done
port=$(cat "$work/port")

# Each check runs as root and as a plain user; what differs between them says $who.
users="self"
[ "$(id -u)" = 0 ] && users="root user"
as() {
    "${prefix[@]}" "$@"
}
jail() { # options... -- program...: output in $work/out, the verdict line in $work/err
    as timeout 60 "$refinery" jail --verbose --root "$work/root" "$@" >"$work/out" 2>"$work/err"
    status=$?
}
field() { sed -n '/^jail: end=/p' "$work/err" | tr ' ' '\n' | sed -n "s/^$1=//p" | tr -d '"'; }
report() { # name, condition's status
    [ -n "${TRACE:-}" ] && echo "$SECONDS s ($who): $1"
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED ($who): $1"
        sed 's/^/    /' <(head -c 1500 "$work/out") <(head -c 1500 "$work/err")
    fi
}
expect() { # name, end, code or "", jail arguments...
    local name=$1 end=$2 code=$3
    shift 3
    jail "$@"
    [ "$(field end)" = "$end" ] && { [ -z "$code" ] || [ "$(field code)" = "$code" ]; }
    report "$name: wanted $end $code" $?
}
mine() { # a directory that the user of this round owns
    rm -rf "${work:?}/$1"
    mkdir "$work/$1"
    [ "$who" = user ] && chown 23456:23456 "$work/$1"
    echo "$work/$1"
}
alive() { # processes whose command line has the mark
    local count=0 file
    for file in /proc/[0-9]*/cmdline; do
        tr '\0' ' ' 2>/dev/null <"$file" | grep -q -- "payload.*$1" && count=$((count + 1))
    done
    echo "$count"
}

escapes() {
    for check in privileges "network=$port" "files=$work/secret" "processes=$host_pid" kernel mounts \
        children; do
        expect "escape: ${check%%=*}" exited 0 -- /bin/payload "$check"
        [ -n "$foreign" ] &&
            case $check in
            # qemu-user answers some questions itself, in its own way: only outcomes count there
            privileges | network* | children | files*)
                expect "escape, s390x: ${check%%=*}" exited 0 --foreign s390x -- /bin/payload-s390x "$check"
                ;;
            esac
    done
    local dir tree
    tree=$(mine tree)
    echo given >"$tree/given"
    [ "$who" = user ] && chown 23456:23456 "$tree/given"
    expect "writable tree" exited 0 --rw "$tree:/work" -- /bin/payload write=/work
    [ "$(cat "$tree/made")" = made ] && [ "$(cat "$tree/given")" = "$(printf 'given\nmore')" ]
    report "what was written is there" $?
    expect "read-only bind" exited 0 --bind "$tree:/work" -- /bin/payload readonly=/work
    if [ "$who" = root ]; then
        [ "$(stat -c %u "$tree/made")" != 0 ]
        report "nothing is written as the host's root" $?
    fi
    ln "$work/root/bin/payload" "$tree/linked"
    jail --rw "$tree:/work" -- /bin/payload say=hello
    [ "$status" != 0 ] && grep -q 'hard links outside' "$work/err"
    report "a tree that shares files with the outside is refused" $?
    dir=$(mine private)
    chmod 700 "$dir"
    mkdir "$dir/inner"
    [ "$who" = user ] && chown 23456:23456 "$dir/inner"
    expect "a tree below a private directory" exited 0 --rw "$dir/inner:/work" -- /bin/payload say=hello
    exec 7<"$work/secret"
    expect "inherited descriptors" exited 0 -- /bin/payload say=hello
    exec 7<&-
    SECRET_OF_HOST=1 expect "environment" exited 0 --env GIVEN=yes -- /bin/payload environment=2
    expect "from a second thread" exited 0 --thread -- /bin/payload privileges
}

limits() {
    local dir
    expect "exit status" exited 7 -- /bin/payload exit=7
    expect "signal" signaled 11 -- /bin/payload die=11
    expect "time limit, signals ignored" timeout "" --wall-ms 400 -- /bin/payload stubborn=mark-time
    [ "$(alive mark-time)" = 0 ]
    report "time limit ends all" $?
    expect "silence" silence "" --silence-ms 400 --wall-ms 20000 -- /bin/payload stubborn
    expect "1 GB of output" flooded "" --output 1000000 -- /bin/payload flood
    [ "$(stat -c %s "$work/out")" = 1000000 ]
    report "exactly the allowed output is passed on" $?
    expect "memory hog" oom "" --memory 67108864 --wall-ms 30000 -- /bin/payload hog
    [ "$(field peak_memory)" -gt 40000000 ] && [ "$(field peak_memory)" -lt 400000000 ]
    report "measured peak of memory ($(field peak_memory), $(field limiter))" $?
    [ "$(field limiter)" = cgroup ] &&
        expect "not even memory for process 1" oom "" --memory 200000 -- /bin/payload hog
    expect "fork bomb" pids "" --pids 50 --wall-ms 30000 -- /bin/payload forkbomb
    [ "$(alive forkbomb)" = 0 ]
    report "fork bomb is gone" $?
    expect "full tmpfs" disk "" --scratch 8388608 -- /bin/payload fill=/tmp
    dir=$(mine scratch)
    expect "scratch limit on disk" disk "" --scratch 67108864 --rw "$dir:/work" --wall-ms 60000 -- \
        /bin/payload fill=/work
    dir=$(mine scratch)
    expect "one file too large" disk "" --scratch 8388608 --rw "$dir:/work" -- /bin/payload bigfile=/work
    expect "orphan daemon" exited 0 -- /bin/payload orphan=mark-orphan
    [ "$(alive mark-orphan)" = 0 ]
    report "what was left behind is ended" $?
}

# The launcher is killed: all inside must die with it, without a word.
death() {
    local pid fifo=$work/fifo line
    rm -f "$fifo" && mkfifo -m 666 "$fifo"
    "${prefix[@]}" "$refinery" jail --root "$work/root" -- /bin/payload stubborn=mark-death >"$fifo" 2>/dev/null &
    pid=$!
    read -rt 20 line <"$fifo"
    [ "$line" = ready ] && [ "$(alive mark-death)" -ge 1 ]
    report "started before the launcher is killed" $?
    kill -9 "$pid"
    wait "$pid" 2>/dev/null
    for inner in /proc/[0-9]*; do # pidfds would be exact; the kernel needs a moment
        tr '\0' ' ' 2>/dev/null <"$inner/cmdline" | grep -q "payload.*mark-death" &&
            timeout 10 tail --pid="${inner#/proc/}" -s 0.05 -f /dev/null
    done
    [ "$(alive mark-death)" = 0 ]
    report "all inside dies with the launcher" $?
}

trouble() { # our own machinery: one sentence each
    jail -- /bin/absent
    [ "$status" != 0 ] && grep -q '/bin/absent: No such file' "$work/err"
    report "missing program is named" $?
    jail --cwd /nowhere -- /bin/payload
    [ "$status" != 0 ] && grep -q '/nowhere: No such file' "$work/err"
    report "missing directory is named" $?
    jail --bind "$work/absent:/x" -- /bin/payload
    [ "$status" != 0 ] && grep -q "$work/absent: No such file" "$work/err"
    report "missing source is named" $?
    jail --bind "$work/secret:/etc/absent" -- /bin/payload
    [ "$status" != 0 ] && grep -q '/etc/absent is not in the root' "$work/err"
    report "missing mount point in a read-only root is named" $?
    jail --text 'one line:/file' --tmpfs /mem --bind "$work/secret:/mem/a/b" --symlink '/mem/a:/s' -- \
        /bin/payload readonly=/ readonly=/etc
    [ "$status" = 0 ]
    report "text, tmpfs, link, nested mount point" $?
    jail --foreign vax -- /bin/payload
    [ "$status" != 0 ] && grep -q 'vax' "$work/err"
    report "unknown machine" $?
}

# Real tools with the host's own root, read-only.
tools() {
    with_host() { as timeout 100 "$refinery" jail --verbose --root / "$@" >"$work/out" 2>"$work/err"; }
    if [ -x /usr/bin/gcc ]; then
        with_host --cwd /tmp -- /bin/sh -c 'printf "int main(void){return 5;}" >a.c && gcc -o a a.c && ./a; test $? = 5'
        report "gcc compiles and its program runs" $?
    fi
    if [ -x /usr/bin/python3 ]; then
        with_host --cwd /tmp -- /usr/bin/python3 -c '
import subprocess, threading, multiprocessing, tempfile, ssl, socket, sqlite3
subprocess.run(["/bin/true"], check=True)
t = threading.Thread(target=print, args=("thread",)); t.start(); t.join()
with multiprocessing.Pool(2) as pool: assert pool.map(abs, [-1, -2]) == [1, 2]
multiprocessing.Queue().put(1)
with tempfile.NamedTemporaryFile() as f: f.write(b"x")
a, b = socket.socketpair(); a.send(b"x"); assert b.recv(1) == b"x"'
        report "python with threads, processes, queues and sockets" $?
    fi
    if command -v /usr/bin/meson >/dev/null && [ -x /usr/bin/ninja ]; then
        with_host --cwd /tmp -- /bin/sh -c 'mkdir p && cd p && printf "project(\\047p\\047,\\047c\\047)\nexecutable(\\047p\\047,\\047p.c\\047)\n" >meson.build &&
            echo "int main(void){return 0;}" >p.c && /usr/bin/meson setup b && /usr/bin/ninja -C b && b/p'
        report "meson and ninja" $?
    else
        notes="$notes\n  meson in the jail: not installed"
    fi
    if [ -x /usr/bin/cargo ]; then
        with_host --cwd /tmp --env HOME=/tmp -- /bin/sh -c '/usr/bin/cargo init -q --vcs none c && cd c && /usr/bin/cargo build -q --offline && target/debug/c'
        report "cargo" $?
    else
        notes="$notes\n  cargo in the jail: not installed"
    fi
}

# Registering on the host, in a mount namespace: the entry goes when its only mount does. Not where
# binfmt_misc is mounted already, since there it would stay.
host_registration() {
    [ "$who" = root ] || return
    if [ -e /proc/sys/fs/binfmt_misc/status ]; then
        notes="$notes\n  registering s390x on the host: binfmt_misc is in use here"
        return
    fi
    timeout 60 unshare -m "$refinery" jail --verbose --root "$work/root" --foreign s390x \
        --foreign-way host -- /bin/payload-s390x exit=7 >"$work/out" 2>"$work/err"
    [ "$(field foreign)" = host ] && [ "$(field code)" = 7 ]
    report "s390x registered on the host" $?
    "$work/root/bin/payload-s390x" exit=7 2>/dev/null
    [ $? != 7 ] && [ ! -e /proc/sys/fs/binfmt_misc/status ]
    report "the host is as it was" $?
}

foreign() {
    if [ -z "$foreign" ]; then
        notes="$notes\n  foreign programs: no s390x compiler or no qemu-s390x-static"
        return
    fi
    expect "s390x program" exited 7 --foreign s390x -- /bin/payload-s390x exit=7
    echo "    ($who) foreign programs run by: $(field foreign)"
    as timeout 60 "$refinery" jail --root / --verbose --foreign s390x --bind "$work/root/bin:/p" -- \
        /bin/sh -c '/p/payload-s390x exit=7; test $? = 7' >"$work/out" 2>"$work/err"
    report "s390x program started by a native one" $?
    expect "s390x without qemu in the kernel" exited 7 --foreign s390x --foreign-way argv -- \
        /bin/payload-s390x exit=7
    [ "$(field foreign)" = argv ]
    report "qemu in front of the program" $?
    host_registration
    expect "many processes under qemu" exited 0 --foreign s390x -- /bin/payload-s390x children
    jail --foreign s390x --qemu "$work/absent" -- /bin/payload-s390x
    [ "$status" != 0 ] && grep -q 'apt-get install qemu-user-static' "$work/err"
    report "missing qemu: what to do" $?
}

for who in $users; do
    prefix=(env)
    [ "$who" = user ] &&
        prefix=(setpriv --reuid=23456 --regid=23456 --clear-groups --reset-env)
    escapes
    limits
    death
    trouble
    tools
    foreign
    as "$refinery" jail --probe >"$work/out" 2>"$work/err" && grep -q '^good: sandbox' "$work/out"
    report "probe" $?
    sed "s/^/    ($who) /" "$work/out"
done
who=root prefix=(env)
if [ "$(id -u)" = 0 ]; then
    jail -- /bin/payload # sweeps what a killed launcher left
    leftover=$(left_behind | comm -13 "$work/left-before" -)
    [ -z "$leftover" ]
    report "no control group is left behind: $leftover" $?
else
    notes="$notes\n  as root: this runs as a plain user"
fi
