import { elementsAt } from '../../src/iis/xml-sections';
import type { Edit } from '../../src/doctor/finding';
import { XmlFile } from '../../src/doctor/xml-file';

const apply = (text: string, { start, end, text: inserted }: Edit): string =>
  text.slice(0, start) + inserted + text.slice(end);

const element = (xml: XmlFile, ...path: string[]) => {
  const [found] = elementsAt(xml.root, path);
  if (found === undefined) throw new Error(`no ${path.join('/')}`);
  return found;
};

describe('places', () => {
  const text =
    '<?xml version="1.0"?>\r\n<a>\r\n  <!-- <b x="0"/> -->\r\n  <b\r\n    x = \'>\'\r\n    y="2"/>\r\n</a>\r\n';
  const xml = new XmlFile('f.config', text);

  it.each([
    [undefined, 4, 3],
    ['x', 5, 5],
    ['y', 6, 5],
    ['missing', 4, 3],
  ])('attribute %s', (attribute, line, column) => {
    expect(xml.place(element(xml, 'b'), attribute)).toEqual({ file: 'f.config', line, column });
  });
});

describe('setting an attribute', () => {
  it.each([
    ['one that is there', '<a><b x="1" y="2"/></a>', '<a><b x="7" y="2"/></a>'],
    [
      'one in single quotes, beside one whose value looks like a tag',
      "<a><b y='/>' x='1'/></a>",
      "<a><b y='/>' x='7'/></a>",
    ],
    ['a new one', '<a><b y="2" /></a>', '<a><b y="2" x="7" /></a>'],
    ['the first one', '<a><b/></a>', '<a><b x="7"/></a>'],
    [
      'a new line where each has its own',
      '<a>\r\n  <b\r\n\ty="2"\r\n\tz="3" /></a>',
      '<a>\r\n  <b\r\n\ty="2"\r\n\tz="3"\r\n\tx="7" /></a>',
    ],
    ['of an element with content', '<a><b y="2"><c/></b></a>', '<a><b y="2" x="7"><c/></b></a>'],
  ])('%s', (_what, before, after) => {
    const xml = new XmlFile('f', before);
    expect(apply(before, xml.setAttribute(element(xml, 'b'), 'x', '7'))).toBe(after);
  });

  it('escapes what XML needs escaped', () => {
    const xml = new XmlFile('f', '<a><b x="1"/></a>');
    const after = apply(xml.text, xml.setAttribute(element(xml, 'b'), 'x', '"C:\\a & b" <c>'));
    expect(after).toBe('<a><b x="&quot;C:\\a &amp; b&quot; &lt;c>"/></a>');
    expect(element(new XmlFile('f', after), 'b').attributes.get('x')).toBe('"C:\\a & b" <c>');
  });
});

describe('adding an element', () => {
  it.each([
    ['into a full one', '<a>\n  <b>\n    <d />\n  </b>\n</a>\n', '<a>\n  <b>\n    <c />\n    <d />\n  </b>\n</a>\n'],
    ['into an empty one', '<a>\n  <b></b>\n</a>\n', '<a>\n  <b>\n    <c />\n  </b>\n</a>\n'],
    ['into one that closes itself', '<a>\n  <b x="1" />\n</a>\n', '<a>\n  <b x="1">\n    <c />\n  </b>\n</a>\n'],
    ['with the line ends of the file', '<a>\r\n\t<b>\r\n\t</b>\r\n</a>', '<a>\r\n\t<b>\r\n\t\t<c />\r\n\t</b>\r\n</a>'],
    ['with what is missing of the path', '<a>\n  <z />\n</a>\n', '<a>\n  <b>\n    <c />\n  </b>\n  <z />\n</a>\n'],
  ])('%s', (_what, before, after) => {
    const xml = new XmlFile('f', before);
    expect(apply(before, xml.addAt(xml.root, ['b'], ['<c />']))).toBe(after);
  });
});
