/** One part of a path template between slashes. */
export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'greedy'; readonly name: string };

/** A path of the definition: `/invoices/{id}`, `/files/{proxy+}`, or `/$default`, which takes what nothing else takes. */
export interface PathTemplate {
  readonly path: string;
  readonly segments: readonly Segment[];
  readonly isDefault: boolean;
}

/** A path template, or a sentence that says what is wrong with it. */
export function readPathTemplate(path: string): PathTemplate | string {
  if (!path.startsWith('/')) return 'must start with a slash';
  if (path === '/$default') return { path, segments: [], isDefault: true };
  const parts = path.slice(1).split('/');
  const segments: Segment[] = [];
  for (const [index, part] of parts.entries()) {
    const [, name, plus] = /^\{([^{}+]+)(\+?)\}$/.exec(part) ?? [];
    if (name === undefined) {
      if (/[{}]/.test(part)) return `has the part "${part}": a parameter takes a whole part, as {name} or {name+}`;
      segments.push({ kind: 'literal', text: part });
    } else if (plus === '+') {
      if (index < parts.length - 1) return `has {${name}+} before its end: only the last part can be greedy`;
      segments.push({ kind: 'greedy', name });
    } else {
      segments.push({ kind: 'parameter', name });
    }
  }
  return { path, segments, isDefault: false };
}
