import type { Report } from '../finding';
import type { Rule } from '../rule';
import { gatewaysOf } from '../gateways';

export const gatewayCertificateUnchecked: Rule = {
  code: 'gateway-certificate-unchecked',
  severity: 'warning',
  title: "The gateway does not check the site's certificate",
  check: (project) =>
    gatewaysOf(project).flatMap(({ operations }) =>
      operations.flatMap(({ method, path, integration }): Report[] => {
        const skip = integration.tlsConfig.atFirst('insecureSkipVerification', 'InsecureSkipVerification');
        if (String(skip.value) !== 'true') return [];
        return [
          {
            place: skip.place,
            message: `${method} ${path}: any certificate will do (insecureSkipVerification), so whoever can put a server in between gets every token.`,
            fix: 'Delete the member. The certificate of the site must come from an authority that API Gateway knows: AWS Certificate Manager, or a public one.',
          },
        ];
      }),
    ),
};
