// The parts of the menu that follow from what is there.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Each decision record by its title. */
export function decisions() {
  const folder = path.join(root, 'docs', 'decisions');
  return readdirSync(folder)
    .filter((name) => /^\d{4}-/.test(name))
    .sort()
    .map((name) => {
      const [, title = name] = /^# (.*)$/m.exec(readFileSync(path.join(folder, name), 'utf8')) ?? [];
      return { text: title, link: `/decisions/${name.slice(0, -3)}` };
    });
}

/** Each subpath of the package. */
export function reference() {
  const faces = readdirSync(path.join(root, 'src')).filter((name) => name.endsWith('.ts'));
  const names = faces.map((name) => name.slice(0, -3)).sort();
  const items = names.map((name) => ({
    text: name === 'index' ? 'iis-baton' : `iis-baton/${name}`,
    link: name === 'index' ? '/reference/' : `/reference/${name}`,
  }));
  return [{ text: 'Reference', collapsed: true, items }];
}
