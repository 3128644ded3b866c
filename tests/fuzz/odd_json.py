"""JSON that careful and careless readers may read differently: odd numbers, escapes, doubled names, depth."""

import json
import random
from collections.abc import Mapping

Member = tuple[str, str]
VALUES = (
    "0",
    "-0",
    "1",
    "1.0",
    "1e3",
    "1E+2",
    "-1",
    "01",
    "1.",
    ".5",
    "+1",
    "1e400",
    "1e-400",
    "9007199254740993",
    "1800000000",
    "1799999999",
    "1800000061",
    "253402300799",
    "253402300800",
    "18446744073709551616",
    "9" * 400,
    "9" * 4300,
    "9" * 4301,
    "null",
    "true",
    "false",
    "NaN",
    "Infinity",
    "nul",
    "[]",
    "{}",
    "[1,]",
    "[[]]",
    "{,}",
    '""',
    '"nic"',
    '"urn:rahdari:nic:1"',
    '"urn:rahdari:poc:2"',
    '"urn:x:NIC:1"',
    '"male"',
    '"1990-02-28"',
    '"1990-02-30"',
    '"\\u0061"',
    '"\\ud83d\\ude00"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\x41"',
    '"\\u00g0"',
    '"\\/"',
    '"a\tb"',
    '"\x7f"',
    '"data:image/webp;base64,AAAA"',
    '"AA=="',
    '"AA="',
    '"AB=="',
    '"A A="',
    '"-_=="',
    '"AAAA===="',
    '["..."]',
    '[{"...":"x"}]',
    '{"...":1}',
    '{"_sd":[]}',
    '{"_sd":["a","a"]}',
    '{"_sd":1}',
    '["senior"]',
    '["a",1]',
    "[" * 30 + "]" * 30,
    "[" * 32 + "1" + "]" * 32,
    "[" * 34 + "]" * 34,
    "[" * 600 + "]" * 600,
    '{"status_list":{"idx":9,"uri":"https://authority.example/s/1"}}',
    '{"status_list":{"idx":8,"uri":"https://authority.example/s/1"}}',
    '{"status_list":{"idx":7.0,"uri":"https://authority.example/s/1"}}',
    '{"status_list":{"idx":7,"uri":7}}',
    '{"jwk":{"kty":"EC","crv":"P-384"}}',
    '{"jwk":{"kty":"OKP","crv":"Ed25519","x":"AA"}}',
    '{"jwk":{"kty":"EC","d":"x"}}',
    '{"jku":1}',
)
NAMES = (
    "iss",
    "iat",
    "nbf",
    "exp",
    "vct",
    "status",
    "cnf",
    "_sd_alg",
    "_sd",
    "...",
    "aud",
    "name",
    "name#ur",
    "name#",
    "name#en",
    "birthdate",
    "gender",
    "marks",
    "picture",
    "nationality",
    "address",
    "formatted_address",
    "guardian#zh",
    "__proto__",
    "constructor",
    "personal_administrative_number",
    "other",
    "",
)
HEADER_NAMES = ("alg", "kid", "typ", "crit", "b64", "x5c", "alg ", "iss")
HEADER_VALUES = (
    '"ES256"',
    '"EdDSA"',
    '"Ed25519"',
    '"none"',
    '"HS256"',
    '"dc+sd-jwt"',
    '"DC+SD-JWT"',
    '"application/dc+sd-jwt"',
    '"jwt"',
    '["exp"]',
    "null",
    "1",
    '""',
    '"AAAAAAAAAAA"',
    '"AAAAAAAAAAB"',
    '"+/AAAAAAAAA"',
    '"short"',
    '"ن"',
    '"' + "k" * 257 + '"',
)
SPACES = ("", "", "", " ", "\n", "\t", "\r", "\x0b", "\u00a0", "\ufeff")


def _like(rng: random.Random, written: str, values: tuple[str, ...]) -> str:
    """A value that begins alike, as a rule, so that the mutant is read and its meaning is judged."""
    alike = [one for one in values if one[:1] == written[:1]]
    return rng.choice(alike if alike and rng.random() < 0.6 else values)


def members_of(value: Mapping[str, object]) -> list[Member]:
    """Write each member's value as text."""
    return [(name, json.dumps(inner, ensure_ascii=False)) for name, inner in value.items()]


def write(rng: random.Random, members: list[Member]) -> bytes:
    """Write an object; names with escapes and odd white space now and then."""
    space = rng.choice(SPACES) if rng.random() < 0.1 else ""
    inner = ",".join(f"{_name(rng, name)}:{space}{value}" for name, value in members)
    return f"{{{inner}}}{space}".encode("utf-8", "surrogatepass")


def _name(rng: random.Random, name: str) -> str:
    if name and rng.random() < 0.02:
        return f'"\\u{ord(name[0]):04x}{name[1:]}"'
    return json.dumps(name)


def twist(
    rng: random.Random,
    members: list[Member],
    names: tuple[str, ...] = NAMES,
    values: tuple[str, ...] = VALUES,
) -> list[Member]:
    """Change an object in one place: a value, a name, a member more or less, one twice, another order."""
    twisted, at = list(members), rng.randrange(len(members)) if members else 0
    act = rng.choice(("value", "value", "value", "add", "add", "drop", "twice", "name", "order"))
    if act == "add" or not members:
        twisted.insert(at, (rng.choice(names), rng.choice(values)))
    elif act == "value":
        twisted[at] = (members[at][0], _like(rng, members[at][1], values))
    elif act == "drop":
        del twisted[at]
    elif act == "twice":
        twisted.append((members[at][0], rng.choice((members[at][1], rng.choice(values)))))
    elif act == "name":
        twisted[at] = (rng.choice(names), members[at][1])
    else:
        rng.shuffle(twisted)
    return twisted
