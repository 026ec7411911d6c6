import type { ConfigElement } from '../iis/xml-sections';

/** An entry of an IIS collection; one that the server has by itself has no element. */
export interface Entry {
  readonly key: string;
  readonly element: ConfigElement | undefined;
}

/**
 * What is in an IIS collection after all its `<add>`, `<remove>` and `<clear>`, in their order. Keys are compared without
 * regard to letter case, as IIS does. Elements without the key are left out: IIS refuses them.
 *
 * @param key the attribute that tells entries apart
 * @param inherited keys that the server has by itself
 */
export function entriesOf(
  collections: readonly ConfigElement[],
  key: string,
  inherited: readonly string[] = [],
): readonly Entry[] {
  const entries = new Map<string, Entry>(
    inherited.map((name) => [name.toLowerCase(), { key: name, element: undefined }]),
  );
  for (const element of collections.flatMap(({ children }) => children)) {
    const name = element.attributes.get(key);
    if (element.name === 'clear') entries.clear();
    else if (name === undefined) continue;
    else if (element.name === 'remove') entries.delete(name.toLowerCase());
    else if (element.name === 'add') entries.set(name.toLowerCase(), { key: name, element });
  }
  return [...entries.values()];
}
