import { elementsAt, parseConfigXml, type ConfigElement } from '../iis/xml-sections';
import type { Edit, Place } from './finding';
import { Lines } from './text-position';

/** An attribute as it stands in the text. */
interface WrittenAttribute {
  readonly start: number;
  /** Between the quotes. */
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** A start tag as it stands in the text. */
interface StartTag {
  readonly attributes: ReadonlyMap<string, WrittenAttribute>;
  /** After the last attribute, or after the name. */
  readonly contentEnd: number;
  /** After the `>`. */
  readonly end: number;
  readonly selfClosing: boolean;
}

/**
 * An XML configuration file: its elements by a real parser, and the places of their attributes in the text, so that a
 * finding names the line and a fix changes nothing else.
 */
export class XmlFile {
  readonly #lines: Lines;
  /** Elements of files that `configSource` names, with the file that each is from. */
  readonly #elsewhere = new Map<ConfigElement, XmlFile>();
  readonly root: ConfigElement;

  /**
   * @param file name in findings
   * @param text without byte order mark
   * @param include reads the file that a `configSource` names; its root takes the place of the section. Default: sections
   *   in other files stay empty.
   * @throws BatonError `option_invalid` where it is not well-formed
   */
  constructor(
    readonly file: string,
    readonly text: string,
    include: (name: string) => { readonly file: string; readonly text: string } | undefined = () => undefined,
  ) {
    this.#lines = new Lines(text);
    this.root = this.#withIncluded(parseConfigXml(text, file), include);
  }

  #withIncluded(
    element: ConfigElement,
    include: (name: string) => { readonly file: string; readonly text: string } | undefined,
  ): ConfigElement {
    const source = element.attributes.get('configSource');
    const other = source === undefined ? undefined : include(source);
    if (other !== undefined) {
      const xml = new XmlFile(other.file, other.text);
      this.#adopt(xml.root, xml);
      return xml.root;
    }
    const children = element.children.map((child) => this.#withIncluded(child, include));
    return children.every((child, index) => child === element.children[index]) ? element : { ...element, children };
  }

  #adopt(element: ConfigElement, from: XmlFile): void {
    this.#elsewhere.set(element, from);
    for (const child of element.children) this.#adopt(child, from);
  }

  /** The files that sections were taken from. */
  get included(): readonly string[] {
    return [...new Set([...this.#elsewhere.values()].map(({ file }) => file))];
  }

  /** Where an element, or one of its attributes, stands. */
  place(element: ConfigElement, attribute?: string): Place {
    const from = this.#elsewhere.get(element);
    if (from !== undefined) return from.place(element, attribute);
    const written = attribute === undefined ? undefined : this.#startTag(element).attributes.get(attribute);
    if (written === undefined) return { file: this.file, line: element.line, column: element.column };
    return { file: this.file, ...this.#lines.position(written.start) };
  }

  /** The edit that gives an attribute a value, and adds the attribute where it is missing. */
  setAttribute(element: ConfigElement, name: string, value: string): Edit {
    const from = this.#elsewhere.get(element);
    if (from !== undefined) return from.setAttribute(element, name, value);
    const tag = this.#startTag(element);
    const written = tag.attributes.get(name);
    const escaped = escapeAttribute(value);
    if (written !== undefined) return this.#edit(written.valueStart, written.valueEnd, escaped);
    // Each on a line of its own, where the others are.
    const last = [...tag.attributes.values()].at(-1);
    const before = last === undefined ? '' : (/\s+$/.exec(this.text.slice(0, last.start))?.[0] ?? '');
    const gap = before.includes('\n') ? before.slice(before.lastIndexOf('\n')).replace('\n', this.#newline) : ' ';
    return this.#edit(tag.contentEnd, tag.contentEnd, `${gap}${name}="${escaped}"`);
  }

  /** The edit that gives an element a first child. */
  addChild(parent: ConfigElement, lines: readonly string[]): Edit {
    const from = this.#elsewhere.get(parent);
    if (from !== undefined) return from.addChild(parent, lines);
    const tag = this.#startTag(parent);
    const outer = /^[ \t]*/.exec(this.text.slice(this.#lineStart(parent)))?.[0] ?? '';
    const child = lines.map((line) => `${this.#newline}${outer}${this.#indent}${line}`).join('');
    if (tag.selfClosing) {
      return this.#edit(tag.contentEnd, tag.end, `>${child}${this.#newline}${outer}</${parent.name}>`);
    }
    const closesHere = this.text.startsWith('</', tag.end);
    return this.#edit(tag.end, tag.end, closesHere ? `${child}${this.#newline}${outer}` : child);
  }

  /** The edit that adds an element at a path below `from`, together with what is missing of the path. */
  addAt(from: ConfigElement, path: readonly string[], lines: readonly string[]): Edit {
    let parent = from;
    let depth = 0;
    for (const name of path) {
      const next = elementsAt(parent, [name]).at(-1);
      if (next === undefined) break;
      parent = next;
      depth += 1;
    }
    const nested = path
      .slice(depth)
      .reduceRight<readonly string[]>(
        (inner, name) => [`<${name}>`, ...inner.map((line) => `${this.#indent}${line}`), `</${name}>`],
        lines,
      );
    return this.addChild(parent, nested);
  }

  #edit(start: number, end: number, text: string): Edit {
    return { file: this.file, start, end, text };
  }

  get #newline(): string {
    return this.text.includes('\r\n') ? '\r\n' : '\n';
  }

  /** One step of the file's own indentation. */
  get #indent(): string {
    return /\n([ \t]+)</.exec(this.text)?.[1] ?? '  ';
  }

  #lineStart(element: ConfigElement): number {
    return this.#lines.offset(element.line, 1);
  }

  /** Reads a start tag of XML that the parser found well-formed, so that it only has to find the places. */
  #startTag(element: ConfigElement): StartTag {
    const { text } = this;
    let at = this.#lines.offset(element.line, element.column) + 1 + element.name.length;
    const attributes = new Map<string, WrittenAttribute>();
    const attribute = /\s+([^\s=/>]+)\s*=\s*(["'])/y;
    for (;;) {
      attribute.lastIndex = at;
      const found = attribute.exec(text);
      if (found === null) break;
      const [whole, name = '', quote = '"'] = found;
      const valueStart = found.index + whole.length;
      const valueEnd = text.indexOf(quote, valueStart);
      attributes.set(name, { start: found.index + whole.search(/\S/), valueStart, valueEnd });
      at = valueEnd + 1;
    }
    const end = text.indexOf('>', at) + 1;
    return { attributes, contentEnd: at, end, selfClosing: text[end - 2] === '/' };
  }
}

function escapeAttribute(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
