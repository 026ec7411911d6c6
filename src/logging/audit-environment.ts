import { resolve } from 'node:path';
import type { Logger } from '../core/logger';
import { onDrain } from '../core/process-hooks';
import { signerFromEnvironment } from '../keys/environment-signer';
import { createAuditTrail, type AuditTrail } from './audit-trail';

/** One chain a process and file, however many apps and routers have a `baton()` of their own. */
const trails = new Map<string, AuditTrail>();

/**
 * The trail that `BATON_AUDIT_FILE` asks for; undefined where it is not set. `BATON_AUDIT_KEY` or `BATON_AUDIT_KEY_FILE`
 * signs its checkpoints.
 *
 * @throws BatonError `option_invalid` for a file that cannot be written, `key_invalid`
 */
export function environmentTrail(logger: Logger): AuditTrail | undefined {
  const { BATON_AUDIT_FILE: name, BATON_AUDIT_KEY: key, BATON_AUDIT_KEY_FILE: keyFile } = process.env;
  if (!name) return undefined;
  const file = resolve(name);
  let trail = trails.get(file);
  if (trail === undefined) {
    const signer = key || keyFile ? signerFromEnvironment('BATON_AUDIT_KEY') : undefined;
    signer?.reportTo?.(() => logger);
    const made = createAuditTrail({ file, logger, ...(signer && { signer }) });
    // At a sudden end the chain is ended too, but without a last signed checkpoint, which takes time.
    onDrain(() => made.close());
    trails.set(file, made);
    trail = made;
  }
  return trail;
}
