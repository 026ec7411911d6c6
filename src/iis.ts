export { detectHostMode, HOST_MODES, type HostMode } from './iis/host-mode';
export { clientOf, type ClientConnection } from './iis/client-connection';
export { listen, type HostedServer, type ListenOptions, type RequestHandler } from './iis/listen';
