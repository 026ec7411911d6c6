type Loose<T> = { [K in keyof T]?: T[K] | undefined };

/** The object without its undefined members, frozen: absent means absent, in JSON and in a type with optional members. */
export function definedMembers<T extends object>(members: Loose<T>): Readonly<T> {
  return Object.freeze(Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))) as T;
}
