import { DATA_MEMBERS, type HistoryEvent } from '../history';
import { executionOf, type Action } from './action';

function withoutData(event: HistoryEvent): object {
  return Object.fromEntries(
    Object.entries(event).map(([name, value]) => {
      if (!name.endsWith('EventDetails')) return [name, value];
      return [
        name,
        Object.fromEntries(Object.entries(value as object).filter(([member]) => !DATA_MEMBERS.includes(member))),
      ];
    }),
  );
}

/** `GetExecutionHistory`: pages of 100 or as many as are asked for, up to 1,000. */
export const getExecutionHistory: Action = (service, request) => {
  const { start, history } = executionOf(service, request);
  const reversed = request.flag('reverseOrder', false);
  const withData = request.flag('includeExecutionData', true);
  const count = request.maxResults(100);
  const token = request.text('nextToken', 1024);
  const question = `history ${start.arn} ${String(reversed)}`;
  const { events } = history;
  let page: readonly HistoryEvent[];
  let next: number | undefined;
  if (reversed) {
    const end = token === undefined ? events.length : service.pages.read(token, question);
    const from = Math.max(0, end - count);
    page = events.slice(from, end).reverse();
    if (from > 0) next = from;
  } else {
    const from = token === undefined ? 0 : service.pages.read(token, question);
    page = events.slice(from, from + count);
    if (from + count < events.length) next = from + count;
  }
  return {
    events: withData ? page : page.map(withoutData),
    ...(next !== undefined && { nextToken: service.pages.make(question, next) }),
  };
};
