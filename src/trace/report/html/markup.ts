import { htmlText } from '../../../core/html-text';
import { printable } from '../../../core/printable';

/** HTML that is finished. Only {@link markup} makes it, so a text that a log holds cannot pass for it. */
export class Markup {
  /** @internal */
  constructor(readonly text: string) {}
}

type Part = string | number | Markup | null | undefined | false | readonly Part[];

/**
 * Makes HTML: what is put into the template is text, whatever it looks like, unless it is {@link Markup} already. Attributes
 * must be in double quotes. What would turn the direction of text, or steer a terminal into which it is copied, is shown
 * as `\uXXXX`.
 */
export function markup(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const pieces = texts.map((text, index) => unindented(text) + (index < parts.length ? render(parts[index]) : ''));
  return new Markup(pieces.join(''));
}

/** What indents our templates is a third of a page that has a thousand rows. */
const unindented = (text: string): string => text.replace(/\n\s+/g, '\n');

function render(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return htmlText(printable(String(part)));
  return part.map(render).join('');
}

/** JSON for a script element of type application/json: nothing in it ends the element, begins a comment, or turns text round. */
export function jsonMarkup(value: unknown): Markup {
  return new Markup(printable(JSON.stringify(value)).replaceAll('<', '\\u003c'));
}

/** A file of our own, as it is: style sheets and scripts. */
export const assetMarkup = (text: string): Markup => new Markup(text);

/** The beginning of a text that is too long for a table. */
export const shortened = (text: string, characters = 300): string =>
  text.length > characters ? `${text.slice(0, characters)}…` : text;
