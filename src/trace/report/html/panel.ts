import { markup, type Markup } from './markup';

/** A part of the page with a heading of its own. */
export interface Panel {
  readonly id: string;
  readonly title: string;
  /** What the panel shows, and how to read it, in one or two sentences. */
  readonly intro?: string | Markup;
  /** Which filters do not reach it, because its figures cannot be taken apart. */
  readonly unfiltered?: 'time' | 'all';
  readonly body: Markup | readonly (Markup | false)[];
  /** Controls beside the heading. */
  readonly controls?: Markup;
}

const UNFILTERED = {
  time: 'Of the whole time',
  all: 'Of all routes, the whole time',
} as const;

/** The frame that each panel has. */
export function panel({ id, title, intro, unfiltered, body, controls }: Panel): Markup {
  return markup` <section class="panel" id="${id}" aria-labelledby="${id}-title">
    <div class="panel-head">
      <h2 id="${id}-title">${title}</h2>
      ${unfiltered && markup`<span class="scope" data-scope="${unfiltered}" hidden>${UNFILTERED[unfiltered]}</span>`}
      ${controls}
    </div>
    ${intro !== undefined && markup`<p class="intro">${intro}</p>`} ${body}
  </section>`;
}

/** What stands where there is nothing to show: what that means, and what to do if it should not be so. */
export const empty = (title: string, what: string): Markup =>
  markup`<div class="empty">
    <p class="empty-title">${title}</p>
    <p>${what}</p>
  </div>`;

/** A table that may be wider than the page: it scrolls by itself, also by keyboard. */
export const scrolling = (label: string, table: Markup): Markup =>
  markup`<div class="scroll" tabindex="0" role="region" aria-label="${label}">${table}</div>`;
