"""The second implementation of docs/release.md. It uses only Python's standard library and shares nothing with the Go code:

    python3 wire/testdata/release-vectors.py > wire/testdata/release-vectors.json

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


ANNA, BEN = Key("north.example/officer/anna"), Key("north.example/officer/ben")
out = {"checks": [], "releases": [], "refused_checks": [], "refused_releases": []}

DUTY = [
    "heed-rights-check/v1",
    "duty-basis: duty-to-warn",
    "legal-basis: Police Cooperation Act, section 12",
    "purpose: protection-of-life",
    "character: none",
    "character-reason: An attack on a crowd is ordinary crime, whatever its motive",
    "necessity: necessary",
    "necessity-reason: Without the names of the two men nobody can look for them",
    "reliability: sufficient",
    "reliability-reason: B2: the source has been right before, and a second one agrees",
    "risk: mitigated",
    "risk-reason: Nothing in the text points to the source; whoever is named is to be observed, not detained",
]
WAIVER = [
    "heed-rights-check/v1",
    "duty-basis: waiver",
    "duty-basis-reason: Those responsible for the hall know already",
    "legal-basis: Accord des deux bureaux, article 4",
    "purpose: event-security",
    "character: not-predominant",
    "character-reason: Der Anlaß ist politisch, die Tat ist es nicht",
    "necessity: reduced",
    "necessity-reason: The family was left out",
    "reliability: limited",
    "reliability-reason: One source, not yet confirmed, and the text says so",
    "risk: outweighed",
    "risk-reason: A life is in danger: the source agreed",
]


def check(name, lines):
    salt, data = sha256(b"salt of " + name.encode()), "".join(line + "\n" for line in lines).encode()
    digest = sha256(b"heed-content-v1\0" + salt + data).hex()
    out["checks"].append({"name": name, "salt": salt.hex(), "text": data.decode(), "digest": digest})
    return digest


DUTY_DIGEST, WAIVER_DIGEST = check("duty", DUTY), check("waiver", WAIVER)
DOCUMENT = f"content: {sha256(b'the warning document').hex()} 1234 application/vnd.heed.warning"


UNDER = f"accord: {sha256(b'the accord').hex()} {sha256(b'the second version').hex()}"


def release(name, kind, of, digest, *officers, under=()):
    lines = ["heed-release/v1", "author: north.example", f"kind: {kind}", f"of: {of}", *under, "time: 2026-11-22T21:00:00.000Z",
             f"nonce: {sha256(b'nonce of ' + name.encode()).hex()}", DOCUMENT, f"check: {digest}"]
    lines += [f"officer: {role} {key}" for role, key in officers]
    text = "".join(line + "\n" for line in lines)
    out["releases"].append({"name": name, "id": sha256(text.encode()).hex(), "note": note(lines, *[key for _, key in officers])})
    return lines


R = release("checked", "warning", "none", DUTY_DIGEST, ("drafter", ANNA), ("releaser", BEN))
release("correction", "correction", out["releases"][0]["id"], WAIVER_DIGEST, ("supervisor", BEN))
release("under an accord", "warning", "none", DUTY_DIGEST, ("drafter", ANNA), ("releaser", BEN), under=[UNDER])


def refused_check(name, lines, old, new):
    text = "".join(line + "\n" for line in lines)
    assert text.count(old) == 1, name
    out["refused_checks"].append({"name": name, "text": text.replace(old, new)})


refused_check("another version", DUTY, "/v1", "/v2")
refused_check("waiver without a reason", WAIVER, WAIVER[2] + "\n", "")
refused_check("unknown ground", DUTY, "duty-to-warn", "duty")
refused_check("unknown purpose", DUTY, "purpose: protection-of-life", "purpose: curiosity")
refused_check("no legal basis", DUTY, DUTY[2] + "\n", "")
refused_check("empty legal basis", DUTY, DUTY[2], "legal-basis: ")
refused_check("unknown answer", DUTY, "character: none", "character: no")
refused_check("answer in capitals", DUTY, "necessity: necessary", "necessity: Necessary")
refused_check("answer to another question", DUTY, "reliability: sufficient", "reliability: necessary")
refused_check("no reason", DUTY, DUTY[-1] + "\n", "")
refused_check("answers out of order", DUTY, "\n".join(DUTY[4:6] + DUTY[6:8]), "\n".join(DUTY[6:8] + DUTY[4:6]))
refused_check("answer twice", DUTY, DUTY[10], DUTY[10] + "\n" + DUTY[10])
refused_check("blank at the end", DUTY, "whatever its motive", "whatever its motive ")
refused_check("text that turns round", DUTY, "whatever", "what\u202eever")
refused_check("reason that is too long", DUTY, "whatever its motive", "x" * 500)
refused_check("no last line feed", DUTY, DUTY[-1] + "\n", DUTY[-1])
refused_check("line ends of another system", DUTY, DUTY[0] + "\n", DUTY[0] + "\r\n")
refused_check("more", DUTY, DUTY[-1] + "\n", DUTY[-1] + "\nmore: words\n")


def refused_release(name, old, new):
    changed = [line.replace(old, new) for line in R]
    assert changed != R, name
    lines = [line for part in changed for line in part.split("\n") if line]
    out["refused_releases"].append({"name": name, "note": note(lines, ANNA, BEN)})


refused_release("check of none", DUTY_DIGEST, "none")
refused_release("check of zeros", DUTY_DIGEST, "0" * 64)
refused_release("check twice", f"check: {DUTY_DIGEST}", f"check: {DUTY_DIGEST}\ncheck: {WAIVER_DIGEST}")
refused_release("check that is a content", DUTY_DIGEST, DOCUMENT.split()[1])
refused_release("check in capitals", DUTY_DIGEST, DUTY_DIGEST.upper())
refused_release("check behind the officers", f"officer: drafter {ANNA}", f"officer: drafter {ANNA}\ncheck: {WAIVER_DIGEST}")
refused_release("accord without a version", "of: none", "of: none\n" + UNDER[:72])
refused_release("accord of none", "of: none", "of: none\naccord: none")
refused_release("accord twice", "of: none", f"of: none\n{UNDER}\n{UNDER}")
refused_release("accord behind the time", "time: 2026-11-22T21:00:00.000Z", f"time: 2026-11-22T21:00:00.000Z\n{UNDER}")
refused_release("version of zeros", "of: none", f"of: none\n{UNDER[:72]} " + "0" * 64)

print(json.dumps(out, ensure_ascii=False, indent=1))
