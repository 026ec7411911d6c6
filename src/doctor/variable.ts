import type { Place } from './finding';

/** A variable that the app will see. */
export interface Variable {
  readonly value: string;
  /** Where it is set, for those of web.config. */
  readonly place?: Place;
}
