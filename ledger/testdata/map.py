#!/usr/bin/env python3
"""Writes map.json: the map, and the leaves that end checkpoints, from docs/ledger.md, sections 2 and 6, alone.

    python3 map.py > map.json
"""
import hashlib
import json


def h(b):
    return hashlib.sha256(b).digest()


def varint(n):
    return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)


def bit(key, position):
    return key[position // 8] >> 7 - position % 8 & 1


def leaf(key, value):
    return h(b"\x00" + varint(len(key)) + key + varint(len(value)) + value)


def position(keys):
    return next(p for p in range(256) if len({bit(k, p) for k in keys}) == 2)


def root(m):
    """The root of a dict of tags and values."""
    if not m:
        return h(b"")
    if len(m) == 1:
        return leaf(*next(iter(m.items())))
    p = position(m)
    left = root({k: v for k, v in m.items() if not bit(k, p)})
    right = root({k: v for k, v in m.items() if bit(k, p)})
    return h(b"\x01" + varint(p) + left + right)


def path(m, tag):
    steps = b""
    if not m:
        return steps
    while len(m) > 1:
        p = position(m)
        steps = varint(p) + root({k: v for k, v in m.items() if bit(k, p) != bit(tag, p)}) + steps
        m = {k: v for k, v in m.items() if bit(k, p) == bit(tag, p)}
    (key, value), = m.items()
    return varint(len(key)) + key + varint(len(value)) + value + steps


def eight(n):
    return n.to_bytes(8, "big")


def tag(i):
    return h(b"t" + eight(i))


entries = [(tag(i), i) for i in range(300)]


def covering(covers):
    return {t: eight(i) for t, i in entries if i < covers}


def map_root(covers, of, previous, succession=None):
    b = (b"\x02" if succession else b"\x01") + eight(covers) + of + (b"\xff" * 8 if previous is None else eight(previous))
    return b + (succession or b"")


roots = [{"covers": n, "root": root(covering(n)).hex()} for n in (0, 1, 2, 3, 15, 16, 128, 129, 300)]
paths = []
for covers, i in ((0, 0), (1, 0), (1, 1), (3, 1), (3, 7), (129, 100), (129, 128), (129, 129), (300, 2), (300, 299), (300, 1000)):
    m = covering(covers)
    found = {"index": i} if i < covers else {}
    paths.append({"covers": covers, "tag": tag(i).hex(), "present": i < covers, **found, "path": path(m, tag(i)).hex()})
    if i >= covers:
        paths[-1]["inserted"] = root({**m, tag(i): eight(i)}).hex()
leaves = []
for covers, previous, succession in ((0, None, None), (15, None, None), (31, 15, None), (47, 31, h(b"succession")), (2**48 - 2, 0, None)):
    of = root(covering(min(covers, 15)))
    leaves.append({"covers": covers, "root": of.hex(), "previous": -1 if previous is None else previous,
                   "succession": succession.hex() if succession else "", "leaf": map_root(covers, of, previous, succession).hex()})
r = root(covering(15))
bad = {
    "empty": b"",
    "one byte short": map_root(15, r, None)[:-1],
    "one byte long": map_root(15, r, None) + b"\0",
    "kind 0": b"\0" + map_root(15, r, None)[1:],
    "kind 3": b"\3" + map_root(15, r, None)[1:],
    "an end leaf's kind without succession": b"\2" + map_root(15, r, None)[1:],
    "a map root's kind with succession": b"\1" + map_root(15, r, None, h(b"succession"))[1:],
    "an empty succession": map_root(15, r, None, bytes(32)),
    "covers more than a tree has": map_root(2**48 - 1, r, None),
    "covers more than 63 bits": map_root(2**63, r, None),
    "previous is itself": map_root(15, r, 15),
    "previous comes after it": map_root(15, r, 16),
    "previous is nearly none": map_root(15, r, 2**64 - 2),
}
print(json.dumps({"roots": roots, "paths": paths, "leaves": leaves,
                  "badLeaves": [{"why": why, "leaf": b.hex()} for why, b in bad.items()]}, indent=1))
