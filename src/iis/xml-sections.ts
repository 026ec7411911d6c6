import type { Document, Element } from '@xmldom/xmldom';
import { BatonError } from '../core/errors';

/**
 * An XML element of a configuration file, with what a reader of it needs: its children, its attributes, and an error
 * that names the file and the line.
 */
export interface ConfigElement {
  readonly name: string;
  /** Of the start tag's `<`, 1-based. */
  readonly line: number;
  /** Of the start tag's `<`, 1-based. */
  readonly column: number;
  /** Attributes by name, in the order of the file. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly ConfigElement[];
  /** The error for something wrong in this element. */
  fault(message: string): BatonError;
}

/**
 * Parses a configuration file.
 *
 * @param fileName for messages only
 * @returns the root element
 * @throws BatonError `option_invalid` with file name and line where it is not well-formed
 */
export function parseConfigXml(xml: string, fileName: string): ConfigElement {
  const { DOMParser, onWarningStopParsing } = require('@xmldom/xmldom') as typeof import('@xmldom/xmldom');
  let document: Document;
  let complaint: string | undefined;
  try {
    // IIS writes a byte order mark; the parser would take it for text before the root.
    const text = xml.replace(/^\uFEFF/, '');
    const onError = (_level: string, message: string): void => {
      // Letters of another encoding harm nothing here.
      if (message.includes('replacement character')) return;
      complaint = message;
      // What the parser only warns about, such as values without quotes, IIS refuses.
      onWarningStopParsing();
    };
    document = new DOMParser({ onError }).parseFromString(text, 'text/xml');
  } catch (cause) {
    // 0 where nothing was read.
    const line = (cause as { locator?: { lineNumber?: number } }).locator?.lineNumber ?? 1;
    const reason = complaint ?? (cause as Error).message;
    throw configFault(fileName, Math.max(line, 1), `this is not well-formed XML: ${reason}`, cause);
  }
  const root = document.documentElement;
  if (root === null) throw configFault(fileName, 1, 'the file holds no XML element');
  return wrap(root, fileName);
}

/** All elements at a path of names below `element`, such as `['rewrite', 'rules']`. */
export function elementsAt(element: ConfigElement, path: readonly string[]): readonly ConfigElement[] {
  return path.reduce<readonly ConfigElement[]>(
    (found, name) => found.flatMap(({ children }) => children.filter((child) => child.name === name)),
    [element],
  );
}

/** Where a web.config's own sections are: its root, and the `<location>`s that are not of another path. */
export function ownScopes(root: ConfigElement): readonly ConfigElement[] {
  const isOwn = ({ name, attributes }: ConfigElement): boolean =>
    name === 'location' && ['', '.'].includes(attributes.get('path') ?? '');
  return [root, ...root.children.filter(isOwn)];
}

function wrap(element: Element, fileName: string): ConfigElement {
  const line = element.lineNumber ?? 1;
  return {
    name: element.tagName,
    line,
    column: element.columnNumber ?? 1,
    attributes: new Map(Array.from(element.attributes, ({ name, value }) => [name, value])),
    children: Array.from(element.childNodes)
      .filter((node): node is Element => node.nodeType === node.ELEMENT_NODE)
      .map((child) => wrap(child, fileName)),
    fault: (message) => configFault(fileName, line, message),
  };
}

function configFault(fileName: string, line: number, message: string, cause?: unknown): BatonError {
  return new BatonError('option_invalid', `${fileName}, line ${line}: ${message}.`, { cause });
}
