// A text that has the shape of a pass and cannot be read as one: it came whole, so scanning again would not help.
import type { Report } from '@verifier';
import { say } from './words';

// The smallest pass, a name and a signature, has some 130 bytes: more than this in Base45. Less is some other text.
const PASS_CHARS_MIN = 150;
// RFC 9285, 4.2, table 1; and an SD-JWT, whose header begins with a brace (RFC 9901, 4).
const CODE_SHAPE = /^[0-9A-Z $%*+\-./:]+$/;
const WALLET_SHAPE = /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\./;

/** Says that a pass is damaged or was altered; nothing where the text is none at all, or was read. */
export function becauseDamaged(report: Report, text: string): string {
  const written = text.trim();
  if (report.verdict !== 'malformed' || written.length < PASS_CHARS_MIN) return '';
  return CODE_SHAPE.test(written) || WALLET_SHAPE.test(written) ? say('verifier.damaged') : '';
}
