import type { Problem } from '../core/errors';
import { objectOf, step, wholeNumber, type Shape } from '../policy/shape';
import { FAULT_SERVICES, faultsShape, type Fault, type FaultService } from './faults/fault';
import { startFaultProxy, type FaultProxy } from './faults/fault-proxy';

/** `faults` of `baton.dev.json`: what goes wrong from the start, by service. */
export interface RelayFaultsDocument extends Readonly<Partial<Record<FaultService, readonly Fault[]>>> {
  /** Which requests a `rate` hits. Default 1. */
  readonly seed?: number;
}

/** The proxies of the services that the relay runs. */
export type RelayFaults = Readonly<Partial<Record<FaultService, FaultProxy>>>;

/** The shape of {@link RelayFaultsDocument}. */
export const relayFaultsShape: Shape = objectOf('What goes wrong.', {
  optional: {
    seed: wholeNumber('Which requests a rate hits.', 0, 2 ** 32 - 1),
    ...Object.fromEntries(FAULT_SERVICES.map((service) => [service, faultsShape(service)])),
  },
});

/** Faults of a service that does not run here would hit nothing, and nobody would notice. */
export function checkFaultServices(
  document: {
    readonly sqs?: unknown;
    readonly stateMachines?: unknown;
    readonly sts?: unknown;
    readonly entra?: unknown;
    readonly faults?: RelayFaultsDocument;
  },
  problems: Problem[],
): void {
  // The functions that go to Entra show who they are by STS.
  const runs = {
    states: ['stateMachines', document.stateMachines],
    sqs: ['sqs', document.sqs],
    sts: ['sts', document.sts ?? document.entra],
    entra: ['entra', document.entra],
  } as const;
  for (const service of ['states', 'sqs', 'sts', 'entra'] as const) {
    const [member, running] = runs[service];
    if (document.faults?.[service] === undefined || running !== undefined) continue;
    problems.push({ pointer: step('/faults', service), message: `hits nothing: this file has no "${member}"` });
  }
}

/** Puts a proxy before each service that is asked for, with the faults of the configuration. */
export class FaultLine {
  readonly proxies: Partial<Record<FaultService, FaultProxy>> = {};
  readonly #document: RelayFaultsDocument;

  constructor(document: RelayFaultsDocument = {}) {
    this.#document = document;
  }

  /** Starts the proxy of a service; gives the URL by which the app reaches it. */
  async before(service: FaultService, target: string): Promise<string> {
    const { seed, [service]: faults } = this.#document;
    const proxy = await startFaultProxy({
      service,
      target,
      ...(faults && { faults }),
      ...(seed !== undefined && { seed }),
    });
    this.proxies[service] = proxy;
    return proxy.url;
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.proxies).map((proxy) => proxy.stop()));
  }
}
