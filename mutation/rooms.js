'use strict';

/** The rooms whose code is changed, and the tests that a change meets first: the room's own. */
exports.rooms = {
  jws: { folders: ['jws', 'vectors', 'token'], except: ['jws/without-jose.test.ts'] },
  token: { folders: ['token'], except: [] },
  identity: { folders: ['identity'], except: ['identity/replay/farm.test.ts', 'identity/replay/redis.test.ts'] },
  policy: { folders: ['policy'], except: ['policy/live.test.ts'] },
};

/** What survives meets these: those of the rooms above too. */
exports.wide = {
  folders: ['jws', 'vectors', 'token', 'identity', 'policy', 'attacks', 'keys', 'middleware', 'authorizer', 'function'],
  except: [
    // Their processes load the build, which is not changed.
    'identity/replay/farm.test.ts',
    // Reads the project's pages, of which some are not copied.
    'attacks/index.test.ts',
    // Take the registry of modules apart, or look at what is said once a process: here all files are one.
    'keys/peers.test.ts',
    'middleware/one-use.test.ts',
  ],
};
