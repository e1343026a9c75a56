"""Linux namespaces, mounts, limits and seccomp through the C library: no dependency, no helper.

Only the zygote imports this file, by path, in a process that knows nothing worth stealing.  Modes:
"root" (mounts as root, then a user without rights), "userns" (the same within a user namespace,
for everybody else) and "none" (limits only).
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from pathlib import Path

libc = ctypes.CDLL(None, use_errno=True)

CLONE = {"uts": 0x4000000, "ipc": 0x8000000, "pid": 0x20000000, "net": 0x40000000}
CLONE_NEWUSER, CLONE_NEWNS = 0x10000000, 0x20000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_RDONLY = 2, 4, 8, 32, 1
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 4, 22, 24
PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER = 38, 36
AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID = -100, 0x8000, 1, 2
NOBODY = 65534

# name: (x86_64, aarch64); what no homework needs and exploits do
REFUSED = {
    "ptrace": (101, 117),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "open_by_handle_at": (304, 265),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "syslog": (103, 116),
    "swapon": (167, 224),
    "reboot": (169, 142),
}


def call(name, *args):
    """A C function that answers 0; otherwise OSError with the kernel's reason."""
    if getattr(libc, name)(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def column():
    """The column of `REFUSED` for this machine, or None."""
    return {"x86_64": 0, "aarch64": 1}.get(platform.machine())


def unshare(mode):
    """Leave the host's namespaces; the next fork is process 1 of the new ones."""
    flags = sum(CLONE.values())
    if mode == "root":
        call("unshare", flags)
        return
    uid, gid = os.geteuid(), os.getegid()
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # or writing the maps is refused
    call("unshare", flags | CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny", "ascii")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {uid} 1", "ascii")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {gid} 1", "ascii")


def mount(source, target, kind=None, flags=0, data=None):
    """mount(2) with texts."""
    as_bytes = [None if v is None else os.fsencode(v) for v in (source, target, kind, data)]
    call("mount", as_bytes[0], as_bytes[1], as_bytes[2], flags, as_bytes[3])


def read_only(target):
    """Make a mount and all below it read-only, keeping what the kernel has locked."""
    attributes = struct.pack("=QQQQ", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, 0, 0)
    done = libc.syscall(
        REFUSED["mount_setattr"][column() or 0],
        AT_FDCWD,
        os.fsencode(target),
        AT_RECURSIVE,
        attributes,
        len(attributes),
    )
    if done != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount_setattr {target}: {os.strerror(number)}")


def bind(root, path):
    """Show a file or folder of the host at the same place below root, read-only."""
    target = Path(root + path)
    if Path(path).is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    mount(path, str(target), None, MS_BIND | MS_REC)
    read_only(str(target))


def build_root(root, shown, hidden, tmp_mb):
    """A new root of a few read-only folders and two small writable ones; then forget the old.

    shown: paths to show; hidden: folders within them to cover with nothing.
    """
    call("unshare", CLONE_NEWNS)  # only now: the guard outside keeps the host's /proc
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "size=4m,mode=755")
    small = f"size={tmp_mb}m,nr_inodes=20000,mode=1777"
    for folder in ("tmp", "student", "dev/shm"):  # first: an environment may itself lie in /tmp
        Path(root, folder).mkdir(parents=True)
        mount("tmpfs", f"{root}/{folder}", "tmpfs", MS_NOSUID | MS_NODEV, small)
    for path in shown:
        if Path(path).is_symlink():
            Path(root + path).parent.mkdir(parents=True, exist_ok=True)
            Path(root + path).symlink_to(Path(path).readlink())
        elif Path(path).exists():
            bind(root, path)
    for path in hidden:
        mount("tmpfs", root + path, "tmpfs", MS_NOSUID | MS_NODEV | MS_RDONLY, "size=4k,mode=755")
    for device in ("null", "zero", "full", "random", "urandom"):
        target = Path(root, "dev", device)
        target.touch()
        mount(f"/dev/{device}", str(target), None, MS_BIND)
    Path(root, "proc").mkdir()
    try:
        mount("proc", f"{root}/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    except OSError:
        pass  # refused inside some containers; an empty /proc tells even less
    Path(root, "etc").mkdir(exist_ok=True)
    Path(root, "etc/passwd").write_text("student:x:65534:65534::/student:/bin/sh\n", "ascii")
    os.chdir(root)
    call("syscall", {"x86_64": 155, "aarch64": 41}[platform.machine()], b".", b".")  # pivot_root
    call("umount2", b".", MNT_DETACH)
    mount("none", "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
    os.chdir("/student")


def drop_rights(mode, uid):
    """Become a user without rights, for good."""
    if mode == "root":
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    elif mode == "userns":
        for capability in range(64):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        header = struct.pack("=Ii", 0x20080522, 0)
        call("capset", header, bytes(24))
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def limit(limits):
    """Limits of one process: memory, files, processes, and no core dumps."""
    megabyte = 1 << 20
    wanted = {
        resource.RLIMIT_AS: limits["memory_mb"] * megabyte,
        resource.RLIMIT_CPU: limits["cpu_s"],
        resource.RLIMIT_FSIZE: limits["tmp_mb"] * megabyte,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_NPROC: limits["processes"],
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_STACK: 64 * megabyte,
    }
    for what, value in wanted.items():
        hard = resource.getrlimit(what)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        try:
            resource.setrlimit(what, (value, value))
        except (ValueError, OSError):
            if sys.platform == "linux":
                raise  # elsewhere only the unsandboxed backend runs, which promises nothing


def filter_syscalls():
    """Refuse (EPERM) the calls of `REFUSED`, and every call of a foreign architecture."""
    machine = column()
    if machine is None:
        raise OSError(0, f"seccomp: no table for {platform.machine()}")
    numbers = [pair[machine] for pair in REFUSED.values()]
    audit = (0xC000003E, 0xC00000B7)[machine]
    allow, refuse, kill = 0x7FFF0000, 0x00050001, 0x80000000
    load, equal, at_least, back = 0x20, 0x15, 0x35, 0x06
    program = [(load, 0, 0, 4), (equal, 1, 0, audit), (back, 0, 0, kill), (load, 0, 0, 0)]
    program += [(at_least, 0, 1, 0x40000000), (back, 0, 0, kill)]  # x32 renumbers every call
    for k, number in enumerate(numbers):
        program.append((equal, len(numbers) - k, 0, number))
    program += [(back, 0, 0, allow), (back, 0, 0, refuse)]
    code = b"".join(struct.pack("=HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HxxxxxxP", len(program), ctypes.addressof(buffer))
    call("prctl", PR_SET_SECCOMP, 2, header, 0, 0)
