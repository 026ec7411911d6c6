import { detectHostMode, HOST_MODES } from '../../src/iis/host-mode';
import { checkWindowsSignIn } from '../../src/iis/windows-sign-in';

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
    ['proxy', { BATON_TRUSTED_PROXIES: '10.0.0.0/8' }],
    ['iisnode', { IISNODE_VERSION: '0.2.26', BATON_TRUSTED_PROXIES: '10.0.0.0/8' }],
    ['standalone', { BATON_HOST_MODE: 'standalone', HTTP_PLATFORM_PORT: '5000' }],
  ])('finds %s from %j', (mode, environment) => {
    expect(detectHostMode(environment)).toBe(mode);
  });

  it('refuses a mode that is none', () => {
    expect(() => detectHostMode({ BATON_HOST_MODE: 'iisnod' })).toThrow('did you mean "iisnode"?');
  });

  it('reads the environment of the process by default', () => {
    expect(detectHostMode()).toBe('standalone');
  });
});

describe('the sign-in of IIS', () => {
  it.each(HOST_MODES.filter((mode) => mode !== 'iisnode'))('does not reach an app as a name in the mode %s', (mode) => {
    expect(() => checkWindowsSignIn(mode)).toThrow(
      expect.objectContaining({
        code: 'option_invalid',
        message: expect.stringContaining(`the host mode is ${mode}: `),
      }),
    );
  });

  it('reaches it under iisnode', () => {
    expect(() => checkWindowsSignIn('iisnode')).not.toThrow();
  });
});
