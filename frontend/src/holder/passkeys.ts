// What the browser does with a passkey: options of the server in, an answer for the server out, both as JSON
// (WebAuthn Level 3, 5.1.8 to 5.1.10; written out here, for browsers that do not yet do it themselves).

/** What a server learns of a passkey that was made or that signed. */
export interface Answer {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly response: Readonly<Record<string, string | null>>;
  readonly clientExtensionResults: Readonly<Record<string, never>>;
}

/** Lets the browser make a passkey. Throws what the browser throws. */
export async function make(options: unknown): Promise<Answer> {
  const told = options as PublicKeyCredentialCreationOptionsJSON;
  const made = await navigator.credentials.create({
    publicKey: {
      ...(told as object as PublicKeyCredentialCreationOptions),
      challenge: bytesOf(told.challenge),
      user: { ...told.user, id: bytesOf(told.user.id) },
      excludeCredentials: (told.excludeCredentials ?? []).map(descriptorOf),
    },
  });
  const { rawId, response } = credentialOf(made);
  if (!isAttestation(response)) throw notOfThisKind();
  return written(rawId, {
    clientDataJSON: textOf(response.clientDataJSON),
    attestationObject: textOf(response.attestationObject),
  });
}

/** Lets the browser sign with a passkey. Throws what the browser throws. */
export async function sign(options: unknown): Promise<Answer> {
  const told = options as PublicKeyCredentialRequestOptionsJSON;
  const signed = await navigator.credentials.get({
    publicKey: {
      ...(told as object as PublicKeyCredentialRequestOptions),
      challenge: bytesOf(told.challenge),
      allowCredentials: (told.allowCredentials ?? []).map(descriptorOf),
    },
  });
  const { rawId, response } = credentialOf(signed);
  if (!isAssertion(response)) throw notOfThisKind();
  return written(rawId, {
    clientDataJSON: textOf(response.clientDataJSON),
    authenticatorData: textOf(response.authenticatorData),
    signature: textOf(response.signature),
    userHandle: response.userHandle ? textOf(response.userHandle) : null,
  });
}

// Kinds are told by their members: a password manager may answer in the browser's place with objects of its own.
function credentialOf(found: Credential | null): PublicKeyCredential {
  if (found === null || !('rawId' in found && 'response' in found)) throw notOfThisKind();
  return found as PublicKeyCredential;
}

function isAttestation(response: AuthenticatorResponse): response is AuthenticatorAttestationResponse {
  return 'attestationObject' in response;
}

function isAssertion(response: AuthenticatorResponse): response is AuthenticatorAssertionResponse {
  return 'signature' in response;
}

function notOfThisKind(): TypeError {
  return new TypeError('the browser gave something else than a passkey');
}

function descriptorOf(told: PublicKeyCredentialDescriptorJSON): PublicKeyCredentialDescriptor {
  return { ...(told as object as PublicKeyCredentialDescriptor), id: bytesOf(told.id) };
}

/** Writes an answer as WebAuthn Level 3, 5.1.8 has it. */
function written(rawId: ArrayBuffer, response: Answer['response']): Answer {
  const id = textOf(rawId);
  return { id, rawId: id, type: 'public-key', response, clientExtensionResults: {} };
}

/** Reads base64url (RFC 4648, 5) without padding. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

/** Writes base64url without padding. */
function textOf(bytes: ArrayBuffer): string {
  const raw = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(raw).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
