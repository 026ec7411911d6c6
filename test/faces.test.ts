import * as authorizer from '../src/authorizer';
import * as clsHooked from '../src/cls-hooked';
import * as context from '../src/context';
import * as doctor from '../src/doctor';
import * as entra from '../src/entra';
import * as errors from '../src/errors';
import * as functions from '../src/function';
import * as iis from '../src/iis';
import * as index from '../src/index';
import * as logging from '../src/logging';
import * as offload from '../src/offload';
import * as policy from '../src/policy';
import * as testing from '../src/testing';
import * as workflows from '../src/workflows';

describe('the faces', () => {
  // A name that is missing here breaks users; one too many is a promise that nobody meant.
  it.each([
    ['authorizer', authorizer, ['createAuthorizer', 'jwkSigner', 'kmsSigner', 'ringSigner', 'secretsManagerSigner']],
    ['cls-hooked', clsHooked, ['bridgeNamespace']],
    ['context', context, ['currentContext', 'currentUser']],
    ['doctor', doctor, ['runDoctor']],
    ['entra', entra, ['awsTokenSource', 'createEntraTokens', 'jwkSigner', 'kmsSigner']],
    ['errors', errors, ['BatonError', 'ERROR_TABLE']],
    ['function', functions, ['correlationHeaders', 'createFetch', 'currentContext', 'currentUser', 'withBaton']],
    ['iis', iis, ['HOST_MODES', 'clientOf', 'detectHostMode', 'listen']],
    ['logging', logging, ['auditTrail', 'createAuditTrail', 'createJsonLogger', 'createLogger', 'createMetrics']],
    [
      'offload',
      offload,
      [
        'createOffload',
        'enqueueHandler',
        'entraCertificateToken',
        'jwkSigner',
        'kmsSigner',
        'managedIdentityToken',
        'offloadHandler',
        'ringSigner',
        'secretsManagerSigner',
        'tokenFrom',
        'tokenFromFile',
        'webIdentityCredentials',
      ],
    ],
    ['testing', testing, ['asUser', 'createTestGateway', 'testUser', 'withTestUser']],
    ['policy', policy, ['compilePolicy', 'loadPolicy']],
    [
      'workflows',
      workflows,
      [
        'createWorkflowAuditor',
        'createWorkflows',
        'jwkSigner',
        'kmsSigner',
        'ringSigner',
        'secretsManagerSigner',
        'workflowRouter',
      ],
    ],
  ])('%s exports these names and no others', (_name, face, names) => {
    expect(Object.keys(face).sort()).toEqual(names);
  });

  it('give the same thing under the same name', () => {
    const faces: Record<string, unknown>[] = [authorizer, context, errors, functions, index, offload];
    for (const name of ['BatonError', 'currentContext', 'currentUser', 'jwkSigner']) {
      const things = faces.filter((face) => name in face).map((face) => face[name]);
      expect(things.length).toBeGreaterThan(1);
      expect(new Set(things).size).toBe(1);
    }
  });
});
