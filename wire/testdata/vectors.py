"""The second implementation of docs/formats.md. It uses only Python's standard library and shares nothing with the Go code:

    python3 wire/testdata/vectors.py > wire/testdata/format-vectors.json

Texts are put together line by line as the page has them; Ed25519 is written out from RFC 8032, section 5.1.
"""

import base64
import hashlib
import json
import os
import struct
import sys

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


NORTH, SOUTH = Key("north.example/node"), Key("south.example/node")
NORTH_LEDGER, SOUTH_LEDGER = Key("north.example/v1"), Key("south.example/v1")
NORTH_LEDGER_2, SOUTH_LEDGER_2 = Key("north.example/v1-2"), Key("south.example/v1-2")
NORTH_RECOVERY = Key("north.example/recovery")
WEST, WEST_LEDGER, HARBOUR = Key("west.example/node"), Key("west.example/v1"), Key("harbour.example/node")
ANNA, BEN = Key("north.example/officer/anna"), Key("north.example/officer/ben")
CLEO, DARIO = Key("south.example/officer/cleo"), Key("south.example/officer/dario")

with open(os.path.join(HERE, "../../seal/testdata/vectors.json")) as f:
    SEALING = json.load(f)["Seal"]["Recipient"]


def at(seconds, millis=0):
    """A time on 22 November 2026, counted from 21:00 UTC."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(21 + hours, 24)
    return f"2026-11-{22 + days:02d}T{hours:02d}:{minutes:02d}:{seconds:02d}.{millis:03d}Z"


def tag_key(words):
    return sha256(b"heed-tagkey-v1\0" + sha256(words.encode())).hex()


out = {"keys": [], "statements": [], "releases": [], "cards": [], "rosters": [], "refusals": [], "collects": [], "figures": [], "envelopes": [], "parts": [], "gaps": []}
for k in (NORTH, SOUTH, NORTH_LEDGER, SOUTH_LEDGER, NORTH_LEDGER_2, SOUTH_LEDGER_2, NORTH_RECOVERY, WEST, WEST_LEDGER, HARBOUR, ANNA, BEN, CLEO, DARIO):
    out["keys"].append({"name": k.name, "seed": k.seed.hex(), "public": str(k)})


def put(into, name, lines, *keys):
    text = "".join(line + "\n" for line in lines)
    signed = note(text, *keys)
    out[into].append({"name": name, "id": sha256(text.encode()).hex(), "signed": sha256(signed.encode()).hex(), "note": signed})
    return sha256(text.encode()).hex()


DOCUMENT = f"content: {digest_of('the warning document')} 1234 application/vnd.heed.warning"
REPORT = f"content: {digest_of('the field report')} 20480 application/pdf Bericht über das Treffen.pdf"
BUNDLE = f"content: {digest_of('the bundle')} 77 application/stix+json;version=2.1 bundle.json"
WORDS = f"content: {digest_of('the words')} 17 text/plain;charset=utf-8"


def release(name, kind, of, time, contents, *officers):
    lines = ["heed-release/v1", "author: north.example", f"kind: {kind}", f"of: {of}", f"time: {time}", f"nonce: {digest_of('nonce of ' + name)}"]
    lines += contents + [f"officer: {role} {key}" for role, key in officers]
    return put("releases", name, lines, *[key for _, key in officers])


REL_W = release("warning", "warning", "none", at(0), [DOCUMENT, REPORT], ("drafter", ANNA), ("releaser", BEN))
REL_S = release("supplement", "supplement", REL_W, at(600), [DOCUMENT, BUNDLE], ("releaser", BEN))
REL_C = release("correction", "correction", REL_W, at(1200), [DOCUMENT], ("supervisor", BEN))
REL_R = release("recall", "recall", REL_W, at(1800), [], ("releaser", BEN))


def card(name, party, serial, previous, keys, recovery, endpoint, pin, tiles, baseline, *signers):
    lines = ["heed-card/v1", f"party: {party}", f"serial: {serial}", f"issued: {at(-3600 * 21)}", f"previous: {previous}",
             f"node-key: {keys[0]}", f"sealing-key: {SEALING}", f"ledger-key: {keys[1]}", f"recovery-key: {recovery}",
             f"endpoint: {endpoint}", f"pin: {pin}", f"tiles: {tiles}"]
    return put("cards", name, lines + baseline, *signers)


SMALL = ["publication-delay: 100ms", "max-envelope: 65536", "collect-every: 0ms", "profile: seconds",
         "clock: acknowledge Immediate 2000ms", "clock: acknowledge Expected 4000ms", "clock: assess Immediate 8000ms",
         "clock: answer Unknown 8000ms", "rung: duty-desk 0ms|+000 0100||24/7|Europe/Vienna|de en"]
FULL = ["publication-delay: 60000ms", "max-envelope: 33554432", "collect-every: 900000ms", "profile: urgent-police"]
for duty in ("acknowledge", "assess", "answer", "report", "conclude", "review", "ratify", "decide"):
    for urgency in ("Immediate", "Expected", "Future", "Past", "Unknown"):
        FULL.append(f"clock: {duty} {urgency} {len(duty) * 3600000 + len(urgency)}ms")
FULL += ["quota: Immediate 200 3600000ms", "quota: Expected 500 3600000ms", "quota: Unknown 1 86400000ms",
         "rung: duty-desk 0ms|+000 0000|desk@north.example|24/7|UTC|en fr",
         "rung: head-of-desk 3600000ms|+000 0001||Mon-Fri 08:00-16:00|Africa/Nairobi|en sw",
         "rung: head-of-service 14400000ms||head@north.example|||",
         f"depositary: west.example https://heed.west.example:443 {digest_of('tls key of west')} {WEST}",
         f"depositary: harbour.example https://198.51.100.7:8443 none {HARBOUR}"]

CARD_S = card("first", "south.example", 1, "none", (SOUTH, SOUTH_LEDGER), "none", "https://192.0.2.7:8443", digest_of("tls key"), "none", SMALL, SOUTH)
CARD_N = card("with recovery key", "north.example", 1, "none", (NORTH, NORTH_LEDGER), NORTH_RECOVERY, "https://heed.north.example:443", "none",
              "http://tiles.north.example:8080", FULL, NORTH)
CARD_R = card("renewal", "north.example", 2, CARD_N, (NORTH, NORTH_LEDGER), NORTH_RECOVERY, "https://heed.north.example:444", "none", "none", FULL,
              NORTH, NORTH_RECOVERY)
CARD_L = card("another ledger", "north.example", 3, CARD_R, (NORTH, NORTH_LEDGER_2), NORTH_RECOVERY, "https://heed.north.example:444", "none",
              "none", FULL, NORTH, NORTH_RECOVERY)


def statement(name, kind, case, author, seconds, previous, answers, contents, own, *officers, after="none", tag=None):
    recipient = "south.example" if author == "north.example" else "north.example"
    node = NORTH if author == "north.example" else SOUTH
    lines = ["heed-statement/v1", f"kind: {kind}", f"case: {case}", f"author: {author}", "author-card: 1", f"recipient: {recipient}",
             "recipient-card: 3", f"time: {at(seconds, seconds % 1000)}", f"previous: {previous}"]
    lines += [f"answers: {a}" for a in sorted(answers)]
    lines += [f"after: {after}", f"tag-key: {tag or tag_key('K of ' + name)}"]
    lines += contents + own + [f"node: {node}"]
    lines += [f"officer: {role} {key}" for role, key in officers]
    return put("statements", name, lines, node, *[key for _, key in officers])


N, S = "north.example", "south.example"
W = statement("warning", "warning", "new", N, 1, "none", [], [DOCUMENT, REPORT],
              [f"release: {REL_W}", "urgency: Immediate", "status: Actual", "asks-answer: yes"])
SUP = statement("supplement", "supplement", W, N, 601, W, [W], [DOCUMENT, BUNDLE], [f"release: {REL_S}", "urgency: Expected"],
                after=digest_of("a checkpoint"))
COR = statement("correction", "correction", W, N, 1201, SUP, [W], [DOCUMENT], [f"release: {REL_C}", "urgency: Past"])
statement("recall", "recall", W, N, 1801, COR, [W], [], [f"release: {REL_R}"])
statement("receipt", "receipt", W, S, 2, "none", [W], [],
          ["number: 7", f"received: {at(2, 2)}", f"ledger: {SOUTH_LEDGER}", f"terms: {CARD_S}", f"publish-by: {at(2, 102)}",
           f"duty: acknowledge {at(4, 2)}", f"duty: assess {at(10, 2)}", f"duty: answer {at(10, 2)}"], tag=tag_key("K of warning"))
OPE = statement("opening", "opening", W, S, 30, "none", [W], [], [], ("duty-officer", CLEO))
ACK = statement("acknowledgement", "acknowledgement", W, S, 60, OPE, [W, SUP], [], ["without-prejudice: yes"], ("duty-officer", CLEO))
statement("acknowledgement for a rung", "acknowledgement", W, S, 60, OPE, [W], [], ["without-prejudice: no", "rung: 2 head-of-desk"], ("duty-officer", CLEO))
statement("receipt that rungs owe", "receipt", W, S, 2, "none", [W], [],
          ["number: 8", f"received: {at(2, 2)}", f"ledger: {SOUTH_LEDGER}", f"terms: {CARD_S}", f"publish-by: {at(2, 102)}",
           f"duty: acknowledge/1 {at(4, 2)}", f"duty: acknowledge/8 {at(4, 2)}", f"duty: assess {at(10, 2)}"], tag=tag_key("K of warning"))
ASS = statement("assessment", "assessment", W, S, 90, ACK, [W], [WORDS],
                ["disposition: partly-credible", f"duty: report {at(3690, 90)}", f"duty: conclude {at(7290, 90)}"], ("assessor", CLEO))
statement("assessment without duties", "assessment", W, S, 90, ACK, [COR], [], ["disposition: cannot-assess"], ("supervisor", DARIO))
statement("refusal", "refusal", W, S, 91, ACK, [W], [WORDS], ["code: political-military-religious-racial"], ("duty-officer", CLEO))
statement("notification", "notification", W, S, 3, "none", [W], [], ["level: 0", "role: duty-desk", "via: mail"])
statement("notification of what is overdue", "notification", W, S, 5000, OPE, [W], [],
          ["level: 8", "role: head-of-service", "via: chat-2", f"duty: assess {at(10, 2)}"])
QUE = statement("question", "question", "new", S, 100, "none", [], [WORDS], ["urgency: Unknown", "status: Exercise"], ("assessor", CLEO))
ASK = statement("question in a case", "question", W, S, 101, ASS, [W], [WORDS, REPORT], ["urgency: Immediate"], ("assessor", CLEO))
statement("answer", "answer", QUE, N, 200, "none", [QUE], [WORDS], [], ("releaser", BEN))
statement("interim", "interim", W, N, 201, W, [ASK], [], [f"by: {at(86400, 999)}"], ("drafter", ANNA))
statement("extension", "extension", W, N, 202, W, [W], [], [f"duty: assess {at(20)}"], ("releaser", BEN))
statement("action", "action", W, S, 3000, ASK, [ASS], [WORDS], [], ("duty-officer", CLEO))
statement("outcome", "outcome", W, S, 3001, ASK, [W, ASS], [WORDS], ["outcome: averted"], ("duty-officer", CLEO), ("supervisor", DARIO))
statement("call", "call", W, N, 3002, W, [], [WORDS], [], ("drafter", ANNA))
statement("reminder", "reminder", W, N, 3003, W, [W], [], ["level: 1", "role: head-of-desk", f"duty: acknowledge {at(4, 2)}"])
statement("forward-request", "forward-request", W, S, 3004, ASK, [W], [], ["party: east.example"], ("supervisor", DARIO))
statement("forward-consent", "forward-consent", W, N, 3005, W, [W], [], ["party: east.example", "consent: no"], ("releaser", BEN))
statement("drill", "drill", W, N, 3006, W, [], [], [], ("supervisor", BEN))
statement("rating", "rating", W, N, 3007, W, [ASS], [WORDS], ["meaningful: yes"], ("drafter", ANNA))
HIT = f"content: {digest_of('the hit report')} 240 application/vnd.heed.hit-report"
HID = statement("watch-hit", "watch-hit", W, S, 3100, ASK, [COR], [HIT, WORDS], [f"confirmed: {at(3050, 7)}", f"duty: report {at(6650, 7)}"], ("duty-officer", CLEO))
statement("watch-hit that is not owed", "watch-hit", W, S, 3101, ASK, [W], [HIT], [f"confirmed: {at(3101, 101)}"], ("supervisor", DARIO))
statement("watch-hit that withdraws another", "watch-hit", W, S, 3104, HID, [HID], [HIT, WORDS], [f"withdrawn: {at(3104, 104)}", f"duty: report {at(6704, 104)}"],
          ("supervisor", DARIO))
statement("watch-lapse-notice", "watch-lapse-notice", W, S, 3102, ASK, [COR], [WORDS], [f"effective: {at(90000)}"], ("supervisor", DARIO))
statement("watch that goes on", "watch-lapse-notice", W, S, 3103, ASK, [SUP, COR], [WORDS], ["effective: none"], ("assessor", CLEO))
FIGURES, COUNTED = (f"content: {digest_of(f'the {words}')} 1024 application/vnd.heed.{media}" for words, media in (("figures", "figures"), ("counted cases", "figures-cases")))
FIG = statement("figures", "figures", "new", N, 3008, "none", [], [FIGURES, COUNTED], ["status: Actual"])
statement("figures in answer", "figures", FIG, S, 3009, "none", [FIG], [FIGURES, COUNTED], [])


out["hits"] = []


def hit(name, *lines):
    """A hit report is no note: a content of these lines."""
    out["hits"].append({"name": name, "text": "".join(line + "\n" for line in ("heed-hit-report/v1",) + lines)})


hit("whole", "subject: persons/0", "record: border", "at: 2026-11-22T21:40:00Z", "where: North Harbour - Ferry Quay, NF 12",
    "name: ЖУЩЕВ ЮЛИАН", "born: 1987-05-14", "document: passport HM 0017345", "score: 0.9731", "threshold: 0.9000", "model: n3-w2")
hit("as little as can be told", "subject: organisations/199", "record: visitor", "score: 0.0000", "threshold: 1.0000", "model: none")
hit("withdrawn", "subject: persons/0", "record: border", "verdict: different-person", "score: 0.9731", "threshold: 0.9000", "model: n3-w2")
hit("of a day", "subject: vehicles/7", "record: passenger", "at: 2026-11-22", "born: 1986/1988", "document: other none A 1 B", "score: 1.0000",
    "threshold: 0.5000", "model: none")


def figures(name, author, time, reading, accord, since, until, times, lines, *officers):
    node = NORTH if author == "north.example" else SOUTH
    all = ["heed-figures/v1", f"author: {author}", "author-card: 1", f"time: {time}", f"reading: {reading}", "pair: north.example south.example",
           f"accord: {accord}", f"since: {since}", f"until: {until}", f"as-of: {at(7000)}", f"times: {times}"]
    all += [f"figure: {line}" for line in lines] + [f"node: {node}"] + [f"officer: {role} {key}" for role, key in officers]
    return put("figures", name, all, node, *[key for _, key in officers])


SAID = ["north.example all warnings sent 3", "north.example all warnings received 2", "north.example all warnings outcome-averted 1",
        "north.example all assess owed 2", "north.example all assess timely 1", "north.example all assess overdue 1", "north.example all assess median 0",
        "north.example all assess p90 5400000", "north.example all replies rated 1", "north.example all replies meaningful 1",
        "north.example Immediate warnings sent 3", "south.example all questions sent 1", "south.example Unknown questions sent 1"]
figures("exact", N, at(7000), "exact", "none", at(0), at(3600), "yes", SAID, ("supervisor", BEN))
figures("the same", S, at(7001, 1), "exact", "none", at(0), at(3600), "yes", SAID, ("supervisor", DARIO))
figures("nothing", S, at(7002), "exact", digest_of("the first version"), "none", "none", "no", [], ("releaser", DARIO))
figures("at least", N, at(7003), "at-least", digest_of("the first version"), "none", at(3600), "no",
        ["north.example all warnings sent 2", "north.example all assess timely 1"], ("releaser", BEN), ("supervisor", ANNA))
A, V = digest_of("the first version"), digest_of("the second version")
UNDER = f"accord: {A} {V}"
ACCORD, ACT = (f"content: {digest_of(f'the {words}')} 3456 application/vnd.heed.{media}" for words, media in (("terms", "accord"), ("act", "accord-act")))
FILE = f"content: {digest_of('the file')} 65536 application/vnd.heed.accord-file"
statement("warning under an accord", "warning", "new", N, 6001, "none", [], [DOCUMENT, REPORT],
          [f"release: {REL_W}", UNDER, "urgency: Future", "status: Actual", "asks-answer: no"])
statement("supplement under an accord", "supplement", W, N, 6002, W, [W], [DOCUMENT, BUNDLE], [f"release: {REL_S}", UNDER, "urgency: Future"])
statement("correction under an accord", "correction", W, N, 6003, W, [W], [DOCUMENT], [f"release: {REL_C}", UNDER, "urgency: Future"])
statement("question under an accord", "question", "new", S, 6004, "none", [], [WORDS], [UNDER, "urgency: Expected", "status: Actual"], ("assessor", CLEO))
PRO = statement("accord-proposal", "accord-proposal", "new", N, 6005, "none", [], [ACCORD, FILE], [f"accord: {A} {A}", "reply: 604800000ms", "status: Actual"])
AME = statement("accord-amendment", "accord-amendment", "new", S, 6006, "none", [], [ACCORD], [UNDER, "reply: 0ms", "status: Exercise"], after=digest_of("a checkpoint"))
statement("accord-ratification", "accord-ratification", PRO, S, 6007, "none", [PRO], [ACT], [f"accord: {A} {A}"])
statement("accord-reservation", "accord-reservation", PRO, S, 6008, "none", [PRO], [ACT], [f"accord: {A} {A}"])
statement("accord-decline", "accord-decline", AME, N, 6009, "none", [AME], [ACT], [UNDER])
statement("accord-suspension", "accord-suspension", "new", S, 6010, "none", [], [ACT], [UNDER, "status: Actual"])
statement("accord-resumption", "accord-resumption", "new", S, 6011, "none", [], [ACT], [UNDER, "status: Actual"])
statement("accord-withdrawal", "accord-withdrawal", "new", N, 6012, "none", [], [ACT], [UNDER, "status: Actual"])


def apart(name, kind, author, node, recipient, seconds, own, after="none"):
    """A statement that stands in no case."""
    lines = ["heed-statement/v1", f"kind: {kind}", "case: none", f"author: {author}", "author-card: 2"]
    lines += [f"recipient: {recipient}", "recipient-card: 3"] if recipient else []
    lines += [f"time: {at(seconds, seconds % 1000)}", "previous: none", f"after: {after}", "tag-key: none"]
    return put("statements", name, lines + own + [f"node: {node}"], node)


CARRIED = [f"carries: {digest_of('tag of one statement')}", f"carries: {digest_of('tag of another statement')}"]
apart("succession", "succession", N, NORTH, None, 4000,
      [f"ledger: {NORTH_LEDGER}", "size: 4096", f"root: {digest_of('root of the old ledger')}", f"successor: {NORTH_LEDGER_2}", f"card: {CARD_L}",
       "lost: no"], after=digest_of("a checkpoint"))
apart("succession of a lost ledger", "succession", S, SOUTH, None, 4001,
      [f"ledger: {SOUTH_LEDGER}", "size: 0", f"root: {sha256(b'').hex()}", f"successor: {SOUTH_LEDGER_2}", f"card: {digest_of('the next card')}", "lost: yes"])


def deposit(name, seconds, number, carries, after="none"):
    apart(name, "deposit", "west.example", WEST, S, seconds,
          [f"party: {N}", f"number: {number}", f"received: {at(seconds)}", f"ledger: {WEST_LEDGER}", f"terms: {CARD_R}",
           f"publish-by: {at(seconds + 60)}", f"envelope: {digest_of('an envelope')}"] + carries, after)


deposit("deposit", 5001, 7, CARRIED[:1])
deposit("deposit of a statement and an answer", 5002, 0, CARRIED, after=digest_of("a checkpoint"))
deposit("deposit of what does not say", 5003, 8, [])


def roster(name, serial, *officers):
    lines = ["heed-roster/v1", "party: north.example", f"serial: {serial}", f"time: {at(0)}"]
    lines += [f"officer: {standing} {roles} {key}" for standing, roles, key in officers]
    put("rosters", name, lines + [f"node: {NORTH}"], NORTH)


roster("empty", 1)
roster("two officers", 12, ("active", "drafter,duty-officer,administrator", ANNA), ("removed", "releaser", BEN))


def refusal(name, sender_card, number, code, retry, detail):
    put("refusals", name, ["heed-refusal/v1", "author: south.example", "author-card: 1", "sender: north.example", f"sender-card: {sender_card}",
                           f"number: {number}", f"envelope: {digest_of('an envelope')}", f"time: {at(9, 9)}", f"code: {code}",
                           f"retry-after: {retry}ms", f"detail: {detail}", f"node: {SOUTH}"], SOUTH)


refusal("over quota", 3, 19, "over-quota", 360000, "200 statements of urgency Immediate in 1h0m0s, and our card admits 200")
refusal("without words", 1, 0, "unknown-sender", 0, "-")


def collect(name, card, after):
    put("collects", name, ["heed-collect/v1", "depositary: west.example", "party: north.example", f"card: {card}", f"after: {after}",
                           f"time: {at(5400, 250)}", f"node: {NORTH}"], NORTH)


collect("first", 1, 0)
collect("later", 2, 9007199254740991)


def gap(name, missing):
    out["gaps"].append({"name": name, "hex": "".join(["heed-gap/v1\n"] + [f"missing: {n}\n" for n in missing]).encode().hex()})


gap("none", [])
gap("three", [3, 4, 9007199254740991])


def parts(name, *items):
    data = b"heed-parts/v1\n" + b"".join(struct.pack(">BI", kind, len(body)) + body for kind, body in items)
    out["parts"].append({"name": name, "hex": data.hex()})
    return data


def note_of(into, name):
    return next(v["note"].encode() for v in out[into] if v["name"] == name)


parts("none")
parts("a question", (1, note_of("statements", "question")), (2, sha256(b"K of question")), (4, sha256(b"salt") + b"Where is he now?\n"))
OPENED = parts("every type", (1, note_of("statements", "recall")), (2, sha256(b"K of recall")), (3, note_of("releases", "recall")),
               (4, sha256(b"salt")), (5, note_of("refusals", "over quota")), (6, b"heed-gap/v1\nmissing: 3\n"), (7, b"a checkpoint"),
               (8, b"another"), (9, note_of("cards", "first")), (10, b""), (11, sha256(b"an envelope")), (12, b"one with cosignatures"),
               (13, note_of("statements", "succession")))


def header_of(number, opened, body, carries):
    lines = ["heed-envelope/v1", "sender: north.example", "sender-card: 1", "recipient: south.example", "recipient-card: 3",
             f"number: {number}", f"time: {at(7, 7)}", f"sealed: {len(body)}", f"sealed-digest: {sha256(body).hex()}", f"opened: {opened}"]
    return note("".join(line + "\n" for line in lines + carries + [f"node: {NORTH}"]), NORTH)


def envelope(name, number, opened, body, carries=()):
    header = header_of(number, opened, body, list(carries)).encode()
    out["envelopes"].append({"name": name, "hex": (struct.pack(">I", len(header)) + header + body).hex()})


# What is sealed stands in for an age file here: the first three are none, and the last was made by the Go implementation, since
# ML-KEM is not in Python's library. It holds the parts of "every type" and opens with the key in docs/keys.md.
envelope("closed", 7, 14, b"not an age file")
envelope("closed and carrying", 8, 14, b"not an age file", CARRIED)
MOST = [f"carries: {digest_of(f'tag {i}')}" for i in range(64)]
envelope("closed and carrying 64", 0, 14, b"not an age file", MOST)
SEALED = os.path.join(HERE, "envelope.age")
if os.path.exists(SEALED):
    with open(SEALED, "rb") as f:
        envelope("every part", 0, len(OPENED), f.read())

out["refused"] = []


def refused(name, into, of, old, new, *keys):
    """One of the notes above with something changed in its text, and signed again by the given keys."""
    text = note_of(into, of).decode()
    text = text[:text.rindex("\n\n") + 1]
    assert text.count(old) == 1, name
    out["refused"].append({"name": name, "type": into[:-1], "note": note(text.replace(old, new), *keys)})


refused("another version", "statements", "call", "heed-statement/v1", "heed-statement/v2", NORTH, ANNA)
refused("another type", "releases", "recall", "heed-release/v1", "heed-statement/v1", BEN)
refused("unknown kind", "statements", "call", "kind: call", "kind: cal", NORTH, ANNA)
refused("author is recipient", "statements", "call", "author: north", "author: south", NORTH, ANNA)
refused("card 0", "statements", "call", "author-card: 1", "author-card: 0", NORTH, ANNA)
refused("leading zero", "statements", "call", "author-card: 1", "author-card: 01", NORTH, ANNA)
refused("number too large", "statements", "receipt", "number: 7", "number: 9007199254740992", SOUTH)
refused("time without milliseconds", "statements", "recall", ".801Z", "Z", NORTH)
refused("time with a comma", "statements", "recall", ".801Z", ",801Z", NORTH)
refused("time with an offset", "statements", "recall", ".801Z", ".801+00:00", NORTH)
refused("zeros for none", "statements", "call", "after: none", "after: " + "0" * 64, NORTH, ANNA)
refused("no release", "statements", "recall", f"release: {REL_R}", "release: none", NORTH)
refused("answers out of order", "statements", "outcome", "".join(f"answers: {a}\n" for a in sorted([W, ASS])),
        "".join(f"answers: {a}\n" for a in sorted([W, ASS], reverse=True)), SOUTH, CLEO, DARIO)
refused("lines out of order", "statements", "reminder", "level: 1\nrole: head-of-desk", "role: head-of-desk\nlevel: 1", NORTH)
refused("a line of another kind", "statements", "call", "node: ", "consent: yes\nnode: ", NORTH, ANNA)
refused("hit without a report", "statements", "watch-hit that is not owed", "application/vnd.heed.hit-report", "text/plain;charset=utf-8", SOUTH, DARIO)
refused("hit confirmed after it was signed", "statements", "watch-hit that is not owed", f"confirmed: {at(3101, 101)}", f"confirmed: {at(3101, 102)}", SOUTH, DARIO)
refused("hit neither confirmed nor withdrawn", "statements", "watch-hit that withdraws another", f"withdrawn: {at(3104, 104)}\n", "", SOUTH, DARIO)
refused("hit confirmed and withdrawn", "statements", "watch-hit that withdraws another", "withdrawn: ", f"confirmed: {at(3104, 104)}\nwithdrawn: ", SOUTH, DARIO)
refused("hit with another duty", "statements", "watch-hit", "duty: report", "duty: conclude", SOUTH, CLEO)
refused("lapse before it is said", "statements", "watch-lapse-notice", f"effective: {at(90000)}", f"effective: {at(3102)}", SOUTH, DARIO)
refused("lapse beyond two years", "statements", "watch-lapse-notice", f"effective: {at(90000)}", "effective: 2028-11-23T21:51:42.103Z", SOUTH, DARIO)
refused("lapse by a duty officer", "statements", "watch-lapse-notice", "officer: supervisor", "officer: duty-officer", SOUTH, DARIO)
refused("role without the right", "statements", "assessment", "officer: assessor", "officer: duty-officer", SOUTH, CLEO)
refused("officer of the other party", "statements", "call", str(ANNA), str(CLEO), NORTH, CLEO)
refused("officer's key as node key", "statements", "recall", str(NORTH), str(BEN), BEN)
refused("no officer", "statements", "call", f"officer: drafter {ANNA}\n", "", NORTH)
refused("media type in capitals", "statements", "call", "text/plain", "Text/plain", NORTH, ANNA)
refused("file name that is a path", "statements", "warning", "Bericht ", "../Bericht ", NORTH)
refused("file name that turns round", "statements", "warning", "Bericht ", "Bericht\u202e ", NORTH)
refused("one content twice", "statements", "call", WORDS, WORDS + "\n" + WORDS, NORTH, ANNA)
refused("signature missing", "statements", "call", "kind: call", "kind: call", NORTH)
refused("signature added", "statements", "call", "kind: call", "kind: call", NORTH, ANNA, BEN)
refused("signatures swapped", "statements", "call", "kind: call", "kind: call", ANNA, NORTH)
refused("signed by the other party", "statements", "recall", "kind: recall", "kind: recall", SOUTH)
refused("of in a warning's release", "releases", "warning", "of: none", f"of: {REL_S}", ANNA, BEN)
refused("one officer twice", "releases", "recall", f"officer: releaser {BEN}", f"officer: releaser {BEN}\nofficer: drafter {BEN}", BEN)
refused("ledger key is the recovery key", "cards", "first", str(SOUTH_LEDGER), str(Key("south.example/recovery")), SOUTH)
refused("clock out of order", "cards", "first", "clock: acknowledge Immediate 2000ms\nclock: acknowledge Expected 4000ms",
        "clock: acknowledge Expected 4000ms\nclock: acknowledge Immediate 2000ms", SOUTH)
refused("duration in seconds", "cards", "first", "publication-delay: 100ms", "publication-delay: 1s", SOUTH)
refused("endpoint with a path", "cards", "first", "192.0.2.7:8443", "192.0.2.7:8443/", SOUTH)
refused("no ladder", "cards", "first", SMALL[-1] + "\n", "", SOUTH)
refused("officers out of order", "rosters", "two officers", f"officer: active drafter,duty-officer,administrator {ANNA}\nofficer: removed releaser {BEN}",
        f"officer: removed releaser {BEN}\nofficer: active drafter,duty-officer,administrator {ANNA}", NORTH)
refused("roles out of order", "rosters", "two officers", "drafter,duty-officer", "duty-officer,drafter", NORTH)
refused("officer of another party in a roster", "rosters", "two officers", str(BEN), str(CLEO), NORTH)
refused("code of a content refusal", "refusals", "without words", "code: unknown-sender", "code: duplicate", SOUTH)
refused("blank at the end", "refusals", "without words", "detail: -", "detail: - ", SOUTH)
F_ONE, F_TWO = f"figure: {SAID[0]}\n", f"figure: {SAID[1]}\n"
for name, old, new in (
        ("another version of figures", "heed-figures/v1", "heed-figures/v2"), ("figures under card 0", "author-card: 1", "author-card: 0"),
        ("figures of another reading", "reading: exact", "reading: about"), ("figures of a pair out of order", "north.example south.example\n", "south.example north.example\n"),
        ("figures of one party", "pair: north.example south.example", "pair: north.example north.example"), ("figures of two others", "pair: north", "pair: east"),
        ("figures of a period that ends before it begins", f"until: {at(3600)}", f"until: {at(0)}"), ("figures of no time", f"as-of: {at(7000)}", "as-of: none"),
        ("figures signed before they were counted", f"as-of: {at(7000)}", f"as-of: {at(7001)}"), ("figures of what is to come", f"since: {at(0)}\nuntil: {at(3600)}", f"since: {at(7000)}\nuntil: none"),
        ("figures with times that are not there", "times: yes", "times: no"), ("figures of zeros for an accord", "accord: none", "accord: " + "0" * 64),
        ("a figure twice", F_ONE, F_ONE + F_ONE), ("figures out of order", F_ONE + F_TWO, F_TWO + F_ONE), ("a count of zero", "sent 3\nfigure: north.example all warnings received", "sent 0\nfigure: north.example all warnings received"),
        ("an unknown figure", "warnings received 2", "warnings believed 2"), ("a figure of nothing known", "all assess owed 2", "all guess owed 2"), ("a figure of another party", F_ONE, F_ONE.replace("north", "east")),
        ("a figure of no urgency", F_ONE, F_ONE.replace(" all ", " none ")), ("a figure with a fraction", "p90 5400000", "p90 5400000.5"), ("a figure below nothing", "rated 1", "rated -1"),
        ("a figure with two blanks", "all warnings received", "all  warnings received"), ("a figure without a value", "warnings received 2", "warnings received")):
    refused(name, "figures", "exact", old, new, NORTH, BEN)
refused("lower bounds of what is none", "figures", "exact", "reading: exact", "reading: at-least", NORTH, BEN)
refused("a response time as a lower bound", "figures", "at least", "times: no", "times: yes", NORTH, BEN, ANNA)
refused("an overdue reply as a lower bound", "figures", "at least", "assess timely", "assess overdue", NORTH, BEN, ANNA)
refused("figures that a drafter signs", "figures", "exact", "officer: supervisor", "officer: drafter", NORTH, BEN)
refused("figures that nobody signs", "figures", "exact", f"officer: supervisor {BEN}\n", "", NORTH)
refused("figures of another's officer", "figures", "exact", str(BEN), str(DARIO), NORTH, DARIO)
refused("signed by the other party as figures", "figures", "exact", "reading: exact", "reading: exact", SOUTH, BEN)
refused("a rating that says neither", "statements", "rating", "meaningful: yes", "meaningful: perhaps", NORTH, ANNA)
refused("a rating without its reason", "statements", "rating", WORDS + "\n", "", NORTH, ANNA)
refused("a rating of two", "statements", "rating", f"answers: {ASS}\n", "".join(f"answers: {a}\n" for a in sorted([W, ASS])), NORTH, ANNA)
refused("a rating that nobody signs", "statements", "rating", f"officer: drafter {ANNA}\n", "", NORTH)
refused("figures without their list", "statements", "figures", COUNTED + "\n", "", NORTH)
refused("figures with two texts", "statements", "figures", COUNTED, FIGURES.replace(digest_of("the figures"), digest_of("others")), NORTH)
refused("figures that an officer signs twice", "statements", "figures", f"node: {NORTH}", f"node: {NORTH}\nofficer: supervisor {BEN}", NORTH, BEN)
refused("figures that answer two", "statements", "figures in answer", f"answers: {FIG}\n", "".join(f"answers: {a}\n" for a in sorted([W, FIG])), SOUTH)
refused("figures that open and answer", "statements", "figures", "previous: none", f"previous: none\nanswers: {W}", NORTH)
refused("collect without a card", "collects", "first", "card: 1", "card: 0", NORTH)
refused("collect from itself", "collects", "first", "depositary: west", "depositary: north", NORTH)
refused("collect after less than nothing", "collects", "first", "after: 0", "after: -1", NORTH)
refused("collect in another's name", "collects", "first", "party: north", "party: south", NORTH)
refused("signed by the other party in a collect", "collects", "first", "after: 0", "after: 0", SOUTH)
refused("collect with an officer's key", "collects", "first", str(NORTH), str(ANNA), ANNA)

refused("accord without its version", "statements", "question under an accord", UNDER, f"accord: {A}", SOUTH, CLEO)
refused("accord none", "statements", "question under an accord", UNDER, "accord: none", SOUTH, CLEO)
refused("accord of zeros", "statements", "question under an accord", A, "0" * 64, SOUTH, CLEO)
refused("version of zeros", "statements", "question under an accord", V, "0" * 64, SOUTH, CLEO)
refused("accord in capitals", "statements", "question under an accord", A, A.upper(), SOUTH, CLEO)
refused("accord with two blanks", "statements", "question under an accord", f"{A} {V}", f"{A}  {V}", SOUTH, CLEO)
refused("two accords", "statements", "question under an accord", UNDER, UNDER + "\n" + UNDER, SOUTH, CLEO)
refused("accord behind the urgency", "statements", "question under an accord", UNDER + "\nurgency: Expected", "urgency: Expected\n" + UNDER, SOUTH, CLEO)
refused("answer under an accord", "statements", "answer", f"node: {NORTH}", f"{UNDER}\nnode: {NORTH}", NORTH, BEN)
refused("reply to a question", "statements", "question under an accord", "urgency: ", "reply: 3600000ms\nurgency: ", SOUTH, CLEO)
refused("proposal of no accord", "statements", "accord-proposal", f"accord: {A} {A}\n", "", NORTH)
refused("proposal of another version", "statements", "accord-proposal", f"accord: {A} {A}", UNDER, NORTH)
refused("proposal without a reply", "statements", "accord-proposal", "reply: 604800000ms\n", "", NORTH)
refused("proposal with a reply at once", "statements", "accord-proposal", "reply: 604800000ms", "reply: 99ms", NORTH)
refused("proposal with a reply in three years", "statements", "accord-proposal", "reply: 604800000ms", "reply: 94608000000ms", NORTH)
refused("proposal with a reply in seconds", "statements", "accord-proposal", "reply: 604800000ms", "reply: 604800s", NORTH)
refused("proposal in a case", "statements", "accord-proposal", "case: new", f"case: {W}", NORTH)
refused("proposal that answers", "statements", "accord-proposal", "previous: none", f"previous: none\nanswers: {W}", NORTH)
refused("proposal of words", "statements", "accord-proposal", ACCORD, WORDS, NORTH)
refused("proposal without its version", "statements", "accord-proposal", ACCORD + "\n", "", NORTH)
refused("proposal with a report", "statements", "accord-proposal", FILE, REPORT, NORTH)
refused("proposal with more", "statements", "accord-proposal", FILE, FILE + "\n" + REPORT, NORTH)
refused("proposal with an urgency", "statements", "accord-proposal", "status: ", "urgency: Expected\nstatus: ", NORTH)
refused("proposal that an officer signs", "statements", "accord-proposal", f"node: {NORTH}", f"node: {NORTH}\nofficer: supervisor {ANNA}", NORTH, ANNA)
refused("amendment to the first version", "statements", "accord-amendment", UNDER, f"accord: {A} {A}", SOUTH)
refused("ratification that answers nothing", "statements", "accord-ratification", f"answers: {PRO}\n", "", SOUTH)
refused("ratification of two", "statements", "accord-ratification", f"answers: {PRO}\n", "".join(f"answers: {a}\n" for a in sorted([PRO, AME])), SOUTH)
refused("ratification without its act", "statements", "accord-ratification", ACT + "\n", "", SOUTH)
refused("ratification with a version", "statements", "accord-ratification", ACT, ACCORD, SOUTH)
refused("ratification with two files", "statements", "accord-ratification", ACT, ACT + "\n" + FILE + "\n" + FILE, SOUTH)
refused("withdrawal that opens and answers", "statements", "accord-withdrawal", "previous: none", f"previous: none\nanswers: {W}", NORTH)
refused("withdrawal without a status", "statements", "accord-withdrawal", "status: Actual\n", "", NORTH)
refused("withdrawal with a release", "statements", "accord-withdrawal", f"{UNDER}\n", f"release: {REL_W}\n{UNDER}\n", NORTH)


def refused_header(name, carries):
    out["refused"].append({"name": name, "type": "header", "note": header_of(7, 14, b"not an age file", carries)})


refused_header("header that carries none", ["carries: none"])
refused_header("header that carries zeros", ["carries: " + "0" * 64])
refused_header("header that carries one twice", CARRIED + CARRIED[:1])
refused_header("header that carries 65", MOST + CARRIED[:1])
refused_header("header that carries in capitals", [CARRIED[0][:9] + CARRIED[0][9:].upper()])
refused("succession in a case", "statements", "succession", "case: none", f"case: {W}", NORTH)
refused("succession that opens a case", "statements", "succession", "case: none", "case: new", NORTH)
refused("call in no case", "statements", "call", f"case: {W}", "case: none", NORTH, ANNA)
refused("succession to somebody", "statements", "succession", "author-card: 2", "author-card: 2\nrecipient: south.example\nrecipient-card: 3", NORTH)
refused("succession with a tag key", "statements", "succession", "tag-key: none", "tag-key: " + tag_key("K"), NORTH)
refused("succession to the same ledger", "statements", "succession", str(NORTH_LEDGER_2), str(NORTH_LEDGER), NORTH)
refused("succession of another's ledger", "statements", "succession", str(NORTH_LEDGER), str(SOUTH_LEDGER), NORTH)
refused("succession to another's ledger", "statements", "succession", str(NORTH_LEDGER_2), str(SOUTH_LEDGER_2), NORTH)
refused("succession to a node key", "statements", "succession", str(NORTH_LEDGER_2), str(NORTH), NORTH)
refused("succession with the root of nothing", "statements", "succession of a lost ledger", "size: 0", "size: 16", SOUTH)
refused("succession without a root", "statements", "succession of a lost ledger", f"root: {sha256(b'').hex()}", "root: none", SOUTH)
refused("succession with a root and no size", "statements", "succession", "size: 4096", "size: 0", NORTH)
refused("succession without a card", "statements", "succession", f"card: {CARD_L}", "card: none", NORTH)
refused("succession that an officer signs", "statements", "succession", "lost: no", f"lost: no\nofficer: supervisor {ANNA}", NORTH, ANNA)
refused("deposit for its depositor", "statements", "deposit", f"party: {N}", f"party: {S}", WEST)
refused("deposit for itself", "statements", "deposit", f"party: {N}", "party: west.example", WEST)
refused("deposit in another's ledger", "statements", "deposit", str(WEST_LEDGER), str(NORTH_LEDGER), WEST)
refused("deposit of nothing", "statements", "deposit", f"envelope: {digest_of('an envelope')}", "envelope: none", WEST)
refused("deposit that carries one twice", "statements", "deposit", CARRIED[0], CARRIED[0] + "\n" + CARRIED[0], WEST)
refused("deposit that answers", "statements", "deposit", "previous: none", f"previous: none\nanswers: {W}", WEST)
refused("deposit with words", "statements", "deposit", "tag-key: none", f"tag-key: none\n{WORDS}", WEST)
refused("deposit with a duty", "statements", "deposit", f"node: {WEST}", f"duty: assess {at(10)}\nnode: {WEST}", WEST)
refused("deposit published before it was received", "statements", "deposit", f"publish-by: {at(5061)}", f"publish-by: {at(5000)}", WEST)
refused("deposit by the party", "statements", "deposit", str(WEST), str(NORTH), NORTH)
ONE, TWO = FULL[-2:]
refused("depositary without collect-every", "cards", "renewal", "collect-every: 900000ms", "collect-every: 0ms", NORTH, NORTH_RECOVERY)
refused("collect-every without depositary", "cards", "renewal", ONE + "\n" + TWO + "\n", "", NORTH, NORTH_RECOVERY)
refused("depositary before the ladder", "cards", "renewal", "rung: duty-desk", TWO + "\nrung: duty-desk", NORTH, NORTH_RECOVERY)
refused("depositary twice", "cards", "renewal", TWO, TWO + "\n" + TWO, NORTH, NORTH_RECOVERY)
refused("depositary that is the party", "cards", "renewal", TWO, f"depositary: north.example https://198.51.100.7:8443 none {NORTH}", NORTH)
refused("depositary with another's key", "cards", "renewal", str(HARBOUR), str(SOUTH), NORTH, NORTH_RECOVERY)
refused("depositary with its ledger's key", "cards", "renewal", f"none {HARBOUR}", f"none {Key('harbour.example/v1')}", NORTH, NORTH_RECOVERY)
refused("depositary without TLS", "cards", "renewal", "https://198.51.100.7", "http://198.51.100.7", NORTH, NORTH_RECOVERY)
refused("depositary without a pin", "cards", "renewal", f"none {HARBOUR}", str(HARBOUR), NORTH, NORTH_RECOVERY)
refused("depositary with a pin of zeros", "cards", "renewal", f"none {HARBOUR}", f"{'0' * 64} {HARBOUR}", NORTH, NORTH_RECOVERY)
refused("five depositaries", "cards", "renewal", TWO, "\n".join([TWO] + [f"depositary: {p}.example https://198.51.100.7:8443 none {Key(p + '.example/node')}"
                                                                      for p in ("alpha", "beta", "gamma")]), NORTH, NORTH_RECOVERY)

json.dump(out, sys.stdout, ensure_ascii=False, indent=1)
print()
