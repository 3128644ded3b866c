// The npm package http-message-signatures as judge: reads a list of messages as JSON, answers for each "yes", "no"
// or why it could not tell; signs one, where it is asked to.
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { httpbis } = createRequire(`${process.argv[2]}/`)("http-message-signatures");

// Our times stand still; the judge knows no clock but the real one.
const ANY_TIME = 10_000_000_000;

const verdict = async ({ message, request, jwk }) => {
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const verifying = { id: "any", algs: [], verify: async (base, signature) => verify(null, base, key, signature) };
  const answer = await httpbis.verifyMessage(
    { keyLookup: async () => verifying, all: true, tolerance: ANY_TIME, notAfter: ANY_TIME },
    message,
    request,
  );
  return answer === true ? "yes" : "no";
};

const signed = async ({ message, fields, params, values, jwk }) => {
  const key = createPrivateKey({ key: jwk, format: "jwk" });
  const signing = { id: values.keyid, sign: async (base) => sign(null, base, key) };
  const times = { created: new Date(values.created * 1000), expires: new Date(values.expires * 1000) };
  const paramValues = { ...values, ...times };
  const made = await httpbis.signMessage({ key: signing, name: "sig1", fields, params, paramValues }, message);
  return made.headers;
};

const answers = [];
for (const one of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    answers.push(one.fields ? await signed(one) : await verdict(one));
  } catch (refusal) {
    answers.push(`cannot: ${refusal.message}`);
  }
}
process.stdout.write(JSON.stringify(answers));
