// A second verifier of evidence files (ndel-evidence-1), written from the format's description alone, so that nobody
// has to take one program's word. Plain Node (20 or later), nothing to install, no network:
//
//   node verify.mjs FILE --registry-key PK=ed25519:KEY [--tsa-certificate FILE] [--witness KEY --quorum N]
//                        [--configuration FILE] [--demand STEP] [--request-body FILE] [--response-body FILE] [--json]
//
// Ends with 0 where the exchange is proved, with 1 where it is one party's word alone or a step that is demanded was
// not proved, with 3 where the file is refused, with 2 where it is asked wrongly.
// ML-DSA-44 signatures are passed over with a note: Node 20 does not know them. Everything else must hold.

import { X509Certificate, createHash, createPublicKey, verify as verifySignature } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const SKEW_SECONDS = 120;
const SIGNED_WITHIN_SECONDS = 180;
const FILE_BYTES_MAX = 112 * 1024 * 1024;
// Commas and brackets, in texts too: millions of them in a small file would take all memory.
const MARKS_MAX = 100_000;
// Honest logs are stamped each minute; a stamp of hours later proves no time of what it covers.
const STAMPED_WITHIN_SECONDS = 4 * 3600;

class Refused extends Error {
  constructor(step, message) {
    super(message);
    this.step = step;
  }
}

function must(condition, step, message) {
  if (!condition) throw new Refused(step, message);
}

// ---- JSON, strictly: a name that stands twice has two meanings (RFC 8259, 4) ----

function parseJson(text, step) {
  const token = /\s*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/y;
  const next = () => {
    const found = token.exec(text);
    must(found, step, "this is not JSON");
    return found;
  };
  const value = (found, depth) => {
    must(depth < 32, step, "JSON nested too deep");
    if (found[2] !== undefined) return JSON.parse(found[2]);
    if (found[3] !== undefined) return Number(found[3]);
    if (found[4] !== undefined) return { true: true, false: false, null: null }[found[4]];
    if (found[1] === "{") return members(depth);
    must(found[1] === "[", step, "this is not JSON");
    return entries(depth);
  };
  const members = (depth) => {
    const object = new Map();
    for (let found = next(); found[1] !== "}" || object.size; found = next()) {
      must(found[2] !== undefined, step, "a member without a name");
      const name = JSON.parse(found[2]);
      must(!object.has(name), step, "a JSON object names the same member twice");
      must(next()[1] === ":", step, "a member without a value");
      object.set(name, value(next(), depth + 1));
      const sign = next()[1];
      if (sign === "}") break;
      must(sign === ",", step, "members are parted by commas");
    }
    return Object.assign(Object.create(null), Object.fromEntries(object));
  };
  const entries = (depth) => {
    const list = [];
    for (let found = next(); found[1] !== "]" || list.length; found = next()) {
      list.push(value(found, depth + 1));
      const sign = next()[1];
      if (sign === "]") break;
      must(sign === ",", step, "entries are parted by commas");
    }
    return list;
  };
  const whole = value(next(), 0);
  must(/^\s*$/.test(text.slice(token.lastIndex)), step, "something stands behind the JSON");
  return whole;
}

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

function requireMembers(object, required, optional, step) {
  must(object !== null && typeof object === "object" && !Array.isArray(object), step, "an object was expected");
  for (const name of required) must(name in object, step, `${name} is missing`);
  for (const name of Object.keys(object)) {
    must(required.includes(name) || optional.includes(name), step, `${name} is not known here`);
  }
}

const isText = (value) => typeof value === "string" && value.isWellFormed();

function base64url(text, step, length = null) {
  must(isText(text) && /^[A-Za-z0-9_-]*$/.test(text), step, "this is not base64url");
  const raw = Buffer.from(text, "base64url");
  must(raw.toString("base64url") === text, step, "base64url that is not in its one form");
  must(length === null || raw.length === length, step, `${raw.length} bytes; there must be ${length}`);
  return raw;
}

function base64(text, step) {
  const raw = Buffer.from(text, "base64");
  must(raw.toString("base64") === text, step, "Base64 that is not in its one form");
  return raw;
}

const sha256 = (raw) => createHash("sha256").update(raw).digest();
const sha512 = (raw) => createHash("sha512").update(raw).digest();
const utf8 = (raw, step) => {
  const text = raw.toString("utf8");
  must(Buffer.from(text, "utf8").equals(raw), step, "this is not UTF-8");
  return text;
};

// ---- signatures ----

const ed25519 = (raw) => createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") }, format: "jwk" });

function isSigned(jwk, signature, message) {
  const isEd = jwk.kty === "OKP" && jwk.crv === "Ed25519";
  const key = createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y }, format: "jwk" });
  if (isEd) return signature.length === 64 && verifySignature(null, message, key, signature);
  return verifySignature("sha256", message, { key, dsaEncoding: "ieee-p1363" }, signature);
}

function readJws(text, typ, step) {
  const parts = text.split(".");
  must(parts.length === 3, step, "a compact JWS has three parts");
  const header = parseJson(utf8(base64url(parts[0], step), step), step);
  must(header.typ === typ, step, `the typ of this JWS is not ${typ}`);
  must(["EdDSA", "Ed25519", "ES256"].includes(header.alg), step, "a signature algorithm that is not taken");
  must(!("crit" in header) && !("b64" in header), step, "the header demands extensions");
  const signature = base64url(parts[2], step, 64);
  const payload = parseJson(utf8(base64url(parts[1], step), step), step);
  const kind = header.alg === "ES256" ? "EC" : "OKP";
  const message = Buffer.from(`${parts[0]}.${parts[1]}`, "ascii");
  return { payload, isBy: (jwk) => jwk.kty === kind && isSigned(jwk, signature, message) };
}

// ---- who was who ----

const isInForce = (key, at) =>
  !(key.withdrawn_at !== undefined && key.withdrawn_at <= at) &&
  key.not_before - SKEW_SECONDS <= at && at < key.not_after + SKEW_SECONDS;

class Parties {
  constructor(texts, registryKeys) {
    const step = "configuration";
    const read = texts.map((text) => readJws(text, "ndel-configuration+jwt", step));
    // A key without an instance stands for whichever one the file is of, where there is one of each alone.
    const isPlain = registryKeys.length === 1 && new Set(read.map((one) => one.payload.instance)).size === 1;
    this.configurations = read.map(({ payload, isBy }) => {
      must(payload.format === 1, step, "a configuration of another format");
      const trusted = registryKeys.filter((one) => one.instance === payload.instance || (one.instance === null && isPlain));
      must(trusted.some((one) => isBy(one.jwk)), step, `no registry key that you trust signed that of ${payload.instance}`);
      return payload;
    });
  }

  inForce(instance, at) {
    return this.ranked(instance, at)[0];
  }

  // That of the version that was named before the others, the newest before older ones.
  ranked(instance, at, version) {
    const found = this.configurations.filter(
      (one) => one.instance === instance && one.iat - SKEW_SECONDS <= at && at < one.exp + SKEW_SECONDS,
    );
    must(found.length, "configuration", `no configuration of ${instance} was in force`);
    const named = (one) => (one.version === version ? 1 : 0);
    return found.sort((left, right) => named(right) - named(left) || right.version - left.version);
  }

  gateways(member, at, version) {
    // A version that does not know the member could not have let it ask: the newest that does stands for it.
    const known = this.ranked(decodeURIComponent(member.split("/")[0]), at, version)
      .map((one) => one.members.find((found) => found.id === member))
      .find((one) => one);
    must(known, "configuration", `no member ${member} is known`);
    must(!(known.suspended_at !== undefined && known.suspended_at <= at), "configuration", `${member} was suspended`);
    return known.gateways;
  }

  // Whether any configuration here says that this member was suspended, or this key of its withdrawn, by then.
  isSuspended(member, by) {
    return this.everything(member).some((one) => one.suspended_at !== undefined && one.suspended_at <= by);
  }

  // Registries list a key until it has run out: one that left before was taken out, with a stolen machine say.
  isWithdrawn(member, keyid, by) {
    const instance = decodeURIComponent(member.split("/")[0]);
    const seen = this.configurations.filter((one) => one.instance === instance).map((one) => {
      const gateways = one.members.filter((found) => found.id === member).flatMap((found) => found.gateways);
      return { at: one.iat, key: gateways.flatMap((found) => found.keys).find((found) => found.keyid === keyid) };
    });
    const listed = seen.filter((one) => one.key);
    if (listed.some(({ key }) => key.withdrawn_at !== undefined && key.withdrawn_at <= by)) return true;
    const lacking = seen.filter((one) => !one.key);
    return listed.some(({ at, key }) => lacking.some((one) => at < one.at && one.at <= by && one.at < key.not_after));
  }

  everything(member) {
    const instance = decodeURIComponent(member.split("/")[0]);
    return this.configurations.filter((one) => one.instance === instance).flatMap((one) => one.members).filter((one) => one.id === member);
  }

  consentKeys(member, at) {
    const issuers = this.inForce(decodeURIComponent(member.split("/")[0]), at).consent_issuers;
    return issuers.filter((one) => one.member === member).flatMap((one) => one.keys).filter((key) => isInForce(key, at));
  }
}

function findKey(gateways, keyid, at, step) {
  const key = gateways.flatMap((one) => one.keys).find((one) => one.keyid === keyid);
  must(key, step, `no gateway of this member signs with ${keyid}`);
  must(isInForce(key, at), step, `the key ${keyid} was not in force when it signed`);
  return key.jwk;
}

const memberOf = (client) => client.split("/").slice(0, 3).join("/");

// ---- records (ndel record exchange-1 and receipt-1) ----

const EXCHANGE = "@type began client conf ended hash id message op purpose req req_base req_digest role service status".split(" ");
const EXCHANGE_OPTIONS = "consent consent_digest fault rsp rsp_base rsp_digest sealed strict subject".split(" ");

function readRecord(text, step) {
  const record = parseJson(text, step);
  must(canonical(record) === text, step, "a record that is not in its canonical form (RFC 8785)");
  if (record["@type"] === "receipt-1") {
    requireMembers(record, ["@type", "at", "id", "receipt"], [], step);
    return { ...record, receipt: readMark(record.receipt, step) };
  }
  requireMembers(record, EXCHANGE, EXCHANGE_OPTIONS, step);
  must(record["@type"] === "exchange-1", step, "a record of another type");
  must(["consumer", "provider"].includes(record.role), step, "a role that there is not");
  for (const name of ["began", "ended", "conf", "status"]) {
    must(Number.isSafeInteger(record[name]) && record[name] >= 0, step, `${name} is a whole number`);
  }
  must(record.status <= 999, step, "a status has three digits");
  for (const name of ["sealed", "strict"]) must(!(name in record) || record[name] === true, step, `${name} is true or left out`);
  must(!("fault" in record) || record.fault !== "", step, "an empty fault is left out");
  for (const name of ["id", "message", "op", "purpose", "hash", "req_digest", "client", "service"]) must(isText(record[name]), step, `${name} is text`);
  for (const name of ["consent", "fault", "rsp_digest"]) must(!(name in record) || isText(record[name]), step, `${name} is text`);
  for (const name of ["req_base", "rsp_base", "consent_digest"]) if (name in record) base64url(record[name], step, 32);
  if ("subject" in record) {
    requireMembers(record.subject, ["hmac", "period"], [], step);
    base64url(record.subject.hmac, step, 32);
  }
  must(record.service.split("/").length === 5, step, "a service has five parts");
  must([3, 4].includes(record.client.split("/").length), step, "a client has three or four parts");
  const rsp = "rsp" in record ? readMark(record.rsp, step) : null;
  return { ...record, req: readMark(record.req, step), rsp };
}

function readMark(mark, step) {
  requireMembers(mark, ["input", "key", "sig"], [], step);
  must(isText(mark.input) && isText(mark.key), step, "a signature's parameters and key are texts");
  return { input: mark.input, key: mark.key, signature: base64url(mark.sig, step, 64) };
}

// ---- the log: RFC 9162, 2.1.3.2; c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof ----

function readNoteKey(text, step) {
  const [name, id, encoded] = [text.slice(0, text.indexOf("+")), ...text.slice(text.indexOf("+") + 1).split(/\+(.*)/s)];
  const raw = base64(encoded, step);
  const computed = sha256(Buffer.concat([Buffer.from(`${name}\n`), raw])).subarray(0, 4).toString("hex");
  must(computed === id, step, "the id of a key is not that of its name and bytes");
  return { name, id, kind: raw[0], raw: raw.subarray(1) };
}

function readProof(text, step) {
  const gap = text.indexOf("\n\n");
  must(gap >= 0, step, "a proof ends its hashes with an empty line");
  const lines = text.slice(0, gap).split("\n");
  must(lines.shift() === "c2sp.org/tlog-proof@v1", step, "this is no tlog-proof");
  if (lines[0]?.startsWith("extra ")) must(base64(lines.shift().slice(6), step).length, step, "an extra that is empty");
  const index = /^index (0|[1-9]\d{0,18})$/.exec(lines.shift() ?? "");
  must(index, step, "a proof names its index");
  must(lines.length <= 64, step, "a proof of too many hashes");
  const hashes = lines.map((line) => base64(line, step));
  must(hashes.every((one) => one.length === 32), step, "a hash has 32 bytes");
  const note = text.slice(gap + 2);
  const end = note.lastIndexOf("\n\n");
  must(end >= 0 && note.endsWith("\n"), step, "a signed note has a text and signatures");
  const body = note.slice(0, end + 1);
  const signatures = note.slice(end + 2, -1).split("\n").map((line) => {
    const found = /^\u2014 (\S+) (\S+)$/.exec(line);
    must(found, step, "a signature line of another form");
    const raw = base64(found[2], step);
    must(raw.length > 4, step, "a signature without bytes");
    return { name: found[1], id: raw.subarray(0, 4).toString("hex"), raw: raw.subarray(4) };
  });
  const [origin, size, root] = body.split("\n");
  must(/^(0|[1-9]\d{0,18})$/.test(size ?? ""), step, "a checkpoint names its size");
  must(base64(root ?? "", step).length === 32, step, "a checkpoint names its root");
  return { index: BigInt(index[1]), hashes, body, signatures, origin, size: BigInt(size), root: base64(root, step) };
}

function verifyProof(record, proof, keys, witnesses, notes, step) {
  const times = new Set();
  let isSignedByLog = false;
  for (const key of [...keys, ...witnesses]) {
    for (const line of proof.signatures.filter((one) => one.name === key.name && one.id === key.id)) {
      if (key.kind === 6) {
        notes.add("ML-DSA-44 signatures were not checked");
        continue;
      }
      const cosigned = key.kind === 4;
      const at = cosigned ? line.raw.readBigUInt64BE(0) : 0n;
      const message = cosigned ? `cosignature/v1\ntime ${at}\n${proof.body}` : proof.body;
      const signature = cosigned ? line.raw.subarray(8) : line.raw;
      must(signature.length === 64 && verifySignature(null, Buffer.from(message), ed25519(key.raw), signature), step, `the line of ${key.name} is not its signature`);
      if (keys.includes(key)) isSignedByLog = true;
      else times.add(key.name);
    }
  }
  must(isSignedByLog, step, "no key of the log signed this checkpoint");
  verifyInclusion(record, proof, step);
  return times;
}

function verifyInclusion(record, proof, step) {
  must(proof.index < proof.size, step, "the index lies beyond the log");
  let [node, last] = [proof.index, proof.size - 1n];
  let hash = sha256(Buffer.concat([Buffer.from([0]), record]));
  for (const sibling of proof.hashes) {
    must(last > 0n, step, "a proof with hashes left over");
    if (node & 1n || node === last) {
      hash = sha256(Buffer.concat([Buffer.from([1]), sibling, hash]));
      while (!(node & 1n) && node !== 0n) [node, last] = [node >> 1n, last >> 1n];
    } else {
      hash = sha256(Buffer.concat([Buffer.from([1]), hash, sibling]));
    }
    [node, last] = [node >> 1n, last >> 1n];
  }
  must(last === 0n && hash.equals(proof.root), step, "the record does not lead to the root that was signed");
}

// ---- the time stamp: RFC 3161, RFC 5652, RFC 5816 ----

const DIGESTS = { "608648016503040201": "sha256", "608648016503040202": "sha384", "608648016503040203": "sha512" };
// ecdsa-with-SHA256, 384, 512; rsaEncryption; sha256, 384 and 512 with RSA: each with the digests it goes with.
const SIGNATURES = {
  "2a8648ce3d040302": ["01"], "2a8648ce3d040303": ["02"], "2a8648ce3d040304": ["03"],
  "2a864886f70d010101": ["01", "02", "03"], "2a864886f70d01010b": ["01"], "2a864886f70d01010c": ["02"], "2a864886f70d01010d": ["03"],
};
const isPlain = (algorithm) => algorithm.length === 1 || (algorithm.length === 2 && algorithm[1].tag === 0x05 && !algorithm[1].content.length);
const STAMP_TYPE = "2a864886f70d0109100104";

function* der(raw, step) {
  for (let at = 0; at < raw.length; ) {
    const tag = raw[at];
    let length = raw[at + 1];
    let start = at + 2;
    must(length !== undefined, step, "DER that is cut short");
    if (length & 0x80) {
      const count = length & 0x7f;
      must(count >= 1 && count <= 4, step, "a length in DER that is none");
      must(start + count <= raw.length, step, "DER that is cut short");
      length = raw.readUIntBE(start, count);
      must(length >= 0x80 && raw[start] !== 0, step, "a length in DER that could be shorter");
      start += count;
    }
    must(start + length <= raw.length, step, "DER that is cut short");
    yield { tag, raw: raw.subarray(at, start + length), content: raw.subarray(start, start + length) };
    at = start + length;
  }
}

function parts(node, step, tag = null) {
  must(node && (tag === null || node.tag === tag), step, "a time stamp token of another shape");
  return [...der(node.content, step)];
}

function oid(node, step) {
  must(node?.tag === 0x06, step, "an object identifier was expected");
  return node.content.toString("hex");
}

const isNumber = (node, value) => node.tag === 0x02 && node.content.length === 1 && node.content[0] === value;

function verifyStamp(token, text, roots, step) {
  const [info, behind] = [...der(token, step)];
  must(info && !behind, step, "something stands behind the token");
  const [kind, outer] = parts(info, step, 0x30);
  must(oid(kind, step) === "2a864886f70d010702" && outer?.tag === 0xa0, step, "this is no SignedData");
  const [version, digests, encapsulated, ...rest] = parts(parts(outer, step)[0], step, 0x30);
  const [type, content] = parts(encapsulated, step, 0x30);
  must(isNumber(version, 3) && oid(type, step) === STAMP_TYPE, step, "this is no time stamp token");
  const [octets] = parts(content, step, 0xa0);
  must(octets?.tag === 0x04, step, "a token without its content");
  const stamp = octets.content;
  const certificates = rest.filter((one) => one.tag === 0xa0).flatMap((one) => parts(one, step));
  const signers = parts(rest.at(-1), step, 0x31);
  must(signers.length === 1 && rest.length <= 2, step, "a token has one signer");
  const fields = parts(signers[0], step, 0x30);
  const named = oid(parts(fields[2], step, 0x30)[0], step);
  const announced = parts(digests, step, 0x31).map((one) => oid(parts(one, step, 0x30)[0], step));
  const digest = DIGESTS[named];
  const attributes = fields[3];
  for (const one of [fields[2], ...parts(digests, step)]) must(isPlain(parts(one, step)), step, "a digest with parameters");
  const algorithm = parts(fields[4], step, 0x30);
  must((SIGNATURES[oid(algorithm[0], step)] ?? []).includes(named.slice(-2)) && isPlain(algorithm), step, "a signature of an algorithm that is not taken");
  must(isNumber(fields[0], 1) && announced.length === 1 && announced[0] === named, step, "versions or digests that do not agree");
  must(digest && attributes.tag === 0xa0 && fields[5].tag === 0x04, step, "a token without signed attributes, or of an unknown digest");
  const values = new Map(parts(attributes, step).map((one) => {
    const [name, set] = parts(one, step, 0x30);
    return [oid(name, step), parts(set, step, 0x31)[0]];
  }));
  const hash = (raw) => createHash(digest).update(raw).digest();
  must(values.get("2a864886f70d010903")?.content.toString("hex") === STAMP_TYPE, step, "what was signed is no time stamp");
  must(values.get("2a864886f70d010904")?.content.equals(hash(stamp)), step, "the time stamp is not the one that was signed");
  const certificate = findStamper(values.get("2a864886f70d010910022f"), certificates, roots, step);
  must(isNamed(fields[1], certificate, step), step, "the signer's issuer and serial number are not its certificate's");
  const message = Buffer.concat([Buffer.from([0x31]), attributes.raw.subarray(1)]);
  must(verifySignature(digest, message, certificate.publicKey, fields[5].content), step, "the authority did not sign this");
  return readStamp(stamp, text, certificate, roots, step);
}

function isNamed(signer, certificate, step) {
  const [issuer, serial] = parts(signer, step, 0x30);
  const inside = parts(parts([...der(certificate.raw, step)][0], step, 0x30)[0], step, 0x30);
  const at = inside[0].tag === 0xa0 ? 1 : 0;
  return inside[at].raw.equals(serial.raw) && inside[at + 2].raw.equals(issuer.raw);
}

function findStamper(attribute, certificates, roots, step) {
  must(attribute, step, "the token does not say which certificate signed it");
  const first = parts(parts(attribute, step)[0], step)[0];
  const named = parts(first, step);
  const algorithm = named[0].tag === 0x30 ? DIGESTS[oid(parts(named[0], step)[0], step)] : "sha256";
  const value = named.find((one) => one.tag === 0x04).content;
  const candidates = [...certificates.map((one) => new X509Certificate(one.raw)), ...roots];
  const found = candidates.find((one) => createHash(algorithm).update(one.raw).digest().equals(value));
  must(found, step, "the certificate that the token names is not here");
  return found;
}

function readStamp(raw, text, certificate, roots, step) {
  const [, , imprint, , time, ...more] = parts([...der(raw, step)][0], step);
  const [algorithm, value] = parts(imprint, step);
  const digest = DIGESTS[oid(parts(algorithm, step, 0x30)[0], step)];
  must(digest && createHash(digest).update(text).digest().equals(value.content), step, "the token stamps other bytes");
  const [, y, mo, d, h, mi, s, fraction] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?Z$/.exec(time.content.toString("ascii")) ?? [];
  must(y, step, "a time that cannot be read");
  const at = Date.UTC(y, mo - 1, d, h, mi, s) + (fraction ? Number(fraction) * 1000 : 0);
  must(certificate.keyUsage?.includes("1.3.6.1.5.5.7.3.8"), step, "the certificate is not for time stamps");
  const isTrusted = roots.some((root) => root.raw.equals(certificate.raw) || (certificate.checkIssued(root) && certificate.verify(root.publicKey)));
  must(isTrusted, step, "the authority's certificate does not lead to one that you trust");
  must(Date.parse(certificate.validFrom) <= at && at <= Date.parse(certificate.validTo), step, "the certificate was not in force");
  return at + accuracyOf(more.find((one) => one.tag === 0x30), step);
}

function accuracyOf(node, step) {
  if (!node) return 0;
  const number = (one) => Number(BigInt(`0x${one.content.toString("hex")}`));
  const scale = { 0x02: 1000, 0x80: 1, 0x81: 0.001 };
  return parts(node, step).reduce((sum, one) => sum + number(one) * scale[one.tag], 0);
}

// ---- what the gateways signed: RFC 9421 ----

const REQUEST_LINES = ["@method", "@target-uri", "content-digest", "x-road-client", "x-road-id", "x-road-request-id", "ndel-purpose", "ndel-consent", "ndel-conf-version"].map((name) => `"${name}"`);
const REQUEST_SIGNATURE = '"signature";key="sig1";req';
const RESPONSE_SIGNATURE = '"signature";key="sig1"';
const RESPONSE_LINES = ['"@status"', '"content-digest"', '"x-road-request-hash"', REQUEST_SIGNATURE];
const PARAMETERS = /^\(([^()]*)\);created=(\d{1,15})(?:;expires=(\d{1,15}))?;nonce="([^"\\]{1,256})";keyid="([^"\\]{1,256})";tag="([a-z0-9-]{1,64})"$/;

function readParameters(mark, nonce, tag, step) {
  const found = PARAMETERS.exec(mark.input);
  must(found && found[4] === nonce && found[5] === mark.key && found[6] === tag, step, `the parameters are not those of ${tag}`);
  return { covered: found[1], created: Number(found[2]), keyid: found[5] };
}

function readBase(mark, base, digest, record, tag, names, step) {
  must(sha256(Buffer.from(base)).toString("base64url") === digest, step, "what was signed is not what the log has the hash of");
  const lines = base.split("\n");
  must(lines.pop() === `"@signature-params": ${mark.input}`, step, "what was signed has other parameters");
  const said = readParameters(mark, record.id, tag, step);
  const pairs = lines.map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]);
  must(pairs.map(([name]) => name).join(" ") === said.covered, step, "what was signed has other lines than its parameters name");
  const found = Object.assign(Object.create(null), Object.fromEntries(pairs));
  must(pairs.length === names.length && names.every((name) => name in found), step, `${tag} covers other components`);
  const [from, to] = [Math.floor(record.began / 1000), Math.floor(record.ended / 1000)];
  must(from - SIGNED_WITHIN_SECONDS <= said.created && said.created <= to + SIGNED_WITHIN_SECONDS, step, "signed at another time");
  return { ...said, found };
}

const sameParts = (left, right) => {
  const decode = (text) => text.split("/").map(decodeURIComponent).join("\u0000");
  return decode(left) === decode(right);
};

function verifyRequest(record, base, gateways, step) {
  const { found, keyid, created } = readBase(record.req, base, record.req_base, record, "ndel-req-v1", REQUEST_LINES, step);
  const expected = { "content-digest": record.req_digest, "x-road-id": record.message, "x-road-request-id": record.id, "ndel-purpose": record.purpose, "ndel-conf-version": String(record.conf) };
  for (const [name, value] of Object.entries(expected)) must(found[`"${name}"`] === value, step, `${name} is not what the record says`);
  must(sameParts(found['"x-road-client"'], record.client), step, "the request was signed for another client");
  const target = /^https?:\/\/[^/]+\/r1\/([^?]*)/.exec(found['"@target-uri"']);
  must(target && sameParts(target[1].split("/").slice(0, 5).join("/"), record.service), step, "the request was signed for another service");
  must(["*", found['"@method"']].includes(record.op.split(" ")[0]), step, "the request was signed with another method");
  const consent = found['"ndel-consent"'];
  must((consent === "none" ? undefined : sha256(Buffer.from(consent)).toString("base64url")) === record.consent_digest, step, "signed with another consent");
  must(isSigned(findKey(gateways, keyid, created, step), record.req.signature, Buffer.from(base)), step, "the client's gateway did not sign this");
  return keyid;
}

function verifyResponse(record, base, gateways, step) {
  must(record.rsp_base !== undefined, step, "the record has no base of a response");
  const { found, keyid, created } = readBase(record.rsp, base, record.rsp_base, record, "ndel-rsp-v1", RESPONSE_LINES, step);
  const expected = { '"@status"': String(record.status), '"content-digest"': record.rsp_digest ?? "", '"x-road-request-hash"': record.hash, [REQUEST_SIGNATURE]: `:${record.req.signature.toString("base64")}:` };
  for (const [name, value] of Object.entries(expected)) must(found[name] === value, step, `${name} is not what the record says`);
  must(isSigned(findKey(gateways, keyid, created, step), record.rsp.signature, Buffer.from(base)), step, "the provider's gateway did not sign this");
  return keyid;
}

const contentDigest = (body) => `sha-256=:${sha256(body).toString("base64")}:`;

// RFC 9530, 2 and RFC 8941, 3.2: a dictionary of byte sequences; of digests known here every one must be the body's.
function isDigestOf(field, body, step) {
  if (field === contentDigest(body)) return true;
  const sums = { "sha-256": sha256(body), "sha-512": sha512(body) };
  const members = field.split(/[ \t]*,[ \t]*/);
  const found = new Map(members.map((text) => {
    const member = /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):$/.exec(text);
    must(member, step, "a digest of another form");
    return [member[1], base64(member[2], step)];
  }));
  must(found.size === members.length, step, "a digest named twice");
  const known = Object.keys(sums).filter((name) => found.has(name));
  return known.length > 0 && known.every((name) => found.get(name).equals(sums[name]));
}

function isHeaderShown(record, part, body, step) {
  const head = sha512(part);
  if (head.toString("base64") === record.hash) return true;
  if (body === null && record.req_digest !== contentDigest(Buffer.alloc(0))) return false;
  const whole = body?.length ? sha512(Buffer.concat([head, sha512(body)])) : head;
  must(whole.toString("base64") === record.hash, step, "the header lines are not those that were hashed");
  return true;
}

function verifyConsent(record, text, parties, at, step) {
  const { payload, isBy } = readJws(text, "ndel-consent+jwt", step);
  must(payload.ver === 1, step, "a consent of another version");
  must(parties.consentKeys(payload.iss, at).some((key) => isBy(key.jwk)), step, "its issuer did not sign this consent");
  const instances = [payload.iss, record.service, record.client].map((one) => decodeURIComponent(one.split("/")[0]));
  must(instances.indexOf(instances[0], 1) > 0, step, "the consent's issuer is of neither party's instance");
  must(payload.jti === record.consent, step, "the consent has another id");
  must(payload.svc.some((one) => sameParts(one, record.service)) && payload.prp.includes(record.purpose), step, "the consent does not cover this");
  const isMembers = payload.sub_all === true && sameParts(payload.cli, memberOf(record.client));
  must(sameParts(payload.cli, record.client) || isMembers, step, "the consent was given to another client");
  must(payload.nbf - SKEW_SECONDS <= at && at < payload.exp + SKEW_SECONDS, step, "the consent was not in force");
}

// ---- the whole ----

function verifyRecord(file, number, parties, anchors, bodies, notes) {
  const kept = file.records[number];
  const steps = [];
  const note = (step, state) => steps.push({ record: number, step, state });
  const record = readRecord(kept.record, "record");
  must(record["@type"] === "exchange-1" && record.id === file.request_id, "record", "a record of something else");
  note("record", "proved");
  const at = Math.floor(record.began / 1000);
  const asking = parties.gateways(memberOf(record.client), at, record.conf);
  const answering = parties.gateways(memberOf(record.service), at, record.conf);
  const proof = verifyLogged(kept, record.role === "consumer" ? asking : answering, anchors, notes, "log");
  note("log", "proved");
  note("witnesses", proof.witnessed ? "proved" : "absent");
  // By when all of it was there, in seconds; without a proof it may have been made today.
  let until = Infinity;
  if (kept.stamp !== undefined && anchors.stampers.length) {
    const latest = verifyStamp(base64url(kept.stamp, "time"), Buffer.from(proof.body), anchors.stampers, "time");
    must(latest + SKEW_SECONDS * 1000 >= record.ended, "time", "stamped before the exchange had ended");
    const isSuspended = [record.client, record.service].some((one) => parties.isSuspended(memberOf(one), latest / 1000));
    if (latest <= record.ended + STAMPED_WITHIN_SECONDS * 1000 && !isSuspended) until = latest / 1000;
  }
  note("time", until === Infinity ? "absent" : "proved");
  // A key that was withdrawn proves nothing, unless a time stamp shows that it had signed before.
  const isWorth = (party, keyid) => !parties.isWithdrawn(memberOf(party), keyid, until);
  const held = kept.particulars;
  const isAsked = held !== undefined && isWorth(record.client, verifyRequest(record, held.request, asking, "request"));
  note("request", isAsked ? "proved" : "absent");
  const isAnswered = held?.response !== undefined && record.rsp !== null &&
    isWorth(record.service, verifyResponse(record, held.response, answering, "response"));
  note("response", isAnswered ? "proved" : "absent");
  const isShown = held?.header !== undefined && isHeaderShown(record, base64url(held.header, "request-hash"), bodies.request, "request-hash");
  note("request-hash", isShown ? "proved" : "absent");
  for (const [body, digest] of [[bodies.request, record.req_digest], [bodies.response, record.rsp_digest]]) {
    if (body === null) continue;
    must(isText(digest) && isDigestOf(digest, body, "bodies"), "bodies", "a body is not the one that was signed");
    note("bodies", "proved");
  }
  if (record.consent_digest !== undefined) noteConsent(record, held?.consent, parties, at, note);
  else must(held?.consent === undefined, "consent", "a consent is in the file, and the record names none");
  let isReceived = false;
  for (const receipt of kept.receipts ?? []) {
    const isShown = isWorth(record.client, verifyReceipt(record, receipt, asking, answering, anchors, notes, "receipt"));
    isReceived ||= isShown;
    note("receipt", isShown ? "proved" : "absent");
  }
  // Whose word there is: the gateway in whose log the record stands, and whoever signed something itself.
  const vouched = [record.role];
  if (isAsked || isReceived) vouched.push("consumer");
  if (isAnswered) vouched.push("provider");
  return { record, steps, vouched };
}

function noteConsent(record, text, parties, at, note) {
  if (text === undefined) return note("consent", "absent");
  must(sha256(Buffer.from(text)).toString("base64url") === record.consent_digest, "consent", "another consent than the record names");
  if (record.consent === undefined) return note("consent", "absent");
  verifyConsent(record, text, parties, at, "consent");
  return note("consent", "proved");
}

function verifyLogged(logged, gateways, anchors, notes, step) {
  const proof = readProof(logged.proof, step);
  const gateway = gateways.find((one) => one.log.origin === proof.origin);
  must(gateway, step, `no gateway of this member keeps the log ${proof.origin}`);
  const keys = gateway.log.keys.map((one) => readNoteKey(one, step));
  const witnesses = anchors.witnesses.filter((one) => !isOwn(one, gateways, step));
  const names = verifyProof(Buffer.from(logged.record), proof, keys, witnesses, notes, step);
  must(names.size >= anchors.quorum, step, `${names.size} of ${anchors.quorum} witnesses signed this checkpoint`);
  return { ...proof, witnessed: names.size > 0 };
}

// A witness that keeps the log itself is no other: whoever has the log has its keys too.
function isOwn(witness, gateways, step) {
  const keys = gateways.flatMap((one) => [...one.log.witness_keys, ...one.log.keys]).map((one) => readNoteKey(one, step));
  const names = gateways.flatMap((one) => [one.log.origin, `${one.log.origin}/witness`]);
  return names.includes(witness.name) || keys.some((one) => one.raw.equals(witness.raw));
}

function verifyReceipt(record, logged, asking, answering, anchors, notes, step) {
  const receipt = readRecord(logged.record, step);
  must(receipt["@type"] === "receipt-1" && receipt.id === record.id && record.rsp, step, "no receipt for this exchange");
  const said = readParameters(receipt.receipt, record.id, "ndel-rcp-v1", step);
  must(said.covered === RESPONSE_SIGNATURE, step, "a receipt covers the response's signature alone");
  const base = `${RESPONSE_SIGNATURE}: :${record.rsp.signature.toString("base64")}:\n"@signature-params": ${receipt.receipt.input}`;
  must(isSigned(findKey(asking, said.keyid, said.created, step), receipt.receipt.signature, Buffer.from(base)), step, "the client's gateway did not sign this receipt");
  verifyLogged(logged, answering, anchors, notes, step);
  return said.keyid;
}

function readFile(raw) {
  const step = "format";
  must(raw.length <= FILE_BYTES_MAX, step, "a file that is too long");
  let marks = 0;
  for (const one of raw) if (one === 0x2c || one === 0x5b || one === 0x7b) marks++;
  must(marks <= MARKS_MAX, step, "too many commas and brackets for evidence of one exchange");
  const file = parseJson(utf8(raw, step), step);
  requireMembers(file, ["format", "request_id", "configurations", "records"], [], step);
  must(file.format === "ndel-evidence-1", step, "an evidence file of another format");
  must(isText(file.request_id) && Array.isArray(file.configurations) && Array.isArray(file.records), step, "members of other types");
  must(file.configurations.length >= 1 && file.configurations.length <= 8 && file.configurations.every(isText), step, "configurations are texts");
  must(file.records.length >= 1 && file.records.length <= 4, step, "an evidence file has one to four records");
  for (const kept of file.records) {
    requireMembers(kept, ["record", "proof"], ["stamp", "particulars", "receipts"], step);
    must(isText(kept.record) && isText(kept.proof), step, "record and proof are texts");
    if ("stamp" in kept) must(base64url(kept.stamp, step).length, step, "an empty stamp is left out");
    if ("particulars" in kept) {
      requireMembers(kept.particulars, ["request"], ["consent", "header", "response"], step);
      must(Object.values(kept.particulars).every(isText), step, "particulars are texts");
      if ("header" in kept.particulars) must(base64url(kept.particulars.header, step).length, step, "an empty header part is left out");
    }
    if ("receipts" in kept) {
      must(Array.isArray(kept.receipts) && kept.receipts.length >= 1 && kept.receipts.length <= 8, step, "one to eight receipts, or none");
      for (const receipt of kept.receipts) {
        requireMembers(receipt, ["record", "proof"], [], step);
        must(isText(receipt.record) && isText(receipt.proof), step, "record and proof are texts");
      }
    }
  }
  return file;
}

function agree(records) {
  const [first, ...others] = records;
  const same = (left, right) => left.signature.equals(right.signature) && left.input === right.input && left.key === right.key;
  for (const other of others) {
    must(same(first.req, other.req) && first.req_base === other.req_base && first.hash === other.hash, "agreement", "records of different requests");
    if (first.rsp && other.rsp) {
      must(same(first.rsp, other.rsp) && first.rsp_base === other.rsp_base && first.status === other.status, "agreement", "records of different answers");
    }
  }
  return new Set(records.map((one) => one.role)).size > 1 ? "proved" : "absent";
}

export function verifyEvidence(raw, anchors, bodies = { request: null, response: null }) {
  const notes = new Set();
  try {
    const file = readFile(raw);
    const parties = new Parties([...file.configurations, ...(anchors.configurations ?? [])], anchors.registryKeys);
    const cases = file.records.map((_, number) => verifyRecord(file, number, parties, anchors, bodies, notes));
    const agreement = agree(cases.map((one) => one.record));
    const steps = [
      { record: null, step: "format", state: "proved" },
      { record: null, step: "configuration", state: "proved" },
      ...cases.flatMap((one) => one.steps),
      { record: null, step: "agreement", state: agreement },
    ];
    const vouched = [...new Set(cases.flatMap((one) => one.vouched))].sort();
    return { verdict: vouched.length === 2 ? "proved" : "one_sided", request_id: file.request_id, vouched, steps, notes: [...notes] };
  } catch (refusal) {
    // What was not foreseen, a type error in a damaged structure for one, proves nothing either.
    const step = refusal instanceof Refused ? refusal.step : "unreadable";
    return { verdict: "refused", step, message: refusal.message, notes: [...notes] };
  }
}

function readAnchors(options) {
  const registryKeys = options["registry-key"].map((text) => {
    const [instance, key] = text.includes("=") ? text.split(/=(.*)/s) : [null, text];
    return { instance, jwk: { kty: "OKP", crv: "Ed25519", x: key.replace(/^ed25519:/, "") } };
  });
  return {
    registryKeys,
    stampers: options["tsa-certificate"].map((path) => new X509Certificate(readFileSync(path))),
    witnesses: options.witness.map((text) => readNoteKey(text, "log")),
    quorum: Number(options.quorum.at(-1) ?? 0),
    configurations: options.configuration.map((path) => readFileSync(path, "ascii").trim()),
  };
}

function main(words) {
  const options = { "registry-key": [], "tsa-certificate": [], witness: [], quorum: [], configuration: [], demand: [], "request-body": [], "response-body": [] };
  const files = [];
  let isJson = false;
  for (let at = 0; at < words.length; at++) {
    const name = words[at].replace(/^--/, "");
    if (words[at] === "--json") isJson = true;
    else if (words[at].startsWith("--") && name in options) options[name].push(words[++at]);
    else files.push(words[at]);
  }
  const isVague = options["registry-key"].length > 1 && options["registry-key"].some((one) => !one.includes("="));
  if (isVague) console.error("several registry keys: say of each whose it is, as INSTANCE=KEY");
  if (isVague || files.length !== 1 || files[0].startsWith("--") || !options["registry-key"].length) {
    console.error("usage: node verify.mjs FILE --registry-key INSTANCE=KEY [--tsa-certificate FILE] [--witness KEY --quorum N] [--configuration FILE] [--demand STEP] [--request-body FILE] [--response-body FILE] [--json]");
    return 2;
  }
  const body = (name) => (options[name].length ? readFileSync(options[name].at(-1)) : null);
  const found = verifyEvidence(readFileSync(files[0]), readAnchors(options), { request: body("request-body"), response: body("response-body") });
  const proved = (found.steps ?? []).filter((one) => one.state === "proved").map((one) => one.step);
  const lacking = found.verdict === "refused" ? [] : options.demand.filter((name) => !proved.includes(name));
  if (isJson) {
    found.lacking = lacking;
    console.log(JSON.stringify(found));
  } else {
    for (const one of found.steps ?? []) console.log(`${one.state.padEnd(7)} ${one.record === null ? "file    " : `record ${one.record}`} ${one.step}`);
    for (const one of found.notes) console.log(`note    ${one}`);
    const says = {
      proved: `proved: exchange ${found.request_id}`,
      one_sided: `one party's word, not proved: exchange ${found.request_id} as the ${found.vouched}'s gateway tells it`,
      refused: `refused at ${found.step}: ${found.message}`,
    };
    const isShort = found.verdict === "proved" && lacking.length;
    console.log(isShort ? `not enough: nothing proves what you demand: ${lacking.join(", ")}` : says[found.verdict]);
  }
  if (lacking.length) return 1;
  return { proved: 0, one_sided: 1, refused: 3 }[found.verdict];
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    process.exitCode = main(process.argv.slice(2));
  } catch (error) {
    // A file that is not there, or cannot be read: nothing was judged.
    if (!error.code) throw error;
    console.error(`cannot read what was named: ${error.message}`);
    process.exitCode = 2;
  }
}
