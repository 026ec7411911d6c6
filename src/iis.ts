export { detectHostMode, HOST_MODES, type HostMode } from './iis/host-mode';
export { listen, type ListenOptions, type RequestHandler } from './iis/listen';
