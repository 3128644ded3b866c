// @ts-check
/**
 * Passkeys on the holder's pages: asks the server for options, the browser for an answer, and hands it back.
 * Every word stands in the page already, in the visitor's language; this script only chooses among them.
 */

/** How long the page waits for the server before it says that there is no network. */
const ANSWER_MILLISECONDS_MAX = 20_000;

/** A refusal of the server or of the browser; `code` is what the page's words are kept under. */
class Refusal extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** @param {string} text base64url @returns {Uint8Array<ArrayBuffer>} */
function bytesOf(text) {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

/** @param {ArrayBuffer} bytes @returns {string} base64url */
function textOf(bytes) {
  const raw = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(raw).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Sends JSON to the server. @param {string} address @param {object} body @returns {Promise<any>} */
async function ask(address, body) {
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MILLISECONDS_MAX),
    });
  } catch {
    throw new Refusal("no_network");
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(String(said.code ?? "").split(".").pop() ?? "");
  return said;
}

/** Lets the browser make a passkey. @param {any} options @returns {Promise<object>} */
async function make(options) {
  const exclude = options.excludeCredentials ?? [];
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytesOf(options.challenge),
      user: { ...options.user, id: bytesOf(options.user.id) },
      excludeCredentials: exclude.map((/** @type {any} */ one) => ({ ...one, id: bytesOf(one.id) })),
    },
  });
  const { rawId, response } = /** @type {any} */ (made);
  return written(rawId, {
    clientDataJSON: textOf(response.clientDataJSON),
    attestationObject: textOf(response.attestationObject),
  });
}

/** Lets the browser sign with a passkey. @param {any} options @returns {Promise<object>} */
async function sign(options) {
  const signed = await navigator.credentials.get({
    publicKey: { ...options, challenge: bytesOf(options.challenge) },
  });
  const { rawId, response } = /** @type {any} */ (signed);
  return written(rawId, {
    clientDataJSON: textOf(response.clientDataJSON),
    authenticatorData: textOf(response.authenticatorData),
    signature: textOf(response.signature),
    userHandle: response.userHandle ? textOf(response.userHandle) : null,
  });
}

/** Writes an answer as WebAuthn Level 3, 5.1.8 has it. @param {ArrayBuffer} rawId @param {object} response */
function written(rawId, response) {
  return { id: textOf(rawId), rawId: textOf(rawId), type: "public-key", response, clientExtensionResults: {} };
}

/** Each ceremony, from the button to the page that comes next. @type {Record<string, () => Promise<string>>} */
const CEREMONIES = {
  enrol: async () => {
    const ticket = new URLSearchParams(location.search).get("ticket") ?? "";
    const answer = await make(await ask("/api/v1/holder/enrolments/options", { ticket }));
    await ask("/api/v1/holder/enrolments", { ticket, answer });
    return "/holder?done=enrolled";
  },
  "sign-in": async () => {
    await ask("/api/v1/holder/sign-ins", { answer: await sign(await ask("/api/v1/holder/sign-ins/options", {})) });
    return "/holder";
  },
  unlock: async () => {
    const answer = await sign(await ask("/api/v1/holder/sign-ins/options", { unlock: true }));
    await ask("/api/v1/holder/sign-ins", { answer, unlock: true });
    return "/holder?done=unlocked";
  },
};

/** Names what went wrong. @param {unknown} error @returns {string} */
function codeOf(error) {
  if (error instanceof Refusal) return error.code;
  const name = error instanceof Error ? error.name : "";
  // WebAuthn Level 3, 5.1.3 and 5.1.4: a passkey of this card is here already; the person, or the time, said no.
  return { InvalidStateError: "passkey_taken", NotAllowedError: "cancelled", AbortError: "cancelled" }[name] ?? "";
}

/** Finds the page's words for a code. @param {string} code @returns {string} */
function wordsFor(code) {
  const find = (/** @type {string} */ one) => document.querySelector(`[data-words] [data-code="${CSS.escape(one)}"]`);
  return (find(code) ?? find("otherwise"))?.textContent ?? "";
}

/** Shows the one of the two doors that opens. @param {boolean} isLocked */
function showDoor(isLocked) {
  for (const [name, isShown] of /** @type {const} */ ([["locked", isLocked], ["open", !isLocked]])) {
    const door = document.querySelector(`[data-${name}]`);
    if (door instanceof HTMLElement) door.hidden = !isShown;
  }
}

for (const stage of document.querySelectorAll("[data-ceremony]")) {
  const button = /** @type {HTMLButtonElement} */ (stage.querySelector("button"));
  const progress = /** @type {HTMLElement} */ (stage.querySelector("[data-progress]"));
  const refusal = /** @type {HTMLElement} */ (stage.querySelector("[data-refusal]"));
  const run = CEREMONIES[stage.getAttribute("data-ceremony") ?? ""];
  button.addEventListener("click", async () => {
    refusal.textContent = "";
    if (!window.PublicKeyCredential) {
      refusal.textContent = wordsFor("no_passkeys");
      return;
    }
    button.disabled = true;
    progress.textContent = progress.dataset.working ?? "";
    try {
      location.assign(await run());
    } catch (error) {
      const code = codeOf(error);
      if (code === "card_locked") showDoor(true);
      else refusal.textContent = wordsFor(code);
      progress.textContent = "";
      button.disabled = false;
    }
  });
}

// The server writes instants in UTC; a reader thinks in the time of the clock on the wall.
const wall = new Intl.DateTimeFormat(document.documentElement.lang, {
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZoneName: "short",
});
for (const one of document.querySelectorAll("time[datetime]")) {
  const at = new Date(one.getAttribute("datetime") ?? "");
  const words = one.querySelector("bdi") ?? one;
  if (!Number.isNaN(at.valueOf())) words.textContent = wall.format(at);
}
