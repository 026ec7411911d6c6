/** A Windows account by its down-level logon name, in one spelling. */
export interface WindowsAccount {
  /** `DOMAIN\user`. Windows takes no notice of letter case, so this has one: domain upper, user lower. */
  readonly name: string;
  readonly domain: string;
  readonly user: string;
}

/** What neither part can hold; `?` is also what Windows writes where a letter has no place in its code page. */
const PATTERN = /^([^\x00-\x20\x7f-\x9f"/\\[\]:;|=,+*?<>@]{1,64})\\([^\x00-\x1f\x7f-\x9f"/\\[\]:;|=,+*?<>@]{1,104})$/;

/** Reads `DOMAIN\user`; undefined where it is not one. */
export function windowsAccount(text: string): WindowsAccount | undefined {
  const [, domainPart, userPart] = PATTERN.exec(text) ?? [];
  if (domainPart === undefined || userPart === undefined) return undefined;
  const domain = domainPart.toUpperCase();
  const user = userPart.toLowerCase();
  return { name: `${domain}\\${user}`, domain, user };
}
