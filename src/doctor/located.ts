import type { DataFile, Step } from './data-file';
import type { Place } from './finding';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value in a JSON or YAML file, together with where it stands. One that is not there has the value undefined. */
export class Located {
  private constructor(
    readonly data: DataFile,
    readonly path: readonly Step[],
    readonly value: unknown,
  ) {}

  /** The whole of a file. */
  static rootOf(data: DataFile): Located {
    return new Located(data, [], data.value);
  }

  /** A value further down. */
  at(...steps: readonly Step[]): Located {
    let value = this.value;
    for (const step of steps) {
      if (Array.isArray(value)) value = value[Number(step)];
      else value = isRecord(value) && Object.hasOwn(value, String(step)) ? value[String(step)] : undefined;
    }
    return new Located(this.data, [...this.path, ...steps], value);
  }

  /** The first of several spellings that is there; the first of all where none is. */
  atFirst(...names: readonly [string, ...string[]]): Located {
    return this.at(names.find((name) => this.at(name).isThere) ?? names[0]);
  }

  get isThere(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** Where it stands; of what is not there, the nearest thing above it that is. */
  get place(): Place {
    return this.data.place(this.path);
  }

  /** Its text; undefined where it is none. */
  get text(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined;
  }

  /** Its members by name; none where it is no object. */
  get members(): readonly (readonly [string, Located])[] {
    return isRecord(this.value) ? Object.keys(this.value).map((name) => [name, this.at(name)] as const) : [];
  }

  /** Its items; none where it is no list. */
  get items(): readonly Located[] {
    return Array.isArray(this.value) ? this.value.map((_, index) => this.at(index)) : [];
  }
}

/** A value by its JSON pointer (RFC 6901). */
export function atPointer(data: DataFile, pointer: string): Located {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return Located.rootOf(data).at(...steps);
}
