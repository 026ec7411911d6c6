import { BatonError } from '../core/errors';

const refuse = (reason: string, message: string): BatonError =>
  new BatonError('identity_header_invalid', message, { reason });

/** The name without what servers confuse: letter case, `-`, `_`, `.` and CGI's `HTTP_` in front. */
function folded(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/^http/, '');
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

  constructor(name: string) {
    this.#name = name.toLowerCase();
    this.#folded = folded(name);
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
    if (found?.includes(',')) throw refuse('duplicate', 'The assertion header holds more than one value.');
    return found === '' ? undefined : found;
  }

  #resembles(name: string): boolean {
    // Folding costs; most names are out of reach by their length alone.
    const surplus = name.length - this.#folded.length;
    return surplus >= 0 && surplus <= 16 && folded(name) === this.#folded;
  }

  #checkHopByHop(value: string): void {
    if (value.split(',').some((option) => folded(option) === this.#folded)) {
      throw refuse('hop_by_hop', 'The Connection header names the assertion header.');
    }
  }
}
