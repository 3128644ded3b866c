/** What a part of the verifier can say. `code` is the same word that the Python verifier uses. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'Refused';
  }
}

/** The bytes are not what the format's standard says. */
export class MalformedInput extends Refused {
  constructor(message: string, code = 'wire.malformed') {
    super(code, message);
  }
}

/** The bytes, or what they would become, exceed the named maximum. */
export class TooLarge extends MalformedInput {
  constructor(message: string) {
    super(message, 'wire.too_large');
  }
}

/** The algorithm named in the header is not one that the house accepts. */
export class UnsupportedAlgorithm extends Refused {
  constructor(message: string) {
    super('wire.unsupported_algorithm', message);
  }
}

/** A trust list that may not be accepted; `code` tells why. */
export class TrustRefused extends Refused {}

/** A status list or stream message that may not be accepted; the state held before is kept. */
export class StatusRefused extends Refused {
  constructor(message: string, code = 'credentials.status_list_refused') {
    super(code, message);
  }
}
