"""The second implementation of docs/formats.md, section 11. It uses only Python's standard library and shares nothing with the Go code:

    python3 wire/testdata/letter-vectors.py > wire/testdata/letter-vectors.json

Texts are put together line by line as the page has them; Ed25519 is written out from RFC 8032, section 5.1.
"""

import base64
import hashlib
import json


def sha256(data):
    return hashlib.sha256(data).digest()


P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recover_x(y):
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P)
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return P - x if x % 2 else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y), BASE_Y)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + k, P - 2, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, P - 2, P) % P


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
        h = hashlib.sha512(sha256(b"seed of " + name.encode())).digest()
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


def note(lines, *keys):
    text = "".join(line + "\n" for line in lines)
    return text + "\n" + "".join(f"— {k.name} {base64.b64encode(k.hash + k.sign(text.encode())).decode()}\n" for k in keys)


NODE, ANNA, BEN = Key("north.example/node"), Key("north.example/officer/anna"), Key("north.example/officer/ben")
STRANGER = Key("south.example/officer/anna")


def digest(words):
    return sha256(words.encode()).hex()


def id_of(lines):
    return hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()


CONTACT = [
    "heed-contact/v1",
    "party: north.example",
    "contact: harbour-ops",
    "serial: 2",
    "time: 2026-11-22T21:00:00.000Z",
    "removed: no",
    "name: Harbour Operations Centre",
    "mail: ops@harbour.example",
    "telephone: +000 555 0190",
    "post: 1 Ferry Quay",
    "post: Nordhafen",
    "language: fr",
    "language: en",
    "profile: quick",
    "basis: agreed",
    "agreement: minutes of 12 May 2026",
    "clock: acknowledge Immediate 900000ms",
    "clock: assess Immediate 7200000ms",
    "two-officers: yes",
    "rights-check: no",
    f"node: {NODE}",
]
BARE = [
    "heed-contact/v1",
    "party: north.example",
    "contact: lighthouse",
    "serial: 1",
    "time: 2026-11-22T21:00:00.000Z",
    "removed: yes",
    "name: Lighthouse",
    "telephone: +000 555 0191",
    "language: en",
    "profile: quick",
    "basis: assumed",
    "clock: acknowledge Immediate 900000ms",
    "two-officers: no",
    "rights-check: no",
    f"node: {NODE}",
]
TERMS = id_of(CONTACT)


def entry(kind, case, side, second, previous, *own, officers=(), contents=()):
    return [
        "heed-entry/v1",
        f"kind: {kind}",
        f"case: {case}",
        "author: north.example",
        "author-card: 1",
        "contact: harbour-ops",
        f"terms: {TERMS}",
        f"side: {side}",
        f"time: 2026-11-22T21:00:{second:02}.000Z",
        f"previous: {previous}",
        "after: none",
        f"tag-key: {digest('key of ' + kind)}",
        *[f"content: {c}" for c in contents],
        *own,
        f"node: {NODE}",
        *[f"officer: {role} {key}" for role, key in officers],
    ]


DOCUMENT = f"{digest('document')} 1234 application/vnd.heed.warning"
ACCOUNT = f"{digest('account')} 64 application/vnd.heed.account"
SCAN = f"{digest('scan')} 2048 application/pdf reply.pdf"
WHEN = "at: 2026-11-22T20:59:59.000Z"
LETTER = entry("letter", "new", "us", 1, "none", f"release: {digest('release')}", "urgency: Immediate", "status: Actual", "asks-answer: no", contents=[DOCUMENT])
CASE = id_of(LETTER)
DUE = ["duty: acknowledge 2026-11-22T21:15:01.000Z", "duty: assess 2026-11-22T23:00:01.000Z"]
SENT = entry("sent", CASE, "us", 2, CASE, "at: 2026-11-22T21:00:01.000Z", "via: hand", *DUE, officers=[("drafter", ANNA)])
MAILED = entry("sent", CASE, "us", 2, CASE, "at: 2026-11-22T21:00:01.000Z", "via: mail", *DUE)
ACKNOWLEDGED = entry("acknowledged", CASE, "contact", 3, id_of(SENT), "at: 2026-11-22T21:00:02.000Z", "via: telephone", officers=[("duty-officer", BEN)], contents=[ACCOUNT, SCAN])
ASSESSED = entry("assessed", CASE, "contact", 4, id_of(ACKNOWLEDGED), "at: 2026-11-22T21:00:03.000Z", "via: paper", "disposition: credible",
                 "duty: report 2026-11-22T23:00:03.000Z", "duty: conclude 2026-11-23T01:00:03.000Z", officers=[("duty-officer", BEN)])
REMINDED = entry("reminded", CASE, "us", 5, id_of(ASSESSED), "at: 2026-11-22T21:00:05.000Z", "via: mail", "duty: report 2026-11-22T23:00:03.000Z", officers=[("supervisor", BEN)])
CONCLUDED = entry("concluded", CASE, "contact", 6, id_of(REMINDED), "at: 2026-11-22T21:00:05.000Z", "via: telephone", "outcome: averted", officers=[("drafter", ANNA)])
REFUSED = entry("refused", CASE, "contact", 6, id_of(REMINDED), "at: 2026-11-22T21:00:05.000Z", "via: other", "code: not-competent", officers=[("drafter", ANNA)])
STRUCK = entry("struck", CASE, "us", 7, id_of(CONCLUDED), f"strikes: {id_of(CONCLUDED)}", officers=[("drafter", ANNA)], contents=[ACCOUNT])
ARRIVAL = entry("arrival", "new", "contact", 1, "none", WHEN, "via: telephone", "urgency: Immediate", "status: Exercise", "asks-answer: yes", *DUE,
                officers=[("duty-officer", BEN)], contents=[DOCUMENT, ACCOUNT])
ANSWERED = entry("answered", id_of(ARRIVAL), "us", 2, id_of(ARRIVAL), WHEN, "via: mail", officers=[("supervisor", BEN)], contents=[ACCOUNT])

out = {"contacts": [], "entries": [], "accounts": [], "refused_contacts": [], "refused_entries": [], "refused_accounts": []}
for name, lines in (("agreed", CONTACT), ("bare", BARE)):
    out["contacts"].append({"name": name, "id": id_of(lines), "note": note(lines, NODE)})
ENTRIES = {
    "letter": (LETTER, []), "sent": (SENT, [ANNA]), "mailed": (MAILED, []), "acknowledged": (ACKNOWLEDGED, [BEN]), "assessed": (ASSESSED, [BEN]),
    "reminded": (REMINDED, [BEN]), "concluded": (CONCLUDED, [ANNA]), "refused": (REFUSED, [ANNA]), "struck": (STRUCK, [ANNA]), "arrival": (ARRIVAL, [BEN]), "answered": (ANSWERED, [BEN]),
}
for name, (lines, officers) in ENTRIES.items():
    out["entries"].append({"name": name, "id": id_of(lines), "note": note(lines, NODE, *officers)})

ACCOUNTS = {
    "who and what": ("M. Okafor, duty manager", "has it.\n\nWill search the hall.\n"),
    "what alone": ("", "The northern gate."),
    "who alone": ("Zoë Žuk", ""),
}
for name, (by, text) in ACCOUNTS.items():
    out["accounts"].append({"name": name, "by": by, "body": text, "text": f"heed-account/v1\nby: {by or 'none'}\n\n{text}"})


def refuse(into, lines, keys, name, old, new):
    changed = "\n".join(lines).replace(old, new, 1)
    assert changed != "\n".join(lines), name
    out[into].append({"name": name, "note": note([line for line in changed.split("\n") if line], *keys)})


def refused_entry(of, name, old, new):
    lines, officers = ENTRIES[of]
    refuse("refused_entries", lines, [NODE, *officers], f"{of}: {name}", old, new)


refused_entry("letter", "a party in the place of the contact", "contact: harbour-ops", "contact: harbour.example")
refused_entry("letter", "no release", f"release: {digest('release')}\n", "")
refused_entry("letter", "a release of none", f"release: {digest('release')}", "release: none")
refused_entry("letter", "of the contact", "side: us", "side: contact")
refused_entry("letter", "in a case", "case: new", f"case: {'1' * 64}")
refused_entry("letter", "no warning", f"content: {DOCUMENT}\n", "")
refused_entry("letter", "something before the warning", f"content: {DOCUMENT}", f"content: {SCAN}\ncontent: {DOCUMENT}")
refused_entry("letter", "with duties", "asks-answer: no", "asks-answer: no\n" + DUE[0])
refused_entry("sent", "no officer, and not by mail", f"officer: drafter {ANNA}", "")
refused_entry("sent", "a role that may not", "officer: drafter", "officer: auditor")
refused_entry("sent", "an officer of another party", str(ANNA), str(STRANGER))
refused_entry("sent", "after it was signed", "at: 2026-11-22T21:00:01.000Z", "at: 2026-11-22T21:00:03.000Z")
refused_entry("sent", "not said when", "at: 2026-11-22T21:00:01.000Z\n", "")
refused_entry("sent", "by pigeon", "via: hand", "via: pigeon")
refused_entry("sent", "a duty twice", DUE[0], DUE[0] + "\n" + DUE[0])
refused_entry("sent", "duties out of order", "\n".join(DUE), "\n".join(reversed(DUE)))
refused_entry("sent", "a duty that no contact has", "duty: assess", "duty: ratify")
refused_entry("sent", "a rung's duty", "duty: acknowledge", "duty: acknowledge-2")
refused_entry("sent", "opens a case", f"case: {CASE}", "case: new")
refused_entry("sent", "nothing before it", f"previous: {CASE}", "previous: none")
refused_entry("sent", "no version of the contact", f"terms: {TERMS}", "terms: none")
refused_entry("sent", "no tag key", f"tag-key: {digest('key of sent')}", "tag-key: none")
refused_entry("sent", "a line more", "via: hand", "via: hand\nnote: x")
refused_entry("sent", "lines swapped", "side: us\ntime: 2026-11-22T21:00:02.000Z", "time: 2026-11-22T21:00:02.000Z\nside: us")
refused_entry("acknowledged", "by the node alone", f"officer: duty-officer {BEN}", "")
refused_entry("acknowledged", "with duties", "via: telephone", "via: telephone\n" + DUE[0])
refused_entry("assessed", "another reply than follows", "duty: report 2026-11-22T23:00:03.000Z", DUE[0])
refused_entry("assessed", "not credible, and something follows", "disposition: credible", "disposition: not-credible")
refused_entry("assessed", "no disposition", "disposition: credible\n", "")
refused_entry("reminded", "of nothing", "duty: report 2026-11-22T23:00:03.000Z", "")
refused_entry("concluded", "as prevented", "outcome: averted", "outcome: prevented")
refused_entry("refused", "with a machine's code", "code: not-competent", "code: over-quota")
refused_entry("struck", "nothing", f"strikes: {id_of(CONCLUDED)}", "strikes: none")
refused_entry("struck", "without a reason", f"content: {ACCOUNT}\n", "")
refused_entry("arrival", "of ours", "side: contact", "side: us")
refused_entry("answered", "with nothing", f"content: {ACCOUNT}\n", "")
refused_entry("answered", "by a role that may not answer", "officer: supervisor", "officer: administrator")


def refused_contact(name, old, new):
    refuse("refused_contacts", CONTACT, [NODE], name, old, new)


refused_contact("a party's name", "contact: harbour-ops", "contact: harbour.example")
refused_contact("no serial", "serial: 2", "serial: 0")
refused_contact("two recipients", "mail: ops@harbour.example", "mail: ops@harbour.example,x@y.example")
refused_contact("an empty telephone", "telephone: +000 555 0190", "telephone: ")
refused_contact("no language", "language: fr\nlanguage: en\n", "")
refused_contact("a language twice", "language: en", "language: fr")
refused_contact("no clock", "clock: acknowledge Immediate 900000ms\nclock: assess Immediate 7200000ms\n", "")
refused_contact("clock out of order", "clock: acknowledge Immediate 900000ms\nclock: assess Immediate 7200000ms", "clock: assess Immediate 7200000ms\nclock: acknowledge Immediate 900000ms")
refused_contact("a clock of zero", "900000ms", "0ms")
refused_contact("assumed in something", "basis: agreed", "basis: assumed")
refused_contact("agreed in nothing", "agreement: minutes of 12 May 2026\n", "")
refused_contact("neither yes nor no", "removed: no", "removed: No")
refused_contact("a fingerprint", "profile: quick", "profile: quick\nfingerprint: 1")
refused_contact("too many lines of address", "post: Nordhafen", "\n".join(["post: x"] * 8))

for name, text in {
    "nothing": "heed-account/v1\nby: none\n\n",
    "empty": "",
    "no empty line": "heed-account/v1\nby: none\ntext",
    "another first line": "heed-account/v2\nby: none\n\ntext",
    "no name": "heed-account/v1\nby: \n\ntext",
    "blank behind the name": "heed-account/v1\nby: Zoë \n\ntext",
    "two names": "heed-account/v1\nby: Zoë\nby: Ann\n\ntext",
    "a name that turns round": "heed-account/v1\nby: Z\u202eoë\n\ntext",
    "line ends of another system": "heed-account/v1\r\nby: Zoë\r\n\r\ntext",
}.items():
    out["refused_accounts"].append({"name": name, "text": text})

print(json.dumps(out, ensure_ascii=False, indent=1))
