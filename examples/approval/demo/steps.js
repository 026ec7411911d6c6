'use strict';

/**
 * The demo's steps. `ask` is who asks for what; `status` what the answer must be; `ends` waits for the run's end and says
 * how it must have come there.
 */
const STEPS = [
  { name: 'clerk asks to pay invoice 9', who: 'carla', start: '9', status: 202 },
  { name: 'clerk decides', who: 'carla', decide: 'approve', status: 403 },
  { name: 'approver approves', who: 'ben', decide: 'approve', status: 204 },
  { name: 'paid', who: 'carla', ends: 'SUCCEEDED', through: ['Checks', 'Approval', 'Pay', 'Notify', 'Paid'] },
  { name: 'approver asks to pay invoice 11', who: 'ada', start: '11', status: 202 },
  { name: 'approver decides her own', who: 'ada', decide: 'approve', status: 403 },
  { name: 'clerk looks at it', who: 'carla', look: true, status: 404 },
  { name: 'another approver rejects', who: 'ben', decide: 'reject', status: 204 },
  { name: 'rejected', who: 'ada', ends: 'FAILED', through: ['Approval', 'Rejected'], without: 'Pay' },
  { name: 'clerk asks to pay invoice 8, 90', who: 'carla', start: '8', status: 202 },
  {
    name: 'small: paid, nobody asked',
    who: 'carla',
    ends: 'SUCCEEDED',
    through: ['PaySmall', 'Paid'],
    without: 'Approval',
  },
  { name: 'clerk asks to pay invoice 10', who: 'carla', start: '10', status: 202 },
  {
    name: 'supplier unknown: caught',
    who: 'carla',
    ends: 'FAILED',
    through: ['Checks', 'Failed'],
    without: 'Approval',
  },
];

module.exports = { STEPS };
