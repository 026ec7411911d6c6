import { detectHostMode } from '../../src/iis/host-mode';

describe('detectHostMode', () => {
  it.each([
    ['iisnode', { PORT: '\\\\.\\pipe\\6a1f' }],
    ['iisnode', { PORT: '\\\\?\\PIPE\\6a1f' }],
    ['iisnode', { IISNODE_VERSION: '0.2.26', PORT: '/tmp/pipe' }],
    ['iisnode', { IISNODE_VERSION: '0.2.26', PORT: '\\\\.\\pipe\\6a1f', HTTP_PLATFORM_PORT: '5000' }],
    ['httpPlatform', { HTTP_PLATFORM_PORT: '5000', PORT: '5000' }],
    ['ancm', { ASPNETCORE_PORT: '5000', ASPNETCORE_TOKEN: 'guid' }],
    ['standalone', { ASPNETCORE_PORT: '5000' }],
    ['standalone', { ASPNETCORE_TOKEN: 'guid' }],
    ['standalone', { IISNODE_VERSION: '', HTTP_PLATFORM_PORT: '', PORT: '3000' }],
    ['standalone', { PORT: '/var/run/pipe' }],
    ['standalone', {}],
  ])('finds %s from %j', (mode, environment) => {
    expect(detectHostMode(environment)).toBe(mode);
  });

  it('reads the environment of the process by default', () => {
    expect(detectHostMode()).toBe('standalone');
  });
});
