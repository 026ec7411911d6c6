// The reference: one page for each subpath, out of the docstrings.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Application } from 'typedoc';
import { facesOf, pageOfFace, titleOfFace } from './faces.mjs';
import { slug } from './slug.mjs';

const OPTIONS = {
  plugin: ['typedoc-plugin-markdown'],
  name: 'Reference',
  readme: 'none',
  router: 'module',
  entryFileName: 'subpaths',
  groupOrder: ['Functions', 'Classes', 'Variables', 'Interfaces', 'Type Aliases', 'References'],
  hidePageHeader: true,
  hideBreadcrumbs: true,
  disableSources: true,
  excludeInternal: true,
  excludePrivate: true,
  // What Node's IncomingMessage or Error has is told by Node.
  excludeExternals: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'list',
  githubPages: false,
  // Types are checked elsewhere.
  skipErrorChecking: true,
  logLevel: 'Error',
};

const titled = (text, face) =>
  text.replace(/^# .*$/m, `# ${titleOfFace(face)}`).replaceAll('](index.md', `](${pageOfFace('index')}.md`);

/** The anchors of a page's headings; the second of a name gets `-1`. */
function anchorsOf(text) {
  const seen = new Map();
  return new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => {
      const anchor = slug(heading.replaceAll('\\', ''));
      const count = seen.get(anchor) ?? 0;
      seen.set(anchor, count + 1);
      return count === 0 ? anchor : `${anchor}-${count}`;
    }),
  );
}

/** The generator counts what it leaves out as well, and then links to the second heading of a name that stands once. */
const withSoundAnchors = (text) => {
  const anchors = anchorsOf(text);
  return text.replace(/\(#([\w-]+?)-\d+\)/g, (whole, first) =>
    !anchors.has(whole.slice(2, -1)) && anchors.has(first) ? `(#${first})` : whole,
  );
};

/** Writes a page for each subpath into the folder `out`. */
export async function writeReference(root, out) {
  const faces = facesOf(root);
  const app = await Application.bootstrapWithPlugins({
    ...OPTIONS,
    out,
    entryPoints: faces.map((face) => path.join(root, 'src', `${face}.ts`)),
    tsconfig: path.join(root, 'tsconfig.build.json'),
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('The reference could not be made from the code.');
  await app.generateOutputs(project);
  rmSync(path.join(out, 'subpaths.md'));
  for (const face of faces) {
    const made = path.join(out, `${face}.md`);
    writeFileSync(made, withSoundAnchors(titled(readFileSync(made, 'utf8'), face)));
    renameSync(made, path.join(out, `${pageOfFace(face)}.md`));
  }
}
