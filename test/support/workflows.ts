import type { PolicyDocument } from '../../src/policy/document';

export const APPROVAL_ARN = 'arn:aws:states:eu-west-1:123456789012:stateMachine:approve-invoice';
export const QUOTE_ARN = 'arn:aws:states:eu-west-1:123456789012:stateMachine:quote-invoice';

/** The workflows of the example application; clerks may start both. */
export const workflowsOfInvoices = {
  'approve-invoice': {
    target: APPROVAL_ARN,
    permission: 'invoice:read',
    deadlineSeconds: 3600,
    steps: {
      Render: { function: 'render-invoice', permission: 'invoice:read' },
      Pay: { function: 'render-invoice', permission: 'invoice:approve' },
    },
    viewers: 'approver',
  },
  'quote-invoice': {
    target: QUOTE_ARN,
    type: 'EXPRESS',
    permission: 'invoice:read',
    steps: { Render: { function: 'render-invoice', permission: 'invoice:read' } },
  },
} as const satisfies PolicyDocument['workflows'];
