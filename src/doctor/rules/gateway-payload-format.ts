import { TRANSACTION_TOKEN_HEADER } from '../../token/transaction-token';
import { assertionHeader } from '../assertion-header';
import type { Report } from '../finding';
import type { Rule } from '../rule';
import { usedAuthorizers, type UsedAuthorizer } from '../gateway-authorizers';
import type { GatewayApi } from '../gateway-model';
import { gatewaysOf } from '../gateways';

type Subject = UsedAuthorizer['authorizer'];

/** What only a function of Baton cannot answer. */
function unlikeOurs({ name, type, at, payloadFormat, payloadFormatAt, simpleResponses }: Subject): Report[] {
  if (type === 'token') {
    return [
      {
        place: at.at('type').place,
        message: `${name} is of the type "token", whose event has neither headers nor path: Baton's authorizer refuses it, and the gateway answers 500 to everybody.`,
        fix: '"type": "request"',
      },
    ];
  }
  if (payloadFormat !== '2.0' || simpleResponses === true) return [];
  return [
    {
      place: payloadFormatAt.place,
      message: `${name} has the payload format 2.0 without simple responses: the gateway expects an IAM policy, Baton's authorizer answers yes or no, and every request ends in 500.`,
      fix: '"enableSimpleResponses": true',
    },
  ];
}

/** What no function can answer. */
function unlikeAny({ name, at, payloadFormat, payloadFormatAt, simpleResponses }: Subject): Report[] {
  // A value that only the deployment knows has a place, and no text.
  if (payloadFormat === undefined && payloadFormatAt.isThere) return [];
  const fix = '"authorizerPayloadFormatVersion": "2.0", "enableSimpleResponses": true';
  if (payloadFormat === undefined) {
    const message = `${name} names no payload format, which an HTTP API insists on when it is deployed.`;
    return [{ place: at.place, message, fix }];
  }
  if (payloadFormat !== '1.0' || simpleResponses !== true) return [];
  const message = `${name} has simple responses with the payload format 1.0, which does not know them: every request ends in 500.`;
  return [{ place: payloadFormatAt.place, message, fix }];
}

function ofIntegrations({ kind, operations }: GatewayApi): Report[] {
  return operations
    .filter(({ integration }) => kind === 'http' && integration.payloadFormat === '2.0')
    .map(({ method, path, integration }) => ({
      place: integration.payloadFormatAt.place,
      message: `${method} ${path}: an integration that sends requests on over HTTP knows the payload format 1.0 only; the definition cannot be imported.`,
      fix: '"payloadFormatVersion": "1.0"',
    }));
}

export const gatewayPayloadFormat: Rule = {
  code: 'gateway-payload-format',
  severity: 'error',
  title: 'The gateway and the authorizer do not speak the same format',
  check(project) {
    const isOurs = assertionHeader(project) === TRANSACTION_TOKEN_HEADER.toLowerCase();
    return [
      ...usedAuthorizers(project).flatMap(({ api, authorizer }) => [
        ...(isOurs ? unlikeOurs(authorizer) : []),
        ...(api.kind === 'http' ? unlikeAny(authorizer) : []),
      ]),
      ...gatewaysOf(project).flatMap(ofIntegrations),
    ];
  },
};
