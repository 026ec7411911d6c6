import { setMember } from './redact';
import { SUBJECT_MEMBERS, type SubjectHash } from './subjects';

/** What of an event its line shows. */
export interface AuditView {
  readonly hashed: SubjectHash | undefined;
  /** Whether names and addresses of people stay in. */
  readonly keepPersonal: boolean;
}

const PERSONAL = '[personal]';
/** Members that name a person or a person's machine: of an Identity, and of OpenID Connect Core, section 5.1. */
const PERSONAL_NAMES =
  /^(?:(?:display|given|family|middle|nick|full|user|preferred_?user)?_?name|e?mail|upn|phone(?:_?number)?|address|birth_?date|picture|(?:client|remote|ip)_?address|req_?ip|ip)$/i;
// Letters of any language (RFC 6531), as they are or as a path has them. Each part is bounded, so that a long path costs no
// more than its length.
const MAIL_ADDRESS =
  /(?:[\p{L}\p{M}\p{N}_.+'-]|%(?!40)[\da-f]{2}){1,64}(?:@|%40)(?:[\p{L}\p{M}\p{N}_-]|%[\da-f]{2}){1,63}(?:\.(?:[\p{L}\p{M}\p{N}_-]|%[\da-f]{2}){1,63}){1,8}/giu;

function shownText(name: string, text: string, { hashed, keepPersonal }: AuditView): string {
  // Who did it is what an audit trail is for: they keep a mail address, or become hashes, but are not taken out.
  if (SUBJECT_MEMBERS.has(name)) return hashed === undefined ? text : hashed(text);
  if (keepPersonal || !/@|%40/.test(text)) return text;
  return text.replace(MAIL_ADDRESS, PERSONAL);
}

function shown(name: string, value: unknown, view: AuditView): unknown {
  if (typeof value === 'string') {
    return !view.keepPersonal && PERSONAL_NAMES.test(name) ? PERSONAL : shownText(name, value, view);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => shown(name, item, view));
  return auditView(value as Record<string, unknown>, view);
}

/**
 * Fields, redacted before, as an audit line shows them: callers in their form, people's names and addresses out.
 * Taken out by member name, and mail addresses wherever they stand; a name in the middle of a path is not known as one.
 */
export function auditView(fields: Readonly<Record<string, unknown>>, view: AuditView): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) setMember(members, name, shown(name, fields[name], view));
  return members;
}
