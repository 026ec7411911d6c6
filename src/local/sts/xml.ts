/** Elements by name; nested ones in the order in which they are written. */
export interface Elements {
  readonly [name: string]: string | number | Elements;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** A text as XML may hold it; control characters, which it may not, are left out. */
const escaped = (text: string): string =>
  text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, '').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** Elements as XML, without the header line: AWS's query services write none. */
export function toXml(elements: Elements): string {
  return Object.entries(elements)
    .map(([name, content]) => {
      const inner = typeof content === 'object' ? toXml(content) : escaped(String(content));
      return `<${name}>${inner}</${name}>`;
    })
    .join('');
}

/** Of the elements of STS. */
export const STS_NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** An error as STS answers it. */
export function errorXml(status: number, code: string, message: string, requestId: string): string {
  const error = { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message };
  return `<ErrorResponse xmlns="${STS_NAMESPACE}">${toXml({ Error: error, RequestId: requestId })}</ErrorResponse>`;
}
