import { policyJsonSchema } from '../../src/policy/schema';
import { readExpectations, testPolicy } from '../../src/policy/expectations';
import { compilePolicy } from '../../src/policy/policy';
import { invoicesDocument } from '../support/invoices';
import { block, blocksOf, codeIn, rowsOf, sectionsOf } from './markdown';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly $ref?: string;
}

const PUBLISHED = policyJsonSchema() as unknown as Schema & { readonly $defs: Readonly<Record<string, Schema>> };
/** A part that is written once stands wherever it is referred to. */
const resolved = (schema: Schema): Schema =>
  schema.$ref === undefined ? schema : PUBLISHED.$defs[schema.$ref.slice('#/$defs/'.length)]!;

const PAGE = 'docs/policy.md';
/** The heading of the file's own members; all other objects are headed by their place. */
const FILE = 'The file';
/** Claims are read in one way, wherever they come from. */
const CLAIMS = 'identityProviders.<name>.claims';

/** What has one section for several places: the same claims behind each edge, roles and scopes, one place or a list. */
const headingOf = (place: string): string =>
  place.replace(/^edge\.claims/, CLAIMS).replace(/\.claims\.(?:roles|scopes)(?:\[\])?$/, '.claims.roles') || FILE;

/** Every object of the schema that has named members: its place → member → whether it must be there. */
function objectsOf(schema: Schema, place: string, found = new Map<string, Map<string, string>>()): typeof found {
  const { properties = {}, required = [], additionalProperties, items, anyOf = [] } = resolved(schema);
  if (additionalProperties === false) {
    // The same keys in three places have one section, of which one member is needed: an object for each kind.
    const heading = place.endsWith('.keys') ? 'keys' : headingOf(place);
    const members = found.get(heading) ?? new Map<string, string>();
    found.set(heading, members);
    for (const [name, member] of Object.entries(properties)) {
      const needed = required.includes(name) ? 'yes' : 'no';
      // docs/edges.md says it for each profile.
      const byProfile = heading === 'edge' && name !== 'profile';
      members.set(name, heading === 'keys' ? 'one of them' : byProfile ? 'by profile' : needed);
      objectsOf(member, place === '' ? name : `${place}.${name}`, found);
    }
  } else if (additionalProperties) objectsOf(additionalProperties, `${place}.<name>`, found);
  if (items) objectsOf(items, `${place}[]`, found);
  for (const kind of anyOf) objectsOf(kind, place, found);
  return found;
}

describe('docs/policy.md', () => {
  const objects = objectsOf(PUBLISHED, '');
  const sections = sectionsOf(PAGE);
  const documented = [...sections.keys()].filter((heading) => heading === FILE || heading.startsWith('`'));

  it('has a section for each object of the schema, and no other', () => {
    const headings = [...objects.keys()].map((place) => (place === FILE ? place : `\`${place}\``));
    expect(documented.filter((heading) => heading !== '`${NAME}`').sort()).toEqual(headings.sort());
    expect(headings.length).toBeGreaterThan(8);
  });

  it.each([...objects])('lists the members of %s as the schema has them', (place, members) => {
    const rows = rowsOf(sections.get(place === FILE ? place : `\`${place}\``) ?? '');
    expect(new Map(rows.map(([name, required]) => [codeIn(name!)[0], required]))).toEqual(members);
  });

  it('says by which entry each request of its example is decided', () => {
    const [example] = blocksOf(PAGE).filter(({ text }) => text.includes('"routes"'));
    const policy = compilePolicy({ ...invoicesDocument, ...(JSON.parse(example!.text) as object) });
    const identity = { roles: ['approver'], scopes: [] } as unknown as Parameters<typeof policy.decideRoute>[1];
    const rows = rowsOf(sections.get('Which route entry decides') ?? '');
    const decided = rows.map(([request]) => {
      const [method = '', path = ''] = codeIn(request!)[0]!.split(' ');
      const { rule } = policy.decideRoute({ method, path }, identity);
      return [request, rule === undefined ? 'none' : `\`${rule}\``];
    });
    expect(decided).toEqual(rows);
    expect(rows.length).toBeGreaterThan(6);
  });

  it('shows a table of expectations that its own example meets', () => {
    const policy = compilePolicy(invoicesDocument);
    const table = readExpectations(JSON.parse(block(PAGE, 'json', 'policy-table')), policy, PAGE);
    const { results } = testPolicy(policy, table, 0);
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
    expect(results.length).toBeGreaterThan(3);
  });
});
