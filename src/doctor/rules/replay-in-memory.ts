import type { Place } from '../finding';
import type { Rule } from '../rule';
import type { Project } from '../project';
import { poolSetting } from '../server-sections';

const REDIS_VARIABLE = 'BATON_REPLAY_REDIS_URL';

/** Why there is more than one process at times, the certain ones first. */
function severalProcesses({
  site,
  applicationHost,
}: Project): { why: string; place: Place; always: boolean } | undefined {
  if (site?.usesIisnode) {
    const { value, place } = site.iisnode.nodeProcessCountPerApplication;
    const why =
      value === 0
        ? 'nodeProcessCountPerApplication is 0, which starts a process for each processor'
        : `iisnode starts ${value} processes`;
    if (value !== 1) return { why, place, always: true };
  }
  for (const element of [...(site?.section('httpPlatform') ?? []), ...(site?.section('aspNetCore') ?? [])]) {
    const count = Number(element.attributes.get('processesPerApplication') ?? 1);
    if (site !== undefined && count > 1) {
      return {
        why: `IIS starts ${count} processes`,
        place: site.xml.place(element, 'processesPerApplication'),
        always: true,
      };
    }
  }
  if (applicationHost?.site === undefined) return undefined;
  const { xml, site: element } = applicationHost;
  const garden = poolSetting(applicationHost, 'processModel', 'maxProcesses');
  if (garden !== undefined && garden.value !== '1') {
    return {
      why: `the application pool is a web garden of ${garden.value} worker processes`,
      place: xml.place(garden.element, 'maxProcesses'),
      always: true,
    };
  }
  const rotation = poolSetting(applicationHost, 'recycling', 'disallowOverlappingRotation');
  if (rotation?.value.toLowerCase() === 'true') return undefined;
  const place = xml.place(applicationHost.applicationPool ?? element);
  return {
    why: 'while the application pool is recycled two processes run, and the new one remembers nothing',
    place,
    always: false,
  };
}

export const replayInMemory: Rule = {
  code: 'replay-in-memory',
  severity: 'warning',
  title: 'Used tokens are remembered by one process of several',
  check(project) {
    const edge = project.policy?.document?.edge;
    if (edge?.profile !== 'txn-token' || edge.replay !== 'reject') return [];
    if (project.environment.get(REDIS_VARIABLE)?.value) return [];
    // The app brings a store of its own.
    if (project.site?.scripts.some(({ code }) => /\breplayStore\b/.test(code))) return [];
    const several = severalProcesses(project);
    if (several === undefined) return [];
    return [
      {
        place: several.place,
        ...(!several.always && { severity: 'info' as const }),
        message: `The policy lets each token in once ("replay": "reject"), and used ones are remembered in the memory of one process. But ${several.why}. A stolen token works once more in each.`,
        fix: `Inside <appSettings>, with the package ioredis installed:\n<add key="${REDIS_VARIABLE}" value="rediss://cache.example.internal:6379" />\nor one process: nodeProcessCountPerApplication="1", and disallowOverlappingRotation="true" on the application pool.`,
      },
    ];
  },
};
