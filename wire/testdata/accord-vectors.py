"""The second implementation of docs/accords.md. It uses only Python's standard library and shares nothing with the Go code:

    python3 wire/testdata/accord-vectors.py > wire/testdata/accord-vectors.json

Texts are put together line by line as the page has them; Ed25519 is written out from RFC 8032, section 5.1.
"""

import base64
import hashlib
import json
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))


def sha256(data):
    return hashlib.sha256(data).digest()


def digest_of(words):
    """A stand-in for a digest whose origin does not matter here."""
    return sha256(words.encode()).hex()


# Ed25519, RFC 8032 section 5.1: affine twisted Edwards curve, slow and plain.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recover_x(y, sign):
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P)
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return P - x if x % 2 != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + k, P - 2, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - k, P - 2, P) % P
    return x, y


def multiply(point, n):
    result = (0, 1)
    while n:
        if n & 1:
            result = add(result, point)
        point = add(point, point)
        n >>= 1
    return result


def encode(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


class Key:
    """A named key. Its seed is the SHA-256 of "seed of " and its name."""

    def __init__(self, name):
        self.name = name
        self.seed = sha256(b"seed of " + name.encode())
        h = hashlib.sha512(self.seed).digest()
        self.scalar = int.from_bytes(h[:32], "little") & ((1 << 254) - 8) | 1 << 254
        self.prefix = h[32:]
        self.public = encode(multiply(BASE, self.scalar))
        self.hash = sha256(name.encode() + b"\n\x01" + self.public)[:4]

    def __str__(self):
        return f"{self.name}+{self.hash.hex()}+{base64.b64encode(bytes([1]) + self.public).decode()}"

    def sign(self, message):
        r = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % L
        point = encode(multiply(BASE, r))
        k = int.from_bytes(hashlib.sha512(point + self.public + message).digest(), "little") % L
        return point + ((r + k * self.scalar) % L).to_bytes(32, "little")


def note(text, *keys):
    lines = "".join(f"— {k.name} {base64.b64encode(k.hash + k.sign(text.encode())).decode()}\n" for k in keys)
    return text + "\n" + lines


NORTH, SOUTH, EAST = Key("north.example/node"), Key("south.example/node"), Key("east.example/node")
ANNA, BEN = Key("north.example/officer/anna"), Key("north.example/officer/ben")
CLEO, DARIO = Key("south.example/officer/cleo"), Key("south.example/officer/dario")

with open(os.path.join(HERE, "../../seal/testdata/vectors.json")) as f:
    SEALING = json.load(f)["Seal"]["Recipient"]

out = {"accords": [], "acts": [], "refused": []}


def put(into, name, lines, *keys):
    text = "".join(line + "\n" for line in lines)
    out[into].append({"name": name, "id": sha256(text.encode()).hex(), "note": note(text, *keys)})
    return sha256(text.encode()).hex()


def responses(acknowledge, others, duties=("assess", "answer")):
    """A clock's lines: every urgency has the same time here."""
    urgencies = ("Immediate", "Expected", "Future", "Past", "Unknown")
    return [f"response: {duty} {urgency} {acknowledge if duty == 'acknowledge' else others}ms"
            for duty in ("acknowledge",) + duties for urgency in urgencies]


ALL = ("assess", "answer", "report", "conclude", "review", "ratify", "decide")
CARD_N, CARD_S, CARD_E, CARD_O = (digest_of(f"card of {p}") for p in ("north", "south", "east", "harbour"))
RUNG_N = ["rung: duty-desk 0ms|+000 0100|desk@north.example|24/7|Europe/Vienna|de en", "rung: head-of-desk 3600000ms|+000 0101||||"]
RUNG_S = ["rung: duty-desk 0ms||desk@south.example|24/7|UTC|"]

SMALL = [
    "heed-accord/v1", "accord: new", "parent: none", "version: 1", "renews: none", "proposer: north.example", "time: 2026-05-02T09:00:00.250Z", "template: none",
    "name: Liaison north and south", "purpose: Warnings between two desks", "legal-basis: Memorandum of 1 May 2026", "use: prevention",
    "quorum: 2", "reply: 604800000ms", "role-keys: no", "tlp: RED", "pap: none", "forwarding: ask-originator", "publish-counts: agreed",
    "publish-times: nobody", "publish-fields: nobody", "from: none", "until: none", "contents: keep", "contents-after: 0ms", "watches: decide",
    "limitation: 157680000000ms", "notice: 0ms", "two-officers: no", "rights-check: no", "report-hits: no", "retention: 0ms", "situation-report: 0ms",
    "drills: 0ms", "clock: normal",
] + responses(3600000, 28800000) + [f"member: north.example {CARD_N}"] + RUNG_N + [f"member: south.example {CARD_S}"] + RUNG_S

FIRST = put("accords", "first", SMALL + [f"node: {NORTH}", f"officer: supervisor {ANNA}"], NORTH, ANNA)

FULL = [
    "heed-accord/v1", "accord: new", "parent: none", "version: 1", f"renews: {FIRST}", "proposer: south.example", "time: 2026-05-03T00:00:00.000Z",
    "template: major-event", "name: Spiele 2026 (Sicherheit)", "purpose: Sécurité des jeux: avant, pendant, après",
    "legal-basis: CETS No. 218, Articles 5 and 11", "use: protection-of-life", "use: prevention", "use: event-security", "quorum: 2",
    "must-ratify: east.example", "must-ratify: north.example", "reply: 172800000ms", "acknowledge: head-of-desk", "acknowledge: duty-desk",
    "role-keys: no", "tlp: AMBER+STRICT", "pap: GREEN", "police-code: H0", "police-code: H1", "police-code: H2", "police-code: H3",
    "forwarding: members", "publish-counts: any-member", "publish-times: own-side", "publish-fields: agreed",
    "from: 2026-06-01T00:00:00.000Z", "until: 2026-07-20T00:00:00.000Z", "contents: erase", "contents-after: 2592000000ms",
    "watches: announce-lapse", "limitation: 157680000000ms", "notice: 86400000ms", "two-officers: yes", "rights-check: yes", "report-hits: yes",
    "screen: passenger", "screen: border", "screen: visitor", "screen: accreditation", "screen: visa", "retention: 2592000000ms",
    "situation-report: 86400000ms", "drills: 604800000ms", "clock: normal",
] + responses(3600000, 28800000) + ["clock: match-day"] + responses(900000, 7200000, ALL) + [
    "posture: 2026-06-11T12:00:00.000Z 2026-06-12T04:00:00.000Z match-day Opening", "posture: 2026-06-12T04:00:00.000Z 2026-07-19T00:00:00.000Z normal Group stage",
    "posture: 2026-07-19T00:00:00.000Z 2026-07-20T00:00:00.000Z match-day Final | Finale",
    f"member: east.example {CARD_E}", "rung: duty-desk 0ms|+000 0300||||", "rung: head-of-desk 1800000ms|+000 0301||||", f"role-key: head-of-desk {SEALING}",
    f"member: north.example {CARD_N}",
] + RUNG_N + [f"member: south.example {CARD_S}"] + RUNG_S + ["rung: head-of-desk 60000ms|+000 0201||||", f"observer: harbour.example {CARD_O}"]

GAMES = put("accords", "full", FULL + [f"node: {SOUTH}", f"officer: releaser {CLEO}", f"officer: supervisor {DARIO}"], SOUTH, CLEO, DARIO)

AMENDED = list(SMALL)
AMENDED[1:4] = [f"accord: {FIRST}", f"parent: {FIRST}", "version: 2"]
SECOND = put("accords", "amendment", AMENDED + [f"node: {NORTH}", f"officer: supervisor {ANNA}"], NORTH, ANNA)


NEVER = list(SMALL)
at_hits = NEVER.index("report-hits: no")
NEVER[at_hits:at_hits + 1] = ["report-hits: never", "lapse-notice: 604800000ms"]
put("accords", "no hits are reported", NEVER + [f"node: {NORTH}", f"officer: supervisor {ANNA}"], NORTH, ANNA)


def act(name, kind, own, node, *officers):
    party = node.name.split("/")[0]
    lines = ["heed-accord-act/v1", f"act: {kind}", f"accord: {FIRST}", f"version: {SECOND}", f"party: {party}", "time: 2026-05-04T10:00:00.001Z"]
    lines += own + [f"node: {node}"] + [f"officer: {role} {key}" for role, key in officers]
    put("acts", name, lines, node, *[key for _, key in officers])


act("ratification", "ratification", [], NORTH, ("supervisor", ANNA))
act("ratification by two officers", "ratification", [], SOUTH, ("releaser", CLEO), ("supervisor", DARIO))
act("reservation", "reservation", ["clause: disclosure", "reason: Article 7 of our law keeps figures: none are published"], SOUTH, ("supervisor", DARIO))
act("decline", "decline", ["reason: nicht zuständig"], SOUTH, ("releaser", CLEO))
act("suspension", "suspension", ["until: none"], SOUTH, ("supervisor", DARIO))
act("suspension for a while", "suspension", ["until: 2026-05-05T00:00:00.000Z", "reason: our network is being rebuilt"], SOUTH, ("supervisor", DARIO))
act("resumption", "resumption", [], SOUTH, ("supervisor", DARIO))
act("withdrawal", "withdrawal", ["from: none"], NORTH, ("releaser", BEN))
act("withdrawal later", "withdrawal", ["from: 2027-01-01T00:00:00.000Z", "reason: none"], NORTH, ("releaser", BEN))


def refused(name, into, of, old, new, *keys):
    """One of the notes above with something changed in its text, and signed again by the given keys."""
    text = next(v["note"] for v in out[into] if v["name"] == of)
    text = text[:text.rindex("\n\n") + 1]
    assert text.count(old) == 1, (name, text.count(old))
    out["refused"].append({"name": name, "type": into[:-1], "note": note(text.replace(old, new), *keys)})


def bad(name, old, new, of="first", keys=(NORTH, ANNA)):
    refused(name, "accords", of, old, new, *keys)


BOTH = (SOUTH, CLEO, DARIO)
bad("another version of the form", "heed-accord/v1", "heed-accord/v2")
bad("version 2 without a parent", "version: 1", "version: 2")
bad("version with a leading zero", "version: 1", "version: 01")
bad("accord of zeros", "accord: new", "accord: " + "0" * 64)
bad("accord none", "accord: new", "accord: none")
bad("members out of order", "\n".join(SMALL[-5:-2] + SMALL[-2:]), "\n".join(SMALL[-2:] + SMALL[-5:-2]))
bad("member twice", "\n".join(SMALL[-2:]), "\n".join(SMALL[-2:] + SMALL[-2:]))
bad("one member", "\n".join(SMALL[-2:]) + "\n", "")
bad("member without a card", CARD_S, "none")
bad("member without a ladder", "\n" + SMALL[-1], "")
bad("quorum of half", "quorum: 2", "quorum: 1")
bad("quorum of three of two", "quorum: 2", "quorum: 3")
bad("reply at once", "reply: 604800000ms", "reply: 0ms")
bad("role keys that are not there", "role-keys: no", "role-keys: yes")
bad("response of zero", "response: answer Past 28800000ms", "response: answer Past 0ms")
bad("response in hours", "response: answer Past 28800000ms", "response: answer Past 8h")
bad("no response", "response: answer Past 28800000ms\n", "")
bad("responses out of order", "response: answer Past 28800000ms\nresponse: answer Unknown 28800000ms",
    "response: answer Unknown 28800000ms\nresponse: answer Past 28800000ms")
bad("no clock", "\n".join(SMALL[34:50]) + "\n", "")
bad("another word for reporting hits", "report-hits: no", "report-hits: confirmed")
bad("lapse notice of zero", "report-hits: no", "report-hits: no\nlapse-notice: 0ms")
bad("lapse notice before the hits", "report-hits: never\nlapse-notice: 604800000ms", "lapse-notice: 604800000ms\nreport-hits: never", "no hits are reported")
bad("lapse notice twice", "lapse-notice: 604800000ms", "lapse-notice: 604800000ms\nlapse-notice: 604800000ms", "no hits are reported")
bad("lapse notice beyond two years", "lapse-notice: 604800000ms", "lapse-notice: 63244800001ms", "no hits are reported")
bad("unknown forwarding rule", "forwarding: ask-originator", "forwarding: ask")
bad("proposer who is no member", "proposer: north.example", "proposer: east.example", keys=(EAST,))
bad("proposer is not who signs", "proposer: north.example", "proposer: south.example")
bad("no officer", f"officer: supervisor {ANNA}\n", "", keys=(NORTH,))
bad("officer who may not", f"officer: supervisor {ANNA}", f"officer: assessor {ANNA}")
bad("officer of another party", str(ANNA), str(CLEO), keys=(NORTH, CLEO))
bad("signature missing", "quorum: 2", "quorum: 2", keys=(NORTH,))
bad("signatures swapped", "quorum: 2", "quorum: 2", keys=(ANNA, NORTH))
bad("template that is none", "template: none", "template: None")
bad("ends before it starts", "until: 2026-07-20", "until: 2026-05-20", "full", BOTH)
bad("purposes out of order", "use: protection-of-life\nuse: prevention", "use: prevention\nuse: protection-of-life", "full", BOTH)
bad("observer who is a member", "observer: harbour.example", "observer: east.example", "full", BOTH)
bad("observer who must ratify", "must-ratify: north.example", "must-ratify: harbour.example", "full", BOTH)
bad("those who must ratify out of order", "must-ratify: east.example\nmust-ratify: north.example", "must-ratify: north.example\nmust-ratify: east.example", "full", BOTH)
bad("posture of no clock", "match-day Opening", "opening Opening", "full", BOTH)
bad("posture without a name", "match-day Opening", "match-day", "full", BOTH)
bad("key of no rung", "role-key: head-of-desk", "role-key: head", "full", BOTH)
bad("classic key", SEALING, "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", "full", BOTH)
bad("damaged key", SEALING, SEALING[:-1] + ("q" if SEALING[-1] != "q" else "p"), "full", BOTH)
bad("kept and erased", "contents: erase", "contents: keep", "full", BOTH)
bad("role of nobody", "acknowledge: head-of-desk", "acknowledge: chef", "full", BOTH)


def wrong(name, of, old, new, *keys):
    refused(name, "acts", of, old, new, *keys)


wrong("another version of the act", "ratification", "heed-accord-act/v1", "heed-accord-act/v2", NORTH, ANNA)
wrong("unknown act", "ratification", "act: ratification", "act: ratify", NORTH, ANNA)
wrong("ratification with a reason", "ratification", "node: ", "reason: we like it\nnode: ", NORTH, ANNA)
wrong("ratification of nothing", "ratification", f"version: {SECOND}", "version: none", NORTH, ANNA)
wrong("ratification with a clause", "ratification", "node: ", "clause: disclosure\nnode: ", NORTH, ANNA)
wrong("reservation to the members", "reservation", "clause: disclosure", "clause: members", SOUTH, DARIO)
wrong("reservation without a reason", "reservation", "reason: Article 7 of our law keeps figures: none are published\n", "", SOUTH, DARIO)
wrong("decline with an empty reason", "decline", "reason: nicht zuständig", "reason: ", SOUTH, CLEO)
wrong("reason that ends with a blank", "decline", "zuständig", "zuständig ", SOUTH, CLEO)
wrong("reason that turns round", "decline", "zuständig", "zu\u202eständig", SOUTH, CLEO)
wrong("suspension without until", "suspension", "until: none\n", "", SOUTH, DARIO)
wrong("suspension of the past", "suspension for a while", "until: 2026-05-05", "until: 2026-05-03", SOUTH, DARIO)
wrong("withdrawal of the past", "withdrawal later", "from: 2027-01-01", "from: 2026-01-01", NORTH, BEN)
wrong("lines out of order", "withdrawal later", "from: 2027-01-01T00:00:00.000Z\nreason: none", "reason: none\nfrom: 2027-01-01T00:00:00.000Z", NORTH, BEN)
wrong("act in another's name", "ratification", "party: north.example", "party: south.example", NORTH, ANNA)
wrong("act without an officer", "ratification", f"officer: supervisor {ANNA}\n", "", NORTH)
wrong("act of a drafter", "ratification", "officer: supervisor", "officer: drafter", NORTH, ANNA)
wrong("one officer twice", "ratification", f"officer: supervisor {ANNA}", f"officer: supervisor {ANNA}\nofficer: releaser {ANNA}", NORTH, ANNA)
wrong("signed by a stranger", "ratification", "act: ratification", "act: ratification", NORTH, BEN)
wrong("signed by too many", "ratification", "act: ratification", "act: ratification", NORTH, ANNA, BEN)



def part(kind, data):
    return struct.pack(">BI", kind, len(data)) + data


def of(into, name):
    return next(v["note"].encode() for v in out[into] if v["name"] == name)


VERSION, ACT, CARD = 1, 2, 3
FILE = b"heed-accord-file/v1\n"
RATIFICATION = part(ACT, of("acts", "ratification"))
NORTHS, SOUTHS = part(CARD, b"the card of north\n"), part(CARD, b"the card of south\n")
out["files"] = [{"name": name, "hex": (FILE + parts).hex()} for name, parts in {
    "nothing": b"",
    "an act": RATIFICATION,
    "two cards": NORTHS + SOUTHS,
    "all": part(VERSION, of("accords", "first")) + part(VERSION, of("accords", "amendment")) + part(ACT, of("acts", "reservation")) + RATIFICATION
           + part(ACT, of("acts", "withdrawal")) + NORTHS + part(CARD, b"the next card of north\n") + SOUTHS,
}.items()]
out["refusedFiles"] = [{"name": name, "hex": data.hex()} for name, data in {
    "no bytes": b"",
    "no line feed": FILE[:-1],
    "another version of the file": b"heed-accord-file/v2\n" + RATIFICATION,
    "the parts of an envelope": b"heed-parts/v1\n" + RATIFICATION,
    "a byte order mark": b"\xef\xbb\xbf" + FILE,
    "type 0": FILE + part(0, b"x"),
    "type 4": FILE + part(4, b"x"),
    "card before act": FILE + NORTHS + RATIFICATION,
    "act before version": FILE + RATIFICATION + part(VERSION, b"x"),
    "an empty part": FILE + part(ACT, b"") + NORTHS,
    "a length that is cut": FILE + RATIFICATION[:4],
    "a part that is cut": FILE + RATIFICATION[:-1],
    "a length of 4 GiB": FILE + b"\x02\xff\xff\xff\xff" + b"x",
    "a byte too many": FILE + RATIFICATION + b"\x03",
}.items()]

print(json.dumps(out, ensure_ascii=False, indent=1))
