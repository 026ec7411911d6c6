import { BatonError } from '../core/errors';

const refuse = (reason: string, message: string): BatonError =>
  new BatonError('identity_header_invalid', message, { reason });

/** The bit that makes an ASCII letter a small one. */
const LOWER_CASE = 0x20;
const LETTER_A = 0x61;
const LETTER_Z = 0x7a;

/** The name without what servers confuse: letter case, `-`, `_`, `.` and CGI's `HTTP_` in front, of `Http-User` too. */
function folded(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/^(?:http)+/, '');
}

/**
 * Takes the one assertion out of a request's headers, as they came over the wire.
 *
 * - Twice, or joined by a comma: refused. Node joins repeated headers, so `req.headers` would not show it.
 * - A look-alike (`Txn_Token`, `txn.token`, `HTTP_TXN_TOKEN`): refused, because something on the way may have taken it for
 *   the real one; IIS server variables fold `-` and `_` (compare CVE-2025-64484, CVE-2026-88011).
 * - Named in `Connection`: refused, because a proxy would have removed it (compare CVE-2022-31813).
 * - Empty: absent. IIS's URL Rewrite can only blank a header, not remove it.
 */
export class AssertionHeader {
  readonly #name: string;
  readonly #folded: string;
  readonly #holdsCommas: boolean;

  /** @param holdsCommas whether one value may hold commas: JSON does, a token never */
  constructor(name: string, { holdsCommas = false }: { readonly holdsCommas?: boolean } = {}) {
    this.#name = name.toLowerCase();
    this.#folded = folded(name);
    this.#holdsCommas = holdsCommas;
  }

  /**
   * @param rawHeaders names and values in turn, as in `IncomingMessage.rawHeaders`
   * @returns undefined where the request carries none
   * @throws BatonError `identity_header_invalid`
   */
  take(rawHeaders: readonly string[]): string | undefined {
    let found: string | undefined;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i] ?? '';
      const value = rawHeaders[i + 1] ?? '';
      if (name.length === this.#name.length && name.toLowerCase() === this.#name) {
        if (found !== undefined) throw refuse('duplicate', 'The assertion header stands more than once.');
        found = value;
      } else if (this.#resembles(name)) throw refuse('look_alike', 'A header looks like the assertion header.');
      else if (name.length === 10 && name.toLowerCase() === 'connection') this.#checkHopByHop(value);
    }
    if (!this.#holdsCommas && found?.includes(','))
      throw refuse('duplicate', 'The assertion header holds more than one value.');
    return found === '' ? undefined : found;
  }

  #resembles(name: string): boolean {
    // Folding costs; most names are out of reach by their length alone.
    const surplus = name.length - this.#folded.length;
    if (surplus < 0 || surplus > 16) return false;
    // Nearly all others by their last letter, which folding keeps.
    const last = name.charCodeAt(name.length - 1) | LOWER_CASE;
    if (last >= LETTER_A && last <= LETTER_Z && last !== this.#folded.charCodeAt(this.#folded.length - 1)) return false;
    return folded(name) === this.#folded;
  }

  #checkHopByHop(value: string): void {
    if (value.split(',').some((option) => folded(option) === this.#folded)) {
      throw refuse('hop_by_hop', 'The Connection header names the assertion header.');
    }
  }
}
