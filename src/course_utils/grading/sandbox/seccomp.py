"""Which system calls a student's process may make: an allow-list, as a program for seccomp.

Drawn from traces of every solution, IPython, NumPy, torch and matplotlib, and widened within each
group to what another libc may use for the same.  Some calls are looked into: `clone` may make no
namespace, and of sockets there are UNIX ones alone (in a kernel those of IPv4 too, which its zmq
needs).  Calls that no homework needs and exploits do are refused with EPERM.  Whatever is not named
here does not exist (ENOSYS), so that a libc takes its older way.  The module knows x86_64 and
aarch64; only the former was tried.

Imported by path in the zygote and as part of the package for bubblewrap: it imports no other room.
"""

import ctypes
import platform
import struct
from functools import lru_cache

# name, number on x86_64, number on aarch64
ALLOWED = """
read 0 63, write 1 64, readv 19 65, writev 20 66, pread64 17 67, pwrite64 18 68, preadv 295 69,
pwritev 296 70, preadv2 327 286, pwritev2 328 287, open 2 -, openat 257 56, openat2 437 437,
creat 85 -, close 3 57, close_range 436 436, lseek 8 62, stat 4 -, fstat 5 80, lstat 6 -,
newfstatat 262 79, statx 332 291, statfs 137 43, fstatfs 138 44, access 21 -, faccessat 269 48,
faccessat2 439 439, dup 32 23, dup2 33 -, dup3 292 24, fcntl 72 25, flock 73 32, ftruncate 77 46,
truncate 76 45, fallocate 285 47, fadvise64 221 223, readahead 187 213, sync_file_range 277 84,
fsync 74 82, fdatasync 75 83, sendfile 40 71, splice 275 76, tee 276 77, copy_file_range 326 285,
getdents 78 -, getdents64 217 61, getcwd 79 17, chdir 80 49, fchdir 81 50, rename 82 -,
renameat 264 38, renameat2 316 276, mkdir 83 -, mkdirat 258 34, rmdir 84 -, unlink 87 -,
unlinkat 263 35, link 86 -, linkat 265 37, symlink 88 -, symlinkat 266 36, readlink 89 -,
readlinkat 267 78, chmod 90 -, fchmod 91 52, fchmodat 268 53, chown 92 -, fchown 93 55,
lchown 94 -, fchownat 260 54, utime 132 -, utimes 235 -, utimensat 280 88, futimesat 261 -,
umask 95 166, mknod 133 -, mknodat 259 33, pipe 22 -, pipe2 293 59, getxattr 191 8,
lgetxattr 192 9, fgetxattr 193 10, listxattr 194 11, llistxattr 195 12, flistxattr 196 13,
fchmodat2 452 452,
brk 12 214, mmap 9 222, munmap 11 215, mremap 25 216, mprotect 10 226, madvise 28 233,
mincore 27 232, msync 26 227, mlock 149 228, mlock2 325 284, munlock 150 229, mlockall 151 230,
munlockall 152 231, mbind 237 235, get_mempolicy 239 236, set_mempolicy 238 237,
membarrier 324 283, pkey_alloc 330 289, pkey_free 331 290, pkey_mprotect 329 288,
fork 57 -, vfork 58 -, execve 59 221, execveat 322 281, exit 60 93, exit_group 231 94,
wait4 61 260, waitid 247 95, kill 62 129, tkill 200 130, tgkill 234 131, getpid 39 172,
getppid 110 173, gettid 186 178, getpgid 121 155, getpgrp 111 -, getsid 124 156, setpgid 109 154,
setsid 112 157, getuid 102 174, geteuid 107 175, getgid 104 176, getegid 108 177,
getresuid 118 148, getresgid 120 150, getgroups 115 158, setuid 105 146, setgid 106 144,
setreuid 113 145, setregid 114 143, setresuid 117 147, setresgid 119 149, setgroups 116 159,
setfsuid 122 151, setfsgid 123 152, capget 125 90, prctl 157 167, arch_prctl 158 -,
prlimit64 302 261, getrlimit 97 163, setrlimit 160 164, getrusage 98 165, getpriority 140 141,
setpriority 141 140, sched_yield 24 124, sched_getaffinity 204 123, sched_setaffinity 203 122,
sched_getparam 143 121, sched_setparam 142 118, sched_getscheduler 145 120,
sched_setscheduler 144 119, sched_get_priority_max 146 125, sched_get_priority_min 147 126,
sched_rr_get_interval 148 127, sched_getattr 315 275, sched_setattr 314 274, getcpu 309 168,
set_tid_address 218 96, set_robust_list 273 99, get_robust_list 274 100, rseq 334 293,
futex 202 98, futex_waitv 449 449, pidfd_open 434 434, pidfd_send_signal 424 424,
set_thread_area 205 -, get_thread_area 211 -, ioprio_get 252 31, ioprio_set 251 30,
futex_wake 454 454, futex_wait 455 455, futex_requeue 456 456,
rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, rt_sigpending 127 136,
rt_sigsuspend 130 133, rt_sigtimedwait 128 137, rt_sigqueueinfo 129 138,
rt_tgsigqueueinfo 297 240, sigaltstack 131 132, signalfd 282 -, signalfd4 289 74, pause 34 -,
alarm 37 -, setitimer 38 103, getitimer 36 102, restart_syscall 219 128,
nanosleep 35 101, clock_nanosleep 230 115, clock_gettime 228 113, clock_getres 229 114,
gettimeofday 96 169, time 201 -, times 100 153, timer_create 222 107, timer_settime 223 110,
timer_gettime 224 108, timer_getoverrun 225 109, timer_delete 226 111, timerfd_create 283 85,
timerfd_settime 286 86, timerfd_gettime 287 87,
poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72, epoll_create 213 -, epoll_create1 291 20,
epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22, epoll_pwait2 441 441, eventfd 284 -,
eventfd2 290 19,
bind 49 200, connect 42 203, listen 50 201, accept 43 202, accept4 288 242, getsockname 51 204,
getpeername 52 205, getsockopt 55 209, setsockopt 54 208, sendto 44 206, recvfrom 45 207,
sendmsg 46 211, recvmsg 47 212, sendmmsg 307 269, recvmmsg 299 243, shutdown 48 210,
uname 63 160, sysinfo 99 179, getrandom 318 278
"""
REFUSED = """
ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, process_madvise 440 440,
kcmp 312 272, pidfd_getfd 438 438, mount 165 40, umount2 166 39, pivot_root 155 41,
chroot 161 51, mount_setattr 442 442, move_mount 429 429, open_tree 428 428, fsopen 430 430,
fsconfig 431 431, fsmount 432 432, fspick 433 433, unshare 272 97, setns 308 268, bpf 321 280,
perf_event_open 298 241, keyctl 250 219, add_key 248 217, request_key 249 218,
userfaultfd 323 282, io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427,
memfd_create 319 279, memfd_secret 447 447, shmget 29 194, shmat 30 196, shmctl 31 195,
shmdt 67 197, msgget 68 186, msgsnd 69 189, msgrcv 70 188, msgctl 71 187, semget 64 190,
semop 65 193, semtimedop 220 192, semctl 66 191, mq_open 240 180, mq_unlink 241 181,
mq_timedsend 242 182, mq_timedreceive 243 183, mq_notify 244 184, mq_getsetattr 245 185,
fanotify_init 300 262, fanotify_mark 301 263, init_module 175 105, finit_module 313 273,
delete_module 176 106, kexec_load 246 104, kexec_file_load 320 294, syslog 103 116,
swapon 167 224, swapoff 168 225, reboot 169 142, personality 135 92, quotactl 179 60,
acct 163 89, settimeofday 164 170, clock_settime 227 112, clock_adjtime 305 266,
adjtimex 159 171, sethostname 170 161, setdomainname 171 162, vhangup 153 58, move_pages 279 239,
migrate_pages 256 238, modify_ldt 154 -, iopl 172 -, ioperm 173 -, remap_file_pages 216 234,
vmsplice 278 75, setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7, removexattr 197 14,
lremovexattr 198 15, fremovexattr 199 16, open_by_handle_at 304 265, name_to_handle_at 303 264
"""
LOOKED_INTO = "clone 56 220, clone3 435 435, socket 41 198, socketpair 53 199, ioctl 16 29"
NEW_NAMESPACES = 0x7E020000
AF_UNIX, AF_INET = 1, 2
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
EPERM, ENOSYS, EOPNOTSUPP = 1, 38, 95  # the last: zmq takes it for "no netlink here"

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERROR, KILL = 0x7FFF0000, 0x00050000, 0x80000000
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
NUMBER, ARCHITECTURE, FIRST, SECOND = 0, 4, 16, 24  # offsets in struct seccomp_data
PR_SET_SECCOMP = 22


def numbers(table, machine=None):
    """{name: number} of a table for one machine, without the calls that it does not have."""
    column = ARCHITECTURES[machine or platform.machine()][0]
    rows = (entry.split() for entry in table.replace("\n", " ").split(","))
    return {row[0]: int(row[1 + column]) for row in rows if row[1 + column] != "-"}


@lru_cache
def program(allow_list=True, families=(AF_UNIX,), machine=None):
    """The filter as bytes of BPF; without the allow-list what is not refused is allowed.

    families: of sockets.  KeyError: a machine whose numbers this module does not know.
    """
    machine = machine or platform.machine()
    audit = ARCHITECTURES[machine][1]
    lines = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, audit), (RETURN, 0, 0, KILL)]
    lines += [(LOAD, 0, 0, NUMBER)]
    if machine == "x86_64":
        lines += [(AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, KILL)]  # x32 renumbers every call
    special = numbers(LOOKED_INTO, machine)
    lines += [(EQUAL, 0, 1, special["clone3"]), (RETURN, 0, 0, ERROR | ENOSYS)]
    lines += look(special["clone"], FIRST, (ANY_BIT, NEW_NAMESPACES), ERROR | EPERM, ALLOW)
    for name in ("socket", "socketpair"):
        for family in families:
            lines += look(special[name], FIRST, (EQUAL, family), ALLOW, None)
        lines += [(EQUAL, 0, 1, special[name]), (RETURN, 0, 0, ERROR | EOPNOTSUPP)]
    lines += look(special["ioctl"], SECOND, (EQUAL, TIOCSTI), ERROR | EPERM, None)
    lines += look(special["ioctl"], SECOND, (EQUAL, TIOCLINUX), ERROR | EPERM, ALLOW)
    answers = dict.fromkeys(numbers(REFUSED, machine).values(), ERROR | EPERM)
    answers |= dict.fromkeys(numbers(ALLOWED, machine).values(), ALLOW)
    lines += search(stretches(answers, ERROR | ENOSYS if allow_list else ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def stretches(answers, otherwise):
    """[(number, answer), ...] in order, each good up to the next; otherwise: for all not named."""
    found = []
    for number in range(max(answers) + 2):
        answer = answers.get(number, otherwise)
        if not found or answer != found[-1][1]:
            found.append((number, answer))
    return found


def search(found):
    """Lines that find a number's stretch by halving: eight comparisons in place of hundreds.

    Not only for every call's sake: the kernel tries a filter on all numbers when it is installed.
    """
    if len(found) == 1:
        return [(RETURN, 0, 0, found[0][1])]
    middle = len(found) // 2
    below, above = search(found[:middle]), search(found[middle:])
    return [(AT_LEAST, len(below), 0, found[middle][0]), *below, *above]


def look(number, argument, test, then, otherwise):
    """Lines that answer one call by an argument of it; otherwise None: go on to the next line."""
    answer = [(RETURN, 0, 0, then)]
    answer += [(LOAD, 0, 0, NUMBER)] if otherwise is None else [(RETURN, 0, 0, otherwise)]
    kind, value = test
    return [(EQUAL, 0, 4, number), (LOAD, 0, 0, argument), (kind, 0, 1, value), *answer]


def install(allow_list=True):
    """Filter this process and its children from now on; it must have given up new privileges."""
    try:
        code = program(allow_list)
    except KeyError:
        raise OSError(0, f"seccomp: no table for {platform.machine()}") from None
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, 2, header, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp: the filter was refused")
