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
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER = 38, 36
AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID = -100, 0x8000, 1, 2
NOBODY = 65534

MOUNT_SETATTR = 442  # on every machine


def call(name, *args):
    """A C function that answers 0; otherwise OSError with the kernel's reason."""
    if getattr(libc, name)(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


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
        MOUNT_SETATTR,
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
    target = root + path
    if os.path.isdir(path):  # noqa: PTH112  (pathlib takes longer than the mount, in every isolate)
        os.makedirs(target, exist_ok=True)  # noqa: PTH103
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    mount(path, target, None, MS_BIND | MS_REC)
    read_only(target)


def build_root(root, shown, hidden, tmp_mb):
    """A new root of a few read-only folders and two small writable ones; then forget the old.

    shown: paths to show; hidden: files and folders within them to cover with nothing.
    """
    call("unshare", CLONE_NEWNS)  # only now: the guard outside keeps the host's /proc
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "size=4m,mode=755")
    small = f"size={tmp_mb}m,nr_inodes=20000,mode=755"  # one for all, so that all have one limit
    Path(root, "small").mkdir()
    mount("tmpfs", f"{root}/small", "tmpfs", MS_NOSUID | MS_NODEV, small)
    for folder in ("tmp", "student", "dev/shm"):  # first: an environment may itself lie in /tmp
        Path(root, folder).mkdir(parents=True)
        place = Path(root, "small", folder.replace("/", "-"))
        place.mkdir()
        place.chmod(0o1777)
        mount(str(place), f"{root}/{folder}", None, MS_BIND)
    call("umount2", os.fsencode(f"{root}/small"), MNT_DETACH)
    Path(root, "small").rmdir()
    for path in shown:
        if os.path.islink(path):  # noqa: PTH114
            Path(root + path).parent.mkdir(parents=True, exist_ok=True)
            Path(root + path).symlink_to(Path(path).readlink())
        elif os.path.exists(path):  # noqa: PTH110
            bind(root, path)
    for path in hidden:
        if Path(path).is_dir():
            nothing = ("tmpfs", root + path, "tmpfs", MS_NOSUID | MS_NODEV | MS_RDONLY)
            mount(*nothing, "size=4k,mode=755")
        else:
            mount("/dev/null", root + path, None, MS_BIND)
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
    if mode == "root" or (mode == "none" and os.geteuid() == 0 and libraries_open_to(uid)):
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    elif mode == "userns":
        for capability in range(64):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        header = struct.pack("=Ii", 0x20080522, 0)
        call("capset", header, bytes(24))
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def libraries_open_to(uid):
    """May this user read Python's libraries where they lie?  (Not those in root's own folder.)"""
    folders = [name for name in sys.path if Path(name).is_dir()]
    os.seteuid(uid)
    try:
        return all(os.access(name, os.R_OK | os.X_OK, effective_ids=True) for name in folders)
    finally:
        os.seteuid(0)


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
