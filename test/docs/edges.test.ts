import { parseWebConfig } from '../../src/iis/web-config';
import { policyJsonSchema } from '../../src/policy/schema';
import { block, codeIn, rowsOf, sectionsOf } from './markdown';

interface Variant {
  readonly properties: Readonly<Record<string, { readonly enum?: readonly string[] }>>;
  readonly required: readonly string[];
}

const PAGE = 'docs/edges.md';
const { properties } = policyJsonSchema() as { properties: { edge: { anyOf: readonly Variant[] } } };
const variants = properties.edge.anyOf.map((variant) => [variant.properties.profile!.enum![0]!, variant] as const);
/** The section that is headed by a profile's name. */
const sections = new Map(
  [...sectionsOf(PAGE)].flatMap(([heading, text]) => codeIn(heading).map((name) => [name, text] as const)),
);

describe(PAGE, () => {
  it('has a section for each profile of the schema, and a row in its table, and no other', () => {
    const names = variants.map(([name]) => name);
    expect([...sections.keys()]).toEqual(names);
    const [, intro] = [...sectionsOf(PAGE)][0]!;
    expect(rowsOf(intro).map(([name]) => codeIn(name!)[0])).toEqual(names);
  });

  it.each(variants)('lists the members of %s as the schema has them', (name, { properties: members, required }) => {
    const documented = rowsOf(sections.get(name)!).map(([member, needed]) => [codeIn(member!)[0], needed]);
    const expected = Object.keys(members).map((member) => [member, required.includes(member) ? 'yes' : 'no']);
    expect(new Map(documented as [string, string][])).toEqual(
      new Map(expected.filter(([member]) => member !== 'profile') as [string, string][]),
    );
  });

  it.each(variants)('says of %s what it does not prove', (name) => {
    expect(sections.get(name)).toContain('What it does not prove: ');
  });

  it('promotes and denies the same variable of IIS', () => {
    const config = parseWebConfig(`<configuration>${block(PAGE, 'xml', 'windows')}</configuration>`);
    expect([...config.requestFiltering.headerLimits]).toEqual([['x-iisnode-logon_user', 0]]);
    expect(config.iisnode).toMatchObject({ promoteServerVars: 'LOGON_USER' });
  });
});
