# SPDX-License-Identifier: MIT
"""What each registered thread of a process is doing, as its slot says.

    (gdb) source /usr/share/umcg/umcg.py
    (gdb) umcg

With Debian's packages gdb has the command as soon as it has read libumcg.so.0.

It needs no symbols, and nothing runs in the process. A core dump has the slots only if
shared files are dumped: echo 0x3b >/proc/PID/coredump_filter, before.
"""

import os
import re

import gdb

DEVICE = "/dev/umcg"
STRIDE = 64             # of a slot: umcg_query::slot_stride of API level 1
PAGE = 4096

NONE, RUNNING, RUNNABLE, BLOCKED = range(4)
PARKED, IDLE = 0x100, 0x200
FAULT = 0xffff
EXIT, REHOMED, QUEUED = 0x20, 0x40, 0x80000000
LIST_END, LIST_PENDING = 0xffffffff, 0xfffffffe
STOP = "a page fault, or stopped in user code"
WHY = ["has run none yet", "runs", "last ran", "last ran", "last ran", "last ran"]
STOPPED = ["", "", ", which blocked", ", which waits", ", which is gone", ", which was preempted"]


class Slot:
    """One struct umcg_task, as it was when it was read."""

    def __init__(self, index, data):
        def word(at, size=4):
            return int.from_bytes(data[at:at + size], "little")
        self.index = index
        self.state, self.server_tid, self.tid = word(0), word(8), word(12)
        self.events, self.link, self.head, self.cur = (word(at) for at in (32, 36, 40, 44))
        self.user, self.gen = word(48, 8), word(60)

    @property
    def is_server(self):
        """A worker that runs has its server in cur; a server says why, or has run none."""
        return self.state & 0xff == RUNNING and (self.cur == 0 or self.cur >> 24 != 0)


def mappings():
    """Where the groups of the process are mapped, and how long that is."""
    for line in gdb.execute("info proc mappings", to_string=True).splitlines():
        words = line.split()
        if len(words) > 4 and words[-1] == DEVICE and int(words[3], 16) == 0:
            yield int(words[0], 16), int(words[2], 16)


def read_slots(start, length):
    """The slots that were ever given out, by index. They are given out from the first on;
    the module makes a page when it is looked at, so no more are than need be."""
    slots = {}
    inferior = gdb.selected_inferior()
    for page in range(0, length, PAGE):
        data = bytes(inferior.read_memory(start + page, PAGE))
        found = [Slot((page + at) // STRIDE, data[at:at + STRIDE])
                 for at in range(0, PAGE, STRIDE)]
        slots.update((slot.index, slot) for slot in found if slot.gen or not slot.index)
        if not any(slot.gen for slot in found):
            break
    return slots


def list_length(slots, head):
    """How many are on a list; None if somebody is at it."""
    seen = set()
    while head != LIST_END:
        if head in seen or head not in slots:
            return None
        seen.add(head)
        head = slots[head].link
    return len(seen)


def list_text(slots, slot):
    length = list_length(slots, slot.head)
    return "being changed" if length is None else str(length)


def call_names():
    """gdb's own table of x86-64, if it is installed."""
    path = os.path.join(gdb.parameter("data-directory"), "syscalls", "amd64-linux.xml")
    try:
        with open(path, encoding="ascii", errors="replace") as table:
            return {int(number): name for name, number in
                    re.findall(r'<syscall name="(\w+)" number="(\d+)"', table.read())}
    except OSError:
        return {}


def server_text(slots, slot):
    if slot.state & IDLE:
        text = "idle"
    else:
        why = slot.cur >> 24
        text = WHY[why] if why < len(WHY) else "?"
        if why and why < len(WHY):
            worker = slots.get(slot.cur & 0xffffff)
            text += " slot %d" % (slot.cur & 0xffffff)
            if worker and worker.tid and why != 4:
                text += " (LWP %d)" % worker.tid
            text += STOPPED[why]
    return "server, %s; on its list: %s" % (text, list_text(slots, slot))


def worker_text(slots, slot, names):
    state, call = slot.state & 0xff, slot.state >> 16
    home = "server LWP %d" % slot.server_tid if slot.server_tid else "the group"
    if state == RUNNING:
        server = slots.get(slot.cur & 0xffffff)
        return "worker, RUNNING under %s" % (
            "LWP %d" % server.tid if server and server.index else "nobody")
    if state == BLOCKED:
        where = STOP if call == FAULT else names.get(call, "system call %d" % call)
        return "worker, BLOCKED in %s; home: %s" % (where, home)
    if slot.state & PARKED:
        return "worker, RUNNABLE, parked; home: %s" % home
    if slot.events & QUEUED:
        return "worker, RUNNABLE, on the list of %s" % home
    return "worker, RUNNABLE, taken from the list of %s" % home


def slot_text(slots, slot, names):
    if slot.state & 0xff == NONE:
        return "dead %s, still on a list" % ("server" if slot.events & REHOMED else "thread")
    if slot.is_server:
        return server_text(slots, slot)
    return worker_text(slots, slot, names)


class Umcg(gdb.Command):
    """What each registered thread of the process is doing, as its slot says."""

    def __init__(self):
        super().__init__("umcg", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        if argument:
            raise gdb.GdbError("umcg takes no argument")
        groups = 0
        for start, length in mappings():
            try:
                self.show(read_slots(start, length))
            except gdb.MemoryError:
                print("a group at %#x, whose slots are not in this core: see the top of "
                      "umcg.py" % start)
            groups += 1
        if not groups:
            print("this process has no group open")

    @staticmethod
    def show(slots):
        header, names = slots[0], call_names()
        threads = {thread.ptid[1]: thread.num for thread in gdb.selected_inferior().threads()}
        print("group of process %d%s; on the group's list: %s" % (
            header.tid, ", ended" if header.events & EXIT else "", list_text(slots, header)))
        for slot in slots.values():
            dead = slot.state & 0xff == NONE
            if not slot.index or dead and not slot.events & QUEUED:
                continue
            number = threads.get(slot.tid)
            print("  %-9s LWP %d, slot %d: %s" % (
                "thread %d" % number if number and not dead else "", slot.tid, slot.index,
                slot_text(slots, slot, names)))


Umcg()
