import type { Rule } from '../rule';
import { appSettingReserved } from './app-setting-reserved';
import { bindingWithoutTls } from './binding-without-tls';
import { clientAddressChosen } from './client-address-chosen';
import { configUnreadable } from './config-unreadable';
import { debugHeaderShown } from './debug-header-shown';
import { debuggerOpen } from './debugger-open';
import { detailedErrorsShown } from './detailed-errors-shown';
import { devErrorsShown } from './dev-errors-shown';
import { developmentMode } from './development-mode';
import { directoryListed } from './directory-listed';
import { edgeUnsigned } from './edge-unsigned';
import { gatewayCacheOutlivesToken } from './gateway-cache-outlives-token';
import { gatewayCacheShared } from './gateway-cache-shared';
import { gatewayCacheSingleUse } from './gateway-cache-single-use';
import { gatewayCertificateUnchecked } from './gateway-certificate-unchecked';
import { gatewayCorrelationOpen } from './gateway-correlation-open';
import { gatewayHeaderAppended } from './gateway-header-appended';
import { gatewayIdentitySource } from './gateway-identity-source';
import { gatewayLogIncomplete } from './gateway-log-incomplete';
import { gatewayLogToken } from './gateway-log-token';
import { gatewayOriginOpen } from './gateway-origin-open';
import { gatewayPayloadFormat } from './gateway-payload-format';
import { gatewayPlainHttp } from './gateway-plain-http';
import { gatewayRouteMissing } from './gateway-route-missing';
import { gatewayRouteOpen } from './gateway-route-open';
import { gatewayRouteUnlisted } from './gateway-route-unlisted';
import { gatewayTokenUnmapped } from './gateway-token-unmapped';
import { handlerTooBroad } from './handler-too-broad';
import { headerLimitsInverted } from './header-limits-inverted';
import { hiddenSegmentsRemoved } from './hidden-segments-removed';
import { httpErrorsReplaced } from './http-errors-replaced';
import { iisLogOff } from './iis-log-off';
import { iisnodeAttributeInvalid } from './iisnode-attribute-invalid';
import { iisnodeYmlInvalid } from './iisnode-yml-invalid';
import { keepAliveRace } from './keep-alive-race';
import { logFieldsMissing } from './log-fields-missing';
import { logsBrowsable } from './logs-browsable';
import { nodeInspectorFlag } from './node-inspector-flag';
import { nodePathUnquoted } from './node-path-unquoted';
import { originalUrlOpen } from './original-url-open';
import { plainHttp } from './plain-http';
import { policyInvalid } from './policy-invalid';
import { policyMissing } from './policy-missing';
import { policySuspect } from './policy-suspect';
import { privateFileInSite } from './private-file-in-site';
import { promotedBlanks } from './promoted-blanks';
import { promotedInjection } from './promoted-injection';
import { promotedOpen } from './promoted-open';
import { publicWildcard } from './public-wildcard';
import { recycleGap } from './recycle-gap';
import { recycleSignalOpen } from './recycle-signal-open';
import { replayInMemory } from './replay-in-memory';
import { requestsUnlisted } from './requests-unlisted';
import { rewriteReopens } from './rewrite-reopens';
import { roleForEveryone } from './role-for-everyone';
import { secretInAppSettings } from './secret-in-app-settings';
import { serverVariablesLocked } from './server-variables-locked';
import { shutdownCutsRequests } from './shutdown-cuts-requests';
import { siteFilesServed } from './site-files-served';
import { stickySessions } from './sticky-sessions';
import { tokenHeaderRefused } from './token-header-refused';
import { tokenTooLarge } from './token-too-large';
import { variableUnset } from './variable-unset';
import { watchedFilesRestart } from './watched-files-restart';
import { webSocketModule } from './web-socket-module';

/** Every rule, one line each. */
export const RULES: readonly Rule[] = [
  // Files
  configUnreadable,
  // web.config and iisnode
  appSettingReserved,
  clientAddressChosen,
  debugHeaderShown,
  debuggerOpen,
  detailedErrorsShown,
  devErrorsShown,
  developmentMode,
  directoryListed,
  handlerTooBroad,
  hiddenSegmentsRemoved,
  httpErrorsReplaced,
  iisLogOff,
  iisnodeAttributeInvalid,
  iisnodeYmlInvalid,
  keepAliveRace,
  logsBrowsable,
  nodeInspectorFlag,
  nodePathUnquoted,
  originalUrlOpen,
  plainHttp,
  promotedBlanks,
  promotedInjection,
  promotedOpen,
  recycleSignalOpen,
  rewriteReopens,
  secretInAppSettings,
  shutdownCutsRequests,
  siteFilesServed,
  stickySessions,
  watchedFilesRestart,
  webSocketModule,
  // applicationHost.config
  bindingWithoutTls,
  headerLimitsInverted,
  logFieldsMissing,
  recycleGap,
  serverVariablesLocked,
  tokenHeaderRefused,
  // Environment and policy
  edgeUnsigned,
  policyInvalid,
  policyMissing,
  policySuspect,
  privateFileInSite,
  publicWildcard,
  replayInMemory,
  requestsUnlisted,
  roleForEveryone,
  tokenTooLarge,
  variableUnset,
  // Gateway
  gatewayCacheOutlivesToken,
  gatewayCacheShared,
  gatewayCacheSingleUse,
  gatewayCertificateUnchecked,
  gatewayCorrelationOpen,
  gatewayHeaderAppended,
  gatewayIdentitySource,
  gatewayLogIncomplete,
  gatewayLogToken,
  gatewayOriginOpen,
  gatewayPayloadFormat,
  gatewayPlainHttp,
  gatewayRouteMissing,
  gatewayRouteOpen,
  gatewayRouteUnlisted,
  gatewayTokenUnmapped,
];
